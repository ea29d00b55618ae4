"""The promises of the house itself: silence means pass, the engine knows no Qt, the labs are all under contract."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent

ENGINE_LEAKS = """
import logging, subprocess, sys, threading, warnings
import pytest

stay = threading.Event()

def test_leaks_thread():
    threading.Thread(target=stay.wait, name="lingerer").start()

def test_quiet_while_the_thread_lives_on():
    stay.set()

def test_leaks_process():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    globals()["child"] = child

def test_kills_its_process(own_pipe=subprocess.PIPE):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=own_pipe) as child:
        child.kill()

def test_logs_warning():
    quiet = logging.getLogger("aside")
    quiet.propagate = False
    quiet.warning("not good")

def test_logs_an_expected_warning(caplog):
    with caplog.at_level(logging.WARNING):
        logging.getLogger("aside").warning("as foreseen")

def test_warns():
    warnings.warn("old way")

def test_fails_and_leaks():
    logging.error("on the way down")
    assert False, "the real reason"
"""

QT_LEAKS = """
from PySide6.QtCore import QObject, QThread, QTimer, qWarning
from PySide6.QtWidgets import QWidget
import pytest

kept = []

class Holder:
    pass

def test_leaks_window(qtbot):
    holder = Holder()
    holder.window = QWidget()
    holder.window.setObjectName("forgotten")
    kept.append(holder)

def test_quiet_after_the_window(qtbot):
    pass

def test_gives_its_window_to_qtbot(qtbot):
    window = QWidget()
    window.timer = QTimer(window, interval=10)
    window.timer.start()
    qtbot.addWidget(window)
    kept.append(window)

def test_drops_a_window_in_a_cycle(qtbot):
    window = QWidget()
    window.itself = window

def test_leaks_timer(qtbot):
    owner = QObject()
    timer = QTimer(owner, interval=12345)
    timer.start()
    kept.append((owner, timer))

def test_leaks_qthread(qtbot):
    thread = QThread()
    thread.setObjectName("runner")
    thread.start()
    kept.append(thread)

def test_qt_complains(qtbot):
    qWarning("bad geometry")

def test_shows_a_window_with_a_least_size(qtbot):
    window = QWidget()
    window.setMinimumSize(50, 50)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
"""


@pytest.fixture
def house(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project with this project's conftest and settings."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    shutil.copy(ROOT / "pyproject.toml", pytester.path)
    pytester.makeconftest("from tests.conftest import *")
    return pytester


def outcomes(result: pytest.RunResult) -> dict[str, set[str]]:
    """Names of the tests that passed, failed, and went wrong after their end."""
    text = result.stdout.str()
    return {
        word: set(re.findall(rf"^{word} \S+::(\w+)", text, re.MULTILINE)) for word in ("PASSED", "FAILED", "ERROR")
    }


def test_what_the_engine_may_leave_behind(house: pytest.Pytester) -> None:
    house.makepyfile(ENGINE_LEAKS)
    result = house.runpytest_subprocess(".", "-rA", "-p", "tests.helpers.no_qt")
    found = outcomes(result)
    assert found["ERROR"] == {"test_leaks_thread", "test_leaks_process", "test_logs_warning"}
    assert found["FAILED"] == {"test_warns", "test_fails_and_leaks"}
    assert found["PASSED"] - found["ERROR"] == {
        "test_quiet_while_the_thread_lives_on",
        "test_kills_its_process",
        "test_logs_an_expected_warning",
    }
    result.stdout.fnmatch_lines_random(
        [
            "- a live thread: lingerer",
            "- a child process: * input()",
            "- WARNING from the logger 'aside': not good",
            "*UserWarning: old way*",
            "*the real reason*",
        ]
    )


def test_what_the_gui_may_leave_behind(house: pytest.Pytester) -> None:
    house.makepyfile(QT_LEAKS)
    result = house.runpytest_subprocess(".", "-rA")
    found = outcomes(result)
    assert found["ERROR"] == {"test_leaks_window", "test_leaks_timer", "test_leaks_qthread"}
    assert found["FAILED"] == {"test_qt_complains"}
    assert found["PASSED"] - found["ERROR"] == {
        "test_quiet_after_the_window",
        "test_gives_its_window_to_qtbot",
        "test_drops_a_window_in_a_cycle",
        "test_shows_a_window_with_a_least_size",
    }
    result.stdout.fnmatch_lines_random(
        [
            "- a top-level widget: QWidget forgotten, held by a Holder as window",
            "- an active QTimer of 12345 ms, owned by QObject",
            "- a running QThread: QThread runner",
        ]
    )


@pytest.mark.parametrize("module", ["PySide6.QtCore", "pyqtgraph", "gui"])
def test_engine_tests_cannot_import(module: str, house: pytest.Pytester) -> None:
    house.makepyfile(f"def test_import():\n    import {module}\n")
    result = house.runpytest_subprocess(".", "-p", "tests.helpers.no_qt")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ModuleNotFoundError: *is blocked: the engine's tests run without Qt.*"])


def test_each_test_has_its_own_home(house: pytest.Pytester) -> None:
    house.makepyfile(
        """
        import os, pytest
        from pathlib import Path

        @pytest.mark.parametrize("time", [1, 2])
        def test_home(time):
            mark = Path(os.environ["MORPHOSPACE_HOME"]) / "mark"
            assert not mark.exists()
            mark.touch()
        """
    )
    house.runpytest_subprocess(".", "-p", "tests.helpers.no_qt").assert_outcomes(passed=2)


def test_every_lab_is_under_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (independence,) = (each for each in settings["contracts"] if each["type"] == "independence")
    labs = {f"gui.{path.name}" for path in (ROOT / "gui").glob("*_lab") if path.is_dir()}
    assert set(independence["modules"]) == labs


def test_the_exact_set_holds_what_is_asked_for_and_no_address() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = asked["optional-dependencies"]
    names = {re.split(r"[<>=]", entry)[0] for entry in asked["dependencies"] + extras["test"] + extras["data"]}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+", line) for line in pinned)
    assert names <= {line.partition("==")[0] for line in pinned}
