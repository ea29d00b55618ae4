"""Where the numbers of a class's capsule lie in data: how far each of them can be bent before no picture is like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.affine import padded
from engine.data.digits import SIDE, open_digits

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel

Array = NDArray[np.float32]
Labels = NDArray[np.int64]

PERCENTILES = (1.0, 50.0, 99.0)


def held_out_digits(side: int, count: int) -> tuple[Array, Labels]:
    """The first `count` test digits of MNIST in the middle of a ground: [n, side, side] in [0, 1], classes [n].

    Raises `BadFileError` when the digits are missing, and `ValueError` for a ground that is smaller than a digit.
    """
    if side < SIDE:
        raise ValueError(f"a digit has {SIDE} pixels a side, the ground {side}")
    digits = open_digits()
    pictures = torch.from_numpy(digits.kept[:count]).float().div_(255)
    return padded(pictures, side)[:, 0].numpy(), digits.kept_labels[:count].copy()


def own_capsules(model: CapsuleModel, pictures: Array, labels: Labels) -> Array:
    """The capsule v_j of each picture's own class: pictures [n, S, S] in [0, 1], labels [n] -> [n, d]."""
    found: Array = model.capsules(pictures)[np.arange(len(labels)), labels]
    return found


def dimension_ranges(capsules: Array, labels: Labels, class_count: int) -> Array:
    """The `PERCENTILES` of each number of each class: capsules [n, d] of classes [n] -> [class, d, 3].

    A class without an example has NaN.
    """
    ranges = np.full((class_count, capsules.shape[1], len(PERCENTILES)), np.nan, np.float32)
    for index in range(class_count):
        own = capsules[labels == index]
        if len(own):
            ranges[index] = np.percentile(own, PERCENTILES, axis=0).T
    return ranges
