"""A picture that a person brings, as a digit of MNIST would lie: bright on black, 20 pixels long, in the middle of 28.

LeCun et al. 1998, section III.A: the ink fits a box of 20 pixels and lies with its centre of mass in the middle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.images import open_picture
from engine.errors import BadFileError

SIDE, _BOX = 28, 20
_FAINTEST = 0.1  # of the whole range: what differs less from the ground is paper, not ink
_LEAST_CONTRAST = 24 / 255


def given_digit(path: Path) -> NDArray[np.float32]:
    """The digit in a picture file of any size and shape, float32 [28, 28] in [0, 1].

    The ground is what the edge shows most; what differs from it is ink. Raises `BadFileError` with a sentence when the
    file is no picture, is too large, or shows nothing.
    """
    grey: NDArray[np.float32] = np.asarray(open_picture(path), np.float32) / np.float32(255)
    ink = _ink(grey)
    if ink is None:
        raise BadFileError(f"{path.name} shows nothing that stands out from its ground; choose a picture of a digit.")
    if grey.shape == (SIDE, SIDE) and not (grey[0].any() or grey[-1].any() or grey[:, 0].any() or grey[:, -1].any()):
        return grey  # as a digit of MNIST
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _BOX / max(cut.shape)
    size = max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale))
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    small = np.asarray(Image.fromarray(cut).resize(size, how)).clip(0, 1)
    return _in_the_middle(small / small.max())


def _ink(grey: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """How far each pixel is from the ground, in [0, 1]; None when none is far."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink: NDArray[np.float32] = np.abs(grey - np.float32(np.median(edge)))
    most = float(ink.max())
    if most < _LEAST_CONTRAST:
        return None
    ink /= most
    ink[ink < _FAINTEST] = 0
    return ink


def _in_the_middle(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """On a ground of 28 pixels, the centre of mass where the middle is, as far as the picture has room."""
    height, width = small.shape
    total = small.sum()
    whole = np.zeros((SIDE, SIDE), np.float32)
    corner = []
    for axis, length in ((1, height), (0, width)):
        mass = (small.sum(axis=axis) * np.arange(length)).sum() / total
        corner.append(int(np.clip(round((SIDE - 1) / 2 - mass), 0, SIDE - length)))
    whole[corner[0] : corner[0] + height, corner[1] : corner[1] + width] = small
    return whole
