"""Undoing a measurement as well as can be without knowing what pictures look like: AmbientGAN's stronger baseline.

Bora, Price and Dimakis (2018, section 4) train on what these give back. It is the same each time, since nothing here is
random, and a picture's result does not depend on the others of its batch; a data set can go through in portions.

| method | for | how | cost on one core, 28 x 28 |
|---|---|---|---|
| blur | hidden pixels | weighted mean of the seen pixels around, as near as there are any | 0.1 to 0.2 ms |
| total variation | hidden pixels | least total variation that agrees with what is seen | 2 to 3 ms |
| biharmonic | hidden pixels | scikit-image's inpainting by a smooth surface | 7 to 50 ms |
| wiener | convolve-noise | division by the blur's spectrum, damped by the share of noise | 0.03 ms |
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from engine.errors import TrainingError
from engine.gan.measurements import Measurement
from engine.gan.measurements.convolution import ConvolveNoise, blurred, gaussian
from engine.gan.measurements.masks import Mask

MASK_METHODS = ("blur", "total variation", "biharmonic")
METHODS = (*MASK_METHODS, "wiener")
TOTAL_VARIATION_STEPS = 300
# Least mean square of a picture's brightness: 100 times less than that of a handwritten digit.
_LEAST_POWER = 1e-3


def unmeasure(measurement: Measurement, measured: Tensor, parameters: Tensor, method: str = "") -> Tensor:
    """Pictures [n, C, H, W] in [-1, 1] from measured ones [n, C, H, W] and the n parameters they were measured with.

    `method` is one of `methods_for(measurement)`; left out, it is the first of them. Raises `TrainingError` where
    nothing can undo the measurement, or not by that method.
    """
    method = method or methods_for(measurement)[0]
    if method not in methods_for(measurement):
        known = ", ".join(methods_for(measurement))
        raise TrainingError(f"{measurement.name} cannot be undone by {method!r}; choose one of {known}.")
    with torch.no_grad():
        images = measured.float()
        if isinstance(measurement, ConvolveNoise):
            return _wiener(images, measurement).clamp(-1.0, 1.0)
        assert isinstance(measurement, Mask)
        seen = measurement.mask(parameters).to(images.device)
        inpaint = {"blur": _blurred_in, "total variation": _least_variation, "biharmonic": _biharmonic}[method]
        return torch.where(seen, images, inpaint(images, seen)).clamp(-1.0, 1.0)


def methods_for(measurement: Measurement) -> tuple[str, ...]:
    """The methods that can undo this measurement, the quickest first; raises `TrainingError` if there are none."""
    if isinstance(measurement, Mask):
        return MASK_METHODS
    if isinstance(measurement, ConvolveNoise):
        return ("wiener",)
    raise TrainingError(
        f"Nothing is known that undoes {measurement.name}; learn from the measurements (ambient), or choose another "
        f"measurement."
    )


def _blurred_in(images: Tensor, seen: Tensor) -> Tensor:
    """Normalised convolution: the blurred picture over the blurred mask; wider blurs where nothing seen is near."""
    known = seen.to(images)
    filled = torch.full_like(images, -1.0)
    missing = torch.ones_like(seen)
    deviation = 1.0
    while missing.any() and deviation <= 2 * max(images.shape[2:]):
        weight = blurred(known, deviation)
        # What one seen pixel weighs two deviations away.
        least = math.exp(-2) * float(gaussian(deviation).max()) ** 2
        near = missing & (weight > least)
        filled = torch.where(near, blurred(images * known, deviation) / weight.clamp(min=least), filled)
        missing = missing & ~near
        deviation *= 2
    return filled


def _least_variation(images: Tensor, seen: Tensor) -> Tensor:
    """min over x of sum |grad x| with x = y where seen (isotropic, per channel), by Chambolle and Pock (2011, alg. 1).

    The dual variable [2, n, C, H, W] stays in the unit disc; steps of 0.35 satisfy tau sigma |grad|^2 <= 1, since
    |grad|^2 <= 8.
    """
    step = 0.35
    picture = torch.where(seen, images, _blurred_in(images, seen))
    lead = picture
    dual = picture.new_zeros((2, *picture.shape))
    for _ in range(TOTAL_VARIATION_STEPS):
        dual = dual + step * _gradient(lead)
        dual = dual / dual.square().sum(dim=0).sqrt().clamp(min=1.0)
        last = picture
        picture = torch.where(seen, images, picture + step * _divergence(dual))
        lead = 2 * picture - last
    return picture


def _gradient(picture: Tensor) -> Tensor:
    """Forward differences down and to the right, 0 at the last row and column: [2, ...]."""
    gradient = picture.new_zeros((2, *picture.shape))
    gradient[0, ..., :-1, :] = picture[..., 1:, :] - picture[..., :-1, :]
    gradient[1, ..., :-1] = picture[..., 1:] - picture[..., :-1]
    return gradient


def _divergence(dual: Tensor) -> Tensor:
    """Minus the adjoint of `_gradient`."""
    divergence = torch.zeros_like(dual[0])
    divergence[..., :-1, :] += dual[0, ..., :-1, :]
    divergence[..., 1:, :] -= dual[0, ..., :-1, :]
    divergence[..., :-1] += dual[1, ..., :-1]
    divergence[..., 1:] -= dual[1, ..., :-1]
    return divergence


def _biharmonic(images: Tensor, seen: Tensor) -> Tensor:
    from skimage.restoration import inpaint_biharmonic

    pictures, hidden = images.cpu().numpy(), ~seen[:, 0].cpu().numpy()
    filled = np.full_like(pictures, -1.0)
    for index, (picture, mask) in enumerate(zip(pictures, hidden, strict=True)):
        if not mask.all():
            filled[index] = inpaint_biharmonic(picture, mask, channel_axis=0)
    return torch.from_numpy(filled).to(images.device)


def _wiener(images: Tensor, measurement: ConvolveNoise) -> Tensor:
    """Y conj(H) / (|H|^2 + N / S) with the spectra Y of the picture and H of the blur.

    N is the power of the noise and S that of the signal, which is what each picture has beyond the noise; as in the
    authors' code, their ratio is taken to be the same for all frequencies.
    """
    brightness = (images + 1) / 2
    weights = gaussian(measurement.blur).to(images)
    reach = len(weights) // 2
    height, width = (length + 2 * reach for length in images.shape[2:])
    kernel = images.new_zeros((height, width))
    kernel[: len(weights), : len(weights)] = weights[:, None] * weights
    blur = torch.fft.rfft2(kernel.roll((-reach, -reach), dims=(0, 1)))
    noise = measurement.noise**2
    signal = (brightness.square().mean(dim=(1, 2, 3), keepdim=True) - noise).clamp(min=_LEAST_POWER)
    spectrum = torch.fft.rfft2(brightness, s=(height, width))
    damped = spectrum * blur.conj() / (blur.abs().square() + noise / signal + 1e-6)
    restored: Tensor = torch.fft.irfft2(damped, s=(height, width))
    return 2 * restored[..., : images.shape[2], : images.shape[3]] - 1
