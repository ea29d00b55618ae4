"""Geometry of strokes in canvas units: distances for picking, boxes for selecting, cuts for the eraser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.sketch.strokes import Points

Box = tuple[float, float, float, float]  # left, top, right, bottom

_MAX_CUTS = 2_000  # parts one segment is divided into at most, however long it is
_PAIRS = 500_000  # point-segment pairs measured at once, which bounds the memory of a distance


def box_of(points: Points) -> Box:
    """Left, top, right, bottom of points [n, 2], n >= 1."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return (float(left), float(top), float(right), float(bottom))


def grown(box: Box, margin: float) -> Box:
    """The box with `margin` added on every side."""
    return (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)


def boxes_meet(a: Box, b: Box) -> bool:
    """Whether two boxes have a point in common."""
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def distance_to_path(points: NDArray[np.floating], path: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance [n] of each of the points [n, 2] from the polyline `path` [m, 2], m >= 1."""
    points = np.asarray(points, np.float64)
    path = np.asarray(path, np.float64)
    starts = path[:-1] if len(path) > 1 else path
    along = path[1:] - starts if len(path) > 1 else np.zeros_like(path)
    squares = np.maximum((along**2).sum(axis=1), 1e-12)
    nearest: NDArray[np.float64] = np.full(len(points), np.inf)
    step = max(1, _PAIRS // max(1, len(points)))
    for i in range(0, len(starts), step):
        part = slice(i, i + step)
        offsets = points[:, None] - starts[None, part]
        shares = np.clip((offsets * along[part]).sum(axis=2) / squares[part], 0.0, 1.0)
        squared = ((offsets - shares[:, :, None] * along[part]) ** 2).sum(axis=2)
        nearest = np.minimum(nearest, squared.min(axis=1))
    distances: NDArray[np.float64] = np.sqrt(nearest)
    return distances


def nearest_stroke(strokes: Sequence[Points], at: tuple[float, float], reach: float) -> int | None:
    """Index of the stroke closest to `at` and no further than `reach`; the later one where two are equally close."""
    point = np.asarray([at], np.float64)
    around = grown((at[0], at[1], at[0], at[1]), reach)
    found, closest = None, reach
    for i, stroke in enumerate(strokes):
        if boxes_meet(box_of(stroke), around):
            distance = float(distance_to_path(point, stroke)[0])
            if distance <= closest:
                found, closest = i, distance
    return found


def meets_box(stroke: Points, box: Box) -> bool:
    """Whether the polyline touches the box, even where no point of it lies inside."""
    points = np.asarray(stroke, np.float64)
    low, high = np.array(box[:2]), np.array(box[2:])
    if bool(((points >= low) & (points <= high)).all(axis=1).any()):
        return True
    if len(points) < 2:
        return False
    a, b = points[:-1], points[1:]
    overlaps = ((np.minimum(a, b) <= high) & (np.maximum(a, b) >= low)).all(axis=1)
    # A segment whose own box overlaps misses the rectangle only if all four corners lie on one side of its line.
    corners = np.array([[box[x], box[y]] for x in (0, 2) for y in (1, 3)])
    along = (b - a)[:, None]
    offsets = corners[None] - a[:, None]
    sides = along[..., 0] * offsets[..., 1] - along[..., 1] * offsets[..., 0]
    return bool((overlaps & (sides.min(axis=1) <= 0) & (sides.max(axis=1) >= 0)).any())


def erased(strokes: Sequence[Points], path: Points, radius: float) -> tuple[Points, ...]:
    """The strokes without what lies within `radius` of `path` [m, 2]; a stroke that is crossed becomes several.

    Strokes the path does not reach come back as the same arrays, so that a caller can tell what changed by identity.
    """
    reach = grown(box_of(path), radius)
    kept: list[Points] = []
    for stroke in strokes:
        kept.extend(_cut(stroke, path, radius, reach) if boxes_meet(box_of(stroke), reach) else [stroke])
    return tuple(kept)


def _cut(stroke: Points, path: Points, radius: float, reach: Box) -> list[Points]:
    if len(stroke) == 1:
        return [stroke] if distance_to_path(stroke, path)[0] > radius else []
    dense, is_own = _divided(stroke.astype(np.float64), radius / 4, reach)
    near = ((dense >= reach[:2]) & (dense <= reach[2:])).all(axis=1)
    outside = np.ones(len(dense), np.bool_)
    outside[near] = distance_to_path(dense[near], path) > radius
    if outside.all():
        return [stroke]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], outside, [False]]).astype(np.int8)))
    pieces: list[Points] = []
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        keep = is_own[first:stop].copy()
        keep[[0, -1]] = True
        piece = dense[first:stop][keep]
        # Crumbs shorter than the cut is precise would be specks on the paper that nobody drew.
        if np.hypot(*np.diff(piece, axis=0).T).sum() > radius / 4:
            pieces.append(piece.astype(np.float32))
    return pieces


def _divided(points: NDArray[np.float64], spacing: float, reach: Box) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Points with the segments near `reach` divided into parts of `spacing`, and which of them are the stroke's own."""
    a, b = points[:-1], points[1:]
    is_near = ((np.minimum(a, b) <= reach[2:]) & (np.maximum(a, b) >= reach[:2])).all(axis=1)
    counts = np.ceil(np.hypot(*(b - a).T) / spacing)
    counts = np.where(is_near, np.clip(counts, 1, _MAX_CUTS), 1).astype(np.int64)
    segments = np.repeat(np.arange(len(a)), counts)
    steps = np.arange(len(segments)) - np.repeat(np.cumsum(counts) - counts, counts)
    shares = (steps / counts[segments])[:, None]
    dense = np.concatenate([a[segments] * (1 - shares) + b[segments] * shares, points[-1:]])
    return dense, np.append(steps == 0, True)
