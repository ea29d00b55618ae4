"""Small pictures of a run's arrays: points, pictures, a transport plan. Cheap enough to make many times a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage

from gui.widgets.plane import Extent
from gui.widgets.run_arrays import finite_rows

MOST_POINTS = 600
_DOT = 2  # pixels
_PLAN_SIDE = 48
_ROOM = 0.06  # of the points' span, left free at each edge


def scatter(points: NDArray[np.generic], size: QSize, colour: str, extent: Extent | None = None) -> QImage:
    """Points [n, 2] as dots on nothing, `size` in pixels, y upwards; without an `extent`, as large as they fit."""
    width, height = max(size.width(), 1), max(size.height(), 1)
    ground = np.zeros((height, width), np.uint32)
    places = np.asarray(points[:MOST_POINTS, :2], np.float64)
    places = places[finite_rows(places)]
    if len(places):
        x0, x1, y0, y1 = extent if extent is not None else _span(places)
        # The shorter side decides, so that a circle stays round.
        zoom = min(width / max(x1 - x0, 1e-9), height / max(y1 - y0, 1e-9))
        columns = np.floor(width / 2 + (places[:, 0] - (x0 + x1) / 2) * zoom).astype(np.int64)
        rows = np.floor(height / 2 - (places[:, 1] - (y0 + y1) / 2) * zoom).astype(np.int64)
        value = np.uint32(QColor(colour).rgba())
        for down in range(_DOT):
            for across in range(_DOT):
                row, column = rows + down, columns + across
                inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                ground[row[inside], column[inside]] = value
    return QImage(ground.tobytes(), width, height, width * 4, QImage.Format.Format_ARGB32).copy()


def sheet(pictures: NDArray[np.uint8], columns: int, rows: int) -> QImage:
    """The first pictures, [n, H, W] or [n, H, W, 3], side by side in a grid."""
    count, (high, wide) = min(columns * rows, len(pictures)), pictures.shape[1:3]
    colour = pictures if pictures.ndim == 4 else np.repeat(pictures[..., None], 3, axis=3)
    whole = np.zeros((rows * columns, high, wide, 3), np.uint8)
    whole[:count] = colour[:count]
    laid = whole.reshape(rows, columns, high, wide, 3).swapaxes(1, 2).reshape(rows * high, columns * wide, 3)
    laid = np.ascontiguousarray(laid)
    return QImage(laid.tobytes(), laid.shape[1], laid.shape[0], laid.shape[1] * 3, QImage.Format.Format_RGB888).copy()


def matrix(values: NDArray[np.generic], low: str, high: str) -> QImage:
    """A matrix with its rows downwards, from the colour `low` (0) to `high` (its largest value)."""
    step = max(1, -(-max(values.shape) // _PLAN_SIDE))
    padded = np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0)
    kept = padded[: padded.shape[0] // step * step, : padded.shape[1] // step * step]
    blocks = kept.reshape(kept.shape[0] // step, step, kept.shape[1] // step, step).max(axis=(1, 3))
    share = np.sqrt(np.clip(blocks / max(float(blocks.max(initial=0.0)), 1e-30), 0, 1))[..., None]
    first, last = (_rgb(QColor(each)) for each in (low, high))
    pixels = np.ascontiguousarray(np.rint(first + share * (last - first)).astype(np.uint8))
    return QImage(pixels.tobytes(), pixels.shape[1], pixels.shape[0], pixels.shape[1] * 3,
                  QImage.Format.Format_RGB888).copy()


def _rgb(colour: QColor) -> NDArray[np.float64]:
    return np.array([colour.red(), colour.green(), colour.blue()], np.float64)


def _span(places: NDArray[np.float64]) -> Extent:
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.maximum((high - low) * _ROOM, 1e-6)
    (x0, y0), (x1, y1) = low - room, high + room
    return float(x0), float(x1), float(y0), float(y1)
