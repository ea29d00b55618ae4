"""Generators and critics from a configuration: shapes, sizes, seeds, and equality with plainly written networks."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import TrainingError
from engine.gan.networks import NetworkConfig, make_critic, make_generator
from engine.runtime.config import from_json, to_json

POINTS = NetworkConfig()
PICTURES = NetworkConfig("dcgan", (1, 28, 28), 10, 4, 4, norm="batch", critic_activation="leaky_relu")


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_points_come_from_a_linear_layer_behind_the_hidden_ones() -> None:
    network = make_generator(POINTS, 0)
    latents = random(6, 2) * 50
    expected = latents
    weights = list(network.parameters())
    assert len(weights) == 2 * (POINTS.depth + 1)
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        expected = expected @ weight.t() + bias
        if len(weight) != 2:
            expected = F.relu(expected)
    torch.testing.assert_close(network(latents), expected)
    assert network(latents).abs().max() > 1


def test_number_of_weights() -> None:
    assert count(make_generator(POINTS, 0)) == (2 + 1) * 128 + 3 * (128 + 1) * 128 + (128 + 1) * 2
    assert count(make_critic(POINTS, "none", 0)) == (2 + 1) * 128 + 3 * (128 + 1) * 128 + 128 + 1
    normed = replace(POINTS, norm="batch", depth=2)
    assert count(make_generator(normed, 0)) == (2 + 1) * 128 + (128 + 1) * 128 + (128 + 1) * 2 + 2 * 2 * 128
    doubled = replace(POINTS, critic_activation="crelu", depth=2, critic_outputs=16)
    assert count(make_critic(doubled, "none", 0)) == (2 + 1) * 128 + (256 + 1) * 128 + (256 + 1) * 16


@pytest.mark.parametrize("architecture", ["mlp", "dcgan", "resize"])
def test_pictures_lie_within_minus_one_and_one(architecture: str) -> None:
    config = replace(PICTURES, architecture=architecture, depth=2)
    pictures = make_generator(config, 0)(random(4, 10) * 30)
    assert pictures.shape == (4, 1, 28, 28) and pictures.abs().max() <= 1
    assert make_critic(config, "none", 0)(pictures).shape == (4, 1)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu", "crelu"])
@pytest.mark.parametrize("outputs", [0, 1, 5])
def test_critic_gives_as_many_numbers_as_asked(activation: str, outputs: int) -> None:
    config = replace(POINTS, critic_activation=activation, critic_outputs=outputs, depth=2)
    features = 256 if activation == "crelu" else 128
    assert make_critic(config, "none", 0)(random(3, 2)).shape == (3, outputs or features)


@pytest.mark.parametrize("config", [POINTS, PICTURES, replace(PICTURES, architecture="resize")])
def test_same_seed_same_weights_and_torchs_own_generator_is_left_alone(config: NetworkConfig) -> None:
    state = torch.get_rng_state()
    for make in (make_generator, lambda config, seed: make_critic(config, "spectral", seed)):
        first, again, other = (make(config, seed).state_dict() for seed in (1, 1, 2))
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert any(not torch.equal(first[name], other[name]) for name in first)
    assert torch.equal(torch.get_rng_state(), state)


def test_selu_keeps_mean_and_variance_through_a_deep_network() -> None:
    config = replace(POINTS, latent_size=128, activation="selu", depth=30)
    layers = make_generator(config, 0).layers
    assert isinstance(layers, nn.Sequential)
    hidden = random(500, 128)
    for layer in list(layers)[:-1]:
        hidden = layer(hidden)
    assert hidden.mean().item() == pytest.approx(0, abs=0.1)
    assert hidden.var().item() == pytest.approx(1, abs=0.25)


def test_coordinates_and_outputs_are_not_rounded_under_autocast() -> None:
    network, critic = make_generator(POINTS, 0), make_critic(POINTS, "none", 0)
    with torch.autocast("cpu", torch.bfloat16):
        points = network(random(64, 2))
        scores = critic(points)
    for values in (points, scores):
        assert values.dtype == torch.float32
        assert not torch.equal(values, values.bfloat16().float())


def test_configuration_comes_back_from_json() -> None:
    assert from_json(NetworkConfig, to_json(PICTURES)) == PICTURES


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"architecture": "resnet"}, "architecture is 'resnet'"),
        ({"activation": "crelu"}, "activation is 'crelu'"),
        ({"critic_norm": "layer"}, "critic_norm is 'layer'"),
        ({"width": 0}, "every size must be at least 1"),
        ({"shape": (2, 2)}, "every size must be at least 1"),
        ({"critic_dropout": 0.1}, "choose selu"),
    ],
)
def test_what_cannot_be_built_is_refused(changes: dict[str, object], sentence: str) -> None:
    config = replace(POINTS, **changes)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=sentence):
        make_generator(config, 0)
    with pytest.raises(TrainingError, match=sentence):
        make_critic(config, "none", 0)
