"""A person's drawing as a model's training data would have it, to encode it."""

from __future__ import annotations

import numpy as np

from engine.data.drawings import rasterised
from engine.data.pictures import Pixels
from engine.sketch.strokes import Drawing

# MNIST's digits are 20 pixels long, their ink included, and lie with their centre of mass in the middle of 28
# (LeCun et al. 1998, section III.A); their lines are about 2.8 pixels wide.
_SIDE, _LENGTH, _PEN = 28, 20.0, 2.8
_ADDED = {32: 4}  # pixels that `engine.data.digits` adds to 28, where it does not enlarge


def drawn_example(drawing: Drawing, shape: tuple[int, ...], data: str) -> Pixels:
    """A drawing of one or more points as an example for a model of pictures `shape` (C, H, W) that learned from `data`.

    Bright on black, uint8 [1, H, W] or [1, H, W, 3]; for a model of digits as large and in the place of MNIST's.
    """
    side = shape[1]
    picture = _digit(drawing, side) if data == "digits" else rasterised(drawing, side)
    return picture[None] if shape[0] == 1 else np.repeat(picture[None, ..., None], 3, axis=-1)


def _digit(drawing: Drawing, side: int) -> Pixels:
    pixel = (side - _ADDED.get(side, 0)) / _SIDE  # of MNIST, in pixels of the picture
    picture = rasterised(drawing, side, (_LENGTH - _PEN) * pixel / side, _PEN * pixel / side)
    room = int((side - _LENGTH * pixel) / 2)  # so that nothing leaves the picture
    for axis in (0, 1):
        ink = picture.sum(axis=1 - axis, dtype=np.float64)
        middle = (ink * np.arange(side)).sum() / ink.sum()
        picture = np.roll(picture, int(np.clip(round((side - 1) / 2 - middle), -room, room)), axis)
    return picture
