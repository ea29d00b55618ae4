"""A trained Sketch-RNN as the rest of the program uses it: loaded from a file, ready to finish and judge drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import BadDrawingError, CheckpointError, UnknownModelError
from engine.runtime.building import take_numbers, without_numbers
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint
from engine.runtime.job import Job
from engine.sketch import magenta
from engine.sketch.completing import complete
from engine.sketch.completion import (
    DEFAULT_PEN_TEMPERATURE,
    DEFAULT_TEMPERATURE,
    Completion,
    CompletionRequest,
    EndingsGrown,
)
from engine.sketch.config import SketchModelConfig
from engine.sketch.fitting import ScaleFitter
from engine.sketch.model import START_TOKEN, SketchRNN
from engine.sketch.sampling import Sampled, sample_drawings
from engine.sketch.stepping import Stepper, fast_dtype
from engine.sketch.strokes import Drawing, from_stroke3, make_drawing, quickdraw_preprocess, scaled, to_stroke3


@dataclass(frozen=True)
class SketchModel:
    """A model and what belongs to it. Its methods are for one thread at a time.

    Its data filled a box of `box` units (255 for Quick, Draw!'s form), in which it was simplified with an epsilon of 2;
    `scale_factor` divides offsets in these units before the network sees them. `longest` is N_max of its training.
    """

    module: SketchRNN
    header: CheckpointHeader
    scale_factor: float
    box: float
    longest: int

    @property
    def name(self) -> str:
        """The model's name in the catalog."""
        return self.header.name

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that it may be asked for."""
        return self.module.config.categories

    @property
    def has_encoder(self) -> bool:
        """Whether it has a latent vector z."""
        return self.module.has_encoder

    @property
    def parameter_count(self) -> int:
        """Trained numbers of the model."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    @cached_property
    def stepper(self) -> Stepper:
        """The decoder one point at a time."""
        return Stepper(self.module, fast_dtype())

    @cached_property
    def fitter(self) -> ScaleFitter:
        """Finds how large a beginning is meant."""
        return ScaleFitter(self.stepper, self.scale_factor, self.box)

    def category_index(self, category: str | None) -> int:
        """The index of a category; None, or a model of one category, means any. Raises `UnknownModelError`."""
        if category is None or not self.module.config.class_size:
            return self.module.any_category
        try:
            return self.categories.index(category)
        except ValueError:
            raise UnknownModelError(f"The model {self.name} does not know the category {category!r}.") from None

    def complete(self, request: CompletionRequest) -> Job[EndingsGrown, Completion]:
        """Grow endings of a beginning; see `engine.sketch.completing.complete`."""
        return complete(self.stepper, self.fitter, self.category_index(request.category), request)

    def sample(
        self,
        count: int,
        *,
        category: str | None = None,
        seed: int = 0,
        temperature: float = DEFAULT_TEMPERATURE,
        pen_temperature: float = DEFAULT_PEN_TEMPERATURE,
    ) -> Job[Sampled, list[Drawing]]:
        """`count` drawings from nothing, in the units of the model's data.

        Without a category, a model of several takes them in turn.
        """
        if category is None and self.module.config.class_size:
            wanted: Sequence[int] = [i % len(self.categories) for i in range(count)]
        else:
            wanted = [self.category_index(category)] * count
        made = yield from sample_drawings(
            self.stepper, wanted, seed=seed, tau=temperature, pen_tau=pen_temperature, max_points=self.longest
        )
        words = [self.categories[i] if i < len(self.categories) else (category or self.name) for i in wanted]
        if not self.module.config.class_size and self.categories:
            words = [self.categories[0]] * count
        return [
            scaled(from_stroke3(stroke3, word=word), self.scale_factor)
            for stroke3, word in zip(made, words, strict=True)
            if len(stroke3) > 1
        ]

    @torch.no_grad()
    def log_likelihood(self, drawing: Drawing, category: str | None = None) -> float:
        """log p(drawing) in nats per point, pen states and end included, at temperature 1, without z.

        The drawing is aligned and simplified as the model's data was. Raises `BadDrawingError` for an empty one and for
        one that is not made of ordinary numbers.
        """
        checked = make_drawing(drawing.strokes, drawing.word)
        if not checked.point_count:
            raise BadDrawingError("An empty drawing has no likelihood; draw something first.")
        stroke3 = to_stroke3(quickdraw_preprocess(checked, size=self.box))
        points = self.as_points(stroke3)
        condition = self.module.condition(None, None, torch.tensor([self.category_index(category)]))
        mixture = self.module.decode(torch.from_numpy(points[:-1]), condition)
        target = torch.from_numpy(points[1:])
        offsets = mixture.log_density(target[..., 0], target[..., 1])[:-1].sum()
        pens = mixture.pen_log_probability(target[..., 2:]).sum()
        return float(offsets + pens) / len(stroke3)

    def as_points(self, stroke3: NDArray[np.float32]) -> NDArray[np.float32]:
        """Stroke-5 [N + 2, 1, 5] in model units of stroke-3 [N, 3] in the data's units: start token, points, end."""
        points = np.zeros((len(stroke3) + 2, 1, 5), np.float32)
        points[0, 0] = START_TOKEN
        points[1:-1, 0, :2] = stroke3[:, :2] / self.scale_factor
        points[1:-1, 0, 2] = 1 - stroke3[:, 2]
        points[1:-1, 0, 3] = stroke3[:, 2]
        points[-1, 0, 4] = 1
        return points


def load_model(path: Path) -> SketchModel:
    """A model from a checkpoint of this program or from Magenta's published weights (`.gen.json`).

    Raises `CheckpointError` or `BadFileError` with a sentence.
    """
    if path.suffix == ".json":
        tensors, header = magenta.to_checkpoint(magenta.read_weights(path), path.name)
    else:
        tensors, header = load_checkpoint(path, "sketch")
    config = _model_config(header)
    scale, longest, box = (header.extra.get(name) for name in ("scale_factor", "longest", "box"))
    if type(longest) is not int or not 1 <= longest <= 10_000 or not _is_length(scale) or not _is_length(box):
        raise CheckpointError(f"{path.name} does not state its scale factor, its longest drawing and its box.")
    with without_numbers():
        module = SketchRNN(config)
    take_numbers(module, tensors, path.name)
    return SketchModel(module, header, float(scale), float(box), longest)


def _is_length(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6


def _model_config(header: CheckpointHeader) -> SketchModelConfig:
    values: dict[str, Any] = {**header.config}
    wrong = CheckpointError(f"The model {header.name} has a configuration that this program does not understand.")
    default = SketchModelConfig()
    if set(values) != set(SketchModelConfig.__dataclass_fields__):
        raise wrong
    words = values.pop("categories")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or len(words) > 10_000:
        raise wrong
    for name, value in values.items():
        expected = type(getattr(default, name))
        if isinstance(value, bool) or not isinstance(value, expected | int if expected is float else expected):
            raise wrong
        least = 0 if name == "class_size" else 1
        if isinstance(value, int) and not least <= value <= 8192:
            raise wrong
    if not 0 < values["recurrent_keep"] <= 1:
        raise wrong
    if values["mode"] not in ("vae", "decoder") or values["decoder_cell"] not in ("lstm", "layer_norm", "hyper"):
        raise wrong
    return SketchModelConfig(**values, categories=tuple(words))
