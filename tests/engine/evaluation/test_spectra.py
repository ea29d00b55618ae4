"""The singular values of layers against numpy's, normalised and not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from engine.evaluation.spectra import singular_values, weight_matrices


@pytest.fixture
def network() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 5, 4),
            nn.BatchNorm2d(5),
            nn.ConvTranspose2d(5, 2, 3),
            nn.Sequential(nn.Linear(7, 4)),
        )


def test_every_weighted_layer_is_a_matrix_of_outputs_by_the_rest(network: nn.Sequential) -> None:
    found = singular_values(network)
    weights = {name: value.detach().numpy() for name, value in network.named_parameters()}
    matrices = {
        "0": weights["0.weight"].reshape(5, 3 * 4 * 4),
        "2": weights["2.weight"].transpose(1, 0, 2, 3).reshape(2, 5 * 3 * 3),
        "3.0": weights["3.0.weight"],
    }
    assert list(found) == list(matrices)
    for name, matrix in matrices.items():
        np.testing.assert_allclose(found[name], np.linalg.svd(matrix, compute_uv=False), rtol=1e-5)
        assert found[name].dtype == np.float32


def test_a_spectrally_normalised_layer_shows_what_it_computes_with_and_stays_as_it_is(network: nn.Sequential) -> None:
    layer = parametrizations.spectral_norm(network.get_submodule("3.0"), n_power_iterations=30)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert singular_values(network)["3.0"][0] == pytest.approx(1.0, rel=1e-3)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert layer.training
    assert network.training


def test_the_matrices_carry_gradients(network: nn.Sequential) -> None:
    total = sum(matrix.square().sum() for matrix in weight_matrices(network).values())
    assert isinstance(total, torch.Tensor)
    weight = network.get_parameter("0.weight")
    (gradient,) = torch.autograd.grad(total, weight)
    torch.testing.assert_close(gradient, 2 * weight.detach())
