"""A ground on which two digits lie; either can be dragged over the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.capsules.overlap import BOX
from gui.palette import DARK, Theme
from gui.widgets.picture_frame import picture_image

Array = NDArray[np.float32]
FIRST, SECOND = DARK.series[:2]  # each digit's colour, bright on black in every theme
Place = tuple[float, float]  # off the middle: x to the right, y down, in pixels of the ground

_CORNERS = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
REACH = 8.0  # pixels off the middle at most


def held(x: float, y: float) -> Place:
    """A place as near as a box on the ground can be."""
    return min(max(x, -REACH), REACH), min(max(y, -REACH), REACH)


def held_both(first: Place, second: Place) -> tuple[Place, Place]:
    """Two places moved together, so that they keep their distance, until both boxes are on the ground."""
    offs = [
        max(-REACH - min(ends), 0.0) - max(max(ends) - REACH, 0.0) for ends in zip(first, second, strict=True)
    ]
    return (first[0] + offs[0], first[1] + offs[1]), (second[0] + offs[0], second[1] + offs[1])


class TwoCanvas(QWidget):
    """Shows the two as the network sees them; `moved` brings which one (0 or 1) and where to."""

    moved = Signal(int, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty ground."""
        super().__init__(parent)
        self._theme = theme
        self._image = QImage()
        self._side = 36
        self._places: tuple[Place, Place] = ((0.0, 0.0), (0.0, 0.0))
        self._grip = 1  # the digit that the hand or the keys move
        self._from: tuple[QPointF, Place] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 150)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("Two digits on one ground")
        self.setToolTip(
            "What the network sees. Drag a digit over the other; the arrow keys move the one whose box is solid, and "
            "the space bar takes the other one. Box 1 (blue) is the first digit's, box 2 (orange) the second's."
        )

    @property
    def grip(self) -> int:
        """The digit that is moved, 0 or 1."""
        return self._grip

    def set_places(self, places: tuple[Place, Place]) -> None:
        """Where the two lie."""
        self._places = places
        words = (f"digit {number} at {x:g}, {y:g}" for number, (x, y) in enumerate(places, 1))
        self.setAccessibleDescription(", ".join(words))
        self.update()

    def show_ground(self, picture: Array) -> None:
        """The ground [S, S] with both digits."""
        self._side = len(picture)
        self._image = picture_image(np.rint(picture * 255).astype(np.uint8))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Large enough to drag."""
        return QSize(240, 240)

    @property
    def image(self) -> QImage:
        """The ground in its own size."""
        return self._image

    @property
    def area(self) -> QRectF:
        """Where the ground is."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def box(self, which: int) -> QRectF:
        """Where the box of a digit is."""
        unit = self.area.width() / self._side
        middle = self.area.center() + QPointF(*self._places[which]) * unit
        return QRectF(middle.x() - BOX / 2 * unit, middle.y() - BOX / 2 * unit, BOX * unit, BOX * unit)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground and both boxes."""
        painter = QPainter(self)
        painter.fillRect(self.area, QColor("#000000"))
        if not self._image.isNull():
            painter.drawImage(self.area, self._image)
            for which in (1 - self._grip, self._grip):
                style = Qt.PenStyle.SolidLine if which == self._grip else Qt.PenStyle.DotLine
                box = self.box(which)
                painter.setPen(QPen(QColor((FIRST, SECOND)[which]), 1.0, style))
                painter.drawRect(box)
                # At opposite corners, so that neither covers the other where both boxes are one.
                painter.drawText(box.adjusted(4, 1, -4, -1), int(_CORNERS[which]), str(which + 1))
        painter.setPen(QPen(QColor(self._theme.accent if self.hasFocus() else self._theme.border), 1.0))
        painter.drawRect(self.area)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the digit whose middle is nearer."""
        if event.button() != Qt.MouseButton.LeftButton or self._image.isNull():
            return
        offs = [event.position() - self.box(which).center() for which in (0, 1)]
        lengths = [off.x() ** 2 + off.y() ** 2 for off in offs]
        if lengths[0] != lengths[1]:
            self._grip = int(lengths[1] < lengths[0])
        self._from = event.position(), self._places[self._grip]
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        if self._from is not None:
            start, place = self._from
            off = (event.position() - start) * self._side / self.area.width()
            self._move(place[0] + off.x(), place[1] + off.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go of it."""
        self._from = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the digit by a pixel, or take the other one."""
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
        }
        step = steps.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Space:
            self._grip = 1 - self._grip
            self.update()
        elif step is not None:
            x, y = self._places[self._grip]
            self._move(x + step[0], y + step[1])
        else:
            super().keyPressEvent(event)

    def _move(self, x: float, y: float) -> None:
        self.moved.emit(self._grip, held(round(x, 2), round(y, 2)))
