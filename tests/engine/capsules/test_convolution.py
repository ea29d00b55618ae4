"""Products of windows and kernels are the convolution, and their gradients its gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.capsules.convolution import WindowConv2d, windows


def pair(stride: int, kernel: tuple[int, int], *, bias: bool) -> tuple[nn.Conv2d, WindowConv2d]:
    """torch's layer and ours with the same weights, in float64."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = nn.Conv2d(3, 5, kernel, stride, bias=bias).double()
    ours = WindowConv2d(3, 5, kernel, stride, bias=bias).double()
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def gradients(layer: nn.Conv2d, pictures: Tensor, weights: Tensor) -> list[Tensor]:
    leaf = pictures.clone().requires_grad_()
    (layer(leaf) * weights).sum().backward()
    found = [leaf.grad, *(parameter.grad for parameter in layer.parameters())]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("count", [1, 25, 57])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_values_and_gradients_are_those_of_torch(
    count: int, stride: int, bias: bool, layout: torch.memory_format
) -> None:
    theirs, ours = pair(stride, (3, 4), bias=bias)
    draw = torch.Generator().manual_seed(1)
    pictures = torch.rand(count, 3, 9, 12, generator=draw, dtype=torch.float64).contiguous(memory_format=layout)
    expected = theirs(pictures)
    torch.testing.assert_close(ours(pictures), expected, rtol=0, atol=1e-12)
    weights = torch.rand(expected.shape, generator=draw, dtype=torch.float64)
    wanted, found = gradients(theirs, pictures, weights), gradients(ours, pictures, weights)
    assert len(found) == len(wanted) == 2 + bias
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-5)  # parts of a kernel's gradient add up in float32


def test_low_precision_is_as_close_as_torch_is() -> None:
    theirs, ours = pair(2, (9, 9), bias=True)
    pictures = torch.rand(30, 3, 20, 20, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    exact = theirs(pictures)
    weights = torch.rand(exact.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    truth = gradients(theirs, pictures, weights)
    errors = []
    for layer in (theirs, ours):
        layer.zero_grad()
        layer.float()
        with torch.autocast("cpu", torch.bfloat16):
            made = layer(pictures.float())
            assert made.dtype == torch.bfloat16
            found = gradients(layer, pictures.float(), weights.float())
        assert all(each.dtype == torch.float32 for each in found)
        pairs = [(made, exact), *zip(found, truth, strict=True)]
        errors.append([((one - other).norm() / other.norm()).item() for one, other in pairs])
    for mine, reference in zip(errors[1], errors[0], strict=True):
        assert mine < 1.5 * reference < 0.02


def test_windows_are_what_a_kernel_sees() -> None:
    pictures = torch.arange(2 * 3 * 7 * 8, dtype=torch.float32).view(2, 3, 7, 8)
    seen = windows(pictures, (3, 2), (2, 3))
    assert seen.shape == (2, 3, 3, 3, 2, 3)
    for y in range(3):
        for x in range(3):
            patch = pictures[:, :, 2 * y : 2 * y + 3, 3 * x : 3 * x + 2]
            assert torch.equal(seen[:, y, x], patch.permute(0, 2, 3, 1))


def test_another_device_uses_torchs_own() -> None:
    layer = WindowConv2d(3, 5, 3, device="meta")
    assert layer(torch.rand(2, 3, 8, 8, device="meta")).shape == (2, 5, 6, 6)
