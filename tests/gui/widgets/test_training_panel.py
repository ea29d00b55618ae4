"""The panel, end to end, with a trainer that takes no time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine import trainers
from engine.errors import TrainingError
from engine.runtime.job import Arrays, Metrics, Note
from engine.runtime.recorder import Recorder
from engine.runtime.run_folder import RunFolder, create_run, list_runs
from engine.runtime.worker import run_recorded
from gui.messages import Messages
from gui.palette import DARK
from gui.widgets.picture_views import GridView
from gui.widgets.training_panel import AS_IN_RUN, TrainingPanel
from tests.helpers.standin_trainer import STANDIN, StandinConfig

PATIENCE = 30_000
ENDLESS = StandinConfig(steps=10_000_000, wait=0.001)


def told(messages: Messages) -> list[tuple[str, str]]:
    return [(message.level, message.text) for message in messages.history]


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Messages:
    monkeypatch.setenv("MORPHOSPACE_HOME", str(tmp_path))
    monkeypatch.setitem(trainers.TRAINERS, "standin", STANDIN)
    return Messages()


@pytest.fixture
def panel(qtbot: QtBot, messages: Messages) -> Iterator[TrainingPanel]:
    made = TrainingPanel("standin", messages)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.shut_down()
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)


def click(qtbot: QtBot, button: QPushButton) -> None:
    qtbot.waitUntil(button.isEnabled)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def notes(panel: TrainingPanel) -> list[str]:
    return [panel.notes.item(row).text() for row in range(panel.notes.count())]


def wait_for_end(panel: TrainingPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not panel.active, timeout=PATIENCE)


def test_a_run_from_start_to_finish(panel: TrainingPanel, messages: Messages, qtbot: QtBot) -> None:
    models: list[str] = []
    panel.model_saved.connect(models.append)
    panel.form.parameter("name").setValue("My birds")
    assert not panel.pause_button.isEnabled() and not panel.stop_button.isEnabled()
    click(qtbot, panel.start_button)
    assert panel.active and not panel.start_button.isEnabled() and panel.stop_button.isEnabled()
    assert "is starting" in panel.plot.hint
    wait_for_end(panel, qtbot)
    assert panel.run_dir is not None and panel.run_dir.name.endswith("my-birds")
    assert told(messages) == [("info", "My birds has finished.")]
    assert models == [str(panel.run_dir / "checkpoints" / "model.safetensors")]
    assert panel.plot.titles == ["loss", "rate"]
    assert list(panel.plot.history("loss").steps) == list(range(1, 51))
    assert panel.sheet.count == 2 and panel.sheet.isVisible()
    assert notes(panel) == ["Step 0: A new run."]
    assert panel.state_line.text() == "Finished · step 50 of 50 · 100 steps/s"


def test_pause_edit_resume_stop_and_go_on(panel: TrainingPanel, messages: Messages, qtbot: QtBot) -> None:
    panel.form.set_config(ENDLESS)
    click(qtbot, panel.start_button)
    qtbot.waitUntil(lambda: "loss" in panel.plot.titles, timeout=PATIENCE)
    assert not panel.form.parameter("name").opts["enabled"]
    click(qtbot, panel.pause_button)
    assert panel.state == "paused" and panel.start_button.text() == "&Go on"
    assert not panel.pause_button.isEnabled() and panel.pause_button.text() == "&Pause"
    assert not panel.stop_button.hasFocus()
    assert panel.state_line.text().startswith("Paused")
    panel.form.parameter("rate").setValue(0.25)
    click(qtbot, panel.start_button)
    qtbot.waitUntil(lambda: 0.25 in panel.plot.history("rate").values, timeout=PATIENCE)
    assert any("Changed: {'rate': 0.25}" in text for text in notes(panel))
    click(qtbot, panel.stop_button)
    wait_for_end(panel, qtbot)
    assert told(messages) == [("info", "my stand-in is stopped. Press Go on to continue from its newest checkpoint.")]
    first = panel.run_dir
    last = panel.plot.history("loss").steps[-1]
    assert panel.start_button.text() == "&Go on"
    panel.form.parameter("steps").setValue(int(last) + 20)
    click(qtbot, panel.start_button)
    wait_for_end(panel, qtbot)
    assert panel.run_dir == first and len(list_runs()) == 1
    assert panel.plot.history("loss").steps[-1] == last + 20
    assert panel.state == "finished"


def test_new_run_clears_the_panel_and_frees_the_form(panel: TrainingPanel, qtbot: QtBot) -> None:
    click(qtbot, panel.start_button)
    wait_for_end(panel, qtbot)
    click(qtbot, panel.new_button)
    assert panel.run_dir is None and panel.plot.titles == [] and panel.notes.count() == 0
    assert not panel.sheet.isVisible() and panel.start_button.text() == "&Start"
    assert panel.form.parameter("name").opts["enabled"]
    click(qtbot, panel.start_button)
    wait_for_end(panel, qtbot)
    assert len(list_runs()) == 2


def test_settings_that_are_wrong_are_reported_and_nothing_starts(
    panel: TrainingPanel, messages: Messages, qtbot: QtBot
) -> None:
    panel.form.parameter("sizes").setValue("many")
    click(qtbot, panel.start_button)
    assert told(messages) == [("error", "sizes cannot be 'many'; write numbers.")]
    assert not panel.active and list_runs() == []


def test_a_run_that_fails_says_why_and_can_be_tried_again(
    panel: TrainingPanel, messages: Messages, qtbot: QtBot
) -> None:
    panel.form.parameter("data").setValue(("missing",))
    click(qtbot, panel.start_button)
    wait_for_end(panel, qtbot)
    assert told(messages) == [("error", "my stand-in: The file 'missing' does not exist; choose another one.")]
    assert panel.start_button.isEnabled() and panel.new_button.isEnabled()


def test_stop_pressed_again_does_not_wait_for_a_long_step(
    panel: TrainingPanel, messages: Messages, qtbot: QtBot
) -> None:
    panel.form.set_config(StandinConfig(steps=1_000_000, wait=30.0))
    click(qtbot, panel.start_button)
    qtbot.waitUntil(lambda: panel.state == "running", timeout=PATIENCE)
    click(qtbot, panel.stop_button)
    assert panel.stop_button.text() == "&Kill now" and not panel.pause_button.isEnabled()
    click(qtbot, panel.stop_button)
    wait_for_end(panel, qtbot)
    assert panel.state == "interrupted" and panel.stop_button.text() == "S&top"


def test_a_killed_run_is_resumed(panel: TrainingPanel, messages: Messages, qtbot: QtBot) -> None:
    panel.form.set_config(ENDLESS)
    click(qtbot, panel.start_button)
    qtbot.waitUntil(lambda: "loss" in panel.plot.titles, timeout=PATIENCE)
    assert panel.run is not None
    os.kill(panel.run.client.process_id, signal.SIGKILL)
    wait_for_end(panel, qtbot)
    assert told(messages)[0][0] == "error" and "can be resumed" in told(messages)[0][1]
    panel.form.parameter("steps").setValue(30)
    click(qtbot, panel.start_button)
    wait_for_end(panel, qtbot)
    assert panel.state == "finished" and list(panel.plot.history("loss").steps) == list(range(1, 31))


def test_an_earlier_run_is_offered_opened_and_resumed(panel: TrainingPanel, qtbot: QtBot) -> None:
    config = StandinConfig(steps=20, name="earlier", sizes=(2, 3))
    run = create_run("standin", config)
    run_recorded(STANDIN, config, run.path)
    create_run("sketch", StandinConfig())
    panel._runs_menu.aboutToShow.emit()
    (action,) = panel._runs_menu.actions()
    assert action.text() == f"{run.name}  (finished)"
    action.trigger()
    assert panel.run_dir == run.path and panel.form.config() == config
    assert list(panel.plot.history("loss").steps) == list(range(1, 21))
    assert panel.sheet.count == 2 and notes(panel) == ["Step 0: A new run."]
    panel.form.parameter("steps").setValue(25)
    click(qtbot, panel.start_button)
    wait_for_end(panel, qtbot)
    assert list(panel.plot.history("loss").steps) == list(range(1, 26))
    assert run.config()["steps"] == 25


def test_without_runs_the_menu_says_so(panel: TrainingPanel) -> None:
    panel._runs_menu.aboutToShow.emit()
    (action,) = panel._runs_menu.actions()
    assert not action.isEnabled()


def test_a_run_that_another_process_trains_is_followed(panel: TrainingPanel, qtbot: QtBot) -> None:
    run = create_run("standin", StandinConfig())
    recorder = Recorder(RunFolder(run.path))
    recorder.record(Metrics(1, 9, 0.1, {"loss": 1.0}))
    panel.open_run(run.path)
    assert "another process" in panel.state_line.text() and not panel.start_button.isEnabled()
    recorder.record(Metrics(2, 9, 0.2, {"loss": 0.5}))
    recorder.record(Note(2, "warning", "Skipped."))
    qtbot.waitUntil(lambda: notes(panel) == ["Step 2: Warning. Skipped."], timeout=PATIENCE)
    assert list(panel.plot.history("loss").steps) == [1, 2]
    recorder.close("finished")
    qtbot.waitUntil(panel.start_button.isEnabled, timeout=PATIENCE)


def test_what_is_no_run_of_this_trainer_is_told_and_changes_nothing(
    panel: TrainingPanel, messages: Messages, tmp_path: Path
) -> None:
    panel.open_run(tmp_path)
    other = create_run("sketch", StandinConfig())
    panel.open_run(other.path)
    damaged = create_run("standin", StandinConfig())
    (damaged.path / "arrays").mkdir()
    (damaged.path / "arrays" / "1.npz").write_text("no archive")
    panel.open_run(damaged.path)
    assert [kind for kind, _ in told(messages)] == ["error", "warning", "error"]
    assert panel.run_dir is None


def test_arrays_that_are_no_drawings_show_no_sheet(panel: TrainingPanel) -> None:
    run = create_run("standin", StandinConfig())
    recorder = Recorder(RunFolder(run.path))
    recorder.record(Arrays(1, {"images": np.zeros((2, 8, 8)), "samples": np.zeros((2, 8))}))
    recorder.close("finished")
    panel.open_run(run.path)
    assert not panel.sheet.isVisible()


def test_pictures_that_are_redrawn_and_bent_are_shown_as_they_come(panel: TrainingPanel, qtbot: QtBot) -> None:
    run = create_run("standin", StandinConfig())
    recorder = Recorder(RunFolder(run.path))
    pictures = np.full((3, 8, 8), 9, np.uint8)
    recorder.record(Arrays(1, {"data": pictures, "reconstructions": pictures, "sweep": pictures[None].repeat(2, 0)}))
    recorder.close("finished")
    assert not panel.pictures.isVisible()
    panel.open_run(run.path)
    assert panel.pictures.isVisible() and panel.pictures.offered == ["Reconstructions", "Sweep"]
    assert not panel.sheet.isVisible()
    panel.set_theme(DARK)
    panel.pictures.choose("Sweep")
    grid = next(view.grid for view in panel.pictures.findChildren(GridView) if view.isVisible())
    assert (grid.columns, grid.count) == (3, 6)
    with qtbot.waitSignal(panel.save_requested):
        grid.save_requested.emit(grid.sheet(), "sweep.png")
    click(qtbot, panel.new_button)
    assert not panel.pictures.isVisible() and panel.pictures.offered == []


def test_a_run_is_watched_while_the_panel_is_seen(panel: TrainingPanel) -> None:
    panel.open_run(create_run("standin", StandinConfig()).path)
    assert panel.run is not None
    watched = [panel.run._watched]
    panel.hide()
    watched.append(panel.run._watched)
    panel.show()
    assert [*watched, panel.run._watched] == [True, False, True]


def test_a_preset_fills_the_form_until_there_is_a_run(
    qtbot: QtBot, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    presets = {"slow": StandinConfig(steps=7), "rough": StandinConfig(kind="rough")}
    monkeypatch.setattr("tests.helpers.standin_trainer.PRESETS", presets)
    panel = TrainingPanel("standin", messages)
    qtbot.addWidget(panel)
    assert panel.form.config() == presets["slow"] and panel.form.differing() == []
    panel.preset_box.setCurrentText("rough")
    panel.preset_box.activated.emit(1)
    assert panel.form.config() == presets["rough"] and panel.preset_box.isEnabled()
    panel.open_run(create_run("standin", StandinConfig()).path)
    assert not panel.preset_box.isEnabled() and "Nothing" in panel.plot.hint
    panel.shut_down()


def test_an_opened_run_shows_the_preset_that_its_settings_are(
    panel: TrainingPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel._presets["rough"] = StandinConfig(kind="rough")
    for config, preset in ((StandinConfig(kind="rough", name="mine"), "rough"), (StandinConfig(steps=9), AS_IN_RUN),
                           (StandinConfig(), "small")):
        panel.open_run(create_run("standin", config).path)
        assert panel.preset_box.currentText() == preset
        assert panel.form.differing() == (["name"] if config.name == "mine" else [])
        assert (panel.preset_box.findText(AS_IN_RUN) >= 0) == (preset == AS_IN_RUN)
    click(qtbot, panel.new_button)
    panel.form.parameter("steps").setValue(3)
    click(qtbot, panel.start_button)
    wait_for_end(panel, qtbot)
    assert panel.preset_box.currentText() == "small" and panel.form.differing() == ["steps"]


def test_unknown_trainer_is_refused(qtbot: QtBot, messages: Messages) -> None:
    with pytest.raises(TrainingError, match="known are"):
        TrainingPanel("alchemy", messages)
