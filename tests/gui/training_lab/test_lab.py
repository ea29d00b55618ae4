"""The lab joins runs and views: what a person does reaches the run, and what a run tells is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from engine.experiments.ready import EXPERIMENTS
from engine.runtime.job import Note
from engine.runtime.run_folder import create_run
from engine.runtime.worker import run_recorded
from gui.lab import LabContext
from gui.messages import Messages
from gui.services.run_model import RunModel
from gui.training_lab.lab import TrainingLab
from tests.gui.training_lab.conftest import PATIENCE, experiment, said
from tests.helpers.pointer import drop
from tests.helpers.tiny_run import TINY, TinyConfig


@pytest.fixture
def lab(qtbot: QtBot, context: LabContext, tiny: None) -> Iterator[TrainingLab]:
    made = TrainingLab(context)
    qtbot.addWidget(made)
    made.resize(1200, 760)
    made.show()
    made.on_shown()
    yield made
    made.shut_down()


def chosen(lab: TrainingLab) -> RunModel:
    assert lab.views.chosen is not None
    return lab.views.chosen


def settle(qtbot: QtBot, lab: TrainingLab) -> None:
    qtbot.waitUntil(lab.is_settled, timeout=PATIENCE)


def started(qtbot: QtBot, lab: TrainingLab, *labels: str) -> RunModel:
    lab.start(experiment(*labels))
    qtbot.waitUntil(lambda: lab.views.chosen is not None and chosen(lab).step > 0, timeout=PATIENCE)
    return chosen(lab)


def opened(qtbot: QtBot, lab: TrainingLab, config: TinyConfig = TinyConfig(steps=20)) -> RunModel:  # noqa: B008
    folder = create_run("tiny", config)
    run_recorded(TINY, config, folder.path)
    before = len(lab.runs.runs)
    lab.open_run(folder.path)
    qtbot.waitUntil(lambda: len(lab.runs.runs) > before, timeout=PATIENCE)
    settle(qtbot, lab)
    return chosen(lab)


def log(lab: TrainingLab) -> list[str]:
    return [lab.workspace.notes.item(row).text() for row in range(lab.workspace.notes.count())]


def test_an_experiment_is_set_up_changed_and_started(lab: TrainingLab, qtbot: QtBot) -> None:
    settle(qtbot, lab)
    view = lab.workspace
    lab.set_up(experiment("one", "two"))
    assert lab.pages.currentWidget() is view and view.title.text() == "A tiny experiment"
    assert view.transport.state == "idle" and view.run_list.count() == 2
    view.run_list.setCurrentRow(1)
    assert lab.side.form is not None
    lab.side.form.parameter("learning_rate").setValue(0.5)
    assert lab.side.form.differing() == ["learning_rate"]
    view.run_list.setCurrentRow(0)
    assert [planned.config.learning_rate for planned in lab.draft] == [0.05, 0.5]
    view.transport.run_button.click()
    assert view.transport.state == "starting"
    qtbot.waitUntil(lambda: len(lab.runs.runs) == 2, timeout=PATIENCE)
    assert lab.draft == [] and [run.config.learning_rate for run in lab.runs.runs] == [0.05, 0.5]
    assert [column.label for column in lab.columns.values()] == ["one", "two"] and chosen(lab).name == "one"
    assert view.run_list.count() == 2 and view.run_list.currentRow() == 0


def test_a_draft_that_cannot_be_made_stays(
    lab: TrainingLab, messages: Messages, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(qtbot, lab)
    (tmp_path / "file").write_text("")
    with monkeypatch.context() as patch:
        patch.setenv("MORPHOSPACE_HOME", str(tmp_path / "file"))
        lab.start(experiment("one"))
        qtbot.waitUntil(lambda: said(messages) != [], timeout=PATIENCE)
    assert len(lab.draft) == 1 and lab.workspace.transport.state == "idle"
    lab.workspace.transport.run_button.click()
    qtbot.waitUntil(lambda: len(lab.runs.runs) == 1, timeout=PATIENCE)


def test_data_is_seen_before_a_run_begins(lab: TrainingLab, qtbot: QtBot) -> None:
    lab.set_up(EXPERIMENTS["first-gan"])
    settle(qtbot, lab)
    assert lab.side.drawing is not None and "data" in lab.side.drawing._arrays


def test_edits_count_once_and_are_marked_and_rewound(lab: TrainingLab, qtbot: QtBot) -> None:
    run = started(qtbot, lab, "one")
    qtbot.waitUntil(lambda: len(run.checkpoints) > 0, timeout=PATIENCE)
    edited: list[object] = []
    lab.side.edited.connect(edited.append)
    assert lab.side.form is not None
    lab.side.form.parameter("learning_rate").setValue(0.25)
    assert edited == [{"learning_rate": 0.25}]
    qtbot.waitUntil(lambda: any("0.25" in line for line in log(lab)), timeout=PATIENCE)
    marks = lab.workspace.plot._runs["one"].marks
    assert len(marks) == 1 and "0.25" in marks[0][1]
    lab.workspace.transport.rewind_requested.emit(run.checkpoints[0])
    qtbot.waitUntil(lambda: run.config.learning_rate == 0.05, timeout=PATIENCE)
    assert lab.workspace.transport.state == "paused"
    assert lab.side.form.config().learning_rate == 0.05


def test_pause_and_steps_reach_every_run_that_trains(lab: TrainingLab, qtbot: QtBot) -> None:
    run = started(qtbot, lab, "one")
    view = lab.workspace
    qtbot.waitUntil(lambda: run.state == "running", timeout=PATIENCE)
    view.transport.run_button.click()
    assert view.transport.state == "paused"
    view.transport.step_buttons["step"].click()
    qtbot.waitUntil(lambda: run.step > 1 and run.step % 20 != 0, timeout=PATIENCE)
    view.transport.phase_button.click()
    qtbot.waitUntil(lambda: view.transport.phase_label.text() != "", timeout=PATIENCE)
    view.transport.step_buttons["step"].click()
    qtbot.waitUntil(lambda: view.transport.phase_label.text() == "", timeout=PATIENCE)
    view.transport.run_button.click()
    qtbot.waitUntil(lambda: run.state == "running", timeout=PATIENCE)
    view.transport.stop_button.click()
    qtbot.waitUntil(lambda: run.state == "stopped", timeout=PATIENCE)
    assert view.transport.state == "stopped" and not view.timeline.live


def test_looking_back_and_returning(lab: TrainingLab, qtbot: QtBot) -> None:
    run = opened(qtbot, lab)
    view, column = lab.workspace, lab.columns[run]
    assert not view.timeline.live and view.timeline.step == 20 and column.following
    view.timeline.choose(5)
    qtbot.waitUntil(lambda: "step 5" in column._state.text(), timeout=PATIENCE)
    run.edit({"steps": 100_000_000})
    view.transport.run_button.click()
    qtbot.waitUntil(lambda: run.step > 20, timeout=PATIENCE)
    assert "step 5" in column._state.text() and not view.timeline.following
    view.timeline.go_live()
    assert column.following and view.timeline.live


def test_a_fork_stands_beside_its_run_and_closes(lab: TrainingLab, qtbot: QtBot) -> None:
    first = opened(qtbot, lab)
    lab.workspace.transport.fork_requested.emit(10)
    qtbot.waitUntil(lambda: len(lab.runs.runs) == 2, timeout=PATIENCE)
    settle(qtbot, lab)
    fork = chosen(lab)
    assert fork is not first and fork.step == 10 and lab.views.labels[fork] == "tiny (2)"
    assert [column.property("chosen") for column in lab.columns.values()] == [False, True]
    assert lab.workspace.table.model.runs == ["tiny", "tiny (2)"] and lab.workspace.plot.runs == ["tiny", "tiny (2)"]
    lab.columns[fork]._close.click()
    assert chosen(lab) is first and list(lab.columns) == [first] and lab.workspace.plot.runs == ["tiny"]
    lab.runs.close(first)
    assert lab.views.chosen is None and lab.workspace.transport.state == "idle" and log(lab) == []


def test_another_experiment_says_that_the_old_runs_are_saved(
    lab: TrainingLab, messages: Messages, qtbot: QtBot
) -> None:
    run = started(qtbot, lab, "one")
    folder = run.folder
    lab.set_up(experiment("two"))
    assert "saved and stopped" in said(messages)[-1][1] and lab.runs.runs == []
    qtbot.waitUntil(lambda: folder.state == "stopped", timeout=PATIENCE)


def test_a_thousand_skipped_steps_are_one_message(lab: TrainingLab, messages: Messages, qtbot: QtBot) -> None:
    run = started(qtbot, lab, "one")
    for step in range(1000):
        run.note.emit(Note(step, "warning", f"Step {step} was skipped ({step} so far)."))
    warnings = [text for level, text in said(messages) if level == "warning"]
    assert len(warnings) == 1 and lab.workspace.notes.count() == 500


def test_a_fifth_run_waits_beside_the_stage(lab: TrainingLab, messages: Messages, qtbot: QtBot) -> None:
    for _ in range(5):
        opened(qtbot, lab, TinyConfig(steps=5))
    items = [lab.workspace.run_list.item(row) for row in range(5)]
    assert len(lab.columns) == 4 and items[4].checkState() == Qt.CheckState.Unchecked
    items[4].setCheckState(Qt.CheckState.Checked)
    assert "room for 4 runs" in said(messages)[-1][1] and items[4].checkState() == Qt.CheckState.Unchecked
    items[0].setCheckState(Qt.CheckState.Unchecked)
    items[4].setCheckState(Qt.CheckState.Checked)
    assert len(lab.columns) == 4 and lab.runs.runs[4] in lab.columns


def test_a_folder_that_is_no_run_leaves_the_lab_as_it_is(
    lab: TrainingLab, messages: Messages, qtbot: QtBot, tmp_path: Path
) -> None:
    lab.open_file(tmp_path)
    qtbot.waitUntil(lambda: said(messages) != [], timeout=PATIENCE)
    assert lab.pages.currentWidget() is lab.entrance
    lab.open_file(opened(qtbot, lab).folder.path / "checkpoints" / "model.safetensors")
    assert "open already" in said(messages)[-1][1]


def test_nobody_looks_at_a_hidden_lab(lab: TrainingLab, qtbot: QtBot) -> None:
    run = started(qtbot, lab, "one")
    watched = [run._watched]
    for change in (lab.on_hidden, lab.on_shown):
        change()
        watched.append(run._watched)
    assert watched == [True, False, True]


def test_a_folder_that_is_dropped_is_opened(lab: TrainingLab, qtbot: QtBot) -> None:
    folder = create_run("tiny", TinyConfig(steps=5))
    run_recorded(TINY, TinyConfig(steps=5), folder.path)
    drop(lab, folder.path)
    qtbot.waitUntil(lambda: [run.folder.path for run in lab.runs.runs] == [folder.path], timeout=PATIENCE)


def test_no_key_is_claimed_twice_around_a_stage(lab: TrainingLab, qtbot: QtBot) -> None:
    column = opened(qtbot, lab)
    stage = lab.columns[column].stage
    inside = [key.toString() for action in stage.points.actions() for key in action.shortcuts()]
    inside += [key.toString() for action in stage.points.bar.actions() for key in action.shortcuts()]
    around = [shortcut.key().toString() for shortcut in lab.findChildren(QShortcut)]
    around += [button.shortcut().toString() for button in lab.workspace.timeline.findChildren(QAbstractButton)]
    assert "S" in around and "P" in around and any(key.startswith("Shift+") for key in inside)
    assert not set(inside) & {key for key in around if key}
