"""Runs one lab's jobs on one thread of its own; only the newest request matters."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QThread, Signal

from engine.runtime.job import Job
from gui.messages import Messages

EventT = TypeVar("EventT")
ResultT = TypeVar("ResultT")

# A job that yields faster than the screen can follow waits once this many of its events are unread.
_MOST_UNREAD = 64


@dataclass(frozen=True)
class _Request:
    generation: int
    make_job: Callable[[], Job[Any, Any]]
    on_event: Callable[[Any], object]
    on_done: Callable[[Any], object]
    on_error: Callable[[BaseException], object]


class LabWorker(QObject):
    """One thread for one lab. A new request cancels the one before; answers to older requests are dropped.

    All methods are for the UI thread, and all callbacks run there. None of them waits for the job, except `shut_down`.
    """

    busy_changed = Signal(bool)

    def __init__(self, messages: Messages, parent: QObject | None = None) -> None:
        """`messages` receives what goes wrong in jobs and callbacks that have no handler of their own."""
        super().__init__(parent)
        self._messages = messages
        self._generation = 0
        self._busy = False
        self._closed = False
        self._runner = _Runner()
        self._runner.posted.connect(self._on_runner_posted, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether an answer is still awaited."""
        return self._busy

    def submit(
        self,
        make_job: Callable[[], Job[EventT, ResultT]],
        on_event: Callable[[EventT], object],
        on_done: Callable[[ResultT], object],
        on_error: Callable[[BaseException], object] | None = None,
    ) -> int:
        """Ask for a job and return its generation number; whatever was asked before is no longer wanted.

        `make_job` is called on the worker thread, so heavy imports belong in it. The job before is closed at its next
        yield. `on_error` is `Messages.report` unless given. After `shut_down` nothing is started any more.
        """
        self._generation += 1
        if self._closed:
            return self._generation
        report = on_error if on_error is not None else self._messages.report
        self._runner.ask(_Request(self._generation, make_job, on_event, on_done, report))
        if not self._runner.isRunning():
            _STARTED.add(self._runner)
            self._runner.start()
        self._set_busy(True)
        return self._generation

    def cancel(self) -> None:
        """Nothing is wanted any more: the running job is closed at its next yield, and no callback follows."""
        self._generation += 1
        self._runner.drop()
        self._set_busy(False)

    def shut_down(self, timeout: float = 5.0) -> bool:
        """Cancel, and end the thread; False when the job did not come to a yield within `timeout` seconds.

        Such a thread ends by itself at that yield; see `stragglers`.
        """
        self._closed = True
        self.cancel()
        self._runner.close()
        return self._runner.wait(round(timeout * 1000))

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)

    def _on_runner_posted(self) -> None:
        for request, kind, value in self._runner.collect():
            # Compared for each answer anew, because a callback may have asked for something else.
            if request.generation != self._generation:
                continue
            if kind == "event":
                self._call(request.on_event, value)
                continue
            self._set_busy(False)
            self._call(request.on_done if kind == "done" else request.on_error, value)

    def _call(self, callback: Callable[[Any], object], value: object) -> None:
        try:
            callback(value)
        except Exception as error:
            # One bad event must not swallow those behind it.
            self._messages.report(error)


def stragglers() -> int:
    """How many worker threads still run; once all labs are closed, those are inside a step that does not end."""
    _STARTED.difference_update([runner for runner in _STARTED if runner.isFinished()])
    return len(_STARTED)


_Answer = tuple[_Request, str, Any]


class _Runner(QThread):
    """The thread itself: takes the newest request, iterates its job and leaves the answers for the UI thread."""

    posted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._pending: _Request | None = None
        self._wanted = 0
        self._closed = False
        self._answers: deque[_Answer] = deque()
        self._announced = False

    def ask(self, request: _Request) -> None:
        with self._changed:
            self._pending = request
            self._wanted = request.generation
            self._answers.clear()
            self._changed.notify_all()

    def drop(self) -> None:
        with self._changed:
            self._pending = None
            self._wanted = 0
            self._answers.clear()
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def collect(self) -> list[_Answer]:
        """What has been posted so far; called on the UI thread."""
        with self._changed:
            answers = list(self._answers)
            self._answers.clear()
            self._announced = False
            self._changed.notify_all()
            return answers

    def run(self) -> None:
        """Serve requests until closed; called by Qt on the new thread."""
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._pending is not None or self._closed)
            request, self._pending = self._pending, None
        if request is None:
            return False
        try:
            self._iterate(request)
        except BaseException as error:
            self._post(request, "error", error)
        return True

    def _iterate(self, request: _Request) -> None:
        with closing(request.make_job()) as job:
            while self._is_wanted(request):
                try:
                    event = next(job)
                except StopIteration as end:
                    self._post(request, "done", end.value)
                    return
                self._post(request, "event", event)

    def _is_wanted(self, request: _Request) -> bool:
        return request.generation == self._wanted

    def _post(self, request: _Request, kind: str, value: object) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._answers) < _MOST_UNREAD or not self._is_wanted(request))
            if not self._is_wanted(request):
                return
            self._answers.append((request, kind, value))
            # One signal under way is enough: the UI thread takes everything that is there.
            if not self._announced:
                self._announced = True
                self.posted.emit()


# Qt aborts the program when a QThread object goes away before its thread, so each is held here until it has ended.
_STARTED: set[_Runner] = set()
