"""Norms of the critic's weights against torch.linalg and formulas written out."""

import copy

import pytest
import torch
from torch import Tensor, nn

from engine.evaluation.spectra import singular_values, weight_matrices
from engine.gan.networks import NetworkConfig, make_critic
from engine.gan.normalisation import (
    apply_normalisation,
    clip_weights_,
    orthonormal_penalty,
)

POINTS = NetworkConfig(critic_width=12, depth=2)
PICTURES = NetworkConfig("dcgan", (3, 28, 28), 8, 4, 4, critic_activation="leaky_relu")
CONFIGS = pytest.mark.parametrize("config", [POINTS, PICTURES], ids=["mlp", "dcgan"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def data(config: NetworkConfig, count: int = 4) -> Tensor:
    return random(count, *config.shape)


@CONFIGS
def test_spectral_norm_comes_to_one_by_one_iteration_at_each_pass(config: NetworkConfig) -> None:
    critic = make_critic(config, "spectral", 0)
    for weight in critic.parameters():
        weight.data = weight.data.clone() + 0.3 * torch.sign(weight.data)  # the kept u does not fit any more
    before = [float(values[0]) for values in singular_values(critic).values()]
    for _ in range(60):
        critic(data(config))
    after = [float(values[0]) for values in singular_values(critic).values()]
    assert before != pytest.approx([1] * len(before), abs=1e-3)
    assert after == pytest.approx([1] * len(after), abs=2e-3)


def test_one_pass_is_the_step_of_algorithm_1() -> None:
    layer = nn.Conv2d(3, 5, 2)
    apply_normalisation(layer, "spectral")
    raw = layer.get_parameter("parametrizations.weight.original")
    kept = dict(layer.named_buffers())
    u = next(value for name, value in kept.items() if name.endswith("_u")).clone()
    v = next(value for name, value in kept.items() if name.endswith("_v")).clone()
    matrix = raw.detach().reshape(5, -1)
    u_new = matrix @ v / (matrix @ v).norm()
    v_new = matrix.t() @ u_new / (matrix.t() @ u_new).norm()
    expected = raw.detach() / (u_new @ matrix @ v_new)
    found = layer.weight
    torch.testing.assert_close(found.detach(), expected)
    kept = dict(layer.named_buffers())
    torch.testing.assert_close(next(value for name, value in kept.items() if name.endswith("_u")), u_new)
    assert not torch.equal(u, u_new)

    # Equation 10 with u and v held fixed: d/dW (W / u'Wv) for a loss sum(weight * slope).
    slope = random(5, 3, 2, 2)
    (gradient,) = torch.autograd.grad((found * slope).sum(), raw)
    sigma = u_new @ matrix @ v_new
    inner = (expected * slope).sum()
    by_hand = (slope.reshape(5, -1) - inner * torch.outer(u_new, v_new)) / sigma
    torch.testing.assert_close(gradient.reshape(5, -1), by_hand)


@CONFIGS
def test_evaluation_and_measuring_leave_u_as_it_is(config: NetworkConfig) -> None:
    critic = make_critic(config, "spectral", 0)
    before = copy.deepcopy(dict(critic.named_buffers()))
    singular_values(critic)
    orthonormal_penalty(critic)
    assert all(module.training for module in critic.modules())
    critic.eval()(data(config))
    assert all(torch.equal(value, before[name]) for name, value in critic.named_buffers())
    critic.train()(data(config))
    assert any(not torch.equal(value, before[name]) for name, value in critic.named_buffers())


def test_spectral_norm_is_right_under_autocast() -> None:
    critic = make_critic(PICTURES, "spectral", 0)
    with torch.autocast("cpu", torch.bfloat16):
        for _ in range(60):
            critic(data(PICTURES))
    for values in singular_values(critic).values():
        assert float(values[0]) == pytest.approx(1, abs=2e-3)


@CONFIGS
def test_weight_norm_gives_each_output_the_length_that_is_learned(config: NetworkConfig) -> None:
    plain, critic = make_critic(config, "none", 0), make_critic(config, "weight", 0)
    torch.testing.assert_close(critic(data(config)), plain(data(config)), msg="the function is the same at first")
    lengths = [
        weight for name, weight in critic.named_parameters() if name.endswith("weight.original0")
    ]
    assert len(lengths) == len(weight_matrices(critic))
    for length, matrix in zip(lengths, weight_matrices(critic).values(), strict=True):
        length.data.fill_(0.5)
        assert matrix.shape[0] == length.numel()
    for matrix in weight_matrices(critic).values():
        torch.testing.assert_close(matrix.norm(dim=1), torch.full((len(matrix),), 0.5))


def test_transposed_kernels_are_matrices_of_outputs_too() -> None:
    layer = nn.Sequential(nn.ConvTranspose2d(3, 5, 2))
    apply_normalisation(layer, "spectral")
    for _ in range(60):
        layer(random(1, 3, 4, 4))
    (matrix,) = weight_matrices(layer).values()
    assert matrix.shape == (5, 12)
    assert torch.linalg.svdvals(matrix)[0].item() == pytest.approx(1, abs=1e-3)


def test_orthonormal_penalty_is_the_formula_with_its_gradient() -> None:
    critic = make_critic(POINTS, "none", 0)
    weights = [layer.weight for layer in critic.modules() if isinstance(layer, nn.Linear)]
    assert any(len(weight) > weight.shape[1] for weight in weights)
    assert any(len(weight) < weight.shape[1] for weight in weights)
    by_hand = torch.stack([((w @ w.t() - torch.eye(len(w))) ** 2).sum() for w in weights]).sum()
    torch.testing.assert_close(orthonormal_penalty(critic), by_hand)
    ours = torch.autograd.grad(orthonormal_penalty(critic), weights)
    torch.testing.assert_close(ours, torch.autograd.grad(by_hand, weights), atol=1e-5, rtol=1e-4)


def test_singular_values_are_those_of_the_kernels() -> None:
    critic = make_critic(PICTURES, "none", 0)
    kernel = critic.get_parameter("layers.layer1.weight").detach()
    found = singular_values(critic)
    assert list(found) == ["layers.layer1", "layers.layer2", "output"]
    torch.testing.assert_close(torch.from_numpy(found["layers.layer1"]), torch.linalg.svdvals(kernel.reshape(4, -1)))


def test_clipping_bounds_every_parameter() -> None:
    critic = make_critic(POINTS, "none", 0)
    before = [weight.detach().clone() for weight in critic.parameters()]
    clip_weights_(critic, 0.01)
    for weight, old in zip(critic.parameters(), before, strict=True):
        assert torch.equal(weight, old.clamp(-0.01, 0.01))


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="none, spectral, weight"):
        make_critic(POINTS, "layer", 0)
