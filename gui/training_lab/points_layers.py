"""The layers of the points stage: each is made of arrays once and painted for whatever part of the plane is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from gui.palette import Theme, mix
from gui.widgets.markers import Marker, MarkerStamps
from gui.widgets.plane import Extent, PlaneCanvas
from gui.widgets.run_arrays import finite_rows

MOST_ARROWS = 150
MOST_TIES = 400  # lines of a transport plan, or between examples and their reconstructions

_ARROW = 26.0  # logical pixels of a long arrow (nine of ten are shorter)
_LONGEST_ARROW = 40.0
_PIXELS_PER_ARROW, _FEWEST_ARROWS = 4000, 40
_TINT = 0.5  # how far the critic's colours are from the ground
_TINTS = 256
_CLASSES = 5  # pens for lines of graded strength


class Layer(Protocol):
    """Something that can be painted on a plane."""

    def paint(self, painter: QPainter, plane: PlaneCanvas, stamps: MarkerStamps) -> None:
        """Paint it in the plane's theme, for the part that the plane shows."""


def data_marker(theme: Theme) -> Marker:
    """How examples look."""
    return Marker("circle", theme.series[0], theme.paper, 6.5)


def sample_marker(theme: Theme) -> Marker:
    """How samples look."""
    return Marker("diamond", theme.series[1], theme.paper, 7.0)


def reconstruction_marker(theme: Theme) -> Marker:
    """How reconstructions look."""
    return Marker("square", theme.series[2], theme.paper, 6.0)


def spot_marker(theme: Theme) -> Marker:
    """How the sample that the hand moves looks."""
    return Marker("star", theme.accent, theme.text, 17.0)


@dataclass(frozen=True)
class PointsLayer:
    """Points [n, 2], all of one look."""

    places: NDArray[np.float64]
    kind: str  # "data", "samples", "reconstructions" or "spot"

    def paint(self, painter: QPainter, plane: PlaneCanvas, stamps: MarkerStamps) -> None:
        """Stamp the points that are finite."""
        marker = _MARKERS[self.kind]
        pixels = plane.to_pixels(self.places[finite_rows(self.places)])
        stamps.draw(painter, marker(plane.theme), pixels, plane.devicePixelRatioF())


_MARKERS = {
    "data": data_marker, "samples": sample_marker, "reconstructions": reconstruction_marker, "spot": spot_marker,
}


class CriticLayer:
    """The critic's raw output as a heat map between two tints; the ground is where it is undecided."""

    def __init__(self, critic_map: NDArray[np.float64], extent: Extent) -> None:
        """`critic_map` [rows, columns], first row at the bottom, on grid points from edge to edge of `extent`."""
        self._map, self._extent = critic_map, extent
        self.low, self.high = (float(value) for value in np.percentile(critic_map, (1, 99)))
        # A logit is undecided at 0. A Wasserstein critic is known up to a constant, so its middle has to do.
        straddles = self.low < 0 < self.high
        self.centre = 0.0 if straddles else (self.low + self.high) / 2
        self._image: QImage | None = None
        self._theme: Theme | None = None

    def paint(self, painter: QPainter, plane: PlaneCanvas, stamps: MarkerStamps) -> None:
        """Paint the map, smooth between its points."""
        if self._image is None or self._theme is not plane.theme:
            self._image, self._theme = self._coloured(plane.theme), plane.theme
        rows, columns = self._map.shape
        x0, x1, y0, y1 = self._extent
        # A value belongs to the middle of its cell, so the picture is half a cell larger on each side.
        dx, dy = (x1 - x0) / (columns - 1) / 2, (y1 - y0) / (rows - 1) / 2
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(plane.box_to_pixels(x0 - dx, x1 + dx, y0 - dy, y1 + dy), self._image)

    def value_at(self, x: float, y: float) -> float | None:
        """The critic's output at the grid point nearest to a place, or None outside."""
        rows, columns = self._map.shape
        x0, x1, y0, y1 = self._extent
        column, row = round((x - x0) / (x1 - x0) * (columns - 1)), round((y - y0) / (y1 - y0) * (rows - 1))
        return float(self._map[row, column]) if 0 <= row < rows and 0 <= column < columns else None

    def _coloured(self, theme: Theme) -> QImage:
        span = max(self.high - self.centre, self.centre - self.low, 1e-12)
        shares = (self._map - self.centre) / (2 * span) + 0.5
        index = np.clip(shares * (_TINTS - 1), 0, _TINTS - 1).astype(np.uint8)
        pixels = np.ascontiguousarray(tints(theme)[index[::-1]])
        rows, columns = index.shape
        return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


@lru_cache(maxsize=8)
def tints(theme: Theme) -> NDArray[np.uint32]:
    """The diverging colours of the critic, "#ffrrggbb" as numbers [256]: fake, undecided (the ground), real."""
    low, high = mix(theme.paper, theme.series[1], _TINT), mix(theme.paper, theme.series[0], _TINT)
    half = _TINTS // 2
    colours = [mix(theme.paper, low, 1 - index / (half - 1)) for index in range(half)]
    colours += [mix(theme.paper, high, index / (half - 1)) for index in range(half)]
    return np.array([0xFF000000 | int(colour[1:], 16) for colour in colours], np.uint32)


