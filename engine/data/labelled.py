"""Pictures with labels from an .npz file of a person's own: `images` of one size and `labels`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.pictures import PictureSet, Pixels
from engine.errors import BadFileError
from engine.runtime.arrays import read_arrays

MAX_SIDE = 64
MAX_CLASSES = 100
KEPT_SHARE = 10  # one of so many pictures is kept apart where the file does not say which

_IMAGES = ("images", "train_images", "x_train", "x")
_LABELS = ("labels", "train_labels", "y_train", "y")
_KEPT_IMAGES = ("test_images", "x_test")
_KEPT_LABELS = ("test_labels", "y_test")


def open_labelled(path: Path) -> PictureSet:
    """Grey pictures uint8 [n, 1, H, W] and their labels; those under test names are kept apart, or every tenth.

    Known names are images and labels, train_images and test_images, x_train and x_test, and so on. Where
    none is above 1, black and white are 0 and 1. Raises `BadFileError` with a sentence.
    """
    arrays = read_arrays(path)
    pictures = _images(_first(arrays, _IMAGES), path)
    labels = _labels(_first(arrays, _LABELS), len(pictures), path)
    kept_images = _first(arrays, _KEPT_IMAGES)
    if kept_images is not None:
        kept = _images(kept_images, path)
        kept_labels = _labels(_first(arrays, _KEPT_LABELS), len(kept), path)
        if kept.shape[1:] != pictures.shape[1:]:
            raise BadFileError(f"The test pictures of {path.name} are not as large as the others; make them one size.")
    else:
        apart = np.arange(len(pictures)) % KEPT_SHARE == KEPT_SHARE - 1
        kept, kept_labels = pictures[apart], labels[apart]
        pictures, labels = pictures[~apart], labels[~apart]
    count = int(max(labels.max(initial=0), kept_labels.max(initial=0))) + 1
    names = tuple(str(number) for number in range(count))
    return PictureSet("file", f"{path.name}, a file of your own.", pictures, labels, kept, kept_labels, names)


def all_labelled(path: Path) -> tuple[Pixels, NDArray[np.int64]]:
    """Pictures uint8 [n, 1, H, W] and labels [n] to measure a model on: those under test names, or else all.

    Raises `BadFileError` with a sentence.
    """
    arrays = read_arrays(path)
    images, labels = _first(arrays, _KEPT_IMAGES), _first(arrays, _KEPT_LABELS)
    if images is None:
        images, labels = _first(arrays, _IMAGES), _first(arrays, _LABELS)
    pictures = _images(images, path)
    return pictures, _labels(labels, len(pictures), path)


def _first(arrays: dict[str, NDArray[np.generic]], names: tuple[str, ...]) -> NDArray[np.generic] | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _images(images: NDArray[np.generic] | None, path: Path) -> Pixels:
    if images is None:
        raise BadFileError(f"{path.name} holds no array called images; save it with np.savez(images=…, labels=…).")
    if images.ndim == 4 and 1 in (images.shape[1], images.shape[3]):
        images = images[:, 0] if images.shape[1] == 1 else images[..., 0]
    if images.ndim != 3 or images.shape[1] != images.shape[2] or not 0 < images.shape[1] <= MAX_SIDE:
        raise BadFileError(
            f"The images of {path.name} have the shape {list(images.shape)}; grey squares of up to {MAX_SIDE} pixels, "
            "[n, side, side], are needed."
        )
    if len(images) == 0:
        raise BadFileError(f"{path.name} holds no images.")
    least, most = float(images.min()), float(images.max())
    if not (least >= 0 and most <= 255):  # NaN is neither
        raise BadFileError(f"The images of {path.name} go from {least:g} to {most:g}; 0 to 1 or to 255 is needed.")
    if images.dtype != np.uint8 or most <= 1:
        scaled = images.astype(np.float32) * np.float32(255 if most <= 1 else 1)
        return np.round(scaled, out=scaled).astype(np.uint8, order="C")[:, None]
    return np.array(images, np.uint8, order="C")[:, None]  # what was read from a file cannot be written to


def _labels(labels: NDArray[np.generic] | None, count: int, path: Path) -> NDArray[np.int64]:
    if labels is None:
        raise BadFileError(f"{path.name} holds no array called labels; save it with np.savez(images=…, labels=…).")
    if labels.shape != (count,):
        raise BadFileError(f"{path.name} holds {count} images and labels of the shape {list(labels.shape)}; one each.")
    numbers = labels.astype(np.float64)
    if not np.array_equal(numbers, np.floor(numbers)) or numbers.min() < 0 or numbers.max() >= MAX_CLASSES:
        raise BadFileError(f"The labels of {path.name} are not whole numbers from 0 to {MAX_CLASSES - 1}.")
    return numbers.astype(np.int64)
