"""Runs are made, opened, forked and started in their turn."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.runtime.run_folder import create_run, list_runs
from engine.runtime.worker import run_recorded
from gui.messages import Messages
from gui.services.run_model import RunModel
from gui.training_lab import run_set as module
from gui.training_lab.run_set import RunSet
from tests.gui.training_lab.conftest import ENDLESS, PATIENCE, experiment, said
from tests.helpers.tiny_run import TINY, TinyConfig


@pytest.fixture
def runs(qtbot: QtBot, messages: Messages, tiny: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunSet]:
    monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
    made = RunSet(messages)
    yield made
    made.shut_down()
    made.deleteLater()
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)


def settled(qtbot: QtBot, runs: RunSet) -> None:
    qtbot.waitUntil(lambda: not runs.busy, timeout=PATIENCE)


def finished(config: TinyConfig = TinyConfig(steps=10)) -> Path:  # noqa: B008 (frozen)
    folder = create_run("tiny", config)
    run_recorded(TINY, config, folder.path)
    return folder.path


def test_runs_start_in_their_turn(runs: RunSet, qtbot: QtBot) -> None:
    added: list[RunModel] = []
    runs.added.connect(added.append)
    runs.start(experiment("one", "two", "three").runs)
    assert runs.busy
    settled(qtbot, runs)
    assert [run.name for run in runs.runs] == ["one", "two", "three"] and added == runs.runs
    assert runs.live == runs.runs[:1] and [runs.is_waiting(run) for run in runs.runs] == [False, True, True]
    runs.runs[1].run()  # out of its turn
    assert len(runs.live) == 2
    qtbot.waitUntil(lambda: runs.runs[0].state == "running", timeout=PATIENCE)
    runs.runs[0].stop()
    qtbot.waitUntil(lambda: not runs.runs[0].is_live, timeout=PATIENCE)
    assert runs.live == runs.runs[1:2]
    runs.runs[1].stop()
    qtbot.waitUntil(lambda: runs.live == runs.runs[2:], timeout=PATIENCE)


def test_stop_starts_none_of_those_that_wait(runs: RunSet, qtbot: QtBot) -> None:
    runs.start(experiment("one", "two").runs)
    settled(qtbot, runs)
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)
    assert not runs.is_waiting(runs.runs[1]) and runs.runs[1].state == "idle"


def test_clearing_starts_nothing_and_drops_what_is_to_be_made(runs: RunSet, qtbot: QtBot) -> None:
    removed: list[RunModel] = []
    runs.removed.connect(removed.append)
    runs.start(experiment("one", "two").runs)
    settled(qtbot, runs)
    second = runs.runs[1]
    runs.start(experiment("three").runs)
    runs.clear()
    assert runs.runs == [] and len(removed) == 2 and not runs.busy and not second.is_live
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)
    assert {run.name[18:]: run.state for run in list_runs()}["one"] == "stopped"


def test_opened_once_and_forked(runs: RunSet, messages: Messages, qtbot: QtBot) -> None:
    path = finished()
    runs.open(path)
    settled(qtbot, runs)
    runs.open(path)
    assert said(messages) == [("info", "tiny is open already.")] and runs.find(path) is runs.runs[0]
    runs.fork(runs.runs[0], 5)
    settled(qtbot, runs)
    first, fork = runs.runs
    assert fork.step == 5 and fork.state == "stopped" and first.step == 10 and runs.live == []


def test_what_cannot_be_opened_or_made_is_one_sentence(
    runs: RunSet, messages: Messages, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[None] = []
    runs.not_made.connect(lambda: refused.append(None))
    runs.open(tmp_path)
    settled(qtbot, runs)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MORPHOSPACE_HOME", str(tmp_path / "file"))
    runs.start(experiment("one").runs)
    settled(qtbot, runs)
    assert len(refused) == 2 and runs.runs == []
    (_, first), (level, second) = said(messages)
    assert "Choose a run folder" in first and level == "error" and "Choose another place" in second


def test_a_run_that_is_closed_saves(runs: RunSet, qtbot: QtBot) -> None:
    runs.start(experiment("one", config=ENDLESS).runs)
    settled(qtbot, runs)
    run = runs.runs[0]
    qtbot.waitUntil(lambda: run.step > 0, timeout=PATIENCE)
    folder = run.folder
    runs.close(run)
    qtbot.waitUntil(lambda: folder.state == "stopped", timeout=PATIENCE)
    assert folder.checkpoint_steps()
