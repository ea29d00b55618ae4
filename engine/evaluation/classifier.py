"""A small classifier of digits: Fréchet distances are taken in its features, inception scores from its answers.

The one that ships is fixed, so that figures of different days and machines can be compared; `docs/provenance.md` states
how it was trained and its accuracy. Such distances and scores are of its own scale: they cannot be compared with
figures from Inception networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import CheckpointError
from engine.evaluation.config import ClassifierModelConfig
from engine.paths import SHIPPED_MODELS
from engine.runtime.building import take_numbers, without_numbers
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint

KIND = "classifier"
SHIPPED = SHIPPED_MODELS / "digits-classifier.safetensors"
SIDE = 28
CLASSES = 10
AT_ONCE = 500

_MARGIN = {32: 2}  # how MNIST is brought to 32 pixels
_ENLARGED = 64


class DigitNet(nn.Module):
    """Five 3 x 3 convolutions with batch norm on 28, 14 and 7 pixels, then the features, then the classes."""

    def __init__(self, config: ClassifierModelConfig) -> None:
        """Weights from torch's own random numbers."""
        super().__init__()
        c = config.channels
        self.config = config
        self.body = nn.Sequential(
            _convolution(1, c),
            nn.MaxPool2d(2),
            _convolution(c, 2 * c),
            _convolution(2 * c, 2 * c),
            nn.MaxPool2d(2),
            _convolution(2 * c, 4 * c),
            _convolution(4 * c, 4 * c),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(3 * 3 * 4 * c, config.feature_size),
            nn.ReLU(),
        )
        self.head = nn.Linear(config.feature_size, CLASSES)

    def lay_out_for_speed(self) -> None:
        """Keep the kernels with the channels last, as `features` hands its digits over."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)

    def features(self, digits: Tensor) -> Tensor:
        """Digits [n, 1, 28, 28] in [-1, 1] to features [n, feature_size], none below zero."""
        found: Tensor = self.body(digits.contiguous(memory_format=torch.channels_last))
        return found

    def forward(self, digits: Tensor) -> Tensor:
        """Digits [n, 1, 28, 28] in [-1, 1] to logits [n, 10]."""
        logits: Tensor = self.head(self.features(digits))
        return logits


@dataclass(frozen=True)
class DigitClassifier:
    """A trained classifier and what its file says of it. Answers are float32, on the CPU."""

    module: DigitNet
    header: CheckpointHeader

    @property
    def name(self) -> str:
        """The name in its file."""
        return self.header.name

    @property
    def accuracy(self) -> float | None:
        """Share of right answers on the digits that chose the checkpoint; None if its file does not say."""
        return self.header.metrics.get("valid_accuracy")

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """Digits [n, 1, H, W] in [-1, 1], of 28, 32 or 64 pixels, to the layer before the last: [n, d]."""
        parts = [self.module.features(part) for part in self._parts(images)]
        return torch.cat([torch.empty(0, self.module.config.feature_size), *parts])

    def probabilities(self, images: Tensor) -> Tensor:
        """Digits [n, 1, H, W] in [-1, 1], of 28, 32 or 64 pixels, to p(y|x): [n, 10], each row summing to 1."""
        return self.answers(self.features(images))

    @torch.no_grad()
    def answers(self, features: Tensor) -> Tensor:
        """What `probabilities` gives, from features [n, d], where almost all of the work is done."""
        with torch.autocast("cpu", enabled=False):
            logits: Tensor = self.module.head(features)
        return logits.softmax(dim=1)

    def _parts(self, images: Tensor) -> Iterator[Tensor]:
        # Autocast may be on around a run's measures; answers must not depend on it.
        with torch.autocast("cpu", enabled=False):
            for part in torch.split(images, AT_ONCE):
                yield to_classifier_size(part.detach().to("cpu", torch.float32))


def to_classifier_size(images: Tensor) -> Tensor:
    """Digits [n, 1, H, W] in [-1, 1] at 28 pixels: of 32 the middle, of 64 resized as they were enlarged, cubically.

    Values beyond the range are clamped and those that are not numbers become black, so that a generator that has come
    apart still gets a figure. Raises `ValueError` for another size and for colour.
    """
    side = images.shape[-1]
    if images.dim() != 4 or images.shape[1] != 1 or images.shape[2] != side or side not in (SIDE, *_MARGIN, _ENLARGED):
        raise ValueError(f"grey pictures of 28, 32 or 64 pixels are needed, not {tuple(images.shape)}")
    images = images.nan_to_num(nan=-1.0).clamp(-1.0, 1.0)
    if side in _MARGIN:
        margin = _MARGIN[side]
        return images[..., margin:-margin, margin:-margin]
    if side == _ENLARGED:
        smaller = F.interpolate(images, size=(SIDE, SIDE), mode="bicubic", align_corners=False, antialias=True)
        return smaller.clamp(-1.0, 1.0)
    return images


def load_classifier(path: Path) -> DigitClassifier:
    """A classifier from a checkpoint. Raises `CheckpointError` with a sentence."""
    tensors, header = load_checkpoint(path, KIND)
    config = _model_config(header)
    with without_numbers():
        module = DigitNet(config)
    take_numbers(module, tensors, path.name)
    return DigitClassifier(module, header)


@lru_cache(maxsize=1)
def digit_classifier() -> DigitClassifier:
    """The classifier that ships. Raises `CheckpointError` when its file is missing or damaged."""
    return load_classifier(SHIPPED)


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def _model_config(header: CheckpointHeader) -> ClassifierModelConfig:
    values: dict[str, Any] = header.config
    known = ClassifierModelConfig.__dataclass_fields__
    if set(values) != set(known) or not all(type(value) is int and 1 <= value <= 1024 for value in values.values()):
        raise CheckpointError(f"The model {header.name} has a configuration that this program does not understand.")
    return ClassifierModelConfig(**values)
