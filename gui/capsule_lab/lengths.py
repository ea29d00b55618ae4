"""The lengths of the digit capsules as bars: how present the network finds each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.palette import Theme

_ROW, _MARGIN = 20, 2  # logical pixels
# Equation 4 of Sabour et al. 2017: a class that is there should be longer than m+, any other shorter than m-.
_PRESENT, _ABSENT = 0.9, 0.1
_TIP = (
    "The length |v_j| of each digit capsule, from 0 to 1: how present the network finds the class. The lines stand at "
    "m- = 0.1 and m+ = 0.9. A click, or a digit key, chooses the capsule to look at."
)


class LengthBars(QWidget):
    """A bar for each class; the chosen one is framed, those that are truly there have a dot before their names."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No classes yet."""
        super().__init__(parent)
        self._theme = theme
        self._names: tuple[str, ...] = tuple("0123456789")
        self._lengths: NDArray[np.float32] | None = None
        self._shown = -1
        self._labels: frozenset[int] = frozenset()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Lengths of the digit capsules")
        self.setToolTip(_TIP)

    @property
    def shown(self) -> int:
        """The class that is framed, -1 for none."""
        return self._shown

    def set_names(self, names: tuple[str, ...]) -> None:
        """The classes, in order; lengths, and which was looked at, are forgotten."""
        self._names, self._lengths, self._shown, self._labels = names, None, -1, frozenset()
        self.updateGeometry()
        self.update()

    def set_lengths(self, lengths: NDArray[np.float32] | None, shown: int, labels: frozenset[int]) -> None:
        """Lengths [j], the class that is looked at and those that are truly there."""
        self._lengths, self._shown, self._labels = lengths, shown, labels
        if lengths is not None:
            words = ", ".join(f"{name} {value:.2f}" for name, value in zip(self._names, lengths.tolist(), strict=False))
            self.setAccessibleDescription(words)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """A row for each class."""
        return QSize(220, self._row * len(self._names) + 2 * _MARGIN)

    def minimumSizeHint(self) -> QSize:
        """As `sizeHint`; narrower if it must be."""
        return QSize(120, self.sizeHint().height())

    @property
    def _row(self) -> int:
        return max(_ROW, self.fontMetrics().height() + 3)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint names, bars, numbers and the two lines."""
        painter = QPainter(self)
        theme, metrics, row = self._theme, self.fontMetrics(), self._row
        names = min(max((metrics.horizontalAdvance(name) for name in self._names), default=0), self.width() // 3)
        left = names + 22
        right = self.width() - metrics.horizontalAdvance("0.00") - 8
        span = max(right - left, 1)
        longest = -1 if self._lengths is None else int(self._lengths.argmax())
        for index, name in enumerate(self._names):
            top = _MARGIN + index * row
            middle = Qt.AlignmentFlag.AlignVCenter
            box = QRectF(1, top + 0.5, self.width() - 2, row - 1)
            if index == self._shown:
                painter.setPen(QPen(QColor(theme.accent), 1.5))
                painter.drawRoundedRect(box, 4, 4)
            if index in self._labels:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.good))
                painter.drawEllipse(QRectF(6, top + row / 2 - 3, 6, 6))
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(theme.text))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names)
            painter.drawText(QRectF(16, top, names, row), int(middle | Qt.AlignmentFlag.AlignRight), text)
            painter.fillRect(QRectF(left, top + 5, span, row - 10), QColor(theme.grid))
            if self._lengths is None or index >= len(self._lengths):
                continue
            value = float(self._lengths[index])
            colour = theme.accent if index == longest else theme.ghost
            painter.fillRect(QRectF(left, top + 5, span * min(value, 1.0), row - 10), QColor(colour))
            painter.setPen(QColor(theme.text if index == longest else theme.muted))
            number = QRectF(right + 4, top, self.width() - right - 6, row)
            painter.drawText(number, int(middle | Qt.AlignmentFlag.AlignLeft), f"{value:.2f}")
        painter.setPen(QPen(QColor(theme.muted), 1.0, Qt.PenStyle.DotLine))
        for margin in (_ABSENT, _PRESENT):
            x = round(left + span * margin)
            painter.drawLine(x, _MARGIN + 2, x, _MARGIN + row * len(self._names) - 2)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1.0))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class under the mouse."""
        index = int((event.position().y() - _MARGIN) // self._row)
        if event.button() == Qt.MouseButton.LeftButton and 0 <= index < len(self._names):
            QToolTip.hideText()
            self.chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose the class above or below."""
        # Not every key has a name in Qt.Key.
        step = {int(Qt.Key.Key_Up): -1, int(Qt.Key.Key_Down): 1}.get(event.key(), 0)
        if step and self._names:
            # Upwards from nothing is the last one.
            begin = len(self._names) if self._shown < 0 and step < 0 else self._shown
            self.chosen.emit((begin + step) % len(self._names))
        else:
            super().keyPressEvent(event)
