"""Figures of the Capsule lab: how soon a bent capsule is seen, and how the window answers while a slider is dragged."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from bench.figures import Figure, Figures
from bench.probes import DraggingHand, delays_while, until
from gui import app as application
from gui.capsule_lab.lab import CapsuleLab

MOVES, WARM_UP = 60, 10
STALL_SECONDS = 8.0


def slider_paint_ms() -> Figure:
    """From a number of the capsule being bent until the picture redrawn from it has been painted, from rest."""
    samples = []
    with _lab() as lab:
        painted = _Painted(lab.bend.pictures.redrawn)
        lab.viewing.bent.connect(painted.expect)
        for move in range(WARM_UP + MOVES):
            painted.at = 0.0
            bends = [0.0] * len(lab.viewing.look.capsules[0]) if lab.viewing.look is not None else []
            bends[move % len(bends)] = 0.01 * (1 + move % 20)
            began = time.perf_counter()
            lab.subject.update(bends=tuple(bends))
            until(lambda: painted.at > 0)
            samples.append(1e3 * (painted.at - began))
            until(lambda: not lab.session.busy)
    return Figure.of("capsules.slider_paint_ms", "ms", samples[WARM_UP:])


def ui_stall_p99_ms() -> Figure:
    """How late the event loop is for what is due, the latest of a hundred, while a slider is dragged."""
    return Figure.at("capsules.ui_stall_p99_ms", "ms", _delays(), 99.0)


def ui_stall_max_ms() -> Figure:
    """The same at its worst."""
    return Figure.at("capsules.ui_stall_max_ms", "ms", _delays(), 100.0)


class _Painted(QObject):
    """Sees the first paint of a widget after it was expected: the paint is over at the next event."""

    def __init__(self, widget: QWidget) -> None:
        """Expect nothing yet."""
        super().__init__(widget)
        self.at = 0.0
        self._expects = False
        widget.installEventFilter(self)

    def expect(self, _bent: object) -> None:
        """What is painted from now on is the answer."""
        self._expects = True

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Look, and let the event pass."""
        if event.type() == QEvent.Type.Paint and self._expects:
            self._expects = False
            QTimer.singleShot(0, self, self._done)
        return False

    def _done(self) -> None:
        self.at = time.perf_counter()


@cache
def _delays() -> tuple[float, ...]:
    with _lab() as lab:
        sliders = lab.bend.sliders
        hand = DraggingHand(sliders, sliders.row_layout.groove(2))
        delays = delays_while(hand, STALL_SECONDS)
    return delays


@contextmanager
def _lab() -> Iterator[CapsuleLab]:
    """The window with the lab, a test digit seen and all that was begun done."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["MORPHOSPACE_HOME"] = home
        _app, window = application.build([])
        window.resize(1280, 800)
        window.show()
        window.show_lab("capsules")
        until(lambda: isinstance(window.lab, CapsuleLab) and window.lab.viewing.look is not None)
        lab = window.lab
        assert isinstance(lab, CapsuleLab)
        lab.demonstration.end()
        shown = lab.viewing.now.shown if lab.viewing.now is not None else 0
        until(lambda: not lab.session.busy and lab.bend.ranges.of(shown) is not None)
        yield lab
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


FIGURES: Figures = {
    "capsules.slider_paint_ms": slider_paint_ms,
    "capsules.ui_stall_p99_ms": ui_stall_p99_ms,
    "capsules.ui_stall_max_ms": ui_stall_max_ms,
}
