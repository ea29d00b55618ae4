"""Measurements that leave a few numbers of a picture: sums along lines, and products with random pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional


@dataclass(frozen=True)
class PadRotateProject:
    """Pictures turned about their middle by `angles` random angles, each summed down its columns, channel by channel.

    Before that they are padded with black, so that no corner is cut off. Sums are of brightness from 0 to 1 over the
    pictures' height: a line of white through the whole height gives 1. With `with_theta` the cosine and sine of each
    angle follow, in which, other than in the paper's angle itself, a full turn makes no jump.
    """

    picture_shape: tuple[int, int, int]
    angles: int
    with_theta: bool

    @property
    def name(self) -> str:
        """One of `MEASUREMENT_NAMES`."""
        return "pad-rotate-project-theta" if self.with_theta else "pad-rotate-project"

    @property
    def shape(self) -> tuple[int, ...]:
        """(d,): angles x C x padded width, and two more for each angle with theta."""
        return (self.angles * (self.picture_shape[0] * self._width + (2 if self.with_theta else 0)),)

    def draw(self, count: int, generator: Generator) -> Tensor:
        """Angles [count, angles], uniform from -pi to pi."""
        return math.pi * (2 * torch.rand((count, self.angles), generator=generator, device=generator.device) - 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """The sums [n, d] of pictures [n, C, H, W]: angle by angle, then channels, then columns; then the angles."""
        count, theta = len(images), parameters.to(images)
        height, width = self.picture_shape[1:]
        top, left = (self._width - height) // 2, (self._width - width) // 2
        padding = (left, self._width - width - left, top, self._width - height - top)
        brightness = functional.pad((images + 1) / 2, padding)
        cosine, sine, none = theta.cos().flatten(), theta.sin().flatten(), torch.zeros_like(theta).flatten()
        turns = torch.stack([cosine, -sine, none, sine, cosine, none], dim=1).view(-1, 2, 3)
        repeated = brightness.repeat_interleave(self.angles, dim=0)
        with torch.autocast(images.device.type, enabled=False):
            grid = functional.affine_grid(turns, list(repeated.shape), align_corners=False)
            turned = functional.grid_sample(repeated, grid, align_corners=False)
        sums = (turned.sum(dim=2) / height).reshape(count, -1)
        return torch.cat([sums, theta.cos(), theta.sin()], dim=1) if self.with_theta else sums

    def picture(self, measured: Tensor) -> Tensor:
        """One band for each angle, from top to bottom, as bright as the sums along the columns."""
        channels, height, width = self.picture_shape
        sums = measured[:, : self.angles * channels * self._width]
        strips = sums.reshape(-1, self.angles, channels, self._width).transpose(1, 2)
        bands = functional.interpolate(strips, size=(self.angles, width), mode="bilinear", align_corners=False)
        return (2 * _bands(bands, height) - 1).clamp(-1.0, 1.0)

    @property
    def _width(self) -> int:
        """Of the padded square: the diagonal, rounded up so that the padding is even (28 becomes 40, 64 becomes 92)."""
        height, width = self.picture_shape[1:]
        return width + 2 * math.ceil((math.hypot(height, width) - width) / 2)


@dataclass(frozen=True)
class GaussianProjection:
    """Products <theta, x> with `projections` standard normal pictures theta, which are part of what is seen.

    x is brightness from 0 to 1, and products are divided by sqrt(H W). Mind the size: each example's measurement holds
    all of theta, `projections` pictures.
    """

    picture_shape: tuple[int, int, int]
    projections: int
    name: str = "gaussian-projection"

    @property
    def shape(self) -> tuple[int, ...]:
        """(d,): projections x (C H W + 1)."""
        return (self.projections * (math.prod(self.picture_shape) + 1),)

    def draw(self, count: int, generator: Generator) -> Tensor:
        """The pictures theta [count, projections, C H W]."""
        size = (count, self.projections, math.prod(self.picture_shape))
        return torch.randn(size, generator=generator, device=generator.device)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """The products of pictures [n, C, H, W], and after them theta: [n, d]."""
        theta = parameters.to(images)
        brightness = ((images + 1) / 2).flatten(1)
        with torch.autocast(images.device.type, enabled=False):
            products = torch.einsum("npd,nd->np", theta, brightness)
        scaled = products / math.sqrt(math.prod(self.picture_shape[1:]))
        return torch.cat([scaled, theta.flatten(1)], dim=1)

    def picture(self, measured: Tensor) -> Tensor:
        """One band for each product, from top to bottom; grey is 0."""
        channels, height, width = self.picture_shape
        products = measured[:, None, : self.projections, None].clamp(-1.0, 1.0)
        return _bands(products, height).expand(-1, channels, -1, width)


def _bands(rows: Tensor, height: int) -> Tensor:
    """Rows [n, C, k, w] drawn as bands of a picture [n, C, height, w]; k may be larger than the height."""
    which = torch.arange(height, device=rows.device) * rows.shape[2] // height
    return rows[:, :, which]
