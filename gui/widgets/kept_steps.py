"""Which steps of which runs have a picture."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

MAX_STEP = 2**31 - 1  # what Qt's signals and spin boxes can carry


class KeptSteps:
    """The steps at which pictures of several runs are kept, one by one and all together, ascending."""

    def __init__(self) -> None:
        """No runs."""
        self._runs: dict[str, list[int]] = {}
        self._union: list[int] = []

    @property
    def runs(self) -> list[str]:
        """The runs, in the order in which they came."""
        return list(self._runs)

    @property
    def union(self) -> list[int]:
        """The steps of all runs, each once; not to be changed."""
        return self._union

    def set(self, steps: Iterable[int], run: str = "") -> None:
        """The pictures of `run` are these; steps below 0 or above `MAX_STEP` are left out."""
        self._runs[run] = sorted({step for step in steps if 0 <= step <= MAX_STEP})
        self._unite()

    def add(self, step: int, run: str = "") -> None:
        """One picture more."""
        own = self._runs.setdefault(run, [])
        if not 0 <= step <= MAX_STEP or _holds(own, step):
            return
        insort(own, step)
        if not _holds(self._union, step):
            insort(self._union, step)

    def remove(self, run: str) -> None:
        """Forget a run."""
        if self._runs.pop(run, None) is not None:
            self._unite()

    def rewind(self, step: int, run: str = "") -> None:
        """Drop the pictures of `run` after `step`."""
        if run in self._runs:
            self.set([each for each in self._runs[run] if each <= step], run)

    def at(self, step: int, run: str = "") -> int | None:
        """The step of the newest picture of `run` at or before `step`; None when there is none."""
        return newest(self._runs.get(run, []), step)

    def near(self, step: int, run: str, count: int, forward: bool = True) -> list[int]:
        """Steps of `run` that are likely wanted next: `count` in the direction of travel, and one the other way."""
        own = self._runs.get(run, [])
        here = bisect_right(own, step)
        ahead, behind = own[here : here + count], own[max(here - 1 - count, 0) : max(here - 1, 0)][::-1]
        return [*ahead, *behind[:1]] if forward else [*behind, *ahead[:1]]

    def _unite(self) -> None:
        self._union = sorted(set().union(*self._runs.values()))


def newest(steps: list[int], step: int) -> int | None:
    """The last of the ascending `steps` that is not after `step`."""
    index = bisect_right(steps, step)
    return steps[index - 1] if index else None


def nearest(steps: list[int], step: float) -> int | None:
    """The one of the ascending `steps` closest to `step`, the earlier of two; None of none."""
    index = bisect_left(steps, step)
    around = steps[max(index - 1, 0) : index + 1]
    return min(around, key=lambda each: abs(each - step), default=None)


def _holds(steps: list[int], step: int) -> bool:
    index = bisect_left(steps, step)
    return index < len(steps) and steps[index] == step
