"""The points of a curve that grows for as long as a run trains, in memory that does not."""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

MAX_POINTS = 4000

_BLOCK = 64


class History:
    """The points of one curve, at most `MAX_POINTS`: when there are more, neighbours merge into their mean.

    The steps ascend. Eight bytes a number, so a full curve takes 64 kB however long the run is.
    """

    def __init__(self) -> None:
        """No points."""
        self._steps = array("d")
        self._values = array("d")
        self._per_point = 1
        self._waiting: list[tuple[float, float]] = []

    def __len__(self) -> int:
        """The points kept."""
        return len(self._steps)

    @property
    def steps(self) -> NDArray[np.float64]:
        """A copy of the steps, float64 [n]."""
        return np.array(self._steps)

    @property
    def values(self) -> NDArray[np.float64]:
        """A copy of the values, float64 [n]."""
        return np.array(self._values)

    @property
    def memory(self) -> int:
        """Bytes held by the points."""
        return 2 * self._steps.itemsize * len(self._steps)

    def add(self, step: int, value: float) -> None:
        """Add a point; one at an earlier step means that the run went back there, so what came later is dropped.

        A value that is not finite leaves no point.
        """
        if self._last >= step:
            self.rewind(step - 1)
        if not math.isfinite(value):
            return
        self._waiting.append((float(step), value))
        if len(self._waiting) >= self._per_point:
            self._steps.append(self._waiting[-1][0])
            self._values.append(sum(each for _, each in self._waiting) / len(self._waiting))
            self._waiting.clear()
            if len(self._steps) > MAX_POINTS:
                self._halve()

    def rewind(self, step: int) -> None:
        """Drop the points after `step`."""
        self._waiting = [point for point in self._waiting if point[0] <= step]
        while self._steps and self._steps[-1] > step:
            self._steps.pop()
            self._values.pop()

    def at(self, step: float) -> float | None:
        """The newest value at or before `step`; None when there is none."""
        index = int(np.searchsorted(np.array(self._steps), step, side="right")) - 1
        return self._values[index] if index >= 0 else None

    @property
    def _last(self) -> float:
        if self._waiting:
            return self._waiting[-1][0]
        return self._steps[-1] if self._steps else -math.inf

    def _halve(self) -> None:
        steps, values = self.steps, self.values
        even = len(steps) // 2 * 2
        self._steps = array("d", [*steps[1:even:2].tolist(), *steps[even:].tolist()])
        self._values = array("d", [*values[:even].reshape(-1, 2).mean(axis=1).tolist(), *values[even:].tolist()])
        self._per_point *= 2


def smoothed(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """The values [n] as an exponential moving average with this weight of the past, without a bias at the start.

    y_t = w y_{t-1} + (1 - w) x_t, over 1 - w^t. Whole blocks are averaged by one matrix product, and what a block owes
    to those before it is added: forty times as fast as a loop over the points, and this runs at every redraw.
    """
    count = len(values)
    if weight <= 0 or not count:
        return values
    powers, kernel = _kernel(weight)
    padded = np.zeros(-(-count // _BLOCK) * _BLOCK)
    padded[:count] = values
    within = padded.reshape(-1, _BLOCK) @ kernel.T
    last = float(powers[_BLOCK])
    carried = accumulate(within[:-1, -1].tolist(), lambda past, value: value + last * past, initial=0.0)
    before = np.fromiter(carried, np.float64, len(within))
    sums = (within + np.outer(before, powers[1:])).ravel()[:count]
    averaged = sums / (1 - weight ** np.arange(1, count + 1))
    # Of a constant only rounding errors would be left to see, on an axis with fifteen digits.
    return averaged.astype(np.float32).astype(np.float64)


@lru_cache(maxsize=4)
def _kernel(weight: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The powers of the weight [block + 1], and the matrix [block, block] that averages within a block."""
    powers = np.asarray(weight ** np.arange(_BLOCK + 1), np.float64)
    lag = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
    return powers, np.where(lag >= 0, (1 - weight) * powers[np.maximum(lag, 0)], 0.0)
