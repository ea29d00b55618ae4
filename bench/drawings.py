"""Drawings to measure with: a beginning by hand, and long made-up ones for training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.sketch.strokes import Drawing, make_drawing


def beginning() -> Drawing:
    """A head and two ears in canvas units, as a mouse draws them: many points, some of them needless."""
    turn = np.linspace(0.2, 6.4, 60)
    head = np.stack([300 + 90 * np.cos(turn), 320 + 80 * np.sin(turn)], axis=1)
    ears = _through((260, 250), (240, 120), (285, 245)), _through((320, 242), (350, 118), (352, 255))
    return make_drawing([head, *ears])


def long_drawings(count: int, longest: int, seed: int) -> list[NDArray[np.float32]]:
    """Stroke-3 of `count` made-up drawings of up to `longest` points, half as many in the mean, in model units.

    The lengths are spread as those of a real data set of long drawings; what a step costs depends on nothing else.
    """
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.normal(longest / 2, longest / 5, count), 8, longest).astype(int)
    made = []
    for length in lengths:
        stroke3 = np.zeros((length, 3), np.float32)
        stroke3[:, :2] = rng.standard_normal((length, 2))
        stroke3[:, 2] = rng.random(length) < 0.1
        stroke3[-1, 2] = 1
        made.append(stroke3)
    return made


def _through(*corners: tuple[float, float]) -> NDArray[np.float64]:
    points = np.asarray(corners, np.float64)
    along = np.linspace(0, len(points) - 1, 20)
    return np.stack([np.interp(along, np.arange(len(points)), points[:, axis]) for axis in (0, 1)], axis=1)
