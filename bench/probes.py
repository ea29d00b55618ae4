"""What looks at the running window and moves its pen while it is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, QRectF, Qt, QThread, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.sketch_lab.lab import SketchLab

PROBE_EVERY_S = 0.002
PEN_EVERY_MS = 8
PATIENCE_MS = 60_000


def draw(lab: SketchLab, stroke: NDArray[np.float32]) -> None:
    """Draw a stroke [n, 2] of canvas units with the mouse; the view is the one of the start."""
    points = [QPointF(float(x), float(y)) for x, y in stroke]
    mouse(lab.canvas, QEvent.Type.MouseButtonPress, points[0])
    for point in points[1:]:
        mouse(lab.canvas, QEvent.Type.MouseMove, point)
    mouse(lab.canvas, QEvent.Type.MouseButtonRelease, points[-1])


def mouse(widget: QWidget, kind: QEvent.Type, position: QPointF) -> None:
    """Send a left-button event."""
    left = Qt.MouseButton.LeftButton
    buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
    where = QPointF(widget.mapToGlobal(position))
    event = QMouseEvent(kind, position, where, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def until(is_reached: Callable[[], bool]) -> None:
    """Run the event loop until `is_reached`."""
    loop = QEventLoop()
    look = QTimer()
    look.setInterval(2)
    look.timeout.connect(lambda: loop.quit() if is_reached() else None)
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(lambda: loop.exit(1))
    look.start()
    limit.start(PATIENCE_MS)
    if loop.exec() == 1:
        raise TimeoutError("The app did not come to where it was to be measured.")


def wait(milliseconds: int) -> None:
    """Run the event loop for a time."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class FirstPaint(QObject):
    """Sees the first paint of a window."""

    def __init__(self, window: QWidget) -> None:
        """Begin to look."""
        super().__init__(window)
        self.seen = False
        self.at = 0.0
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Look, and let the event pass."""
        if not self.seen and event.type() == QEvent.Type.Paint:
            self.seen, self.at = True, time.time()
        return False


class FirstInk(QObject):
    """Sees the first paint of the gallery after endings have begun to grow: its own paint is over at the next event."""

    def __init__(self, lab: SketchLab) -> None:
        """For the lab on stage."""
        super().__init__(lab)
        self._lab = lab
        self._before = lab.finisher.growth
        self._painting = self.seen = False
        self.at = 0.0
        lab.gallery.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Look, and let the event pass."""
        growth = self._lab.finisher.growth
        is_new = growth is not None and growth is not self._before and growth.shown >= 1
        if event.type() == QEvent.Type.Paint and is_new and not self._painting:
            self._painting = True
            # Called when this paint is done: nothing else is between it and the end of its event.
            QTimer.singleShot(0, self, self._done)
        return False

    def _done(self) -> None:
        self.seen, self.at = True, time.perf_counter()


class Probe(QThread):
    """Asks the event loop every few milliseconds to say when it got the question."""

    asked = Signal(float)

    def __init__(self) -> None:
        """Nothing is asked before `start`."""
        super().__init__()
        self.delays: list[float] = []
        self._going = True
        self.asked.connect(self._on_asked, Qt.ConnectionType.QueuedConnection)

    def run(self) -> None:
        """Ask until stopped; called by Qt on the new thread."""
        while self._going:
            self.asked.emit(time.perf_counter())
            time.sleep(PROBE_EVERY_S)

    def stop(self) -> None:
        """Ask no more."""
        self._going = False
        self.wait()

    def _on_asked(self, at: float) -> None:
        self.delays.append(time.perf_counter() - at)


class Hand(Protocol):
    """Does something to the window until it is stopped."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


def delays_while(hand: Hand, seconds: float) -> tuple[float, ...]:
    """How late the event loop was for what was due, in milliseconds, while a hand was at work."""
    probe = Probe()
    hand.start()
    probe.start()
    wait(round(1e3 * seconds))
    probe.stop()
    hand.stop()
    return tuple(1e3 * delay for delay in probe.delays)


class MovingPen(QObject):
    """Draws strokes one after another, each of which makes nine endings grow, and moves over the paper between them."""

    STROKE = 40  # moves with the pen down
    REST = 120  # moves with the pen up, while endings animate

    def __init__(self, lab: SketchLab) -> None:
        """For the lab on stage."""
        super().__init__(lab)
        self._canvas = lab.canvas
        self._moves = 0
        self._clock = QTimer(self)
        self._clock.setInterval(PEN_EVERY_MS)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self._move)

    def start(self) -> None:
        """Begin with a stroke."""
        self._clock.start()

    def stop(self) -> None:
        """Lift the pen."""
        self._clock.stop()
        mouse(self._canvas, QEvent.Type.MouseButtonRelease, self._place())

    def _place(self) -> QPointF:
        turn = self._moves / 25
        return QPointF(220 + 80 * np.cos(turn), 300 + 120 * np.sin(0.7 * turn))

    def _move(self) -> None:
        phase = self._moves % (self.STROKE + self.REST)
        kind = QEvent.Type.MouseMove
        if phase == 0:
            kind = QEvent.Type.MouseButtonPress
        elif phase == self.STROKE:
            kind = QEvent.Type.MouseButtonRelease
        self._moves += 1
        mouse(self._canvas, kind, self._place())


class DraggingHand(QObject):
    """Drags a slider to and fro, without a pause."""

    def __init__(self, widget: QWidget, area: QRectF | None = None) -> None:
        """Over the width of `area`, by default of the whole widget, half-way down."""
        super().__init__(widget)
        self._widget = widget
        self._area = area if area is not None else QRectF(widget.rect())
        self._moves = 0
        self._clock = QTimer(self)
        self._clock.setInterval(PEN_EVERY_MS)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self._move)

    def start(self) -> None:
        """Press and begin to drag."""
        mouse(self._widget, QEvent.Type.MouseButtonPress, self._place())
        self._clock.start()

    def stop(self) -> None:
        """Let go."""
        self._clock.stop()
        mouse(self._widget, QEvent.Type.MouseButtonRelease, self._place())

    def _place(self) -> QPointF:
        share = 0.5 + 0.4 * np.sin(self._moves / 40)
        return QPointF(self._area.left() + share * self._area.width(), self._area.center().y())

    def _move(self) -> None:
        self._moves += 1
        mouse(self._widget, QEvent.Type.MouseMove, self._place())
