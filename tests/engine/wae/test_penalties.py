"""Each cost and penalty equals one that is written plainly, and pulls the codes towards the prior."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from engine.wae.penalties import (
    adversarial_penalty,
    critic_loss,
    gaussian_divergence,
    mmd_penalty,
    reconstruction_cost,
)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---- reconstruction


def test_squared_and_absolute_costs_are_sums_over_an_example_and_means_over_examples() -> None:
    points, made = draw(5, 2), draw(5, 2, seed=1)
    squared = sum((a - b) ** 2 for x, y in zip(points, made, strict=True) for a, b in zip(x, y, strict=True)) / 5
    assert reconstruction_cost(points, made, "squared").item() == pytest.approx(float(squared))
    absolute = sum(abs(a - b) for x, y in zip(points, made, strict=True) for a, b in zip(x, y, strict=True)) / 5
    assert reconstruction_cost(points, made, "absolute").item() == pytest.approx(float(absolute))


@pytest.mark.parametrize("cost", ["squared", "absolute"])
def test_pictures_are_compared_as_values_from_0_to_1(cost: str) -> None:
    pictures, output = draw(4, 1, 3, 3).tanh(), draw(4, 1, 3, 3, seed=1)
    seen, made = (pictures + 1) / 2, (output.tanh() + 1) / 2
    each = (seen - made).square() if cost == "squared" else (seen - made).abs()
    expected = each.sum(dim=(1, 2, 3)).mean()
    assert reconstruction_cost(pictures, output, cost).item() == pytest.approx(expected.item())


def test_cross_entropy_is_that_of_a_bernoulli_decoder_whose_mean_is_the_picture() -> None:
    pictures, output = draw(4, 1, 3, 3).tanh(), draw(4, 1, 3, 3, seed=1)
    mean = (output.tanh() + 1) / 2
    target = (pictures + 1) / 2
    by_hand = -(target * mean.log() + (1 - target) * (1 - mean).log()).sum(dim=(1, 2, 3)).mean()
    assert reconstruction_cost(pictures, output, "cross-entropy").item() == pytest.approx(by_hand.item())
    black_and_white = pictures.sign()
    each = Bernoulli(mean).log_prob((black_and_white + 1) / 2)  # type: ignore[no-untyped-call]
    log_likelihood = each.sum(dim=(1, 2, 3)).mean()
    assert reconstruction_cost(black_and_white, output, "cross-entropy").item() == pytest.approx(-log_likelihood.item())


# ---- MMD


def plain_mmd(codes: Tensor, prior: Tensor, sigma: float, kernel: str, factors: tuple[float, ...]) -> float:
    """Algorithm 2 of Tolstikhin et al. 2018 in loops: the cross term with its diagonal, the other two without."""
    n, d = codes.shape

    def k(x: Tensor, y: Tensor) -> float:
        square = float((x - y).square().sum())
        bases = [factor * 2 * d * sigma**2 for factor in factors]
        return sum(c / (c + square) if kernel == "imq" else math.exp(-square / c) for c in bases)

    same = sum(k(s[i], s[j]) for s in (prior, codes) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    cross = sum(k(x, y) for x in prior for y in codes) * 2 / n**2
    return same - cross


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
@pytest.mark.parametrize(("scales", "factors"), [("one", (1.0,)), ("seven", (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0))])
def test_mmd_is_that_of_a_plain_loop(kernel: str, scales: str, factors: tuple[float, ...]) -> None:
    codes, prior = 0.5 * draw(6, 3) + 1, 1.5 * draw(6, 3, seed=1)
    expected = plain_mmd(codes, prior, 1.5, kernel, factors)
    assert mmd_penalty(codes, prior, 1.5, kernel, scales).item() == pytest.approx(expected)


def test_mmd_of_the_prior_itself_is_0_on_average_and_below_it_half_the_time() -> None:
    found = [
        mmd_penalty(draw(40, 4, seed=2 * i), draw(40, 4, seed=2 * i + 1), 1.0, "imq", "seven").item() for i in range(50)
    ]
    assert abs(sum(found) / 50) < 0.02
    assert 10 < sum(value < 0 for value in found) < 40


def test_rbf_lets_go_of_an_outlier_that_imq_still_pulls() -> None:
    prior = draw(50, 2)
    pulls = {}
    for kernel in ("imq", "rbf"):
        codes = draw(50, 2, seed=1)
        codes[0] = 10.0
        codes.requires_grad_()
        mmd_penalty(codes, prior, 1.0, kernel, "one").backward()  # type: ignore[no-untyped-call]
        assert codes.grad is not None
        pulls[kernel] = float(codes.grad[0].norm())
    assert pulls["rbf"] < 1e-12 < 1e-6 < pulls["imq"]


# ---- VAE


@pytest.mark.parametrize("sigma", [1.0, 0.3])
def test_divergence_is_that_of_torch(sigma: float) -> None:
    mean, log_variance = draw(7, 3), draw(7, 3, seed=1)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    expected = kl_divergence(posterior, Normal(torch.zeros(7, 3), torch.full((7, 3), sigma))).sum(dim=1).mean()
    assert gaussian_divergence(mean, log_variance, sigma).item() == pytest.approx(expected.item())


def test_divergence_of_the_prior_is_0() -> None:
    assert gaussian_divergence(torch.zeros(2, 3), torch.full((2, 3), 2 * math.log(0.3)), 0.3).item() == pytest.approx(
        0, abs=1e-6
    )


# ---- WAE-GAN


def test_critic_and_encoder_play_the_game_of_algorithm_1() -> None:
    prior, codes = draw(9), draw(9, seed=1)
    judged_prior, judged_codes = prior.sigmoid(), codes.sigmoid()
    expected = -(judged_prior.log() + (1 - judged_codes).log()).mean()
    assert critic_loss(prior, codes).item() == pytest.approx(expected.item())
    assert adversarial_penalty(codes).item() == pytest.approx(-judged_codes.log().mean().item())


def test_penalties_stay_finite_where_the_critic_is_sure() -> None:
    sure = torch.tensor([-300.0, 300.0])
    assert critic_loss(sure, sure).isfinite() and adversarial_penalty(sure).isfinite()
