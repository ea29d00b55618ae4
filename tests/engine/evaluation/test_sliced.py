"""The sliced Wasserstein distance against POT and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

from engine.evaluation.sliced import projection_directions, sliced_wasserstein


def _points(count: int, dimensions: int, seed: int) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed)).double() * (1 + seed)


@pytest.mark.parametrize("n, m", [(50, 50), (50, 30), (7, 100)])
def test_it_is_the_one_of_pot_for_the_same_directions(n: int, m: int) -> None:
    import ot

    x, y = _points(n, 3, 0), _points(m, 3, 1)
    directions = projection_directions(3, 40, seed=5).double().numpy()
    expected = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), projections=directions, p=2)
    assert sliced_wasserstein(x, y, projections=40, seed=5) == pytest.approx(float(expected), rel=1e-6)


def test_in_one_dimension_it_is_the_distance_itself() -> None:
    # A shift by 3 moves each point by 3: the first and the second Wasserstein distance agree.
    x = _points(40, 1, 0)
    assert sliced_wasserstein(x, x + 3) == pytest.approx(3.0)
    assert wasserstein_distance(x.flatten().numpy(), (x + 3).flatten().numpy()) == pytest.approx(3.0)


def test_a_shift_in_the_plane_counts_by_its_share_along_each_direction() -> None:
    x = _points(40, 2, 0)
    along = projection_directions(2, 128, seed=0)[0].double()
    assert sliced_wasserstein(x, x + torch.tensor([2.0, 0.0])) == pytest.approx(2 * float(along.square().mean().sqrt()))


def test_pictures_count_as_points_of_many_dimensions() -> None:
    x, y = _points(10, 12, 0), _points(10, 12, 1)
    assert sliced_wasserstein(x.view(10, 3, 2, 2), y.view(10, 3, 2, 2)) == sliced_wasserstein(x, y)


def test_the_seed_decides_and_equal_sets_are_at_distance_zero() -> None:
    x, y = _points(20, 2, 0), _points(20, 2, 1)
    assert sliced_wasserstein(x, y, seed=1) == sliced_wasserstein(x, y, seed=1) != sliced_wasserstein(x, y, seed=2)
    assert sliced_wasserstein(x, x.flip(0)) == 0.0
    np.testing.assert_allclose(projection_directions(5, 9, 0).norm(dim=0).numpy(), 1.0, rtol=1e-6)


def test_sets_without_points_or_of_other_shapes_are_refused() -> None:
    for x, y in ((torch.zeros(0, 2), torch.zeros(3, 2)), (torch.zeros(3, 2), torch.zeros(3, 4))):
        with pytest.raises(ValueError, match="two sets"):
            sliced_wasserstein(x, y)
