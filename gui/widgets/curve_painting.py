"""How a curve of thousands of points becomes a few hundred strokes that look the same, and its axes round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

DASHES: tuple[tuple[float, ...], ...] = ((), (8.0, 4.0), (2.0, 3.0), (8.0, 3.0, 2.0, 3.0))
"""Line styles, in pixels of line and gap: whole, dashed, dotted, dash and dot."""

FAINT = 56  # of 255: how much of its colour the faint curve has

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A curve as it is painted: `strong` over the steps, and the measured values behind it unless None."""

    name: str
    run: str
    steps: Values
    strong: Values
    faint: Values | None
    colour: str
    dashes: tuple[float, ...] = ()
    dots: bool = False

    def at(self, step: float) -> float | None:
        """The newest value of `strong` at or before `step`; None when there is none."""
        index = int(np.searchsorted(self.steps, step, side="right")) - 1
        return float(self.strong[index]) if index >= 0 else None


def paint_sample(
    painter: QPainter, box: QRectF, colour: str, dashes: tuple[float, ...], dots: bool = False
) -> None:
    """A short piece of a line, for legends."""
    painter.setPen(_thin(QColor(colour), dashes))
    for y in (box.center().y() - 0.5, box.center().y() + 0.5):
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
    if dots:
        painter.setPen(QPen(QColor(colour), 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoint(box.center())


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, at most about `most`: multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return []
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [index * step for index in range(first, last + 1)]


def number(value: float) -> str:
    """A number short enough for an axis: 12k, 0.25, 3e-05."""
    size = abs(value)
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if limit <= size < 1e12:
            return f"{value / limit:.4g}{suffix}"
    return f"{value:.3g}"


def inside(steps: Values, left: float, right: float) -> slice:
    """The points in view and one more on each side, so that lines run to the edges."""
    first = int(np.searchsorted(steps, left, side="left")) - 1
    last = int(np.searchsorted(steps, right, side="right")) + 1
    return slice(max(first, 0), last)


def paint_faint(painter: QPainter, x: Values, y: Values, size: QSizeF, colour: QColor) -> None:
    """The measured values: a thin line, or where there are several to a pixel, the band that they fill.

    x and y [n] in pixels, 0 at the left and bottom edge of a plot of `size`, y negative above it. The band goes
    through a picture, since Qt takes ten times as long to fill a shape with so many corners.
    """
    width, height = max(int(size.width()), 1), max(int(size.height()), 1)
    colour.setAlpha(FAINT)
    if len(x) < 2:
        return
    if len(x) <= width:
        painter.setPen(_thin(colour, ()))
        painter.drawPolyline(_polygon(x, y))
        return
    per_column = -(-len(x) // (width // 2 + 1))
    starts = np.arange(0, len(x), per_column)
    middle = x[np.minimum(starts + per_column // 2, len(x) - 1)]
    columns = np.arange(width) + 0.5
    top, bottom = (np.interp(columns, middle, edge.reduceat(y, starts)) for edge in (np.minimum, np.maximum))
    rows = np.arange(-height, 0)[:, None] + 0.5
    inside = (rows >= top - 0.5) & (rows <= bottom + 0.5) & (columns >= x[0]) & (columns <= x[-1])
    colour_there = sum(round(part * FAINT / 255) << shift for part, shift in (
        (colour.red(), 16), (colour.green(), 8), (colour.blue(), 0))) | FAINT << 24
    pixels = np.where(inside, np.uint32(colour_there), np.uint32(0))  # [height, width], premultiplied ARGB
    band = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(QPointF(0, -height), band)


def paint_strong(painter: QPainter, x: Values, y: Values, width: float, line: Line) -> None:
    """The curve itself over `width` pixels; x and y [n] in pixels.

    It is painted as hair lines side by side: Qt takes thirty times as long for one line of their common width.
    """
    columns = max(int(width / 2), 1)
    if len(x) > 2 * columns:
        # Of several points in a column the lowest and the highest are kept, in the order in which they come.
        per_column = -(-len(x) // columns)
        whole = len(x) // per_column * per_column
        blocks = y[:whole].reshape(-1, per_column)
        ends = np.sort(np.stack([blocks.argmin(axis=1), blocks.argmax(axis=1)], axis=1), axis=1)
        kept = np.append((ends + np.arange(len(blocks))[:, None] * per_column).ravel(), len(x) - 1)
        x, y = x[kept], y[kept]
    colour = QColor(line.colour)
    device = painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if len(x) > 1:
        painter.setPen(_thin(colour, line.dashes))
        for hair in range(max(round(2 * ratio), 2)):
            painter.drawPolyline(_polygon(x, y + (0.8 * hair - 0.4) / ratio))
    if len(x) == 1 or (line.dots and len(x) <= columns):
        painter.setPen(QPen(colour, 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints(_polygon(x, y))


def _thin(colour: QColor, dashes: tuple[float, ...]) -> QPen:
    pen = QPen(colour, 0)
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def _polygon(x: Values, y: Values) -> QPolygonF:
    polygon: QPolygonF = pg.functions.arrayToQPolygonF(x, np.clip(y, -1e5, 1e5))
    return polygon
