"""The losses of capsule networks (Sabour, Frosst and Hinton 2017, sections 3 and 4.1)."""

from __future__ import annotations

from torch import Tensor

PRESENT, ABSENT, ABSENT_WEIGHT = 0.9, 0.1, 0.5  # m+, m- and lambda of equation 4
RECONSTRUCTION_WEIGHT = 0.0005


def margin_loss(lengths: Tensor, present: Tensor) -> Tensor:
    """Equation 4, summed over the classes and averaged over the pictures.

    lengths: of the digit capsules, [n, j]. present: 1 for each class that a picture shows and 0 for the others, [n, j].
    """
    too_short = (PRESENT - lengths).clamp_min(0).square()
    too_long = (lengths - ABSENT).clamp_min(0).square()
    return (present * too_short + ABSENT_WEIGHT * (1 - present) * too_long).sum(dim=1).mean()


def squared_error(reconstructions: Tensor, pictures: Tensor) -> Tensor:
    """The sum of squared differences of the pixels, in [0, 1], averaged over the pictures [n, C, H, W]."""
    return (reconstructions - pictures).square().flatten(1).sum(dim=1).mean()
