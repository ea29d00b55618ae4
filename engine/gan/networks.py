"""Generators and critics: fully connected ones of any depth and width, and DCGANs for 28, 32 and 64 pixels.

A generator maps latent vectors [n, latent_size] to float32 [n, *shape]: pictures in [-1, 1] (tanh), points as they are.
A critic maps data to float32 [n, critic_outputs], raw: no sigmoid, no norm. What the numbers mean is the objective's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.errors import TrainingError
from engine.gan.dcgan import DCGANCritic, DCGANGenerator
from engine.gan.layers import (
    ACTIVATIONS,
    NORMS,
    AlphaDropout,
    ExactLinear,
    channels_after,
    initialise,
    make_activation,
)
from engine.gan.normalisation import apply_normalisation

ARCHITECTURES = ("mlp", "dcgan", "resize")


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a generator and its critic: everything that is needed to build them again from a checkpoint.

    architecture: "mlp"; "dcgan", whose generator enlarges by transposed convolutions; "resize", whose generator repeats
    pixels and convolves, with the critic of a DCGAN. width and critic_width: units of each hidden layer (mlp), or
    channels next to the picture, doubled with every halving of it. depth: hidden layers (mlp). critic_outputs: 1, the
    size of an embedding (OT-GAN), or 0 for the features before the last layer themselves, as in OT-GAN's own critic
    (Salimans et al. 2018, appendix; with critic_activation "crelu"). critic_dropout: rate of alpha dropout, for selu
    alone.
    """

    architecture: str = "mlp"
    shape: tuple[int, ...] = (2,)  # (2,) or (channels, height, width)
    latent_size: int = 2
    width: int = 128
    critic_width: int = 128
    depth: int = 4
    activation: str = "relu"
    critic_activation: str = "relu"
    norm: str = "none"
    critic_norm: str = "none"
    critic_outputs: int = 1
    critic_dropout: float = 0.0


# Widths of generator and critic. "desktop", with "resize" at 32 pixels: about a million weights to generate and a tenth
# of that to judge, which two cores can train. "paper", with "dcgan" at 64 pixels: the generator's 1024 to 128 channels
# of figure 1, and a critic of the same.
WIDTHS = {"desktop": (64, 24), "paper": (128, 128)}


class MLP(nn.Sequential):
    """Hidden layers of equal width, each: linear, batch norm or none, activation, alpha dropout or none."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        activation: str,
        norm: str = "none",
        dropout: float = 0.0,
        exact_inputs: bool = False,
        exact_outputs: bool = False,
    ) -> None:
        """`exact_inputs` and `exact_outputs`: the first and last layer stay in float32 under autocast.

        `outputs` of 0 leaves out the last layer. Weights from torch's global generator.
        """
        super().__init__()
        size = inputs
        for index in range(depth):
            exact = exact_inputs and index == 0
            self.add_module(f"layer{index + 1}", (ExactLinear if exact else nn.Linear)(size, width))
            if norm == "batch":
                self.add_module(f"norm{index + 1}", nn.BatchNorm1d(width))
            self.add_module(f"activation{index + 1}", make_activation(activation))
            if dropout:
                self.add_module(f"dropout{index + 1}", AlphaDropout(dropout))
            size = channels_after(activation, width)
        if outputs:
            self.add_module("output", (ExactLinear if exact_outputs else nn.Linear)(size, outputs))
        initialise(self, activation, convolutional=False)


class MLPGenerator(nn.Module):
    """Latent vectors through an `MLP`: to pictures by tanh, to points without it."""

    def __init__(self, config: NetworkConfig) -> None:
        """Weights from torch's global generator."""
        super().__init__()
        self.shape = config.shape
        points = len(config.shape) == 1
        self.layers = MLP(
            config.latent_size,
            math.prod(config.shape),
            width=config.width,
            depth=config.depth,
            activation=config.activation,
            norm=config.norm,
            exact_inputs=points,
            exact_outputs=points,
        )

    def forward(self, latents: Tensor) -> Tensor:
        """[n, latent_size] -> [n, *shape]."""
        out: Tensor = self.layers(latents).float()
        return out if len(self.shape) == 1 else torch.tanh(out).view(-1, *self.shape)


class MLPCritic(nn.Module):
    """Data, flattened, through an `MLP`."""

    def __init__(self, config: NetworkConfig) -> None:
        """Weights from torch's global generator."""
        super().__init__()
        self.layers = MLP(
            math.prod(config.shape),
            config.critic_outputs,
            width=config.critic_width,
            depth=config.depth,
            activation=config.critic_activation,
            norm=config.critic_norm,
            dropout=config.critic_dropout,
            exact_inputs=len(config.shape) == 1,
            exact_outputs=True,
        )

    def forward(self, data: Tensor) -> Tensor:
        """[n, *shape] -> [n, critic_outputs]."""
        out: Tensor = self.layers(data.flatten(1)).float()
        return out


def make_generator(config: NetworkConfig, seed: int) -> nn.Module:
    """The generator of `config`, its weights drawn with `seed`; raises `TrainingError` for what cannot be built."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return bare_generator(config)


def bare_generator(config: NetworkConfig) -> nn.Module:
    """The same with weights from torch's global generator, for weights that come from elsewhere."""
    _check(config)
    if config.architecture == "mlp":
        return MLPGenerator(config)
    return DCGANGenerator(
        config.shape,
        config.latent_size,
        config.width,
        config.activation,
        config.norm,
        resize=config.architecture == "resize",
    )


def make_critic(config: NetworkConfig, normalisation: str, seed: int) -> nn.Module:
    """The critic of `config` under `normalisation` ("none", "spectral", "weight"), its weights drawn with `seed`.

    Raises `TrainingError` for what cannot be built.
    """
    _check(config)
    critic: nn.Module
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if config.architecture == "mlp":
            critic = MLPCritic(config)
        else:
            critic = DCGANCritic(
                config.shape,
                config.critic_outputs,
                config.critic_width,
                config.critic_activation,
                config.critic_norm,
                config.critic_dropout,
            )
        apply_normalisation(critic, normalisation)
    return critic


def _check(config: NetworkConfig) -> None:
    for name, value, choices in (
        ("architecture", config.architecture, ARCHITECTURES),
        ("activation", config.activation, ACTIVATIONS[:3]),
        ("critic_activation", config.critic_activation, ACTIVATIONS),
        ("norm", config.norm, NORMS),
        ("critic_norm", config.critic_norm, NORMS),
    ):
        if value not in choices:
            raise TrainingError(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
    sizes = (*config.shape, config.latent_size, config.width, config.critic_width, config.depth)
    if len(config.shape) not in (1, 3) or min(sizes) < 1 or config.critic_outputs < 0:
        raise TrainingError(f"No network can be built for data of shape {config.shape}; every size must be at least 1.")
    if config.critic_dropout and config.critic_activation != "selu":
        raise TrainingError("Alpha dropout belongs to SELU alone; choose selu for the critic or set dropout to 0.")
