"""A sheet of sample drawings, each in a cell of its own."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.sketch.strokes import from_stroke3, from_stroke5
from gui.widgets.plot_theme import PlainColours, PlotTheme

MAX_DRAWINGS = 64
MAX_POINTS = 2000
MAX_OFFSET = 1e6
GAP = 8.0
EMPTY_TEXT = "Sample drawings appear here while the network learns."


class SketchSheet(QWidget):
    """Paints drawings in a grid of equal cells, each scaled to its cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """An empty sheet."""
        super().__init__(parent)
        self._theme: PlotTheme = PlainColours()
        self._paths: list[QPainterPath] = []
        self._caption = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)

    @property
    def count(self) -> int:
        """The drawings on the sheet."""
        return len(self._paths)

    def set_samples(self, samples: NDArray[np.generic], caption: str = "") -> None:
        """Show drawings, stroke-5 float32 [n, T, 5]; arrays of another shape leave the sheet as it is.

        At most `MAX_DRAWINGS` of `MAX_POINTS` points are shown. A drawing that is not finite keeps an empty cell.
        """
        if samples.ndim != 3 or samples.shape[2] != 5 or samples.dtype.kind not in "iuf":
            return
        points = samples[:MAX_DRAWINGS, :MAX_POINTS].astype(np.float64)
        self._paths = [_path(drawing) for drawing in points]
        self._caption = caption
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._paths = []
        self._caption = ""
        self.update()

    def set_theme(self, theme: PlotTheme) -> None:
        """Wear other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Three rows of small drawings."""
        return QSize(320, 320)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the grid."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        painter.setPen(QColor(self._theme.muted))
        if not self._paths:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY_TEXT)
            return
        foot = painter.fontMetrics().height() + GAP if self._caption else 0.0
        painter.drawText(self.rect().adjusted(0, 0, -4, -2), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom,
                         self._caption)
        columns = math.ceil(math.sqrt(len(self._paths) * self.width() / max(self.height() - foot, 1)))
        columns = max(1, min(columns, len(self._paths)))
        rows = math.ceil(len(self._paths) / columns)
        width, height = self.width() / columns, (self.height() - foot) / rows
        for index, path in enumerate(self._paths):
            cell = QRectF(index % columns * width, index // columns * height, width, height)
            self._paint_cell(painter, path, cell.adjusted(GAP, GAP, -GAP, -GAP))

    def _paint_cell(self, painter: QPainter, path: QPainterPath, cell: QRectF) -> None:
        box = path.boundingRect()
        if path.isEmpty() or cell.width() <= 0 or cell.height() <= 0:
            return
        scale = min(cell.width() / max(box.width(), 1e-9), cell.height() / max(box.height(), 1e-9))
        painter.save()
        painter.translate(cell.center())
        painter.scale(scale, scale)
        painter.translate(-box.center())
        pen = QPen(QColor(self._theme.text), 1.6)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)
        painter.restore()


def _path(stroke5: NDArray[np.float64]) -> QPainterPath:
    """One drawing, up to its end, as a path in its own units."""
    path = QPainterPath()
    # The comparison is also false for what is not a number. No drawing has offsets as large as the bound.
    if not stroke5.size or not np.abs(stroke5).max() < MAX_OFFSET:
        return path
    for stroke in from_stroke3(from_stroke5(stroke5)).strokes:
        path.moveTo(*map(float, stroke[0]))
        for x, y in stroke[1:]:
            path.lineTo(float(x), float(y))
    return path
