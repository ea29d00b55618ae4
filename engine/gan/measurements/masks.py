"""Measurements that hide pixels: block-pixels, block-patch, keep-patch and extract-patch.

Hidden pixels are black, -1, as they are 0 in the paper's range: what a critic sees there is the same for every picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

BLACK = -1.0


@dataclass(frozen=True)
class Mask(ABC):
    """Some pixels are hidden, with all their channels; which ones, the parameters tell."""

    shape: tuple[int, int, int]

    @abstractmethod
    def mask(self, parameters: Tensor) -> Tensor:
        """Which pixels are seen: bool [n, 1, H, W]."""

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """The pictures [n, C, H, W] with hidden pixels black."""
        return torch.where(self.mask(parameters).to(images.device), images, BLACK)

    def picture(self, measured: Tensor) -> Tensor:
        """The measured pictures themselves."""
        return measured.clamp(-1.0, 1.0)


@dataclass(frozen=True)
class BlockPixels(Mask):
    """Each pixel is hidden with probability `probability`, independently of the others."""

    probability: float
    name: str = "block-pixels"

    def draw(self, count: int, generator: Generator) -> Tensor:
        """Which pixels are seen: bool [count, 1, H, W]."""
        size = (count, 1, *self.shape[1:])
        return torch.rand(size, generator=generator, device=generator.device) >= self.probability

    def mask(self, parameters: Tensor) -> Tensor:
        """Which pixels are seen: bool [n, 1, H, W]."""
        return parameters


@dataclass(frozen=True)
class BlockPatch(Mask):
    """A square of `side` pixels is hidden; every place for it inside the picture is as likely."""

    side: int
    name: str = "block-patch"

    def draw(self, count: int, generator: Generator) -> Tensor:
        """The squares' corners (top, left): int64 [count, 2]."""
        return _corners(count, self.shape, self.side, generator)

    def mask(self, parameters: Tensor) -> Tensor:
        """Which pixels are seen, those outside the square: bool [n, 1, H, W]."""
        return ~_squares(parameters, self.shape, self.side)


@dataclass(frozen=True)
class KeepPatch(Mask):
    """All but a square of `side` pixels is hidden; every place for it inside the picture is as likely."""

    side: int
    name: str = "keep-patch"

    def draw(self, count: int, generator: Generator) -> Tensor:
        """The squares' corners (top, left): int64 [count, 2]."""
        return _corners(count, self.shape, self.side, generator)

    def mask(self, parameters: Tensor) -> Tensor:
        """Which pixels are seen, those in the square: bool [n, 1, H, W]."""
        return _squares(parameters, self.shape, self.side)


@dataclass(frozen=True)
class ExtractPatch:
    """A square of `side` pixels from a random place is seen, but not where it was.

    It lies in the middle of a black picture of the full size, as in the authors' code, so that critics of pictures fit.
    """

    shape: tuple[int, int, int]
    side: int
    name: str = "extract-patch"

    def draw(self, count: int, generator: Generator) -> Tensor:
        """The squares' corners (top, left): int64 [count, 2]."""
        return _corners(count, self.shape, self.side, generator)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """The squares of the pictures [n, C, H, W], each in the middle of a black picture."""
        corners = parameters.to(images.device)
        steps = torch.arange(self.side, device=images.device)
        rows = (corners[:, 0, None] + steps)[:, None, :, None]
        columns = (corners[:, 1, None] + steps)[:, None, None, :]
        examples = torch.arange(len(images), device=images.device)[:, None, None, None]
        channels = torch.arange(self.shape[0], device=images.device)[None, :, None, None]
        top, left = (self.shape[1] - self.side) // 2, (self.shape[2] - self.side) // 2
        measured = torch.full_like(images, BLACK)
        measured[:, :, top : top + self.side, left : left + self.side] = images[examples, channels, rows, columns]
        return measured

    def picture(self, measured: Tensor) -> Tensor:
        """The measured pictures themselves."""
        return measured.clamp(-1.0, 1.0)


def _corners(count: int, shape: tuple[int, int, int], side: int, generator: Generator) -> Tensor:
    tops, lefts = (
        torch.randint(length - side + 1, (count,), generator=generator, device=generator.device) for length in shape[1:]
    )
    return torch.stack([tops, lefts], dim=1)


def _squares(corners: Tensor, shape: tuple[int, int, int], side: int) -> Tensor:
    """Pixels inside the squares: bool [n, 1, H, W]."""
    inside = []
    for axis, length in enumerate(shape[1:]):
        distance = torch.arange(length, device=corners.device) - corners[:, axis, None]
        inside.append((distance >= 0) & (distance < side))
    return inside[0][:, None, :, None] & inside[1][:, None, None, :]
