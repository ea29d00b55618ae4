"""The endings of one request as they grow: all points that have come, and how many of them are shown so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.sketch.completion import Completion, EndingsGrown
from engine.sketch.strokes import Drawing, Points

_DRAWN, _LIFTED, _ENDED = 0, 1, 2
# A hand takes longer than the network: the endings are shown at this pace, so that one sees them being drawn.
POINTS_PER_SECOND = 90.0


class Growth:
    """Points [count, steps, 2] and pens [count, steps] of all endings. `order[i]` is the ending shown in place i."""

    def __init__(self, beginning: Drawing, count: int, joins: bool) -> None:
        """Nothing has come yet. With `joins`, endings go on from the last point of the beginning."""
        self.beginning = beginning
        self.joins = joins and bool(beginning.point_count)
        self.count = count
        self.completion: Completion | None = None
        self.shown = 0.0
        self._points = np.zeros((count, 0, 2), np.float32)
        self._pens = np.zeros((count, 0), np.uint8)
        self._boxes: list[tuple[float, float, float, float]] = []  # of all that has come; empty when not known

    def add(self, event: EndingsGrown) -> None:
        """Take what has come; events come in order."""
        self._points = np.concatenate([self._points, event.points], axis=1)
        self._pens = np.concatenate([self._pens, event.pens], axis=1)
        self._boxes = []

    def finish(self, completion: Completion) -> None:
        """All points are there; the order of the endings is now known."""
        self.completion = completion

    def advance(self, seconds: float) -> None:
        """Show more of what has come; the person's clock, not the network's."""
        self.shown = min(self.shown + max(seconds * POINTS_PER_SECOND, 0.0), float(self._points.shape[1]))

    def show_all(self) -> None:
        """Show everything that has come."""
        self.shown = float(self._points.shape[1])

    @property
    def all_shown(self) -> bool:
        """Whether everything that has come is shown."""
        return self.shown >= self._longest()

    def _longest(self) -> int:
        if not self._pens.size:
            return 0
        alive = (self._pens != _ENDED).sum(axis=1)
        return int(alive.max())

    def index_at(self, place: int) -> int:
        """Which ending is shown in place `place`."""
        return self.completion.endings[place].index if self.completion is not None else place

    def log_likelihood(self, place: int) -> float | None:
        """Nats per point of the ending in a place, once it is known."""
        return self.completion.endings[place].log_likelihood if self.completion is not None else None

    def strokes(self, place: int, everything: bool = False) -> list[Points]:
        """The strokes of the ending in a place: as much as is shown, or all that has come."""
        index = self.index_at(place)
        count = self._points.shape[1] if everything else int(self.shown)
        return split_strokes(self._points[index, :count], self._pens[index, :count], self._joint())

    def ink_between(self, place: int, first: int, last: int) -> list[Points]:
        """What the points `first` to `last` (not included) of the ending in a place add to the picture of it."""
        index = self.index_at(place)
        if first == 0:
            joint = self._joint()
        elif self._pens[index, first - 1] == _DRAWN:
            joint = self._points[index, first - 1]
        elif self._pens[index, first - 1] == _ENDED:
            return []
        else:
            joint = None
        return split_strokes(self._points[index, first:last], self._pens[index, first:last], joint)

    def box(self, place: int) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the beginning and all that has come of the ending in a place."""
        if len(self._boxes) != self.count:
            self._boxes = [self._box(index) for index in range(self.count)]
        return self._boxes[self.index_at(place)]

    def _box(self, index: int) -> tuple[float, float, float, float]:
        strokes = split_strokes(self._points[index], self._pens[index], None)
        return Drawing((*self.beginning.strokes, *strokes)).box()

    def _joint(self) -> NDArray[np.float32] | None:
        return self.beginning.strokes[-1][-1] if self.joins else None


def split_strokes(
    points: NDArray[np.float32], pens: NDArray[np.uint8], joint: NDArray[np.float32] | None
) -> list[Points]:
    """Polylines of points [n, 2] and pens [n], cut before the first end; the first one starts at `joint` if given."""
    ends = np.flatnonzero(pens == _ENDED)
    count = int(ends[0]) if len(ends) else len(pens)
    lifts = np.flatnonzero(pens[:count] == _LIFTED) + 1
    pieces = [piece for piece in np.split(points[:count], lifts) if len(piece)]
    if joint is not None and pieces:
        pieces[0] = np.concatenate([joint[None], pieces[0]])
    return pieces
