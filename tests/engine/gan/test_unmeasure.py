"""The baselines that undo a measurement, against scipy, scikit-image and what is known of the answer."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from skimage.restoration import wiener
from torch import Tensor

from engine.errors import TrainingError
from engine.gan.measurements import MEASUREMENT_NAMES, Measurement, make_measurement
from engine.gan.measurements.convolution import ConvolveNoise, gaussian
from engine.gan.measurements.masks import BlockPixels, KeepPatch
from engine.gan.unmeasure import MASK_METHODS, methods_for, unmeasure

SHAPE = (1, 20, 20)


def discs(count: int = 4) -> Tensor:
    """Smooth white discs on black, each elsewhere."""
    rows, columns = torch.meshgrid(torch.arange(20.0), torch.arange(20.0), indexing="ij")
    pictures = [2 * torch.sigmoid(12 - 2 * torch.hypot(rows - 8 - k, columns - 11 + k)) - 1 for k in range(count)]
    return torch.stack(pictures)[:, None]


def measured(measurement: Measurement, images: Tensor) -> tuple[Tensor, Tensor]:
    parameters = measurement.draw(len(images), torch.Generator().manual_seed(1))
    return measurement.apply(images, parameters), parameters


def error(left: Tensor, right: Tensor) -> float:
    return float((left - right).square().mean())


@pytest.mark.parametrize("method", MASK_METHODS)
@pytest.mark.parametrize("name", ["block-pixels", "block-patch", "keep-patch"])
def test_inpainting_keeps_what_is_seen_and_stays_in_range(name: str, method: str) -> None:
    measurement = make_measurement(name, 0.4, 0.0, SHAPE)
    lossy, parameters = measured(measurement, discs())
    restored = unmeasure(measurement, lossy, parameters, method)
    seen = measurement.mask(parameters)  # type: ignore[attr-defined]
    assert torch.equal(restored[seen], lossy[seen])
    assert restored.shape == lossy.shape and float(restored.abs().max()) <= 1


@pytest.mark.parametrize("method", MASK_METHODS)
def test_inpainting_comes_close_to_the_picture(method: str) -> None:
    measurement = BlockPixels(SHAPE, 0.5)
    lossy, parameters = measured(measurement, discs())
    assert error(unmeasure(measurement, lossy, parameters, method), discs()) < 0.1 * error(lossy, discs())


def test_blur_is_a_weighted_mean_of_what_is_seen() -> None:
    seen = torch.zeros(1, 1, 1, 3, dtype=torch.bool)
    seen[..., [0, 2]] = True
    line = torch.tensor([[[[0.2, -1.0, 0.8]]]])
    assert float(unmeasure(BlockPixels((1, 1, 3), 0.5), line, seen)[0, 0, 0, 1]) == pytest.approx(0.5)


def test_blur_reaches_far_and_leaves_a_picture_of_which_nothing_is_seen_black() -> None:
    measurement = BlockPixels(SHAPE, 0.5)
    one = torch.zeros(2, 1, 20, 20, dtype=torch.bool)
    one[0, 0, 0, 0] = True
    lossy = measurement.apply(torch.full((2, *SHAPE), 0.5), one)
    restored = unmeasure(measurement, lossy, one, "blur")
    torch.testing.assert_close(restored[0], torch.full(SHAPE, 0.5))
    assert (restored[1] == -1).all()


def total_variation(picture: Tensor) -> float:
    down, right = np.zeros((2, *picture.shape))
    down[:-1] = np.diff(picture.double().numpy(), axis=0)
    right[:, :-1] = np.diff(picture.double().numpy(), axis=1)
    return float(np.hypot(down, right).sum())


def test_total_variation_is_the_least_that_scipy_finds() -> None:
    generator = torch.Generator().manual_seed(2)
    picture = 2 * torch.rand((1, 1, 5, 5), generator=generator) - 1
    seen = torch.rand((1, 1, 5, 5), generator=generator) > 0.5
    found = unmeasure(BlockPixels((1, 5, 5), 0.5), torch.where(seen, picture, -1.0), seen, "total variation")[0, 0]
    hidden = ~seen[0, 0]

    def smoothed(values: NDArray[np.float64]) -> float:
        whole = picture[0, 0].double().numpy().copy()
        whole[hidden.numpy()] = values
        down, right = np.zeros((2, 5, 5))
        down[:-1], right[:, :-1] = np.diff(whole, axis=0), np.diff(whole, axis=1)
        return float(np.sqrt(down**2 + right**2 + 1e-8).sum())

    best = minimize(smoothed, found[hidden].double().numpy(), method="L-BFGS-B", options={"maxiter": 500})
    from_zero = minimize(smoothed, np.zeros(int(hidden.sum())), method="L-BFGS-B", options={"maxiter": 500})
    assert total_variation(found) <= min(best.fun, from_zero.fun) + 1e-2


def test_biharmonic_leaves_a_picture_of_which_nothing_is_seen_black() -> None:
    measurement = BlockPixels(SHAPE, 1.0)
    lossy, parameters = measured(measurement, discs(1))
    assert (unmeasure(measurement, lossy, parameters, "biharmonic") == -1).all()


def test_wiener_is_that_of_scikit_image_on_a_wide_margin() -> None:
    measurement = ConvolveNoise(SHAPE, 1.0, 0.1)
    lossy, parameters = measured(measurement, discs(1))
    found = (unmeasure(measurement, lossy, parameters)[0, 0].numpy() + 1) / 2
    reach = len(gaussian(1.0)) // 2
    brightness = (lossy[0, 0].double().numpy() + 1) / 2
    signal = np.mean(brightness**2) - 0.01
    weights = np.outer(gaussian(1.0), gaussian(1.0))
    padded = np.pad(brightness, (0, 2 * reach))
    alike: NDArray[np.complex128] = np.ones((26, 14), complex)  # a regulariser's spectrum that damps all frequencies
    restore: Callable[..., NDArray[np.float64]] = wiener
    expected = restore(padded, weights, 0.01 / signal + 1e-6, reg=alike, clip=False)[:20, :20]
    np.testing.assert_allclose(found, expected.clip(0, 1), atol=1e-4)


def test_wiener_sharpens_and_without_noise_restores() -> None:
    clean = ConvolveNoise(SHAPE, 1.0, 0.0)
    lossy, parameters = measured(clean, discs())
    assert error(unmeasure(clean, lossy, parameters), discs()) < 0.15 * error(lossy, discs())
    noisy = ConvolveNoise(SHAPE, 1.0, 0.5)
    lossy, parameters = measured(noisy, discs())
    assert error(unmeasure(noisy, lossy, parameters), discs()) < 0.5 * error(lossy, discs())


@pytest.mark.parametrize("name", ["block-pixels", "keep-patch", "convolve-noise"])
def test_result_is_the_same_in_portions(name: str) -> None:
    measurement = make_measurement(name, 0.6, 0.2, SHAPE)
    lossy, parameters = measured(measurement, discs())
    for method in methods_for(measurement):
        whole = unmeasure(measurement, lossy, parameters, method)
        parts = [unmeasure(measurement, lossy[k : k + 1], parameters[k : k + 1], method) for k in range(4)]
        torch.testing.assert_close(whole, torch.cat(parts))


@pytest.mark.parametrize("name", MEASUREMENT_NAMES)
def test_where_nothing_is_known_it_says_so(name: str) -> None:
    measurement = make_measurement(name, 0.5, 0.1, SHAPE)
    if name in ("block-pixels", "block-patch", "keep-patch", "convolve-noise"):
        assert methods_for(measurement)
        return
    lossy, parameters = measured(measurement, discs(1))
    with pytest.raises(TrainingError, match=f"undoes {name};"):
        unmeasure(measurement, lossy, parameters)


def test_a_method_of_another_measurement_is_refused() -> None:
    lossy, parameters = measured(KeepPatch(SHAPE, 5), discs(1))
    with pytest.raises(TrainingError, match="choose one of blur"):
        unmeasure(KeepPatch(SHAPE, 5), lossy, parameters, "wiener")
