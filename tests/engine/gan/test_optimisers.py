"""Optimisers and averages against their formulas written out step by step."""

import math

import pytest
import torch
from torch import Tensor, nn

from engine.gan.networks import NetworkConfig, make_critic, make_generator
from engine.gan.optimisers import OPTIMISERS, AveragedWeights, make_optimiser

RATE, BETA1, BETA2, MOMENTUM, EPSILON = 0.1, 0.5, 0.9, 0.6, 1e-8
GRADIENTS = (1.0, -3.0, 0.2, 0.1, 0.5)


def plain(kind: str) -> float:
    """The weight, from 0, after the steps of `GRADIENTS`."""
    weight = first = second = largest = velocity = 0.0
    for step, gradient in enumerate(GRADIENTS, start=1):
        if kind == "sgd":
            velocity = gradient if step == 1 else MOMENTUM * velocity + gradient
            weight -= RATE * velocity
            continue
        second = BETA2 * second + (1 - BETA2) * gradient**2
        if kind == "rmsprop":
            velocity = MOMENTUM * velocity + gradient / (math.sqrt(second) + EPSILON)
            weight -= RATE * velocity
            continue
        first = BETA1 * first + (1 - BETA1) * gradient
        largest = max(largest, second) if kind == "amsgrad" else second
        root = math.sqrt(largest / (1 - BETA2**step)) + EPSILON
        weight -= RATE * first / (1 - BETA1**step) / root
    return weight


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_steps_are_those_of_the_formula(kind: str) -> None:
    weight = nn.Parameter(torch.zeros(1))
    optimiser = make_optimiser(kind, [weight], RATE, beta1=BETA1, beta2=BETA2, momentum=MOMENTUM)
    for gradient in GRADIENTS:
        weight.grad = torch.tensor([gradient])
        optimiser.step()
    assert weight.item() == pytest.approx(plain(kind), rel=1e-4)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="adam, amsgrad, sgd, rmsprop"):
        make_optimiser("lion", [nn.Parameter(torch.zeros(1))], 0.1)


# ---- the average

CONFIG = NetworkConfig(width=4, depth=1, norm="batch")


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def moved(network: nn.Module, seed: int) -> None:
    with torch.no_grad():
        for index, weight in enumerate(network.parameters()):
            weight.add_(random(*weight.shape, seed=100 * seed + index))
    network(random(8, 2, seed=seed))  # moves the running averages of batch norm


def test_average_is_exponential_and_buffers_are_the_newest() -> None:
    network = make_generator(CONFIG, 0)
    averaged = AveragedWeights(network, 0.9)
    averaged.update_parameters(network)
    expected = [weight.detach().clone() for weight in network.parameters()]
    for seed, decay in enumerate((0.9, 0.9, 0.5)):
        moved(network, seed)
        averaged.decay = decay
        averaged.update_parameters(network)
        expected = [
            decay * old + (1 - decay) * new for old, new in zip(expected, network.parameters(), strict=True)
        ]
    torch.testing.assert_close([weight.detach() for weight in averaged.module.parameters()], expected)
    for ours, theirs in zip(averaged.module.buffers(), network.buffers(), strict=True):
        assert torch.equal(ours, theirs)
    assert not averaged.module.training and not any(weight.requires_grad for weight in averaged.parameters())
    latents = random(3, 2)
    assert torch.equal(averaged(latents), averaged.module(latents))


def test_average_goes_on_from_its_state() -> None:
    network = make_generator(CONFIG, 0)
    first = AveragedWeights(network, 0.9)
    first.update_parameters(network)
    moved(network, 0)
    first.update_parameters(network)
    second = AveragedWeights(make_generator(CONFIG, 1), 0.9)
    second.load_state_dict(first.state_dict())
    moved(network, 1)
    for averaged in (first, second):
        averaged.update_parameters(network)
    for ours, theirs in zip(second.state_dict().values(), first.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)


def test_normalised_networks_can_be_averaged() -> None:
    critic = make_critic(CONFIG, "spectral", 0)
    averaged = AveragedWeights(critic, 0.5)
    averaged.update_parameters(critic)
    data = random(4, 2)
    torch.testing.assert_close(averaged(data), critic.eval()(data))
