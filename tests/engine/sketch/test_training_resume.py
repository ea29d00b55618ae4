"""A run that was cut short goes on as if it had not been, and a step without a finite loss changes nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import CheckpointError
from engine.runtime.channel import Ended
from engine.runtime.checkpoint import save_state
from engine.runtime.config import to_json
from engine.runtime.job import Event, Saved, Stop
from engine.runtime.run_folder import RunFolder
from engine.runtime.worker import TrainerProcess, run_recorded
from engine.sketch import model as model_module
from engine.sketch.mixture import reconstruction_loss
from engine.sketch.run import SketchRun
from engine.trainers import TRAINERS
from tests.helpers.sketch_runs import curve, notes, state_of, tiny, trained

PATIENCE = 180.0  # the child has torch to load, beside whatever else the machine does


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("mode", ["vae", "decoder"])
def test_resumed_run_is_the_uninterrupted_one(mode: str, precision: str, drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, mode=mode, precision=precision, rate_decay=0.9, kl_decay=0.9)
    whole, _ = trained(config, tmp_path / "whole")
    first, _ = trained(config, tmp_path / "cut", lambda event: Stop() if event.step == 5 else None)
    second, _ = trained(config, tmp_path / "cut")
    assert list(curve(first)) == [1, 2, 3, 4, 5] and list(curve(second)) == [6, 7, 8, 9, 10, 11, 12]
    assert notes(second) == [(5, "info", "Going on from step 5.")]
    assert curve(first) | curve(second) == curve(whole)
    (tensors, numbers), (expected, expected_numbers) = state_of(tmp_path / "cut"), state_of(tmp_path / "whole")
    assert tensors.keys() == expected.keys()
    assert {name.split(".")[0] for name in tensors} == {"network", "optimiser", "random"}
    assert all(torch.equal(tensors[name], expected[name]) for name in tensors)
    assert numbers["random.numpy"] == expected_numbers["random.numpy"]
    assert numbers["step"] == expected_numbers["step"] == 12


def test_finished_run_started_again_does_nothing_and_with_more_steps_goes_on(drawings: Path, tmp_path: Path) -> None:
    _, result = trained(tiny(drawings, steps=4), tmp_path)
    events, again = trained(tiny(drawings, steps=4), tmp_path)
    assert curve(events) == {} and again == result
    events, _ = trained(tiny(drawings, steps=6), tmp_path)
    assert list(curve(events)) == [5, 6]


@pytest.mark.parametrize(
    "change", [{"mode": "decoder"}, {"decoder_size": 9}, {"decoder_cell": "layer_norm"}, {"mixtures": 3}], ids=str
)
def test_run_folder_of_another_shape_is_refused(change: dict[str, Any], drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings, steps=1), tmp_path)
    before = state_of(tmp_path)
    with pytest.raises(CheckpointError, match="another shape"):
        trained(tiny(drawings, steps=2, **change), tmp_path)
    assert before[1] == state_of(tmp_path)[1]


def test_run_folder_of_other_categories_is_refused(drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings, steps=1), tmp_path / "two")
    with pytest.raises(CheckpointError, match="another shape"):
        trained(tiny(drawings / "cat.ndjson", steps=2), tmp_path / "two")
    trained(tiny(drawings / "cat.ndjson", steps=1), tmp_path / "one")
    with pytest.raises(CheckpointError, match="other categories"):
        trained(tiny(drawings / "dog.ndjson", steps=2), tmp_path / "one")
    assert state_of(tmp_path / "one")[1]["step"] == 1


def test_damaged_state_is_refused_with_a_sentence(drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings, steps=1), tmp_path)
    tensors, numbers = state_of(tmp_path)
    path = tmp_path / "checkpoints" / "state.safetensors"
    for left_out in ("random.noise", "optimiser.model.0.exp_avg", "network.model.output.bias"):
        save_state(path, {name: tensor for name, tensor in tensors.items() if name != left_out}, numbers)
        with pytest.raises(CheckpointError, match="damaged"):
            trained(tiny(drawings, steps=2), tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        trained(tiny(drawings, steps=2), tmp_path)


def test_killed_child_leaves_a_run_that_goes_on_as_if_it_had_not_been(drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, steps=10_000_000, save_every=5)
    process = TrainerProcess(TRAINERS["sketch"], to_json(config), tmp_path / "run")
    events: list[Event | Ended] = []
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()

    def until(condition: Callable[[], bool]) -> None:
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain: {events[-3:]}"
            pause.wait(0.01)
            events.extend(process.poll())

    try:
        until(lambda: any(isinstance(event, Saved) for event in events))
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: isinstance(events[-1], Ended))
    finally:
        process.close()
        process.terminate()
        process.join(PATIENCE)
    ended = events[-1]
    assert isinstance(ended, Ended) and ended.kind == "killed"
    folder = RunFolder(tmp_path / "run")
    assert folder.state == "interrupted"
    saved = int(state_of(folder.path)[1]["step"])
    assert saved % 5 == 0
    assert len([point for point in folder.metrics() if "L_R" in point.values]) >= saved
    finished = replace(config, steps=saved + 3)
    resumed: list[Event] = []
    run_recorded(TRAINERS["sketch"], finished, folder.path, on_event=resumed.append)
    assert notes(resumed) == [(saved, "info", f"Going on from step {saved}.")]
    assert list(curve(resumed)) == [saved + 1, saved + 2, saved + 3]
    assert folder.state == "finished"
    recorded = curve(folder.metrics())
    assert list(recorded) == list(range(1, saved + 4))
    uninterrupted, _ = trained(finished, tmp_path / "whole")
    assert recorded == curve(uninterrupted)


def test_step_without_a_finite_loss_changes_nothing_and_is_counted(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = SketchRun(tiny(drawings), tmp_path)
    run.step()
    before = [parameter.clone() for parameter in run.model.parameters()]

    def spoiled(*args: Any) -> tuple[Tensor, Tensor]:
        offsets, pen = reconstruction_loss(*args)
        return offsets * float("nan"), pen

    with monkeypatch.context() as patch:
        patch.setattr(model_module, "reconstruction_loss", spoiled)
        run.step()
    assert run.figures()["skipped"] == 1
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))
    run.step()
    assert run.figures()["skipped"] == 1
    assert not all(torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))
