"""CapsNet: convolution, primary and digit capsules, and a decoder (Sabour, Frosst and Hinton 2017, figures 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.capsules.convolution import WindowConv2d
from engine.capsules.routing import routed, squash

KERNEL = 9
DECODERS = ("dense", "convolutions", "none")
_STD = 0.1  # of the W_ij at first


@dataclass(frozen=True)
class CapsNetConfig:
    """The shape of a CapsNet: what is needed to build it again from a checkpoint. The defaults are the paper's.

    image_size: side of the (grey) pictures. channels: of Conv1. primary_types, primary_size: 32 kinds of 8D capsules.
    capsule_size: numbers in a digit capsule. routings: iterations. decoder: one of `DECODERS`.
    """

    image_size: int = 28
    channels: int = 256
    primary_types: int = 32
    primary_size: int = 8
    class_count: int = 10
    capsule_size: int = 16
    routings: int = 3
    decoder: str = "dense"

    @property
    def grid(self) -> int:
        """Positions of primary capsules along a side: 6 for 28 pixels."""
        return (self.image_size - KERNEL + 1 - KERNEL) // 2 + 1

    @property
    def primary_count(self) -> int:
        """Primary capsules in all: 1,152 in the paper."""
        return self.primary_types * self.grid**2


class CapsNet(nn.Module):
    """Pictures to digit capsules, and back. Pictures are float32 [n, 1, H, W] in [0, 1].

    Primary capsules are [n, primary_size, children]; child number t * grid^2 + y * grid + x is of type t at (y, x).
    """

    def __init__(self, config: CapsNetConfig) -> None:
        """Weights from torch's own random numbers."""
        super().__init__()
        self.config = config
        self.conv = WindowConv2d(1, config.channels, KERNEL)
        self.primary = WindowConv2d(config.channels, config.primary_size * config.primary_types, KERNEL, stride=2)
        shape = (config.class_count, config.primary_size, config.primary_count, config.capsule_size)
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(shape), std=_STD))
        self.decoder = make_decoder(config)

    def lay_out_for_speed(self) -> None:
        """Keep the kernels with the channels last, as Conv1 hands its channels over."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)

    def primary_capsules(self, pictures: Tensor) -> Tensor:
        """u_i, float32 [n, primary_size, children]."""
        features = F.relu(self.conv(pictures), inplace=True)
        return squash(self.primary(features).float().reshape(len(pictures), self.config.primary_size, -1), dim=1)

    def capsules(self, pictures: Tensor, *, every_gradient: bool = False) -> Tensor:
        """The digit capsules v_j, float32 [n, class_count, capsule_size]; their lengths say what is there."""
        return routed(
            self.primary_capsules(pictures), self.weight, self.config.routings, every_gradient=every_gradient
        )

    def reconstruct(self, capsules: Tensor, classes: Tensor) -> Tensor:
        """Pictures [n, 1, H, W] in [0, 1] from the capsule of one class each: capsules [n, j, d], classes int64 [n]."""
        shown = F.one_hot(classes, self.config.class_count).to(capsules.dtype).unsqueeze(2)
        made: Tensor = self.decoder((capsules * shown).flatten(1))
        return made.float().view(-1, 1, self.config.image_size, self.config.image_size)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores of the classes, here the lengths of their capsules: [n, class_count]."""
        lengths: Tensor = torch.linalg.vector_norm(self.capsules(pictures), dim=2)
        return lengths


def make_decoder(config: CapsNetConfig) -> nn.Module:
    """From digit capsules, masked and laid flat [n, classes * size], to pixels in [0, 1], [n, side * side]."""
    inputs, side = config.class_count * config.capsule_size, config.image_size
    if config.decoder == "none":
        return nn.Identity()
    if config.decoder == "dense":
        return nn.Sequential(
            nn.Linear(inputs, 512), nn.ReLU(), nn.Linear(512, 1024), nn.ReLU(), nn.Linear(1024, side**2), nn.Sigmoid()
        )
    quarter = side // 4
    return nn.Sequential(
        nn.Linear(inputs, 24 * quarter**2),
        nn.Unflatten(1, (24, quarter, quarter)),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.ConvTranspose2d(24, 64, 4, stride=2, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 1, 3, padding=1),
        nn.Sigmoid(),
        nn.Flatten(),
    )
