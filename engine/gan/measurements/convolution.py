"""Convolve + noise: a blurred picture with noise on every pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional


@dataclass(frozen=True)
class ConvolveNoise:
    """A Gaussian blur of standard deviation `blur` pixels, outside the picture black, then Gaussian noise.

    `noise` is its standard deviation in brightness from 0 to 1, as in the paper; the measured pictures, in [-1, 1] but
    for the noise, hold twice that.
    """

    shape: tuple[int, int, int]
    blur: float
    noise: float
    name: str = "convolve-noise"

    def draw(self, count: int, generator: Generator) -> Tensor:
        """The noise [count, C, H, W], in brightness."""
        return self.noise * torch.randn((count, *self.shape), generator=generator, device=generator.device)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """The blurred, noisy pictures [n, C, H, W]; they may leave [-1, 1]."""
        brightness = (images + 1) / 2
        return 2 * (blurred(brightness, self.blur) + parameters.to(images)) - 1

    def picture(self, measured: Tensor) -> Tensor:
        """The measured pictures, cut off at black and white."""
        return measured.clamp(-1.0, 1.0)


def gaussian(deviation: float) -> Tensor:
    """Samples of a Gaussian up to three deviations (float64, an odd number, their sum is 1); 0 is no blur."""
    if deviation == 0:
        return torch.ones(1, dtype=torch.float64)
    reach = math.ceil(3 * deviation)
    steps = torch.arange(-reach, reach + 1, dtype=torch.float64)
    weights = torch.exp(-0.5 * (steps / deviation).square())
    return weights / weights.sum()


def blurred(images: Tensor, deviation: float) -> Tensor:
    """Pictures [n, C, H, W] convolved with a Gaussian of `deviation` pixels; beyond their borders they are 0."""
    weights = gaussian(deviation).to(images)
    reach = len(weights) // 2
    channels = images.shape[1]
    with torch.autocast(images.device.type, enabled=False):
        down = functional.conv2d(
            images, weights[None, None, :, None].expand(channels, 1, -1, 1), padding=(reach, 0), groups=channels
        )
        return functional.conv2d(
            down, weights[None, None, None, :].expand(channels, 1, 1, -1), padding=(0, reach), groups=channels
        )
