"""What the numbers of a digit capsule mean: change one and look (Sabour, Frosst and Hinton 2017, section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.capsules.network import CapsNet


def perturbed(capsule: Tensor, offsets: Sequence[float]) -> Tensor:
    """A capsule [d] with each offset added to each dimension alone: [d, offsets, d]."""
    size = len(capsule)
    steps = torch.tensor(offsets, dtype=capsule.dtype, device=capsule.device)
    return capsule + torch.eye(size, dtype=capsule.dtype, device=capsule.device)[:, None] * steps[:, None]


def swept(network: CapsNet, capsules: Tensor, shown: int, offsets: Sequence[float]) -> Tensor:
    """The paper's figure: what the capsule of class `shown` in capsules [j, d] looks like as each dimension changes.

    Returns pictures in [0, 1]: [d, offsets, 1, S, S].
    """
    bent = perturbed(capsules[shown], offsets).flatten(0, 1)
    all_capsules = capsules.new_zeros(len(bent), *capsules.shape)
    all_capsules[:, shown] = bent
    classes = torch.full((len(bent),), shown, device=capsules.device)
    made = network.reconstruct(all_capsules, classes)
    return made.view(len(capsules[shown]), len(offsets), *made.shape[1:])
