"""Errors are counted as a slow loop counts them; what does not fit a model is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.capsules.evaluation import AFFINE, DIGITS, TWO_DIGITS, evaluate
from engine.capsules.model import load_capsules, load_cnn, load_recogniser
from engine.data.affine import padded
from engine.data.two_digits import TwoDigitsMaker
from engine.errors import BadFileError, TrainingError
from tests.helpers.tiny_capsules import tiny_capsules, tiny_cnn


@pytest.fixture
def own(tmp_path: Path) -> Path:
    rng = np.random.default_rng(4)
    images = rng.integers(0, 255, (23, 14, 14)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=rng.integers(0, 10, 23))
    return tmp_path / "own.npz"


def test_own_pictures_are_counted_as_by_hand(own: Path, tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "tiny.safetensors", image_size=20))
    with np.load(own) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    confusion = np.zeros((10, 10), np.int64)
    squares = []
    for image, label in zip(images, labels, strict=True):
        picture = padded(torch.from_numpy(image)[None, None].float() / 255, 20)[0].numpy()
        capsules = model.capsules(picture)[0]
        confusion[label, np.linalg.norm(capsules, axis=1).argmax()] += 1
        redrawn = model.reconstruct(capsules[label][None], [int(label)])[0]
        squares.append(np.square(redrawn.astype(np.float64) - picture[0]).sum())
    found = evaluate(model, str(own))
    np.testing.assert_array_equal(found.confusion, confusion)
    assert found.images == 23 and found.errors == 23 - np.trace(confusion)
    assert found.error_percent == pytest.approx(100 * found.errors / 23)
    assert found.reconstruction_error == pytest.approx(np.mean(squares), rel=1e-4)


def test_a_network_without_decoder_has_no_reconstruction_error(own: Path, tmp_path: Path) -> None:
    for path in (
        tiny_cnn(tmp_path / "cnn.safetensors"),
        tiny_capsules(tmp_path / "blind.safetensors", image_size=20, decoder="none"),
    ):
        found = evaluate(load_recogniser(path), str(own))
        assert found.reconstruction_error is None and found.confusion.sum() == 23


def test_of_two_digits_both_must_be_found(tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "two.safetensors", image_size=36))
    found, again = evaluate(model, TWO_DIGITS, 40), evaluate(model, TWO_DIGITS, 40)
    np.testing.assert_array_equal(found.confusion, again.confusion)
    assert found.images == 40 and found.confusion.sum() == 80
    from engine.data.digits import open_digits

    digits = open_digits()
    maker = TwoDigitsMaker(torch.from_numpy(digits.kept[:, 0]), torch.from_numpy(digits.kept_labels))
    pairs = maker.with_partners(torch.arange(40), torch.Generator().manual_seed(20170))
    wrong, together = 0, 0
    for picture, classes in zip(pictures_of(pairs.pictures), pairs.classes.tolist(), strict=True):
        answer = set(np.argsort(-model.scores(picture)[0])[:2].tolist())
        wrong += answer != set(classes)
        together += len(answer & set(classes))
    assert found.errors == wrong and np.trace(found.confusion) == together


def pictures_of(pictures: torch.Tensor) -> list[np.ndarray]:
    return [picture.numpy() for picture in pictures]


def test_the_affine_test_is_always_the_same_and_harder_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_cnn(tiny_cnn(tmp_path / "cnn.safetensors", image_size=28))
    seen: list[np.ndarray] = []

    def scores(pictures: np.ndarray) -> np.ndarray:
        seen.append(pictures)
        return np.zeros((len(pictures), 10), np.float32)

    monkeypatch.setattr(model, "scores", scores)
    for data in (AFFINE, AFFINE, DIGITS):
        assert evaluate(model, data).images == 10_000
    once, again, plain = (np.concatenate(seen[start : start + 50]) for start in (0, 50, 100))
    np.testing.assert_array_equal(once, again)
    assert np.abs(once - plain).mean() > 0.01 and once.shape == plain.shape == (10_000, 28, 28)


@pytest.mark.parametrize(
    ("side", "data", "says"),
    [(28, TWO_DIGITS, "has not learned two digits"), (18, DIGITS, "takes pictures of 18 pixels, not of 28")],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, side: int, data: str, says: str) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "tiny.safetensors", image_size=side))
    with pytest.raises(TrainingError, match=says):
        evaluate(model, data)


def test_more_classes_than_the_model_has_and_no_file_are_refused(own: Path, tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "tiny.safetensors", image_size=20, class_count=3))
    with pytest.raises(TrainingError, match="tells 3 classes apart"):
        evaluate(model, str(own))
    with pytest.raises(BadFileError, match="There is no file"):
        evaluate(model, str(tmp_path / "gone.npz"))
