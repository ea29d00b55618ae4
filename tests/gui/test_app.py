"""The start of the app, in this process and in fresh ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui import app
from gui.lab import Lab, LabContext, LabEntry

ROOT = Path(app.__file__).resolve().parent.parent


class BlankLab(Lab):
    """A lab with nothing in it."""

    name = "blank"
    title = "Blank"
    icon_name = "mdi6.draw"


@dataclass(frozen=True)
class BlankEntry(LabEntry):
    """An entry that makes a `BlankLab`."""

    def load(self) -> Callable[[LabContext], Lab]:
        return lambda _context: BlankLab()


LABS = (BlankEntry("blank", "Blank", "mdi6.draw", ""),)


@pytest.fixture(autouse=True)
def home(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "home"
    monkeypatch.setenv("MORPHOSPACE_HOME", str(folder))
    palette = qapp.palette()
    yield folder
    qapp.setStyleSheet("")
    qapp.setPalette(palette)
    QGuiApplication.styleHints().unsetColorScheme()


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, timeout=60
    )


def test_build_gives_the_application_and_a_hidden_window(qtbot: QtBot, qapp: QApplication) -> None:
    application, window = app.build(["--theme", "dark", "--lab", "blank", "a.svg"], LABS)
    qtbot.addWidget(window)
    assert application is qapp
    assert not window.isVisible()
    assert window.context.theme.theme.name == "dark"
    assert window._file == Path("a.svg")


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--help"], 0, "--theme"),
        (["--version"], 0, f"Morphospace {app.version()}"),
        (["--lab", "nowhere"], 2, "nowhere"),
        (["--theme", "pink"], 2, "pink"),
    ],
)
def test_arguments_that_end_the_program(
    arguments: list[str], status: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        app.build(arguments, LABS)
    assert end.value.code == status
    shown = capsys.readouterr()
    assert text in shown.out + shown.err


def test_main_runs_until_the_window_closes_and_reports_mistakes(
    qtbot: QtBot, qapp: QApplication, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = app.build([], LABS)
    window = made[1]
    qtbot.addWidget(window)
    monkeypatch.setattr(app, "build", lambda _argv: made)

    def go_wrong() -> None:
        error = ValueError("a mistake")
        sys.excepthook(ValueError, error, None)
        window.close()

    QTimer.singleShot(0, window, go_wrong)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    assert app.main([]) == 0
    assert window.context.messages.history[0].level == "error"
    assert "a mistake" in (home / "log.txt").read_text()
    assert "a mistake" in capsys.readouterr().err
    assert (home / "settings.ini").is_file()


def test_nothing_heavy_is_imported_before_the_window_is_there() -> None:
    done = run("import sys, gui.app; print(sorted({'torch', 'scipy', 'pyqtgraph', 'lightning'} & set(sys.modules)))")
    assert done.stdout.strip() == "[]", done.stderr


def test_labs_appear_before_torch_is_loaded() -> None:
    done = run("import sys; from gui.lab import LABS; [lab.load() for lab in LABS]; print('torch' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_without_a_display_there_is_one_sentence() -> None:
    done = run(
        "import gui.app; raise SystemExit(gui.app.main([]))", QT_QPA_PLATFORM="xcb", DISPLAY="", WAYLAND_DISPLAY=""
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "cannot open a window because no display was found" in done.stderr


def test_a_step_that_does_not_end_does_not_keep_the_process(tmp_path: Path) -> None:
    code = """
import threading
from PySide6.QtCore import QTimer
from gui import app
from gui.services.jobs import LabWorker
from gui.lab import Lab, LabEntry
class StuckLab(Lab):
    name, title, icon_name = "stuck", "Stuck", "mdi6.draw"
    def __init__(self, context):
        super().__init__()
        self.worker = LabWorker(context.messages)
        inside = threading.Event()
        def job():
            inside.set()
            threading.Event().wait()
            yield
        self.worker.submit(job, print, print)
        inside.wait()
    def on_shown(self):
        QTimer.singleShot(0, self, self.window().close)
    def shut_down(self):
        assert not self.worker.shut_down(timeout=0.01)
class Entry(LabEntry):
    def load(self):
        return StuckLab
made = app.build([], (Entry("stuck", "Stuck", "mdi6.draw", ""),))
app.build = lambda argv: made
raise SystemExit(app.main([]))
"""
    done = run(code, MORPHOSPACE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
