"""The duality gap of a game between generator and critic (Grnarova et al. 2019, equation 3)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from engine.gan.objectives import OBJECTIVES, frozen, judge
from engine.gan.optimisers import make_optimiser


def duality_gap(
    generator: nn.Module,
    critic: nn.Module,
    objective: str,
    real: Tensor,
    latents: Tensor,
    *,
    steps: int = 50,
    rate: float = 1e-3,
) -> float:
    """max over D' of V(G, D') minus min over G' of V(G', D), where V is minus the critic's loss.

    Both are searched for by `steps` of Adam from copies of the networks, on the first halves of `real` [n, ...] and
    `latents` [n, latent_size]; the values are taken on the second halves. 0 at an equilibrium, up to the sampling
    error; large where one side can still gain much. The networks stay as they are. A Wasserstein critic must be bounded
    by its normalisation, or the first term only tells how far the search went.
    """
    loss = OBJECTIVES[objective].critic_loss
    half = len(real) // 2
    worst_critic, worst_generator = copy.deepcopy(critic), copy.deepcopy(generator)
    with torch.no_grad():
        samples = worst_generator(latents)  # the copy: batch norm counts what passes
    optimiser = make_optimiser("adam", worst_critic.parameters(), rate)
    for _ in range(steps):
        value = loss(*judge(worst_critic, real[:half], samples[:half]))
        _descend(optimiser, value)
    optimiser = make_optimiser("adam", worst_generator.parameters(), rate)
    kept_critic = copy.deepcopy(critic)
    with frozen(kept_critic):
        for _ in range(steps):
            value = -loss(*judge(kept_critic, real[:half], worst_generator(latents[:half])))
            _descend(optimiser, value)
    with torch.no_grad():
        highest = -loss(*judge(worst_critic, real[half:], samples[half:]))
        lowest = -loss(*judge(kept_critic, real[half:], worst_generator(latents[half:])))
        return (highest - lowest).item()


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimiser.step()
