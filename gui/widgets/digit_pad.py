"""Black paper for a digit, drawn with a thick, bright brush."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.sketch.strokes import Drawing
from gui.palette import Theme

_BRUSH = 0.1  # of the side, as wide as the lines of MNIST's digits
_PAPER, _INK, _FAINT = "#000000", "#ffffff", "#9a9a9a"  # as the data is, in every theme
_MOST_POINTS = 5_000


class DigitPad(QWidget):
    """The left button draws; Delete takes new paper, and the key for undo takes the last stroke back."""

    changed = Signal()

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        """Empty paper."""
        super().__init__(parent)
        self._theme = theme
        self._strokes: list[list[tuple[float, float]]] = []  # in shares of the side
        self._is_drawing = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(112, 112)
        self.setAccessibleName(title)
        self.setAccessibleDescription("Draw with the mouse; Delete clears the paper, Undo takes a stroke back.")

    @property
    def drawing(self) -> Drawing:
        """What has been drawn, in shares of the paper's side, y downwards."""
        return Drawing(tuple(np.array(stroke, np.float32) for stroke in self._strokes))

    @property
    def area(self) -> QRectF:
        """The paper, in logical pixels."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    def clear(self) -> None:
        """Take new paper."""
        self._strokes.clear()
        self._is_drawing = False
        self.update()
        self.changed.emit()

    def undo(self) -> None:
        """Take the last stroke back."""
        if self._strokes:
            self._strokes.pop()
            self._is_drawing = False
            self.update()
            self.changed.emit()

    def show_drawing(self, drawing: Drawing | None) -> None:
        """Show strokes in shares of the side, or empty paper, without telling anybody."""
        self._strokes = [] if drawing is None else [[(x, y) for x, y in stroke.tolist()] for stroke in drawing.strokes]
        self._is_drawing = False
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours for the edge."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Room to draw."""
        return QSize(168, 168)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the paper, the strokes and the focus."""
        painter = QPainter(self)
        area = self.area
        side = area.width()
        painter.fillRect(area, QColor(_PAPER))
        if not self._strokes:
            painter.setPen(QColor(_FAINT))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), "draw a digit")
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(_INK), side * _BRUSH, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                            Qt.PenJoinStyle.RoundJoin))
        for stroke in self._strokes:
            points = [area.topLeft() + QPointF(x, y) * side for x, y in stroke]
            if len(points) == 1:
                painter.drawPoint(points[0])
            else:
                painter.drawPolyline(QPolygonF(points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        focused = self.hasFocus()
        painter.setPen(QPen(QColor(self._theme.accent if focused else self._theme.border), 2.0 if focused else 1.0))
        painter.drawRect(area.adjusted(1, 1, -1, -1) if focused else area.adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_drawing = True
            self._strokes.append([])
            self._draw_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it."""
        if self._is_drawing:
            self._draw_to(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End it."""
        self._is_drawing = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Clear, or take a stroke back."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        else:
            super().keyPressEvent(event)

    def _draw_to(self, pixel: QPointF) -> None:
        area = self.area
        place = (pixel - area.topLeft()) / area.width()
        if sum(map(len, self._strokes)) >= _MOST_POINTS:
            return
        self._strokes[-1].append((min(max(place.x(), 0.0), 1.0), min(max(place.y(), 0.0), 1.0)))
        self.update()
        self.changed.emit()
