"""Kullback-Leibler and Jensen-Shannon divergence of samples of the plane, counted on a grid, as in GAN Lab.

Samples are counted in the cells of a square grid; the data is there as the exact probability of each cell. As in GAN
Lab (Kahng et al. 2018) a small number is added to each cell, so that the divergence stays finite where no sample fell,
and logarithms have the base 2. Unlike there, both are then normalised, and whatever lies outside of the grid counts as
one more cell, so that samples cannot escape the measure. A perfect generator does not score 0 but what the chance of
counting leaves, which falls with the number of samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

GRID_SIZE = 30  # cells along a side; a cell of the toys is then 0.2 wide
SMOOTHING = 1e-4


@dataclass(frozen=True)
class GridDivergence:
    """In bits. kl: KL(data || samples), large where samples are missing. js: Jensen-Shannon, from 0 to 1."""

    kl: float
    js: float


def cell_counts(
    samples: NDArray[np.floating], extent: tuple[float, float, float, float], size: int
) -> NDArray[np.int64]:
    """How many samples [n, 2] fall in each cell [size, size] of the `extent` (x0, x1, y0, y1), row 0 at y0."""
    x0, x1, y0, y1 = extent
    counts, _, _ = np.histogram2d(samples[:, 1], samples[:, 0], bins=size, range=((y0, y1), (x0, x1)))
    whole: NDArray[np.int64] = counts.astype(np.int64)
    return whole


def grid_divergence(
    samples: NDArray[np.floating],
    density: NDArray[np.floating],
    extent: tuple[float, float, float, float],
    smoothing: float = SMOOTHING,
) -> GridDivergence:
    """The divergences between the data's mean density in each cell [g, g], row 0 at y0, and samples [n, 2].

    `density` is a source's `grid_density`; times a cell's area it is a probability. Samples that are not finite count
    as outside. Raises `ValueError` without samples.
    """
    if len(samples) == 0:
        raise ValueError("a divergence needs samples")
    x0, x1, y0, y1 = extent
    size = len(density)
    finite = samples[np.isfinite(samples).all(axis=1)]
    data = density.astype(np.float64).ravel() * ((x1 - x0) * (y1 - y0) / size**2)
    made = cell_counts(finite, extent, size).ravel() / len(samples)
    p, q = (_smoothed(shares, smoothing) for shares in (data, made))
    middle = (p + q) / 2
    bits = np.log(2)
    kl = rel_entr(p, q).sum() / bits
    js = (rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / (2 * bits)
    return GridDivergence(float(kl), float(js))


def _smoothed(shares: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    """The cells' shares and that of everything outside, a little added to each, summing to 1."""
    outside = max(0.0, 1.0 - float(shares.sum()))
    all_cells = np.append(shares, outside) + smoothing
    smoothed: NDArray[np.float64] = all_cells / all_cells.sum()
    return smoothed
