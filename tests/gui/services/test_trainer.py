"""The client tells what the child tells, in order, and its states follow."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine import trainers
from engine.errors import CheckpointError, TrainingError
from engine.runtime.channel import Ended
from engine.runtime.run_folder import RunFolder
from gui.services.trainer import TrainerClient
from tests.helpers.standin_trainer import STANDIN, StandinConfig

PATIENCE = 30_000
ENDLESS = StandinConfig(steps=10_000_000, wait=0.001)


class Heard:
    """All that a client's signals have brought."""

    def __init__(self, client: TrainerClient) -> None:
        """Listen to `client`."""
        self.states: list[str] = []
        self.metrics: list[Any] = []
        self.arrays: list[Any] = []
        self.notes: list[Any] = []
        self.saved: list[Any] = []
        self.ended: list[Ended] = []
        client.state_changed.connect(self.states.append)
        client.metrics.connect(self.metrics.append)
        client.arrays.connect(self.arrays.append)
        client.note.connect(self.notes.append)
        client.saved.connect(self.saved.append)
        client.ended.connect(self.ended.append)


@pytest.fixture
def client(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainerClient]:
    monkeypatch.setitem(trainers.TRAINERS, "standin", STANDIN)
    made = TrainerClient()
    yield made
    made.shut_down()
    # A child that was let go ends by itself.
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)
    made.deleteLater()


@pytest.fixture
def heard(client: TrainerClient) -> Heard:
    return Heard(client)


def test_whole_run(client: TrainerClient, heard: Heard, qtbot: QtBot, tmp_path: Path) -> None:
    client.start(STANDIN, StandinConfig(steps=30), tmp_path / "run")
    qtbot.waitUntil(lambda: heard.ended != [], timeout=PATIENCE)
    assert heard.states == ["starting", "running", "finished"]
    assert [event.step for event in heard.metrics] == list(range(1, 31))
    assert heard.arrays and len(heard.notes) == 1 and len(heard.saved) == 1
    assert heard.ended == [Ended("finished", "", {"loss": 1 / 30})]
    assert not client.active and client.run_dir == tmp_path / "run"


def test_pause_resume_edit_stop(client: TrainerClient, heard: Heard, qtbot: QtBot, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    client.start(STANDIN, ENDLESS, run_dir)
    qtbot.waitUntil(lambda: len(heard.metrics) > 3, timeout=PATIENCE)
    client.pause()
    client.edit({"rate": 0.5})
    client.resume(run_dir)
    qtbot.waitUntil(lambda: heard.metrics[-1].values["rate"] == 0.5, timeout=PATIENCE)
    client.stop()
    client.stop()
    qtbot.waitUntil(lambda: heard.ended != [], timeout=PATIENCE)
    assert heard.states == ["starting", "running", "paused", "running", "stopping", "stopped"]
    step = heard.saved[-1].step
    client.resume(run_dir)
    qtbot.waitUntil(lambda: heard.metrics[-1].step > step, timeout=PATIENCE)
    assert heard.metrics[-1].values["rate"] == 0.5


def test_one_run_at_a_time(client: TrainerClient, tmp_path: Path) -> None:
    client.start(STANDIN, ENDLESS, tmp_path / "run")
    with pytest.raises(TrainingError, match="stop it first"):
        client.start(STANDIN, ENDLESS, tmp_path / "other")


def test_killed_child(client: TrainerClient, heard: Heard, qtbot: QtBot, tmp_path: Path) -> None:
    client.start(STANDIN, ENDLESS, tmp_path / "run")
    qtbot.waitUntil(lambda: heard.metrics != [], timeout=PATIENCE)
    os.kill(client.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: heard.ended != [], timeout=PATIENCE)
    assert heard.ended[0].kind == "killed" and client.state == "killed" and client.process_id == 0


def test_kill(client: TrainerClient, heard: Heard, qtbot: QtBot, tmp_path: Path) -> None:
    client.start(STANDIN, ENDLESS, tmp_path / "run")
    client.kill()
    qtbot.waitUntil(lambda: heard.ended != [], timeout=PATIENCE)
    assert heard.ended[0].kind == "killed"


def test_after_shut_down_the_child_saves_and_nothing_more_is_told(
    client: TrainerClient, heard: Heard, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path / "run")
    client.start(STANDIN, ENDLESS, folder.path)
    qtbot.waitUntil(lambda: heard.metrics != [], timeout=PATIENCE)
    client.shut_down()
    told = len(heard.metrics)
    qtbot.waitUntil(lambda: folder.state == "stopped", timeout=PATIENCE)
    assert (folder.path / "checkpoints" / "state.json").exists()
    assert len(heard.metrics) == told and heard.states[-1] == "idle" and not heard.ended


def test_commands_without_a_run_do_nothing(client: TrainerClient, heard: Heard) -> None:
    client.pause()
    client.stop()
    client.edit({"rate": 1.0})
    client.kill()
    assert client.state == "idle" and not heard.states


def test_resume_of_what_is_no_run_or_of_an_unknown_trainer(client: TrainerClient, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        client.resume(tmp_path)
    RunFolder(tmp_path / "run").write_config("unheard of", StandinConfig())
    with pytest.raises(TrainingError, match="unheard of"):
        client.resume(tmp_path / "run")
