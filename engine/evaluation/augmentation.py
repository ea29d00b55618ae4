"""Small changes to pictures that leave what they show as it is."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


def moved(pictures: Tensor, generator: Generator, *, rotation: float, shift: float, stretch: float) -> Tensor:
    """Pictures [n, C, H, W] in [-1, 1], each turned, shifted and stretched by random amounts on a black ground.

    The amounts are even up to `rotation` degrees, `shift` pixels and a share `stretch` of the size, either way.
    """
    count, _, height, width = pictures.shape
    amounts = 2 * torch.rand(4, count, generator=generator, device=generator.device) - 1
    angle, across, up, size = amounts.to(pictures.device)
    angle = angle * math.radians(rotation)
    scale = 1 / (1 + stretch * size)
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    # Where each place of the result comes from; coordinates run from -1 to 1.
    theta = torch.stack([
        torch.stack([cosine, -sine, across * (2 * shift / width)], dim=1),
        torch.stack([sine, cosine, up * (2 * shift / height)], dim=1),
    ], dim=1)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    # Outside lies black, which is -1 here and 0 to the sampler.
    return F.grid_sample(pictures + 1, grid, align_corners=False) - 1
