"""A trained auto-encoder as the rest of the program uses it: loaded from a file, ready to encode, decode and sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.pictures import from_pixels
from engine.data.source import IMAGE_SIZES
from engine.errors import CheckpointError
from engine.runtime.building import take_numbers, without_numbers
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint
from engine.wae.config import METHODS
from engine.wae.networks import MAX_HALVINGS, AutoEncoder, WaeModelConfig
from engine.wae.stage import AT_ONCE, GRID_REACH, showable

MAX_UNITS = 8192

Codes = NDArray[np.float32]


@dataclass(frozen=True)
class AutoEncoderModel:
    """An auto-encoder and what its file says of it. Its methods are for one thread at a time.

    Codes z are float32 [n, d]. What it is about ("examples") are points, float32 [n, 2], or pictures; pictures come out
    as uint8 [n, H, W] or [n, H, W, 3] and go in like that or as float32 [n, C, H, W] in [-1, 1].
    """

    module: AutoEncoder
    header: CheckpointHeader

    can_encode = True

    @property
    def name(self) -> str:
        """The model's name in the catalog."""
        return self.header.name

    @property
    def method(self) -> str:
        """What it was trained by: wae-mmd, wae-gan, vae or ae; empty if its file does not say."""
        method = self.header.extra.get("method")
        return method if method in METHODS else ""

    @property
    def shape(self) -> tuple[int, ...]:
        """(2,) for points, (C, H, W) for pictures."""
        return self.module.config.shape

    @property
    def latent_size(self) -> int:
        """d, the numbers of a code."""
        return self.module.config.latent_size

    @property
    def prior_sigma(self) -> float:
        """The standard deviation of the prior N(0, sigma^2 I)."""
        return self.module.config.prior_sigma

    @property
    def latent_reach(self) -> float:
        """How far from 0 draws of the prior nearly always lie in one dimension."""
        return GRID_REACH * self.prior_sigma

    @property
    def parameter_count(self) -> int:
        """Trained numbers of the model."""
        return sum(parameter.numel() for parameter in self.module.parameters())

    @torch.no_grad()
    def encode(self, examples: NDArray[np.generic], seed: int | None = None) -> Codes:
        """The codes of examples: of a variational encoder the means or, with a seed, a draw for each.

        Raises `ValueError` for examples of another shape.
        """
        encoded = [self.module.encode(part) for part in torch.split(self._as_data(examples), AT_ONCE)]
        if seed is None:
            codes = [part.mean for part in encoded]
        else:
            generator = torch.Generator().manual_seed(seed)
            codes = [part.sample(torch.randn(part.mean.shape, generator=generator)) for part in encoded]
        return np.asarray(torch.cat(codes).numpy(), np.float32)

    def decode(self, codes: NDArray[np.generic]) -> NDArray[np.generic]:
        """The examples of codes [n, d]. Raises `ValueError` for another shape."""
        return showable(self.generated(codes))

    @torch.no_grad()
    def generated(self, codes: NDArray[np.generic]) -> Tensor:
        """`decode` as the data is in training: float32 [n, *shape], pictures in [-1, 1]."""
        latent = torch.from_numpy(np.array(codes, np.float32))
        if latent.dim() != 2 or latent.shape[1] != self.latent_size:
            raise ValueError(f"codes [n, {self.latent_size}] are needed, not {tuple(latent.shape)}")
        return torch.cat([self.module.decode(part) for part in torch.split(latent, AT_ONCE)])

    def latents(self, count: int, seed: int) -> Codes:
        """Codes [count, d] drawn from the prior; the same seed gives the same ones."""
        drawn = torch.randn(count, self.latent_size, generator=torch.Generator().manual_seed(seed))
        return np.asarray((self.prior_sigma * drawn).numpy(), np.float32)

    def sample(self, latents: NDArray[np.generic]) -> NDArray[np.generic]:
        """`decode`, by the name that it has for every generative model."""
        return self.decode(latents)

    def interpolate(self, start: Codes, end: Codes, steps: int) -> NDArray[np.generic]:
        """The examples along the straight line from code `start` [d] to code `end` [d], both ends included."""
        share = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
        return self.decode(start + share * (end - start))

    def reconstruct(self, examples: NDArray[np.generic]) -> NDArray[np.generic]:
        """The examples after being encoded and decoded."""
        return self.decode(self.encode(examples))

    def _as_data(self, examples: NDArray[np.generic]) -> Tensor:
        wanted = self.shape
        if examples.dtype == np.uint8 and len(wanted) == 3 and examples.ndim in (3, 4):
            given = from_pixels(examples.astype(np.uint8, copy=False))
        else:
            given = torch.from_numpy(np.array(examples))
        if tuple(given.shape[1:]) != wanted or given.dtype == torch.uint8:
            raise ValueError(f"examples of the shape {wanted} are needed, not {examples.dtype} {examples.shape}")
        return given.float()


def load_autoencoder(path: Path) -> AutoEncoderModel:
    """A model from a checkpoint of kind "wae". Raises `CheckpointError` with a sentence."""
    tensors, header = load_checkpoint(path, "wae")
    config = _model_config(header)
    with without_numbers():
        module = AutoEncoder(config)
    take_numbers(module, tensors, path.name)
    return AutoEncoderModel(module, header)


def _model_config(header: CheckpointHeader) -> WaeModelConfig:
    values: dict[str, Any] = {**header.config}
    wrong = CheckpointError(f"The model {header.name} has a configuration that this program does not understand.")
    if set(values) != set(WaeModelConfig.__dataclass_fields__):
        raise wrong
    shape = values.pop("shape")
    if not isinstance(shape, list) or any(type(side) is not int for side in shape):
        raise wrong
    pictures = len(shape) == 3 and shape[0] in (1, 3) and shape[1] in IMAGE_SIZES and shape[1] == shape[2]
    if not pictures and (shape != [2] or values["network"] != "mlp"):
        raise wrong
    default = WaeModelConfig()
    for name, value in values.items():
        expected = type(getattr(default, name))
        if type(value) is not expected and not (expected is float and type(value) is int):
            raise wrong
    if not (
        all(1 <= values[name] <= MAX_UNITS for name in ("latent_size", "width"))
        and 1 <= values["depth"] <= (MAX_HALVINGS if values["network"] == "conv" else 8)
        and 3 <= values["filter_size"] <= 5
        and 0 < values["prior_sigma"] < 1e6
        and values["network"] in ("conv", "mlp")
        and values["activation"] in ("relu", "leaky_relu", "selu")
        and values["norm"] in ("batch", "none")
    ):
        raise wrong
    return WaeModelConfig(**values, shape=tuple(shape))
