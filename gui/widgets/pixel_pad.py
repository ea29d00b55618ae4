"""Paper of few pixels to draw a digit on, with a thick, soft brush: what is seen is what a network gets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

_FINER = 4  # strokes are kept so many times finer than the pixels, or their edges would harden where they overlap
_BRUSH = 0.08  # of the side: about the width of MNIST's strokes
_BOX = 20 / 28  # of the side: the digits of MNIST fill a box of 20 pixels


class PixelPad(QWidget):
    """Bright ink on black, as MNIST has it. The left button draws, the right one rubs out; Delete clears."""

    changed = Signal()

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        """Black paper of 28 pixels."""
        super().__init__(parent)
        self._theme = theme
        self._side = 28
        self._fine = QImage()
        self._seen = QImage()
        self._last: QPointF | None = None
        self._empty = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(112, 112)
        self.setAccessibleName(title)
        self.setAccessibleDescription("Draw with the mouse, rub out with its right button; Delete clears the paper.")
        self.set_side(28)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been drawn."""
        return self._empty

    @property
    def area(self) -> QRectF:
        """The square, in logical pixels."""
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    def set_side(self, side: int) -> None:
        """Take new paper of so many pixels."""
        self._side = side
        fine = side * _FINER
        self._fine = QImage(fine, fine, QImage.Format.Format_RGB32)
        self.clear()

    def clear(self) -> None:
        """Take new paper."""
        self._fine.fill(Qt.GlobalColor.black)
        self._empty = True
        self._see()

    def pixels(self) -> NDArray[np.uint8]:
        """What has been drawn, uint8 [side, side]."""
        fine, side = self._fine.width(), self._side
        raw = np.frombuffer(self._fine.constBits(), np.uint8).reshape(fine, fine, 4)[..., 0]
        return np.asarray(raw.reshape(side, _FINER, side, _FINER).mean(axis=(1, 3)).round(), np.uint8)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours for what is around the paper."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Room to draw."""
        return QSize(168, 168)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the pixels, the box that digits fill, and the focus."""
        painter = QPainter(self)
        area = self.area
        painter.drawImage(area, self._seen)
        guide = area.adjusted(*(sign * area.width() * (1 - _BOX) / 2 for sign in (1, 1, -1, -1)))
        painter.setPen(QPen(QColor(255, 255, 255, 70), 1.0, Qt.PenStyle.DotLine))
        painter.drawRect(guide)
        if self._empty:
            painter.setPen(QColor(255, 255, 255, 170))
            painter.drawText(guide, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), "draw here")
        focused = self.hasFocus()
        painter.setPen(QPen(QColor(self._theme.accent if focused else self._theme.border), 2.0 if focused else 1.0))
        painter.drawRect(area.adjusted(1, 1, -1, -1) if focused else area.adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the brush down."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._last = self._to_fine(event.position())
            self._brush(self._last, rub=event.button() == Qt.MouseButton.RightButton)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move it."""
        if self._last is not None:
            self._brush(self._to_fine(event.position()), rub=bool(event.buttons() & Qt.MouseButton.RightButton))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Lift it."""
        self._last = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete clears."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
            self.changed.emit()
        else:
            super().keyPressEvent(event)

    def _to_fine(self, pixel: QPointF) -> QPointF:
        area = self.area
        return (pixel - area.topLeft()) * (self._fine.width() / area.width())

    def _brush(self, place: QPointF, rub: bool) -> None:
        assert self._last is not None
        painter = QPainter(self._fine)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = Qt.GlobalColor.black if rub else Qt.GlobalColor.white
        width = self._fine.width() * _BRUSH * (1.6 if rub else 1.0)
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        if place == self._last:
            painter.drawPoint(place)
        else:
            painter.drawLine(self._last, place)
        painter.end()
        self._last = place
        self._empty = False
        self._see()
        self.changed.emit()

    def _see(self) -> None:
        self._seen = picture_image(self.pixels())
        self.update()
