"""A trained generator as the rest of the program uses it: loaded from a file, ready to sample."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from engine.data.pictures import to_pixels
from engine.data.source import IMAGE_SIZES
from engine.errors import CheckpointError, TrainingError
from engine.gan.latents import LATENT_KINDS, between, draw_latents
from engine.gan.networks import NetworkConfig, bare_generator
from engine.runtime.building import take_numbers, without_numbers
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint

KIND = "gan"
MAX_UNITS = 8192
MAX_DEPTH = 64
MAX_EMBEDDING = 1 << 20  # of the critic, which is not part of the file
AT_ONCE = 250
NORMAL_REACH = 2.5  # standard deviations

Latents = NDArray[np.float32]


@dataclass(frozen=True)
class GanModel:
    """A generator G and what its file says of it. Its methods are for one thread at a time.

    Latents z are float32 [n, d]. Samples are points, float32 [n, 2], or pictures, uint8 [n, H, W] or [n, H, W, 3].
    """

    module: nn.Module
    network: NetworkConfig
    latent_kind: str
    header: CheckpointHeader

    can_encode = False

    @property
    def name(self) -> str:
        """The model's name in the catalog."""
        return self.header.name

    @property
    def shape(self) -> tuple[int, ...]:
        """(2,) for points, (C, H, W) for pictures."""
        return self.network.shape

    @property
    def latent_size(self) -> int:
        """d, the numbers of a latent z."""
        return self.network.latent_size

    @property
    def latent_reach(self) -> float:
        """How far from 0 latents go in one dimension: 1 for uniform ones, nearly always within it for normal ones."""
        return NORMAL_REACH if self.latent_kind == "normal" else 1.0

    @property
    def parameter_count(self) -> int:
        """Trained numbers of the generator."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    def latents(self, count: int, seed: int) -> Latents:
        """z [count, d] as in training; the same seed gives the same ones."""
        drawn = draw_latents(count, self.latent_size, self.latent_kind, Generator().manual_seed(seed))
        return np.asarray(drawn.numpy(), np.float32)

    def sample(self, latents: NDArray[np.generic]) -> NDArray[np.generic]:
        """The samples G(z) of latents [n, d]. Raises `ValueError` for another shape."""
        made = self.generated(latents)
        return made.numpy() if made.dim() == 2 else to_pixels(made)

    @torch.no_grad()
    def generated(self, latents: NDArray[np.generic]) -> Tensor:
        """`sample` as the data is in training: float32 [n, *shape], pictures in [-1, 1]."""
        z = torch.from_numpy(np.array(latents, np.float32))
        if z.dim() != 2 or z.shape[1] != self.latent_size:
            raise ValueError(f"latents [n, {self.latent_size}] are needed, not {tuple(z.shape)}")
        return torch.cat([self.module(part) for part in torch.split(z, AT_ONCE)])

    def interpolate(self, start: Latents, end: Latents, steps: int) -> NDArray[np.generic]:
        """The samples on the way from z `start` [d] to z `end` [d], both ends included; see `latents.between`."""
        ends = torch.from_numpy(np.stack([start, end]).astype(np.float32))
        return self.sample(between(ends[:1], ends[1:], steps, self.latent_kind)[0].numpy())

    def encode(self, examples: NDArray[np.generic]) -> Latents:
        """A GAN has no encoder: always raises `ValueError`."""
        raise ValueError("a GAN has no encoder")


def load_gan(path: Path) -> GanModel:
    """A model from a checkpoint of kind "gan". Raises `CheckpointError` with a sentence."""
    tensors, header = load_checkpoint(path, KIND)
    network, latent_kind = _network_config(header)
    try:
        with without_numbers():
            module = bare_generator(network)
    except TrainingError as error:
        raise _not_understood(header) from error
    take_numbers(module, tensors, path.name)
    return GanModel(module, network, latent_kind, header)


def _not_understood(header: CheckpointHeader) -> CheckpointError:
    return CheckpointError(f"The model {header.name} has a configuration that this program does not understand.")


def _network_config(header: CheckpointHeader) -> tuple[NetworkConfig, str]:
    """What `engine.gan.run.GanRun.write_model` wrote; which names of parts exist is for `bare_generator` to say."""
    values: dict[str, Any] = {**header.config}
    known = {entry.name: entry.default for entry in fields(NetworkConfig)}
    if set(values) != {*known, "latent_kind"}:
        raise _not_understood(header)
    shape, latent_kind = values.pop("shape"), values.pop("latent_kind")
    if latent_kind not in LATENT_KINDS or not isinstance(shape, list) or any(type(side) is not int for side in shape):
        raise _not_understood(header)
    pictures = len(shape) == 3 and shape[0] in (1, 3) and shape[1] in IMAGE_SIZES and shape[1] == shape[2]
    if not pictures and shape != [2]:
        raise _not_understood(header)
    for name, value in values.items():
        wanted = type(known[name])
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise _not_understood(header)
    if not (
        all(1 <= values[name] <= MAX_UNITS for name in ("latent_size", "width", "critic_width"))
        and 1 <= values["depth"] <= MAX_DEPTH
        and 0 <= values["critic_outputs"] <= MAX_EMBEDDING
        and 0 <= values["critic_dropout"] < 1
    ):
        raise _not_understood(header)
    return NetworkConfig(**values, shape=tuple(shape)), latent_kind
