"""What a change of the picture does to a capsule: the same picture laid in many ways, and what follows which amount.

Sabour, Frosst and Hinton 2017, section 1: what a capsule stands for moves through its numbers as the thing is changed
(equivariance), where a network that pools tries to answer the same whatever the change (invariance).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.data.placement import Placement

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Change:
    """One way to lay a picture: the fields of `Placement` that get the amount, and from where to where it goes."""

    name: str
    fields: tuple[str, ...]
    low: float
    high: float
    unit: str

    def placed(self, base: Placement, amount: float) -> Placement:
        """`base` with this amount."""
        return replace(base, **dict.fromkeys(self.fields, amount))

    def amount(self, placement: Placement) -> float:
        """The amount that a placement has; of several fields the mean."""
        return float(np.mean([getattr(placement, field) for field in self.fields]))

    def amounts(self, count: int) -> Array:
        """`count` amounts, evenly from `low` to `high`."""
        return np.linspace(self.low, self.high, count, dtype=np.float32)


CHANGES = (
    Change("Rotation", ("rotation",), -180.0, 180.0, "°"),
    Change("Shear", ("shear",), -0.6, 0.6, ""),
    Change("Scale", ("scale_x", "scale_y"), 0.5, 1.6, " ×"),
    Change("Right", ("shift_x",), -8.0, 8.0, " px"),
    Change("Down", ("shift_y",), -8.0, 8.0, " px"),
)


def correlations(amounts: Array, numbers: Array) -> Array:
    """Pearson's r between amounts [n] and each number of a capsule [n, d]: [d]; 0 where a number does not change."""
    x = amounts.astype(np.float64) - amounts.mean(dtype=np.float64)
    y = numbers.astype(np.float64) - numbers.mean(axis=0, dtype=np.float64)
    size = np.sqrt((x**2).sum() * (y**2).sum(axis=0))
    found: Array = np.where(size > 0, (x[:, None] * y).sum(axis=0) / np.where(size > 0, size, 1), 0).astype(np.float32)
    return found


def probabilities(logits: Array) -> Array:
    """The softmax over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return found
