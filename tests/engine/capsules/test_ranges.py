"""Where the numbers of capsules lie: percentiles of each class's own, as NumPy's on one class give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.capsules.model import load_capsules
from engine.capsules.ranges import PERCENTILES, dimension_ranges, held_out_digits, own_capsules
from engine.data.digits import open_digits
from tests.helpers.tiny_capsules import tiny_capsules


def test_each_class_has_the_percentiles_of_its_own_capsules() -> None:
    random = np.random.default_rng(3)
    capsules = random.standard_normal((60, 4)).astype(np.float32)
    labels = np.arange(60) % 3
    ranges = dimension_ranges(capsules, labels, 3)
    assert ranges.shape == (3, 4, 3) and ranges.dtype == np.float32
    own = np.sort(capsules[labels == 1, 2].astype(np.float64))  # 20 of them; percentile p lies at place 19 p / 100
    for found, percent in zip(ranges[1, 2], PERCENTILES, strict=True):
        place = 19 * percent / 100
        low = int(place)
        assert found == pytest.approx(own[low] + (place - low) * (own[min(low + 1, 19)] - own[low]), rel=1e-5)


def test_a_class_without_an_example_has_no_numbers() -> None:
    ranges = dimension_ranges(np.ones((2, 3), np.float32), np.array([0, 0]), 2)
    assert (ranges[0] == 1).all() and np.isnan(ranges[1]).all()


def test_own_capsules_are_those_of_the_labels(tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "tiny.safetensors"))
    pictures = np.random.default_rng(1).random((3, 28, 28), np.float32)
    own = own_capsules(model, pictures, np.array([4, 0, 9]))
    every = model.capsules(pictures)
    assert own.shape == (3, 16)
    np.testing.assert_array_equal(own, np.stack([every[0, 4], every[1, 0], every[2, 9]]))


def test_digits_lie_in_the_middle_of_the_ground() -> None:
    pictures, labels = held_out_digits(36, 5)
    digits = open_digits()
    assert pictures.shape == (5, 36, 36) and pictures.dtype == np.float32
    np.testing.assert_allclose(pictures[:, 4:32, 4:32] * 255, digits.kept[:5, 0], atol=1e-4)
    assert pictures.sum() == pytest.approx(pictures[:, 4:32, 4:32].sum())
    np.testing.assert_array_equal(labels, digits.kept_labels[:5])
    with pytest.raises(ValueError, match="28 pixels"):
        held_out_digits(20, 5)
