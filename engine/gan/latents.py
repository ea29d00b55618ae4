"""The noise z that a generator makes samples of: draws of it, and ways from one to another."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

LATENT_KINDS = ("normal", "uniform")  # standard normal, or even in [-1, 1]; each dimension by itself


def draw_latents(count: int, size: int, kind: str, generator: Generator) -> Tensor:
    """z [count, size] of a kind of `LATENT_KINDS`, on the generator's device."""
    if kind == "uniform":
        return torch.rand(count, size, generator=generator, device=generator.device) * 2 - 1
    return torch.randn(count, size, generator=generator, device=generator.device)


def between(first: Tensor, last: Tensor, steps: int, kind: str) -> Tensor:
    """From rows of `first` to rows of `last` [n, d], both ends included: [n, steps, d].

    Normal latents go along great circles, their lengths changing evenly (White 2016, "Sampling Generative Networks"):
    the straight line leads through lengths that they hardly ever have. Uniform ones go straight.
    """
    shares = torch.linspace(0, 1, steps, device=first.device)[None, :, None]
    if kind == "uniform":
        return torch.lerp(first[:, None], last[:, None], shares)
    return _slerp(first, last, shares)


def _slerp(first: Tensor, last: Tensor, shares: Tensor) -> Tensor:
    a, b = first.norm(dim=1)[:, None, None], last.norm(dim=1)[:, None, None]
    # The origin has no direction; as 0 it lets the other end keep its own.
    u, v = first[:, None] / a.clamp(min=1e-12), last[:, None] / b.clamp(min=1e-12)
    angle = (u * v).sum(dim=2, keepdim=True).clamp(-0.9999, 0.9999).arccos()
    direction = (torch.sin((1 - shares) * angle) * u + torch.sin(shares * angle) * v) / torch.sin(angle)
    way: Tensor = direction * (a * (1 - shares) + b * shares)
    return way
