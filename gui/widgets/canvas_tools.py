"""The canvas's tools: pen, eraser, selection and hand. Each handles one press from down to up, or until cancelled."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from engine.errors import BadDrawingError
from engine.sketch.strokes import Points
from gui.widgets.ink import PEN_WIDTH, LiveInk, draw_ink
from gui.widgets.stroke_geometry import Box, erased, meets_box, nearest_stroke

if TYPE_CHECKING:
    from gui.widgets.stroke_canvas import StrokeCanvas

ERASER_RADIUS = 10.0  # logical pixels at any zoom

_CLOSEST = 1.0  # logical pixels a point must be away from the one before
_REACH = 7.0  # logical pixels a click may miss a stroke by
_DRAG = 4.0  # logical pixels after which a click becomes a rubber band


class Tool(Enum):
    """What the left button or the pen does; the value is the name a person sees."""

    PEN = "Pen"
    ERASER = "Eraser"
    SELECT = "Select"
    HAND = "Hand"


class CanvasTool:
    """One gesture at a time. Positions are logical pixels of the widget; `pressure` is None for a mouse."""

    cursor = Qt.CursorShape.ArrowCursor
    pressed_cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, canvas: StrokeCanvas) -> None:
        """A tool that works on the canvas's document and view."""
        self.canvas = canvas

    def press(self, position: QPointF, pressure: float | None, adds: bool) -> None:
        """The button or pen went down; `adds` is whether Shift is held."""

    def move(self, position: QPointF, pressure: float | None) -> None:
        """It moved while down."""

    def release(self, position: QPointF) -> None:
        """It went up: what was begun is done."""

    def cancel(self) -> None:
        """What was begun is dropped, and nothing changes."""

    def paint(self, painter: QPainter) -> None:
        """What the gesture shows on top of the drawing, in logical pixels of the widget."""


class PenTool(CanvasTool):
    """Draws a stroke."""

    cursor = pressed_cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: StrokeCanvas) -> None:
        """No stroke begun."""
        super().__init__(canvas)
        self._ink: LiveInk | None = None
        self._last = QPointF()

    def points(self) -> Points | None:
        """The stroke under the pen so far, float32 [n, 2] in canvas units, or None."""
        return None if self._ink is None else self._ink.points()

    def press(self, position: QPointF, pressure: float | None, adds: bool) -> None:
        """Begin a stroke."""
        self._ink = LiveInk(pressure is not None, self.canvas.pixels_per_unit)
        self._append(self._ink, position, pressure)
        self.canvas.stroke_started.emit()

    def move(self, position: QPointF, pressure: float | None) -> None:
        """Lengthen it, unless the pen hardly moved."""
        step = position - self._last
        if self._ink is not None and step.x() ** 2 + step.y() ** 2 >= _CLOSEST**2:
            self._append(self._ink, position, pressure)
            self.canvas.stroke_moved.emit()

    def release(self, position: QPointF) -> None:
        """Put the stroke into the document."""
        ink, self._ink = self._ink, None
        if ink is None:
            return
        canvas = self.canvas
        try:
            canvas.document.add_stroke(ink.points())
        except BadDrawingError as error:
            canvas.update()
            canvas.stroke_cancelled.emit()
            canvas.refused.emit(str(error))
        else:
            canvas.remember_widths(ink.widths())
            canvas.stroke_finished.emit()

    def cancel(self) -> None:
        """Drop the stroke."""
        if self._ink is not None:
            self._ink = None
            self.canvas.update()
            self.canvas.stroke_cancelled.emit()

    def paint(self, painter: QPainter) -> None:
        """The stroke so far."""
        if self._ink is not None:
            view = self.canvas.view
            clip = view.box_to_canvas(painter.clipBoundingRect())
            painter.setTransform(view.transform(), True)
            draw_ink(painter, self._ink.pieces(), QColor(self.canvas.colors.ink), clip, view.pen_width)

    def _append(self, ink: LiveInk, position: QPointF, pressure: float | None) -> None:
        self._last = QPointF(position)
        place = self.canvas.view.to_canvas(position)
        self.canvas.update_part(ink.append(place.x(), place.y(), pressure))


