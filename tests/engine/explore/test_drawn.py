"""A drawn digit looks to a model like those that it has learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.drawings import rasterised
from engine.data.pictures import Pixels
from engine.explore.drawn import drawn_example
from engine.sketch.strokes import Drawing, make_drawing
from engine.wae.model import load_autoencoder
from tests.helpers.tiny_autoencoder import tiny_autoencoder, tiny_config

SEVEN = make_drawing([[[0, 0], [100, 0], [40, 200]]])
TADPOLE = make_drawing([[[x, y] for y in range(20) for x in range(20)], [[0, 10], [400, 10]]])  # heavy at one end


def extent(picture: Pixels) -> tuple[int, int]:
    """Width and height of the ink."""
    rows, columns = np.nonzero(picture)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def centre(picture: Pixels) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = picture / picture.sum()
    return np.array([(weights.sum(axis=1 - axis) * np.arange(len(picture))).sum() for axis in (0, 1)])


@pytest.mark.parametrize(("side", "long"), [(28, 20), (32, 20), (64, 46)])
def test_a_digit_has_mnist_s_size_and_lies_where_mnist_s_do(side: int, long: int) -> None:
    (picture,) = drawn_example(SEVEN, (1, side, side), "digits")
    width, height = extent(picture)
    assert abs(height - long) <= 1 and width < height
    assert np.abs(centre(picture) - (side - 1) / 2).max() <= 0.5
    assert picture.max() == 255


@pytest.mark.parametrize("drawing", [TADPOLE, make_drawing([[[5, 5]]])], ids=["tadpole", "dot"])
def test_no_ink_leaves_the_picture(drawing: Drawing) -> None:
    (picture,) = drawn_example(drawing, (1, 28, 28), "digits")
    rows, columns = np.nonzero(picture)
    assert len(rows)
    assert np.ptp(columns) < 22 and np.ptp(rows) < 22  # what wraps around would span the picture


def test_other_pictures_are_as_drawings_are_in_training() -> None:
    (picture,) = drawn_example(SEVEN, (1, 32, 32), "drawings")
    assert np.array_equal(picture, rasterised(SEVEN, 32))


@pytest.mark.parametrize("channels", [1, 3])
def test_an_auto_encoder_takes_it(channels: int, tmp_path: Path) -> None:
    model = load_autoencoder(tiny_autoencoder(tmp_path / "m.safetensors", tiny_config(shape=(channels, 32, 32))))
    assert model.encode(drawn_example(SEVEN, model.shape, "pictures")).shape == (1, 3)
