"""The real window, and what a person does in the Training lab: start, step, bend, scrub, rewind, fork, race, save."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.experiments.experiment import Experiment, PlannedRun
from engine.experiments.ready import EXPERIMENTS
from engine.gan.config import GanTrainConfig
from engine.gan.presets import PRESETS
from engine.runtime.run_folder import create_run, list_runs, open_run
from engine.runtime.worker import TrainerProcess
from engine.trainers import trainer
from gui import app
from gui.services.run_model import RunModel
from gui.training_lab import entrance
from gui.training_lab.lab import TrainingLab
from gui.window import MainWindow
from tests.helpers.pointer import click

PATIENCE = 90_000
FIRST = "first-gan"
# The networks of the real one with fewer units, and pictures and checkpoints often enough to be there soon.
SMALL = replace(
    PRESETS["points"], width=16, critic_width=16, depth=2, batch_size=64, steps=1_000_000, log_every=5,
    picture_every=20, save_every=50, measure_every=200, name="Eight islands")
Open = Callable[[], tuple[MainWindow, TrainingLab]]


@pytest.fixture
def open_lab(qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Starts the app and goes to the lab; the window is closed after the test."""
    quick = replace(EXPERIMENTS[FIRST], runs=(PlannedRun("Eight islands", "gan", SMALL),))
    monkeypatch.setattr(entrance, "EXPERIMENTS", {**EXPERIMENTS, FIRST: quick})
    palette = qapp.palette()
    windows: list[MainWindow] = []

    def opened() -> tuple[MainWindow, TrainingLab]:
        _, window = app.build(["--theme", "light"])
        qtbot.addWidget(window)
        windows.append(window)
        window.resize(1280, 800)
        window.show()
        window.show_lab("training")
        qtbot.waitUntil(lambda: isinstance(window.lab, TrainingLab) and window.lab.is_settled(), timeout=PATIENCE)
        assert isinstance(window.lab, TrainingLab)
        return window, window.lab

    yield opened
    for window in windows:
        window.close()
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)
    qapp.setStyleSheet("")
    qapp.setPalette(palette)
    QGuiApplication.styleHints().unsetColorScheme()


def started(qtbot: QtBot, lab: TrainingLab, step: int = 100) -> RunModel:
    """The run of the first card, begun by its own button, once it is past a step."""
    tile = next(tile for tile in lab.entrance.gallery.tiles if tile.accessibleName().startswith("Eight islands"))
    assert tile.start_button is not None
    click(tile.start_button)
    qtbot.waitUntil(lambda: bool(lab.runs.runs) and lab.runs.runs[0].step >= step, timeout=PATIENCE)
    return lab.runs.runs[0]


def paused(qtbot: QtBot, lab: TrainingLab, run: RunModel) -> None:
    click(lab.workspace.transport.run_button)
    qtbot.waitUntil(lambda: run.state == "paused", timeout=PATIENCE)
    # Whatever was on its way has arrived once a moment that was asked for has; the step is then brought to its end.
    with qtbot.waitSignal(run.phase, timeout=PATIENCE):
        run.advance("phase")
    with qtbot.waitSignal(run.metrics, timeout=PATIENCE):
        run.advance("step")


def reached(told: list[tuple[str, str]], count: int) -> bool:
    return len(told) == count


def history(lab: TrainingLab, figure: str = "critic_loss", run: str = "Eight islands") -> list[float]:
    return list(lab.workspace.plot.history(figure, run).steps)


def test_a_card_starts_a_run_whose_samples_and_curves_move(qtbot: QtBot, open_lab: Open) -> None:
    _, lab = open_lab()
    run = started(qtbot, lab)
    first = run.newest["samples"].copy()
    qtbot.waitUntil(lambda: bool((run.newest["samples"] != first).any()), timeout=PATIENCE)
    assert run.state == "running" and len(history(lab)) > 5
    assert lab.columns[run].stage.kind == "points"
    assert {"data", "samples", "critic_map", "gradients", "warp"} <= run.newest.keys()


