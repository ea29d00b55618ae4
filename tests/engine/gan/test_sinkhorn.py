"""Sinkhorn's algorithm against POT (log-domain and exact), and what holds for any finite cost."""

import math

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from engine.gan import sinkhorn as module
from engine.gan.sinkhorn import Plan, sinkhorn

Array = NDArray[np.float64]


def cosine_cost(rows: int, columns: int, size: int, seed: int = 0) -> Tensor:
    """1 - cosine of random vectors; for small `size` it fills [0, 2]."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, size, generator=generator, dtype=torch.float64)
    y = torch.randn(columns, size, generator=generator, dtype=torch.float64) + 0.1
    return 1 - torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(y).T


def uniform(count: int) -> Array:
    return np.full(count, 1 / count)


def pot_log(cost: Tensor, regularisation: float, iterations: int) -> Array:
    rows, columns = cost.shape
    plan: Array = ot.bregman.sinkhorn_log(
        uniform(rows), uniform(columns), cost.numpy(), regularisation, numItermax=iterations, stopThr=0, warn=False
    )
    return plan


def exact_cost(cost: Tensor) -> float:
    return float(ot.emd2(uniform(cost.shape[0]), uniform(cost.shape[1]), cost.numpy()))


def assert_transport_plan(plan: Plan, tolerance: float = 1e-12) -> None:
    rows, columns = plan.matrix.shape
    matrix = plan.matrix.double()
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(dim=1).numpy(), uniform(rows), atol=tolerance, rtol=0)
    np.testing.assert_allclose(matrix.sum(dim=0).numpy(), uniform(columns), atol=tolerance, rtol=0)


@pytest.fixture(params=["processor", "device"])
def each_kind_of_array(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with NumPy's arrays, as on the processor, and once with torch's, as elsewhere."""
    if request.param == "device":
        start = module._Solver.__init__

        def elsewhere(self: module._Solver, cost: Tensor) -> None:
            start(self, cost)
            self._on_processor, self._xp = False, torch
            for name in ("_cost", "_single_cost", "lowest", "f", "g"):
                setattr(self, name, torch.from_numpy(getattr(self, name)))

        monkeypatch.setattr(module._Solver, "__init__", elsewhere)


@pytest.mark.usefixtures("each_kind_of_array")
@pytest.mark.parametrize(("size", "regularisation"), [(2, 1.0), (2, 1 / 4), (64, 1 / 20)])
@pytest.mark.parametrize("shape", [(20, 20), (12, 16)])
def test_converged_plan_is_that_of_pot(size: int, regularisation: float, shape: tuple[int, int]) -> None:
    cost = cosine_cost(*shape, size)
    mine = sinkhorn(cost, regularisation, 300)
    assert mine.marginal_error < 1e-6
    assert_transport_plan(mine)
    np.testing.assert_allclose(mine.matrix.numpy(), pot_log(cost, regularisation, 300), atol=1e-7, rtol=0)


@pytest.mark.usefixtures("each_kind_of_array")
@pytest.mark.parametrize("size", [2, 64])
def test_iterates_without_stages_are_those_of_pot(size: int) -> None:
    cost = cosine_cost(30, 50, size)  # at most 2, so that eps = 2.5 needs no stages before it
    mine, theirs = sinkhorn(cost, 2.5, 3), pot_log(cost, 2.5, 3)
    f, g = mine.row_potentials[:, None], mine.column_potentials
    np.testing.assert_allclose(((f + g - cost) / 2.5).exp().numpy() / 1500, theirs, rtol=1e-10)
    assert mine.marginal_error == pytest.approx(np.abs(theirs.sum(axis=0) - 1 / 50).sum(), rel=1e-6)


@pytest.mark.parametrize("regularisation", [0.5, 1 / 500, 1e-4])
def test_potentials_make_the_plan(regularisation: float) -> None:
    cost = cosine_cost(30, 40, 64)
    plan = sinkhorn(cost, regularisation, 200)
    made = ((plan.row_potentials[:, None] + plan.column_potentials - cost) / regularisation).exp() / 1200
    assert float((made - plan.matrix).abs().sum()) <= 2 * plan.marginal_error + 1e-9


