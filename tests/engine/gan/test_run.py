"""Each objective's step is what its paper says, written plainly, and makes the samples better."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import ot
import pytest
import torch
from torch import Generator, Tensor, nn

from engine.data.points import open_toy, save_density
from engine.errors import TrainingError
from engine.evaluation.sliced import sliced_wasserstein
from engine.gan import examples
from engine.gan.config import GanTrainConfig
from engine.gan.objectives import OBJECTIVES
from engine.gan.run import GanRun, make_run
from engine.runtime.checkpoint import load_state
from tests.helpers.tiny_gan_run import PLAIN, stripes, tiny_gan, tiny_picture_gan

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
_OT = {"objective": "optimal transport", "sinkhorn_regularisation": 0.1, "sinkhorn_iterations": 100}
TRANSPORT_SETTINGS: dict[str, dict[str, Any]] = {
    "learned, optimal": _OT,
    "learned, random": {**_OT, "matching": "random"},
    "fixed, optimal": {**_OT, "cost": "fixed"},
    "fixed, random": {**_OT, "cost": "fixed", "matching": "random"},
    "the paper's space": {**_OT, "embedding_size": 0, "critic_activation": "crelu"},
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


# ---- one step


@pytest.mark.parametrize("name", OBJECTIVE_SETTINGS)
def test_a_critic_step_is_the_plainly_written_one(name: str, tmp_path: Path) -> None:
    run = plain_run(tmp_path, OBJECTIVE_SETTINGS[name])
    critic, draws = copy.deepcopy(run.critic), Draws(run.config)
    fake = generated(run.generator, draws.latents()).detach()
    loss = critic_loss(run.config, critic, draws.real(), fake, draws)
    take(run, "critic")
    found = run.figures()
    total = found["critic_loss"] + run.config.penalty_weight * found.get("gradient_penalty", 0.0)
    if name != "orthonormal":
        assert total == pytest.approx(loss.item(), rel=1e-4, abs=1e-6)
    assert_moved(run.critic, critic, loss, run.config.clip_limit if name == "clip" else None)
    assert not any(parameter.grad is not None for parameter in run.generator.parameters())


@pytest.mark.parametrize("name", OBJECTIVE_SETTINGS)
def test_a_generator_step_is_the_plainly_written_one(name: str, tmp_path: Path) -> None:
    run = plain_run(tmp_path, OBJECTIVE_SETTINGS[name])
    critic, generator, draws = copy.deepcopy(run.critic), copy.deepcopy(run.generator), Draws(run.config)
    loss = generator_loss(run.config, critic, generated(generator, draws.latents()))
    take(run, "generator")
    assert run.figures()["generator_loss"] == pytest.approx(loss.item(), rel=1e-4, abs=1e-6)
    assert_moved(run.generator, generator, loss)
    assert not any(parameter.grad is not None for parameter in run.critic.parameters())


@pytest.mark.parametrize("part", ["critic", "generator"])
@pytest.mark.parametrize("name", TRANSPORT_SETTINGS)
def test_a_transport_step_is_the_plainly_written_one(name: str, part: str, tmp_path: Path) -> None:
    run = plain_run(tmp_path, TRANSPORT_SETTINGS[name])
    critic, generator, draws = copy.deepcopy(run.critic), copy.deepcopy(run.generator), Draws(run.config)
    fake = generated(generator, draws.latents())
    if part == "critic":
        fake = fake.detach()
    distance = transport_loss(run.config, critic, draws.real(), fake, draws)
    take(run, part)
    if part == "generator":
        assert run.figures()["generator_loss"] == pytest.approx(distance.item(), rel=1e-3, abs=1e-5)
        assert 0 <= run.figures()["plan_entropy"] <= 1
        assert_moved(run.generator, generator, distance)
    elif run.config.cost == "fixed":
        assert run.is_frozen and "critic_loss" not in run.figures()
        assert all(torch.equal(a, b) for a, b in zip(run.critic.parameters(), critic.parameters(), strict=True))
    else:
        assert run.figures()["critic_loss"] == pytest.approx(-distance.item(), rel=1e-3, abs=1e-5)
        assert_moved(run.critic, critic, -distance)


@pytest.mark.parametrize("network", ["mlp", "dcgan", "resize"])
def test_each_weight_moves_by_its_own_gradient_however_memory_is_laid_out(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "open_source", lambda _choice: stripes())
    run = make_run(tiny_picture_gan(**PLAIN, network=network, width=4, generator_rate=3.0, critic_rate=3.0), tmp_path)
    for part, learner in (("critic", run.critic), ("generator", run.generator)):
        before = [parameter.detach().clone() for parameter in learner.parameters()]
        take(run, part)
        for was, now in zip(before, learner.parameters(), strict=True):
            assert now.grad is not None
            torch.testing.assert_close(now.data, was - 3.0 * now.grad)


def test_constraints_hold_a_transport_critic_too(tmp_path: Path) -> None:
    settings = {"objective": "optimal transport", "critic_constraint": "orthonormal", "orthonormal_weight": 0.0}
    free, held = plain_run(tmp_path, settings), plain_run(tmp_path, {**settings, "orthonormal_weight": 1.0})
    clipped = plain_run(tmp_path, {**settings, "critic_constraint": "clip", "clip_limit": 0.01})
    for run in (free, held, clipped):
        take(run, "critic")
    first = layers_of(held.critic)[0].weight
    assert not torch.equal(layers_of(free.critic)[0].weight, first)
    assert max(float(parameter.detach().abs().max()) for parameter in clipped.critic.parameters()) <= 0.01 + 1e-9


def test_each_player_takes_its_own_number_of_steps(tmp_path: Path) -> None:
    run = make_run(tiny_gan(critic_steps=3, generator_steps=2), tmp_path)
    told = list(run.slowly(run.parts))
    moments = ("sample", "score", "gradient", "update")
    assert told == [(part, name) for part, n in (("critic", 3), ("generator", 2)) for _ in range(n) for name in moments]


def test_instance_noise_blurs_what_the_critic_sees(tmp_path: Path) -> None:
    sharp, blurred = (make_run(tiny_gan(instance_noise=sigma), tmp_path) for sigma in (0.0, 0.2))
    noise = blurred.fakes(4000) - sharp.fakes(4000)
    assert float(noise.detach().std()) == pytest.approx(0.2, rel=0.1)
    toy = open_toy("8 gaussians")
    assert toy.modes is not None
    distances = torch.cdist(blurred.reals(4000), torch.from_numpy(toy.modes)).amin(dim=1)
    assert float(distances.square().mean() / 2) == pytest.approx(0.2**2 + 0.02**2, rel=0.1)


def test_uniform_latents_stay_in_their_square(tmp_path: Path) -> None:
    run = make_run(tiny_gan(latent_kind="uniform"), tmp_path)
    latents = run.latents(4000, run.noise)
    assert -1 <= latents.min() < -0.99 and 0.99 < latents.max() <= 1


# ---- learning

_QUICK_OT = {**_OT, "sinkhorn_iterations": 10, "generator_rate": 5e-3, "critic_rate": 5e-4, "batch_size": 32}
LEARNING: dict[str, dict[str, Any]] = {
    "minimax": {"objective": "minimax"},
    "non-saturating": {"objective": "non-saturating"},
    "clip": {"objective": "wasserstein", "critic_constraint": "clip", "clip_limit": 0.2, "optimiser": "rmsprop"},
    "gradient penalty": {"objective": "wasserstein", "penalty_weight": 0.5, "critic_steps": 2},
    "spectral norm": {"objective": "hinge", "critic_constraint": "spectral norm", "generator_rate": 1e-3,
                      "critic_rate": 1e-2},
    "weight norm": {"objective": "hinge", "critic_constraint": "weight norm"},
    "orthonormal": {"objective": "hinge", "critic_constraint": "orthonormal", "orthonormal_weight": 0.1},
    "learned, optimal": _QUICK_OT,
    "learned, random": {**_QUICK_OT, "matching": "random"},
    "fixed, optimal": {**_QUICK_OT, "cost": "fixed"},
    "fixed, random": {**_QUICK_OT, "cost": "fixed", "matching": "random"},
}


@pytest.mark.parametrize("name", LEARNING)
def test_every_objective_moves_the_samples_to_the_data(name: str, tmp_path: Path) -> None:
    corner = np.zeros((12, 12))
    corner[6:, 6:] = 1
    save_density(tmp_path / "corner.npz", corner)
    settings = {
        "width": 32, "critic_width": 32, "batch_size": 64, "generator_rate": 2e-3, "critic_rate": 2e-3,
        "ema_decay": 0.9, "data": "drawn density", "data_path": str(tmp_path / "corner.npz"),
    }
    run = make_run(tiny_gan(**(settings | LEARNING[name])), tmp_path / "run")

    def distance() -> float:
        seen = run.glimpse()
        return sliced_wasserstein(torch.from_numpy(seen["data"]), torch.from_numpy(seen["samples"]))

    start = distance()
    for _ in range(60):
        run.step()
    assert distance() < 0.65 * start


# ---- a frozen critic


@pytest.mark.parametrize("constraint", ["none", "spectral norm", "weight norm"])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_frozen_critic_stays_as_it_is_to_the_last_statistic(constraint: str, norm: str, tmp_path: Path) -> None:
    run = make_run(tiny_gan(critic_constraint=constraint, critic_norm=norm), tmp_path)
    run.step()
    run.take_on(replace(run.config, freeze_critic=True))
    critic = copy.deepcopy(run.critic.state_dict())
    generator = copy.deepcopy(run.generator.state_dict())
    for _ in range(3):
        run.step()
    assert all(torch.equal(value, critic[name]) for name, value in run.critic.state_dict().items())
    assert not any(torch.equal(value, generator[name]) for name, value in run.generator.named_parameters())
    assert not {"critic_loss", "critic_gradient"} & set(run.figures())
    run.take_on(replace(run.config, freeze_critic=False))
    run.step()
    assert {"critic_loss", "critic_gradient"} <= set(run.figures())
    assert not torch.equal(next(run.critic.parameters()), next(iter(critic.values())))


def test_a_critic_is_frozen_by_itself_at_its_step(tmp_path: Path) -> None:
    run = make_run(tiny_gan(freeze_critic_at=3), tmp_path)
    seen = []
    for _ in range(6):
        run.step()
        seen.append(next(run.critic.parameters()).detach().clone())
    changed = [not torch.equal(a, b) for a, b in itertools.pairwise(seen)]
    assert changed == [True, True, False, False, False]


# ---- averaged weights


def test_samples_come_from_the_moving_average(tmp_path: Path) -> None:
    run = make_run(tiny_gan(ema_decay=0.6), tmp_path)
    averaged: list[Tensor] = []
    for step in range(16):
        run.step()
        weights = [parameter.detach().clone() for parameter in run.generator.parameters()]
        keep = min(0.6, (1 + step) / (10 + step))  # less of the random beginning
        averaged = weights if step == 0 else [keep * a + (1 - keep) * w for a, w in zip(averaged, weights, strict=True)]
    for found, expected in zip(run.sampler.parameters(), averaged, strict=True):
        torch.testing.assert_close(found, expected)
    run.save({})
    model = run.sampler.state_dict()
    state, _ = load_state(run.state_path)
    assert all(torch.equal(state[f"kept.average.module.{name}"], value) for name, value in model.items())
    run.take_on(replace(run.config, ema_decay=0.0))
    assert run.sampler is run.generator


# ---- losses that are not finite


def test_a_step_without_a_finite_loss_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tiny_gan(objective="minimax"), tmp_path)
    run.step()
    fine = OBJECTIVES["minimax"]
    monkeypatch.setitem(OBJECTIVES, "minimax", replace(fine, critic_loss=lambda real, fake: real.sum() * torch.nan))
    critic = copy.deepcopy(run.critic.state_dict())
    run.step()
    assert (run.step_was_bad, run.skipped) == (True, 1)
    assert all(torch.equal(value, critic[name]) for name, value in run.critic.state_dict().items())
    assert run.after_bad_step() == "Step 2 was skipped: its gradient is not finite (1 so far)."
    monkeypatch.setitem(OBJECTIVES, "minimax", fine)
    run.step()
    assert run.skipped == 1 and np.isfinite(list(run.figures().values())).all()


# ---- refusals


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"batch_size": 31}, "choose an even batch_size of 4 or more"),
    ({"batch_size": 2}, "choose an even batch_size of 4 or more"),
    ({"embedding_size": 1}, "choose an embedding_size above 1"),
    ({"penalty_weight": 1.0}, "set penalty_weight to 0"),
])  # fmt: skip
def test_what_optimal_transport_cannot_do_is_refused(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=sentence) as refused:
        make_run(tiny_gan(objective="optimal transport", **changes), tmp_path)
    assert str(refused.value).count(".") == 1


def test_a_penalty_that_does_nothing_is_refused_while_training(tmp_path: Path) -> None:
    run = make_run(tiny_gan(objective="optimal transport"), tmp_path)
    with pytest.raises(TrainingError, match="no gradient penalty"):
        run.take_on(replace(run.config, penalty_weight=1.0))
    assert run.config.penalty_weight == 0


# ---- both players in one step


@pytest.mark.parametrize("objective", ["non-saturating", "optimal transport"])
def test_the_generator_answers_to_the_samples_that_the_critic_saw_last(objective: str, tmp_path: Path) -> None:
    run = make_run(tiny_gan(objective=objective, matching="random", critic_steps=2, generator_steps=2), tmp_path)
    seen: list[Tensor] = []
    fakes = run.fakes

    def noted(count: int) -> Tensor:
        seen.append(fakes(count))
        return seen[-1]

    run.fakes = noted  # type: ignore[method-assign]  # to look on
    run.step()
    assert len(seen) == 3 and all(samples.requires_grad for samples in seen)
    take(run, "generator")
    assert len(seen) == 5


@pytest.mark.parametrize("objective", ["non-saturating", "optimal transport"])
def test_samples_that_the_critic_saw_before_a_rewind_are_forgotten(objective: str, tmp_path: Path) -> None:
    run = make_run(tiny_gan(objective=objective, matching="random"), tmp_path)
    run.step()
    run.save({})
    expected = copy.deepcopy(run.generator.state_dict())
    take(run, "critic")
    run.rewind(1)
    assert all(torch.equal(value, expected[name]) for name, value in run.generator.state_dict().items())
    take(run, "generator")
    assert run.step_count == 2 and not run.skipped
