"""MNIST, which ships with the program: 60,000 digits to learn from and 10,000 kept apart, as its authors split them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.data.pictures import PictureSet
from engine.errors import BadFileError
from engine.paths import ASSETS
from engine.runtime.arrays import read_arrays

FILE = ASSETS / "data" / "mnist.npz"
PROVENANCE = (
    "MNIST, 60,000 training and 10,000 test digits (Yann LeCun, Corinna Cortes, Christopher J. C. Burges), "
    "licence CC BY-SA 3.0"
)
SIDE = 28
_ADDED = {28: "", 32: ", with a black margin of 2 pixels", 64: ", enlarged to 64 pixels by cubic interpolation"}

NumberT = TypeVar("NumberT", np.uint8, np.int64)


@dataclass(frozen=True, eq=False)
class DigitSet(PictureSet):
    """Digits kept at 28 pixels and brought to `side` in each batch, which costs less than memory for large ones."""

    side: int = SIDE

    @property
    def shape(self) -> tuple[int, ...]:
        """(1, side, side)."""
        return (1, self.side, self.side)

    def _floats(self, pixels: Tensor) -> Tensor:
        floats = super()._floats(pixels)
        if self.side == SIDE:
            return floats
        if self.side == 32:
            return F.pad(floats, (2, 2, 2, 2), value=-1.0)
        # Interpolation is linear in each direction; as a product of matrices it is several times faster.
        larger = _cubic(self.side) @ floats @ _cubic(self.side).T
        return larger.clamp_(-1.0, 1.0)  # cubic curves overshoot beside an edge


@cache
def _cubic(side: int) -> Tensor:
    """The matrix [side, 28] that interpolates a column."""
    columns = torch.eye(SIDE)[None, None]
    return F.interpolate(columns, size=(side, SIDE), mode="bicubic", align_corners=False)[0, 0]


def open_digits(image_size: int = SIDE, path: Path = FILE) -> DigitSet:
    """The digits at 28, 32 or 64 pixels; raises `BadFileError` when the file is missing or damaged."""
    arrays = read_arrays(path)
    return DigitSet(
        "digits",
        f"{PROVENANCE}{_ADDED[image_size]}.",
        _part(arrays, "train_images", np.uint8, (60_000, SIDE, SIDE), path)[:, None],
        _part(arrays, "train_labels", np.int64, (60_000,), path),
        _part(arrays, "test_images", np.uint8, (10_000, SIDE, SIDE), path)[:, None],
        _part(arrays, "test_labels", np.int64, (10_000,), path),
        class_names=tuple(str(digit) for digit in range(10)),
        side=image_size,
    )


def _part(
    arrays: dict[str, NDArray[np.generic]], name: str, dtype: type[NumberT], shape: tuple[int, ...], path: Path
) -> NDArray[NumberT]:
    found = arrays.get(name)
    if found is None or found.shape != shape:
        raise BadFileError(f"{path.name} does not hold the digits of MNIST; install Morphospace again.")
    return found.astype(dtype)
