"""What moves on the paper before the person draws: a drawing begins by itself, and its endings grow."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, QRectF, QTimer, Signal

from engine.sketch.strokes import Drawing, Points
from gui.sketch_lab.intent import Paper
from gui.widgets.stroke_canvas import StrokeCanvas

FRAME_MS = 16
SECONDS_TO_DRAW = 1.4
SECONDS_TO_REST = 7.0


class FirstStart(QObject):
    """Draws on empty paper until `stop`; `drawn` tells of each beginning, with a number that grows."""

    drawn = Signal(object, int)  # Drawing, round

    def __init__(self, canvas: StrokeCanvas, parent: QObject | None = None) -> None:
        """Nothing moves before `start`."""
        super().__init__(parent)
        self._canvas = canvas
        self._round = 0
        self._drawing = Drawing()
        self._clock = QTimer(self)
        self._clock.setInterval(FRAME_MS)
        self._clock.timeout.connect(self._on_clock_timeout)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(round(SECONDS_TO_REST * 1000))
        self._rest.timeout.connect(self._begin)
        self._elapsed = QElapsedTimer()

    @property
    def active(self) -> bool:
        """Whether the paper belongs to the demonstration."""
        return self._clock.isActive() or self._rest.isActive()

    @property
    def is_drawn(self) -> bool:
        """Whether the beginning is drawn to its end and `drawn` has told of it."""
        return self._rest.isActive()

    @property
    def drawing(self) -> Drawing:
        """The beginning that is shown, its class as its word; empty when there is none."""
        return self._drawing if self.active else Drawing()

    def start(self) -> None:
        """Begin, if nothing is moving yet."""
        if not self.active:
            self._begin()

    def stop(self) -> None:
        """The paper is the person's."""
        if self.active:
            self._clock.stop()
            self._rest.stop()
            self._canvas.set_demo(None)

    def _begin(self) -> None:
        paper = paper_of(self._canvas)
        word, beginning = BEGINNINGS[self._round % len(BEGINNINGS)]
        self._drawing = Drawing(
            tuple((stroke * paper.size + (paper.left, paper.top)).astype(np.float32) for stroke in beginning), word
        )
        self._elapsed.start()
        self._clock.start()

    def _on_clock_timeout(self) -> None:
        progress = min(1.0, self._elapsed.elapsed() / 1000 / SECONDS_TO_DRAW)
        self._canvas.set_demo(self._drawing.strokes, progress)
        if progress >= 1:
            self._clock.stop()
            self._rest.start()
            self._round += 1
            self.drawn.emit(self._drawing, self._round)


def paper_of(canvas: StrokeCanvas) -> Paper:
    """The square in the middle of what the canvas shows, in canvas units, in which a whole drawing looks right."""
    view = canvas.view
    size = 0.62 * min(canvas.width(), canvas.height()) / view.zoom
    middle = view.to_canvas(QRectF(canvas.rect()).center())
    return Paper(middle.x() - size / 2, middle.y() - size / 2, size)


def _arc(x: float, y: float, width: float, height: float, start: float, end: float, points: int = 24) -> Points:
    """A part of an ellipse around (x, y), from `start` to `end` in turns, in shares of the paper."""
    turns = np.linspace(start, end, points) * 2 * math.pi
    return np.stack([x + width / 2 * np.cos(turns), y + height / 2 * np.sin(turns)], axis=1).astype(np.float32)


def _line(*points: tuple[float, float]) -> Points:
    return np.asarray(points, np.float32)


# Class and strokes, in shares of the paper.
BEGINNINGS: tuple[tuple[str, tuple[Points, ...]], ...] = (
    (
        "rabbit",
        (
            np.concatenate([
                _arc(0.38, 0.36, 0.18, 0.62, 0.36, 1.12, 22),
                _arc(0.6, 0.37, 0.19, 0.66, 0.4, 1.16, 22),
            ]),
        ),
    ),
    (
        "palm tree",
        (
            _line((0.44, 0.98), (0.45, 0.8), (0.47, 0.6), (0.52, 0.42), (0.56, 0.34)),
            _arc(0.4, 0.36, 0.34, 0.3, 0.98, 0.5, 14),
        ),
    ),
    ("ambulance", (_line((0.05, 0.25), (0.05, 0.75), (0.95, 0.76), (0.95, 0.45), (0.7, 0.25), (0.06, 0.25)),)),
)
