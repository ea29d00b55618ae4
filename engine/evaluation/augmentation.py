"""Small changes to pictures that leave what they show as it is."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from engine.data.affine import transformed


def moved(pictures: Tensor, generator: Generator, *, rotation: float, shift: float, stretch: float) -> Tensor:
    """Pictures [n, C, H, W] in [-1, 1], each turned, shifted and stretched by random amounts on a black ground.

    The amounts are even up to `rotation` degrees, `shift` pixels and a share `stretch` of the size, either way.
    """
    amounts = 2 * torch.rand(4, len(pictures), generator=generator, device=generator.device) - 1
    angle, across, up, size = amounts.to(pictures.device)
    scale = 1 + stretch * size
    nothing = torch.zeros_like(angle)
    placed = torch.stack([angle * rotation, nothing, scale, scale, across * shift, up * shift], dim=1)
    # Outside lies black, which is -1 here and 0 to the sampler.
    return transformed(pictures + 1, placed) - 1
