"""A piece of the plane to look at: equal units on both axes, zoom by the wheel, pan by the mouse or the arrow keys."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme
from gui.widgets.curve_painting import ticks

Extent = tuple[float, float, float, float]  # x0, x1, y0, y1

_MARGIN = 10.0  # logical pixels around the extent
_MOST_ZOOM = 200.0  # times the fitted scale, in and out
_KEY_PAN = 40.0  # logical pixels
_NUMBERS_FROM = 260  # logical pixels of width from which on the axes bear numbers


class PlaneCanvas(QWidget):
    """Paints a ground with helper lines; what lies on it is painted by `paint_plane` of a subclass."""

    pointed = Signal(object)  # (x, y) of the plane under the mouse, or None

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Show -1 to 1."""
        super().__init__(parent)
        self.theme = theme
        self._extent: Extent = (-1.0, 1.0, -1.0, 1.0)
        self._zoom = 1.0
        self._middle: QPointF | None = None  # of the plane; None: that of the extent
        self._held: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 100)
        self.setAccessibleDescription("Arrow keys move, plus and minus zoom, zero shows everything.")

    # ---- where things are

    @property
    def extent(self) -> Extent:
        """What a fitted view shows: x0, x1, y0, y1."""
        return self._extent

    @property
    def is_fitted(self) -> bool:
        """Whether nobody has zoomed or panned."""
        return self._middle is None and self._zoom == 1.0

    @property
    def scale(self) -> float:
        """Logical pixels per unit."""
        x0, x1, y0, y1 = self._extent
        room = max(self.width() - 2 * _MARGIN, 1.0), max(self.height() - 2 * _MARGIN, 1.0)
        return min(room[0] / (x1 - x0), room[1] / (y1 - y0)) * self._zoom

    def set_extent(self, extent: Extent) -> None:
        """Fit this part of the plane unless the person looks elsewhere; one that is empty or not finite is ignored."""
        x0, x1, y0, y1 = extent
        if not all(map(math.isfinite, extent)) or not (x1 - x0 > 1e-9 and y1 - y0 > 1e-9) or extent == self._extent:
            return
        if not self.is_fitted:
            # What the person looks at stays as large as it is.
            scale, middle = self.scale, self._center()
            self._extent, self._zoom, self._middle = extent, 1.0, middle
            self._zoom = scale / self.scale
        self._extent = extent
        self.update()

    def fit(self) -> None:
        """Show the whole extent again."""
        self._zoom, self._middle = 1.0, None
        self.update()

    def to_pixels(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places [..., 2] of the plane in logical pixels of the widget; y goes up in the plane, down on the screen."""
        scale, middle = self.scale, self._center()
        pixels = np.empty(points.shape, np.float64)
        pixels[..., 0] = (points[..., 0] - middle.x()) * scale + self.width() / 2
        pixels[..., 1] = (middle.y() - points[..., 1]) * scale + self.height() / 2
        return pixels

    def box_to_pixels(self, x0: float, x1: float, y0: float, y1: float) -> QRectF:
        """A box of the plane in logical pixels."""
        (left, bottom), (right, top) = self.to_pixels(np.array([[x0, y0], [x1, y1]])).tolist()
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    def to_plane(self, place: QPointF) -> QPointF:
        """A place of the widget in units of the plane."""
        scale, middle = self.scale, self._center()
        return QPointF(middle.x() + (place.x() - self.width() / 2) / scale,
                       middle.y() - (place.y() - self.height() / 2) / scale)

    def zoom_about(self, place: QPointF, factor: float) -> None:
        """Zoom; what lies under `place` stays there."""
        fixed = self.to_plane(place)
        self._zoom = min(max(self._zoom * factor, 1 / _MOST_ZOOM), _MOST_ZOOM)
        moved = self.to_plane(place)
        self._middle = self._center() + fixed - moved
        self.update()

    def pan(self, dx: float, dy: float) -> None:
        """Move the plane by logical pixels."""
        self._middle = self._center() + QPointF(-dx, dy) / self.scale
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a plane worth looking at."""
        return QSize(420, 420)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground, what is on it, and the focus."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.paper))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_plane(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self.theme.accent), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def paint_plane(self, painter: QPainter) -> None:
        """Paint what is on the plane; the painter is in logical pixels, the ground is there."""
        self.paint_helper_lines(painter)

    def paint_helper_lines(self, painter: QPainter, colour: str | None = None) -> None:
        """Paint lines at round numbers, in `colour` ("#rrggbb") or that of helper lines, and the numbers."""
        line = QColor(colour if colour is not None else self.theme.grid)
        low, high = self.to_plane(QPointF(0, self.height())), self.to_plane(QPointF(self.width(), 0))
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() * 0.8, 6.5))
        painter.setFont(font)
        numbers = self.width() >= _NUMBERS_FROM
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        scale, middle = self.scale, self._center()
        for value in ticks(low.x(), high.x(), max(self.width() // 55, 2)):
            x = (value - middle.x()) * scale + self.width() / 2
            painter.setPen(line)
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
            if numbers and x > 28:
                painter.setPen(QColor(self.theme.muted))
                painter.drawText(QPointF(x + 3, 11), _number(value))
        for value in ticks(low.y(), high.y(), max(self.height() // 55, 2)):
            y = (middle.y() - value) * scale + self.height() / 2
            painter.setPen(line)
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
            if numbers and y > 16:
                painter.setPen(QColor(self.theme.muted))
                painter.drawText(QPointF(4, y - 3), _number(value))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    # ---- mouse and keyboard

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the mouse."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        self.zoom_about(event.position(), 2.0 ** (turned / 360))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the plane."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._held = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the plane with the mouse, and tell where the mouse is."""
        place = event.position()
        if self._held is not None:
            step = place - self._held
            self._held = place
            self.pan(step.x(), step.y())
        spot = self.to_plane(place)
        self.pointed.emit((spot.x(), spot.y()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._held = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Show everything."""
        self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse points at nothing."""
        self.pointed.emit(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys pan; plus and minus zoom; zero fits."""
        moves = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        key = Qt.Key(event.key())
        middle = QPointF(self.width() / 2, self.height() / 2)
        if key in moves:
            self.pan(moves[key][0] * _KEY_PAN, moves[key][1] * _KEY_PAN)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_about(middle, 1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom_about(middle, 0.8)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _center(self) -> QPointF:
        if self._middle is not None:
            return self._middle
        x0, x1, y0, y1 = self._extent
        return QPointF((x0 + x1) / 2, (y0 + y1) / 2)


def _number(value: float) -> str:
    return f"{round(value, 10) + 0.0:g}".replace("-", "\N{MINUS SIGN}")
