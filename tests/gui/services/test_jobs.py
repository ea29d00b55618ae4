"""One worker per lab, latest wins."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from engine.errors import BadDrawingError
from engine.runtime.job import Job
from gui.messages import Messages
from gui.services.jobs import LabWorker, stragglers

LIMIT = 10.0


@pytest.fixture
def messages(qtbot: QtBot, tmp_path: Path) -> Messages:
    return Messages(log=tmp_path / "log.txt")


@pytest.fixture
def worker(messages: Messages) -> Iterator[LabWorker]:
    worker = LabWorker(messages)
    yield worker
    assert worker.shut_down()
    assert stragglers() == 0


def ignore(_value: object) -> None:
    pass


def counting(count: int) -> Callable[[], Job[int, str]]:
    def job() -> Job[int, str]:
        yield from range(count)
        return "done"

    return job


class Gate:
    """A job that yields "before", then waits inside a step until it is let through."""

    def __init__(self) -> None:
        """A gate that is shut."""
        self.waiting = threading.Event()
        self.open = threading.Event()
        self.closed = threading.Event()

    def job(self) -> Job[str, str]:
        try:
            yield "before"
            self.waiting.set()
            assert self.open.wait(LIMIT)
            yield "after"
            return "result"
        finally:
            self.closed.set()


def test_events_arrive_in_order_on_the_ui_thread_and_then_the_result(qtbot: QtBot, worker: LabWorker) -> None:
    seen: list[Any] = []
    threads: set[Any] = set()
    made_on: list[int] = []

    def make() -> Job[int, str]:
        made_on.append(threading.get_ident())
        return counting(1000)()

    def on_event(value: int) -> None:
        seen.append(value)
        threads.add(QThread.currentThread())

    worker.submit(make, on_event, seen.append)
    qtbot.waitUntil(lambda: not worker.busy)
    assert seen == [*range(1000), "done"]
    assert threads == {worker.thread()}
    assert made_on != [threading.get_ident()]


def test_answers_of_an_older_request_are_dropped(qtbot: QtBot, worker: LabWorker) -> None:
    gate = Gate()
    old: list[object] = []
    new: list[object] = []
    first = worker.submit(gate.job, old.append, old.append)
    qtbot.waitUntil(gate.waiting.is_set)
    second = worker.submit(counting(2), new.append, new.append)
    gate.open.set()
    qtbot.waitUntil(lambda: not worker.busy)
    assert second > first
    assert new == [0, 1, "done"]
    assert "after" not in old and "result" not in old
    assert gate.closed.is_set()


def test_an_answer_that_is_already_on_its_way_is_dropped_too(qtbot: QtBot, worker: LabWorker) -> None:
    gate = Gate()
    seen: list[object] = []
    worker.submit(gate.job, seen.append, seen.append)
    # "before" has been posted, but this thread has not yet come round to reading it.
    assert gate.waiting.wait(LIMIT)
    worker.cancel()
    gate.open.set()
    assert gate.closed.wait(LIMIT)
    worker.submit(counting(0), ignore, seen.append)
    qtbot.waitUntil(lambda: not worker.busy)
    assert seen == ["done"]


def test_a_callback_may_ask_for_something_else(qtbot: QtBot, worker: LabWorker) -> None:
    old: list[object] = []
    new: list[object] = []

    def on_event(value: int) -> None:
        old.append(value)
        if value == 3:
            worker.submit(counting(1), new.append, new.append)

    worker.submit(counting(50), on_event, old.append)
    qtbot.waitUntil(lambda: bool(new) and not worker.busy)
    assert old == [0, 1, 2, 3]
    assert new == [0, "done"]


def test_only_the_newest_of_the_waiting_requests_is_started(qtbot: QtBot, worker: LabWorker) -> None:
    gate = Gate()
    started: list[str] = []
    results: list[str] = []

    def make(name: str) -> Callable[[], Job[int, str]]:
        def job() -> Job[int, str]:
            started.append(name)
            yield 0
            return name

        return job

    worker.submit(gate.job, ignore, ignore)
    assert gate.waiting.wait(LIMIT)
    for name in "abc":
        worker.submit(make(name), ignore, results.append)
    gate.open.set()
    qtbot.waitUntil(lambda: not worker.busy)
    assert started == results == ["c"]


def test_an_error_reaches_its_handler(qtbot: QtBot, worker: LabWorker, messages: Messages) -> None:
    def job() -> Job[int, None]:
        yield 1
        raise BadDrawingError("The drawing is empty; draw a line first.")

    seen: list[object] = []
    worker.submit(job, seen.append, ignore, seen.append)
    qtbot.waitUntil(lambda: not worker.busy)
    assert seen[0] == 1
    assert isinstance(seen[1], BadDrawingError)
    assert messages.history == ()


def test_an_error_without_handler_is_shown_and_the_worker_goes_on(
    qtbot: QtBot, worker: LabWorker, messages: Messages
) -> None:
    def make() -> Job[int, None]:
        raise BadDrawingError("The drawing is empty; draw a line first.")

    seen: list[object] = []
    worker.submit(make, ignore, ignore)
    qtbot.waitUntil(lambda: not worker.busy)
    assert [message.text for message in messages.history] == ["The drawing is empty; draw a line first."]
    worker.submit(counting(1), seen.append, seen.append)
    qtbot.waitUntil(lambda: not worker.busy)
    assert seen == [0, "done"]


def test_a_failing_callback_is_reported_and_the_rest_still_arrives(
    qtbot: QtBot, worker: LabWorker, messages: Messages
) -> None:
    seen: list[object] = []

    def on_event(value: int) -> None:
        if value == 1:
            raise BadDrawingError("One event could not be shown.")
        seen.append(value)

    worker.submit(counting(3), on_event, seen.append)
    qtbot.waitUntil(lambda: not worker.busy)
    assert seen == [0, 2, "done"]
    assert [message.text for message in messages.history] == ["One event could not be shown."]


def test_cancelling_closes_the_generator_and_no_callback_follows(qtbot: QtBot, worker: LabWorker) -> None:
    gate = Gate()
    # Held here, so that it is the worker that closes it and not the last reference going away.
    generator = gate.job()
    results: list[str] = []
    worker.submit(lambda: generator, ignore, results.append)
    assert gate.waiting.wait(LIMIT)
    worker.cancel()
    assert not worker.busy
    gate.open.set()
    qtbot.waitUntil(gate.closed.is_set)
    assert inspect.getgeneratorstate(generator) == inspect.GEN_CLOSED
    assert results == []


def test_a_job_that_yields_faster_than_the_screen_reads_waits(qtbot: QtBot, worker: LabWorker) -> None:
    made: list[int] = []
    many, closed = threading.Event(), threading.Event()

    def job() -> Job[int, None]:
        try:
            for number in range(100_000):
                made.append(number)
                if number == 60:
                    many.set()
                yield number
        finally:
            closed.set()

    worker.submit(job, ignore, ignore)
    # No event loop runs here, so nothing is read until the request is withdrawn.
    assert many.wait(LIMIT)
    worker.cancel()
    assert closed.wait(LIMIT)
    assert len(made) < 200


def test_busy_is_announced_once_each_way(qtbot: QtBot, worker: LabWorker) -> None:
    heard: list[bool] = []
    worker.busy_changed.connect(heard.append)
    worker.submit(counting(1), ignore, ignore)
    worker.submit(counting(1), ignore, ignore)
    qtbot.waitUntil(lambda: not worker.busy)
    assert heard == [True, False]


def test_shutting_down_while_running_closes_the_job_and_ends_the_thread(qtbot: QtBot, messages: Messages) -> None:
    started, closed = threading.Event(), threading.Event()

    def endless() -> Job[int, None]:
        try:
            while True:
                started.set()
                yield 0
        finally:
            closed.set()

    worker = LabWorker(messages)
    worker.submit(endless, ignore, ignore)
    assert started.wait(LIMIT)
    assert worker.shut_down()
    assert closed.is_set()
    assert stragglers() == 0


def test_a_step_that_does_not_end_does_not_hold_up_the_closing(qtbot: QtBot, messages: Messages) -> None:
    gate = Gate()
    worker = LabWorker(messages)
    worker.submit(gate.job, ignore, ignore)
    assert gate.waiting.wait(LIMIT)
    assert not worker.shut_down(timeout=0.01)
    assert stragglers() == 1
    gate.open.set()
    qtbot.waitUntil(lambda: stragglers() == 0)
    assert gate.closed.is_set()


def test_nothing_starts_after_shutting_down(messages: Messages) -> None:
    worker = LabWorker(messages)
    assert worker.shut_down()
    worker.submit(counting(1), ignore, ignore)
    assert not worker.busy
    assert stragglers() == 0
