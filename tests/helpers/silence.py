"""Silence means pass: a test that leaves something behind, or makes the program complain, fails.

Left behind: a live thread, a child process, a top-level widget, an active timer. A complaint: a logging record at
WARNING or above. (Python warnings and Qt's messages are failed by pytest and pytest-qt; see pyproject.toml.) A record
made inside `with caplog.at_level(...)` is expected. Works with Qt blocked.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

GRACE = 1.0  # seconds that something already on its way out is given to end

_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed: what it left behind is then a consequence, not news."""
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(autouse=True)
def silence(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail the test that left something behind or logged a warning, and clear it away for the next one."""
    threads, processes, windows = set(threading.enumerate()), _children(), _windows()
    gc.freeze()  # what exists now is not searched again below
    # Not on a thread of a worker or of pytest-xdist, which would destroy parts of a window while Qt uses them.
    gc.disable()
    with _unexpected_records(caplog) as problems:
        yield
        problems += _left_in_qt(windows)
    gc.enable()
    gc.unfreeze()
    problems += _left_threads(threads) + _left_processes(processes)
    if problems and not request.node.stash.get(_failed, False):
        pytest.fail("This test was not silent:\n" + "\n".join(f"- {text}" for text in problems), pytrace=False)


@contextmanager
def _unexpected_records(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """A list that fills with the records nobody expected.

    A record factory sees the loggers that do not propagate, too; a handler on the root logger would not.
    """
    problems: list[str] = []
    make_record = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        expected = 0 < caplog.handler.level <= record.levelno
        if record.levelno >= logging.WARNING and not expected:
            problems.append(f"{record.levelname} from the logger {record.name!r}: {record.getMessage()}")
        return record

    logging.setLogRecordFactory(factory)
    try:
        yield problems
    finally:
        logging.setLogRecordFactory(make_record)


def _windows() -> list[Any]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from tests.helpers.qt_leaks import windows

    return windows()


def _left_in_qt(known_windows: list[Any]) -> list[str]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from tests.helpers.qt_leaks import cleared_leaks

    return cleared_leaks(known_windows, GRACE)


def _left_threads(known: set[threading.Thread]) -> list[str]:
    left = [thread for thread in threading.enumerate() if thread not in known and not thread.daemon]
    for thread in left:
        thread.join(GRACE)
    return [f"a live thread: {thread.name}" for thread in left if thread.is_alive()]


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _left_processes(known: set[psutil.Process]) -> list[str]:
    new = [process for process in _children() - known if not _is_resource_tracker(process)]
    _, alive = psutil.wait_procs(new, timeout=GRACE)
    problems = []
    for process in alive:
        # One that has ended and was not waited for is a zombie; Popen's own ResourceWarning tells about those.
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            problems.append(f"a child process: {process.pid} {' '.join(process.cmdline())}")
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE)
    return problems


def _is_resource_tracker(process: psutil.Process) -> bool:
    """Multiprocessing's own helper, which lives as long as the process that first needed it."""
    try:
        return "multiprocessing.resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:
        return False
