"""From a beginning to endings on the screen: asks the worker, collects what grows, and keeps the pace of showing it."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from engine.sketch.completion import Completion, CompletionRequest, EndingsGrown
from gui.services.jobs import LabWorker
from gui.sketch_lab.growth import Growth
from gui.sketch_lab.intent import Intent
from gui.sketch_lab.session import ModelReady, SketchSession

FRAME_MS = 16


class Finisher(QObject):
    """One request at a time; a new one, or `forget`, drops the one before."""

    growth_changed = Signal(object)  # Growth, or None: nothing to show
    frame = Signal()  # more of the growth is shown
    completed = Signal(object)  # Completion
    ready = Signal(object)  # ModelReady, for a model that was not open before
    latency_changed = Signal(float)  # ms from asking to the last point

    def __init__(self, session: SketchSession, worker: LabWorker, parent: QObject | None = None) -> None:
        """Ask `worker`, which is this object's alone."""
        super().__init__(parent)
        self._session, self._worker = session, worker
        self._growth: Growth | None = None
        self._next: Growth | None = None  # of a request that has not answered yet
        self._ready: ModelReady | None = None
        self._asked_at = 0.0
        self._clock = QTimer(self)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.setInterval(FRAME_MS)
        self._clock.timeout.connect(self._on_clock_timeout)
        self._since_frame = QElapsedTimer()

    @property
    def growth(self) -> Growth | None:
        """The endings on screen."""
        return self._growth

    @property
    def settled(self) -> bool:
        """Whether nothing is being computed or shown little by little."""
        return not self._worker.busy and not self._clock.isActive()

    def open_model(self, intent: Intent) -> None:
        """Open the chosen model before anything is drawn."""
        path = intent.model_path
        if path is not None:
            self._worker.submit(partial(self._session.open_model, path), self._on_event, lambda _none: None)

    def ask(self, intent: Intent, request: CompletionRequest) -> None:
        """Grow endings for `request`; those on screen stay until the first new point comes."""
        path = intent.model_path
        if path is None:
            return
        self._next = Growth(request.beginning, request.count, request.pen_down)
        self._asked_at = time.perf_counter()
        self._worker.submit(partial(self._session.complete, path, request), self._on_event, self._on_completed)

    def forget(self) -> None:
        """Stop what is running and show nothing."""
        self._worker.cancel()
        self._next = None
        self._clock.stop()
        if self._growth is not None:
            self._growth = None
            self.growth_changed.emit(None)

    def show_all(self) -> None:
        """Do not wait for the pace of the hand."""
        if self._growth is not None:
            self._growth.show_all()
            self.frame.emit()

    def _on_event(self, event: ModelReady | EndingsGrown) -> None:
        if isinstance(event, ModelReady):
            if event != self._ready:
                self._ready = event
                self.ready.emit(event)
            return
        if self._next is not None:
            self._growth, self._next = self._next, None
            self._growth.add(event)
            self._growth.advance(FRAME_MS / 1000)
            self.growth_changed.emit(self._growth)
            self._since_frame.start()
            self._clock.start()
        elif self._growth is not None:
            self._growth.add(event)

    def _on_completed(self, completion: Completion) -> None:
        self.latency_changed.emit((time.perf_counter() - self._asked_at) * 1e3)
        if self._growth is not None:
            self._growth.finish(completion)
            self.completed.emit(completion)
            self.frame.emit()

    def _on_clock_timeout(self) -> None:
        if self._growth is None:
            self._clock.stop()
            return
        self._growth.advance(self._since_frame.restart() / 1000)
        self.frame.emit()
        # Not when it is complete: a model that fails half way leaves endings that never will be.
        if not self._worker.busy and self._growth.all_shown:
            self._clock.stop()
