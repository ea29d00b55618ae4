"""Modes covered and good samples, counted by hand and against a slow loop."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.evaluation.modes import mode_coverage

MODES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def test_a_sample_is_good_up_to_three_standard_deviations() -> None:
    samples = np.array([[0.0, 0.0], [0.0, 1.4], [10.0, 1.51], [1.5, 0.0], [5.0, 5.0]])
    found = mode_coverage(samples, MODES, spread=0.5)
    assert found.counts.tolist() == [3, 0, 0]
    assert (found.covered, found.total_modes) == (1, 3)
    assert found.good_share == pytest.approx(3 / 5)
    assert mode_coverage(samples, MODES, spread=0.5, within=4).covered == 2


def test_the_distance_is_that_in_the_plane_not_along_each_axis() -> None:
    assert mode_coverage(np.array([[1.2, 1.2]]), MODES, spread=0.5).covered == 0


def test_it_is_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    modes = rng.normal(size=(12, 2)) * 2
    samples = modes[rng.integers(0, 7, 400)] + rng.normal(size=(400, 2)) * 0.1
    counts = [0] * len(modes)
    for sample in samples:
        distances = [math.dist(sample, mode) for mode in modes]
        if min(distances) <= 3 * 0.08:
            counts[distances.index(min(distances))] += 1
    found = mode_coverage(samples, modes, spread=0.08)
    assert found.counts.tolist() == counts
    assert found.covered == sum(count > 0 for count in counts)


def test_of_the_data_itself_as_many_are_good_as_the_normal_distribution_says() -> None:
    rng = np.random.default_rng(1)
    samples = MODES[rng.integers(0, 3, 20_000)] + rng.normal(size=(20_000, 2)) * 0.02
    found = mode_coverage(samples, MODES, spread=0.02)
    assert found.covered == 3
    assert found.good_share == pytest.approx(1 - math.exp(-4.5), abs=0.003)


def test_samples_that_are_not_finite_are_not_good() -> None:
    samples = np.array([[np.nan, 0.0], [np.inf, 0.0], [0.0, 0.0]])
    assert mode_coverage(samples, MODES, spread=0.5).good_share == pytest.approx(1 / 3)
    assert mode_coverage(samples[:2], MODES, spread=0.5).covered == 0


@pytest.mark.parametrize("samples, modes, spread", [
    (np.zeros((0, 2)), MODES, 1.0), (np.zeros((3, 2)), np.zeros((0, 2)), 1.0), (np.zeros((3, 2)), MODES, 0.0)])
def test_without_samples_modes_or_spread_there_is_no_answer(
    samples: np.ndarray, modes: np.ndarray, spread: float
) -> None:
    with pytest.raises(ValueError, match="needs"):
        mode_coverage(samples, modes, spread)