def test_single_steps_and_slow_motion(qtbot: QtBot, open_lab: Open) -> None:
    _, lab = open_lab()
    run = started(qtbot, lab)
    paused(qtbot, lab, run)
    bar, step = lab.workspace.transport, run.step
    told: list[tuple[str, str]] = []
    run.phase.connect(lambda phase: told.append((phase.part, phase.name)))
    seen: list[int] = []
    run.metrics.connect(lambda point: seen.append(point.step))
    assert bar.step_buttons["critic"].isVisible() and bar.step_buttons["critic"].isEnabled()
    click(bar.step_buttons["critic"])
    qtbot.waitUntil(lambda: len(seen) == 1, timeout=PATIENCE)
    assert seen == [step]  # a critic's step alone does not count
    bar.step_buttons["generator"].click()
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=PATIENCE)
    assert seen[-1] == step + 1
    for count in range(1, 9):
        bar.phase_button.click()
        qtbot.waitUntil(partial(reached, told, count), timeout=PATIENCE)
    moments = ("sample", "score", "gradient", "update")
    assert told == [(part, name) for part in ("critic", "generator") for name in moments]
    click(bar.run_button)
    qtbot.waitUntil(lambda: run.state == "running" and run.step > step + 20, timeout=PATIENCE)


def test_an_edit_is_marked_and_rewinding_undoes_it(qtbot: QtBot, open_lab: Open) -> None:
    _, lab = open_lab()
    run = started(qtbot, lab)
    drawing = lab.side.drawing
    assert drawing is not None
    drawing.edited.emit({"generator_rate": 0.0})
    qtbot.waitUntil(lambda: run.config.generator_rate == 0.0, timeout=PATIENCE)
    assert open_run(run.folder.path).config()["generator_rate"] == 0.0
    notes = [lab.workspace.notes.item(row).text() for row in range(lab.workspace.notes.count())]
    assert any("generator_rate = 0.0" in text for text in notes)
    paused(qtbot, lab, run)
    step = run.checkpoints[0]
    lab.workspace.timeline.rewind_requested.emit(step)
    qtbot.waitUntil(lambda: run.config.generator_rate == SMALL.generator_rate, timeout=PATIENCE)
    assert run.step == step and run.checkpoints == [step]
    assert max(history(lab)) <= step
    click(lab.workspace.transport.run_button)
    qtbot.waitUntil(lambda: run.step > step + 20, timeout=PATIENCE)


def test_the_time_line_shows_the_past_and_comes_back(qtbot: QtBot, open_lab: Open) -> None:
    _, lab = open_lab()
    run = started(qtbot, lab)
    paused(qtbot, lab, run)
    line, column = lab.workspace.timeline, lab.columns[run]
    line.track.setFocus()
    QTest.keyClick(line.track, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: not column.following and lab.is_settled(), timeout=PATIENCE)
    assert line.step == run.kept[0]
    click(line.live_button)
    qtbot.waitUntil(lambda: column.following, timeout=PATIENCE)


def test_a_fork_goes_on_beside_its_origin(qtbot: QtBot, open_lab: Open) -> None:
    _, lab = open_lab()
    run = started(qtbot, lab)
    paused(qtbot, lab, run)
    step = run.checkpoints[0]
    lab.workspace.transport.fork_requested.emit(step)
    qtbot.waitUntil(lambda: len(lab.runs.runs) == 2, timeout=PATIENCE)
    fork = lab.runs.runs[1]
    assert fork.step <= step and fork.kept == [kept for kept in run.kept if kept <= step]
    lab.choose(fork)
    fork.run()
    qtbot.waitUntil(lambda: fork.step > step + 20, timeout=PATIENCE)
    assert run.state == "paused" and len(lab.columns) == 2


def test_two_runs_race_on_one_slider_and_in_one_table(qtbot: QtBot, open_lab: Open) -> None:
    _, lab = open_lab()
    config = replace(SMALL, steps=400, measure_every=100, name="plain")
    other = replace(config, objective="hinge", critic_constraint="spectral norm", name="sn")
    runs = tuple(PlannedRun(each.name, "gan", each) for each in (config, other))
    lab.start(Experiment("race", "Race", "Two runs.", ("points",), runs))
    qtbot.waitUntil(
        lambda: [run.state for run in lab.runs.runs] == ["finished", "finished"] and lab.is_settled(), timeout=PATIENCE)
    assert lab.workspace.plot.runs == ["plain", "sn"] and lab.workspace.table.model.runs == ["plain", "sn"]
    lab.workspace.timeline.choose(200)
    assert lab.workspace.timeline.picture_steps() == {"plain": 200, "sn": 200}
    qtbot.waitUntil(lambda: not any(column.following for column in lab.columns.values()), timeout=PATIENCE)


