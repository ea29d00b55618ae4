"""A run of capsules, and one of the network it is compared with, from their folders to the screen and the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.capsules.config import CapsuleTrainConfig
from engine.runtime.catalog import Catalog
from engine.runtime.job import Phase
from engine.runtime.run_folder import create_run
from engine.runtime.worker import run_recorded
from engine.trainers import TRAINERS
from gui.lab import LabContext
from gui.messages import Messages
from gui.training_lab.diagram_plan import Moment
from gui.training_lab.lab import TrainingLab
from tests.gui.training_lab.conftest import PATIENCE, said

SMALL = CapsuleTrainConfig(
    channels=4, primary_types=2, capsule_size=3, image_size=20, data="file", valid_count=10, batch_size=4, steps=4,
    log_every=1, picture_every=2, measure_every=2, save_every=2, precision="32-true", device="cpu", name="capsules")


@pytest.fixture
def lab(qtbot: QtBot, context: LabContext) -> Iterator[TrainingLab]:
    made = TrainingLab(context)
    qtbot.addWidget(made)
    made.resize(1200, 760)
    made.show()
    made.on_shown()
    yield made
    made.shut_down()


def opened(qtbot: QtBot, lab: TrainingLab, config: CapsuleTrainConfig, tmp_path: Path) -> None:
    """Train to the end and open the run's folder."""
    data = tmp_path / "data.npz"
    labels = np.arange(100) % 3
    np.savez(data, images=np.random.default_rng(0).integers(0, 255, (100, 20, 20)).astype(np.uint8), labels=labels)
    config = replace(config, data_path=str(data))
    folder = create_run("capsules", config, tmp_path / config.name)
    run_recorded(TRAINERS["capsules"], config, folder.path)
    before = len(lab.runs.runs)
    lab.open_run(folder.path)
    qtbot.waitUntil(lambda: len(lab.runs.runs) > before and lab.is_settled(), timeout=PATIENCE)


def test_a_run_is_seen_scrubbed_explored_elsewhere_and_kept(
    lab: TrainingLab, messages: Messages, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(qtbot, lab, SMALL, tmp_path)
    (column,) = lab.columns.values()
    stage = column.stage
    assert stage.kind == "images" and stage.images.offered == ["Reconstructions", "Sweep"]
    assert lab.side.drawing is not None and "routing" in lab.side.drawing.boxes
    measures = [measure.name for measure in lab.workspace.table.model.measures]
    assert measures == ["valid_accuracy", "valid_margin_loss", "reconstruction_error", "steps_per_s"]
    assert {"margin_loss", "accuracy", "reconstruction"} <= set(lab.workspace.plot.titles)
    lab.workspace.timeline.step_chosen.emit(2)
    qtbot.waitUntil(lambda: not column.following and lab.is_settled(), timeout=PATIENCE)
    assert stage.images.offered == ["Reconstructions", "Sweep"]
    lab.explore.show()
    qtbot.waitUntil(lambda: not lab.explore.busy, timeout=PATIENCE)
    assert lab.explore.path is None
    lab.saving._on_model_triggered()
    qtbot.waitUntil(lambda: not lab.saving.busy, timeout=PATIENCE)
    assert [entry.name for entry in Catalog().entries("capsules") if entry.origin == "own"] == ["capsules"]
    assert [level for level, _ in said(messages)] == ["info"]


def test_a_network_that_only_recognises_shows_its_data_and_races(
    lab: TrainingLab, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(qtbot, lab, SMALL, tmp_path)
    opened(qtbot, lab, replace(SMALL, network="matched-cnn", decoder="none", name="network"), tmp_path)
    offered = [column.stage.images.offered for column in lab.columns.values()]
    assert offered == [["Reconstructions", "Sweep"], ["Data"]]
    assert lab.side.drawing is not None and set(lab.side.drawing.boxes) == {"data", "network", "loss"}
    table = lab.workspace.table.model
    margin = next(measure for measure in table.measures if measure.name == "valid_margin_loss")
    assert table.cell("network", margin) == "–" and table.cell("capsules", margin) != "–"


def test_before_it_trains_nothing_is_said_of_points(lab: TrainingLab, qtbot: QtBot, tmp_path: Path) -> None:
    lab.open_run(create_run("capsules", SMALL, tmp_path / "new").path)
    qtbot.waitUntil(lambda: bool(lab.columns), timeout=PATIENCE)
    (column,) = lab.columns.values()
    assert not column.stage.plane.isVisible() and not column.stage.images.isVisible()


def test_the_moment_of_slow_motion_ends_with_the_step_and_with_the_run(
    lab: TrainingLab, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(qtbot, lab, SMALL, tmp_path)
    (run,) = lab.runs.runs
    drawing, label = lab.side.drawing, lab.workspace.transport.phase_label
    assert drawing is not None
    score = Phase(4, "step", "score")
    run.phase.emit(score)
    assert drawing.canvas.moment != Moment() and "score" in label.text()
    run.shown.emit(run.newest, 4)
    assert drawing.canvas.moment == Moment() and label.text() == ""
    run.phase.emit(score)
    run.state_changed.emit(run.state)
    assert drawing.canvas.moment == Moment() and label.text() == ""


def test_three_runs_side_by_side_leave_room_for_the_drawing(
    lab: TrainingLab, qtbot: QtBot, tmp_path: Path
) -> None:
    for count in (1, 2, 3):
        opened(qtbot, lab, replace(SMALL, routings=count, name=f"{count} routings"), tmp_path)
    # What a window of 1280 pixels leaves beside the labs.
    lab.resize(1188, 760)
    drawing = lab.side.drawing
    assert drawing is not None
    qtbot.waitUntil(lambda: lab.workspace.width() == 1188)
    assert drawing._scroll.horizontalScrollBar().maximum() == 0
    # A name is there as a whole, and a long state gives way to it.
    first, *_ = lab.columns.values()
    first._state.setText("waiting for its turn · step 1,000")
    qtbot.waitUntil(lambda: first._state.width() < first._state.sizeHint().width())
    assert first._name.width() >= first._name.sizeHint().width()
