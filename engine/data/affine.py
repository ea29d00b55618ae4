"""Pictures turned, sheared, scaled and shifted as a `Placement` says, or at random as in affNIST."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from engine.data.placement import LEAST_SCALE, MAX_ROTATION, MAX_SHEAR, MOST_SCALE

_INK = 0.05  # brightness from which a pixel belongs to the digit


def transformed(pictures: Tensor, amounts: Tensor) -> Tensor:
    """Pictures [n, C, H, W], 0 for black, each scaled, sheared, turned about its middle, then shifted.

    amounts: [n, 6], `Placement.amounts` of each, or [1, 6] for all. What comes from outside is black; between pixels
    values are interpolated linearly.
    """
    height, width = pictures.shape[-2:]
    rotation, shear, scale_x, scale_y, shift_x, shift_y = amounts.to(pictures.device).expand(len(pictures), 6).T
    cosine, sine = (rotation * (math.pi / 180)).cos(), (rotation * (math.pi / 180)).sin()
    # Forward, with y down: x' = (cos x + sin y) after x + shear y after scale. The sampler wants the way back.
    a, b = cosine * scale_x, (cosine * shear + sine) * scale_y
    c, d = -sine * scale_x, (cosine - sine * shear) * scale_y
    determinant = a * d - b * c
    inverse = torch.stack([torch.stack([d, -b], 1), torch.stack([-c, a], 1)], 1) / determinant[:, None, None]
    offset = -(inverse @ torch.stack([shift_x, shift_y], 1)[:, :, None])
    # Coordinates of the sampler run from -1 to 1 along each side.
    half = torch.tensor([width / 2, height / 2], device=pictures.device)
    theta = torch.cat([inverse * half / half[:, None], offset / half[:, None]], 2)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False)


def distorted(digits: Tensor, generator: Generator, side: int, share: float = 1.0) -> Tensor:
    """Digits [n, 1, h, w], each distorted at random and put anywhere on a black ground [n, 1, side, side].

    `share` of affNIST's ranges is used for rotation, shear and scale; the place is even over all that hold the whole
    digit. A digit larger than the ground keeps its middle.
    """
    count = len(digits)
    signed = 2 * torch.rand(count, 4, generator=generator) - 1
    amounts = torch.zeros(count, 6)
    amounts[:, 0] = MAX_ROTATION * share * signed[:, 0]
    amounts[:, 1] = MAX_SHEAR * share * signed[:, 1]
    amounts[:, 2:4] = 1 + (MOST_SCALE - LEAST_SCALE) / 2 * share * signed[:, 2:]
    # No distortion within the ranges leaves a ground of this length, whatever the picture holds.
    length = digits.shape[-1] * (1 + (MOST_SCALE - 1) * share) * math.hypot(1 + MAX_SHEAR * share, 1)
    ground = max(math.ceil(length), side)
    roomy = transformed(padded(digits, ground + (ground - digits.shape[-1]) % 2), amounts)
    places = torch.rand(count, 2, generator=generator)
    corners = torch.stack([
        _corners((roomy > _INK).any(dim=axis).squeeze(1), side, places[:, number])
        for number, axis in enumerate((3, 2))
    ], 1)
    return windows(F.pad(roomy, [side] * 4), corners + side, side)


def shifted(pictures: Tensor, generator: Generator, side: int, reach: int) -> Tensor:
    """Pictures [n, 1, h, w] on a black ground [n, 1, side, side], each off its middle by up to `reach` whole pixels."""
    corners = torch.randint(2 * reach + 1, (len(pictures), 2), generator=generator)
    return windows(padded(pictures, side + 2 * reach), corners, side)


def padded(pictures: Tensor, side: int) -> Tensor:
    """Pictures [n, 1, h, w] in the middle of a black ground [n, 1, side, side]."""
    height, width = pictures.shape[-2:]
    top, left = (side - height) // 2, (side - width) // 2
    return F.pad(pictures, (left, side - width - left, top, side - height - top))


def windows(pictures: Tensor, corners: Tensor, side: int) -> Tensor:
    """The squares [n, 1, side, side] of pictures [n, 1, H, W] whose upper left corners are int64 [n, 2] (y, x)."""
    run = torch.arange(side)
    rows, columns = corners[:, 0, None] + run, corners[:, 1, None] + run
    return pictures[torch.arange(len(pictures))[:, None, None], 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def _corners(inked: Tensor, side: int, places: Tensor) -> Tensor:
    """Where windows may begin so as to hold all lines that are inked (bool [n, length]); `places` in [0, 1) choose.

    They may reach beyond the lines. Where nothing is inked, or more than a window holds, the middle is kept.
    """
    length = inked.shape[1]
    first = inked.int().argmax(1)
    last = length - 1 - inked.flip(1).int().argmax(1)
    low, high = last + 1 - side, first
    chosen = low + (places * (high - low + 1)).long()
    return torch.where(low > high, (low + high) // 2, chosen)
