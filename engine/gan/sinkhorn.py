"""Entropic optimal transport between two uniform clouds: Sinkhorn's algorithm with stabilised scalings.

    min over plans P:  <P, C> - eps H(P),   H(P) = -sum P log P,   rows of P sum to 1/n, columns to 1/m

The solution is P = exp((f_i + g_j - C_ij) / eps) / (n m) (Cuturi 2013; eps = 1 / lambda there). Scaling the kernel
exp(-C / eps) by vectors u and v needs only products of a matrix with a vector, but underflows for small eps; iterating
on f and g with log-sum-exp never does, and costs thirty times as much. Here scalings are used while they stay within
bounds and are then absorbed into f and g (Schmitzer 2019, "Stabilized sparse scaling algorithms", algorithm 2); where
scalings cannot be represented at all, the same iterations run on f and g. The first third of the iterations lowers eps
in stages (there, section 3.2), since at eps = 1/500 points in few dimensions need thousands from a cold start. Stages
only prepare, so their scalings are float32; all else is float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# By what eps is divided from one stage to the next, and the part of all iterations that goes to the stages: one third.
_STAGE, _SHARE = 4.0, 3
# Iterations between two looks at the scalings; a look costs as much as one of them.
_STRIDE = 50


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


_LIMITS = {torch.float32: _Limits(-80.0, 20.0, 30.0), torch.float64: _Limits(-700.0, 150.0, 300.0)}


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
    with torch.no_grad():
        exact = cost.detach().to(torch.float64)
        # The columns are fitted first, so that a constant in each of them changes no iterate.
        lowest = exact.amin(dim=0)
        solver = _Solver(exact - lowest)
        for eps, steps in _stages(float(solver.cost.amax()), regularisation, iterations):
            solver.advance(eps, steps, torch.float64 if eps == regularisation else torch.float32)
        matrix, error = solver.rounded()
        return Plan(matrix.to(cost.dtype), solver.f, solver.g + lowest, error)


def _stages(spread: float, regularisation: float, iterations: int) -> Iterator[tuple[float, int]]:
    """Values of eps, from a part of the costs' spread down to the wanted one, each with its iterations."""
    count = math.floor(math.log(spread / regularisation, _STAGE)) if regularisation < spread < math.inf else 0
    steps = iterations // (_SHARE * count) if count else 0
    if steps:
        for power in range(count, 0, -1):
            yield regularisation * _STAGE**power, steps
    yield regularisation, iterations - steps * count


class _Solver:
    """Potentials f and g in units of the cost, the kernel that they make of it for some eps, and its scalings u and v.

    The cost [n, m] is float64 without entries below 0.
    """

    _kernel: Tensor
    _u: Tensor
    _v: Tensor

    def __init__(self, cost: Tensor) -> None:
        self.cost = cost
        self._costs = {torch.float32: cost.float(), torch.float64: cost}
        self.f, self.g = cost.new_zeros(cost.shape[0]), cost.new_zeros(cost.shape[1])

    def advance(self, eps: float, steps: int, number: torch.dtype) -> None:
        """Iterate with this eps from f, with scalings of this number format, and leave f and g complete."""
        self._eps, self._number, self._limits = eps, number, _LIMITS[number]
        self._restart()
        for done in range(0, steps, _STRIDE):
            self._advance(min(_STRIDE, steps - done))
        self._absorb()

    def rounded(self) -> tuple[Tensor, float]:
        """The plan [n, m] with the right sums, written over the kernel, and the mass its columns were off by."""
        rows, columns = self.cost.shape
        kernel, u, v = self._kernel, self._u / rows, self._v / columns
        column_sums = v * (u @ kernel)
        error = float((column_sums - 1.0 / columns).abs().sum())
        v = v * (1.0 / (columns * column_sums)).clamp(max=1.0)
        u = u * (1.0 / (rows * u * (kernel @ v))).clamp(max=1.0)
        missing_rows = (1.0 / rows - u * (kernel @ v)).clamp(min=0.0)
        missing_columns = (1.0 / columns - v * (u @ kernel)).clamp(min=0.0)
        plan = kernel.mul_(v).mul_(u[:, None])
        plan.addr_(missing_rows, missing_columns / missing_rows.sum().clamp(min=torch.finfo(plan.dtype).tiny))
        return plan, error

    def _advance(self, steps: int) -> None:
        u, v, size = _scalings(self._kernel, self._u, steps)
        if size <= self._limits.refuse:  # false for NaN too
            self._u, self._v = u, v
        else:
            self._absorb()
            self._on_potentials(steps)
            self._restart()
        if size > self._limits.absorb:
            self._absorb()
            self._restart()

    def _on_potentials(self, steps: int) -> None:
        """The same iterations by log-sum-exp, in which nothing under- or overflows."""
        rows, columns = self.cost.shape
        for _ in range(steps):
            self.g = -self._eps * (torch.logsumexp((self.f[:, None] - self.cost) / self._eps, 0) - math.log(rows))
            self.f = -self._eps * (torch.logsumexp((self.g - self.cost) / self._eps, 1) - math.log(columns))

    def _absorb(self) -> None:
        self.f = self.f + self._eps * self._u.double().log()
        self.g = self.g + self._eps * self._v.double().log()

    def _restart(self) -> None:
        exponents = self.f.to(self._number)[:, None] - self._costs[self._number]
        exponents += self.g.to(self._number)
        exponents *= 1.0 / self._eps
        # Once rows have been fitted, no exponent is above log(min(n, m)); eps may have been lowered since.
        exponents.clamp_(self._limits.floor, _STAGE * math.log(min(self.cost.shape)) + 1.0)
        if exponents.device.type == "cpu":
            np.exp(exponents.numpy(), out=exponents.numpy())  # in half of torch's time
        else:
            exponents.exp_()
        self._kernel = exponents
        self._u, self._v = self._kernel.new_ones(len(self.f)), self._kernel.new_ones(len(self.g))


def _scalings(kernel: Tensor, u: Tensor, steps: int) -> tuple[Tensor, Tensor, float]:
    """Scalings of rows and columns after `steps` iterations from `u`, and their largest logarithm (or NaN)."""
    if kernel.device.type != "cpu":
        return _scalings_on_device(kernel, u, steps)
    # On processors NumPy needs half of torch's time for a product of this size.
    rows, columns = kernel.shape
    matrix, left = kernel.numpy(), u.numpy().copy()
    right = np.empty(columns, left.dtype)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            np.dot(left, matrix, out=right)
            np.divide(rows, right, out=right)
            np.dot(matrix, right, out=left)
            np.divide(columns, left, out=left)
        size = np.abs(np.log([left.min(), left.max(), right.min(), right.max()])).max()
    return torch.from_numpy(left), torch.from_numpy(right), float(size)


def _scalings_on_device(kernel: Tensor, u: Tensor, steps: int) -> tuple[Tensor, Tensor, float]:
    rows, columns = kernel.shape
    v = u.new_empty(columns)
    for _ in range(steps):
        v = rows / (u @ kernel)
        u = columns / (kernel @ v)
    return u, v, float(torch.stack([u.amin(), u.amax(), v.amin(), v.amax()]).log().abs().amax())
