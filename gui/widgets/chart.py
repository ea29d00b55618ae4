"""A small chart that is painted in a millisecond: curves on a linear or logarithmic axis, bars, marked values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme
from gui.widgets.curve_painting import ticks

STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)

_PAD = 8.0
_LEGEND_LINE = 26.0


@dataclass(frozen=True)
class Curve:
    """A curve with its name; `x` and `y` [n], finite, `y` above 0 where the axis is logarithmic."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """An upright line at `x`; `dashed` ones are measured, the others are there to compare with."""

    x: float
    text: str
    dashed: bool = False


@dataclass(frozen=True)
class Level:
    """A lying line at `y`, there to compare curves with; the axis always reaches to it."""

    y: float
    text: str


class Chart(QWidget):
    """Either `set_curves`, with or without `set_levels`, or `set_bars`; with or without `set_marks`."""

    def __init__(
        self, theme: Theme, title: str, x_label: str, y_label: str, log: bool = False, parent: QWidget | None = None
    ) -> None:
        """Axes without anything on them; `log` is about y."""
        super().__init__(parent)
        self._theme, self._x_label, self._y_label, self._log = theme, x_label, y_label, log
        self._curves: Sequence[Curve] = ()
        self._bars: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._marks: Sequence[Mark] = ()
        self._levels: Sequence[Level] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 100)
        self.setAccessibleName(title)

    @property
    def curves(self) -> Sequence[Curve]:
        """The curves that are shown."""
        return self._curves

    @property
    def bars(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Edges [n + 1] and heights [n] of the bars that are shown."""
        return self._bars

    @property
    def marks(self) -> Sequence[Mark]:
        """The values that are marked."""
        return self._marks

    @property
    def levels(self) -> Sequence[Level]:
        """The values of y that curves are compared with."""
        return self._levels

    def set_curves(self, curves: Sequence[Curve]) -> None:
        """Show these curves and no other."""
        self._curves = curves
        self.update()

    def set_bars(self, edges: NDArray[np.float64], heights: NDArray[np.float64]) -> None:
        """Show bars between `edges` [n + 1] of `heights` [n]."""
        self._bars = edges, heights
        self.update()

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Mark these values of x."""
        self._marks = marks
        self.update()

    def set_levels(self, levels: Sequence[Level]) -> None:
        """Compare curves with these values of y."""
        self._levels = levels
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._curves, self._bars, self._marks, self._levels = (), None, (), ()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a chart worth looking at."""
        return QSize(360, 280)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint axes, what is on them, and the legend."""
        theme = self._theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.paper))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() * 0.86, 7.0))
        painter.setFont(font)
        limits = self._limits()
        if limits is not None:
            metrics = QFontMetricsF(font)
            y_ticks = self._y_ticks(limits)
            left = max((metrics.horizontalAdvance(text) for _value, text in y_ticks), default=0) + 2 * _PAD
            line = metrics.height()
            frame = QRectF(self.rect()).adjusted(left, line + 2 * _PAD, -2 * _PAD, -2 * line - _PAD)
            self._paint_axes(painter, frame, limits, y_ticks)
            if self._bars is not None:
                self._paint_bars(painter, frame, limits)
            else:
                self._paint_levels(painter, frame, limits)
            for index, curve in enumerate(self._curves):
                painter.setPen(self._pen(index))
                painter.drawPolyline(self._polygon(curve.x, curve.y, frame, limits))
            self._paint_marks(painter, frame, limits)
            self._paint_legend(painter, frame)
        painter.end()

    def _limits(self) -> tuple[float, float, float, float] | None:
        """x0, x1, y0, y1 of the axes; y as its logarithm where the axis is logarithmic."""
        if self._bars is not None:
            edges, heights = self._bars
            return float(edges[0]), float(edges[-1]), 0.0, max(float(heights.max()), 1.0)
        if not self._curves:
            return None
        x1 = max(float(curve.x.max()) for curve in self._curves)
        ys = np.concatenate([*(curve.y for curve in self._curves), [level.y for level in self._levels]])
        if self._log:
            ys = np.log10(ys)
        y0, y1 = float(ys.min()), float(ys.max())
        air = max((y1 - y0) * 0.05, 0.02)
        return min(float(curve.x.min()) for curve in self._curves), x1 if x1 > 1 else 2.0, y0 - air, y1 + air

    def _y_ticks(self, limits: tuple[float, float, float, float]) -> list[tuple[float, str]]:
        most = max(int(self.height() / 60), 2)
        if not self._log:
            return [(value, f"{value:g}") for value in ticks(limits[2], limits[3], most)]
        if limits[3] - limits[2] < 1:
            return [(math.log10(value), f"{value:.3g}")
                    for value in ticks(10 ** limits[2], 10 ** limits[3], most) if value > 0]
        stride = max(math.ceil((limits[3] - limits[2]) / most), 1)
        powers = range(math.ceil(limits[2]), math.floor(limits[3]) + 1)
        return [(float(power), f"{10.0 ** power:g}") for power in powers if power % stride == 0]

    def _paint_axes(
        self, painter: QPainter, frame: QRectF, limits: tuple[float, float, float, float],
        y_ticks: list[tuple[float, str]],
    ) -> None:
        theme, metrics = self._theme, QFontMetricsF(painter.font())
        for value, text in y_ticks:
            y = frame.bottom() - (value - limits[2]) / (limits[3] - limits[2]) * frame.height()
            painter.setPen(QColor(theme.grid))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(0, y - 10, frame.left() - 6, 20),
                             int(Qt.AlignmentFlag.AlignRight) | int(Qt.AlignmentFlag.AlignVCenter), text)
        for value in ticks(limits[0], limits[1], max(int(frame.width() / 60), 2)):
            x = frame.left() + (value - limits[0]) / (limits[1] - limits[0]) * frame.width()
            painter.setPen(QColor(theme.grid))
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(x - 40, frame.bottom() + 2, 80, metrics.height() + 2), Qt.AlignmentFlag.AlignCenter,
                             f"{value:g}")
        painter.setPen(QColor(theme.muted))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        painter.drawLine(frame.bottomLeft(), frame.topLeft())
        painter.drawText(QRectF(frame.left(), self.height() - metrics.height() - 4, frame.width(), metrics.height()),
                         Qt.AlignmentFlag.AlignCenter, self._x_label)
        painter.drawText(QPointF(_PAD, metrics.ascent() + 4), self._y_label)

    def _paint_bars(self, painter: QPainter, frame: QRectF, limits: tuple[float, float, float, float]) -> None:
        assert self._bars is not None
        edges, heights = self._bars
        steps = np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])
        outline = self._polygon(np.repeat(edges, 2), steps, frame, limits)
        fill = QColor(self._theme.series[0])
        fill.setAlphaF(0.35)
        painter.setPen(QPen(QColor(self._theme.series[0]), 1.0))
        painter.setBrush(fill)
        painter.drawPolygon(outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_marks(self, painter: QPainter, frame: QRectF, limits: tuple[float, float, float, float]) -> None:
        theme, metrics = self._theme, QFontMetricsF(painter.font())
        taken: list[QRectF] = []
        for mark in self._marks:
            if not limits[0] <= mark.x <= limits[1]:
                continue
            # Between two pixels a line of two pixels is sharp.
            x = round(frame.left() + (mark.x - limits[0]) / (limits[1] - limits[0]) * frame.width())
            colour = QColor(theme.series[1] if mark.dashed else theme.text)
            painter.setPen(QPen(colour, 2.0, Qt.PenStyle.DashLine if mark.dashed else Qt.PenStyle.SolidLine))
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
            width = metrics.horizontalAdvance(mark.text) + 4
            left = min(max(x - width / 2, frame.left()), frame.right() - width)
            box = QRectF(left, frame.top() - metrics.height() - 1, width, metrics.height())
            while any(box.intersects(other) for other in taken):
                box.moveTop(box.top() + metrics.height() + 2)
            taken.append(box)
            if box.top() > frame.top():
                painter.fillRect(box, QColor(theme.paper))
            painter.setPen(colour)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark.text)

    def _paint_levels(self, painter: QPainter, frame: QRectF, limits: tuple[float, float, float, float]) -> None:
        metrics, colour = QFontMetricsF(painter.font()), QColor(self._theme.text)
        for level in self._levels:
            height = math.log10(level.y) if self._log else level.y
            y = round(frame.bottom() - (height - limits[2]) / (limits[3] - limits[2]) * frame.height())
            painter.setPen(QPen(colour, 1.0))
            painter.drawLine(QPointF(frame.left(), y + 0.5), QPointF(frame.right(), y + 0.5))
            # Above the line, or below it where that would leave the frame.
            top = y - metrics.height() - 1 if y - metrics.height() > frame.top() else y + 1
            painter.drawText(QRectF(frame.left(), top, frame.width() - 4, metrics.height()),
                             Qt.AlignmentFlag.AlignRight, level.text)

    def _paint_legend(self, painter: QPainter, frame: QRectF) -> None:
        if not self._curves:
            return
        theme, metrics = self._theme, QFontMetricsF(painter.font())
        widths = [_LEGEND_LINE + 24 + metrics.horizontalAdvance(curve.name) for curve in self._curves]
        if sum(widths) + metrics.horizontalAdvance(self._y_label) + 2 * _PAD <= self.width():
            # In a row beside the name of the axis, where it covers nothing.
            x, y = self.width() - sum(widths), metrics.height() / 2 + 4
            for index, (curve, width) in enumerate(zip(self._curves, widths, strict=True)):
                self._paint_sample(painter, index, curve.name, QPointF(x, y))
                x += width
            return
        widest = max(metrics.horizontalAdvance(curve.name) for curve in self._curves)
        height = metrics.height() + 1
        box = QRectF(0, 0, min(widest, frame.width() * 0.4) + _LEGEND_LINE + 18, height * len(self._curves) + 8)
        # Singular values and losses fall, so the lower left corner is the emptier one.
        box.moveBottomLeft(frame.bottomLeft() + QPointF(8, -8))
        ground = QColor(theme.card)
        ground.setAlphaF(0.85)
        painter.setPen(QPen(QColor(theme.border), 1.0))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index, curve in enumerate(self._curves):
            y = box.top() + 4 + (index + 0.5) * height
            name = metrics.elidedText(curve.name, Qt.TextElideMode.ElideMiddle, box.width() - _LEGEND_LINE - 16)
            self._paint_sample(painter, index, name, QPointF(box.left() + 6, y))

    def _paint_sample(self, painter: QPainter, index: int, name: str, at: QPointF) -> None:
        """A piece of a curve from `at` to the right, and its name."""
        metrics = QFontMetricsF(painter.font())
        painter.setPen(self._pen(index))
        painter.drawLine(at, at + QPointF(_LEGEND_LINE, 0))
        painter.setPen(QColor(self._theme.text))
        painter.drawText(at + QPointF(_LEGEND_LINE + 6, (metrics.ascent() - metrics.descent()) / 2), name)

    def _pen(self, index: int) -> QPen:
        return QPen(QColor(self._theme.series[index % len(self._theme.series)]), 1.8, STYLES[index % len(STYLES)])

    def _polygon(
        self, x: NDArray[np.float64], y: NDArray[np.float64], frame: QRectF, limits: tuple[float, float, float, float]
    ) -> QPolygonF:
        heights = np.log10(y) if self._log else y
        across = frame.left() + (x - limits[0]) / (limits[1] - limits[0]) * frame.width()
        up = frame.bottom() - (heights - limits[2]) / (limits[3] - limits[2]) * frame.height()
        return QPolygonF([QPointF(a, b) for a, b in zip(across.tolist(), up.tolist(), strict=True)])
