"""The runs that are open in the lab: made, opened, forked and started in their turn."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.experiments.experiment import PlannedRun
from engine.runtime.job import Command, Job
from engine.runtime.run_folder import RunFolder, create_run
from gui.messages import Messages
from gui.services.jobs import LabWorker
from gui.services.run_model import OpenedRun, RunModel, open_run_job
from gui.services.trainer import IDLE

MOST_AT_ONCE = max(1, min(4, os.cpu_count() or 1))  # more would only take the processor from each other


@dataclass(frozen=True)
class _Errand:
    make_job: Callable[[], Job[None, list[OpenedRun]]]
    starts: bool


class RunSet(QObject):
    """Holds the open runs in order. Folders are read and written on a thread of its own, one errand after the other."""

    added = Signal(object)  # RunModel
    removed = Signal(object)  # RunModel
    not_made = Signal()  # what was asked for could not be made or opened; the person has been told

    def __init__(self, messages: Messages, parent: QObject | None = None) -> None:
        """Without runs."""
        super().__init__(parent)
        self._messages = messages
        self._worker = LabWorker(messages, self)
        self._errands: deque[_Errand] = deque()
        self._waiting: deque[RunModel] = deque()
        self.runs: list[RunModel] = []

    @property
    def busy(self) -> bool:
        """Whether a run is being made or opened."""
        return self._worker.busy or bool(self._errands)

    @property
    def live(self) -> list[RunModel]:
        """The runs that this program trains now."""
        return [run for run in self.runs if run.is_live]

    def is_waiting(self, run: RunModel) -> bool:
        """Whether a run is going to start when another one has ended."""
        return run in self._waiting and run.state == IDLE

    def find(self, path: Path) -> RunModel | None:
        """The open run whose folder is `path`."""
        return next((run for run in self.runs if run.folder.path.resolve() == path.resolve()), None)

    def start(self, planned: Sequence[PlannedRun]) -> None:
        """Make these runs and train them, as many at once as the machine has cores for."""
        self._send(_Errand(partial(_made, tuple(planned)), starts=True))

    def open(self, path: Path) -> None:
        """Open a run of any trainer, finished, going on elsewhere, or made by the command line."""
        known = self.find(path)
        if known is not None:
            self._messages.info(f"{known.name} is open already.")
            return
        self._send(_Errand(partial(_opened, path), starts=False))

    def fork(self, run: RunModel, step: int) -> None:
        """Open a new run that goes on from a checkpoint of this one, which stays as it is."""
        self._send(_Errand(partial(_forked, run.folder, step), starts=False))

    def close(self, run: RunModel) -> None:
        """Take a run off the screen; one that trains here saves and ends by itself."""
        self.runs.remove(run)
        if run in self._waiting:
            self._waiting.remove(run)
        run.shut_down()
        self.removed.emit(run)
        run.deleteLater()
        self._start_next()

    def stop(self) -> None:
        """Let all that train save and end, and start none that waits; asked again, end them without saving."""
        waiting = list(self._waiting)
        self._waiting.clear()
        for run in self.live:
            run.stop()
        for run in waiting:
            run.state_changed.emit(run.state)

    def clear(self) -> None:
        """Take all runs off the screen, and make none that is still to be made."""
        self._errands.clear()
        self._waiting.clear()
        self._worker.cancel()
        for run in list(self.runs):
            self.close(run)

    def shut_down(self) -> None:
        """Leave no thread and no process that is being watched."""
        self._errands.clear()
        self._waiting.clear()
        self._worker.shut_down()
        for run in self.runs:
            run.shut_down()

    def _send(self, errand: _Errand) -> None:
        self._errands.append(errand)
        if not self._worker.busy:
            self._next_errand()

    def _next_errand(self) -> None:
        if self._errands:
            errand = self._errands.popleft()
            self._worker.submit(
                errand.make_job, lambda _none: None, partial(self._on_worker_done, errand), self._on_worker_failed
            )

    def _on_worker_done(self, errand: _Errand, opened: list[OpenedRun]) -> None:
        for each in opened:
            run = RunModel(each, self._messages, self)
            run.ended.connect(self._on_run_ended)
            self.runs.append(run)
            if errand.starts:
                self._waiting.append(run)
            self.added.emit(run)
            run.replay()
        self._start_next()
        self._next_errand()

    def _on_worker_failed(self, error: BaseException) -> None:
        self._messages.report(error)
        self.not_made.emit()
        self._next_errand()

    def _on_run_ended(self) -> None:
        self._start_next()

    def _start_next(self) -> None:
        while self._waiting and len(self.live) < MOST_AT_ONCE:
            run = self._waiting.popleft()
            # The person may have started it out of its turn.
            if run.state == IDLE:
                run.run()


def _made(planned: tuple[PlannedRun, ...]) -> Generator[None, Command | None, list[OpenedRun]]:
    opened = []
    for each in planned:
        folder = create_run(each.trainer, each.config)
        opened.append((yield from open_run_job(folder.path)))
    return opened


def _opened(path: Path) -> Generator[None, Command | None, list[OpenedRun]]:
    return [(yield from open_run_job(path))]


def _forked(source: RunFolder, step: int) -> Generator[None, Command | None, list[OpenedRun]]:
    # Here, not above: a fork reads a checkpoint with torch, which takes seconds to load.
    from engine.runtime.fork import fork_run

    fork = fork_run(source, step)
    return [(yield from open_run_job(fork.path))]