@pytest.mark.usefixtures("each_kind_of_array")
@pytest.mark.parametrize(("absorb", "refuse"), [(0.0, 300.0), (0.0, -1.0)], ids=["always absorbed", "on potentials"])
@pytest.mark.parametrize("regularisation", [0.5, 1 / 50, 1 / 500])
def test_iterations_are_the_same_however_they_are_represented(
    absorb: float, refuse: float, regularisation: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = cosine_cost(20, 30, 64)
    plain = sinkhorn(cost, regularisation, 60)
    monkeypatch.setattr(module, "_STRIDE", 7)
    monkeypatch.setattr(module, "_SINGLE", module._Limits(-80.0, absorb, refuse))
    monkeypatch.setattr(module, "_DOUBLE", module._Limits(-700.0, absorb, refuse))
    other = sinkhorn(cost, regularisation, 60)
    torch.testing.assert_close(other.matrix, plain.matrix, atol=1e-6, rtol=0)
    assert other.marginal_error == pytest.approx(plain.marginal_error, abs=1e-5)


@pytest.mark.parametrize("size", [2, 3, 64])
def test_hundred_iterations_come_closer_than_those_of_pot(size: int) -> None:
    cost = cosine_cost(100, 100, size)
    theirs = np.abs(pot_log(cost, 1 / 500, 100).sum(axis=0) - 1 / 100).sum()
    assert sinkhorn(cost, 1 / 500, 100).marginal_error < theirs / 2


@pytest.mark.parametrize("size", [2, 64])
def test_cost_approaches_the_exact_one_from_above(size: int) -> None:
    cost = cosine_cost(60, 60, size)
    exact = exact_cost(cost)
    found = [float((sinkhorn(cost, eps, 1000).matrix * cost).sum()) for eps in (0.1, 0.01, 1 / 500)]
    assert found[0] > found[1] > found[2] >= exact - 1e-12
    # The entropy is worth no more than eps log(n m) - eps log(n) at the optimum.
    assert found[2] - exact <= math.log(60) / 500 + 1e-3


def test_single_precision_costs_lose_nothing_where_their_kernel_is_zero() -> None:
    cost = cosine_cost(128, 128, 2).float()
    assert (torch.exp(-500 * cost) == 0).any()
    plan = sinkhorn(cost, 1 / 500, 500)
    assert plan.matrix.dtype == torch.float32
    assert_transport_plan(plan, tolerance=1e-7)
    assert float((plan.matrix * cost).sum()) == pytest.approx(exact_cost(cost.double()), abs=0.01)


@pytest.mark.usefixtures("each_kind_of_array")
def test_scalings_that_grow_are_absorbed() -> None:
    # Two far groups of columns: mass has to be pushed over by potentials that one kernel cannot hold.
    cost = torch.zeros(20, 20, dtype=torch.float64)
    cost[:, :10] += 2 * torch.rand(20, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    cost[:15] += 1.5 * torch.rand(15, 20, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    plan = sinkhorn(cost, 1e-3, 1000)
    assert_transport_plan(plan)
    assert float((plan.matrix * cost).sum()) == pytest.approx(exact_cost(cost), abs=1e-3 * math.log(20))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    rows=st.integers(2, 12),
    columns=st.integers(2, 12),
    scale=st.floats(1e-3, 1e6),
    regularisation=st.floats(1e-4, 100),
    iterations=st.integers(1, 50),
    seed=st.integers(0, 1000),
)
def test_any_finite_cost_gives_a_transport_plan(
    rows: int, columns: int, scale: float, regularisation: float, iterations: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    cost = (torch.rand(rows, columns, generator=generator, dtype=torch.float64) - 0.5) * scale
    plan = sinkhorn(cost, regularisation, iterations)
    assert_transport_plan(plan)
    assert 0 <= plan.marginal_error <= 2 + 1e-9
    assert plan.row_potentials.isfinite().all() and plan.column_potentials.isfinite().all()
    # Scaled, because POT's solver calls very small and very large costs infeasible.
    assert float((plan.matrix * cost).sum()) / scale >= exact_cost(cost / scale) - 1e-9


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1)])
def test_one_row_or_column_leaves_no_choice(shape: tuple[int, int]) -> None:
    plan = sinkhorn(cosine_cost(*shape, 3), 1e-4, 1)
    torch.testing.assert_close(plan.matrix, torch.full(shape, 0.25 if shape != (1, 1) else 1.0, dtype=torch.float64))


@pytest.mark.usefixtures("each_kind_of_array")
def test_absurd_costs_still_give_a_transport_plan() -> None:
    cost = cosine_cost(10, 10, 3) * 1e30
    assert_transport_plan(sinkhorn(cost.float(), 1e-4, 30), tolerance=1e-7)


def test_constant_added_to_the_cost_changes_only_the_potentials() -> None:
    cost = cosine_cost(20, 20, 3)
    plain, raised = sinkhorn(cost, 0.01, 50), sinkhorn(cost + 5, 0.01, 50)
    torch.testing.assert_close(plain.matrix, raised.matrix, atol=1e-10, rtol=1e-9)
    torch.testing.assert_close(
        plain.row_potentials[:, None] + plain.column_potentials + 5,
        raised.row_potentials[:, None] + raised.column_potentials,
    )


@pytest.mark.parametrize("number", [torch.float64, torch.float32, torch.bfloat16])
def test_cost_is_left_as_it_was(number: torch.dtype) -> None:
    cost = cosine_cost(6, 6, 3).to(number)
    before = cost.clone()
    assert sinkhorn(cost, 0.01, 50).matrix.dtype == number
    assert torch.equal(cost, before)


def test_plan_carries_no_gradient() -> None:
    cost = cosine_cost(8, 8, 3).requires_grad_()
    assert not sinkhorn(cost, 0.1, 10).matrix.requires_grad


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3,), (2, 3, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be a matrix"):
        sinkhorn(torch.zeros(shape), 0.1, 10)


@pytest.mark.parametrize(
    ("regularisation", "iterations"), [(0.0, 10), (-1.0, 10), (math.nan, 10), (math.inf, 10), (1.0, 0)]
)
def test_other_settings_are_refused(regularisation: float, iterations: int) -> None:
    with pytest.raises(ValueError, match="regularisation"):
        sinkhorn(torch.zeros(2, 2), regularisation, iterations)
