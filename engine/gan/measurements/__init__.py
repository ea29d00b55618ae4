"""AmbientGAN's measurements: what is seen of a picture instead of the picture (Bora, Price and Dimakis 2018, section 4).

Each has random parameters theta, drawn once for every picture, and is differentiable in the picture, so that a generator
can be trained through it. Pictures are [n, C, H, W] in [-1, 1]. The paper's are in [0, 1] and call 0 unseen; here that is
-1, black. "Side" is the smaller of H and W.

| name | what is seen | what `strength` from 0 to 1 means |
|---|---|---|
| block-pixels | each pixel is black with probability p | p |
| block-patch | a square of k x k pixels somewhere is black | k = strength * side |
| keep-patch | all but a square of k x k pixels is black | k = (1 - strength) * side, at least 1 |
| extract-patch | that square alone, moved to the middle: where it was is not seen | as keep-patch |
| convolve-noise | a Gaussian blur, and `noise` on every pixel | the blur's deviation is 2 * strength pixels (paper: 1) |
| pad-rotate-project | the picture turned by a random angle and summed down its columns | 8 * (1 - strength) such angles, at least 1 (paper: 1) |
| pad-rotate-project-theta | the same, and the angle | the same |
| gaussian-projection | products with random Gaussian pictures, and these pictures | 8 * (1 - strength) of them, at least 1 (paper: 1) |

`noise` is the standard deviation, in the paper's brightness of [0, 1]; measurements other than convolve-noise have none.
Nothing here imports torch until a measurement is made.
"""  # noqa: E501

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from engine.errors import TrainingError

if TYPE_CHECKING:
    from torch import Generator, Tensor

MEASUREMENT_NAMES = (
    "block-pixels",
    "block-patch",
    "keep-patch",
    "extract-patch",
    "convolve-noise",
    "pad-rotate-project",
    "pad-rotate-project-theta",
    "gaussian-projection",
)
WIDEST_BLUR = 2.0
MOST_PROJECTIONS = 8


class Measurement(Protocol):
    """A way of measuring pictures of one shape."""

    @property
    def name(self) -> str:
        """One of `MEASUREMENT_NAMES`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one measured picture: (C, H, W), or (d,) for projections."""

    def draw(self, count: int, generator: Generator) -> Tensor:
        """Parameters theta for `count` pictures: a tensor [count, ...] on the generator's device."""

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """What is seen of pictures [n, C, H, W] with n parameters: [n, *shape], differentiable in the pictures."""

    def picture(self, measured: Tensor) -> Tensor:
        """Something to look at for measurements [n, *shape]: [n, C, H, W] in [-1, 1]."""


def make_measurement(name: str, strength: float, noise: float, shape: tuple[int, ...]) -> Measurement:
    """The measurement `name` of pictures of `shape` (C, H, W), as strong and noisy as the table above says.

    Raises `TrainingError` for an unknown name, for data that are no pictures and for values out of range.
    """
    if name not in MEASUREMENT_NAMES:
        raise TrainingError(f"There is no measurement {name!r}; choose one of {', '.join(MEASUREMENT_NAMES)}.")
    if len(shape) != 3 or min(shape) < 1:
        raise TrainingError("Only pictures can be measured; choose pictures as data or turn the measurement off.")
    if not 0 <= strength <= 1:
        raise TrainingError(f"The measurement's strength is {strength}; it must lie between 0 and 1.")
    if not (noise >= 0 and math.isfinite(noise)):
        raise TrainingError(f"The measurement's noise is {noise}; it must be a number of at least 0.")
    from engine.gan.measurements.convolution import ConvolveNoise
    from engine.gan.measurements.masks import BlockPatch, BlockPixels, ExtractPatch, KeepPatch
    from engine.gan.measurements.projections import GaussianProjection, PadRotateProject

    channels, height, width = shape
    size = (channels, height, width)
    side = min(height, width)
    kept = max(1, round((1 - strength) * side))
    projections = max(1, round((1 - strength) * MOST_PROJECTIONS))
    match name:
        case "block-pixels":
            return BlockPixels(size, strength)
        case "block-patch":
            return BlockPatch(size, round(strength * side))
        case "keep-patch":
            return KeepPatch(size, kept)
        case "extract-patch":
            return ExtractPatch(size, kept)
        case "convolve-noise":
            return ConvolveNoise(size, strength * WIDEST_BLUR, noise)
        case "gaussian-projection":
            return GaussianProjection(size, projections)
        case _:
            return PadRotateProject(size, projections, with_theta=name.endswith("theta"))
