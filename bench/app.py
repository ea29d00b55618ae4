"""Figures of the app: its start in a process of its own, and how the window answers while endings grow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import psutil
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtWidgets import QApplication

from bench.drawings import beginning
from bench.figures import Figure, Figures
from bench.probes import FirstInk, FirstPaint, MovingPen, delays_while, draw, mouse, until
from gui import app as application
from gui.sketch_lab.lab import SketchLab
from gui.window import MainWindow

STARTS = 5
PEN_UPS, WARM_UP = 20, 3
STALL_SECONDS = 6.0

_START = """
import json, sys, time
began = float(sys.argv[1])
from bench.app import start
print(json.dumps(start(began)))
"""


def first_window_s() -> Figure:
    """From starting Python to the window's first paint; the disk is warm."""
    return Figure.of("app.first_window_s", "s", [run["window"] for run in _starts()])


def lab_usable_s() -> Figure:
    """From starting Python until the lab's model has drawn its first points."""
    return Figure.of("app.lab_usable_s", "s", [run["usable"] for run in _starts()])


def resident_mb() -> Figure:
    """Resident memory after nine endings have been shown."""
    return Figure.of("app.resident_mb", "MB", [run["resident"] for run in _starts()])


def first_ink_ms() -> Figure:
    """From the pen's release until the gallery has painted the first new ink."""
    with _open_lab() as (_window, lab):
        samples = []
        for _ in range(WARM_UP + PEN_UPS):
            lab.document.clear()
            draw(lab, beginning().strokes[0])
            until(lambda: lab.is_settled())
            samples.append(_ink_after(lab))
    return Figure.of("sketch.first_ink_ms", "ms", samples[WARM_UP:])


def ui_stall_p99_ms() -> Figure:
    """How late the event loop is for what is due, the latest of a hundred, while endings animate and the pen moves."""
    return Figure.at("sketch.ui_stall_p99_ms", "ms", _delays(), 99.0)


def ui_stall_max_ms() -> Figure:
    """The same at its worst."""
    return Figure.at("sketch.ui_stall_max_ms", "ms", _delays(), 100.0)


def start(began: float) -> dict[str, float]:
    """In a process of its own: start the app as `main.py` does, and say what was there how long after `began`."""
    times: dict[str, float] = {}
    _app, window = application.build([])
    painted = FirstPaint(window)
    window.show()
    until(lambda: painted.seen)
    times["window"] = painted.at - began
    until(lambda: isinstance(window.lab, SketchLab))
    lab = window.lab
    assert isinstance(lab, SketchLab)
    ready: list[float] = []
    lab.finisher.ready.connect(lambda _ready: ready.append(time.time()))
    until(lambda: (bool(ready) and lab.finisher.settled) or lab.finisher.growth is not None)
    times["usable"] = time.time() - began
    for stroke in beginning().strokes:
        draw(lab, stroke)
    until(lambda: lab.is_settled())
    times["resident"] = psutil.Process().memory_info().rss / 1e6
    _close(window)
    return times


@cache
def _starts() -> tuple[dict[str, float], ...]:
    runs = []
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "MORPHOSPACE_HOME": home}
        for _ in range(STARTS + 1):
            command = [sys.executable, "-c", _START, str(time.time())]
            runs.append(json.loads(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout))
    return tuple(runs[1:])  # the first one warms the disk


@cache
def _delays() -> tuple[float, ...]:
    with _open_lab() as (_window, lab):
        for stroke in beginning().strokes:
            draw(lab, stroke)
        until(lambda: lab.is_settled())
        pen = MovingPen(lab)
        delays = delays_while(pen, STALL_SECONDS)
        until(lambda: lab.is_settled())
    return delays


@contextmanager
def _open_lab() -> Iterator[tuple[MainWindow, SketchLab]]:
    with tempfile.TemporaryDirectory() as home:
        os.environ["MORPHOSPACE_HOME"] = home
        _app, window = application.build([])
        window.resize(1280, 800)
        window.show()
        until(lambda: isinstance(window.lab, SketchLab) and window.lab.is_settled())
        lab = window.lab
        assert isinstance(lab, SketchLab)
        yield window, lab
        _close(window)


def _close(window: MainWindow) -> None:
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _ink_after(lab: SketchLab) -> float:
    """Milliseconds from the release of a second stroke to the paint that shows new ink."""
    ears = beginning().strokes[1]
    points = [QPointF(float(x), float(y)) for x, y in ears]
    painted = FirstInk(lab)
    mouse(lab.canvas, QEvent.Type.MouseButtonPress, points[0])
    for point in points[1:]:
        mouse(lab.canvas, QEvent.Type.MouseMove, point)
    released = time.perf_counter()
    mouse(lab.canvas, QEvent.Type.MouseButtonRelease, points[-1])
    until(lambda: painted.seen)
    lab.gallery.removeEventFilter(painted)
    return 1e3 * (painted.at - released)


FIGURES: Figures = {
    "app.first_window_s": first_window_s,
    "app.lab_usable_s": lab_usable_s,
    "app.resident_mb": resident_mb,
    "sketch.first_ink_ms": first_ink_ms,
    "sketch.ui_stall_p99_ms": ui_stall_p99_ms,
    "sketch.ui_stall_max_ms": ui_stall_max_ms,
}
