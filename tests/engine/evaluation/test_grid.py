"""Divergences on a grid against plain sums and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from engine.evaluation.grid import cell_counts, grid_divergence

EXTENT = (-2.0, 2.0, 0.0, 4.0)


def test_cells_are_counted_with_row_0_at_the_bottom() -> None:
    samples = np.array([[-1.9, 0.1], [-1.9, 0.2], [1.9, 0.1], [1.9, 3.9], [5.0, 1.0]])
    assert cell_counts(samples, EXTENT, 2).tolist() == [[2, 1], [0, 1]]


def test_samples_that_fall_as_the_density_says_score_zero() -> None:
    density = np.full((2, 2), 1 / 16)
    samples = np.array([[-1.0, 1.0], [1.0, 1.0], [-1.0, 3.0], [1.0, 3.0]])
    found = grid_divergence(samples, density, EXTENT)
    assert found.kl == pytest.approx(0.0, abs=1e-12)
    assert found.js == pytest.approx(0.0, abs=1e-12)


def test_two_cells_by_hand() -> None:
    # The data is in the lower half alone, of the samples one quarter is; nothing is added to the cells.
    density = np.array([[1 / 8, 1 / 8], [0.0, 0.0]])
    samples = np.array([[-1.0, 1.0], [1.0, 1.0]] + [[-1.0, 3.0]] * 6)
    found = grid_divergence(samples, density, EXTENT, smoothing=0.0)
    assert found.kl == pytest.approx(2.0)  # log2 (1/2) / (1/8)
    middle = 0.5 * math.log2(0.5 / 0.3125) * 2
    other = 0.125 * math.log2(0.125 / 0.3125) * 2 + 0.75 * math.log2(0.75 / 0.375)
    assert found.js == pytest.approx((middle + other) / 2)


def test_they_are_scipys_with_the_outside_as_one_more_cell() -> None:
    rng = np.random.default_rng(0)
    density = rng.uniform(size=(8, 8))
    density *= 0.9 / (density.sum() * 16 / 64)
    samples = np.array([0.0, 2.0]) + rng.normal(size=(500, 2))
    p = np.append(density.ravel() * 16 / 64, 0.1) + 1e-4
    counts = cell_counts(samples, EXTENT, 8).ravel()
    q = np.append(counts, 500 - counts.sum()) / 500 + 1e-4
    found = grid_divergence(samples, density, EXTENT)
    assert counts.sum() < 500
    assert found.kl == pytest.approx(entropy(p / p.sum(), q / q.sum(), base=2))
    assert found.js == pytest.approx(jensenshannon(p, q, base=2) ** 2)


def test_samples_elsewhere_or_nowhere_are_as_far_as_can_be() -> None:
    density = np.full((4, 4), 1 / 16)
    for place in (100.0, np.nan, np.inf):
        found = grid_divergence(np.full((50, 2), place), density, EXTENT)
        assert found.js == pytest.approx(1.0, abs=0.01)
        assert 5 < found.kl < 20


def test_without_samples_there_is_no_answer() -> None:
    with pytest.raises(ValueError, match="samples"):
        grid_divergence(np.zeros((0, 2)), np.ones((2, 2)), EXTENT)