def test_a_run_of_another_process_is_followed_live(qtbot: QtBot, open_lab: Open) -> None:
    folder = create_run("gan", replace(SMALL, name="elsewhere"))
    process = TrainerProcess(trainer("gan"), folder.config(), folder.path)
    try:
        qtbot.waitUntil(lambda: (process.poll() or True) and len(folder.array_steps()) > 1, timeout=PATIENCE)
        _, lab = open_lab()
        lab.open_file(folder.path / "config.json")
        qtbot.waitUntil(lambda: bool(lab.runs.runs) and lab.runs.runs[0].step > 0, timeout=PATIENCE)
        run = lab.runs.runs[0]
        assert run.state == "elsewhere"
        step = run.step
        qtbot.waitUntil(lambda: (process.poll() or True) and run.step > step + 50, timeout=PATIENCE)
    finally:
        process.close()
        process.join()
    qtbot.waitUntil(lambda: run.state == "stopped", timeout=PATIENCE)


def test_what_was_seen_can_be_taken_away(qtbot: QtBot, open_lab: Open, tmp_path: Path) -> None:
    _, lab = open_lab()
    run = started(qtbot, lab)
    paused(qtbot, lab, run)
    saving = lab.saving
    saving._start_gif(run, tmp_path / "run.gif")
    qtbot.waitUntil(lambda: (tmp_path / "run.gif").exists() and not saving.busy, timeout=PATIENCE)
    with Image.open(tmp_path / "run.gif") as gif:
        assert getattr(gif, "n_frames", 1) > 1
    lab.workspace.save_button.menu()
    saving.add_to_catalog(run.folder.model_path)
    qtbot.waitUntil(lambda: not saving.busy, timeout=PATIENCE)
    assert any(entry.suffix == ".safetensors" for entry in (Path(os.environ["MORPHOSPACE_HOME"]) / "models").iterdir())


def test_closing_the_window_during_a_run_loses_nothing(qtbot: QtBot, open_lab: Open) -> None:
    window, lab = open_lab()
    path = started(qtbot, lab).folder.path
    window.close()
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)
    folder = open_run(path)
    assert folder.state == "stopped" and folder.metrics()[-1].step >= 100
    config = replace(SMALL, steps=folder.metrics()[-1].step + 5)
    events = list(trainer("gan").job(config, path))
    assert any(getattr(event, "text", "").startswith("Going on from step") for event in events)


def test_a_killed_process_is_told_with_what_to_do_and_goes_on(qtbot: QtBot, open_lab: Open) -> None:
    window, lab = open_lab()
    run = started(qtbot, lab)
    qtbot.waitUntil(lambda: bool(run.checkpoints), timeout=PATIENCE)
    os.kill(run.client.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: not run.is_live, timeout=PATIENCE)
    assert "can be resumed" in window.context.messages.history[-1].text
    step = run.folder.metrics()[-1].step
    click(lab.workspace.transport.run_button)
    qtbot.waitUntil(lambda: run.state == "running" and run.step > step, timeout=PATIENCE)


def test_what_cannot_be_opened_is_one_sentence(qtbot: QtBot, open_lab: Open, tmp_path: Path) -> None:
    window, lab = open_lab()
    lab.open_run(tmp_path)
    qtbot.waitUntil(lambda: bool(window.context.messages.history) and not lab.runs.busy, timeout=PATIENCE)
    assert "Choose a run folder" in window.context.messages.history[-1].text and not lab.runs.runs


def test_broken_pictures_are_left_out_and_named(qtbot: QtBot, open_lab: Open, tmp_path: Path) -> None:
    for index in range(30):
        Image.effect_noise((40, 40), 80 + index).save(tmp_path / f"{index}.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    window, lab = open_lab()
    config = GanTrainConfig(
        data="pictures", data_path=str(tmp_path), image_size=28, network="mlp", width=16, critic_width=16, depth=1,
        batch_size=8, steps=10, log_every=1, measure_every=100, save_every=100, picture_every=5, name="mine")
    lab.start(Experiment("own", "Own", "Own pictures.", ("pictures",), (PlannedRun("mine", "gan", config),)))
    qtbot.waitUntil(lambda: bool(lab.runs.runs) and lab.runs.runs[0].state == "finished", timeout=PATIENCE)
    notes = [lab.workspace.notes.item(row).text() for row in range(lab.workspace.notes.count())]
    assert any("broken.png" in text for text in notes)
    assert [run.state for run in list_runs()] == ["finished"]
    assert window.context.messages is not None
