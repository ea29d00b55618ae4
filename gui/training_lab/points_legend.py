"""What is written on the points stage: the legend, the critic's scale, and what the stage is for while it is empty."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen

from gui.palette import Theme
from gui.training_lab.points_layers import CriticLayer, data_marker, sample_marker, tints
from gui.widgets.markers import Marker

_PAD = 7.0
_BAR = 56.0  # logical pixels of the critic's scale
_EMPTY_TITLE = "Start a run to see it learn"
_EMPTY_LINES = (
    ("data", "data: what it should imitate"),
    ("samples", "samples: what it makes of noise"),
    ("critic", "critic: fake here, real there"),
)


def small_font(font: QFont) -> QFont:
    """The font of legends."""
    small = QFont(font)
    small.setPointSizeF(max(font.pointSizeF() * 0.86, 7.0))
    return small


def number(value: float) -> str:
    """Three digits, and a true minus sign."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def paint_legend(
    painter: QPainter,
    area: QRectF,
    theme: Theme,
    markers: Sequence[tuple[Marker, str]],
    critic: CriticLayer | None = None,
) -> None:
    """Paint marks with their names, and the critic's scale, into the lower left corner of `area`."""
    metrics = QFontMetricsF(painter.font())
    scale = "" if critic is None else f"{number(critic.low)} … {number(critic.high)}"
    widths = [18 + metrics.horizontalAdvance(name) + 12 for _marker, name in markers]
    if critic is not None:
        widths.append(metrics.horizontalAdvance("critic ") + _BAR + 6 + metrics.horizontalAdvance(scale) + 12)
    if not widths:
        return
    lines: list[list[int]] = [[]]
    used = 0.0
    for index, width in enumerate(widths):
        if lines[-1] and used + width > area.width() - 2 * _PAD:
            lines.append([])
            used = 0.0
        lines[-1].append(index)
        used += width
    height = metrics.height() + 3
    box = QRectF(0, 0, max(sum(widths[i] for i in line) for line in lines) + 2 * _PAD - 10,
                 height * len(lines) + 2 * _PAD - 4)
    box.moveBottomLeft(area.bottomLeft())
    paint_plate(painter, box, theme)
    y = box.top() + _PAD - 2 + height / 2
    for line in lines:
        x = box.left() + _PAD
        for index in line:
            if index < len(markers):
                marker, name = markers[index]
                marker.paint(painter, QPointF(x + 6, y))
                _write(painter, QPointF(x + 18, y), name, theme.text)
            else:
                _write(painter, QPointF(x, y), "critic", theme.text)
                bar = QRectF(x + metrics.horizontalAdvance("critic "), y - 4, _BAR, 8)
                paint_scale(painter, bar, theme)
                _write(painter, QPointF(bar.right() + 6, y), scale, theme.text)
            x += widths[index]
        y += height


def paint_plate(painter: QPainter, box: QRectF, theme: Theme) -> None:
    """Paint a ground on which writing can be read whatever lies below."""
    ground = QColor(theme.card)
    ground.setAlphaF(0.88)
    painter.setPen(QPen(QColor(theme.border), 1.0))
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 6, 6)


def paint_scale(painter: QPainter, bar: QRectF, theme: Theme) -> None:
    """Paint the critic's colours from fake to real."""
    colours = tints(theme)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    for place in (0.0, 0.5, 1.0):
        gradient.setColorAt(place, QColor.fromRgb(int(colours[round(place * (len(colours) - 1))])))
    painter.setPen(QPen(QColor(theme.muted), 1.0))
    painter.setBrush(gradient)
    painter.drawRect(bar)


def paint_note(painter: QPainter, area: QRectF, theme: Theme, text: str) -> None:
    """Paint a line into the upper right corner of `area`."""
    metrics = QFontMetricsF(painter.font())
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 2 * _PAD, metrics.height() + 6)
    box.moveTopRight(area.topRight())
    paint_plate(painter, box, theme)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_empty(painter: QPainter, area: QRectF, theme: Theme, title: str = _EMPTY_TITLE) -> None:
    """Paint what will be seen here, with its marks, into the middle of `area`."""
    font = painter.font()
    bold = QFont(font)
    bold.setBold(True)
    metrics = QFontMetricsF(font)
    height = metrics.height() + 9
    width = max(34 + metrics.horizontalAdvance(text) for _kind, text in _EMPTY_LINES)
    x = max(area.center().x() - width / 2, area.left() + 4)
    y = area.center().y() - height * (len(_EMPTY_LINES) + 1) / 2
    painter.setFont(bold)
    painter.setPen(QColor(theme.text))
    painter.drawText(QRectF(area.left(), y - height, area.width(), height), Qt.AlignmentFlag.AlignCenter, title)
    painter.setFont(font)
    for kind, text in _EMPTY_LINES:
        y += height
        if kind == "critic":
            paint_scale(painter, QRectF(x, y - 4, 24, 8), theme)
        else:
            (data_marker(theme) if kind == "data" else sample_marker(theme)).paint(painter, QPointF(x + 12, y))
        room = area.right() - x - 38
        _write(painter, QPointF(x + 34, y), metrics.elidedText(text, Qt.TextElideMode.ElideRight, room), theme.muted)


def _write(painter: QPainter, middle_left: QPointF, text: str, colour: str) -> None:
    metrics = QFontMetricsF(painter.font())
    painter.setPen(QColor(colour))
    painter.drawText(QPointF(middle_left.x(), middle_left.y() + (metrics.ascent() - metrics.descent()) / 2), text)
