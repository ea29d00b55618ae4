"""Entropic optimal transport between two uniform clouds: Sinkhorn's algorithm with stabilised scalings.

    min over plans P:  <P, C> - eps H(P),   H(P) = -sum P log P,   rows of P sum to 1/n, columns to 1/m

The solution is P = exp((f_i + g_j - C_ij) / eps) / (n m) (Cuturi 2013; eps = 1 / lambda there). Scaling the kernel
exp(-C / eps) by vectors u and v needs only products of a matrix with a vector, but underflows for small eps; iterating
on f and g with log-sum-exp never does, and costs thirty times as much. Here scalings are used while they stay within
bounds and are then absorbed into f and g (Schmitzer 2019, "Stabilized sparse scaling algorithms", algorithm 2); where
scalings cannot be represented at all, the same iterations run on f and g. The first third of the iterations lowers eps
in stages (there, section 3.2), since at eps = 1/500 points in few dimensions need thousands from a cold start. Each
iteration heals the rounding of those before it, so that only the last third of them needs scalings in float64;
potentials, costs and sums always are.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

# By what eps is divided from one stage to the next.
_STAGE = 4.0
# The least number of last iterations that are float64.
_EXACT = 20
# Iterations between two looks at the scalings; a look costs as much as one of them.
_STRIDE = 50
_TINY = sys.float_info.min


@dataclass(frozen=True)
class _Limits:
    """What a number format can hold, in natural logarithms.

    floor: the smallest exponent of a kernel; further down begin subnormal numbers, which processors multiply slowly.
    absorb, refuse: scalings beyond the first are absorbed into the potentials, those beyond the second are not used. An
    entry that was cut off at the floor then adds at most exp(2 refuse + floor) to the plan.
    """

    floor: float
    absorb: float
    refuse: float


_SINGLE, _DOUBLE = _Limits(-80.0, 20.0, 30.0), _Limits(-700.0, 150.0, 300.0)


@dataclass(frozen=True)
class Plan:
    """A transport plan and how far its iterations had come."""

    matrix: Tensor
    """[n, m] in the cost's type and on its device: each row sums to 1/n and each column to 1/m, to rounding."""
    row_potentials: Tensor
    """f [n], float64, in units of the cost; a constant may move between f and g."""
    column_potentials: Tensor
    """g [m], float64."""
    marginal_error: float
    """Total mass by which the columns were off before the last correction, 0 to 2: how far from converged."""


def sinkhorn(cost: Tensor, regularisation: float, iterations: int) -> Plan:
    """The entropic plan for a finite cost [n, m] with weight `regularisation` (eps > 0) of the entropy.

    Each iteration fits the columns and then the rows, from f = 0. What the columns are still off by after the last one
    is put right by the rounding of Altschuler, Weed and Rigollet (2017, algorithm 2), so that the plan is a transport
    plan even if the iterations have not converged. It carries no gradient. Raises `ValueError` for other arguments.
    """
    if cost.ndim != 2 or 0 in cost.shape:
        raise ValueError(f"The cost must be a matrix with rows and columns, not {tuple(cost.shape)}.")
    if not (regularisation > 0 and math.isfinite(regularisation)) or iterations < 1:
        raise ValueError("The regularisation must be a number above 0, and there must be at least one iteration.")
    solver = _Solver(cost.detach())
    for eps, steps, single in _stages(solver.spread, regularisation, iterations):
        solver.advance(eps, steps, single=single)
    matrix, error = solver.rounded()
    f, g = torch.as_tensor(solver.f), torch.as_tensor(solver.g + solver.lowest)
    return Plan(torch.as_tensor(matrix).to(cost.dtype), f, g, error)


