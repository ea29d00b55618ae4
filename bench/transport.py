"""Figures of optimal transport, against POT in the same process on one thread."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import ot
import torch
from numpy.typing import NDArray

from bench.figures import Figure, Figures
from engine.gan.sinkhorn import sinkhorn

SIZE, DIMENSIONS = 256, 1024
REGULARISATION, ITERATIONS = 1 / 500, 100
PAIRS = 60

Array = NDArray[np.float64]


def sinkhorn_vs_pot() -> Figure:
    """Time of our plan over that of POT's fastest correct one (NumPy, float64), both of the same cosine cost.

    Raises `ArithmeticError` unless both are as close to the exact cost as the entropy allows and our plan's sums hold.
    """
    cost = _cosine_cost()
    single = torch.from_numpy(cost).float()
    weights = np.full(SIZE, 1 / SIZE)

    def ours() -> Array:
        plan: Array = sinkhorn(single, REGULARISATION, ITERATIONS).matrix.double().numpy()
        return plan

    def theirs() -> Array:
        plan: Array = ot.sinkhorn(
            weights, weights, cost, REGULARISATION, numItermax=ITERATIONS, stopThr=0, warn=False
        )
        return plan

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # POT tells of underflow by a warning
            _check(ours(), theirs(), cost)
            # In pairs, so that what else the machine does falls on both.
            ratios = [_seconds(ours) / _seconds(theirs) for _ in range(PAIRS)]
    finally:
        torch.set_num_threads(threads)
    return Figure.of("training.sinkhorn_vs_pot", "ratio", ratios)


def _cosine_cost() -> Array:
    random = np.random.default_rng(0)
    x, y = random.standard_normal((2, SIZE, DIMENSIONS)) + np.array([0.0, 0.1])[:, None, None]
    cost: Array = 1 - (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T
    return cost


def _check(ours: Array, theirs: Array, cost: Array) -> None:
    weights = np.full(SIZE, 1 / SIZE)
    exact = float(ot.emd2(weights, weights, cost))
    allowed = REGULARISATION * np.log(SIZE)
    for plan in (ours, theirs):
        if not 0 <= float((plan * cost).sum()) - exact <= allowed:
            raise ArithmeticError("A plan's cost is not that of an optimal plan.")
    off = max(float(np.abs(ours.sum(axis=axis) - 1 / SIZE).max()) for axis in (0, 1))
    if not off < 1e-7:
        raise ArithmeticError(f"Our plan's sums are off by {off}.")


def _seconds(work: Callable[[], Array]) -> float:
    start = time.process_time()  # one thread: the time it takes, less what other programs take of it
    work()
    return time.process_time() - start


FIGURES: Figures = {"training.sinkhorn_vs_pot": sinkhorn_vs_pot}