class EraserTool(CanvasTool):
    """Rubs strokes out; what is left is shown at once and becomes one step of the document as the eraser lifts."""

    cursor = pressed_cursor = Qt.CursorShape.BlankCursor

    def __init__(self, canvas: StrokeCanvas) -> None:
        """Nothing rubbed out."""
        super().__init__(canvas)
        self._path: list[tuple[float, float]] = []
        self._left: tuple[Points, ...] | None = None

    def left(self) -> tuple[Points, ...] | None:
        """The strokes as they would be if the eraser lifted now, or None while it is up."""
        return self._left

    def press(self, position: QPointF, pressure: float | None, adds: bool) -> None:
        """Rub out what lies under the eraser."""
        self._left = self.canvas.document.strokes
        self._rub(position)

    def move(self, position: QPointF, pressure: float | None) -> None:
        """Rub out what lies on the way from the last position."""
        if self._left is not None:
            self._rub(position)

    def release(self, position: QPointF) -> None:
        """Make what was rubbed out one step of the document."""
        path, self._path, self._left = self._path, [], None
        if path:
            self.canvas.document.erase(path, self._radius)
        self.canvas.update()

    def cancel(self) -> None:
        """Bring everything back."""
        self._path, self._left = [], None
        self.canvas.update()

    def paint(self, painter: QPainter) -> None:
        """The ring of the eraser's reach where the pointer is."""
        pointer = self.canvas.pointer
        if pointer is not None:
            painter.setPen(QPen(QColor(self.canvas.colors.muted), 1.2))
            painter.drawEllipse(pointer, ERASER_RADIUS, ERASER_RADIUS)

    @property
    def _radius(self) -> float:
        return ERASER_RADIUS / self.canvas.view.zoom

    def _rub(self, position: QPointF) -> None:
        place = self.canvas.view.to_canvas(position)
        self._path.append((place.x(), place.y()))
        if self._left is not None:
            recent = np.asarray(self._path[-2:], np.float32)
            self._left = erased(self._left, recent, self._radius)
        self.canvas.update()


class SelectTool(CanvasTool):
    """Selects strokes by a click or by a rubber band."""

    def __init__(self, canvas: StrokeCanvas) -> None:
        """No band drawn."""
        super().__init__(canvas)
        self._start: QPointF | None = None
        self._band: QRectF | None = None
        self._adds = False

    def press(self, position: QPointF, pressure: float | None, adds: bool) -> None:
        """Remember where a band would begin."""
        self._start, self._adds = QPointF(position), adds

    def move(self, position: QPointF, pressure: float | None) -> None:
        """Draw the band once it is more than a shaky click."""
        if self._start is not None:
            step = position - self._start
            if self._band is not None or abs(step.x()) + abs(step.y()) > _DRAG:
                self._band = QRectF(self._start, position).normalized()
                self.canvas.update()

    def release(self, position: QPointF) -> None:
        """Select what the band touches, or the stroke that was clicked."""
        start, band = self._start, self._band
        self._start = self._band = None
        if start is None:
            return
        view, strokes = self.canvas.view, self.canvas.document.strokes
        if band is not None:
            area = view.box_to_canvas(band)
            box: Box = (area.left(), area.top(), area.right(), area.bottom())
            hit = {i for i, stroke in enumerate(strokes) if meets_box(stroke, box)}
            self.canvas.select(hit | set(self.canvas.selection()) if self._adds else hit)
            return
        place = view.to_canvas(position)
        clicked = nearest_stroke(strokes, (place.x(), place.y()), PEN_WIDTH / 2 + _REACH / view.zoom)
        hit = set() if clicked is None else {clicked}
        # Shift on a stroke that is selected takes it out again, as everywhere.
        self.canvas.select(set(self.canvas.selection()) ^ hit if self._adds else hit)

    def cancel(self) -> None:
        """Drop the band."""
        self._start = self._band = None
        self.canvas.update()

    def paint(self, painter: QPainter) -> None:
        """The band."""
        if self._band is not None:
            accent = QColor(self.canvas.colors.accent)
            painter.setPen(QPen(accent, 1.0))
            accent.setAlphaF(0.10)
            painter.setBrush(accent)
            painter.drawRect(self._band)


class HandTool(CanvasTool):
    """Moves the paper."""

    cursor = Qt.CursorShape.OpenHandCursor
    pressed_cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: StrokeCanvas) -> None:
        """Nothing held."""
        super().__init__(canvas)
        self._last: QPointF | None = None

    def press(self, position: QPointF, pressure: float | None, adds: bool) -> None:
        """Take hold of the paper."""
        self._last = QPointF(position)

    def move(self, position: QPointF, pressure: float | None) -> None:
        """Move it with the pointer, by whole pixels of the screen, so that ink stays sharp and is not painted anew."""
        if self._last is not None:
            ratio = self.canvas.devicePixelRatioF()
            dx = round((position.x() - self._last.x()) * ratio) / ratio
            dy = round((position.y() - self._last.y()) * ratio) / ratio
            self._last = self._last + QPointF(dx, dy)
            self.canvas.pan(dx, dy)

    def release(self, position: QPointF) -> None:
        """Let go."""
        self._last = None

    def cancel(self) -> None:
        """Let go where it is."""
        self._last = None
