"""Drawings and the stroke formats of Sketch-RNN.

A `Drawing` is a list of polylines in any units, x to the right and y down. Stroke-3 is float32 [N, 3]: offset x and
offset y from the point before, and 1 where the pen leaves the paper after the point. Stroke-5 is float32 [N, 5]: the
offset and one-hot pen states (down, lifted after this point, end of drawing). Source: Ha and Eck 2018, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from simplification.cutil import simplify_coords

from engine.errors import BadDrawingError

Points = NDArray[np.float32]

MAX_POINTS = 20_000  # a drawing longer than this is refused; the longest of Quick, Draw! raw has a few thousand


@dataclass(frozen=True)
class Drawing:
    """Strokes of a drawing: each float32 [n, 2], n >= 1, in the units of whoever made it; `word` is its category."""

    strokes: tuple[Points, ...] = ()
    word: str = ""

    @property
    def point_count(self) -> int:
        """Points in all strokes together."""
        return sum(len(stroke) for stroke in self.strokes)

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all points; zeros for an empty drawing."""
        if not self.point_count:
            return (0.0, 0.0, 0.0, 0.0)
        points = np.concatenate(self.strokes)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return (float(left), float(top), float(right), float(bottom))


def make_drawing(strokes: Iterable[Sequence[Sequence[float]] | NDArray[np.floating]], word: str = "") -> Drawing:
    """A checked drawing from anything that looks like lists of (x, y); empty strokes are left out.

    Raises `BadDrawingError` when a number is not finite or the drawing has more than `MAX_POINTS` points.
    """
    kept: list[Points] = []
    total = 0
    for stroke in strokes:
        try:
            points = np.asarray(stroke, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise BadDrawingError("A stroke of this drawing is not a list of x, y numbers.") from error
        if points.size == 0:
            continue
        if points.ndim != 2 or points.shape[1] != 2:
            raise BadDrawingError("A stroke of this drawing is not a list of x, y numbers.")
        if not np.isfinite(points).all() or np.abs(points).max() > 1e7:
            raise BadDrawingError("This drawing has coordinates that are not ordinary numbers.")
        total += len(points)
        if total > MAX_POINTS:
            raise BadDrawingError(f"This drawing has more than {MAX_POINTS:,} points; simplify it first.")
        kept.append(points.astype(np.float32))
    return Drawing(tuple(kept), word)


def to_stroke3(drawing: Drawing) -> NDArray[np.float32]:
    """Stroke-3 [N, 3] of a drawing, offsets counted from its own first point.

    As in the published .npz files, the first point itself has no row: a drawing of n points gives n - 1 rows. A first
    stroke of a single point keeps its row (0, 0, 1), or the dot would be lost; one of two equal points gives the same.
    """
    if not drawing.point_count:
        return np.zeros((0, 3), np.float32)
    points = np.concatenate(drawing.strokes).astype(np.float64)
    out = np.zeros((len(points), 3), np.float32)
    out[1:, :2] = np.diff(points, axis=0)
    out[np.cumsum([len(stroke) for stroke in drawing.strokes]) - 1, 2] = 1
    return out if len(drawing.strokes[0]) == 1 else out[1:]


def from_stroke3(stroke3: NDArray[np.number], start: tuple[float, float] = (0.0, 0.0), word: str = "") -> Drawing:
    """The drawing of a stroke-3 array [N, 3] that begins at `start`; undoes `to_stroke3`."""
    if len(stroke3) == 0:
        return Drawing((), word)
    first = np.asarray(start, np.float64)
    points = np.cumsum(np.asarray(stroke3[:, :2], np.float64), axis=0) + first
    ends = np.flatnonzero(np.asarray(stroke3[:, 2]) > 0.5) + 1
    pieces = [piece for piece in np.split(points, ends) if len(piece)]
    is_dot = len(pieces[0]) == 1 and not np.any(stroke3[0, :2])
    if not is_dot:
        pieces[0] = np.concatenate([first[None], pieces[0]])
    return Drawing(tuple(piece.astype(np.float32) for piece in pieces), word)


def to_stroke5(stroke3: NDArray[np.floating], length: int) -> NDArray[np.float32]:
    """Stroke-5 [length, 5]: the points, then the end state (0, 0, 0, 0, 1) to the end. Needs length >= N."""
    count = len(stroke3)
    if count > length:
        raise BadDrawingError(f"This drawing has {count} points and the model takes {length}.")
    out = np.zeros((length, 5), np.float32)
    out[:count, :2] = stroke3[:, :2]
    out[:count, 3] = stroke3[:, 2]
    out[:count, 2] = 1 - stroke3[:, 2]
    out[count:, 4] = 1
    return out


def from_stroke5(stroke5: NDArray[np.floating]) -> NDArray[np.float32]:
    """Stroke-3 [N, 3] of a stroke-5 array, cut before its first end state."""
    ends = np.flatnonzero(stroke5[:, 4] > 0.5)
    kept = stroke5[: int(ends[0])] if len(ends) else stroke5
    return np.concatenate([kept[:, :2], kept[:, 3:4]], axis=1).astype(np.float32)


def scaled(drawing: Drawing, factor: float, shift: tuple[float, float] = (0.0, 0.0)) -> Drawing:
    """The drawing with every point multiplied by `factor`, then moved by `shift`."""
    moved = np.asarray(shift, np.float64)
    return _mapped(drawing, lambda stroke: stroke * factor + moved)


def _mapped(drawing: Drawing, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Drawing:
    """Every stroke changed in float64: in float32 a small drawing far from the origin would lose its shape."""
    return Drawing(tuple(change(s.astype(np.float64)).astype(np.float32) for s in drawing.strokes), drawing.word)


def resample(drawing: Drawing, spacing: float = 1.0) -> Drawing:
    """Points at even distances of `spacing` along each stroke, ends kept (Quick, Draw!'s step before simplifying)."""
    return Drawing(tuple(_resample_stroke(stroke, spacing) for stroke in drawing.strokes), drawing.word)


def _resample_stroke(stroke: Points, spacing: float) -> Points:
    if len(stroke) < 2:
        return stroke
    steps = np.hypot(*np.diff(stroke.astype(np.float64), axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = min(int(along[-1] / spacing), MAX_POINTS)
    if count < 1:
        return stroke[[0, -1]]
    wanted = np.append(np.arange(count + 1) * spacing, along[-1])
    if wanted[-1] - wanted[-2] < 1e-6 * spacing:
        wanted = wanted[:-1]
    return np.stack([np.interp(wanted, along, stroke[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def simplify(drawing: Drawing, epsilon: float) -> Drawing:
    """Ramer-Douglas-Peucker on every stroke: no point of it lies further than `epsilon` from the kept line."""
    return Drawing(tuple(_simplify_stroke(stroke, epsilon) for stroke in drawing.strokes), drawing.word)


def _simplify_stroke(stroke: Points, epsilon: float) -> Points:
    if len(stroke) < 3:
        return stroke
    kept = np.asarray(simplify_coords(stroke.astype(np.float64), epsilon), np.float32)
    return kept if len(kept) else stroke[:1]


def align_to_box(drawing: Drawing, size: float = 255.0) -> Drawing:
    """Quick, Draw!'s alignment: the top left corner at 0, scaled evenly so that the longer side is `size`."""
    left, top, right, bottom = drawing.box()
    extent = max(right - left, bottom - top)
    factor = size / extent if extent > 0 else 1.0
    corner = np.array([left, top])
    return _mapped(drawing, lambda stroke: (stroke - corner) * factor)


QUICKDRAW_EPSILON = 2.0


def quickdraw_epsilon_at(units: float) -> float:
    """The epsilon, in canvas units, that simplifies as the data was, at `units` units of the data per canvas unit."""
    return QUICKDRAW_EPSILON / units


def quickdraw_preprocess(drawing: Drawing, size: float = 255.0) -> Drawing:
    """What turned raw Quick, Draw! into its simplified form: align to a box, resample at 1 unit, simplify, round."""
    small = simplify(resample(align_to_box(drawing, size)), QUICKDRAW_EPSILON)
    return Drawing(tuple(np.round(stroke) for stroke in small.strokes), small.word)


def scale_factor(stroke3s: Iterable[NDArray[np.number]]) -> float:
    """Standard deviation of all offsets x and y together: what the model's data is divided by (section 3.1)."""
    total, squares, count = 0.0, 0.0, 0
    for stroke3 in stroke3s:
        offsets = np.asarray(stroke3[:, :2], np.float64)
        total += float(offsets.sum())
        squares += float(np.square(offsets).sum())
        count += offsets.size
    if count == 0:
        raise BadDrawingError("There are no drawings to measure the scale of.")
    return float(np.sqrt(max(squares / count - (total / count) ** 2, 1e-12)))
