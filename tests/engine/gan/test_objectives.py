"""Each loss against its paper's formula written out, and the gradient penalty against a slow one."""

import math

import pytest
import torch
from torch import Tensor, nn

from engine.gan.networks import NetworkConfig, make_critic
from engine.gan.objectives import OBJECTIVES, critic_accuracy, frozen, gradient_penalty, judge


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


REAL, FAKE = random(6, 1) * 2, random(6, 1, seed=1) * 2


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def plain_losses(objective: str) -> tuple[float, float]:
    real, fake = REAL.flatten().tolist(), FAKE.flatten().tolist()
    logistic = -mean([math.log(sigmoid(r)) for r in real]) - mean([math.log(1 - sigmoid(f)) for f in fake])
    return {
        "minimax": (logistic, mean([math.log(1 - sigmoid(f)) for f in fake])),
        "non-saturating": (logistic, -mean([math.log(sigmoid(f)) for f in fake])),
        "wasserstein": (mean(fake) - mean(real), -mean(fake)),
        "hinge": (-mean([min(0, -1 + r) for r in real]) - mean([min(0, -1 - f) for f in fake]), -mean(fake)),
    }[objective]


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_losses_are_those_of_the_papers(objective: str) -> None:
    critic_loss, generator_loss = plain_losses(objective)
    assert float(OBJECTIVES[objective].critic_loss(REAL, FAKE)) == pytest.approx(critic_loss)
    assert float(OBJECTIVES[objective].generator_loss(FAKE)) == pytest.approx(generator_loss)


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_losses_and_gradients_are_finite_for_a_critic_that_is_certain(objective: str) -> None:
    real, fake = torch.tensor([[1e4], [-1e4]]).requires_grad_(), torch.tensor([[-1e4], [1e4]]).requires_grad_()
    losses = OBJECTIVES[objective].critic_loss(real, fake) + OBJECTIVES[objective].generator_loss(fake)
    gradients = torch.autograd.grad(losses, (real, fake))
    assert torch.isfinite(losses) and all(torch.isfinite(gradient).all() for gradient in gradients)


def test_the_saturating_loss_saturates_and_the_other_does_not() -> None:
    fake = torch.tensor([[-12.0]], requires_grad=True)
    (weak,) = torch.autograd.grad(OBJECTIVES["minimax"].generator_loss(fake), fake)
    (strong,) = torch.autograd.grad(OBJECTIVES["non-saturating"].generator_loss(fake), fake)
    assert float(weak) == pytest.approx(-sigmoid(-12)) and float(strong) == pytest.approx(-sigmoid(12))


@pytest.mark.parametrize("objective", ["minimax", "non-saturating", "hinge"])
def test_accuracy_counts_both_sides_of_zero(objective: str) -> None:
    real, fake = torch.tensor([[1.0], [2.0], [-1.0], [3.0]]), torch.tensor([[-1.0], [0.0], [1.0], [2.0]])
    assert float(critic_accuracy(real, fake, objective)) == pytest.approx((3 / 4 + 2 / 4) / 2)


def test_accuracy_without_a_border_is_about_the_middle_of_the_means() -> None:
    real, fake = torch.tensor([[11.0], [12.0]]), torch.tensor([[9.0], [10.0]])
    assert float(critic_accuracy(real, fake, "wasserstein")) == 1
    assert float(critic_accuracy(real, real, "wasserstein")) == 0.5


# ---- the gradient penalty


@pytest.mark.parametrize("shape", [(2,), (1, 28, 28)])
def test_penalty_is_that_of_equation_3_sample_by_sample(shape: tuple[int, ...]) -> None:
    config = NetworkConfig(shape=shape, critic_width=8, depth=2, critic_activation="selu")
    critic = make_critic(config, "none", 0)
    real, fake = random(5, *shape), random(5, *shape, seed=1)
    penalty, norm = gradient_penalty(critic, real, fake, torch.Generator().manual_seed(4))
    shares = torch.rand(5, *[1] * len(shape), generator=torch.Generator().manual_seed(4))
    norms = []
    for index in range(5):
        between = (shares[index] * real[index] + (1 - shares[index]) * fake[index]).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(between[None]).sum(), between)
        norms.append(float(gradient.square().sum().sqrt()))
    assert float(norm) == pytest.approx(mean(norms), rel=1e-4)
    assert penalty.item() == pytest.approx(mean([(each - 1) ** 2 for each in norms]), rel=1e-4)
    assert not norm.requires_grad


def test_gradient_of_the_penalty_is_that_of_finite_differences() -> None:
    config = NetworkConfig(critic_width=6, depth=2, critic_activation="selu")
    critic = make_critic(config, "none", 0).double()
    # The exact layers compute in float32 by design; here plain ones do, in float64.
    layers = [nn.Linear(2, 6), nn.SELU(), nn.Linear(6, 6), nn.SELU(), nn.Linear(6, 1)]
    plain = nn.Sequential(*layers).double()
    plain.load_state_dict(dict(zip(plain.state_dict(), critic.state_dict().values(), strict=True)))
    real, fake = random(4, 2).double(), random(4, 2, seed=1).double()

    def penalty() -> Tensor:
        return gradient_penalty(plain, real, fake, torch.Generator().manual_seed(0))[0]

    weight = plain[0].weight
    assert isinstance(weight, nn.Parameter)
    (gradient,) = torch.autograd.grad(penalty(), weight)
    step = 1e-4
    with torch.no_grad():
        weight[2, 1] += step
    above = penalty().item()
    with torch.no_grad():
        weight[2, 1] -= 2 * step
    below = penalty().item()
    assert float(gradient[2, 1]) == pytest.approx((above - below) / (2 * step), rel=1e-3)


def test_penalty_sends_nothing_back_to_the_generator() -> None:
    fake = random(4, 2).requires_grad_()
    critic = make_critic(NetworkConfig(critic_width=4, depth=1), "spectral", 0)
    penalty, _ = gradient_penalty(critic, random(4, 2, seed=1), fake, torch.Generator())
    torch.autograd.backward(penalty)
    assert fake.grad is None
    assert all(weight.grad is not None for name, weight in critic.named_parameters() if not name.endswith("bias"))


# ---- the passes


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_judging_together_is_judging_apart(norm: str) -> None:
    config = NetworkConfig("dcgan", (1, 28, 28), 8, 4, 4, critic_norm=norm, critic_activation="leaky_relu")
    critic = make_critic(config, "none", 0)
    real, fake = random(3, 1, 28, 28), random(5, 1, 28, 28, seed=1) * 3
    together = judge(critic, real, fake)
    torch.testing.assert_close(together, (critic(real), critic(fake)))


def test_a_frozen_critic_passes_gradients_on_and_thaws() -> None:
    critic = make_critic(NetworkConfig(critic_width=4, depth=1), "none", 0)
    kept = critic.get_parameter("layers.layer1.bias")
    kept.requires_grad_(False)
    data = random(3, 2).requires_grad_()
    with pytest.raises(RuntimeError, match="stop"), frozen(critic):
        torch.autograd.backward(critic(data).sum())
        assert data.grad is not None and all(weight.grad is None for weight in critic.parameters())
        raise RuntimeError("stop")
    assert [weight.requires_grad for weight in critic.parameters()].count(False) == 1 and not kept.requires_grad
