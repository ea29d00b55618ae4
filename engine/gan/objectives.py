"""What critic and generator minimise, each as its paper defines it, as functions of the critic's raw outputs.

`real` and `fake` are the raw outputs [n, 1] for data and for samples. Where a paper's D is a probability, it is the
sigmoid of the raw output. Every loss is a scalar to be minimised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Objective:
    """A game between a critic and a generator.

    border: the raw output that parts what the critic calls real from what it calls fake; None where only differences
    count.
    """

    critic_loss: Callable[[Tensor, Tensor], Tensor]
    generator_loss: Callable[[Tensor], Tensor]
    border: float | None


def cross_entropy_critic(real: Tensor, fake: Tensor) -> Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))] (Goodfellow et al. 2014, equation 1)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def minimax_generator(fake: Tensor) -> Tensor:
    """E[log(1 - D(G(z)))] (Goodfellow et al. 2014, equation 1)."""
    return -F.softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    """-E[log D(G(z))] (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake).mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E[f(G(z))] - E[f(x)] (Arjovsky et al. 2017, equation 2 and algorithm 1)."""
    return fake.mean() - real.mean()


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """-E[min(0, -1 + D(x))] - E[min(0, -1 - D(G(z)))] (Miyato et al. 2018, equation 16)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def mean_generator(fake: Tensor) -> Tensor:
    """-E[D(G(z))] (Miyato et al. 2018, equation 17; Arjovsky et al. 2017, algorithm 1)."""
    return -fake.mean()


OBJECTIVES = {
    "minimax": Objective(cross_entropy_critic, minimax_generator, 0.0),
    "non-saturating": Objective(cross_entropy_critic, non_saturating_generator, 0.0),
    "wasserstein": Objective(wasserstein_critic, mean_generator, None),
    "hinge": Objective(hinge_critic, mean_generator, 0.0),
}


def critic_accuracy(real: Tensor, fake: Tensor, objective: str) -> Tensor:
    """Share of the outputs on their right side, 0 to 1: real above the objective's border, fake below or at it.

    Where the objective has no border, the middle between the two means stands for it. 1/2: the critic knows nothing.
    """
    border = OBJECTIVES[objective].border
    line = (real.mean() + fake.mean()) / 2 if border is None else border
    return ((real > line).float().mean() + (fake <= line).float().mean()) / 2


def gradient_penalty(
    critic: nn.Module, real: Tensor, fake: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """E[(||grad f(x')|| - 1)^2] and E[||grad f(x')||], scalars (Gulrajani et al. 2017, equation 3, without lambda).

    x' = e x + (1 - e) G(z), with e uniform for each example from `generator`. Gradients flow to the critic alone; the
    second scalar carries none. `real` and `fake`: data and samples [n, ...].
    """
    shape = (len(real), *[1] * (real.dim() - 1))
    share = torch.rand(shape, generator=generator, device=real.device, dtype=real.dtype)
    between = torch.lerp(fake.detach(), real, share).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norms = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return (norms - 1).square().mean(), norms.detach().mean()


def judge(critic: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """The critic's outputs for `real` and `fake`, in one pass unless its batch norm would mix their statistics."""
    if critic.training and any(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in critic.modules()):
        return critic(real), critic(fake)
    real_output, fake_output = critic(torch.cat([real, fake])).split([len(real), len(fake)])
    return real_output, fake_output


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Within, gradients pass through `network` and none is computed for its own weights."""
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in weights:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in weights:
            parameter.requires_grad_(True)
