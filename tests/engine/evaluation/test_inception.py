"""The inception score of probabilities whose score is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.evaluation.inception import inception_score


def test_sure_and_even_answers_score_the_number_of_classes() -> None:
    found = inception_score(np.tile(np.eye(10), (20, 1)), splits=10)
    assert found.mean == pytest.approx(10.0)
    assert found.std == pytest.approx(0.0, abs=1e-12)


def test_answers_that_are_all_alike_score_one() -> None:
    assert inception_score(np.tile(np.eye(10)[3], (50, 1))).mean == pytest.approx(1.0)
    assert inception_score(np.full((50, 10), 0.1)).mean == pytest.approx(1.0)


def test_two_samples_by_hand() -> None:
    # The mean is (0.5, 0.5); each of the two diverges from it by 0.9 ln 1.8 + 0.1 ln 0.2.
    divergence = 0.9 * math.log(1.8) + 0.1 * math.log(0.2)
    found = inception_score(np.array([[0.9, 0.1], [0.1, 0.9]]), splits=1)
    assert found.mean == pytest.approx(math.exp(divergence))
    assert found.std == 0.0


def test_the_parts_are_scored_alone() -> None:
    # One part is even over two classes, the other one has a single class: 2 and 1.
    found = inception_score(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]), splits=2)
    assert found.mean == pytest.approx(1.5)
    assert found.std == pytest.approx(0.5)


def test_fewer_samples_than_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="parts"):
        inception_score(np.full((3, 10), 0.1), splits=4)
