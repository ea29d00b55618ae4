"""What is taken away from a run: each file is written, one after the other, or one sentence says why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from engine.runtime.job import Arrays, Metrics, drive
from engine.runtime.recorder import Recorder
from engine.runtime.run_folder import RunFolder, create_run
from gui.lab import LabContext
from gui.messages import Messages
from gui.services.run_model import RunModel, open_run_job
from gui.training_lab.saving import Saving
from gui.training_lab.workspace import Workspace
from tests.gui.training_lab.conftest import PATIENCE, said
from tests.helpers.stage_arrays import plane_arrays
from tests.helpers.tiny_run import TinyConfig


@pytest.fixture
def workspace(qtbot: QtBot, context: LabContext) -> Workspace:
    made = Workspace(context.theme)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def saving(qtbot: QtBot, workspace: Workspace, messages: Messages) -> Iterator[Saving]:
    made = Saving(workspace, messages, workspace)
    yield made
    made.shut_down()


@pytest.fixture
def run(tiny: None, messages: Messages, tmp_path: Path) -> Iterator[RunModel]:
    """A run that holds three points and two pictures."""
    folder = create_run("tiny", TinyConfig(), tmp_path / "made")
    recorder = Recorder(RunFolder(folder.path))
    for step in (1, 2, 3):
        recorder.record(Metrics(step, 3, 0.1, {"loss": 1 / step}))
    for step in (1, 3):
        recorder.record(Arrays(step, plane_arrays()))
    recorder.close("finished")
    made = RunModel(drive(open_run_job(folder.path)), messages)
    made.replay()
    yield made
    made.shut_down()


def choose(workspace: Workspace, text: str, path: Path | None = None) -> None:
    """Choose an entry of the menu; where it asks for a place, answer `path`."""
    menu = workspace.save_button.menu()
    assert menu is not None
    next(action for action in menu.actions() if action.text().startswith(text)).trigger()
    if path is not None:
        dialog = workspace.findChildren(QFileDialog)[-1]
        assert dialog.defaultSuffix() == path.suffix[1:]
        dialog.fileSelected.emit(str(path))
        dialog.reject()


def test_all_at_once_and_none_is_lost(
    saving: Saving, workspace: Workspace, run: RunModel, messages: Messages, qtbot: QtBot, tmp_path: Path
) -> None:
    assert not workspace.save_button.isEnabled()
    saving.choose(run)
    choose(workspace, "Picture", tmp_path / "a.png")
    choose(workspace, "Curves", tmp_path / "a.csv")
    choose(workspace, "Numbers", tmp_path / "a.npz")
    choose(workspace, "Animation", tmp_path / "a.gif")
    qtbot.waitUntil(lambda: not saving.busy, timeout=PATIENCE)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (640, 520)
    assert "step,seconds,loss" in (tmp_path / "a.csv").read_text()
    with np.load(tmp_path / "a.npz") as arrays:
        assert np.array_equal(arrays["samples"], plane_arrays()["samples"])
    with Image.open(tmp_path / "a.gif") as animation:
        assert getattr(animation, "n_frames", 1) == 2 or animation.size == (640, 520)
    saved = [text for level, text in said(messages) if level == "info" and text.startswith("Saved")]
    assert len(saved) == 4
    saving.choose(None)
    assert not workspace.save_button.isEnabled()


def test_what_cannot_be_written_is_said_and_the_next_is_written(
    saving: Saving, workspace: Workspace, run: RunModel, messages: Messages, qtbot: QtBot, tmp_path: Path
) -> None:
    saving.choose(run)
    (tmp_path / "file").write_text("")
    choose(workspace, "Curves", tmp_path / "file" / "a.csv")
    choose(workspace, "Curves", tmp_path / "b.csv")
    qtbot.waitUntil(lambda: not saving.busy, timeout=PATIENCE)
    assert [level for level, _ in said(messages)] == ["error", "info"] and (tmp_path / "b.csv").exists()


def test_the_command_and_what_is_not_there_yet(
    saving: Saving, workspace: Workspace, run: RunModel, messages: Messages
) -> None:
    saving.choose(run)
    choose(workspace, "Copy the command")
    assert QGuiApplication.clipboard().text().startswith("python -m engine train tiny")
    choose(workspace, "Add the model")
    assert "has not saved a model yet" in said(messages)[-1][1]
    assert isinstance(saving.parent(), QWidget)
