"""A GAN's run as a job: it goes on as if it had not been interrupted, and looking at it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.data.source import open_source
from engine.errors import CheckpointError
from engine.gan import examples
from engine.gan import run as run_module
from engine.gan.config import GanTrainConfig
from engine.gan.networks import NetworkConfig, make_generator
from engine.gan.objectives import OBJECTIVES
from engine.gan.run import GanRun, make_run
from engine.gan.training import train
from engine.runtime.checkpoint import load_checkpoint, load_state
from engine.runtime.fork import fork_run
from engine.runtime.job import Arrays, Changed, Command, Edit, Event, Heartbeat, Metrics, Note, Rewind, Stop, drive
from engine.runtime.run_folder import create_run
from engine.runtime.worker import run_recorded
from engine.trainers import trainer
from tests.helpers.tiny_gan_run import stripes, tiny_gan, tiny_picture_gan

PICTURES = {
    "network": "dcgan", "width": 4, "critic_width": 4, "generator_norm": "batch", "critic_norm": "batch",
    "ema_decay": 0.9, "precision": "bf16-mixed",
}
KINDS: dict[str, GanTrainConfig] = {
    "spectral norm, average": tiny_gan(
        objective="hinge", critic_constraint="spectral norm", ema_decay=0.9, duality_steps=2),
    "spectral norm, bf16": tiny_gan(
        objective="hinge", critic_constraint="spectral norm", ema_decay=0.9, precision="bf16-mixed"),
    "random matching": tiny_gan(
        objective="optimal transport", matching="random", ema_decay=0.5, instance_noise=0.1, generator_steps=2),
    "optimal matching": tiny_gan(objective="optimal transport", sinkhorn_iterations=5, precision="bf16-mixed"),
    "convolutions, batch norm": tiny_picture_gan(**PICTURES, critic_constraint="weight norm"),
    "measured pictures, penalty": tiny_picture_gan(
        ambient="ambient", objective="wasserstein", penalty_weight=1.0, measurement="block-patch", ema_decay=0.9),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are made up, and measures take no time."""
    made = stripes()
    monkeypatch.setattr(
        examples, "open_source", lambda choice: made if choice.data == "pictures" else open_source(choice))
    monkeypatch.setattr(run_module, "sample_measures", lambda _source, samples: {"mean": float(samples.mean())})


def trained(
    config: GanTrainConfig, run_dir: Path, at: Callable[[Event], Command | None] = lambda _event: None
) -> list[Event]:
    """All events; `at` gives the command that answers an event."""
    events: list[Event] = []
    drive(train(config, run_dir), events.append, lambda: at(events[-1]))
    return events


def curve(events: Sequence[Event]) -> dict[int, dict[str, float]]:
    """The figures of each step, without what a clock measures."""
    return {
        event.step: {name: value for name, value in event.values.items() if name != "steps_per_s"}
        for event in events
        if isinstance(event, Metrics) and "generator_loss" in event.values
    }


def at_step(step: int, *commands: Command) -> Callable[[Event], Command | None]:
    left = iter(commands)
    return lambda event: next(left, None) if isinstance(event, Heartbeat) and event.step >= step else None


def state(run_dir: Path) -> dict[str, Tensor]:
    return load_state(run_dir / "checkpoints" / "state.safetensors")[0]


