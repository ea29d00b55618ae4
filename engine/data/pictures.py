"""Pictures in memory: bytes until a batch asks for them, then float32 in [-1, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class PictureSet:
    """A `PictureSource` of bytes [n, C, H, W]; `labels` and `kept_labels` int64 [n] stay unused without class names.

    `kept` holds the pictures that no batch contains.
    """

    name: str
    provenance: str
    pictures: Pixels
    labels: NDArray[np.int64]
    kept: Pixels
    kept_labels: NDArray[np.int64]
    class_names: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    modes: ClassVar[None] = None
    spread: ClassVar[float] = 0.0

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W) of one picture."""
        return self.pictures.shape[1:]

    @property
    def class_count(self) -> int:
        """Number of classes, 0 if there are none."""
        return len(self.class_names)

    @property
    def size(self) -> int:
        """Number of training pictures."""
        return len(self.pictures)

    def indexed(self, indices: Tensor) -> Tensor:
        """The training pictures at int64 `indices` in 0..size, float32 [n, C, H, W]."""
        return self._floats(torch.from_numpy(self.pictures)[indices])

    def batch(self, count: int, generator: Generator) -> Tensor:
        """Training pictures drawn with replacement, float32 [count, C, H, W]."""
        return self.indexed(self._drawn(count, generator))

    def labelled(self, count: int, generator: Generator) -> tuple[Tensor, Tensor | None]:
        """The same draw as `batch`, with int64 labels [count] where there are classes."""
        drawn = self._drawn(count, generator)
        return self.indexed(drawn), torch.from_numpy(self.labels)[drawn] if self.class_names else None

    def held_out(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The first `count` pictures kept apart (all if there are fewer), with labels where there are classes."""
        labels = torch.from_numpy(self.kept_labels[:count].copy()) if self.class_names else None
        return self._floats(torch.from_numpy(self.kept[:count])), labels

    def _drawn(self, count: int, generator: Generator) -> Tensor:
        return torch.randint(self.size, (count,), generator=generator)

    def _floats(self, pixels: Tensor) -> Tensor:
        return pixels.float().div_(127.5).sub_(1.0)


def to_pixels(pictures: Tensor) -> Pixels:
    """Pictures [n, C, H, W] in [-1, 1] as they are shown: bytes [n, H, W], or [n, H, W, 3] in colour."""
    bytes_ = pictures.detach().add(1.0).mul_(127.5).round_().clamp_(0, 255).to("cpu", torch.uint8)
    return bytes_[:, 0].numpy() if bytes_.shape[1] == 1 else bytes_.permute(0, 2, 3, 1).contiguous().numpy()


def from_pixels(pixels: Pixels) -> Tensor:
    """The way back: float32 [n, C, H, W] in [-1, 1] of bytes [n, H, W] or [n, H, W, 3]."""
    given = torch.from_numpy(np.array(pixels, np.float32))
    channels_first = given.unsqueeze(1) if given.dim() == 3 else given.movedim(-1, 1)
    return channels_first.div_(127.5).sub_(1.0)
