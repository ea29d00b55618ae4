"""The digit classifier: what goes in, what comes out, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.data.digits import open_digits
from engine.errors import CheckpointError
from engine.evaluation.classifier import DigitClassifier, digit_classifier, load_classifier, to_classifier_size
from engine.evaluation.reference import figures_on_test_digits
from engine.runtime.catalog import Catalog
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from tests.helpers.tiny_classifier import tiny_net, write_tiny_classifier

SHIPPED_BYTES = 1_000_000


@pytest.fixture
def tiny(tmp_path: Path) -> DigitClassifier:
    write_tiny_classifier(tmp_path / "tiny.safetensors", metrics={"valid_accuracy": 0.125})
    return load_classifier(tmp_path / "tiny.safetensors")


@pytest.fixture(scope="module")
def digits() -> Tensor:
    return open_digits().held_out(300)[0]


def test_features_and_probabilities_are_the_networks_own_in_evaluation_mode(
    tiny: DigitClassifier, digits: Tensor
) -> None:
    net = tiny_net().eval()
    features, answers = tiny.features(digits), tiny.probabilities(digits)
    assert features.shape == (300, 5) and answers.shape == (300, 10)
    assert features.dtype == answers.dtype == torch.float32
    torch.testing.assert_close(features, net.features(digits).detach())
    torch.testing.assert_close(answers, net.head(features).softmax(dim=1).detach())
    torch.testing.assert_close(answers.sum(dim=1), torch.ones(300))
    assert float(features.min()) >= 0
    assert (tiny.name, tiny.accuracy) == ("tiny", 0.125)


def test_many_images_are_answered_in_parts(
    tiny: DigitClassifier, digits: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tiny.features(digits)
    monkeypatch.setattr("engine.evaluation.classifier.AT_ONCE", 7)
    torch.testing.assert_close(tiny.features(digits), whole)
    assert tiny.features(digits[:0]).shape == (0, 5)
    assert tiny.probabilities(digits[:0]).shape == (0, 10)


def test_answers_do_not_depend_on_the_mixed_precision_around_them(tiny: DigitClassifier, digits: Tensor) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        mixed = tiny.features(digits)
    assert torch.equal(mixed, tiny.features(digits))


def test_larger_digits_come_back_to_28_pixels(digits: Tensor) -> None:
    assert torch.equal(to_classifier_size(digits), digits)
    assert torch.equal(to_classifier_size(open_digits(32).held_out(300)[0]), digits)
    from_64 = to_classifier_size(open_digits(64).held_out(300)[0])
    assert from_64.shape == digits.shape
    assert float((from_64 - digits).abs().mean()) < 0.03


def test_what_a_broken_generator_makes_still_gets_an_answer(tiny: DigitClassifier) -> None:
    images = torch.stack([torch.full((1, 28, 28), value) for value in (torch.nan, torch.inf, -torch.inf, 50.0)])
    expected = torch.stack([torch.full((1, 28, 28), value) for value in (-1.0, 1.0, -1.0, 1.0)])
    assert torch.equal(to_classifier_size(images), expected)
    assert tiny.features(images).isfinite().all()


@pytest.mark.parametrize("shape", [(2, 3, 28, 28), (2, 1, 30, 30), (2, 1, 28, 32), (2, 28, 28)])
def test_other_images_are_refused(tiny: DigitClassifier, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="28, 32 or 64"):
        tiny.features(torch.zeros(shape))


@pytest.mark.parametrize("config", [
    {}, {"channels": 2}, {"channels": 2, "feature_size": 5, "more": 1}, {"channels": 2, "feature_size": 0},
    {"channels": True, "feature_size": 5}, {"channels": "2", "feature_size": 5}, {"channels": 10**9, "feature_size": 5},
])  # fmt: skip
def test_a_configuration_that_makes_no_sense_is_refused(config: dict[str, Any], tmp_path: Path) -> None:
    write_tiny_classifier(tmp_path / "tiny.safetensors", config=config)
    with pytest.raises(CheckpointError, match="does not understand"):
        load_classifier(tmp_path / "tiny.safetensors")


def test_tensors_that_do_not_fit_or_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    write_tiny_classifier(path, config={"channels": 3, "feature_size": 5})
    with pytest.raises(CheckpointError, match="do not fit"):
        load_classifier(path)
    write_tiny_classifier(path)
    tensors, header = load_checkpoint(path, "classifier")
    save_checkpoint(path, {**tensors, "head.bias": torch.full((10,), torch.nan)}, header)
    with pytest.raises(CheckpointError, match="not finite"):
        load_classifier(path)
    write_tiny_classifier(path, kind="sketch")
    with pytest.raises(CheckpointError, match="sketch model"):
        load_classifier(path)


def test_the_shipped_one_is_small_known_to_the_catalog_and_loaded_once() -> None:
    shipped = digit_classifier()
    assert shipped is digit_classifier()
    assert not any(parameter.requires_grad for parameter in shipped.module.parameters())
    (entry,) = Catalog().entries("classifier")
    assert entry.name == shipped.name
    assert entry.path.stat().st_size < SHIPPED_BYTES


@pytest.mark.parametrize("image_size", [28, 64])
def test_the_shipped_one_knows_digits(image_size: int) -> None:
    found = figures_on_test_digits(digit_classifier(), image_size, count=500)
    assert found["digits"] == 500
    assert found["accuracy"] == pytest.approx(1 - found["errors"] / 500) and found["accuracy"] >= 0.985
    assert 0 < found["loss"] < 0.1
    assert 8.5 < found["inception"] <= 10
    assert found["frechet"] > 0
