"""Drawn points follow the analytic mixture at every temperature, and each drawing has random numbers of its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.sketch.draw import PEN_DOWN, PEN_END, PEN_LIFTED, PointSource

Array = NDArray[np.float32]

DRAWINGS, STEPS = 60, 500
# Three components far enough apart to tell from a point which one it came from.
LOGITS = np.array([0.0, 1.0, -0.5])
MEANS = np.array([[-40.0, 5.0], [0.0, -30.0], [45.0, 20.0]])
SIGMAS = np.array([[1.0, 2.0], [0.5, 0.25], [3.0, 1.5]])
RHOS = np.array([0.9, 0.0, -0.6])
PEN_LOGITS = np.array([0.3, -0.4, -1.0])


def output(rows: int = DRAWINGS) -> Array:
    parts = (PEN_LOGITS, LOGITS, MEANS[:, 0], MEANS[:, 1], *np.log(SIGMAS.T), np.arctanh(RHOS))
    return np.tile(np.concatenate(parts).astype(np.float32), (rows, 1))


def drawn(tau: float, pen_tau: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All offsets [n, 2] and pens [n] of many steps."""
    source = PointSource(seed, DRAWINGS, STEPS)
    taken = [source.draw(step, output(), tau, pen_tau) for step in range(STEPS)]
    return np.concatenate([t[0] for t in taken]).astype(np.float64), np.concatenate([t[1] for t in taken])


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum(), np.float64)


def covariance(component: int, tau: float) -> NDArray[np.float64]:
    """Eq. 8: sigma^2 becomes tau sigma^2, rho stays."""
    x, y = SIGMAS[component]
    across = RHOS[component] * x * y
    return tau * np.array([[x * x, across], [across, y * y]])


@pytest.mark.parametrize("tau", [0.1, 0.4, 1.0, 1.7])
def test_many_points_have_the_moments_of_the_mixture(tau: float) -> None:
    offsets, _ = drawn(tau, 1.0)
    weights = softmax(LOGITS / tau)
    component = np.linalg.norm(offsets[:, None] - MEANS, axis=2).argmin(axis=1)
    shares = np.bincount(component, minlength=3) / len(offsets)
    np.testing.assert_allclose(shares, weights, atol=0.012)
    for k in range(3):
        if weights[k] < 0.01:
            continue
        own = offsets[component == k]
        exact = covariance(k, tau)
        spread = np.sqrt(np.diag(exact))
        np.testing.assert_allclose(own.mean(axis=0), MEANS[k], atol=6 * spread.max() / np.sqrt(len(own)))
        np.testing.assert_allclose(np.cov(own.T) / np.outer(spread, spread), exact / np.outer(spread, spread), atol=0.2)


def test_covariance_of_one_component_is_exact_within_a_few_percent() -> None:
    alone = output()
    alone[:, 3:6] = (0, -100, -100)
    source = PointSource(3, DRAWINGS, STEPS)
    offsets = np.concatenate([source.draw(step, alone, 0.5, 1.0)[0] for step in range(STEPS)]).astype(np.float64)
    np.testing.assert_allclose(np.cov(offsets.T), covariance(0, 0.5), rtol=0.04)


@pytest.mark.parametrize("pen_tau", [0.2, 1.0, 2.0])
def test_pen_states_are_as_frequent_as_their_temperature_says(pen_tau: float) -> None:
    _, pens = drawn(0.4, pen_tau)
    shares = np.bincount(pens, minlength=3) / len(pens)
    np.testing.assert_allclose(shares, softmax(PEN_LOGITS / pen_tau), atol=0.012)


def test_the_two_temperatures_do_not_touch_each_other() -> None:
    offsets, pens = drawn(0.7, 1.0)
    other_offsets, _ = drawn(0.7, 0.1)
    _, other_pens = drawn(0.1, 1.0)
    np.testing.assert_array_equal(offsets, other_offsets)
    np.testing.assert_array_equal(pens, other_pens)


def test_component_pen_and_place_are_independent() -> None:
    offsets, pens = drawn(1.0, 1.0)
    component = np.linalg.norm(offsets[:, None] - MEANS, axis=2).argmin(axis=1)
    together = np.zeros((3, 3))
    np.add.at(together, (component, pens), 1 / len(pens))
    np.testing.assert_allclose(together, np.outer(softmax(LOGITS), softmax(PEN_LOGITS)), atol=0.012)
    in_the_middle = offsets - MEANS[component]
    for pen in (PEN_DOWN, PEN_LIFTED, PEN_END):
        np.testing.assert_allclose(in_the_middle[pens == pen].mean(axis=0), 0, atol=0.1)


def test_temperature_zero_is_the_likeliest_of_everything() -> None:
    for seed in range(3):
        offsets, pens = drawn(0.0, 0.0, seed)
        assert (offsets == MEANS[1]).all()
        assert (pens == PEN_DOWN).all()


def test_drawing_depends_on_seed_and_number_alone() -> None:
    whole = PointSource(7, 6, 10)
    late = PointSource(7, 2, 10, first=3)
    for step in range(10):
        offsets, pens = whole.draw(step, output(6), 1.0, 1.0)
        same, same_pens = late.draw(step, output(2), 1.0, 1.0)
        np.testing.assert_array_equal(same, offsets[3:5])
        np.testing.assert_array_equal(same_pens, pens[3:5])


def test_each_drawing_step_and_seed_has_other_numbers() -> None:
    source, other = PointSource(7, 6, 10), PointSource(8, 6, 10)
    points = [source.draw(step, output(6), 1.0, 1.0)[0] for step in range(10)]
    points += [other.draw(step, output(6), 1.0, 1.0)[0] for step in range(10)]
    assert len(np.unique(np.concatenate(points), axis=0)) == 2 * 10 * 6


def test_a_step_may_be_drawn_again_and_leaves_its_input_alone() -> None:
    source, given = PointSource(1, 4, 5), output(4)
    first = source.draw(2, given, 0.5, 0.5)
    source.draw(3, given, 0.5, 0.5)
    again = source.draw(2, given, 0.5, 0.5)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(given, output(4))


@pytest.mark.parametrize("value", [200.0, -200.0])
def test_extreme_outputs_give_ordinary_numbers(value: float) -> None:
    given = output(4)
    given[:, 12:] = value
    offsets, pens = PointSource(1, 4, 5).draw(0, given, 1.0, 1.0)
    assert np.isfinite(offsets).all()
    assert set(pens.tolist()) <= {PEN_DOWN, PEN_LIFTED, PEN_END}
