"""Batches for training: drawings of about the same length, augmented as the authors do, as stroke-5.

Source: Ha and Eck 2018, section 4.1 and the authors' DataLoader (random scaling, point dropping).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import TrainingError

# A bucket holds this many batches of neighbouring length; larger buckets mix lengths more, smaller ones pad less.
BATCHES_PER_BUCKET = 4


@dataclass(frozen=True)
class Batch:
    """points: float32 [T + 1, B, 5], the start token first; lengths: int64 [B], points without start and end;
    categories: int64 [B], index into the model's categories."""

    points: NDArray[np.float32]
    lengths: NDArray[np.int64]
    categories: NDArray[np.int64]


class DrawingPool:
    """Normalised stroke-3 drawings with their categories, handed out in batches of about equal length."""

    def __init__(self, drawings: Sequence[NDArray[np.number]], categories: Sequence[int], scale: float) -> None:
        """Offsets are divided by `scale`."""
        if not drawings:
            raise TrainingError("There are no drawings to learn from; check the data and the longest length allowed.")
        self.drawings = []
        for drawing in drawings:
            normalised = np.asarray(drawing, np.float32).copy()
            normalised[:, :2] /= scale
            self.drawings.append(normalised)
        self.categories = np.asarray(categories, np.int64)
        self.lengths = np.array([len(drawing) for drawing in self.drawings], np.int64)
        self._order = np.argsort(self.lengths, kind="stable")
        self._sorted = self.lengths[self._order]

    def __len__(self) -> int:
        """Number of drawings."""
        return len(self.drawings)

    @property
    def longest(self) -> int:
        """Points of the longest drawing."""
        return int(self.lengths.max())

    def near_length(self, quantile: float, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """`count` indices of drawings whose rank by length lies around `quantile` (0 shortest, 1 longest).

        With a uniformly random quantile every drawing is as likely as any other, the shortest and longest included.
        """
        return self._around(min(int(quantile * len(self)), len(self) - 1), count, rng)

    def at_length(self, length: float, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """`count` indices of drawings of about `length` points."""
        first = int(np.searchsorted(self._sorted, np.floor(length), side="left"))
        after = int(np.searchsorted(self._sorted, np.ceil(length), side="right"))
        # Far more drawings than a bucket holds may have one length: any of them may be the middle.
        rank = int(rng.integers(first, after)) if after > first else min(first, len(self) - 1)
        return self._around(rank, count, rng)

    def _around(self, rank: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """`count` indices from the bucket of `rank`, where the ranks are cut into buckets at random places.

        A window around `rank` would do the same but for the ends of the ranking, which it would pick too rarely.
        """
        window = min(len(self), max(count, min(count * BATCHES_PER_BUCKET, len(self) // 6)))
        cuts = np.arange(int(rng.integers(window)), len(self), window)
        least = max(count, window // 2)
        cuts = cuts[(cuts >= least) & (cuts <= len(self) - least)]
        bucket = int(np.searchsorted(cuts, rank, side="right"))
        start = int(cuts[bucket - 1]) if bucket else 0
        stop = int(cuts[bucket]) if bucket < len(cuts) else len(self)
        picked = rng.choice(stop - start, size=count, replace=count > stop - start)
        return self._order[start + picked]

    def sorted_batches(self, size: int) -> list[NDArray[np.int64]]:
        """All indices in batches of up to `size` drawings of neighbouring length."""
        return [self._order[start : start + size] for start in range(0, len(self), size)]


@dataclass(frozen=True)
class Augmentation:
    """How drawings are changed each time they are learned from. `noise` is in model units, like the drawings."""

    jitter: float = 0.0
    drop: float = 0.0
    noise: float = 0.0


def augmented(stroke3: NDArray[np.float32], how: Augmentation, rng: np.random.Generator) -> NDArray[np.float32]:
    """A copy stretched by 1 +- jitter in x and y, with points inside strokes merged into the next with chance `drop`.

    As in the authors' code, a point is merged only when the one before and it are both inside a stroke of more than
    two points, so that no stroke disappears.
    """
    out = stroke3.copy()
    if how.drop > 0 and len(out) > 3:
        lifted = out[:, 2] > 0.5
        after_lift = np.concatenate([[True], lifted[:-1]])
        inside = ~lifted & ~after_lift
        # Never two in a row: a merged neighbour would be counted twice.
        dropped = inside & (rng.random(len(out)) < how.drop)
        dropped[1:] &= ~dropped[:-1]
        # A last stroke that was never lifted ends in a point that has no next one to be merged into.
        dropped[-1] = False
        kept = ~dropped
        out[1:, :2] += np.where(dropped[:-1, None], out[:-1, :2], np.float32(0))
        out = out[kept]
    if how.jitter > 0:
        out[:, :2] *= (1 + (rng.random(2) - 0.5) * 2 * how.jitter).astype(np.float32)
    if how.noise > 0:
        # Noise is on the points, so it enters one offset and leaves the next.
        moved = rng.uniform(-how.noise, how.noise, (len(out) + 1, 2)).astype(np.float32)
        out[:, :2] += np.diff(moved, axis=0)
    return out


def to_batch(
    drawings: Sequence[NDArray[np.float32]], categories: NDArray[np.int64], longest: int, padded: bool = False
) -> Batch:
    """Stroke-5 of normalised drawings; `longest` is N_max.

    Padded with end states to N_max points when `padded`, else to one more than this batch's longest, so that every
    drawing's end is predicted once (but for a drawing of N_max points, which has no room for it in the paper either).
    """
    lengths = np.array([len(drawing) for drawing in drawings], np.int64)
    if int(lengths.max()) > longest:
        raise TrainingError(f"A drawing of {int(lengths.max())} points does not fit into {longest}.")
    length = longest if padded else min(int(lengths.max()) + 1, longest)
    points = np.zeros((length + 1, len(drawings), 5), np.float32)
    points[0, :, 2] = 1
    points[1:, :, 4] = 1
    for column, drawing in enumerate(drawings):
        count = len(drawing)
        points[1 : count + 1, column, :2] = drawing[:, :2]
        points[1 : count + 1, column, 2] = 1 - drawing[:, 2]
        points[1 : count + 1, column, 3] = drawing[:, 2]
        points[1 : count + 1, column, 4] = 0
    return Batch(points, lengths, categories)


class BatchSource:
    """Training batches from a main pool and, for a share of each batch, an extra pool."""

    def __init__(self, main: DrawingPool, extra: DrawingPool | None, size: int, extra_share: float) -> None:
        """`size` drawings a batch, `extra_share` of them from `extra` when it is there."""
        self._main, self._extra = main, extra
        self.longest = max(main.longest, extra.longest if extra is not None else 0)
        self._from_extra = round(size * extra_share) if extra is not None else 0
        self._from_main = size - self._from_extra

    def next(self, how: Augmentation, rng: np.random.Generator) -> Batch:
        """A random batch of about one length, augmented."""
        drawings: list[NDArray[np.float32]] = []
        categories: list[NDArray[np.int64]] = []
        main_indices = self._main.near_length(rng.random(), self._from_main, rng) if self._from_main else None
        if main_indices is not None:
            drawings += [augmented(self._main.drawings[i], how, rng) for i in main_indices]
            categories.append(self._main.categories[main_indices])
        if self._extra is not None and self._from_extra:
            length = float(self._main.lengths[main_indices].mean()) if main_indices is not None else None
            indices = (
                self._extra.near_length(rng.random(), self._from_extra, rng)
                if length is None
                else self._extra.at_length(length, self._from_extra, rng)
            )
            drawings += [augmented(self._extra.drawings[i], how, rng) for i in indices]
            categories.append(self._extra.categories[indices])
        # Longest first, the order in which the encoder works.
        order = sorted(range(len(drawings)), key=lambda i: -len(drawings[i]))
        return to_batch([drawings[i] for i in order], np.concatenate(categories)[order], self.longest)
