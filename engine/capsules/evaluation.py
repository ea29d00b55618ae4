"""How good a capsule network, or one to compare it with, is: on digits, two digits, distorted digits, own files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from engine.capsules.model import CapsuleModel, CnnModel
from engine.data.affine import distorted, padded
from engine.data.two_digits import SIDE, TwoDigitsMaker
from engine.errors import BadFileError, TrainingError

DIGITS, TWO_DIGITS, AFFINE = "digits", "two digits", "affine"
_SEED = 20170  # of the pairs and distortions that are measured: always the same ones
_AT_ONCE = 200


@dataclass(frozen=True, eq=False)
class Questions:
    """Pictures [n, 1, S, S] in [0, 1], the k classes in each [n, k], and each thing alone, [n, k, 1, S, S]."""

    pictures: Tensor
    classes: Tensor
    parts: Tensor


@dataclass(frozen=True, eq=False)
class Result:
    """What came out. A picture counts as right when all of its classes have the highest scores.

    confusion: rows are true classes, columns answers, int64 [j, j]; of two digits in a picture, those found are paired
    with themselves and the others with each other. reconstruction_error: the sum of squared differences of the pixels,
    from the capsules of the true classes, averaged; None without a decoder.
    """

    images: int
    errors: int
    confusion: NDArray[np.int64]
    reconstruction_error: float | None

    @property
    def error_percent(self) -> float:
        """The share of pictures that are not right, in percent."""
        return 100.0 * self.errors / self.images

    @property
    def accuracy(self) -> float:
        """The share of pictures that are right, from 0 to 1."""
        return (self.images - self.errors) / self.images


def evaluate(model: CapsuleModel | CnnModel, data: str, count: int = 10_000) -> Result:
    """Measure on `DIGITS`, `TWO_DIGITS` (so many pairs), `AFFINE`, or an .npz file of images and labels.

    Of the three, always the same pictures, made from MNIST's test digits. Raises `TrainingError` or `BadFileError`
    where they do not fit the model.
    """
    confusion = np.zeros((model.class_count, model.class_count), np.int64)
    images, errors = 0, 0
    squares: list[NDArray[np.float64]] = []
    for asked in _asked(model, data, count):
        classes = asked.classes.numpy()
        pictures = asked.pictures[:, 0].numpy()
        if isinstance(model, CapsuleModel):
            capsules = model.capsules(pictures)
            scores: NDArray[np.float32] = np.linalg.norm(capsules, axis=2)
            if model.can_reconstruct:
                squares.append(_squares(model, capsules, asked))
        else:
            scores = model.scores(pictures)
        right = _count(scores, classes, confusion)
        images, errors = images + len(right), errors + int((~right).sum())
    return Result(images, errors, confusion, float(np.concatenate(squares).mean()) if squares else None)


def _squares(model: CapsuleModel, capsules: NDArray[np.float32], asked: Questions) -> NDArray[np.float64]:
    """The squared error of each redrawn part, [n * k]."""
    classes = asked.classes.numpy()
    rows = np.arange(len(classes))[:, None]
    made = model.reconstruct(capsules[rows, classes].reshape(-1, model.capsule_size), classes.ravel().tolist())
    wanted = asked.parts[:, :, 0].flatten(0, 1).numpy()
    found: NDArray[np.float64] = np.square(made.astype(np.float64) - wanted).sum(axis=(1, 2))
    return found


def _count(
    scores: NDArray[np.float32], classes: NDArray[np.int64], confusion: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each picture is right, [n]; adds its answers to `confusion`."""
    many = classes.shape[1]
    answers = np.argsort(-scores, axis=1, kind="stable")[:, :many]
    for true, answered in zip(classes.tolist(), answers.tolist(), strict=True):
        found = set(true) & set(answered)
        for each in found:
            confusion[each, each] += 1
        missed = [each for each in true if each not in found]
        wrong = [each for each in answered if each not in found]
        for each, instead in zip(missed, wrong, strict=True):
            confusion[each, instead] += 1
    right: NDArray[np.bool_] = (np.sort(answers, axis=1) == np.sort(classes, axis=1)).all(axis=1)
    return right


def _asked(model: CapsuleModel | CnnModel, data: str, count: int) -> Iterator[Questions]:
    if data == TWO_DIGITS:
        yield from _pairs(model, count)
        return
    pictures, labels = _test_digits() if data in (DIGITS, AFFINE) else _own(Path(data))
    if int(labels.max()) >= model.class_count:
        known, found = model.class_count, int(labels.max()) + 1
        raise TrainingError(f"{model.name} tells {known} classes apart and the data has {found}.")
    if pictures.shape[-1] > model.side:
        side = pictures.shape[-1]
        raise TrainingError(f"{model.name} takes pictures of {model.side} pixels, not of {side}; make them smaller.")
    generator = Generator().manual_seed(_SEED)
    for part, classes in zip(torch.split(pictures, _AT_ONCE), torch.split(labels, _AT_ONCE), strict=True):
        floats = part.float().div_(255)
        laid = distorted(floats, generator, model.side) if data == AFFINE else padded(floats, model.side)
        yield Questions(laid, classes[:, None], laid[:, None])


def _pairs(model: CapsuleModel | CnnModel, count: int) -> Iterator[Questions]:
    if model.side != SIDE or model.class_count != 10:
        raise TrainingError(f"{model.name} has not learned two digits on {SIDE} pixels; choose another model.")
    pictures, labels = _test_digits()
    maker, generator = TwoDigitsMaker(pictures[:, 0], labels), Generator().manual_seed(_SEED)
    for start in range(0, count, _AT_ONCE):
        # Every test digit comes first equally often.
        first = torch.arange(start, min(start + _AT_ONCE, count)) % len(labels)
        pairs = maker.with_partners(first, generator)
        yield Questions(pairs.pictures, pairs.classes, pairs.parts)


def _test_digits() -> tuple[Tensor, Tensor]:
    from engine.data.digits import open_digits

    digits = open_digits()
    return torch.from_numpy(digits.kept), torch.from_numpy(digits.kept_labels)


def _own(path: Path) -> tuple[Tensor, Tensor]:
    from engine.data.labelled import all_labelled

    if not path.is_file():
        known = f"{DIGITS!r}, {TWO_DIGITS!r}, {AFFINE!r}"
        raise BadFileError(f"There is no file {path}; choose {known} or an .npz file of images and labels.")
    pictures, labels = all_labelled(path)
    return torch.from_numpy(pictures), torch.from_numpy(labels)
