"""Numbers about routing are those of slow loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.capsules.model import CapsuleModel, load_capsules
from engine.capsules.votes import by_position, entropy, field_of, largest_deviation, votes
from tests.helpers.tiny_capsules import tiny_capsules


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CapsuleModel:
    return load_capsules(tiny_capsules(tmp_path_factory.mktemp("model") / "tiny.safetensors"))


def picture() -> np.ndarray:
    return np.random.default_rng(3).random((28, 28)).astype(np.float32)


def test_positions_are_those_of_the_children(model: CapsuleModel) -> None:
    details = model.details(picture(), 2)
    grid, values = model.grid, details.couplings[1]
    weights = np.linalg.norm(details.primary, axis=1)
    plain, weighted = by_position(values, grid), by_position(values, grid, weights)
    types = len(values) // grid**2
    for y in range(grid):
        for x in range(grid):
            children = [t * grid**2 + y * grid + x for t in range(types)]
            np.testing.assert_allclose(plain[y, x], np.mean([values[i] for i in children], axis=0), rtol=1e-5)
            wanted = sum(weights[i] * values[i] for i in children) / sum(weights[i] for i in children)
            np.testing.assert_allclose(weighted[y, x], wanted, rtol=1e-5)


def test_votes_add_up_to_the_length_before_squashing(model: CapsuleModel) -> None:
    details = model.details(picture(), 3)
    for r in range(3):
        sums = votes(details.couplings[r], details.agreement[r], details.outputs[r]).sum(axis=0)
        # Squashing makes |v| = |s|^2 / (1 + |s|^2).
        np.testing.assert_allclose(sums**2 / (1 + sums**2), details.lengths[r], rtol=1e-3)


def test_what_a_child_sees_is_what_changes_it(model: CapsuleModel) -> None:
    before = picture()
    y, x = 2, 4
    top, left, bottom, right = field_of(y, x)
    outside, inside = before.copy(), before.copy()
    outside[:top], outside[bottom:], outside[:, :left], outside[:, right:] = 0, 0, 0, 0
    inside[top, left] += 1
    children = [t * model.grid**2 + y * model.grid + x for t in range(2)]
    first = model.details(before, 1).primary[children]
    np.testing.assert_allclose(model.details(outside, 1).primary[children], first, atol=1e-6)
    assert np.abs(model.details(inside, 1).primary[children] - first).max() > 1e-6


def test_votes_are_those_of_prediction_vectors(model: CapsuleModel) -> None:
    details = model.details(picture(), 3)
    cast = votes(details.couplings[2], details.agreement[2], details.outputs[2])
    weight = model.module.weight.detach().numpy()
    for i, j in ((0, 0), (17, 3), (71, 9)):
        prediction = np.zeros(weight.shape[3])
        for p in range(weight.shape[1]):
            prediction += details.primary[i, p] * weight[j, p, i].astype(np.float64)
        output = details.outputs[2, j].astype(np.float64)
        wanted = sum(details.couplings[2, i, j] * prediction[d] * output[d] for d in range(len(output)))
        assert cast[i, j] == pytest.approx(wanted / np.sqrt((output**2).sum()), rel=1e-3, abs=1e-7)


def test_entropy_is_that_of_a_slow_loop() -> None:
    couplings = np.random.default_rng(0).dirichlet(np.ones(7), 20).astype(np.float32)
    total = 0.0
    for shares in couplings.tolist():
        total -= sum(share * math.log(share) for share in shares)
    assert entropy(couplings) == pytest.approx(total / 20 / math.log(7), rel=1e-6)
    assert entropy(np.ones((5, 1), np.float32)) == 0


def test_entropy_and_deviation() -> None:
    undecided, decided = np.full((5, 4), 0.25, np.float32), np.eye(4, dtype=np.float32)
    assert entropy(undecided) == pytest.approx(1) and entropy(decided) == pytest.approx(0, abs=1e-9)
    assert largest_deviation(undecided) == 0
    undecided[2, 0] += 0.125
    assert largest_deviation(undecided[None]) == pytest.approx(0.125)
