"""Pictures are placed as SciPy places them, and at random within the ranges, whole."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter
from torch import Generator, Tensor

from engine.data.affine import distorted, padded, shifted, transformed, windows
from engine.data.placement import Placement


def blob(height: int = 28, width: int = 28) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    inner = gaussian_filter(rng.random((height - 12, width - 12)), 1.0)
    return np.pad(inner / inner.max(), 6)


def by_scipy(picture: NDArray[np.float64], placement: Placement) -> NDArray[np.float64]:
    """Scale, then shear, then turn, then shift, as four matrices on (x, y) about the middle; y points down."""
    turn = math.radians(placement.rotation)
    rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    shear, scale = np.array([[1, placement.shear], [0, 1]]), np.diag([placement.scale_x, placement.scale_y])
    swap = np.array([[0, 1], [1, 0]])  # SciPy counts rows first
    back = swap @ np.linalg.inv(rotation @ shear @ scale) @ swap
    middle = (np.array(picture.shape) - 1) / 2
    shift = np.array([placement.shift_y, placement.shift_x])
    # Grid-constant: beyond the border the picture goes on in black, between pixels as within.
    return np.asarray(
        affine_transform(picture, back, middle - back @ (middle + shift), order=1, mode="grid-constant"), np.float64
    )


@pytest.mark.parametrize(
    "placement",
    [
        Placement(), Placement(rotation=30), Placement(shear=0.3), Placement(scale_x=1.3, scale_y=0.7),
        Placement(shift_x=3, shift_y=-2), Placement(shift_x=0.5), Placement(25, -0.2, 1.2, 0.8, 4.5, -3.25),
        Placement(-170, 0.4, 0.6, 1.5, -9, 7),
    ],
)
@pytest.mark.parametrize("shape", [(28, 28), (30, 41)])
def test_transformed_as_by_scipy(placement: Placement, shape: tuple[int, int]) -> None:
    picture = blob(*shape)
    given = torch.from_numpy(picture).float()[None, None]
    made = transformed(given, torch.tensor([placement.amounts]))
    np.testing.assert_allclose(made[0, 0].numpy(), by_scipy(picture, placement), atol=2e-4)


def test_each_picture_has_its_own_placement() -> None:
    placements = [Placement(rotation=90), Placement(shift_y=5)]
    pictures = torch.from_numpy(blob()).float().expand(2, 1, 28, 28)
    made = transformed(pictures, torch.tensor([placement.amounts for placement in placements]))
    torch.testing.assert_close(made[0, 0], pictures[0, 0].rot90(), atol=1e-4, rtol=0)  # counter-clockwise
    torch.testing.assert_close(made[1, 0, 5:], pictures[1, 0, :-5], atol=1e-4, rtol=0)


def test_padded_keeps_the_middle_and_windows_cut() -> None:
    picture = torch.rand(1, 1, 4, 4, generator=Generator().manual_seed(0))
    ground = padded(picture, 8)
    assert torch.equal(ground[..., 2:6, 2:6], picture) and ground.sum() == picture.sum()
    assert torch.equal(padded(ground, 4), picture)
    assert torch.equal(windows(ground, torch.tensor([[1, 3]]), 5), ground[..., 1:6, 3:8])


@pytest.mark.parametrize(("side", "reach"), [(36, 4), (28, 2), (29, 3), (40, 0), (40, 16)])
def test_shifts_are_even_over_all_places_and_lose_nothing_that_fits(side: int, reach: int) -> None:
    dot = torch.zeros(6000, 1, 28, 28)
    dot[..., 13, 11] = 1.0
    made = shifted(dot, Generator().manual_seed(1), side, reach)
    margin = (side - 28) // 2
    places = made[:, 0].nonzero()
    assert made.shape == (6000, 1, side, side) and len(places) == 6000
    for axis, middle in ((1, 13 + margin), (2, 11 + margin)):
        counts = torch.bincount(places[:, axis] - middle + reach, minlength=2 * reach + 1)
        assert len(counts) == 2 * reach + 1
        expected = 6000 / (2 * reach + 1)
        assert (counts - expected).abs().max() < 5 * math.sqrt(expected) + 1e-9
    if margin >= reach:
        full = torch.rand(20, 1, 28, 28, generator=Generator().manual_seed(2))
        torch.testing.assert_close(shifted(full, Generator().manual_seed(3), side, reach).sum((1, 2, 3)),
                                   full.sum((1, 2, 3)))


def squares(count: int, margin: int) -> Tensor:
    made = torch.zeros(count, 1, 28, 28)
    made[..., margin : 28 - margin, margin : 28 - margin] = 1.0
    return made


@pytest.mark.parametrize(("margin", "side", "share"), [(4, 40, 1.0), (4, 56, 2.0), (0, 60, 1.0), (9, 28, 0.5)])
def test_distorted_digits_are_whole(margin: int, side: int, share: float) -> None:
    made = distorted(squares(300, margin), Generator().manual_seed(1), side, share)
    area = made.sum((1, 2, 3)) / (28 - 2 * margin) ** 2
    # What is turned and sheared keeps its area; the scale of each axis is what changes it.
    assert area.min() > (1 - 0.2 * share) ** 2 * 0.98 and area.max() < (1 + 0.2 * share) ** 2 * 1.02
    assert area.std() > 0.05 * share


def test_distorted_digits_lie_anywhere_and_blank_ones_in_the_middle() -> None:
    off_the_middle = squares(3000, 11).roll((-8, 9), (2, 3))
    for pictures in (squares(3000, 11), off_the_middle):
        made = distorted(pictures, Generator().manual_seed(1), 28, 0.0)
        for axis in (1, 2):
            first = (made[:, 0] > 0.5).any(3 - axis).int().argmax(1)
            counts = torch.bincount(first, minlength=23)
            assert len(counts) == 23 and (counts - 3000 / 23).abs().max() < 5 * math.sqrt(3000 / 23)
    assert not distorted(torch.zeros(2, 1, 28, 28), Generator().manual_seed(1), 40).any()
    large = distorted(squares(4, 0), Generator().manual_seed(1), 20, 0.0)
    assert torch.equal(large, torch.ones(4, 1, 20, 20))


def test_the_generator_alone_decides() -> None:
    pictures = squares(5, 6)
    first = distorted(pictures, Generator().manual_seed(4), 40)
    assert torch.equal(first, distorted(pictures, Generator().manual_seed(4), 40))
    assert not torch.equal(first, distorted(pictures, Generator().manual_seed(5), 40))


def test_a_placement_is_six_numbers() -> None:
    assert replace(Placement(), rotation=1.0, shift_y=2.0).amounts == (1.0, 0.0, 1.0, 1.0, 0.0, 2.0)
