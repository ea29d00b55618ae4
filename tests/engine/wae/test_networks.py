"""Every shape of network takes what it should, gives what it should, and that of the paper has the paper's sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.wae.networks import AutoEncoder, Encoded, LatentCritic, WaeModelConfig
from tests.helpers.tiny_autoencoder import tiny_config, tiny_points_config

SHAPES = [(1, 28, 28), (1, 32, 32), (3, 64, 64)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("filter_size", [3, 4, 5])
@pytest.mark.parametrize("depth", [1, 3, 5])
def test_convolutions_come_back_to_the_size_of_the_picture(
    shape: tuple[int, ...], filter_size: int, depth: int
) -> None:
    model = AutoEncoder(tiny_config(shape=shape, filter_size=filter_size, depth=depth, width=2)).eval()
    passed = model(torch.zeros(2, *shape), None)
    assert passed.latent.shape == (2, 3) and passed.output.shape == (2, *shape)
    assert model.decode(passed.latent).abs().max() <= 1


@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu"])
@pytest.mark.parametrize("network", ["conv", "mlp"])
def test_every_part_learns(network: str, activation: str, norm: str) -> None:
    model = AutoEncoder(tiny_config(network=network, activation=activation, norm=norm))
    passed = model(torch.randn(4, 1, 28, 28), None)
    passed.output.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


def test_points_are_not_squashed() -> None:
    model = AutoEncoder(tiny_points_config())
    latent = 1000 * torch.randn(8, 2)
    assert torch.equal(model.decode(latent), model.raw(latent))
    assert model.decode(latent).abs().max() > 1


def test_variational_encoder_gives_a_variance_that_noise_is_scaled_by() -> None:
    model = AutoEncoder(tiny_points_config(variational=True))
    data, noise = torch.randn(5, 2), torch.randn(5, 2)
    encoded = model.encode(data)
    assert encoded.log_variance is not None and encoded.mean.shape == encoded.log_variance.shape == (5, 2)
    torch.testing.assert_close(encoded.sample(noise), encoded.mean + encoded.log_variance.exp().sqrt() * noise)
    assert torch.equal(encoded.sample(None), encoded.mean)
    assert torch.equal(Encoded(data, None).sample(noise), data)


def test_endless_variance_is_held_where_its_exponential_is_finite() -> None:
    model = AutoEncoder(tiny_points_config(variational=True))
    encoded = model.encode(1e9 * torch.randn(5, 2))
    assert encoded.log_variance is not None and encoded.log_variance.exp().isfinite().all()


def test_selu_keeps_mean_and_variance_through_many_layers() -> None:
    torch.manual_seed(0)
    model = AutoEncoder(tiny_points_config(shape=(2,), activation="selu", width=512, depth=8))
    hidden: nn.Module = nn.Sequential(*list(model.encoder.children())[:-1])
    out = hidden(torch.randn(200, 2))
    assert out.mean().abs() < 0.3 and 0.5 < out.std() < 1.5


def test_the_papers_networks() -> None:
    """Appendix C.1: Conv 128, 256, 512, 1024 and FC 8; FC 7x7x1024, FSConv 512, 256 and 1."""
    with torch.device("meta"):
        model = AutoEncoder(WaeModelConfig(width=128, depth=4))
    filters = [(m.in_channels, m.out_channels) for m in model.encoder.children() if isinstance(m, nn.Conv2d)]
    assert filters == [(1, 128), (128, 256), (256, 512), (512, 1024)]
    assert [m.out_features for m in model.decoder.children() if isinstance(m, nn.Linear)] == [7 * 7 * 1024]
    back = [m.out_channels for m in model.decoder.children() if isinstance(m, nn.ConvTranspose2d | nn.Conv2d)]
    assert back == [512, 256, 1]
    with torch.device("meta"):
        faces = AutoEncoder(WaeModelConfig(shape=(3, 64, 64), latent_size=64, width=128, depth=4, filter_size=5))
    back = [m.out_channels for m in faces.decoder.children() if isinstance(m, nn.ConvTranspose2d | nn.Conv2d)]
    assert back == [512, 256, 128, 3]
    assert [m.out_features for m in faces.decoder.children() if isinstance(m, nn.Linear)] == [8 * 8 * 1024]


def test_critic_gives_one_logit_for_each_code() -> None:
    critic = LatentCritic(8, 512, 4)
    assert critic(torch.randn(5, 8)).shape == (5,)
    assert [m.out_features for m in critic.modules() if isinstance(m, nn.Linear)] == [512] * 4 + [1]
