"""The sliced Wasserstein distance: the mean over random directions of the distance between one-dimensional shadows."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

PROJECTIONS = 128


def projection_directions(dimensions: int, count: int, seed: int) -> Tensor:
    """Directions drawn evenly from the unit sphere, float32 [dimensions, count]."""
    directions = torch.randn(dimensions, count, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(directions, dim=0)


@torch.no_grad()
def sliced_wasserstein(x: Tensor, y: Tensor, projections: int = PROJECTIONS, seed: int = 0) -> float:
    """Sliced 2-Wasserstein distance between points [n, ...] and [m, ...], in the points' own unit.

    The root of the mean over the same `projections` random directions, which the seed decides, of the squared distance
    between the projected points (Bonneel et al. 2015, section 3; Rabin et al. 2011). Exact for each direction, also
    when n and m differ. Raises `ValueError` without points or for points of different shapes.
    """
    if len(x) == 0 or len(y) == 0 or x.shape[1:] != y.shape[1:]:
        raise ValueError(f"two sets of points of one shape are needed, not {tuple(x.shape)} and {tuple(y.shape)}")
    x, y = x.flatten(1), y.flatten(1)
    directions = projection_directions(x.shape[1], projections, seed).to(x)
    with torch.autocast(x.device.type, enabled=False):
        along_x, along_y = (x @ directions).sort(dim=0).values, (y @ directions).sort(dim=0).values
    at_x, at_y, weights = _matched(len(x), len(y))
    squares = (along_x[at_x.to(x.device)] - along_y[at_y.to(x.device)]).double().square()
    return float((weights.to(x.device) @ squares).mean().sqrt())


def _matched(n: int, m: int) -> tuple[Tensor, Tensor, Tensor]:
    """Which of n and of m sorted points lie at the same quantiles, and how much mass does: three tensors [steps].

    The steps of both quantile functions are counted in units of 1 / nm, so that they are whole numbers.
    """
    ends = torch.from_numpy(np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n))
    widths = torch.diff(ends, prepend=ends.new_zeros(1))
    return (ends - 1) // m, (ends - 1) // n, widths.double() / (n * m)
