"""A run on the screen: trained here, trained elsewhere, or over."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import trainers
from engine.errors import CheckpointError
from engine.runtime.fork import fork_run
from engine.runtime.job import Arrays, Metrics, Note, Rewound, drive
from engine.runtime.recorder import Recorder
from engine.runtime.run_folder import RunFolder, create_run
from engine.runtime.worker import run_recorded
from engine.trainers import Trainer
from gui.messages import Messages
from gui.services.run_model import RunModel, open_run_job
from tests.helpers.standin_trainer import STANDIN, StandinConfig
from tests.helpers.tiny_run import TINY, TinyConfig

PATIENCE = 120_000  # a child imports torch
ENDLESS = TinyConfig(steps=10_000_000, log_every=20, picture_every=20, measure_every=20, save_every=20)


class Heard:
    """All that a run's signals have brought."""

    def __init__(self, run: RunModel) -> None:
        """Listen to `run`."""
        self.metrics: list[Metrics] = []
        self.notes: list[Note] = []
        self.shown: list[int] = []
        self.phases: list[str] = []
        self.rewound: list[int] = []
        self.states: list[str] = []
        run.metrics.connect(self.metrics.append)
        run.note.connect(self.notes.append)
        run.shown.connect(lambda _arrays, step: self.shown.append(step))
        run.phase.connect(lambda phase: self.phases.append(f"{phase.part} {phase.name}"))
        run.rewound.connect(self.rewound.append)
        run.state_changed.connect(self.states.append)

    @property
    def steps(self) -> list[int]:
        """The steps of the points."""
        return [point.step for point in self.metrics]


Opened = tuple[RunModel, Heard]
OpenRun = Callable[[Path], Opened]


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def open_run(qtbot: QtBot, messages: Messages, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRun]:
    monkeypatch.setitem(trainers.TRAINERS, "tiny", TINY)
    monkeypatch.setitem(trainers.TRAINERS, "standin", STANDIN)
    made: list[RunModel] = []

    def open_run(path: Path) -> Opened:
        run = RunModel(drive(open_run_job(path)), messages)
        made.append(run)
        return run, Heard(run)

    yield open_run
    for run in made:
        run.shut_down()
        run.deleteLater()
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)


def said(messages: Messages) -> list[tuple[str, str]]:
    return [(message.level, message.text) for message in messages.history]


def new(open_run: OpenRun, trainer: Trainer = TINY, config: Any = ENDLESS) -> Opened:
    return open_run(create_run(trainer.name, config).path)


def test_a_run_from_its_first_step_to_its_last(open_run: OpenRun, messages: Messages, qtbot: QtBot) -> None:
    run, heard = new(open_run, config=TinyConfig(steps=20))
    run.watch(True)
    assert run.state == "idle" and run.name == "tiny"
    run.run()
    qtbot.waitUntil(lambda: run.state == "finished", timeout=PATIENCE)
    assert sorted(set(heard.steps)) == list(range(1, 21)) and run.step == 20
    assert run.kept == [5, 10, 15, 20] and run.checkpoints[-1] == 20
    assert heard.shown and heard.shown[-1] == 20 and "samples" in run.newest
    assert heard.states[-1] == "finished" and not run.is_live
    assert said(messages) == [("info", "tiny has finished.")]


def test_what_a_finished_run_held_is_replayed(open_run: OpenRun, qtbot: QtBot) -> None:
    config = TinyConfig(steps=10)
    folder = create_run("tiny", config)
    run_recorded(TINY, config, folder.path)
    run, heard = open_run(folder.path)
    run.replay()
    assert sorted(set(heard.steps)) == list(range(1, 11)) and heard.rewound == []
    assert run.state == "finished" and heard.shown == [10] and run.kept == [5, 10] and run.checkpoints == [5, 10]
    assert set(run.figures) == {"loss", "steps_per_s", "skipped", "error"} or {"loss", "error"} <= set(run.figures)


def test_pause_steps_and_slow_motion(open_run: OpenRun, qtbot: QtBot) -> None:
    run, heard = new(open_run)
    run.run()
    qtbot.waitUntil(lambda: bool(heard.metrics), timeout=PATIENCE)
    run.pause()
    assert run.state == "paused"
    run.edit({"minutes": 1000.0})  # its answer comes after everything that was measured before
    qtbot.waitUntil(lambda: any("minutes" in note.text for note in heard.notes), timeout=PATIENCE)
    told = len(heard.metrics)
    run.advance("step")
    qtbot.waitUntil(lambda: len(heard.metrics) > told, timeout=PATIENCE)
    at = run.step
    assert len(heard.metrics) == told + 1
    run.advance("slope")  # the first of two parts: no step more
    run.advance("offset")
    qtbot.waitUntil(lambda: run.step == at + 1, timeout=PATIENCE)
    for _ in range(8):
        run.advance("phase")
    moments = ["sample", "score", "gradient", "update"]
    expected = [f"{part} {moment}" for part in ("slope", "offset") for moment in moments]
    qtbot.waitUntil(lambda: heard.phases == expected, timeout=PATIENCE)
    run.run()
    qtbot.waitUntil(lambda: run.step > at + 2, timeout=PATIENCE)


