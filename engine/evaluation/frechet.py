"""The Fréchet distance between Gaussians fitted to features (Heusel et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FeatureStatistics:
    """A Gaussian fitted to features: mean float64 [d] and covariance float64 [d, d]."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def feature_statistics(features: NDArray[np.floating]) -> FeatureStatistics:
    """The mean and the unbiased covariance of features [n, d].

    Raises `ValueError` for fewer than two rows or a value that is not finite.
    """
    values = np.asarray(features, np.float64)
    if values.ndim != 2 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError("statistics need two or more rows of finite features")
    return FeatureStatistics(values.mean(axis=0), np.atleast_2d(np.cov(values, rowvar=False)))


def frechet_distance(a: FeatureStatistics, b: FeatureStatistics) -> float:
    """d^2 = |mu_a - mu_b|^2 + Tr(C_a + C_b - 2 (C_a C_b)^(1/2)), eq. 6 of Heusel et al. 2017, there called FID.

    The trace of the root is the sum of the singular values of C_a^(1/2) C_b^(1/2), which needs no root of a matrix
    that is not symmetric: it is finite and real also for covariances without full rank, where that root fails. For
    fewer samples than some tens for each dimension the estimate is too high; compare only equal numbers of samples.
    """
    root_product = _root(a.covariance) @ _root(b.covariance)
    overlap = float(np.linalg.svd(root_product, compute_uv=False).sum())
    apart = float(np.square(a.mean - b.mean).sum())
    return max(0.0, apart + float(np.trace(a.covariance) + np.trace(b.covariance)) - 2 * overlap)


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric root; eigenvalues that rounding made negative count as 0."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    root: NDArray[np.float64] = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    return root
