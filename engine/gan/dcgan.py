"""Deep convolutional generators and their critic (Radford et al. 2016, section 3 and figure 1).

Kernels are 4 x 4 with stride 2, as in the authors' Torch code: a kernel that the stride divides leaves no checkerboard.
The other generator enlarges by repeating pixels and convolves the result (Odena et al. 2016), as widely used scripts
do. Tensors inside are channels-last, in which the fully connected ends need no copy.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import TrainingError
from engine.gan.layers import AlphaDropout, ExactLinear, channels_after, initialise, make_activation

# Pixels of the smallest feature map, and how often it is doubled on the way to the picture.
STAGES = {28: (7, 2), 32: (4, 3), 64: (4, 4)}
RESIZE_STAGES = {28: (7, 2), 32: (8, 2), 64: (8, 3)}

# Row i: what entry i of a 4-kernel of stride 2 takes from a 3-kernel behind doubled pixels. Output 2j sees
# w0 x[j-1] + (w1 + w2) x[j], output 2j + 1 sees (w0 + w1) x[j] + w2 x[j+1].
_FOLD = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


class DoublingConv2d(nn.Conv2d):
    """Pixels repeated twice each way, then a 3 x 3 convolution, in one transposed convolution of stride 2.

    It is the same function of the same weights as `Upsample(scale_factor=2)` and `Conv2d(..., 3, padding=1)`, with 16
    products for each input pixel where those need 36.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool) -> None:
        """From `inputs` to `outputs` channels."""
        super().__init__(inputs, outputs, 3, padding=1, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """[n, inputs, h, w] -> [n, outputs, 2 h, 2 w]."""
        with torch.autocast(input.device.type, enabled=False):
            fold = torch.kron(_FOLD, _FOLD).to(self.weight.device)
            kernel = (self.weight.flatten(2) @ fold.t()).view(self.out_channels, -1, 4, 4).transpose(0, 1)
        return F.conv_transpose2d(input, kernel, self.bias, stride=2, padding=1)


class DCGANGenerator(nn.Module):
    """A projection to a small map of many channels, layers that double it, and tanh."""

    def __init__(
        self, shape: tuple[int, ...], latent_size: int, width: int, activation: str, norm: str, resize: bool
    ) -> None:
        """`width` is the channels before the last layer, doubled with every halving of the map.

        With `resize` the map is doubled by repeating pixels, convolved 3 x 3, and a last 3 x 3 convolution at full size
        makes the picture; else transposed convolutions do all. Raises `TrainingError` for another size of picture.
        """
        super().__init__()
        self._side, doublings = _stages(shape, RESIZE_STAGES if resize else STAGES)
        channels = width * 2 ** (doublings - 1)
        bias = norm != "batch"
        self.project = nn.Linear(latent_size, channels * self._side**2, bias=bias)
        self.layers = nn.Sequential()

        def enlarging(inputs: int, outputs: int, bias: bool) -> nn.Module:
            if resize:
                return DoublingConv2d(inputs, outputs, bias)
            return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias)

        def add_norm_and_activation(index: int) -> None:
            if norm == "batch":
                self.layers.add_module(f"norm{index}", nn.BatchNorm2d(channels))
            self.layers.add_module(f"activation{index}", make_activation(activation))

        add_norm_and_activation(0)
        for index in range(1, doublings + int(resize)):
            made = width * 2 ** (doublings - 1 - index + int(resize))
            self.layers.add_module(f"layer{index}", enlarging(channels, made, bias))
            channels = made
            add_norm_and_activation(index)
        last = nn.Conv2d(channels, shape[0], 3, padding=1) if resize else enlarging(channels, shape[0], True)
        self.layers.add_module("output", last)
        initialise(self, activation, convolutional=True)

    def forward(self, latents: Tensor) -> Tensor:
        """[n, latent_size] -> [n, channels, side, side] in [-1, 1]."""
        features = self.project(latents).view(len(latents), self._side, self._side, -1).permute(0, 3, 1, 2)
        return torch.tanh(self.layers(features).float())


class DCGANCritic(nn.Module):
    """Convolutions that halve the picture and double the channels; batch norm on all but the first."""

    def __init__(
        self, shape: tuple[int, ...], outputs: int, width: int, activation: str, norm: str, dropout: float
    ) -> None:
        """`width` is the channels of the first layer; `outputs` of 0 gives the last feature map, flattened.

        Raises `TrainingError` for another size of picture.
        """
        super().__init__()
        side, halvings = _stages(shape, STAGES)
        self.layers = nn.Sequential()
        channels = shape[0]
        for index in range(1, halvings + 1):
            normed = norm == "batch" and index > 1
            made = width * 2 ** (index - 1)
            self.layers.add_module(f"layer{index}", nn.Conv2d(channels, made, 4, 2, 1, bias=not normed))
            if normed:
                self.layers.add_module(f"norm{index}", nn.BatchNorm2d(made))
            self.layers.add_module(f"activation{index}", make_activation(activation))
            if dropout:
                self.layers.add_module(f"dropout{index}", AlphaDropout(dropout))
            channels = channels_after(activation, made)
        self.output = ExactLinear(channels * side**2, outputs) if outputs else nn.Identity()
        initialise(self, activation, convolutional=True)

    def forward(self, data: Tensor) -> Tensor:
        """[n, channels, side, side] -> [n, outputs]."""
        features = self.layers(_channels_last(data))
        out: Tensor = self.output(features.permute(0, 2, 3, 1).flatten(1)).float()
        return out


def _channels_last(pictures: Tensor) -> Tensor:
    """The same pictures in memory as channels-last, with one channel too, whose strides could mean either."""
    count, channels, height, width = pictures.shape
    if channels == 1:
        return pictures.reshape(count, height, width, 1).permute(0, 3, 1, 2)
    return pictures.contiguous(memory_format=torch.channels_last)


def _stages(shape: tuple[int, ...], known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    if len(shape) != 3 or shape[1] != shape[2] or shape[1] not in known:
        raise TrainingError(
            "Convolutional networks make square pictures of 28, 32 or 64 pixels; choose such a size, or mlp."
        )
    return known[shape[1]]
