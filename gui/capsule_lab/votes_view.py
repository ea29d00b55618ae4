"""Who voted for a class: the digit with its votes over it, and under the mouse what a position sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.capsules.votes import FIELD, STRIDE, field_of
from gui.capsule_lab.heat import Scale, heat_picture
from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

Array = NDArray[np.float32]
_STEPS = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
_STRONGEST = 3  # positions that are marked with their rank


class VotesView(QWidget):
    """Shows votes [grid, grid] over a digit; `hovered` brings a position (y, x), or None when the mouse leaves."""

    hovered = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No votes."""
        super().__init__(parent)
        self._theme = theme
        self._image = QImage()
        self._votes: Array = np.zeros((0, 0), np.float32)
        self._side = 28
        self._hovered: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setAccessibleName("Votes for the class, over the picture")
        self.setToolTip(
            "How much each position adds to |s_j|: the sum over its capsules of c_ij (û_j|i · v_j) / |v_j|. The three "
            "strongest are numbered. Under the mouse: the pixels that a position sees."
        )

    @property
    def votes(self) -> Array:
        """What is shown, [grid, grid]."""
        return self._votes

    @property
    def hovered_position(self) -> tuple[int, int] | None:
        """The position (y, x) that is pointed at."""
        return self._hovered

    def show_votes(self, picture: Array, votes: Array) -> None:
        """Votes [grid, grid] over a digit [S, S]."""
        self._votes, self._side = votes, len(picture)
        self._image = picture_image(heat_picture(picture, votes, Scale.of(votes, 0.0 if votes.min() < 0 else None)))
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._image, self._hovered = QImage(), None
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Large enough to point at."""
        return QSize(260, 260)

    @property
    def area(self) -> QRectF:
        """Where the digit is."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint digit, votes, the strongest and what the position under the mouse sees."""
        painter = QPainter(self)
        area = self.area
        if self._image.isNull():
            painter.setPen(QPen(QColor(self._theme.border), 1.0, Qt.PenStyle.DashLine))
            painter.drawRect(area)
            painter.end()
            return
        painter.drawImage(area, self._image)
        painter.setPen(QPen(QColor(self._theme.border), 1.0))
        painter.drawRect(area)
        strongest = [flat for flat in np.argsort(-self._votes, axis=None)[:_STRONGEST] if self._votes.flat[flat] > 0]
        for rank, flat in enumerate(strongest):
            box = self._cell(*divmod(int(flat), len(self._votes)))
            painter.setPen(QPen(QColor("#ffffff"), 1.5))
            painter.drawRect(box)
            for colour, shift in (("#000000", 1.0), ("#ffffff", 0.0)):
                painter.setPen(QColor(colour))
                painter.drawText(box.translated(shift, shift), int(Qt.AlignmentFlag.AlignCenter), str(rank + 1))
        if self._hovered is not None:
            top, left, bottom, right = field_of(*self._hovered)
            unit = area.width() / self._side
            corner = QPointF(area.left() + left * unit, area.top() + top * unit)
            field = QRectF(corner, corner + QPointF((right - left) * unit, (bottom - top) * unit))
            for colour, width in (("#000000", 4.0), ("#ffffff", 2.0)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(field)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 1.0, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Look at the position under the mouse."""
        self._hover(self._position_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys point at a neighbour, Escape at none."""
        key, grid = Qt.Key(event.key()), len(self._votes)
        y, x = self._hovered or (grid // 2, grid // 2)
        if key == Qt.Key.Key_Escape and self._hovered is not None:
            self._hover(None)
        elif key in _STEPS and not self._image.isNull():
            down, right = _STEPS[key]
            self._hover((min(max(y + down, 0), grid - 1), min(max(x + right, 0), grid - 1)))
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, _event: QEvent) -> None:
        """Look at none."""
        self._hover(None)

    def _hover(self, position: tuple[int, int] | None) -> None:
        if position != self._hovered:
            self._hovered = position
            self.hovered.emit(position)
            self.update()

    def _cell(self, y: int, x: int) -> QRectF:
        area, unit = self.area, self.area.width() / self._side
        start = (FIELD - STRIDE) / 2
        left, top = area.left() + (start + STRIDE * x) * unit, area.top() + (start + STRIDE * y) * unit
        return QRectF(left, top, STRIDE * unit, STRIDE * unit)

    def _position_at(self, place: QPointF) -> tuple[int, int] | None:
        grid = len(self._votes)
        if self._image.isNull() or not grid:
            return None
        inside = (place - self.area.topLeft()) * self._side / self.area.width()
        start = (FIELD - STRIDE) / 2
        x, y = int((inside.x() - start) // STRIDE), int((inside.y() - start) // STRIDE)
        return (y, x) if 0 <= y < grid and 0 <= x < grid else None
