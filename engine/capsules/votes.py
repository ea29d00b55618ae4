"""What routing did, in numbers that can be shown: who agrees with whom, seen from positions and from classes.

NumPy only. Children are primary capsules i = t * grid^2 + y * grid + x, parents digit capsules j.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

STRIDE, FIELD = 2, 17  # a primary capsule at (y, x) sees the pixels from 2y to 2y + 16 (two convolutions of 9 x 9)


def by_position(values: Array, grid: int, weights: Array | None = None) -> Array:
    """Values [i, j] averaged over the types of capsules at each position, perhaps by weights [i]: [grid, grid, j]."""
    parents = values.shape[1]
    typed = values.reshape(-1, grid, grid, parents)
    if weights is None:
        mean: Array = typed.mean(axis=0)
        return mean
    shares = weights.reshape(-1, grid, grid, 1)
    weighted: Array = (typed * shares).sum(axis=0) / np.maximum(shares.sum(axis=0), 1e-12)
    return weighted


def votes(couplings: Array, agreement: Array, outputs: Array) -> Array:
    """How much each child adds to the length of each parent's sum s_j: c_ij (û_j|i · v_j) / |v_j|, [i, j].

    That is the part of c_ij û_j|i (equation 2) along v_j; over all children it adds up to |s_j|. couplings, agreement:
    [i, j] of one iteration, and outputs [j, d] of the same.
    """
    lengths = np.linalg.norm(outputs, axis=1)
    found: Array = couplings * agreement / np.maximum(lengths, 1e-12)
    return found


def field_of(y: int, x: int) -> tuple[int, int, int, int]:
    """The pixels that a primary capsule at (y, x) sees: top, left, bottom, right, the last two not included."""
    return STRIDE * y, STRIDE * x, STRIDE * y + FIELD, STRIDE * x + FIELD


def entropy(couplings: Array) -> float:
    """Mean entropy of what each child [i, j] hands out, as a share of that of equal shares: 1 undecided, 0 decided.

    With one parent there is nothing to decide: 0.
    """
    if couplings.shape[1] == 1:
        return 0.0
    shares = np.maximum(couplings.astype(np.float64), 1e-30)
    return float(-(shares * np.log(shares)).sum(axis=1).mean() / np.log(couplings.shape[1]))


def largest_deviation(couplings: Array) -> float:
    """How far from 1 the shares of any child add up over the parents; [..., i, j]."""
    return float(np.abs(couplings.astype(np.float64).sum(axis=-1) - 1).max())
