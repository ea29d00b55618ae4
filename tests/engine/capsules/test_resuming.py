"""A capsule run that was stopped, rewound, edited or killed goes on as it should."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.capsules.config import CapsuleTrainConfig
from engine.capsules.run import CapsuleRun, make_run
from engine.runtime.channel import Ended
from engine.runtime.checkpoint import load_checkpoint, load_state
from engine.runtime.config import to_json
from engine.runtime.job import Edit, Metrics, Note, Rewind, Stop
from engine.runtime.run_folder import RunFolder
from engine.runtime.worker import TrainerProcess
from engine.trainers import trainer
from tests.helpers.tiny_capsule_run import at_step, curve, model_file, small_run, state, trained

PATIENCE = 60.0
Small = Callable[..., CapsuleTrainConfig]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Settings of a run on a small file."""
    return partial(small_run, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{}, {"ema_decay": 0.0, "precision": "32-true"}, {"decoder": "convolutions", "distortion": 1.0},
     {"network": "matched-cnn"}, {"rate_schedule": "exponential", "every_gradient": True}],
    ids=["paper", "no average", "convolutions", "dropout", "exponential"],
)
def test_a_stopped_run_goes_on_along_the_same_curve(changes: dict[str, Any], small: Small, tmp_path: Path) -> None:
    config = small(**({"steps": 6} | changes))
    straight, _ = trained(config, tmp_path / "straight")
    first, _ = trained(config, tmp_path / "cut", at_step(3, Stop()))
    second, _ = trained(config, tmp_path / "cut")
    assert list(curve(first)) == [1, 2, 3] and list(curve(second)) == [4, 5, 6]
    assert curve(first) | curve(second) == curve(straight)
    found, wanted = state(tmp_path / "cut"), state(tmp_path / "straight")
    assert found.keys() == wanted.keys()
    assert [name for name, tensor in wanted.items() if not torch.equal(found[name], tensor)] == []
    kind = "cnn" if "network" in changes else "capsules"
    ours, theirs = (load_checkpoint(model_file(tmp_path / name), kind)[0] for name in ("cut", "straight"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_rewound_run_goes_the_same_way_again_with_the_settings_of_then(small: Small, tmp_path: Path) -> None:
    config = small(save_every=3)
    straight, _ = trained(config, tmp_path / "straight")
    edit = Edit({"learning_rate": 0.1, "shift": 0, "distortion": 1.0})
    events, _ = trained(config, tmp_path / "back", at_step(5, edit, Rewind(3)))
    assert curve(events) == curve(straight)


def test_looking_and_measuring_change_nothing(small: Small, tmp_path: Path) -> None:
    seldom, _ = trained(small(ema_decay=0.0), tmp_path / "seldom")
    often, _ = trained(small(ema_decay=0.0, picture_every=1, measure_every=1, save_every=1), tmp_path / "often")
    assert curve(often) == curve(seldom)


def test_live_settings_act_from_the_next_step(small: Small, tmp_path: Path) -> None:
    edit = Edit({"reconstruction_weight": 0.01, "shift": 0})
    events, _ = trained(small(steps=4), tmp_path / "run", at_step(2, edit))
    for step, values in curve(events).items():
        weight = 0.01 if step > 2 else 0.0005
        assert values["loss"] == pytest.approx(values["margin_loss"] + weight * values["reconstruction"], rel=1e-5)
    untouched, _ = trained(small(steps=4), tmp_path / "untouched")
    assert curve(untouched)[2] == curve(events)[2] and curve(untouched)[3]["accuracy"] is not None
    assert curve(untouched)[3]["margin_loss"] != curve(events)[3]["margin_loss"]


def test_a_step_that_is_not_finite_changes_nothing(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(small(), tmp_path)
    run.step()
    before = {name: tensor.clone() for name, tensor in run._tensors().items() if not name.startswith("random.")}
    losses = CapsuleRun._losses

    def exploded(self: CapsuleRun, batch: Any) -> Any:
        loss, figures = losses(self, batch)
        return loss * torch.inf, figures

    monkeypatch.setattr(CapsuleRun, "_losses", exploded)
    run.step()
    assert run.step_was_bad and run.skipped == 1
    after = run._tensors()
    assert [name for name in before if not torch.equal(before[name], after[name])] == []


def test_the_step_size_rises_and_falls(small: Small, tmp_path: Path) -> None:
    run = make_run(small(steps=10, warm_up=0.2, learning_rate=0.01), tmp_path / "cosine")
    rates = []
    for _ in range(10):
        rates.append(run.rate("network"))
        run.step()
    assert rates == pytest.approx([0.005] + [0.01 * (0.5 + 0.5 * math.cos(math.pi * k / 8)) for k in range(9)])
    run = make_run(small(rate_schedule="exponential", rate_decay=0.5, learning_rate=0.01), tmp_path / "exponential")
    assert run.learning_rates()["network"] == pytest.approx(0.01 * 0.5**0.001)


def test_the_average_is_that_of_the_weights(small: Small, tmp_path: Path) -> None:
    run = make_run(small(ema_decay=0.5), tmp_path)
    weights = {name: weight.detach() for name, weight in run._network.named_parameters()}
    wanted: dict[str, Tensor] = {}
    for step in range(1, 5):
        run.step()
        decay = min(0.5, step / (9 + step))
        wanted = {name: weight.lerp(wanted.get(name, weight), decay) for name, weight in weights.items()}
    for name, average in run.best.named_parameters():
        torch.testing.assert_close(average.detach(), wanted[name], atol=1e-6, rtol=1e-5)
        assert not torch.equal(average, weights[name])


def test_a_killed_child_goes_on(small: Small, tmp_path: Path) -> None:
    config = small(steps=100_000, save_every=2)
    folder, events = RunFolder(tmp_path / "run"), list[Any]()
    process = TrainerProcess(trainer("capsules"), to_json(config), tmp_path / "run")
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE

    def wait_for(condition: Callable[[], bool]) -> None:
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            events.extend(process.poll())
            pause.wait(0.01)

    try:
        wait_for(lambda: any(isinstance(event, Metrics) and event.step > 4 for event in events))
        os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: bool(events) and isinstance(events[-1], Ended))
    finally:
        process.close()
        process.terminate()
        process.join(PATIENCE)
    assert events[-1].kind == "killed" and folder.state == "interrupted"
    step = load_state(tmp_path / "run" / "checkpoints" / "state.safetensors")[1]["step"]
    again, _ = trained(replace(config, steps=step + 2), tmp_path / "run")
    assert [event.text for event in again if isinstance(event, Note)] == [f"Going on from step {step}."]
    assert list(curve(again)) == [step + 1, step + 2]