class GradientLayer:
    """Arrows from samples along the way on which the generator's loss pushes them."""

    def __init__(self, samples: NDArray[np.float64], gradients: NDArray[np.float64]) -> None:
        """Both [n, 2]; at most `MOST_ARROWS` evenly chosen ones are kept."""
        fine = np.flatnonzero(finite_rows(samples) & finite_rows(gradients))
        kept = fine[:: max(len(fine) // MOST_ARROWS, 1)][:MOST_ARROWS]
        self._from = samples[kept]  # in no order that means anything, so the first few are as good as any
        lengths = np.linalg.norm(gradients[fine], axis=1)
        usual = float(np.percentile(lengths, 90)) if len(lengths) else 0.0
        arrows = gradients[kept] * (_ARROW / max(usual, 1e-12))
        sizes = np.linalg.norm(arrows, axis=1, keepdims=True)
        self._arrows = arrows * np.minimum(1.0, _LONGEST_ARROW / np.maximum(sizes, 1e-12))

    def paint(self, painter: QPainter, plane: PlaneCanvas, stamps: MarkerStamps) -> None:
        """Paint shafts and heads; lengths are comparable with each other and do not depend on the zoom."""
        count = max(plane.width() * plane.height() // _PIXELS_PER_ARROW, _FEWEST_ARROWS)
        start = plane.to_pixels(self._from[:count])
        along = self._arrows[:count] * (1.0, -1.0) * min(max(min(plane.width(), plane.height()) / 500, 0.6), 1.0)
        end = start + along
        size = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-12)
        unit = along / size
        head = np.minimum(size * 0.5, 6.0)
        aside = np.stack([-unit[:, 1], unit[:, 0]], axis=1) * head * 0.55
        wings = end - unit * head + aside, end - unit * head - aside
        pairs = np.stack([start, end, wings[0], end, wings[1], end], axis=1).reshape(-1, 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = _segments(pairs)
        for colour, width in ((plane.theme.paper, 3.2), (plane.theme.text, 1.3)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawPath(path)


class WarpLayer:
    """Where the generator puts a regular grid of latents: lines close together mean many samples."""

    def __init__(self, warp: NDArray[np.float64]) -> None:
        """`warp` [rows, columns, 2]."""
        rows = np.stack([warp[:, :-1], warp[:, 1:]], axis=2).reshape(-1, 2, 2)
        columns = np.stack([warp[:-1], warp[1:]], axis=2).reshape(-1, 2, 2)
        pairs = np.concatenate([rows, columns])
        self._pairs = pairs[finite_rows(pairs).all(axis=1)]
        lengths = np.linalg.norm(self._pairs[:, 1] - self._pairs[:, 0], axis=1)
        usual = float(np.median(lengths)) if len(lengths) else 1.0
        density = usual / np.maximum(lengths, 1e-12)
        self._grade = np.clip(np.log2(density) + 2.5, 0, _CLASSES - 1).astype(np.int64)

    def paint(self, painter: QPainter, plane: PlaneCanvas, stamps: MarkerStamps) -> None:
        """Paint the lines, those of dense places darker."""
        pixels = plane.to_pixels(self._pairs)
        for grade in range(_CLASSES):
            colour = QColor(plane.theme.series[5])
            colour.setAlphaF(0.22 + 0.78 * grade / (_CLASSES - 1))
            pen = QPen(colour, 1.0)
            pen.setCosmetic(True)  # Qt strokes such lines several times as fast
            painter.setPen(pen)
            painter.drawPath(_segments(pixels[self._grade == grade].reshape(-1, 2)))


class TiesLayer:
    """Lines between points that belong together, in graded strength."""

    def __init__(self, start: NDArray[np.float64], end: NDArray[np.float64], strength: NDArray[np.float64]) -> None:
        """`start` and `end` [n, 2], `strength` [n] from 0 to 1; the `MOST_TIES` strongest are kept."""
        fine = np.flatnonzero(finite_rows(start) & finite_rows(end) & (strength > 0))
        if len(fine) > MOST_TIES:
            fine = fine[np.argpartition(strength[fine], -MOST_TIES)[-MOST_TIES:]]
        self._pairs = np.stack([start[fine], end[fine]], axis=1)
        self._grade = np.clip(strength[fine] * _CLASSES, 0, _CLASSES - 1).astype(np.int64)

    def paint(self, painter: QPainter, plane: PlaneCanvas, stamps: MarkerStamps) -> None:
        """Paint the lines, light ones first."""
        pixels = plane.to_pixels(self._pairs)
        for grade in range(_CLASSES):
            share = (grade + 1) / _CLASSES
            colour = QColor(plane.theme.text)
            colour.setAlphaF(0.15 + 0.6 * share)
            painter.setPen(QPen(colour, 0.6 + 1.2 * share))
            painter.drawPath(_segments(pixels[self._grade == grade].reshape(-1, 2)))


class PlanLayer:
    """An OT-GAN's transport plan between a mini-batch of data and one of samples."""

    def __init__(
        self, plan: NDArray[np.float64], data: NDArray[np.float64], samples: NDArray[np.float64]
    ) -> None:
        """`plan` [m, k] with `data` [m, 2] and `samples` [k, 2]."""
        flat = plan.ravel()
        top = np.argpartition(flat, -MOST_TIES)[-MOST_TIES:] if flat.size > MOST_TIES else np.arange(flat.size)
        row, column = np.divmod(top, plan.shape[1])
        heaviest = max(float(flat.max()), 1e-300)
        self._ties = TiesLayer(data[row], samples[column], flat[top] / heaviest)
        self._ends = PointsLayer(data, "data"), PointsLayer(samples, "samples")

    def paint(self, painter: QPainter, plane: PlaneCanvas, stamps: MarkerStamps) -> None:
        """Paint the heaviest entries and the points that they tie."""
        self._ties.paint(painter, plane, stamps)
        for ends in self._ends:
            ends.paint(painter, plane, stamps)


def _segments(places: NDArray[np.float64]) -> QPainterPath:
    """Separate lines, each between two of `places` [2 n, 2]."""
    if not len(places):
        return QPainterPath()
    path: QPainterPath = pg.arrayToQPath(places[:, 0], places[:, 1], connect="pairs", finiteCheck=False)
    return path
