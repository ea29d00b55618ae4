"""What a capsule network learns from and is measured on: labelled pictures, singly or two over each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from engine.capsules.config import CapsuleTrainConfig
from engine.data.affine import distorted, padded, shifted
from engine.data.pictures import PictureSet, Pixels
from engine.data.two_digits import SIDE, TwoDigitsMaker
from engine.errors import TrainingError

_SPLIT_SEED = 0x5711


@dataclass(frozen=True)
class Batch:
    """k things in each picture: pictures [n, 1, S, S] in [0, 1], parts [n, k, 1, S, S], classes int64 [n, k]."""

    pictures: Tensor
    parts: Tensor
    classes: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(self.pictures.to(device), self.parts.to(device), self.classes.to(device))


def open_pictures(config: CapsuleTrainConfig) -> PictureSet:
    """The pictures of a run and their labels. Raises `TrainingError` or `BadFileError` with a sentence."""
    if config.data in ("digits", "two digits"):
        from engine.data.digits import open_digits

        source: PictureSet = open_digits()
    elif not config.data_path:
        wanted = "an .npz file of images and labels" if config.data == "file" else "a folder of pictures"
        raise TrainingError(f"Choose {wanted} to learn from.")
    elif config.data == "file":
        from engine.data.labelled import open_labelled

        source = open_labelled(Path(config.data_path))
    else:
        from engine.data.images import open_images

        source = open_images(Path(config.data_path), config.image_size, colour=False)
        if not source.class_names:
            raise TrainingError(f"{config.data_path} has no folder for each class; put the pictures of each into one.")
    _check(source, config)
    return source


class Examples:
    """Batches of the training pictures, but for some that are kept to see how it goes."""

    def __init__(self, source: PictureSet, config: CapsuleTrainConfig) -> None:
        """Split the training pictures; nothing is drawn yet."""
        self.provenance = source.provenance
        self.class_count = source.class_count
        self._config = config
        order = np.random.default_rng(_SPLIT_SEED).permutation(source.size)
        kept = min(config.valid_count, max(1, source.size // 10))
        self._train = _Part(source.pictures, source.labels, np.sort(order[kept:]), source.class_count)
        self._valid = _Part(source.pictures, source.labels, np.sort(order[:kept]), source.class_count)

    @property
    def valid_count(self) -> int:
        """How many pictures are kept aside."""
        return len(self._valid.labels)

    def take_on(self, config: CapsuleTrainConfig) -> None:
        """Shift and distort as in `config` from now on."""
        self._config = config

    def batch(self, count: int, generator: Generator) -> Batch:
        """Training pictures drawn with replacement, shifted or distorted at random; on the CPU."""
        chosen = torch.randint(len(self._train.labels), (count,), generator=generator)
        return self._train.batch(chosen, generator, self._config)

    def valid(self, start: int, stop: int) -> Batch:
        """Pictures kept aside, as they are, in the middle of the ground; of two digits always the same pairs."""
        chosen = torch.arange(start, min(stop, self.valid_count))
        fixed = Generator().manual_seed(_SPLIT_SEED + start)
        return self._valid.batch(chosen, fixed, self._config, as_they_are=True)


class _Part:
    def __init__(self, pictures: Pixels, labels: NDArray[np.int64], which: NDArray[np.int64], classes: int) -> None:
        self.pictures = torch.from_numpy(pictures[which])
        self.labels = torch.from_numpy(labels[which])
        self._classes = classes
        self._pairs: TwoDigitsMaker | None = None

    def batch(
        self, chosen: Tensor, generator: Generator, config: CapsuleTrainConfig, *, as_they_are: bool = False
    ) -> Batch:
        if config.data == "two digits":
            if self._pairs is None:
                self._pairs = TwoDigitsMaker(self.pictures[:, 0], self.labels, self._classes)
            pairs = self._pairs.with_partners(chosen, generator, config.shift)
            return Batch(pairs.pictures, pairs.parts, pairs.classes)
        pictures = self.pictures[chosen].float().div_(255)
        if as_they_are:
            pictures = padded(pictures, config.image_size)
        elif config.distortion > 0:
            pictures = distorted(pictures, generator, config.image_size, config.distortion)
        else:
            pictures = shifted(pictures, generator, config.image_size, config.shift)
        return Batch(pictures, pictures[:, None], self.labels[chosen][:, None])


def _check(source: PictureSet, config: CapsuleTrainConfig) -> None:
    side = source.shape[-1]
    if config.data == "two digits" and config.image_size != SIDE:
        raise TrainingError(f"Two digits lie on a ground of {SIDE} pixels; choose an image_size of {SIDE}.")
    if side > config.image_size:
        raise TrainingError(f"The pictures have {side} pixels a side; choose an image_size of at least that.")
    if len(np.unique(source.labels)) < 2:
        raise TrainingError("One class alone leaves nothing to tell apart; choose pictures of two or more.")
