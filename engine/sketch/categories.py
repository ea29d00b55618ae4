"""What a model of many categories has learned about each of them, and the same model with fewer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from engine.errors import CheckpointError
from engine.runtime.checkpoint import CheckpointHeader
from engine.sketch.batches import DrawingPool
from engine.sketch.evaluation import losses_per_drawing
from engine.sketch.model import SketchRNN

WEIGHT = "category.weight"


@dataclass(frozen=True)
class CategoryGain:
    """How much better a model expects held-out drawings of a category when it is told the category.

    L_R_decoder: mean loss with the category given. gain: mean of (loss with the category left open) - (loss with it).
    error: the standard error of that mean, infinite for a single drawing.
    """

    drawings: int
    L_R_decoder: float
    gain: float
    error: float

    @property
    def is_learned(self) -> bool:
        """Whether the gain is larger than its standard error."""
        return self.gain > self.error


def category_gains(model: SketchRNN, pool: DrawingPool, longest: int) -> dict[str, CategoryGain]:
    """The gain of each category that has drawings in `pool`; drawings of no known category do not count."""
    names = model.config.categories
    given, _ = losses_per_drawing(model, pool, longest, padded=False)
    nothing = np.full(len(pool), model.any_category, np.int64)
    left_open, _ = losses_per_drawing(model, pool, longest, padded=False, categories=nothing)
    gains = {}
    for index, name in enumerate(names):
        chosen = pool.categories == index
        count = int(chosen.sum())
        if count:
            better = left_open[chosen] - given[chosen]
            error = float(better.std(ddof=1) / np.sqrt(count)) if count > 1 else float("inf")
            gains[name] = CategoryGain(count, float(given[chosen].mean()), float(better.mean()), error)
    return gains


def with_categories(
    tensors: Mapping[str, torch.Tensor], header: CheckpointHeader, kept: Collection[str]
) -> tuple[dict[str, torch.Tensor], CheckpointHeader]:
    """The checkpoint of the same model that knows only the categories `kept`, in their old order.

    Raises `CheckpointError` when the model does not choose between categories or none would be left.
    """
    names: list[Any] = list(header.config.get("categories", []))
    rows = [index for index, name in enumerate(names) if name in kept]
    weight = tensors.get(WEIGHT)
    if weight is None or len(weight) != len(names) + 1 or not rows:
        raise CheckpointError(f"The model {header.name} has none of the categories that are to be kept.")
    # The last row stands for "any category".
    smaller = {**tensors, WEIGHT: weight[[*rows, len(names)]]}
    config = {**header.config, "categories": [names[index] for index in rows]}
    return smaller, replace(header, config=config)


def as_values(gains: Mapping[str, CategoryGain]) -> dict[str, dict[str, Any]]:
    """The gains as plain values for a report."""
    return {name: {**asdict(gain), "learned": gain.is_learned} for name, gain in gains.items()}
