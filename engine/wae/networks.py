"""Encoder, decoder and latent critic (Tolstikhin et al. 2018, appendix C), as multilayer perceptrons or DCGAN-like.

Pictures go in and come out in [-1, 1], points as they are. The convolutional encoder halves the picture `depth` times,
with `width` filters in its first layer and twice as many in each next one; the decoder starts from 7 or 8 pixels a
side with the encoder's last number of filters, halves it wherever it doubles the side, and ends with a convolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from engine.gan.layers import ExactLinear, initialise, make_activation

MAX_HALVINGS = 5  # after which a picture of 28 or 32 pixels is a single one


@dataclass(frozen=True)
class WaeModelConfig:
    """The shape of an auto-encoder: everything that is needed to build it again from a checkpoint.

    shape: (2,) for points, (C, H, W) for pictures. variational: the encoder is random, with a log variance beside the
    mean.
    """

    shape: tuple[int, ...] = (1, 28, 28)
    latent_size: int = 8
    prior_sigma: float = 1.0
    variational: bool = False
    network: str = "conv"
    width: int = 32
    depth: int = 4
    filter_size: int = 4
    activation: str = "relu"
    norm: str = "batch"


@dataclass(frozen=True)
class Encoded:
    """Q(z | x): the mean [n, d] and, of a variational encoder, the log variance [n, d]."""

    mean: Tensor
    log_variance: Tensor | None

    def sample(self, noise: Tensor | None) -> Tensor:
        """z [n, d] from standard normal `noise` [n, d] (Kingma and Welling 2014, eq. 10); without either, the mean."""
        if self.log_variance is None or noise is None:
            return self.mean
        return self.mean + (0.5 * self.log_variance).exp() * noise


@dataclass(frozen=True)
class Passed:
    """A batch after its way through: the posterior, z [n, d], and what the decoder made of z, before its tanh."""

    encoded: Encoded
    latent: Tensor
    output: Tensor


class AutoEncoder(nn.Module):
    """An encoder Q and a decoder G. `forward` encodes once and decodes once."""

    def __init__(self, config: WaeModelConfig) -> None:
        """Random weights from the global generator of torch; fork and seed it around this."""
        super().__init__()
        self.config = config
        outputs = config.latent_size * (2 if config.variational else 1)
        if config.network == "conv":
            self.encoder: nn.Module = _conv_encoder(config, outputs)
            self.decoder: nn.Module = _conv_decoder(config)
        else:
            size = math.prod(config.shape)
            self.encoder = nn.Sequential(nn.Flatten(), *_perceptron(size, outputs, config, exact=not self.pictures))
            self.decoder = nn.Sequential(
                *_perceptron(config.latent_size, size, config, exact=True), nn.Unflatten(1, config.shape)
            )
        # DCGAN's small weights rely on batch norm to bring the signal through.
        small = config.network == "conv" and config.norm == "batch"
        for part in (self.encoder, self.decoder):
            initialise(part, config.activation, convolutional=small)

    @property
    def pictures(self) -> bool:
        """Whether it is about pictures, not points."""
        return len(self.config.shape) == 3

    def encode(self, data: Tensor) -> Encoded:
        """Q(z | x) of data [n, *shape], in float32."""
        found = self.encoder(data).float()
        if not self.config.variational:
            return Encoded(found, None)
        mean, log_variance = found.chunk(2, dim=1)
        # A variance that under- or overflows has no gradient to come back by.
        return Encoded(mean, log_variance.clamp(-20.0, 20.0))

    def raw(self, latent: Tensor) -> Tensor:
        """What the decoder makes of z [n, d], in float32; a picture's values lie in [-1, 1] only after a tanh."""
        return self.decoder(latent).float()  # type: ignore[no-any-return]

    def decode(self, latent: Tensor) -> Tensor:
        """G(z) [n, *shape] of z [n, d], in float32; pictures in [-1, 1]."""
        made = self.raw(latent)
        return made.tanh() if self.pictures else made

    def forward(self, data: Tensor, noise: Tensor | None) -> Passed:
        """Through both, with `noise` [n, d] for a variational encoder's z."""
        encoded = self.encode(data)
        latent = encoded.sample(noise)
        return Passed(encoded, latent, self.raw(latent))


