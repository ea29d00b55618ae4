"""Every measurement: one interface, seeds and gradients."""

import subprocess
import sys

import pytest
import torch
from torch import Tensor

from engine.errors import TrainingError
from engine.gan.measurements import MEASUREMENT_NAMES, Measurement, make_measurement

SHAPE = (2, 6, 6)


def made(name: str, strength: float = 0.7, noise: float = 0.1) -> Measurement:
    return make_measurement(name, strength, noise, SHAPE)


def pictures(count: int = 3) -> Tensor:
    return 2 * torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(1), dtype=torch.float64) - 1


def drawn(measurement: Measurement, count: int = 3, seed: int = 2) -> Tensor:
    return measurement.draw(count, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", MEASUREMENT_NAMES)
@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_measured_pictures_have_the_shape_that_was_told(name: str, strength: float) -> None:
    measurement = made(name, strength)
    measured = measurement.apply(pictures().float(), drawn(measurement))
    assert measurement.name == name
    assert measured.shape == (3, *measurement.shape) and measured.dtype == torch.float32
    seen = measurement.picture(measured)
    assert seen.shape == (3, *SHAPE) and float(seen.abs().max()) <= 1


@pytest.mark.parametrize("name", MEASUREMENT_NAMES)
def test_gradient_reaches_the_picture(name: str) -> None:
    measurement = made(name)
    parameters = drawn(measurement, 2).double() if drawn(measurement).is_floating_point() else drawn(measurement, 2)
    images = pictures(2).requires_grad_()
    torch.autograd.gradcheck(lambda x: measurement.apply(x, parameters), images)
    torch.autograd.backward(measurement.apply(images, parameters).sum())
    assert images.grad is not None and images.grad.abs().sum() > 0


@pytest.mark.parametrize("name", MEASUREMENT_NAMES)
def test_seed_decides_the_parameters(name: str) -> None:
    measurement = made(name)
    torch.testing.assert_close(drawn(measurement, 20), drawn(measurement, 20))
    assert not torch.equal(drawn(measurement, 20), drawn(measurement, 20, seed=3))
    before = torch.random.get_rng_state()
    drawn(measurement)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("name", MEASUREMENT_NAMES)
def test_pictures_are_measured_one_by_one(name: str) -> None:
    measurement = made(name)
    images, parameters = pictures(4), drawn(measurement, 4)
    together = measurement.apply(images, parameters)
    alone = torch.cat([measurement.apply(images[k : k + 1], parameters[k : k + 1]) for k in range(4)])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("name", MEASUREMENT_NAMES)
def test_half_precision_of_a_generator_is_accepted_under_autocast(name: str) -> None:
    measurement = made(name)
    images, parameters = pictures().bfloat16(), drawn(measurement)
    with torch.autocast("cpu", torch.bfloat16):
        measured = measurement.apply(images, parameters)
    exact = measurement.apply(images.double(), parameters)
    torch.testing.assert_close(measured.double(), exact, atol=0.05, rtol=0.05)


@pytest.mark.parametrize(
    ("name", "strength", "noise", "shape", "sentence"),
    [
        ("fog", 0.5, 0.0, SHAPE, "no measurement 'fog'"),
        ("block-pixels", 0.5, 0.0, (2,), "Only pictures"),
        ("block-pixels", 1.5, 0.0, SHAPE, "between 0 and 1"),
        ("block-pixels", float("nan"), 0.0, SHAPE, "between 0 and 1"),
        ("convolve-noise", 0.5, -0.1, SHAPE, "at least 0"),
        ("convolve-noise", 0.5, float("inf"), SHAPE, "at least 0"),
    ],
)
def test_what_cannot_be_is_refused(
    name: str, strength: float, noise: float, shape: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(TrainingError, match=sentence):
        make_measurement(name, strength, noise, shape)


def test_names_are_known_without_torch() -> None:
    code = "import sys, engine.gan.measurements; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
