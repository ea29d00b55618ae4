"""Each objective's step is what its paper says, written plainly, and makes the samples better."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.data.points import open_toy, save_density
from engine.errors import TrainingError
from engine.evaluation.sliced import sliced_wasserstein
from engine.gan import examples
from engine.gan.objectives import OBJECTIVES
from engine.gan.run import make_run
from engine.runtime.checkpoint import load_state
from tests.helpers.plain_gan import (
    OBJECTIVE_SETTINGS,
    OT,
    TRANSPORT_SETTINGS,
    Draws,
    assert_moved,
    critic_loss,
    generated,
    generator_loss,
    layers_of,
    plain_run,
    take,
    transport_loss,
)
from tests.helpers.tiny_gan_run import PLAIN, stripes, tiny_gan, tiny_picture_gan

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

_QUICK_OT = {**OT, "sinkhorn_iterations": 10, "generator_rate": 5e-3, "critic_rate": 5e-4, "batch_size": 32}
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
