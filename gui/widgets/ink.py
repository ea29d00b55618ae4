"""Polylines turned into ink: smooth curves through the points of a stroke, in pieces that are cheap to paint.

Curves are centripetal Catmull-Rom splines (Yuksel et al. 2011), which neither loop nor overshoot between uneven points.
Turns of a right angle or more stay corners, so that a square of five points is a square. Points that lie as close
together as a mouse reports them are first averaged with their neighbours, but moved by less than a pixel: that takes
the stairs of whole pixels out and leaves the corners a person drew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF
from simplification.cutil import simplify_coords_idx

from engine.sketch.strokes import Points

PEN_WIDTH = 3.0  # canvas units

_PIECE = 64  # lines painted as one path: long enough to be cheap, short enough to skip what is not in view
_CONTEXT = 8  # points on either side that the shape of a segment depends on
_REACHES = (1, 1, 2, 2)  # neighbours averaged with, one pass each: a bell of 2.2 points altogether
_MOST_MOVED = 0.75  # canvas units a point is moved by at most: what rounding to whole pixels can have done to it
_DENSE, _SPARSE = 3.0, 14.0  # spacing in canvas units up to which points are fully averaged, and from which not at all
_STEP = 2.0  # pixels between the points a curve is divided into
_MOST_PARTS = 256  # points at most that one segment is divided into
_TOLERANCE = 0.08  # pixels by which what is painted may leave the curve

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class InkPiece:
    """Part of a stroke: a line to be drawn with a round pen, or an outline to be filled; `box` includes the pen."""

    path: QPainterPath
    box: QRectF
    is_filled: bool


def pressure_widths(pressures: Iterable[float]) -> Reals:
    """Line widths in canvas units for pen pressures from 0 to 1."""
    return PEN_WIDTH * (0.35 + 1.15 * np.clip(np.asarray(list(pressures), np.float64), 0.0, 1.0))


def stroke_pieces(
    points: NDArray[np.floating], scale: float = 1.0, widths: NDArray[np.floating] | None = None
) -> list[InkPiece]:
    """Ink of a whole stroke [n, 2] for `scale` pixels to a canvas unit; `widths` [n] makes it a line of varying width.

    The curve is divided as finely as those pixels can show, and no finer.
    """
    raw = np.asarray(points, np.float64)
    moves = np.append(True, np.diff(raw, axis=0).any(axis=1))
    smooth = _averaged(raw[moves])
    if len(smooth) == 1:
        return _dots(smooth[0], widths)
    curve, places = _divided(smooth, 0, len(smooth) - 1, scale)
    return _pieces(curve, None if widths is None else _halves(np.asarray(widths, np.float64)[moves], places))


def draw_ink(
    painter: QPainter, pieces: Iterable[InkPiece], color: QColor, clip: QRectF | None = None, width: float = PEN_WIDTH
) -> None:
    """Paint pieces in canvas units, those only that meet `clip`."""
    pen = QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.MiterJoin)
    brush = QBrush(color)
    for piece in pieces:
        if clip is None or clip.intersects(piece.box):
            if piece.is_filled:
                painter.fillPath(piece.path, brush)
            else:
                painter.strokePath(piece.path, pen)


def mixed(color: QColor, ground: QColor, share: float) -> QColor:
    """`share` of one colour in another: how it would look transparent, for pieces that overlap and must not show it."""
    rest = 1.0 - share
    return QColor.fromRgbF(
        share * color.redF() + rest * ground.redF(),
        share * color.greenF() + rest * ground.greenF(),
        share * color.blueF() + rest * ground.blueF(),
    )


class LiveInk:
    """Ink of the stroke under the pen: finished pieces are kept, only the last ones are shaped anew with each point."""

    def __init__(self, with_pressure: bool, scale: float = 1.0) -> None:
        """An empty stroke, shown at `scale` pixels to a canvas unit; points come with pressures or without."""
        self._scale = scale
        self._points: list[tuple[float, float]] = []
        self._pressures: list[float] | None = [] if with_pressure else None
        self._frozen: list[InkPiece] = []
        self._frozen_to = 0

    def append(self, x: float, y: float, pressure: float | None = None) -> QRectF:
        """Add a point; returns the region that has to be painted again."""
        self._points.append((x, y))
        if self._pressures is not None:
            self._pressures.append(0.5 if pressure is None else pressure)
        if len(self._points) > self._frozen_to + _PIECE + _CONTEXT:
            self._frozen.extend(self._shaped(self._frozen_to, self._frozen_to + _PIECE))
            self._frozen_to += _PIECE
        recent = np.asarray(self._points[-2 * _CONTEXT :])
        return _box(recent, 2 * PEN_WIDTH)

    def points(self) -> Points:
        """The points so far, float32 [n, 2]."""
        return np.asarray(self._points, np.float32).reshape(-1, 2)

    def widths(self) -> Reals | None:
        """The line width at each point, float64 [n], or None without pressure."""
        return None if self._pressures is None else pressure_widths(self._pressures)

    def pieces(self) -> Iterator[InkPiece]:
        """All ink so far."""
        yield from self._frozen
        if self._points:
            yield from self._shaped(self._frozen_to, len(self._points) - 1)

    def _shaped(self, first: int, last: int) -> list[InkPiece]:
        start, stop = max(0, first - _CONTEXT), last + _CONTEXT + 1
        smooth = _averaged(np.asarray(self._points[start:stop], np.float64))
        widths = None if self._pressures is None else pressure_widths(self._pressures[start:stop])
        if last == first:
            return _dots(smooth[first - start], widths)
        curve, places = _divided(smooth, first - start, last - start, self._scale)
        return _pieces(curve, None if widths is None else _halves(widths, places))


def _averaged(points: Reals) -> Reals:
    """Points moved towards the mean of their neighbours, as far as those are close; ends stay."""
    if len(points) < 3:
        return points
    steps = np.hypot(*np.diff(points, axis=0).T)
    spacing = np.maximum(steps[:-1], steps[1:])
    share = 0.5 * np.clip((_SPARSE - spacing) / (_SPARSE - _DENSE), 0.0, 1.0)[:, None]
    smooth = points
    for reach in _REACHES:
        if len(points) > 2 * reach:
            moved = smooth.copy()
            means = (smooth[: -2 * reach] + smooth[2 * reach :]) / 2
            moved[reach:-reach] += share[reach - 1 : len(share) - reach + 1] * (means - smooth[reach:-reach])
            smooth = moved
    return points + np.clip(smooth - points, -_MOST_MOVED, _MOST_MOVED)


def _controls(points: Reals) -> tuple[Reals, Reals]:
    """The two Bézier control points [n - 1, 2] of each segment of the spline through points [n, 2], n >= 2."""
    chords = np.diff(points, axis=0)
    lengths = np.maximum(np.hypot(*chords.T), 1e-9)
    times = np.sqrt(lengths)[:, None]
    speeds = chords / times
    tangents = np.concatenate([speeds[:1], speeds])
    if len(points) > 2:
        before, after = times[:-1], times[1:]
        tangents[1:-1] = (speeds[:-1] * after + speeds[1:] * before) / (before + after)
        cosines = (chords[:-1] * chords[1:]).sum(axis=1) / (lengths[:-1] * lengths[1:])
        tangents[1:-1] *= np.clip(cosines / 0.5, 0.0, 1.0)[:, None]
        # The ends bend on as the segment does, or a circle would end in two straight bits.
        tangents[0], tangents[-1] = 2 * speeds[0] - tangents[1], 2 * speeds[-1] - tangents[-2]
    return points[:-1] + tangents[:-1] * times / 3, points[1:] - tangents[1:] * times / 3


def _divided(points: Reals, first: int, last: int, scale: float) -> tuple[Reals, Reals]:
    """Points [m, 2] along the spline from point `first` to point `last`, and which point, in fractions, each is [m]."""
    left, right = (controls[first:last, None] for controls in _controls(points))
    starts, ends = points[first:last, None], points[first + 1 : last + 1, None]
    lengths = np.hypot(*np.diff(points[first : last + 1], axis=0).T)
    counts = np.clip(np.ceil(lengths * scale / _STEP), 1, _MOST_PARTS).astype(np.int64)
    segments = np.repeat(np.arange(len(counts)), counts)
    steps = np.arange(len(segments)) - np.repeat(np.cumsum(counts) - counts, counts)
    t = (steps / counts[segments])[:, None]
    u = 1.0 - t
    p0, p1, p2, p3 = (corner[segments, 0] for corner in (starts, left, right, ends))
    curve = u**3 * p0 + 3 * u**2 * t * p1 + 3 * u * t**2 * p2 + t**3 * p3
    curve = np.concatenate([curve, points[last : last + 1]])
    kept = simplify_coords_idx(curve, _TOLERANCE / scale)
    return curve[kept], np.append(first + segments + t[:, 0], last)[kept]


def _halves(widths: Reals, places: Reals) -> Reals:
    """Half the line width at fractional places among the points that widths belong to, as a column."""
    return np.interp(places, np.arange(len(widths)), widths)[:, None] / 2


def _pieces(curve: Reals, halves: Reals | None) -> list[InkPiece]:
    pieces: list[InkPiece] = []
    bounds = sorted({*range(0, len(curve) - 1, _PIECE), *_joints(curve), len(curve) - 1})
    for start, stop in pairwise(bounds):
        part = slice(start, stop + 1)
        if halves is None:
            path = QPainterPath()
            path.addPolygon(_polygon(curve[part]))
            pieces.append(InkPiece(path, _box(curve[part], PEN_WIDTH), False))
        else:
            pieces.extend(_outlines(curve[part], halves[part]))
    return pieces


def _joints(curve: Reals) -> list[int]:
    """Points of the curve at which it turns sharply. Pieces end there, with round caps for a joint.

    Inside a piece joints can then be the cheapest there are, and an outline is not pinched by the turn.
    """
    along = np.diff(curve, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    turns: list[int] = (np.flatnonzero((along[:-1] * along[1:]).sum(axis=1) < 0.85) + 1).tolist()
    return turns


def _outlines(curve: Reals, halves: Reals) -> Iterator[InkPiece]:
    slopes: Reals = np.asarray(np.gradient(curve, axis=0))
    slopes /= np.maximum(np.hypot(*slopes.T), 1e-9)[:, None]
    normals = np.stack([-slopes[:, 1], slopes[:, 0]], axis=1) * halves
    outline = np.concatenate([curve + normals, (curve - normals)[::-1]])
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    path.addPolygon(_polygon(outline))
    path.closeSubpath()
    yield InkPiece(path, _box(outline, 1.0), True)
    for i in (0, -1):
        yield _dot(curve[i], 2 * float(halves[i, 0]))


def _dots(at: Reals, widths: NDArray[np.floating] | None) -> list[InkPiece]:
    return [_speck(at) if widths is None else _dot(at, 1.5 * float(widths[0]))]


def _speck(at: Reals) -> InkPiece:
    # A ring too small to have a hole: heavier than the line, as a dot that a person sets is. Of straight sides, for Qt
    # leaves the middle of so narrow a curve open.
    angles = np.arange(13) * (2 * np.pi / 12)
    path = QPainterPath()
    path.addPolygon(_polygon(at + PEN_WIDTH / 4 * np.stack([np.cos(angles), np.sin(angles)], axis=1)))
    return InkPiece(path, _box(at[None], 2 * PEN_WIDTH), False)


def _polygon(points: Reals) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])


def _dot(at: Reals, width: float) -> InkPiece:
    path = QPainterPath()
    path.addEllipse(QPointF(*at), width / 2, width / 2)
    return InkPiece(path, _box(at[None], width), True)


def _box(points: Reals, margin: float) -> QRectF:
    left, top = points.min(axis=0) - margin
    right, bottom = points.max(axis=0) + margin
    return QRectF(QPointF(left, top), QPointF(right, bottom))
