"""The maximum mean discrepancy (Gretton et al. 2012) with the two kernels of Wasserstein auto-encoders.

Everything is differentiable and serves both as a measure and as the penalty of WAE-MMD (Tolstikhin et al. 2018,
section 3). Points are tensors [n, d]; kernels are matrices [n, m] of float32 (float64 where the points are).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

IMQ_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """||x_i - y_j||^2 of points [n, d] and [m, d]: [n, m], never negative.

    Mixed precision is left out here: the product that the difference is made of would lose it in bfloat16. Both are
    moved to the mean of `y` first, which costs nothing and keeps points far from the origin exact.
    """
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"points [n, d] and [m, d] are needed, not {tuple(x.shape)} and {tuple(y.shape)}")
    with torch.autocast(x.device.type, enabled=False):
        x, y = (t if t.dtype == torch.float64 else t.float() for t in (x, y))
        centre = y.detach().mean(dim=0)
        x, y = x - centre, y - centre
        norms = x.square().sum(dim=1).unsqueeze(1) + y.square().sum(dim=1)
        return (norms - 2 * x @ y.T).clamp(min=0)


def imq_base(dimensions: int, sigma: float = 1.0) -> float:
    """C = 2 d sigma^2, the expected squared distance of two points of a Gaussian prior N(0, sigma^2 I) in d dimensions.

    Tolstikhin et al. 2018, section 4 ("Experimental setup").
    """
    return 2.0 * dimensions * sigma**2


class _SumOfImq(torch.autograd.Function):
    """sum_c c / (c + distances), with its slope found on the way; to keep every term for later takes thrice as long."""

    @staticmethod
    def forward(ctx: Any, distances: Tensor, constants: Sequence[float]) -> Tensor:
        total = torch.zeros_like(distances)
        slope = torch.zeros_like(distances) if ctx.needs_input_grad[0] else None
        for constant in constants:
            part = (distances + constant).reciprocal_()
            total.add_(part, alpha=constant)
            if slope is not None:
                slope.addcmul_(part, part, value=-constant)
        ctx.save_for_backward(slope)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return gradient * slope, None


def kernel_imq(x: Tensor, y: Tensor, scales: Sequence[float] = IMQ_SCALES, base: float | None = None) -> Tensor:
    """Inverse multiquadratics k(x, y) = sum_s sC / (sC + ||x - y||^2) of points [n, d] and [m, d]: [n, m].

    `base` is C, 2d when not given (`imq_base`). The sum over scales is what the authors' code does with the kernel of
    Tolstikhin et al. 2018, section 4.
    """
    constant = imq_base(x.shape[1]) if base is None else base
    return _SumOfImq.apply(squared_distances(x, y), [scale * constant for scale in scales])  # type: ignore[no-any-return,no-untyped-call]


def kernel_rbf(x: Tensor, y: Tensor, widths: Sequence[float]) -> Tensor:
    """Gaussian kernels k(x, y) = sum_w exp(-||x - y||^2 / (2 w^2)) of points [n, d] and [m, d]: [n, m]."""
    distances = squared_distances(x, y)
    total = torch.zeros_like(distances)
    for width in widths:
        total = total + torch.exp(-distances / (2 * width**2))
    return total


def median_width(x: Tensor, y: Tensor) -> float:
    """The median distance between the points of both sets together, a usual width for `kernel_rbf`.

    Gretton et al. 2012, section 8. Never 0, also when most points coincide.
    """
    points = torch.cat([x, y]).detach()
    above = torch.triu_indices(len(points), len(points), offset=1)
    distances = squared_distances(points, points)[above[0], above[1]]
    return max(float(distances.median().sqrt()), 1e-6)


def mmd_squared(kernel_xx: Tensor, kernel_yy: Tensor, kernel_xy: Tensor, unbiased: bool = True) -> Tensor:
    """MMD^2 from the kernel matrices [n, n], [m, m] and [n, m]: a scalar.

    Unbiased: the U-statistic of Gretton et al. 2012, eq. 3, that leaves out the diagonals; it may be below zero when
    the sets are alike, and needs two points in each. Biased: the V-statistic of their eq. 5, never below zero.
    """
    n, m = kernel_xy.shape
    if not unbiased:
        return kernel_xx.mean() + kernel_yy.mean() - 2 * kernel_xy.mean()
    if n < 2 or m < 2:
        raise ValueError("the unbiased estimate needs at least two points in each set")
    within_x = (kernel_xx.sum() - kernel_xx.diagonal().sum()) / (n * (n - 1))
    within_y = (kernel_yy.sum() - kernel_yy.diagonal().sum()) / (m * (m - 1))
    return within_x + within_y - 2 * kernel_xy.mean()


def mmd_imq(
    x: Tensor, y: Tensor, scales: Sequence[float] = IMQ_SCALES, base: float | None = None, unbiased: bool = True
) -> Tensor:
    """MMD^2 of points [n, d] and [m, d] with `kernel_imq`: a scalar."""
    return mmd_squared(
        kernel_imq(x, x, scales, base), kernel_imq(y, y, scales, base), kernel_imq(x, y, scales, base), unbiased
    )


def mmd_rbf(x: Tensor, y: Tensor, widths: Sequence[float], unbiased: bool = True) -> Tensor:
    """MMD^2 of points [n, d] and [m, d] with `kernel_rbf`: a scalar."""
    return mmd_squared(kernel_rbf(x, x, widths), kernel_rbf(y, y, widths), kernel_rbf(x, y, widths), unbiased)