def assert_same_state(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert [name for name, tensor in expected.items() if not torch.equal(found[name], tensor)] == []


# ---- going on


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_run_goes_on_along_the_same_curve(kind: str, tmp_path: Path) -> None:
    config = replace(KINDS[kind], steps=8)
    straight = trained(config, tmp_path / "straight")
    first = trained(config, tmp_path / "cut", at_step(4, Stop()))
    second = trained(config, tmp_path / "cut")
    assert list(curve(first)) == [1, 2, 3, 4] and list(curve(second)) == [5, 6, 7, 8]
    assert curve(first) | curve(second) == curve(straight)
    assert_same_state(state(tmp_path / "cut"), state(tmp_path / "straight"))


@pytest.mark.parametrize("kind", ["spectral norm, average", "random matching", "measured pictures, penalty"])
def test_a_rewound_run_goes_the_same_way_again_with_the_settings_of_then(kind: str, tmp_path: Path) -> None:
    config = replace(KINDS[kind], steps=8, save_every=3)
    straight = trained(config, tmp_path / "straight")
    changes = {"generator_rate": 0.1, "measurement_strength": 0.9}
    events = trained(config, tmp_path / "back", at_step(5, Edit(changes), Rewind(3)))
    last_change = [event for event in events if isinstance(event, Changed)][-1]
    assert last_change.settings["generator_rate"] == config.generator_rate
    assert curve(events) == curve(straight)
    assert_same_state(state(tmp_path / "back"), state(tmp_path / "straight"))


@pytest.mark.parametrize("kind", ["spectral norm, average", "random matching"])
def test_a_fork_goes_on_as_its_source_did(kind: str, tmp_path: Path) -> None:
    config = replace(KINDS[kind], steps=9, save_every=3, picture_every=3)
    source = create_run("gan", config, tmp_path / "source")
    edits = at_step(5, Edit({"generator_rate": 0.1}))
    events: list[Event] = []
    run_recorded(trainer("gan"), config, source.path, lambda: edits(events[-1]), events.append)
    plain = trained(config, tmp_path / "plain")
    fork = fork_run(source, 3, tmp_path / "fork")
    assert fork.config()["generator_rate"] == config.generator_rate != source.config()["generator_rate"]
    assert [point.step for point in fork.metrics() if "generator_loss" in point.values] == [1, 2, 3]
    assert fork.array_steps() == fork.checkpoint_steps() == [3]
    run_recorded(trainer("gan"), GanTrainConfig(**fork.config()), fork.path)
    shown = {
        point.step: {name: value for name, value in point.values.items() if name != "steps_per_s"}
        for point in fork.metrics() if "generator_loss" in point.values
    }
    assert shown == curve(plain) and fork.array_steps() == [3, 6, 9] and fork.state == "finished"
    assert_same_state(state(fork.path), state(tmp_path / "plain"))


def test_networks_of_another_shape_do_not_fit_a_state(tmp_path: Path) -> None:
    trained(tiny_gan(steps=1), tmp_path)
    with pytest.raises(CheckpointError, match="another shape"):
        make_run(tiny_gan(steps=2, width=8), tmp_path)


# ---- looking


@pytest.mark.parametrize("kind", KINDS)
def test_looking_at_every_moment_changes_nothing(kind: str, tmp_path: Path) -> None:
    unseen, seen = (make_run(KINDS[kind], tmp_path / name) for name in ("unseen", "seen"))
    before = torch.random.get_rng_state()
    for _ in range(4):
        unseen.step()
        for _moment in seen.slowly(seen.parts):
            seen.glimpse()
        seen.pictures()
        seen.figures()
        seen.measures()
        seen.save({})
    unseen.save({})
    assert_same_state(state(tmp_path / "seen"), state(tmp_path / "unseen"))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert seen.generator.training and seen.critic.training


def test_a_run_with_figures_and_pictures_at_every_step_has_the_same_curve(tmp_path: Path) -> None:
    config = KINDS["measured pictures, penalty"]
    seldom = trained(replace(config, log_every=6), tmp_path / "seldom")
    often = trained(replace(config, picture_every=1, measure_every=1, save_every=1), tmp_path / "often")
    assert curve(seldom).items() <= curve(often).items() and len(curve(often)) == 12


# ---- live edits


@pytest.mark.parametrize("ambient", ["ambient", "ignore"])
def test_another_strength_is_seen_from_the_next_step_on(ambient: str, tmp_path: Path) -> None:
    run = make_run(tiny_picture_gan(ambient=ambient, measurement_strength=0.0), tmp_path)
    assert (run.reals(20) == -1).float().mean() < 0.05
    run.take_on(replace(run.config, measurement_strength=0.9))
    assert (run.reals(20) == -1).float().mean() > 0.8
    blocked = (run.fakes(20) == -1).float().mean()
    assert blocked > 0.8 if ambient == "ambient" else blocked < 0.1
    shown = run.pictures()
    assert (shown["measured_data"] == 0).mean() > 0.8 and (shown["measured_samples"] == 0).mean() > 0.8


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"ambient": "ambient", "measurement": "gaussian-projection"}, "how many numbers the critic sees"),
    ({"ambient": "ambient", "measurement": "pad-rotate-project"}, "how many numbers the critic sees"),
    ({"ambient": "unmeasure"}, "have been unmeasured already"),
])  # fmt: skip
def test_a_strength_that_a_run_cannot_take_on_is_refused(
    changes: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    config = tiny_picture_gan(**changes, steps=4)
    events = trained(config, tmp_path, at_step(2, Edit({"measurement_strength": 0.9}), Edit({"generator_rate": 0.5})))
    (refusal,) = [event for event in events if isinstance(event, Note) and event.level == "warning"]
    assert sentence in refusal.text and "begin a new run" in refusal.text
    assert [event.settings for event in events if isinstance(event, Changed)] == [{"generator_rate": 0.5}]
    assert len(curve(events)) == 4


def test_live_learning_rates_act_from_the_next_step(tmp_path: Path) -> None:
    def weights(run: GanRun) -> list[Tensor]:
        return [torch.cat([p.detach().flatten() for p in n.parameters()]) for n in (run.critic, run.generator)]

    run = make_run(tiny_gan(generator_rate=0.0), tmp_path)
    before = weights(run)
    run.step()
    assert [torch.equal(a, b) for a, b in zip(before, weights(run), strict=True)] == [False, True]
    run.take_on(replace(run.config, generator_rate=0.1, critic_rate=0.0))
    before = weights(run)
    run.step()
    assert [torch.equal(a, b) for a, b in zip(before, weights(run), strict=True)] == [True, False]


# ---- losses that are not finite


def test_three_bad_steps_in_a_row_go_back_to_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = OBJECTIVES["minimax"]
    calls = 0

    def loss(real: Tensor, fake: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return fine.critic_loss(real, fake) * (torch.nan if 6 <= calls <= 8 else 1)

    monkeypatch.setitem(OBJECTIVES, "minimax", replace(fine, critic_loss=loss))
    events = trained(tiny_gan(objective="minimax", save_every=4, steps=10), tmp_path)
    warnings = [event.text for event in events if isinstance(event, Note) and event.level == "warning"]
    assert warnings[:2] == [f"Step {n} was skipped: its gradient is not finite ({n - 5} so far)." for n in (6, 7)]
    assert warnings[2].startswith("3 steps in a row had a gradient that is not finite: back to step 4 with 0.5 of")
    figures = curve(events)
    assert list(figures) == list(range(1, 11)) and figures[10]["skipped"] == 3
    assert all(np.isfinite(list(values.values())).all() for values in figures.values())


# ---- what is kept


def test_the_model_that_is_kept_makes_the_samples_that_were_seen(tmp_path: Path) -> None:
    config = replace(KINDS["spectral norm, average"], name="a ring", steps=5, picture_every=5)
    events = trained(config, tmp_path)
    (shown,) = [event.arrays for event in events if isinstance(event, Arrays)]
    weights, header = load_checkpoint(tmp_path / "checkpoints" / "model.safetensors", "gan")
    values = dict(header.config)
    assert values.pop("latent_kind") == "normal" and header.name == "a ring" and header.metrics["step"] == 5
    generator = make_generator(NetworkConfig(**{**values, "shape": tuple(values["shape"])}), 9)
    generator.load_state_dict(weights)
    run = make_run(config, tmp_path)
    latents = run.latents(600, torch.Generator().manual_seed(config.seed))
    found = generator.eval()(latents).detach().numpy()
    np.testing.assert_allclose(found, shown["samples"].astype(np.float32), atol=1e-6)


def test_seed_decides_the_run(tmp_path: Path) -> None:
    runs = [curve(trained(tiny_gan(seed=seed, steps=3), tmp_path / str(i))) for i, seed in enumerate((1, 1, 2))]
    assert runs[0] == runs[1] != runs[2]
