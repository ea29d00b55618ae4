"""Layers against torch's own, and initial weights against the papers' variances."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.gan.layers import (
    FEW_INPUTS,
    AlphaDropout,
    CReLU,
    ExactLinear,
    fan_in,
    initialise,
    make_activation,
    use_noise,
)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("inputs", [2, FEW_INPUTS, 40])
def test_exact_linear_is_linear_with_the_same_gradients(inputs: int) -> None:
    layer = ExactLinear(inputs, 5)
    data = random(7, inputs).requires_grad_()
    expected = F.linear(data, layer.weight, layer.bias)
    torch.testing.assert_close(layer(data), expected)
    wanted = (data, layer.weight, layer.bias)
    ours = torch.autograd.grad(layer(data).square().sum(), wanted)
    theirs = torch.autograd.grad(expected.square().sum(), wanted)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("inputs", [2, 40])
def test_exact_linear_stays_exact_under_autocast(inputs: int) -> None:
    layer = ExactLinear(inputs, 5)
    data = random(7, inputs)
    expected = layer(data)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(data), expected)
        assert layer(data.bfloat16()).dtype == torch.float32


def test_crelu_puts_both_halves_side_by_side() -> None:
    assert CReLU()(torch.tensor([[1.0, -2.0]])).tolist() == [[1, 0, 0, 2]]


def test_leak_is_that_of_dcgan() -> None:
    assert make_activation("leaky_relu")(torch.tensor([-1.0, 3.0])).tolist() == pytest.approx([-0.2, 3])


def test_alpha_dropout_sets_to_what_torch_sets_to_and_keeps_mean_and_variance() -> None:
    ours = AlphaDropout(0.2)
    use_noise(nn.Sequential(ours), noise())
    data = random(200_000, seed=1)
    dropped = ours(data)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = F.alpha_dropout(data, 0.2, training=True)
    assert dropped.mode().values.item() == pytest.approx(theirs.mode().values.item())
    assert sorted(set(dropped.tolist()) & set(theirs.tolist()))[1:], "kept units are scaled and shifted alike"
    assert dropped.mean().item() == pytest.approx(0, abs=0.01)
    assert dropped.var().item() == pytest.approx(1, abs=0.01)


def test_alpha_dropout_rests_in_evaluation_and_repeats_with_its_generator() -> None:
    layer = AlphaDropout(0.5)
    data = random(100)
    use_noise(layer, noise(3))
    first = layer(data)
    use_noise(layer, noise(3))
    assert torch.equal(layer(data), first)
    assert torch.equal(copy.deepcopy(layer).eval()(data), data)


def test_fan_in_counts_what_one_output_sums_over() -> None:
    assert fan_in(nn.Linear(7, 3)) == 7
    assert fan_in(nn.Conv2d(4, 9, 3)) == 36
    assert fan_in(nn.ConvTranspose2d(4, 9, 4, 2, 1)) == 16


@pytest.mark.parametrize(
    ("activation", "convolutional", "std", "last"),
    [
        ("relu", False, math.sqrt(2 / 400), 1 / 20),
        ("leaky_relu", False, math.sqrt(2 / 1.04 / 400), 1 / 20),
        ("selu", False, 1 / 20, 1 / 20),
        ("selu", True, 1 / 20, 1 / 20),
        ("relu", True, 0.02, 0.02),
    ],
)
def test_initial_weights_have_the_standard_deviation_of_the_paper(
    activation: str, convolutional: bool, std: float, last: float
) -> None:
    network = nn.Sequential(nn.Linear(400, 400), nn.BatchNorm1d(400), nn.Linear(400, 400))
    initialise(network, activation, convolutional)
    for layer, expected in ((network[0], std), (network[2], last)):
        assert isinstance(layer, nn.Linear)
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.02)
        assert not layer.bias.any()
    scale = network[1].weight
    assert isinstance(scale, Tensor)
    assert scale.std().item() == pytest.approx(0.02 if convolutional else 0, abs=0.003)
    assert scale.mean().item() == pytest.approx(1, abs=0.01)
