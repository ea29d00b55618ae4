"""A square to move a point in by mouse or keyboard, over a map of pictures, with a lens that shows where it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

_LENS = 0.34  # of the pad's side
_STEP, _SMALL_STEP = 0.1, 0.02  # of the span, by key, and with Shift
_LINES = 8  # cells of the helper lines where there are no pictures


class XYPad(QWidget):
    """The point (x, y) is within -span to span both ways, y upwards. `moved` brings it when a hand moves it."""

    moved = Signal(float, float)

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        """The point is in the middle; there are no pictures."""
        super().__init__(parent)
        self._theme = theme
        self._span = 1.0
        self._place = (0.0, 0.0)
        self._side = 0  # pictures in a row of the map; 0: there is none
        self._cells: dict[tuple[int, int], QImage] = {}  # by row (0 at -span) and column
        self._map = QImage()
        self._lens = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 160)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(title)
        self.setAccessibleDescription("Arrow keys move the point, with Shift in small steps; Home: to the middle.")

    @property
    def place(self) -> tuple[float, float]:
        """Where the point is."""
        return self._place

    @property
    def span(self) -> float:
        """How far it can go from the middle."""
        return self._span

    @property
    def area(self) -> QRectF:
        """The square, in logical pixels."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    @property
    def rows(self) -> list[int]:
        """The rows of the map that are there."""
        return sorted({row for row, _column in self._cells})

    def set_span(self, span: float) -> None:
        """Change how far the point can go; it stays, or goes to the new edge."""
        self._span = span
        x, y = self._place
        self._place = (min(max(x, -span), span), min(max(y, -span), span))
        self.update()

    def set_place(self, x: float, y: float) -> None:
        """Put the point somewhere without saying so."""
        self._place = (x, y)
        self.update()

    def clear(self, side: int = 0) -> None:
        """Forget the pictures; the next map has `side` rows and columns."""
        self._side = side
        self._cells.clear()
        self._map = QImage()
        self._lens = QImage()
        self.update()

    def set_row(self, row: int, pictures: NDArray[np.uint8]) -> None:
        """Pictures [side, H, W] or [side, H, W, 3] of a row of the map, from the left; row 0 is the lowest."""
        for column, picture in enumerate(pictures):
            self._cells[row, column] = picture_image(picture)
            if not self._map.isNull():
                self._draw_cell(row, column)
        self.update()

    def set_lens(self, picture: NDArray[np.uint8]) -> None:
        """What is at the point."""
        self._lens = picture_image(picture)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self._map = QImage()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a map of digits."""
        return QSize(400, 400)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the map, the point and the lens."""
        painter = QPainter(self)
        theme, area = self._theme, self.area
        painter.fillRect(self.rect(), QColor(theme.window))
        painter.fillRect(area, QColor(theme.paper))
        if self._cells:
            if self._map.isNull():
                self._draw_map()
            painter.drawImage(area.topLeft(), self._map)
        else:
            self._paint_lines(painter, area)
        spot = self._to_pixels(*self._place)
        if self._lens.isNull():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for colour, width in ((theme.paper, 5.0), (theme.accent, 2.5)):
                painter.setPen(QPen(QColor(colour), width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(spot, 8, 8)
        else:
            self._paint_lens(painter, area, spot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = self.hasFocus()
        painter.setPen(QPen(QColor(theme.accent if focused else theme.border), 2.0 if focused else 1.0))
        painter.drawRect(area.adjusted(1, 1, -1, -1) if focused else area.adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_lines(self, painter: QPainter, area: QRectF) -> None:
        for index in range(1, _LINES):
            strong = 2 * index == _LINES
            painter.setPen(QColor(self._theme.border if strong else self._theme.grid))
            at = round(area.width() * index / _LINES)
            painter.drawLine(area.topLeft() + QPointF(at, 0), area.bottomLeft() + QPointF(at, 0))
            painter.drawLine(area.topLeft() + QPointF(0, at), area.topRight() + QPointF(0, at))

    def _paint_lens(self, painter: QPainter, area: QRectF, spot: QPointF) -> None:
        """The picture of the point around it, but whole; lines lead to the point where that moves it away."""
        theme = self._theme
        size = self._lens.size().toSizeF()
        factor = max(int(area.width() * _LENS / size.width()), 1)
        box = QRectF(0, 0, size.width() * factor, size.height() * factor)
        box.moveCenter(spot)
        box.moveLeft(min(max(box.left(), area.left() + 3), area.right() - 3 - box.width()))
        box.moveTop(min(max(box.top(), area.top() + 3), area.bottom() - 3 - box.height()))
        box.moveTopLeft(box.topLeft().toPoint().toPointF())
        painter.fillRect(box.adjusted(-3, -3, 3, 3), QColor(theme.accent))
        painter.drawImage(box, self._lens)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent_text), 1.2))
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(spot, 4.5, 4.5)

    def _draw_map(self) -> None:
        """The map as one picture of the screen's pixels, so that moving the point costs one copy."""
        ratio, side = self.devicePixelRatioF(), self.area.width()
        self._map = QImage(QSize(round(side * ratio), round(side * ratio)), QImage.Format.Format_RGB32)
        self._map.setDevicePixelRatio(ratio)
        self._map.fill(QColor(self._theme.paper))
        for row, column in self._cells:
            self._draw_cell(row, column)

    def _draw_cell(self, row: int, column: int) -> None:
        """A cell lies around its point of the slice: the outer ones are cut in half by the edge."""
        painter = QPainter(self._map)
        image = self._cells[row, column]
        step = self.area.width() / max(self._side - 1, 1)
        middle = QPointF(column * step, (self._side - 1 - row) * step)
        cell = QRectF(0, 0, step - 1, step - 1)
        cell.moveCenter(middle)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(cell, image)
        painter.end()

    # ---- mouse and keyboard

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The map is painted anew."""
        super().resizeEvent(event)
        self._map = QImage()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the point here."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._move_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Take it along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move the point, Home puts it in the middle."""
        moves = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        key = Qt.Key(event.key())
        if key in moves:
            small = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            step = self._span * (_SMALL_STEP if small else _STEP)
            self._move(self._place[0] + moves[key][0] * step, self._place[1] + moves[key][1] * step)
        elif key == Qt.Key.Key_Home:
            self._move(0.0, 0.0)
        else:
            super().keyPressEvent(event)

    def _move_to(self, pixel: QPointF) -> None:
        area = self.area
        half = area.width() / 2
        self._move((pixel.x() - area.center().x()) / half * self._span,
                   (area.center().y() - pixel.y()) / half * self._span)

    def _move(self, x: float, y: float) -> None:
        span = self._span
        place = (min(max(x, -span), span), min(max(y, -span), span))
        if place != self._place:
            self._place = place
            self.update()
            self.moved.emit(*place)

    def _to_pixels(self, x: float, y: float) -> QPointF:
        area = self.area
        half = area.width() / 2
        return area.center() + QPointF(x, -y) / self._span * half