def test_a_run_that_is_asked_for_a_step_is_started_for_it(open_run: OpenRun, qtbot: QtBot) -> None:
    run, heard = new(open_run)
    run.advance("step")
    qtbot.waitUntil(lambda: heard.steps == [1], timeout=PATIENCE)
    assert run.state == "paused"


def test_a_live_edit_is_told_once_and_undone_by_a_rewind(open_run: OpenRun, qtbot: QtBot) -> None:
    run, heard = new(open_run)
    changed: list[float] = []
    run.config_changed.connect(lambda config: changed.append(config.learning_rate))
    run.run()
    qtbot.waitUntil(lambda: len(run.checkpoints) > 0, timeout=PATIENCE)
    back_to = run.checkpoints[0]
    run.edit({"learning_rate": 0.25})
    qtbot.waitUntil(lambda: run.config.learning_rate == 0.25, timeout=PATIENCE)
    edits = [note for note in heard.notes if note.level == "edit"]
    assert len(edits) == 1 and "0.25" in edits[0].text
    assert run.folder.config()["learning_rate"] == 0.25
    run.rewind(back_to)
    qtbot.waitUntil(lambda: heard.rewound == [back_to], timeout=PATIENCE)
    qtbot.waitUntil(lambda: run.config.learning_rate == 0.05, timeout=PATIENCE)
    assert run.state == "paused" and run.step == back_to and max(run.checkpoints) == back_to
    assert max(run.kept, default=0) <= back_to and changed[-1] == 0.05


def test_a_run_that_has_ended_is_rewound_and_edited(open_run: OpenRun, messages: Messages, qtbot: QtBot) -> None:
    config = TinyConfig(steps=20)
    folder = create_run("tiny", config)
    run_recorded(TINY, config, folder.path)
    run, heard = open_run(folder.path)
    run.replay()
    run.edit({"steps": 30})
    run.edit({"learning_rate": 0.5})
    assert (run.config.steps, run.config.learning_rate) == (30, 0.5) and run.preset == config
    run.edit({"learning_rate": -1.0})
    assert run.config.learning_rate == 0.5 and said(messages)[-1][0] == "error"
    run.rewind(10)
    qtbot.waitUntil(lambda: heard.rewound == [10], timeout=PATIENCE)
    run.run()
    qtbot.waitUntil(lambda: not run.is_live, timeout=PATIENCE)
    assert run.step >= 20 and [point.step for point in folder.metrics() if "loss" in point.values][:20] == list(
        range(1, 21))


def test_a_fork_begins_where_its_run_stood(open_run: OpenRun, qtbot: QtBot) -> None:
    config = TinyConfig(steps=20)
    folder = create_run("tiny", config)
    run_recorded(TINY, config, folder.path)
    run, heard = open_run(fork_run(folder, 10).path)
    run.replay()
    assert run.state == "stopped" and heard.steps[-1] == 10 and run.checkpoints == [5, 10]
    run.run()
    qtbot.waitUntil(lambda: run.state == "finished", timeout=PATIENCE)
    assert heard.rewound == [] and run.step == 20


def test_a_killed_child_is_told_and_the_run_goes_on(open_run: OpenRun, messages: Messages, qtbot: QtBot) -> None:
    run, heard = new(open_run)
    run.run()
    qtbot.waitUntil(lambda: len(run.checkpoints) > 1, timeout=PATIENCE)
    os.kill(run.client.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: run.state == "interrupted", timeout=PATIENCE)
    (level, text), = said(messages)
    assert level == "error" and "killed" in text and "Press Run to continue" in text
    # It may have saved a checkpoint that it could not tell of any more.
    last, told = max(run.step, run.folder.checkpoint_steps()[-1]), len(heard.metrics)
    run.run()
    qtbot.waitUntil(lambda: run.step > last, timeout=PATIENCE)
    again = heard.steps[told:]
    assert again[0] <= last + 20 and all(each - before in (0, 20) for before, each in pairwise(again))
    assert all(step < again[0] for step in heard.rewound)


def test_stopped_twice_it_is_ended_and_that_is_no_error(
    open_run: OpenRun, messages: Messages, qtbot: QtBot
) -> None:
    run, _ = new(open_run, STANDIN, StandinConfig(steps=1_000_000, wait=30.0))
    run.run()
    qtbot.waitUntil(lambda: run.state == "running", timeout=PATIENCE)
    run.stop()
    assert run.state == "stopping"
    run.stop()
    qtbot.waitUntil(lambda: not run.is_live, timeout=PATIENCE)
    assert run.state == "interrupted" and [level for level, _ in said(messages)] == ["info"]


