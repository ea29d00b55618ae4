"""The objectives of GANs written plainly, layer by layer, to hold a run's steps against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import ot
import torch
from torch import Generator, Tensor, nn

from engine.data.points import open_toy
from engine.gan.config import GanTrainConfig
from engine.gan.run import GanRun, make_run
from tests.helpers.tiny_gan_run import PLAIN, tiny_gan

RATE = 0.05
Matrix = Callable[[nn.Module], Tensor]

OBJECTIVE_SETTINGS: dict[str, dict[str, Any]] = {
    "minimax": {"objective": "minimax"},
    "non-saturating": {"objective": "non-saturating"},
    "clip": {"objective": "wasserstein", "critic_constraint": "clip", "clip_limit": 0.15},
    "gradient penalty": {"objective": "wasserstein", "penalty_weight": 3.0},
    "spectral norm": {"objective": "hinge", "critic_constraint": "spectral norm"},
    "weight norm": {"objective": "hinge", "critic_constraint": "weight norm"},
    "orthonormal": {"objective": "hinge", "critic_constraint": "orthonormal", "orthonormal_weight": 0.2},
}
OT = {"objective": "optimal transport", "sinkhorn_regularisation": 0.1, "sinkhorn_iterations": 100}
TRANSPORT_SETTINGS: dict[str, dict[str, Any]] = {
    "learned, optimal": OT,
    "learned, random": {**OT, "matching": "random"},
    "fixed, optimal": {**OT, "cost": "fixed"},
    "fixed, random": {**OT, "cost": "fixed", "matching": "random"},
    "the paper's space": {**OT, "embedding_size": 0, "critic_activation": "crelu"},
}


def plain_run(tmp_path: Path, settings: dict[str, Any]) -> GanRun:
    return make_run(tiny_gan(**PLAIN, generator_rate=RATE, critic_rate=RATE, **settings), tmp_path)


def take(run: GanRun, part: str) -> None:
    for _ in run.slowly((part,)):
        pass


class Draws:
    """The batches of the run's first step, from its seeds."""

    def __init__(self, config: GanTrainConfig) -> None:
        """Nothing is drawn yet."""
        self.noise = Generator().manual_seed(config.seed)
        self._rng = np.random.default_rng(config.seed)
        self._config = config

    def latents(self) -> Tensor:
        return torch.randn(self._config.batch_size, self._config.latent_size, generator=self.noise)

    def real(self) -> Tensor:
        seed = int(self._rng.integers(2**62))
        toy = open_toy(self._config.data, self._config.seed)
        return toy.batch(self._config.batch_size, Generator().manual_seed(seed))


def layers_of(network: nn.Module) -> list[nn.Linear]:
    return [module for module in network.modules() if isinstance(module, nn.Linear)]


def weight(layer: nn.Module) -> Tensor:
    """The weight a layer computes with, by the formula of its norm; spectral norm's u and v move on first."""
    parametrization = getattr(layer, "parametrizations", None)
    if parametrization is None:
        return layer.weight  # type: ignore[return-value]
    kept: Any = parametrization.weight
    if hasattr(kept, "original1"):  # weight norm: g v / |v|, row by row
        rows = zip(kept.original0, kept.original1, strict=True)
        return torch.stack([g * v / v.square().sum().sqrt() for g, v in rows])
    matrix, v = kept.original, kept[0]._v
    with torch.no_grad():
        u = matrix @ v
        kept[0]._u.copy_(u / u.square().sum().sqrt())
        v = matrix.T @ kept[0]._u
        kept[0]._v.copy_(v / v.square().sum().sqrt())
    normalised: Tensor = matrix / (kept[0]._u.clone() @ matrix @ kept[0]._v.clone())
    return normalised


def through(network: nn.Module, x: Tensor, activation: str) -> Tensor:
    """The network's output, layer by layer."""
    layers = layers_of(network)
    for index, layer in enumerate(layers):
        x = x @ weight(layer).T + layer.bias
        if index < len(layers) - 1 or activation == "crelu":
            if activation == "relu":
                x = torch.where(x > 0, x, 0)
            elif activation == "leaky_relu":
                x = torch.where(x > 0, x, 0.2 * x)
            else:
                x = torch.cat([torch.where(x > 0, x, 0), torch.where(x < 0, -x, 0)], dim=1)
    return x


