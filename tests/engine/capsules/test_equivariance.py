"""Amounts reach the placements they name; correlations and probabilities are those of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from engine.capsules.equivariance import CHANGES, Change, correlations, probabilities
from engine.data.placement import Placement


@pytest.mark.parametrize("change", CHANGES)
def test_an_amount_replaces_its_own_fields_alone(change: Change) -> None:
    base = Placement(3.0, 0.1, 0.9, 0.9, -2.0, 1.0)
    laid = change.placed(base, 0.75)
    assert change.amount(laid) == 0.75
    others = [name for name in Placement.__dataclass_fields__ if name not in change.fields]
    assert all(getattr(laid, name) == getattr(base, name) for name in others)
    amounts = change.amounts(5)
    assert amounts[0] == pytest.approx(change.low) and amounts[-1] == pytest.approx(change.high)
    assert change.low <= change.amount(Placement()) <= change.high


def test_correlations_are_pearsons() -> None:
    rng = np.random.default_rng(0)
    amounts = rng.normal(size=41).astype(np.float32)
    numbers = (rng.normal(size=(41, 4)) + amounts[:, None] * [0, 1, -3, 0.2]).astype(np.float32)
    numbers[:, 3] = 0.5
    found = correlations(amounts, numbers)
    for d in range(3):
        assert found[d] == pytest.approx(stats.pearsonr(amounts, numbers[:, d]).statistic, abs=1e-5)
    assert found[3] == 0


def test_probabilities_are_the_softmax() -> None:
    logits = np.random.default_rng(1).normal(scale=90, size=(7, 10)).astype(np.float32)
    np.testing.assert_allclose(probabilities(logits), special.softmax(logits, axis=-1), atol=1e-6)
