"""Two digits over each other: how far apart for so much overlap, and both in one picture in two colours. NumPy only.

Boxes are those of MNIST's digits, 20 x 20 pixels (Sabour, Frosst and Hinton 2017, section 6).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

BOX = 20
_SHARED = 0.35  # brightness from which a pixel belongs to a digit


def overlap_of(shift_x: float, shift_y: float) -> float:
    """The share of their area that two boxes have in common when one lies (shift_x, shift_y) pixels off the other."""
    return max(0.0, BOX - abs(shift_x)) * max(0.0, BOX - abs(shift_y)) / BOX**2


def shifts_for(overlap: float, direction: tuple[float, float]) -> tuple[float, float]:
    """How far one box lies off the other, along `direction`, when they have the share `overlap` in common.

    A direction without length stands for the diagonal. Raises `ValueError` for a share outside 0 to 1.
    """
    if not 0 <= overlap <= 1:
        raise ValueError(f"an overlap lies between 0 and 1, not at {overlap}")
    length = math.hypot(*direction)
    x, y = (direction[0] / length, direction[1] / length) if length else (math.sqrt(0.5), math.sqrt(0.5))
    # (BOX - t |x|) (BOX - t |y|) = overlap BOX^2: the smaller solution of a quadratic equation in t.
    a, b, c = abs(x * y), -BOX * (abs(x) + abs(y)), BOX**2 * (1 - overlap)
    t = -c / b if a < 1e-12 else (-b - math.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)
    return x * t, y * t


def two_coloured(first: Array, second: Array, colours: tuple[Colour, Colour]) -> Pixels:
    """Two pictures [S, S] in [0, 1] as one, [3 S, 3 S, 3]: each in its colour; what both ink is white and dotted."""
    a, b = (np.repeat(np.repeat(each, 3, axis=0), 3, axis=1)[..., None] for each in (first, second))
    made = np.maximum(a * np.array(colours[0], np.float32), b * np.array(colours[1], np.float32))
    both = (np.minimum(a, b) > _SHARED)[..., 0]
    made[both] = 255
    rows, columns = np.indices(both.shape)
    made[both & (rows % 3 == 1) & (columns % 3 == 1)] = 40
    pixels: Pixels = np.rint(made).astype(np.uint8)
    return pixels


def tinted(picture: Array, colour: Colour) -> Pixels:
    """A picture [S, S] in [0, 1] in a colour, [S, S, 3]."""
    pixels: Pixels = np.rint(picture[..., None] * np.array(colour, np.float32)).astype(np.uint8)
    return pixels
