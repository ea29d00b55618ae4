"""The maximum mean discrepancy against loops written as the definitions stand in the papers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from engine.evaluation.mmd import (
    IMQ_SCALES,
    imq_base,
    kernel_imq,
    kernel_rbf,
    median_width,
    mmd_imq,
    mmd_rbf,
    mmd_squared,
    squared_distances,
)


def _points(count: int, dimensions: int, seed: int, shift: float = 0.0) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed)) + shift


def _imq(x: Tensor, y: Tensor) -> float:
    constant = 2.0 * len(x)
    distance = float((x - y).square().sum())
    return sum(s * constant / (s * constant + distance) for s in IMQ_SCALES)


def _unbiased_by_loops(x: Tensor, y: Tensor) -> float:
    within_x = [_imq(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]
    within_y = [_imq(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j]
    across = [_imq(a, b) for a in x for b in y]
    return float(np.mean(within_x) + np.mean(within_y) - 2 * np.mean(across))


def test_distances_are_scipys_also_far_from_the_origin() -> None:
    for shift in (0.0, 1000.0):
        x, y = _points(30, 3, 0, shift), _points(20, 3, 1, shift)
        expected = cdist(x.double().numpy(), y.double().numpy(), "sqeuclidean")
        np.testing.assert_allclose(squared_distances(x, y).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_distances_stay_exact_in_mixed_precision() -> None:
    x = _points(30, 8, 0)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = squared_distances(x, x.roll(1, 0))
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, squared_distances(x, x.roll(1, 0)))


def test_points_of_other_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="points"):
        squared_distances(torch.zeros(3, 2), torch.zeros(3, 4))


def test_kernels_are_the_papers_formulas() -> None:
    x, y = _points(5, 3, 0), _points(4, 3, 1)
    distances = cdist(x.double().numpy(), y.double().numpy(), "sqeuclidean")
    imq = sum(s * 6.0 / (s * 6.0 + distances) for s in IMQ_SCALES)
    rbf = np.exp(-distances / 2) + np.exp(-distances / 18)
    assert imq_base(3) == 6.0
    assert imq_base(2, sigma=2.0) == 16.0
    np.testing.assert_allclose(kernel_imq(x, y).numpy(), imq, rtol=1e-5)
    np.testing.assert_allclose(kernel_imq(x, y, (1.0,), base=2.0).numpy(), 2 / (2 + distances), rtol=1e-5)
    np.testing.assert_allclose(kernel_rbf(x, y, (1.0, 3.0)).numpy(), rbf, rtol=1e-5)


def test_the_unbiased_estimate_is_the_double_loop() -> None:
    x, y = _points(9, 2, 0).double(), _points(7, 2, 1, 0.5).double()
    assert float(mmd_imq(x, y)) == pytest.approx(_unbiased_by_loops(x, y), rel=1e-9)


def test_two_points_by_hand() -> None:
    # k = exp(-d^2 / 2): within each set d = 1; across 2, 3, 1 and 2.
    x, y = torch.tensor([[0.0], [1.0]]).double(), torch.tensor([[2.0], [3.0]]).double()
    across = (np.exp(-2.0) + np.exp(-4.5) + np.exp(-0.5) + np.exp(-2.0)) / 4
    near = np.exp(-0.5)
    assert float(mmd_rbf(x, y, (1.0,))) == pytest.approx(2 * near - 2 * across)
    assert float(mmd_rbf(x, y, (1.0,), unbiased=False)) == pytest.approx((1 + near) - 2 * across)


def test_the_unbiased_estimate_has_mean_zero_and_goes_below_it() -> None:
    values = [float(mmd_imq(_points(20, 2, 2 * i), _points(20, 2, 2 * i + 1))) for i in range(200)]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_the_biased_estimate_is_never_negative_and_zero_for_equal_sets() -> None:
    x = _points(20, 2, 0)
    assert float(mmd_imq(x, x, unbiased=False)) == pytest.approx(0.0, abs=1e-5)
    assert all(float(mmd_imq(x, _points(20, 2, i), unbiased=False)) >= 0 for i in range(1, 20))


def test_one_point_has_no_unbiased_estimate() -> None:
    with pytest.raises(ValueError, match="two points"):
        mmd_squared(torch.ones(1, 1), torch.ones(3, 3), torch.ones(1, 3))


def test_its_gradient_moves_points_towards_the_others() -> None:
    x = _points(40, 2, 0, 3.0).double().requires_grad_()
    y = _points(50, 2, 1).double()
    assert torch.autograd.gradcheck(lambda points: mmd_imq(points, y[:6]), (x[:5].detach().requires_grad_(),))
    before = mmd_imq(x, y)
    (gradient,) = torch.autograd.grad(before, x)
    assert bool(mmd_imq(x - 10 * gradient, y) < before)


def test_a_gradient_is_finite_where_points_coincide() -> None:
    x = torch.zeros(4, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(mmd_imq(x, torch.zeros(4, 3)), x)
    assert torch.isfinite(gradient).all()


def test_the_median_width_is_the_median_of_all_distances() -> None:
    x, y = _points(11, 2, 0), _points(10, 2, 1)
    points = torch.cat([x, y]).numpy()
    distances = np.sort(cdist(points, points)[np.triu_indices(21, 1)])
    assert median_width(x, y) == pytest.approx(distances[(len(distances) - 1) // 2], rel=1e-4)
    assert median_width(torch.zeros(3, 2), torch.zeros(3, 2)) > 0
