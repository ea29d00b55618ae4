"""How a capsule bends by itself: one dimension through its range and back, or all of them wandering. Knows no Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

FRAMES_PER_SECOND = 30
_SWEEP_SECONDS = 4.0
_SLOWEST, _FASTEST = 0.05, 0.14  # turns per second
_REACH = 0.8  # of the half range that is wandered through


@dataclass(frozen=True)
class Sweep:
    """One dimension goes from where it is to the end of its range, to the other end, and back."""

    dimension: int
    start: float
    low: float
    high: float

    def at(self, frame: int) -> dict[int, float] | None:
        """Offsets by dimension in a frame; None when it is over."""
        share = frame / (_SWEEP_SECONDS * FRAMES_PER_SECOND)
        if share > 1:
            return None
        start = min(max(self.start, self.low), self.high)
        corners = (start, self.high, self.low, start)
        way = [abs(after - before) for before, after in pairwise(corners)]
        ends = np.concatenate([[0.0], np.cumsum(way)])
        # Slow at first and at last.
        gone = ends[-1] * (1 - math.cos(math.pi * share)) / 2
        return {self.dimension: float(np.interp(gone, ends, corners))}


class Wander:
    """Each dimension swings about the middle of its range at a pace of its own, from where it is now on."""

    def __init__(
        self, starts: Sequence[float], lows: Sequence[float], highs: Sequence[float], free: Sequence[int], seed: int
    ) -> None:
        """Of all dimensions' offsets and ranges, those that are `free` move."""
        random = np.random.default_rng(seed)
        self._free = tuple(free)
        which = list(free)
        low, high = np.asarray(lows, np.float64)[which], np.asarray(highs, np.float64)[which]
        start = np.asarray(starts, np.float64)[which]
        self._middle = (low + high) / 2
        # A dimension that is bent farther than it would wander swings as far as it is bent.
        self._half = np.maximum((high - low) / 2 * _REACH, np.abs(start - self._middle))
        turn = np.arcsin(np.clip((start - self._middle) / self._half, -1, 1))
        outwards = random.random(len(which)) < 0.5
        self._turn = np.where(outwards, turn, math.pi - turn)
        self._pace = random.uniform(_SLOWEST, _FASTEST, len(which))

    def at(self, frame: int) -> dict[int, float]:
        """Offsets by dimension in a frame; it never ends."""
        angle = self._turn + 2 * math.pi * self._pace * frame / FRAMES_PER_SECOND
        return dict(zip(self._free, (self._middle + self._half * np.sin(angle)).tolist(), strict=True))
