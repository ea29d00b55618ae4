"""A slice is the generator's answer to a flat grid of latents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.explore.slices import latent_at, latent_slice, slice_latents
from engine.gan.model import load_gan
from tests.helpers.tiny_gan import tiny_gan, tiny_pictures, tiny_points

CENTRE = np.array([1, 2, 3], np.float32)


def test_columns_follow_the_first_axis_and_rows_the_second() -> None:
    z = slice_latents(CENTRE, 2, 0, span=2.0, side=5)
    assert z.shape == (5, 5, 3) and z.dtype == np.float32
    assert z[2, 2].tolist() == CENTRE.tolist()
    assert z[0, 0].tolist() == [-1, 2, 1]
    assert z[0, 4].tolist() == [-1, 2, 5]
    assert z[4, 0].tolist() == [3, 2, 1]


def test_an_axis_may_be_any_direction() -> None:
    along, up = np.array([1, 1, 0], np.float32), np.array([0, 0, 2], np.float32)
    z = slice_latents(CENTRE, along, up, span=1.0, side=3)
    assert z[1, 2].tolist() == [2, 3, 3] and z[2, 1].tolist() == [1, 2, 5]


def test_a_place_is_where_the_slice_has_it() -> None:
    z = slice_latents(CENTRE, 0, 1, span=2.0, side=5)
    assert latent_at(CENTRE, 0, 1, a=1.0, b=-2.0).tolist() == z[0, 3].tolist()


def test_the_slice_of_pictures_is_a_grid_of_samples(tmp_path: Path) -> None:
    model = load_gan(tiny_gan(tmp_path / "model.safetensors", tiny_pictures()))
    made = latent_slice(model, CENTRE, 0, 1, span=1.0, side=3)
    assert made.shape == (3, 3, 28, 28) and made.dtype == np.uint8
    z = slice_latents(CENTRE, 0, 1, span=1.0, side=3)
    assert np.array_equal(made[0], model.sample(z[0])) and np.array_equal(made[:, 1], model.sample(z[:, 1]))


def test_the_slice_of_points_is_a_warped_grid(tmp_path: Path) -> None:
    model = load_gan(tiny_gan(tmp_path / "model.safetensors", tiny_points()))
    assert latent_slice(model, np.zeros(2, np.float32), 0, 1, span=2.0, side=4).shape == (4, 4, 2)


@pytest.mark.parametrize("axis", [-1, 3, np.zeros(2, np.float32)])
def test_an_axis_that_is_not_there_is_refused(axis: int) -> None:
    with pytest.raises(ValueError, match=r"there is no dimension|a direction"):
        slice_latents(CENTRE, axis, 0, span=1.0, side=3)
