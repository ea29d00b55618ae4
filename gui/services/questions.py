"""Short questions to an engine, asked one after the other on one thread: the hand sees something while it drags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject

from engine.runtime.job import Job
from gui.messages import Messages
from gui.services.jobs import LabWorker

ResultT = TypeVar("ResultT")


@dataclass
class _Question:
    """Something that is asked, under the name of its slot."""

    slot: str
    work: Callable[[], Any]
    then: Callable[[Any], object]
    failed: Callable[[BaseException], object] | None
    wanted: bool = True


class Questions(QObject):
    """Has work done on one worker thread. All methods are for the UI thread and return at once.

    A question that has begun is let finish. Of those that wait, only the newest of each slot is kept, and the most
    urgent slot comes next.
    """

    def __init__(self, messages: Messages, urgency: tuple[str, ...], parent: QObject | None = None) -> None:
        """`urgency` names all slots, the most urgent first; `messages` receives what goes wrong."""
        super().__init__(parent)
        self._messages = messages
        self._urgency = urgency
        self._worker = LabWorker(messages, self)
        self._waiting: dict[str, _Question] = {}
        self._asked: _Question | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._asked is not None or bool(self._waiting)

    def is_asking(self, slot: str) -> bool:
        """Whether the answer to a question of a slot is awaited."""
        if slot in self._waiting:
            return True
        return self._asked is not None and self._asked.slot == slot and self._asked.wanted

    def ask(
        self,
        slot: str,
        work: Callable[[], ResultT],
        then: Callable[[ResultT], object],
        failed: Callable[[BaseException], object] | None = None,
    ) -> None:
        """Have `work` done on the worker thread, and `then` called here with what it returns.

        Whatever waits in the same slot is forgotten. Errors are reported, after `failed` has been called with them.
        """
        if slot not in self._urgency:
            raise ValueError(f"there is no slot {slot!r}")
        self._waiting[slot] = _Question(slot, work, then, failed)
        if self._asked is None:
            self._next()

    def forget(self, *slots: str) -> None:
        """Nobody waits for answers to what was asked in these slots any more."""
        for slot in slots:
            self._waiting.pop(slot, None)
        if self._asked is not None and self._asked.slot in slots:
            self._asked.wanted = False

    def rest(self) -> None:
        """Nobody looks: nothing that waits is done."""
        self.forget(*self._urgency)

    def shut_down(self) -> None:
        """Leave no thread."""
        self.rest()
        self._asked = None
        self._worker.shut_down()

    def _next(self) -> None:
        slot = next((slot for slot in self._urgency if slot in self._waiting), None)
        if slot is None:
            return
        self._asked = self._waiting.pop(slot)
        self._worker.submit(partial(_job, self._asked.work), _ignore, self._on_worker_done, self._on_worker_failed)

    def _on_worker_done(self, result: Any) -> None:
        asked, self._asked = self._asked, None
        try:
            if asked is not None and asked.wanted:
                asked.then(result)
        finally:
            if self._asked is None:
                self._next()

    def _on_worker_failed(self, error: BaseException) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked.wanted:
            if asked.failed is not None:
                asked.failed(error)
            self._messages.report(error)
        if self._asked is None:
            self._next()


def _ignore(_event: object) -> None:
    """A question has no events but its answer."""


def _job(work: Callable[[], ResultT]) -> Job[None, ResultT]:
    result = work()
    yield None
    return result
