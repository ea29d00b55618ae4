"""A few examples of data are the same each time, and of the kind that is shown."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.preview import examples
from engine.data.source import DataChoice
from engine.errors import TrainingError


def test_points() -> None:
    found = examples(DataChoice("rings"), points=50)
    assert found.shape == (50, 2) and found.dtype == np.float32
    assert np.array_equal(found, examples(DataChoice("rings"), points=50))


def test_pictures() -> None:
    found = examples(DataChoice("digits", image_size=32), pictures=5)
    assert found.shape == (5, 32, 32) and found.dtype == np.uint8 and found.max() > 200


def test_data_that_needs_a_file_is_refused() -> None:
    with pytest.raises(TrainingError, match="Choose a folder"):
        examples(DataChoice("pictures"))
