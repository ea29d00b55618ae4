"""How good a generator's samples are: the figures that fit the data, for every model that makes samples."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.data.source import POINT_NAMES, DataSource, PlaneSource
from engine.evaluation.classifier import digit_classifier
from engine.evaluation.frechet import feature_statistics, frechet_distance
from engine.evaluation.grid import GRID_SIZE, grid_divergence
from engine.evaluation.inception import inception_score
from engine.evaluation.mmd import mmd_imq
from engine.evaluation.modes import mode_coverage
from engine.evaluation.reference import real_digits
from engine.evaluation.sliced import sliced_wasserstein

KERNEL_SAMPLES = 1000  # of which a kernel matrix is made


def sample_measures(source: DataSource, samples: Tensor) -> dict[str, float]:
    """Figures of samples [n, *source.shape], on the CPU, against the source's held-out examples.

    Points: modes, good_samples (where the data has modes), kl_grid and js_grid (bits), sliced_wasserstein, mmd. Digits:
    frechet, inception and inception_spread (over ten parts of the samples), in the features of the digit classifier.
    Other pictures: sliced_wasserstein and mmd of the pixels, the latter of two held-out pictures or more. Samples that
    are not finite give no figure but for modes, good_samples and the grid.
    """
    if source.name in POINT_NAMES:
        return _of_points(cast(PlaneSource, source), samples)
    if not bool(samples.isfinite().all()):
        return {}
    if source.name == "digits":
        return _of_digits(samples)
    data, _ = source.held_out(len(samples))
    return _distances(data.flatten(1), samples.flatten(1))


def _of_points(source: PlaneSource, samples: Tensor) -> dict[str, float]:
    points: NDArray[np.float32] = samples.numpy()
    figures: dict[str, float] = {}
    if source.modes is not None:
        coverage = mode_coverage(points, source.modes, source.spread)
        figures |= {"modes": float(coverage.covered), "good_samples": coverage.good_share}
    grid = grid_divergence(points, source.grid_density(source.extent, GRID_SIZE), source.extent)
    figures |= {"kl_grid": grid.kl, "js_grid": grid.js}
    if bool(samples.isfinite().all()):
        figures |= _distances(source.held_out(len(samples))[0], samples)
    return figures


def _of_digits(samples: Tensor) -> dict[str, float]:
    classifier = digit_classifier()
    features = classifier.features(samples)
    score = inception_score(classifier.answers(features).numpy())
    distance = frechet_distance(real_digits(), feature_statistics(features.numpy()))
    return {"frechet": distance, "inception": score.mean, "inception_spread": score.std}


def _distances(data: Tensor, samples: Tensor) -> dict[str, float]:
    figures = {"sliced_wasserstein": sliced_wasserstein(data, samples)}
    if min(len(data), len(samples)) > 1:
        figures["mmd"] = float(mmd_imq(data[:KERNEL_SAMPLES], samples[:KERNEL_SAMPLES]))
    return figures
