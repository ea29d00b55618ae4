"""What the networks are made of: activations with the initialisation that suits them, norms, and exact layers.

Under bfloat16 autocast a coordinate or a critic's output would lose all but eight bits. The layers that read
coordinates and those that give results are `ExactLinear`s, which compute in float32 wherever they stand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ACTIVATIONS = ("relu", "leaky_relu", "selu", "crelu")
NORMS = ("batch", "none")
LEAK = 0.2  # Radford et al. 2016, section 3
DCGAN_STD = 0.02  # Radford et al. 2016, section 4; Miyato et al. 2018 for their DCGAN-like networks
SELU_SATURATION = -1.7580993408473766  # -lambda * alpha, what a dropped unit is set to

# With fewer inputs than this, MKL multiplies the usual layout about five times slower than the turned one.
FEW_INPUTS = 16


class ExactLinear(nn.Linear):
    """A linear layer in float32, also under autocast; quick for points, which have two coordinates."""

    def forward(self, input: Tensor) -> Tensor:
        """[n, in] -> float32 [n, out]."""
        if torch.is_autocast_enabled(input.device.type):
            with torch.autocast(input.device.type, enabled=False):
                return self._product(input.float())
        return self._product(input)

    def _product(self, input: Tensor) -> Tensor:
        if self.in_features >= FEW_INPUTS:
            return F.linear(input, self.weight, self.bias)
        return torch.addmm(self.bias, input, self.weight.t().contiguous())


class CReLU(nn.Module):
    """ReLU of x and of -x, side by side: twice the channels (Shang et al. 2016; the critic of OT-GAN)."""

    def forward(self, input: Tensor) -> Tensor:
        """[n, c, ...] -> [n, 2 c, ...]."""
        return F.relu(torch.cat([input, -input], dim=1))


class AlphaDropout(nn.Module):
    """Dropout that keeps mean 0 and variance 1 behind SELUs (Klambauer et al. 2017, section 2).

    Random numbers come from `noise`, which whoever trains the network sets (`use_noise`) and saves.
    """

    def __init__(self, rate: float) -> None:
        """Units are dropped with probability `rate` in training; in evaluation all stay."""
        super().__init__()
        self.rate = rate
        self.noise: torch.Generator | None = None
        keep = 1 - rate
        self._scale = (keep + SELU_SATURATION**2 * keep * rate) ** -0.5
        self._shift = -self._scale * rate * SELU_SATURATION

    def forward(self, input: Tensor) -> Tensor:
        """[n, ...] -> the same shape."""
        if not self.training:
            return input
        kept = torch.rand(input.shape, generator=self.noise, device=input.device) >= self.rate
        dropped: Tensor = torch.where(kept, input, SELU_SATURATION)
        return dropped.mul(self._scale).add(self._shift)


def use_noise(network: nn.Module, noise: torch.Generator) -> None:
    """Let all dropout of `network` draw from `noise`, a generator on the network's device."""
    for module in network.modules():
        if isinstance(module, AlphaDropout):
            module.noise = noise


def make_activation(kind: str) -> nn.Module:
    """The activation `kind` of `ACTIVATIONS`; in place where the gradient needs no more than the output."""
    if kind == "relu":
        return nn.ReLU(inplace=True)
    if kind == "leaky_relu":
        return nn.LeakyReLU(LEAK, inplace=True)
    return nn.SELU(inplace=True) if kind == "selu" else CReLU()


def channels_after(kind: str, channels: int) -> int:
    """Channels that the activation `kind` makes of `channels`."""
    return 2 * channels if kind == "crelu" else channels


def weighted_layers(network: nn.Module) -> Iterator[tuple[str, nn.Linear | nn.Conv2d | nn.ConvTranspose2d]]:
    """Name and module of every linear and convolutional layer, in the order of the network."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            yield name, module


def fan_in(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> float:
    """Inputs that one output sums over; a transposed convolution's kernel is shared out over its stride."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    per_channel = math.prod(layer.kernel_size)
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.in_channels * per_channel / math.prod(layer.stride)
    return layer.in_channels * per_channel


@torch.no_grad()
def initialise(network: nn.Module, activation: str, convolutional: bool) -> None:
    """Random weights from torch's global generator, zero biases.

    SELU: N(0, 1/fan_in) (Klambauer et al. 2017, section 2). Otherwise, convolutional networks: N(0, 0.02), the scale of
    batch norm N(1, 0.02) (Radford et al. 2016, section 4); others: N(0, gain^2/fan_in) with the gain of the activation
    (He et al. 2015) and 1 in the last layer, which has none. Kernels become channels-last.
    """
    layers = [layer for _, layer in weighted_layers(network)]
    for index, layer in enumerate(layers):
        if activation == "selu":
            std = fan_in(layer) ** -0.5
        elif convolutional:
            std = DCGAN_STD
        else:
            leak = LEAK if activation == "leaky_relu" else 0.0
            gain = 1.0 if index == len(layers) - 1 else math.sqrt(2 / (1 + leak**2))
            std = gain * fan_in(layer) ** -0.5
        nn.init.normal_(layer.weight, std=std)
        if not isinstance(layer, nn.Linear):
            layer.weight.data = layer.weight.contiguous(memory_format=torch.channels_last)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    if convolutional:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
                nn.init.normal_(module.weight, 1.0, DCGAN_STD)
