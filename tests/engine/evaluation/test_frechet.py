"""The Fréchet distance against closed forms and the formula with scipy's root of a matrix."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from engine.evaluation.frechet import FeatureStatistics, feature_statistics, frechet_distance


def _random(dimensions: int, seed: int) -> FeatureStatistics:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(dimensions, dimensions))
    return FeatureStatistics(rng.normal(size=dimensions), factor @ factor.T)


def _with_sqrtm(a: FeatureStatistics, b: FeatureStatistics) -> float:
    root = sqrtm(a.covariance @ b.covariance)
    return float(np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance + b.covariance - 2 * root.real))


def test_the_fit_is_mean_and_covariance() -> None:
    features = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 8.0]], np.float32)
    fit = feature_statistics(features)
    np.testing.assert_allclose(fit.mean, [2.0, 4.0])
    np.testing.assert_allclose(fit.covariance, [[4.0, 7.0], [7.0, 13.0]])


def test_one_dimension_has_a_closed_form() -> None:
    a, b = (FeatureStatistics(np.array([m]), np.array([[s**2]])) for m, s in ((1.0, 2.0), (-2.0, 5.0)))
    assert frechet_distance(a, b) == pytest.approx(3.0**2 + 3.0**2)


def test_diagonal_covariances_have_a_closed_form() -> None:
    a = FeatureStatistics(np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    b = FeatureStatistics(np.array([1.0, 0.0, 0.0]), np.diag([4.0, 4.0, 0.0]))
    assert frechet_distance(a, b) == pytest.approx(1 + (1 - 2) ** 2 + 0 + 3**2)


@pytest.mark.parametrize("dimensions", [2, 16, 64])
def test_it_is_the_formula_with_scipys_root(dimensions: int) -> None:
    a, b = _random(dimensions, 0), _random(dimensions, 1)
    assert frechet_distance(a, b) == pytest.approx(_with_sqrtm(a, b), rel=1e-6)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))


def test_equal_statistics_are_at_distance_zero() -> None:
    a = _random(64, 0)
    assert 0 <= frechet_distance(a, a) < 1e-6


def _features(count: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(count, 64))


def test_it_is_finite_for_few_alike_and_dead_features() -> None:
    few, more = _features(3, 0), _features(500, 1)
    dead = more * (np.arange(64) < 5)
    alike = np.ones((10, 64))
    for features in (few, dead, alike):
        for others in (few, more, dead, alike):
            distance = frechet_distance(feature_statistics(features), feature_statistics(others))
            assert np.isfinite(distance)
            assert distance >= 0


def test_too_few_or_broken_features_are_refused() -> None:
    for features in (np.ones((1, 4)), np.ones(4), np.full((5, 4), np.nan)):
        with pytest.raises(ValueError, match="features"):
            feature_statistics(features)
