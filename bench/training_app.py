"""Figures of the Training lab: what watching costs, how old the picture is, and how the window answers meanwhile."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication

from bench.figures import Figure, Figures
from bench.probes import DraggingHand, delays_while, until, wait
from engine.experiments.experiment import Experiment, PlannedRun
from engine.gan.presets import PRESETS
from engine.runtime.job import Metrics
from gui import app as application
from gui.training_lab.lab import TrainingLab
from gui.widgets.history import History
from gui.window import MainWindow

ENDLESS = 10_000_000
WATCH_SECONDS, WATCH_TURNS = 6.0, 5
STALL_SECONDS = 12.0
CURVES, HISTORY_STEPS = 12, 100_000


def watch_ratio() -> Figure:
    """Steps a second of a run on points while the lab shows it, over those while nobody looks, turn by turn."""
    ratios = []
    with _training(1) as (_window, lab):
        for _ in range(WATCH_TURNS):
            lab.on_hidden()
            alone = _steps_per_s(lab)
            lab.on_shown()
            ratios.append(_steps_per_s(lab) / alone)
    return Figure.of("training.watch_ratio", "ratio", ratios)


def picture_age_ms() -> Figure:
    """Age of the newest picture on the screen, from when the run stood there, looked at every few milliseconds."""
    ages: list[float] = []
    with _training(1) as (_window, lab):
        run = lab.runs.runs[0]
        shown = [time.perf_counter()]
        run.shown.connect(lambda _arrays, _step: shown.append(time.perf_counter()))
        clock = QTimer()
        clock.setInterval(5)
        clock.timeout.connect(lambda: ages.append(1e3 * (time.perf_counter() - shown[-1])))
        clock.start()
        wait(round(WATCH_SECONDS * 1000))
        clock.stop()
    return Figure.at("training.picture_age_ms", "ms", ages, 95.0)


def ui_stall_p99_ms() -> Figure:
    """How late the event loop is for what is due, the latest of a hundred: two runs train, the mouse drags."""
    return Figure.at("training.ui_stall_p99_ms", "ms", _delays(), 99.0)


def ui_stall_max_ms() -> Figure:
    """The same at its worst."""
    return Figure.at("training.ui_stall_max_ms", "ms", _delays(), 100.0)


def history_mb() -> Figure:
    """Memory of the curves of a run of 100,000 steps with twelve figures."""
    histories = [History() for _ in range(CURVES)]
    for step in range(1, HISTORY_STEPS + 1):
        for history in histories:
            history.add(step, float(step % 97))
    return Figure.of("training.history_mb", "MB", [sum(history.memory for history in histories) / 1e6])


def _steps_per_s(lab: TrainingLab) -> float:
    run = lab.runs.runs[0]
    points: list[Metrics] = []
    wait(500)
    run.metrics.connect(points.append)
    wait(round(WATCH_SECONDS * 1000))
    run.metrics.disconnect(points.append)
    # By the run's own steps and the wall clock between them; the training time that it states leaves glimpses out.
    return (points[-1].step - points[0].step) / WATCH_SECONDS


@cache
def _delays() -> tuple[float, ...]:
    with _training(2) as (_window, lab):
        hand = DraggingHand(lab.workspace.timeline.track)
        delays = delays_while(hand, STALL_SECONDS)
    return delays


@contextmanager
def _training(count: int) -> Iterator[tuple[MainWindow, TrainingLab]]:
    """The window with so many runs on points that train, past their beginning."""
    config = replace(PRESETS["points"], steps=ENDLESS, picture_every=100, measure_every=ENDLESS // 10)
    planned: tuple[Any, ...] = tuple(
        PlannedRun(f"run {n}", "gan", replace(config, seed=n, name=f"run {n}")) for n in range(1, count + 1))
    with tempfile.TemporaryDirectory() as home:
        os.environ["MORPHOSPACE_HOME"] = home
        _app, window = application.build([])
        window.resize(1280, 800)
        window.show()
        window.show_lab("training")
        until(lambda: isinstance(window.lab, TrainingLab) and window.lab.is_settled())
        lab = window.lab
        assert isinstance(lab, TrainingLab)
        lab.start(Experiment("bench", "Measured", "", ("points",), planned))
        until(lambda: len(lab.runs.live) == count and all(run.step > 500 for run in lab.runs.runs))
        yield window, lab
        for run in lab.runs.live:
            run.client.kill()
        until(lambda: not lab.runs.live)
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


FIGURES: Figures = {
    "training.watch_ratio": watch_ratio,
    "training.picture_age_ms": picture_age_ms,
    "training.ui_stall_p99_ms": ui_stall_p99_ms,
    "training.ui_stall_max_ms": ui_stall_max_ms,
    "training.history_mb": history_mb,
}
