"""MultiMNIST: two digits of different classes over each other (Sabour, Frosst and Hinton 2017, section 6).

Each digit is shifted by up to 4 pixels in each direction on a ground of 36 pixels, where boxes of 20 pixels share
73 % of their area on average (the paper says 80 %). Pairs are made when they are asked for, and depend on the generator
alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from engine.data.affine import padded, shifted

SIDE = 36
REACH = 4


@dataclass(frozen=True)
class TwoDigits:
    """pictures: [n, 1, 36, 36] in [0, 1]. parts: each digit alone, [n, 2, 1, 36, 36]. classes: int64 [n, 2]."""

    pictures: Tensor
    parts: Tensor
    classes: Tensor


def overlaid(first: Tensor, second: Tensor) -> Tensor:
    """Two sets of pictures [n, 1, H, W] in [0, 1] over each other: their sum, at most 1."""
    return (first + second).clamp_max(1.0)


class TwoDigitsMaker:
    """Pairs from digits uint8 [n, 28, 28] and their classes int64 [n]."""

    def __init__(self, digits: Tensor, classes: Tensor, class_count: int = 10) -> None:
        """Sorts the digits by class once, so that a partner of another class is one draw away.

        Raises `ValueError` where all are of one class.
        """
        self._digits, self._classes = digits, classes
        self._order = classes.argsort(stable=True)
        self._counts = torch.bincount(classes, minlength=class_count)
        self._starts = self._counts.cumsum(0) - self._counts
        if int((self._counts > 0).sum()) < 2:
            raise ValueError("pairs need digits of two classes or more")

    def pairs(self, count: int, generator: Generator, reach: int = REACH) -> TwoDigits:
        """`count` pairs of any two digits of different classes."""
        return self.with_partners(torch.randint(len(self._digits), (count,), generator=generator), generator, reach)

    def with_partners(self, first: Tensor, generator: Generator, reach: int = REACH) -> TwoDigits:
        """The digits at int64 `first` [n], each with one of another class drawn from the generator."""
        own = self._classes[first]
        others = len(self._digits) - self._counts[own]
        drawn = (torch.rand(len(first), generator=generator, dtype=torch.float64) * others).long()
        # Places from the beginning of the own class on come after it.
        place = torch.where(drawn >= self._starts[own], drawn + self._counts[own], drawn)
        second = self._order[place]
        parts = torch.stack([
            shifted(self._digits[chosen].float().div_(255).unsqueeze(1), generator, SIDE, reach)
            for chosen in (first, second)
        ], 1)
        return TwoDigits(overlaid(parts[:, 0], parts[:, 1]), parts, torch.stack([own, self._classes[second]], 1))


def centred(digits: Tensor) -> Tensor:
    """Digits [n, 1, 28, 28] in the middle of the ground of pairs."""
    return padded(digits, SIDE)