def test_a_stopped_run_goes_on(open_run: OpenRun, qtbot: QtBot) -> None:
    run, heard = new(open_run)
    run.run()
    qtbot.waitUntil(lambda: bool(heard.metrics), timeout=PATIENCE)
    run.stop()
    qtbot.waitUntil(lambda: run.state == "stopped", timeout=PATIENCE)
    last = run.checkpoints[-1]
    run.run()
    qtbot.waitUntil(lambda: run.step > last, timeout=PATIENCE)


def test_a_run_that_fails_says_why(open_run: OpenRun, messages: Messages, qtbot: QtBot) -> None:
    run, _ = new(open_run, STANDIN, StandinConfig(data=("missing",)))
    run.run()
    qtbot.waitUntil(lambda: run.state == "failed", timeout=PATIENCE)
    assert said(messages) == [
        ("error", "my stand-in: The file 'missing' does not exist; choose another one.")]


def test_a_full_disk_is_one_sentence(open_run: OpenRun, messages: Messages, qtbot: QtBot) -> None:
    run, _ = new(open_run, STANDIN, StandinConfig(data=("full disk",)))
    run.run()
    qtbot.waitUntil(lambda: run.state == "failed", timeout=PATIENCE)
    (level, text), = said(messages)
    assert level == "error" and "Make room on the disk" in text and "\n" not in text
    assert len(run.folder.metrics()) == 3


def test_a_run_of_another_process_is_followed(open_run: OpenRun, messages: Messages, qtbot: QtBot) -> None:
    folder = create_run("tiny", ENDLESS)
    recorder = Recorder(RunFolder(folder.path))
    recorder.record(Metrics(1, 9, 0.1, {"loss": 1.0}))
    run, heard = open_run(folder.path)
    run.replay()
    assert run.state == "elsewhere" and not run.is_live and heard.steps == [1]
    run.run()
    assert not run.is_live
    recorder.record(Metrics(2, 9, 0.2, {"loss": 0.5}))
    recorder.record(Note(2, "warning", "Skipped."))
    recorder.record(Arrays(2, {"samples": np.zeros((3, 2), np.float32)}))
    qtbot.waitUntil(lambda: heard.shown == [2], timeout=PATIENCE)
    assert heard.steps == [1, 2] and heard.notes[-1].text == "Skipped." and run.kept == [2]
    recorder.record(Rewound(1))
    qtbot.waitUntil(lambda: heard.rewound == [1], timeout=PATIENCE)
    assert run.step == 1 and run.kept == []
    recorder.record(Metrics(2, 9, 0.2, {"loss": 0.7}))
    recorder.close("finished")
    qtbot.waitUntil(lambda: run.state == "finished", timeout=PATIENCE)
    assert heard.steps == [1, 2, 2] and said(messages) == []


def test_what_a_rewind_has_undone_is_told_as_that(open_run: OpenRun) -> None:
    folder = create_run("tiny", ENDLESS)
    recorder = Recorder(RunFolder(folder.path))
    for step in (1, 2, 3):
        recorder.record(Metrics(step, 9, 0.1, {"loss": 1.0}))
    recorder.record(Note(3, "edit", "Changed: undone."))
    recorder.record(Rewound(1))
    recorder.record(Note(1, "edit", "Changed: kept."))
    recorder.record(Metrics(2, 9, 0.1, {"loss": 2.0}))
    recorder.close("stopped")
    run, heard = open_run(folder.path)
    run.replay()
    assert heard.steps == [1, 2, 3, 2] and heard.rewound == [1]
    assert [(note.level, note.text) for note in heard.notes] == [
        ("info", "Changed: undone."), ("rewind", "Back at step 1."), ("edit", "Changed: kept.")]


def test_a_damaged_folder_is_refused(open_run: OpenRun, tmp_path: Path) -> None:
    folder = create_run("tiny", ENDLESS, tmp_path / "run")
    (folder.path / "arrays").mkdir()
    (folder.path / "arrays" / "1.npz").write_text("no archive")
    with pytest.raises(CheckpointError):
        open_run(folder.path)
    (folder.path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        open_run(folder.path)


def test_let_go_a_run_saves_and_ends_by_itself(open_run: OpenRun, messages: Messages, qtbot: QtBot) -> None:
    run, heard = new(open_run)
    run.run()
    qtbot.waitUntil(lambda: bool(heard.metrics), timeout=PATIENCE)
    run.shut_down()
    qtbot.waitUntil(lambda: run.folder.state == "stopped", timeout=PATIENCE)
    assert run.folder.checkpoint_steps() and said(messages) == []
