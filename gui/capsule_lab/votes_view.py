"""Who voted for a class: the digit with its votes over it, and under the mouse what a position sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.capsules.votes import FIELD, STRIDE, field_of
from gui.capsule_lab.heat import Scale, heat_picture
from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

Array = NDArray[np.float32]
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
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setAccessibleName("Votes for the class, over the picture")
        self.setToolTip(
            "How much each position adds to |s_j|: the sum over its capsules of c_ij (û_j|i · v_j) / |v_j|. The three "
            "strongest are numbered. Under the mouse: the pixels that a position sees."
        )

    def show_votes(self, picture: Array, votes: Array) -> None:
        """Votes [grid, grid] over a digit [S, S]."""
        self._votes, self._side = votes, len(picture)
        self._image = picture_image(heat_picture(picture, votes, Scale.of(votes, 0.0 if votes.min() < 0 else None)))
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._image = QImage()
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
        strongest = np.argsort(-self._votes, axis=None)[:_STRONGEST].tolist()
        for rank, flat in enumerate(strongest):
            box = self._cell(*divmod(flat, len(self._votes)))
            painter.setPen(QPen(QColor("#ffffff"), 1.5))
            painter.drawRect(box)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), str(rank + 1))
        if self._hovered is not None:
            top, left, bottom, right = field_of(*self._hovered)
            unit = area.width() / self._side
            corner = QPointF(area.left() + left * unit, area.top() + top * unit)
            field = QRectF(corner, corner + QPointF((right - left) * unit, (bottom - top) * unit))
            for colour, width in (("#000000", 4.0), ("#ffffff", 2.0)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(field)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Look at the position under the mouse."""
        self._hover(self._position_at(event.position()))

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
