"""Flat slices through a latent space: what the generator makes of the latents around a point, in two directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.explore.generative_model import GenerativeModel, Latents, Samples

Axis = int | Latents  # a dimension of z, or any direction [d]


def latent_at(centre: Latents, axis_a: Axis, axis_b: Axis, a: float, b: float) -> Latents:
    """z [d] of a place in the slice: `centre` [d], `a` along the first axis and `b` along the second."""
    return np.asarray(centre + a * _direction(centre, axis_a) + b * _direction(centre, axis_b), np.float32)


def slice_latents(centre: Latents, axis_a: Axis, axis_b: Axis, span: float, side: int) -> Latents:
    """The z [side, side, d] of a slice from -span to span around `centre` [d] in both directions.

    Columns go along the first axis, rows along the second, and row 0 is at -span. Raises `ValueError` for an axis that
    the latent space does not have.
    """
    line: NDArray[np.float32] = np.linspace(-span, span, side, dtype=np.float32)
    rows = line[:, None, None] * _direction(centre, axis_b)
    columns = line[None, :, None] * _direction(centre, axis_a)
    return np.asarray(centre + rows + columns, np.float32)


def latent_slice(
    model: GenerativeModel, centre: Latents, axis_a: Axis, axis_b: Axis, span: float, side: int
) -> Samples:
    """The samples [side, side, ...] of `slice_latents`; of points, the warped grid [side, side, 2]."""
    latents = slice_latents(centre, axis_a, axis_b, span, side)
    made = model.sample(latents.reshape(side * side, -1))
    return made.reshape(side, side, *made.shape[1:])


def _direction(centre: Latents, axis: Axis) -> Latents:
    """An axis as a vector [d]."""
    if not isinstance(axis, int):
        if axis.shape != centre.shape:
            raise ValueError(f"a direction {centre.shape} is needed, not {axis.shape}")
        return axis
    if not 0 <= axis < len(centre):
        raise ValueError(f"there is no dimension {axis} among {len(centre)}")
    unit = np.zeros(len(centre), np.float32)
    unit[axis] = 1
    return unit
