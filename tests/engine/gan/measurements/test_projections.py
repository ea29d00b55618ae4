"""Projections by hand and against scipy's rotation."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from engine.gan.measurements.projections import GaussianProjection, PadRotateProject

SHAPE = (1, 8, 8)


def spot() -> torch.Tensor:
    """One smooth bright spot off the middle, on black."""
    rows, columns = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    return 2 * torch.exp(-((rows - 9) ** 2 + (columns - 18) ** 2) / 18)[None, None] - 1


@pytest.mark.parametrize(("side", "padded"), [(28, 40), (64, 92), (32, 46)])
def test_padding_holds_the_diagonal_as_in_the_paper_s_code(side: int, padded: int) -> None:
    assert PadRotateProject((1, side, side), 1, False).shape == (padded,)
    assert PadRotateProject((3, side, side), 2, True).shape == (2 * 3 * padded + 4,)


def test_without_a_turn_the_columns_are_summed() -> None:
    measurement = PadRotateProject(SHAPE, 1, False)
    image = 2 * torch.rand((1, *SHAPE), generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    sums = measurement.apply(image, torch.zeros(1, 1))[0]
    edge = (len(sums) - 8) // 2
    torch.testing.assert_close(sums[edge : edge + 8], ((image[0, 0] + 1) / 2).sum(dim=0) / 8)
    assert not sums[:edge].any() and not sums[edge + 8 :].any()


def test_a_quarter_turn_sums_the_rows() -> None:
    measurement = PadRotateProject(SHAPE, 2, False)
    image = 2 * torch.rand((1, *SHAPE), generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    angles = torch.tensor([[math.pi / 2, -math.pi / 2]], dtype=torch.float64)
    one, other = measurement.apply(image, angles)[0].chunk(2)
    edge = (len(one) - 8) // 2
    rows = ((image[0, 0] + 1) / 2).sum(dim=1) / 8
    torch.testing.assert_close(one[edge : edge + 8], rows)
    torch.testing.assert_close(other[edge : edge + 8], rows.flip(0))


@pytest.mark.parametrize("theta", [0.3, -1.1, 2.5])
def test_turn_is_that_of_scipy(theta: float) -> None:
    measurement = PadRotateProject((1, 28, 28), 1, False)
    sums = measurement.apply(spot().double(), torch.tensor([[theta]], dtype=torch.float64))[0]
    padded = np.pad((spot()[0, 0].double().numpy() + 1) / 2, 6)
    turned = ndimage.rotate(padded, math.degrees(theta), reshape=False, order=1)
    np.testing.assert_allclose(sums.numpy() * 28, turned.sum(axis=0), atol=1e-9)


def test_no_light_is_lost_by_turning() -> None:
    measurement = PadRotateProject((1, 28, 28), 1, False)
    angles = measurement.draw(20, torch.Generator().manual_seed(0))
    assert float(angles.min()) >= -math.pi and float(angles.max()) <= math.pi and float(angles.std()) > 1
    sums = measurement.apply(spot().expand(20, -1, -1, -1), angles).sum(dim=1) * 28
    torch.testing.assert_close(sums, ((spot() + 1) / 2).sum().expand(20), rtol=0.01, atol=0)


def test_theta_follows_the_sums() -> None:
    angles = torch.tensor([[0.4, 2.0]])
    with_theta, without = PadRotateProject(SHAPE, 2, True), PadRotateProject(SHAPE, 2, False)
    image = torch.zeros(1, *SHAPE)
    measured = with_theta.apply(image, angles)
    torch.testing.assert_close(measured[:, :-4], without.apply(image, angles))
    torch.testing.assert_close(measured[:, -4:], torch.cat([angles.cos(), angles.sin()], dim=1))


def test_bands_show_the_sums_of_each_angle() -> None:
    measurement = PadRotateProject(SHAPE, 2, True)
    measured = torch.zeros(1, *measurement.shape)
    measured[:, : measurement._width] = 1.0
    seen = measurement.picture(measured)[0, 0]
    assert (seen[:4] == 1).all() and (seen[4:] == -1).all()


def test_gaussian_products_by_hand() -> None:
    measurement = GaussianProjection((1, 2, 2), 2)
    theta = torch.tensor([[[1.0, 0, 0, 0], [1.0, 2, 3, 4]]])
    image = torch.tensor([[[[1.0, -1.0], [0.0, 1.0]]]])  # brightness 1, 0, 1/2, 1
    measured = measurement.apply(image, theta)
    assert measured.shape == (1, *measurement.shape)
    assert measured[0, :2].tolist() == pytest.approx([1 / 2, (1 + 1.5 + 4) / 2])
    torch.testing.assert_close(measured[0, 2:], theta.flatten())


def test_gaussian_directions_are_standard_normal() -> None:
    theta = GaussianProjection((1, 10, 10), 3).draw(30, torch.Generator().manual_seed(0))
    assert theta.shape == (30, 3, 100)
    assert float(theta.std()) == pytest.approx(1, abs=0.03) and abs(float(theta.mean())) < 0.03
