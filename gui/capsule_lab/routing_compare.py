"""The same picture routed once, twice, three times and five times, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

Array = NDArray[np.float32]
ITERATIONS = (1, 2, 3, 5)


@dataclass(frozen=True, eq=False)
class Routed:
    """What came of so many iterations: lengths [j], entropy of the couplings, the longest redrawn [S, S] or None."""

    iterations: int
    lengths: Array
    entropy: float
    redrawn: Array | None


class RoutingCompare(QWidget):
    """For each number of iterations the bars, what is redrawn of the longest, and how decided the children are."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing to compare."""
        super().__init__(parent)
        self._theme = theme
        self._routed: Sequence[Routed] = ()
        self._names: tuple[str, ...] = ()
        self._trained = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Routing 1, 2, 3 and 5 times")
        self.setToolTip(
            "The lengths |v_j| after 1, 2, 3 and 5 iterations, what is redrawn of the longest, and the entropy of the "
            "couplings c_ij: 100 % where every child shares out equally, 0 % where each has chosen one digit."
        )

    @property
    def count(self) -> int:
        """How many are compared."""
        return len(self._routed)

    def show_routed(self, routed: Sequence[Routed], names: tuple[str, ...], trained: int) -> None:
        """Compare these; the model was trained with so many iterations."""
        self._routed, self._names, self._trained = routed, names, trained
        self.setAccessibleDescription("; ".join(
            f"{each.iterations}: {names[int(each.lengths.argmax())]} {each.lengths.max():.2f}, "
            f"entropy {100 * each.entropy:.0f} percent" for each in routed
        ))
        self.update()

    def clear(self) -> None:
        """Nothing to compare."""
        self._routed = ()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(640, 118 + 2 * self.fontMetrics().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the columns."""
        painter = QPainter(self)
        theme, line = self._theme, self.fontMetrics().height()
        width = self.width() / max(len(ITERATIONS), 1)
        for place, each in enumerate(self._routed):
            left = place * width
            inner = width - 16
            times = "once" if each.iterations == 1 else f"{each.iterations} times"
            title = f"{times}{', as trained' if each.iterations == self._trained else ''}"
            painter.setPen(QColor(theme.text))
            painter.drawText(QRectF(left, 0, inner, line + 2), int(Qt.AlignmentFlag.AlignLeft), title)
            bars = QRectF(left, line + 6, inner - (0 if each.redrawn is None else 84), self.height() - 2 * line - 14)
            self._paint_bars(painter, bars, each.lengths)
            if each.redrawn is not None:
                side = min(76.0, bars.height())
                box = QRectF(bars.right() + 8, bars.top(), side, side)
                painter.drawImage(box, picture_image(np.rint(each.redrawn * 255).astype(np.uint8)))
                painter.setPen(QPen(QColor(theme.border), 1.0))
                painter.drawRect(box)
            painter.setPen(QColor(theme.muted))
            below = QRectF(left, self.height() - line - 2, inner, line + 2)
            painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), f"entropy of c_ij {100 * each.entropy:.2f} %")
        painter.end()

    def _paint_bars(self, painter: QPainter, box: QRectF, lengths: Array) -> None:
        theme, line = self._theme, self.fontMetrics().height()
        slot, height = box.width() / len(lengths), box.height() - line
        longest = int(lengths.argmax())
        for j, length in enumerate(lengths.tolist()):
            bar = QRectF(box.left() + j * slot + 1, box.top() + height * (1 - min(length, 1.0)), slot - 2, 0)
            bar.setBottom(box.top() + height)
            painter.fillRect(QRectF(bar.left(), box.top(), bar.width(), height), QColor(theme.grid))
            painter.fillRect(bar, QColor(theme.accent if j == longest else theme.ghost))
            painter.setPen(QColor(theme.text if j == longest else theme.muted))
            under = QRectF(box.left() + j * slot - 4, box.top() + height + 1, slot + 8, line)
            name = self.fontMetrics().elidedText(self._names[j], Qt.TextElideMode.ElideRight, int(slot + 8))
            painter.drawText(under, int(Qt.AlignmentFlag.AlignHCenter), name)
