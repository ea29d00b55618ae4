"""A curve's points: thinned without losing the mean, rewound, smoothed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gui.widgets.history import MAX_POINTS, History, smoothed


def filled(steps: range, value: float = 1.0) -> History:
    history = History()
    for step in steps:
        history.add(step, value)
    return history


def test_it_thins_itself_and_keeps_the_mean() -> None:
    history = History()
    count = 10 * MAX_POINTS
    for step in range(count):
        history.add(step, float(step))
    assert MAX_POINTS / 2 <= len(history) <= MAX_POINTS
    assert np.mean(history.values) == pytest.approx(count / 2, rel=0.01)
    assert list(history.steps) == sorted(set(history.steps))
    assert history.steps[-1] >= count - 32


def test_memory_stays_the_same_however_long_the_run_is() -> None:
    assert filled(range(20 * MAX_POINTS)).memory <= 16 * MAX_POINTS


def test_one_that_goes_back_drops_what_came_later() -> None:
    history = filled(range(10, 50, 10))
    history.add(20, 2.0)
    history.add(30, 3.0)
    assert list(zip(history.steps, history.values, strict=True)) == [(10, 1.0), (20, 2.0), (30, 3.0)]


def test_rewinding_keeps_the_step_itself() -> None:
    history = filled(range(10, 50, 10))
    history.rewind(30)
    assert list(history.steps) == [10, 20, 30]
    history.rewind(5)
    assert len(history) == 0


def test_rewinding_a_thinned_one_drops_what_waits_to_be_merged() -> None:
    history = filled(range(2 * MAX_POINTS + 3), 7.0)
    history.rewind(2 * MAX_POINTS - 500)
    for step in range(2 * MAX_POINTS - 499, 2 * MAX_POINTS + 200):
        history.add(step, 1.0)
    later = history.values[history.steps > 2 * MAX_POINTS - 499 + 8]
    assert len(later) and set(later) == {1.0}


def test_value_at_a_step_is_the_newest_before_it() -> None:
    history = History()
    history.add(10, 1.0)
    history.add(20, 2.0)
    assert [history.at(step) for step in (9, 10, 19, 20, 99)] == [None, 1.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_left_out(value: float) -> None:
    history = History()
    history.add(1, 1.0)
    history.add(2, value)
    assert list(history.steps) == [1]


def test_smoothing_is_the_unbiased_moving_average() -> None:
    values = np.array([1.0, 3.0, 2.0])
    expected = [1.0, (0.25 * 1 + 0.5 * 3) / 0.75, (0.125 + 0.75 + 1) / 0.875]
    np.testing.assert_allclose(smoothed(values, 0.5), expected, rtol=1e-6)
    np.testing.assert_array_equal(smoothed(values, 0.0), values)
    assert len(smoothed(np.empty(0), 0.5)) == 0


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000])
@pytest.mark.parametrize("weight", [0.01, 0.5, 0.99])
def test_smoothing_in_blocks_equals_the_plain_loop(count: int, weight: float) -> None:
    values = np.random.default_rng(count).normal(size=count)
    expected, past = [], 0.0
    for index, value in enumerate(values, start=1):
        past = weight * past + (1 - weight) * value
        expected.append(past / (1 - weight**index))
    np.testing.assert_allclose(smoothed(values, weight), expected, rtol=1e-5, atol=1e-6)


def test_a_smoothed_constant_stays_one() -> None:
    assert np.ptp(smoothed(np.full(500, 0.1), 0.8)) == 0
