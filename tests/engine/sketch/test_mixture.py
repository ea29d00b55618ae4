"""The output distribution and the loss against torch.distributions and against the paper's sums written out."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Normal
from torch.distributions import kl_divergence as torch_kl

from engine.sketch.mixture import RHO_LIMIT, Mixture, kl_divergence, reconstruction_loss

COMPONENTS = 4


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def made(*shape: int, seed: int = 0) -> Mixture:
    return Mixture.from_output(random(*shape, 6 * COMPONENTS + 3, seed=seed))


def reference(mixture: Mixture) -> Callable[[Tensor], Tensor]:
    """log p of points [..., 2]."""
    sigma_x, sigma_y = mixture.log_sigma_x.exp(), mixture.log_sigma_y.exp()
    across = mixture.rho * sigma_x * sigma_y
    covariance = torch.stack(
        [torch.stack([sigma_x**2, across], dim=-1), torch.stack([across, sigma_y**2], dim=-1)], dim=-2
    )
    means = torch.stack([mixture.mu_x, mixture.mu_y], dim=-1)
    components = MultivariateNormal(means, covariance)
    log_prob: Callable[[Tensor], Tensor] = MixtureSameFamily(Categorical(logits=mixture.logits), components).log_prob
    return log_prob


def test_output_is_split_in_the_published_order() -> None:
    mixture = Mixture.from_output(torch.arange(6.0 * 2 + 3))
    assert mixture.pen_logits.tolist() == [0, 1, 2]
    parts = (mixture.logits, mixture.mu_x, mixture.mu_y, mixture.log_sigma_x, mixture.log_sigma_y)
    assert [part.tolist() for part in parts] == [[3, 4], [5, 6], [7, 8], [9, 10], [11, 12]]
    assert mixture.rho_hat.tolist() == [RHO_LIMIT, RHO_LIMIT]


def test_weights_sum_to_one() -> None:
    torch.testing.assert_close(made(5, 3).weights.sum(dim=-1), torch.ones(5, 3, dtype=torch.float64))


def test_log_density_is_that_of_torch() -> None:
    mixture = made(5, 3)
    x, y = random(5, 3, seed=1) * 2, random(5, 3, seed=2) * 2
    torch.testing.assert_close(mixture.log_density(x, y), reference(mixture)(torch.stack([x, y], dim=-1)))


@pytest.mark.parametrize("rho_hat", [-50.0, -RHO_LIMIT, -4.0, 4.0, RHO_LIMIT, 50.0])
@pytest.mark.parametrize("along", [0.5, 30.0])
def test_log_density_at_extreme_correlation_is_exact_in_float32(rho_hat: float, along: float) -> None:
    output = torch.zeros(9, dtype=torch.float64)
    output[8] = rho_hat
    exact = Mixture.from_output(output)
    sign = math.copysign(1, rho_hat)
    x, y = torch.tensor(along, dtype=torch.float64), torch.tensor(sign * along, dtype=torch.float64)
    expected = reference(exact)(torch.stack([x, y]))
    found = Mixture.from_output(output.float()).log_density(x.float(), y.float())
    torch.testing.assert_close(found.double(), expected, atol=1e-3, rtol=1e-5)


def test_density_and_its_gradient_are_finite_far_off_the_axis() -> None:
    output = torch.zeros(9)
    output[8] = 100.0
    output.requires_grad_()
    density = Mixture.from_output(output).log_density(torch.tensor(100.0), torch.tensor(-100.0))
    torch.autograd.backward(density)
    assert torch.isfinite(density) and output.grad is not None and torch.isfinite(output.grad).all()


def test_density_integrates_to_one() -> None:
    mixture = made(1, seed=4)
    axis = torch.linspace(-40, 40, 1601, dtype=torch.float64)
    x, y = torch.meshgrid(axis, axis, indexing="xy")
    total = mixture.log_density(x, y).exp().sum() * (axis[1] - axis[0]) ** 2
    assert float(total) == pytest.approx(1, abs=1e-3)


# ---- the loss


def stroke5_batch(lengths: list[int], steps: int) -> Tensor:
    target = torch.zeros(steps, len(lengths), 5, dtype=torch.float64)
    for row, length in enumerate(lengths):
        target[:length, row, :2] = random(length, 2, seed=row)
        target[:length, row, 2] = 1
        target[length - 1, row, 2:4] = torch.tensor([0.0, 1.0])
        target[length:, row, 4] = 1
    return target


def bivariate_density(x: float, y: float, mu_x: float, mu_y: float, sx: float, sy: float, rho: float) -> float:
    """Graves 2013, eq. 24 and 25."""
    u, v = (x - mu_x) / sx, (y - mu_y) / sy
    z = u * u + v * v - 2 * rho * u * v
    return math.exp(-z / (2 * (1 - rho * rho))) / (2 * math.pi * sx * sy * math.sqrt(1 - rho * rho))


def paper_loss(mixture: Mixture, target: Tensor, lengths: list[int], longest: int) -> tuple[float, float]:
    """Eq. 9: L_s over the N_s points of each drawing, L_p over all N_max, both divided by N_max."""
    offsets = pen = 0.0
    for row, length in enumerate(lengths):
        for i in range(length):
            density = sum(
                float(mixture.weights[i, row, j])
                * bivariate_density(
                    float(target[i, row, 0]),
                    float(target[i, row, 1]),
                    float(mixture.mu_x[i, row, j]),
                    float(mixture.mu_y[i, row, j]),
                    math.exp(mixture.log_sigma_x[i, row, j]),
                    math.exp(mixture.log_sigma_y[i, row, j]),
                    math.tanh(mixture.rho_hat[i, row, j]),
                )
                for j in range(COMPONENTS)
            )
            offsets -= math.log(density) / longest
        for i in range(len(target)):
            powers = [math.exp(mixture.pen_logits[i, row, k]) for k in range(3)]
            for k in range(3):
                pen -= float(target[i, row, 2 + k]) * math.log(powers[k] / sum(powers)) / longest
    return offsets / len(lengths), pen / len(lengths)


@pytest.mark.parametrize(("steps", "longest"), [(8, 8), (6, 8)], ids=["to N_max", "cut short"])
def test_reconstruction_loss_is_equation_9(steps: int, longest: int) -> None:
    lengths = [2, 6, 1]
    target = stroke5_batch(lengths, steps)
    mixture = made(steps, len(lengths))
    offsets, pen = reconstruction_loss(mixture, target, longest)
    expected_offsets, expected_pen = paper_loss(mixture, target, lengths, longest)
    assert float(offsets) == pytest.approx(expected_offsets)
    assert float(pen) == pytest.approx(expected_pen)


def test_points_after_the_end_do_not_enter_the_offsets_even_where_they_overflow() -> None:
    target = stroke5_batch([2], 4)
    output = random(4, 1, 6 * COMPONENTS + 3)
    expected, _ = reconstruction_loss(Mixture.from_output(output), target, 4)
    output[2:, :, 3 + 3 * COMPONENTS : 3 + 5 * COMPONENTS] = -1e4
    offsets, _ = reconstruction_loss(Mixture.from_output(output), target, 4)
    assert float(offsets) == pytest.approx(float(expected))


def test_divergence_is_that_of_torch() -> None:
    mean, log_variance = random(3, 6), random(3, 6, seed=1)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    expected = torch_kl(posterior, prior).sum(dim=1).mean() / 6
    torch.testing.assert_close(kl_divergence(mean, log_variance), expected)
    assert float(kl_divergence(torch.zeros(2, 3), torch.zeros(2, 3))) == 0
