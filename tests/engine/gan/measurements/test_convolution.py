"""Blur and noise against scipy and by hand."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from engine.gan.measurements.convolution import ConvolveNoise, blurred, gaussian

SHAPE = (2, 9, 11)


def images() -> torch.Tensor:
    return 2 * torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1


@pytest.mark.parametrize("deviation", [0.5, 1.0, 2.0])
def test_blur_is_that_of_scipy_with_black_around(deviation: float) -> None:
    measurement = ConvolveNoise(SHAPE, deviation, 0.0)
    measured = measurement.apply(images(), torch.zeros(3, *SHAPE))
    brightness = (images().numpy() + 1) / 2
    radius = len(gaussian(deviation)) // 2
    expected = ndimage.gaussian_filter(brightness, deviation, mode="constant", radius=radius, axes=(2, 3))
    np.testing.assert_allclose(measured.numpy(), 2 * expected - 1, atol=1e-12)


def test_no_blur_and_no_noise_leave_the_picture() -> None:
    measurement = ConvolveNoise(SHAPE, 0.0, 0.0)
    parameters = measurement.draw(3, torch.Generator().manual_seed(1))
    torch.testing.assert_close(measurement.apply(images(), parameters), images())


def test_noise_has_its_deviation_in_brightness() -> None:
    measurement = ConvolveNoise((1, 30, 30), 0.0, 0.3)
    noise = measurement.draw(50, torch.Generator().manual_seed(1))
    assert float(noise.std()) == pytest.approx(0.3, rel=0.02) and abs(float(noise.mean())) < 0.01
    measured = measurement.apply(torch.zeros(50, 1, 30, 30), noise)
    torch.testing.assert_close(measured, 2 * noise)


def test_weights_are_odd_in_number_and_sum_to_one() -> None:
    for deviation in (0.0, 0.1, 1.0, 3.3):
        weights = gaussian(deviation)
        assert len(weights) % 2 == 1 and float(weights.sum()) == pytest.approx(1)
        torch.testing.assert_close(weights, weights.flip(0))


def test_blur_keeps_the_channels_apart() -> None:
    picture = torch.zeros(1, 2, 9, 9)
    picture[0, 0, 4, 4] = 1
    spread = blurred(picture, 1.0)
    assert float(spread[0, 0].sum()) == pytest.approx(1) and not spread[0, 1].any()