def generated(network: nn.Module, latents: Tensor) -> Tensor:
    return through(network, latents, "relu")


def judged(network: nn.Module, x: Tensor, config: GanTrainConfig) -> Tensor:
    return through(network, x, config.critic_activation)


def critic_loss(config: GanTrainConfig, critic: nn.Module, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
    # One pass over both, as one power iteration of spectral norm serves them.
    out = judged(critic, torch.cat([real, fake]), config)
    d_real, d_fake = out[: len(real)], out[len(real) :]
    if config.objective in ("minimax", "non-saturating"):
        loss = -torch.sigmoid(d_real).log().mean() - (1 - torch.sigmoid(d_fake)).log().mean()
    elif config.objective == "wasserstein":
        loss = d_fake.mean() - d_real.mean()
    else:
        loss = -torch.minimum(torch.zeros(()), d_real - 1).mean() - torch.minimum(torch.zeros(()), -d_fake - 1).mean()
    if config.penalty_weight:
        share = torch.rand(len(real), 1, generator=draws.noise)
        norms = []
        for one in share * real + (1 - share) * fake:
            at = one[None].clone().requires_grad_()
            (gradient,) = torch.autograd.grad(judged(critic, at, config).sum(), at, create_graph=True)
            norms.append(gradient.square().sum().sqrt())
        loss = loss + config.penalty_weight * torch.stack([(norm - 1) ** 2 for norm in norms]).mean()
    if config.critic_constraint == "orthonormal":
        for layer in layers_of(critic):
            excess = layer.weight @ layer.weight.T - torch.eye(len(layer.weight))
            loss = loss + config.orthonormal_weight * excess.square().sum()
    return loss


def generator_loss(config: GanTrainConfig, critic: nn.Module, fake: Tensor) -> Tensor:
    out = judged(critic, fake, config)
    if config.objective == "minimax":
        return (1 - torch.sigmoid(out)).log().mean()
    return -torch.sigmoid(out).log().mean() if config.objective == "non-saturating" else -out.mean()


def transport_loss(config: GanTrainConfig, critic: nn.Module, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
    half = config.batch_size // 2

    def placed(points: Tensor) -> Tensor:
        if config.cost == "learned":
            return judged(critic, points, config)
        square = (points / 2).square().sum(dim=1, keepdim=True)  # the inverse stereographic projection, radius 2
        return torch.cat([points, square - 1], dim=1) / (square + 1)

    def paid(a: Tensor, b: Tensor) -> Tensor:
        cost = torch.stack([1 - torch.nn.functional.cosine_similarity(one[None], b) for one in a])
        if config.matching == "random":
            order = torch.randperm(half, generator=draws.noise)
            return cost[torch.arange(half), order].mean()
        even = np.full(half, 1 / half)
        plan = ot.sinkhorn(
            even, even, cost.detach().double().numpy(), config.sinkhorn_regularisation,
            numItermax=config.sinkhorn_iterations, stopThr=0.0, warn=False,
        )
        return (torch.from_numpy(plan).float() * cost).sum()

    x, y = placed(real), placed(fake)
    (x, x2), (y, y2) = (x[:half], x[half:]), (y[:half], y[half:])
    across = paid(x, y) + paid(x, y2) + paid(x2, y) + paid(x2, y2)
    return across - 2 * paid(x, x2) - 2 * paid(y, y2)


def assert_moved(network: nn.Module, before: nn.Module, loss: Tensor, limit: float | None = None) -> None:
    """The network is `before` after one step down the gradient of the loss, which it holds."""
    old = list(before.parameters())
    gradients = torch.autograd.grad(loss, old)
    assert any(gradient.abs().max() > 1e-4 for gradient in gradients)
    for now, was, gradient in zip(network.parameters(), old, gradients, strict=True):
        assert now.grad is not None
        torch.testing.assert_close(now.grad, gradient, rtol=1e-3, atol=1e-5)
        moved = was - RATE * gradient
        kept = moved if limit is None else moved.clamp(-limit, limit)
        torch.testing.assert_close(now.data, kept, rtol=1e-4, atol=1e-6)
