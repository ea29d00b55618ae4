"""What all models that make points or pictures from latent vectors have in common, and a door that opens them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import CheckpointError
from engine.runtime.checkpoint import CheckpointHeader, read_header

KINDS = ("gan", "wae")

Latents = NDArray[np.float32]
Samples = NDArray[np.generic]


class GenerativeModel(Protocol):
    """A generator G(z), and perhaps an encoder. Its methods are for one thread at a time.

    Latents are float32 [n, d]. Samples are points, float32 [n, 2], or pictures, uint8 [n, H, W] or [n, H, W, 3].
    """

    @property
    def name(self) -> str:
        """The model's name in the catalog."""

    @property
    def header(self) -> CheckpointHeader:
        """What its file says of it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample as the data is in training: (2,) for points, (C, H, W) for pictures."""

    @property
    def latent_size(self) -> int:
        """d, the numbers of a latent z."""

    @property
    def latent_reach(self) -> float:
        """How far from 0 latents (nearly) always lie in one dimension: a good range for a slider or a slice."""

    @property
    def parameter_count(self) -> int:
        """Trained numbers of the model."""

    @property
    def can_encode(self) -> bool:
        """Whether `encode` finds the latents of examples."""

    def latents(self, count: int, seed: int) -> Latents:
        """z [count, d] from the distribution of the training; the same seed gives the same ones."""

    def sample(self, latents: Samples) -> Samples:
        """G(z) of latents [n, d]. Raises `ValueError` for another shape."""

    def generated(self, latents: Samples) -> Tensor:
        """`sample` as the data is in training: float32 [n, *shape], pictures in [-1, 1]."""

    def interpolate(self, start: Latents, end: Latents, steps: int) -> Samples:
        """Samples on the way from z `start` [d] to z `end` [d], both ends included: [steps, ...]."""

    def encode(self, examples: Samples) -> Latents:
        """z [n, d] of examples, in the form of samples. Raises `ValueError` for another form or if it cannot."""


def open_generative_model(path: Path) -> GenerativeModel:
    """A model from a checkpoint of one of `KINDS`. Raises `CheckpointError` with a sentence."""
    kind = read_header(path).kind
    if kind == "gan":
        from engine.gan.model import load_gan

        return load_gan(path)
    if kind == "wae":
        from engine.wae.model import load_autoencoder

        return load_autoencoder(path)
    raise CheckpointError(f"{path.name} holds a {kind} model; a GAN or an auto-encoder is needed here.")