class LatentCritic(nn.Module):
    """The discriminator of WAE-GAN: logits of "from the prior" [n] for latent vectors [n, d] (algorithm 1)."""

    def __init__(self, latent_size: int, width: int, depth: int) -> None:
        """`depth` hidden layers of `width` ReLU units; the paper has 4 of 512."""
        super().__init__()
        layers: list[nn.Module] = [ExactLinear(latent_size, width), make_activation("relu")]
        for _ in range(depth - 1):
            layers += [nn.Linear(width, width), make_activation("relu")]
        self.layers = nn.Sequential(*layers, ExactLinear(width, 1))
        initialise(self, "relu", convolutional=False)

    def forward(self, latent: Tensor) -> Tensor:
        """Logits [n], in float32."""
        logits: Tensor = self.layers(latent)
        return logits.squeeze(1)


def decoder_start(size: int) -> int:
    """The side of the smallest picture in the decoder, 7 or 8, from which doubling leads to `size`."""
    return 7 if size == 28 else 8


def _perceptron(inputs: int, outputs: int, config: WaeModelConfig, *, exact: bool) -> list[nn.Module]:
    """`exact`: what comes in are coordinates or codes, to be read in float32; what goes out is made in it anyway."""
    layers: list[nn.Module] = []
    for index in range(config.depth):
        linear = ExactLinear if exact and index == 0 else nn.Linear
        layers += [linear(inputs, config.width), *_after(nn.BatchNorm1d, config.width, config)]
        inputs = config.width
    return [*layers, ExactLinear(inputs, outputs)]


def _conv_encoder(config: WaeModelConfig, outputs: int) -> nn.Module:
    channels, side, _ = config.shape
    layers: list[nn.Module] = []
    kernel = config.filter_size
    for index in range(config.depth):
        filters = config.width * 2**index
        if side % 2 and kernel % 2 == 0:
            layers.append(nn.ZeroPad2d((0, 1, 0, 1)))
        halve = nn.Conv2d(channels, filters, kernel, 2, (kernel - 1) // 2, bias=config.norm == "none")
        layers += [halve, *_after(nn.BatchNorm2d, filters, config)]
        channels, side = filters, (side + 1) // 2
    return nn.Sequential(*layers, nn.Flatten(), ExactLinear(channels * side * side, outputs))


def _conv_decoder(config: WaeModelConfig) -> nn.Module:
    channels, size, _ = config.shape
    side = decoder_start(size)
    filters = config.width * 2 ** (config.depth - 1)
    kernel = config.filter_size
    layers: list[nn.Module] = [
        ExactLinear(config.latent_size, filters * side * side), nn.Unflatten(1, (filters, side, side)),
        make_activation(config.activation),
    ]
    while side < size:
        fewer = max(filters // 2, 1)
        double = nn.ConvTranspose2d(
            filters, fewer, kernel, 2, (kernel - 1) // 2, output_padding=kernel % 2, bias=config.norm == "none"
        )
        layers += [double, *_after(nn.BatchNorm2d, fewer, config)]
        filters, side = fewer, 2 * side
    before, after = (kernel - 1) // 2, kernel // 2
    return nn.Sequential(*layers, nn.ZeroPad2d((before, after, before, after)), nn.Conv2d(filters, channels, kernel))


def _after(batch_norm: type[nn.Module], features: int, config: WaeModelConfig) -> list[nn.Module]:
    """What follows a layer's products: the norm, if there is one, then the activation."""
    activation = make_activation(config.activation)
    return [activation] if config.norm == "none" else [batch_norm(features), activation]