def _stages(spread: float, regularisation: float, iterations: int) -> Iterator[tuple[float, int, bool]]:
    """Values of eps, from a part of the costs' spread down to the wanted one; iterations; whether they are float32."""
    exact = min(iterations, max(_EXACT, iterations // 3))
    count = math.floor(math.log(spread / regularisation, _STAGE)) if regularisation < spread < math.inf else 0
    steps = (iterations - exact) // (2 * count) if count else 0
    if not steps:
        yield regularisation, iterations, False
        return
    for power in range(count, 0, -1):
        yield regularisation * _STAGE**power, steps, True
    yield regularisation, iterations - exact - steps * count, True
    yield regularisation, exact, False


class _Solver:
    """Potentials f and g in units of the cost, the kernel that they make of it for some eps, and its scalings u and v.

    All arrays are NumPy's for a cost on the processor, where small operations take a third of torch's time, and torch's
    for one elsewhere; what is written here means the same in both.
    """

    _kernel: Any
    _u: Any
    _v: Any

    def __init__(self, cost: Tensor) -> None:
        """Start from a cost [n, m] on any device; a constant is taken from each column, which changes no iterate."""
        self._on_processor = cost.device.type == "cpu"
        self._xp: Any = np if self._on_processor else torch
        exact = cost.to(torch.float64, copy=True)
        self._cost: Any = exact.numpy() if self._on_processor else exact
        self.lowest = self._xp.amin(self._cost, 0)
        self._cost -= self.lowest
        self._single_cost = self._xp.asarray(self._cost, dtype=self._xp.float32)
        self.spread = float(self._single_cost.max())
        self.f, self.g = self._xp.zeros_like(self._cost[:, 0]), self._xp.zeros_like(self._cost[0])

    def advance(self, eps: float, steps: int, *, single: bool) -> None:
        """Iterate with this eps from f, with scalings in float32 if `single`, and leave f and g complete."""
        self._eps, self._single, self._limits = eps, single, _SINGLE if single else _DOUBLE
        self._restart()
        for done in range(0, steps, _STRIDE):
            self._advance(min(_STRIDE, steps - done))
        self._absorb()

    def rounded(self) -> tuple[Any, float]:
        """The plan [n, m] with the right sums, written over the kernel, and the mass its columns were off by."""
        xp, (rows, columns) = self._xp, self._cost.shape
        plan, u, v = self._kernel, self._u / rows, self._v / columns
        column_sums = v * (u @ plan)
        error = float(abs(column_sums - 1.0 / columns).sum())
        v = v * xp.clip(1.0 / columns / xp.clip(column_sums, _TINY, None), None, 1.0)
        u = u * xp.clip(1.0 / rows / xp.clip(u * (plan @ v), _TINY, None), None, 1.0)
        missing_rows = xp.clip(1.0 / rows - u * (plan @ v), 0.0, None)
        missing_columns = xp.clip(1.0 / columns - v * (u @ plan), 0.0, None)
        plan *= v
        plan *= u[:, None]
        plan += xp.outer(missing_rows, missing_columns / max(float(missing_rows.sum()), _TINY))
        return plan, error

    def _advance(self, steps: int) -> None:
        u, v = self._scalings(steps)
        extremes = [float(extreme) for extreme in (u.min(), u.max(), v.min(), v.max())]
        usable = all(0 < extreme < math.inf for extreme in extremes)
        size = max(abs(math.log(extreme)) for extreme in extremes) if usable else math.inf
        if size <= self._limits.refuse:
            self._u, self._v = u, v
        else:
            self._absorb()
            self._on_potentials(steps)
            self._restart()
        if size > self._limits.absorb:
            self._absorb()
            self._restart()

    def _scalings(self, steps: int) -> tuple[Any, Any]:
        """u and v after more iterations; no usable numbers where they cannot be represented."""
        (rows, columns), kernel = self._cost.shape, self._kernel
        u, v = self._xp.asarray(self._u, copy=True), self._xp.ones_like(self._v)
        if not self._on_processor:
            for _ in range(steps):
                v = rows / (u @ kernel)
                u = columns / (kernel @ v)
            return u, v
        with np.errstate(all="ignore"):
            for _ in range(steps):
                np.dot(u, kernel, out=v)
                np.divide(rows, v, out=v)
                np.dot(kernel, v, out=u)
                np.divide(columns, u, out=u)
        return u, v

    def _on_potentials(self, steps: int) -> None:
        """The same iterations by log-sum-exp, in which nothing under- or overflows."""
        (rows, columns), eps = self._cost.shape, self._eps
        for _ in range(steps):
            self.g = -eps * (self._log_sum_exp((self.f[:, None] - self._cost) / eps, 0) - math.log(rows))
            self.f = -eps * (self._log_sum_exp((self.g - self._cost) / eps, 1) - math.log(columns))

    def _log_sum_exp(self, exponents: Any, axis: int) -> Any:
        highest = self._xp.amax(exponents, axis)
        exponents -= highest if axis == 0 else highest[:, None]
        return highest + self._xp.log(self._xp.exp(exponents).sum(axis))

    def _absorb(self) -> None:
        self.f = self.f + self._eps * self._xp.log(self._u)
        self.g = self.g + self._eps * self._xp.log(self._v)

    def _restart(self) -> None:
        xp = self._xp
        cost, number = (self._single_cost, xp.float32) if self._single else (self._cost, xp.float64)
        kernel = xp.asarray(self.f, dtype=number)[:, None] - cost
        kernel += xp.asarray(self.g, dtype=number)
        kernel *= 1.0 / self._eps
        # Once rows have been fitted, no exponent is above log(min(n, m)); eps may have been lowered since.
        xp.clip(kernel, self._limits.floor, _STAGE * math.log(min(cost.shape)) + 1.0, out=kernel)
        self._kernel = xp.exp(kernel, out=kernel)
        self._u, self._v = xp.ones_like(kernel[:, 0]), xp.ones_like(kernel[0])
