"""How the lengths of the digit capsules change from one iteration of routing to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme

Array = NDArray[np.float32]
_MOST_ROOM = 80  # logical pixels for a name
TITLE = "Lengths |v_j| after each iteration"


class RoutingLengths(QWidget):
    """A line for each class over the iterations; the longest and the shown one stand out and are named."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No lines."""
        super().__init__(parent)
        self._theme = theme
        self._lengths: Array = np.zeros((0, 0), np.float32)
        self._names: tuple[str, ...] = ()
        self._shown, self._iteration = -1, 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 90 + self.fontMetrics().height())
        self.setAccessibleName("Lengths of the capsules over the iterations")
        self.setToolTip("The length |v_j| of each digit capsule after each iteration of routing.")

    def show_lengths(self, lengths: Array, names: tuple[str, ...], shown: int, iteration: int) -> None:
        """Lengths [r, j]; `iteration` counts from 0."""
        self._lengths, self._names, self._shown, self._iteration = lengths, names, shown, iteration
        last = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, lengths[-1].tolist(), strict=True))
        self.setAccessibleDescription(f"After {len(lengths)}: {last}")
        self.update()

    def clear(self) -> None:
        """Show no lines."""
        self._lengths = np.zeros((0, 0), np.float32)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """A small chart."""
        return QSize(240, 150)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint axes, lines and names."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, metrics = self._theme, self.fontMetrics()
        line = metrics.height()
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(0, 0, self.width(), line + 2), int(Qt.AlignmentFlag.AlignLeft), TITLE)
        area = QRectF(metrics.horizontalAdvance("1.0") + 8, line + 10, 0, 0)
        area.setRight(self.width() - self._room - 12)
        area.setBottom(self.height() - line - 4)
        count = len(self._lengths)
        step = area.width() / max(count - 1, 1)
        for value in (0.0, 0.5, 1.0):
            y = area.bottom() - value * area.height()
            painter.setPen(QPen(QColor(theme.grid), 1.0))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(theme.muted))
            box = QRectF(0, y - line / 2, area.left() - 5, line)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{value:g}")
        for index in range(count):
            x = area.left() + index * step
            painter.setPen(QColor(theme.text if index == self._iteration else theme.muted))
            box = QRectF(x - 12, area.bottom() + 2, 24, line)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter), str(index + 1))
            if index == self._iteration:
                painter.setPen(QPen(QColor(theme.muted), 1.0, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if count:
            longest = int(self._lengths[-1].argmax())
            order = [j for j in range(self._lengths.shape[1]) if j not in (longest, self._shown)]
            for j in [*order, longest, self._shown]:
                self._paint_line(painter, area, step, j, is_told=j in (longest, self._shown))
            self._paint_names(painter, area, longest)
        painter.end()

    @property
    def _room(self) -> int:
        """For names, right of the lines."""
        widest = max((self.fontMetrics().horizontalAdvance(name) for name in self._names), default=0)
        return min(max(widest, self.fontMetrics().horizontalAdvance("00")), _MOST_ROOM)

    def _paint_names(self, painter: QPainter, area: QRectF, longest: int) -> None:
        """The longest above, the shown one below it, however near their lines end."""
        metrics, line, least = self.fontMetrics(), float(self.fontMetrics().height()), area.top() - 6.0
        for j in dict.fromkeys((longest, self._shown)):
            if 0 <= j < self._lengths.shape[1]:
                end = area.bottom() - float(self._lengths[-1, j]) * area.height()
                top = max(end - line / 2, least)
                painter.setPen(QColor(self._theme.accent if j == self._shown else self._theme.text))
                name = metrics.elidedText(self._names[j], Qt.TextElideMode.ElideRight, self._room)
                box = QRectF(area.right() + 8, top, self._room + 4, line)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), name)
                least = top + line - 2

    def _paint_line(self, painter: QPainter, area: QRectF, step: float, j: int, *, is_told: bool) -> None:
        if not 0 <= j < self._lengths.shape[1]:
            return
        theme = self._theme
        colour = theme.accent if j == self._shown else theme.text if is_told else theme.ghost
        painter.setPen(QPen(QColor(colour), 2.0 if is_told else 1.0))
        points = [
            QPointF(area.left() + index * step, area.bottom() - float(length) * area.height())
            for index, length in enumerate(self._lengths[:, j])
        ]
        painter.drawPolyline(QPolygonF(points))
        if len(points) == 1 or is_told:
            for point in points:
                painter.drawEllipse(point, 1.5, 1.5)
