"""The ground of the drawing: places the nodes and paints the arrows between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QToolTip, QWidget

from gui.palette import Theme, mix
from gui.training_lab.diagram_node import NodeBox, short
from gui.training_lab.diagram_plan import Arrangement, Edge, Moment, Plan

COLUMN_GAP = 54
ROW_GAP = 40
MARGIN = 22
_HALO = 4.0
_HEAD = 6.5
_BACK_SHIFT = 9.0  # of a gradient's arrow beside the arrow forward
_LEAN = 0.35  # how far an arrow's end moves along the box towards the box it comes from


@dataclass(frozen=True)
class _Route:
    """An arrow's path, its head, and where its label goes."""

    path: QPainterPath
    head: QPolygonF
    middle: QPointF
    level: bool  # whether it runs across rather than down


class DiagramCanvas(QWidget):
    """Holds the node boxes in a grid; the arrows are painted below them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing yet."""
        super().__init__(parent)
        self._theme = theme
        self._plan: Plan | None = None
        self._boxes: dict[str, NodeBox] = {}
        self._values: dict[str, float] = {}
        self._moment = Moment()
        self._labels: list[tuple[QRectF, str]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, MARGIN, 0, MARGIN)
        self._grid.setHorizontalSpacing(COLUMN_GAP)
        self._grid.setVerticalSpacing(ROW_GAP)
        # In the colours of the window around it.
        self.setObjectName("scrolled")

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self.update()

    def arrange(self, plan: Plan, boxes: Mapping[str, NodeBox], places: Arrangement) -> None:
        """Put the boxes of `plan` at `places`; those that were there before and are not in `boxes` are not touched."""
        while self._grid.count():
            self._grid.takeAt(0)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
        self._plan, self._boxes = plan, dict(boxes)
        used = [places[name] for name in boxes]
        for name, box in boxes.items():
            row, column, rows, columns = places[name]
            self._grid.addWidget(box, row, column + 1, rows, columns, Qt.AlignmentFlag.AlignCenter)
            box.show()
        # Room that is left over stays below, and on both sides in equal shares.
        self._grid.setRowStretch(max(row + rows for row, _, rows, _ in used), 1)
        for column in (0, max(column + columns for _, column, _, columns in used) + 1):
            self._grid.setColumnStretch(column, 1)
        self.setAccessibleName(plan.title)
        self.setAccessibleDescription(plan.described())
        self.update()

    def show_figures(self, values: Mapping[str, float]) -> None:
        """The numbers beside the arrows."""
        self._values.update(values)
        self.update()

    def clear_figures(self) -> None:
        """No numbers beside the arrows."""
        self._values.clear()
        self.update()

    def show_moment(self, moment: Moment) -> None:
        """Mark what is busy."""
        if moment != self._moment:
            self._moment = moment
            self.update()

    @property
    def moment(self) -> Moment:
        """What is marked as busy."""
        return self._moment

    @property
    def labels(self) -> list[str]:
        """What the numbers beside the arrows mean, those that were painted last."""
        return [about for _, about in self._labels]

    def event(self, event: QEvent) -> bool:
        """The numbers beside the arrows have tooltips."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            about = next((text for box, text in self._labels if box.contains(QPointF(event.pos()))), "")
            QToolTip.showText(event.globalPos(), about, self)
            return True
        return super().event(event)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:  # Qt's name
        """The arrows, their numbers, and a halo around what is busy."""
        self._labels = []
        if self._plan is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(max(7.5, font.pointSizeF() * 0.82))
        painter.setFont(font)
        for name in self._moment.nodes & self._boxes.keys():
            halo = QRectF(self._boxes[name].geometry()).adjusted(-_HALO, -_HALO, _HALO, _HALO)
            painter.setPen(QPen(QColor(self._theme.accent), 3.0))
            painter.setBrush(QColor(mix(self._theme.window, self._theme.accent, 0.25)))
            painter.drawRoundedRect(halo, 14, 14)
        for edge in self._plan.edges:
            if edge.start in self._boxes and edge.end in self._boxes:
                self._paint_edge(painter, edge)
        painter.end()

    def _bottom(self) -> float:
        return max(float(box.geometry().bottom()) for box in self._boxes.values())

    def _paint_edge(self, painter: QPainter, edge: Edge) -> None:
        first, last = (self._boxes[name].geometry() for name in (edge.start, edge.end))
        pair = (edge.start, edge.end)
        shift = _BACK_SHIFT / 2 if edge.back else 0.0
        route = _around(first, last, self._bottom()) if edge.around else _between(first, last, -shift, False)
        self._paint_arrow(painter, route, self._theme.muted, pair in self._moment.forward, dashed=False)
        if edge.back:
            back = _between(first, last, shift, True)
            busy = pair in self._moment.back
            self._paint_arrow(painter, back, self._theme.series[1], busy, dashed=True)
            figure = edge.back_figure
            if figure is not None and figure.key in self._values:
                self._paint_label(painter, back, figure.symbol, short(self._values[figure.key]), figure.about)

    def _paint_arrow(self, painter: QPainter, route: _Route, colour: str, busy: bool, dashed: bool) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if busy:
            soft = QColor(mix(self._theme.window, self._theme.accent, 0.3))
            painter.setPen(QPen(soft, 11.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPath(route.path)
        pen = QPen(QColor(self._theme.accent if busy else colour), 3.2 if busy else 1.8)
        if dashed:
            pen.setDashPattern([3.0, 2.4])
        painter.setPen(pen)
        painter.drawPath(route.path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.accent if busy else colour))
        painter.drawPolygon(route.head)

    def _paint_label(self, painter: QPainter, route: _Route, symbol: str, number: str, about: str) -> None:
        metrics = QFontMetricsF(painter.font())
        lines = (symbol, number) if route.level else (f"{symbol} {number}",)
        width, line = max(metrics.horizontalAdvance(text) for text in lines), metrics.height()
        box = QRectF(0, 0, width + 4, line * len(lines))
        if route.level:
            box.moveCenter(QPointF(route.middle.x(), route.middle.y() + 6 + box.height() / 2))
        else:
            box.moveCenter(QPointF(route.middle.x() + 8 + box.width() / 2, route.middle.y()))
        self._labels.append((box, f"{about}\nNow: {number}."))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.window))
        painter.drawRoundedRect(box, 3, 3)
        for index, text in enumerate(lines):
            painter.setPen(QColor(self._theme.muted if index == 0 and len(lines) == 2 else self._theme.text))
            painter.drawText(QRectF(box.x(), box.y() + index * line, box.width(), line),
                             Qt.AlignmentFlag.AlignCenter, text)


def _between(first: QRect, last: QRect, shift: float, back: bool) -> _Route:
    """The arrow from box to box, moved sideways by `shift`; `back` puts the head at the first box."""
    a, b = QRectF(first), QRectF(last)
    level = b.left() >= a.right() or b.right() <= a.left()
    if level:
        forward = b.left() >= a.right()
        y0 = _lean(a.center().y(), b.center().y(), a.height()) + shift
        y1 = _lean(b.center().y(), a.center().y(), b.height()) + shift
        start = QPointF((a.right() if forward else a.left()), y0)
        end = QPointF((b.left() if forward else b.right()), y1)
        reach = QPointF((end.x() - start.x()) * 0.5, 0)
    else:
        forward = b.top() >= a.bottom()
        x0 = _lean(a.center().x(), b.center().x(), a.width()) - shift
        x1 = _lean(b.center().x(), a.center().x(), b.width()) - shift
        start = QPointF(x0, a.bottom() if forward else a.top())
        end = QPointF(x1, b.top() if forward else b.bottom())
        reach = QPointF(0, (end.y() - start.y()) * 0.5)
    if back:
        start, end, reach = end, start, -reach
    return _curve(start, end, reach, level)


def _around(first: QRect, last: QRect, lowest: float) -> _Route:
    """The arrow outside of the others: along the left where both boxes are in one column, else below the lowest box."""
    a, b = QRectF(first), QRectF(last)
    if abs(a.center().x() - b.center().x()) < a.width() / 2:
        left = min(a.left(), b.left()) - MARGIN * 0.6
        start, end = QPointF(a.left(), a.center().y()), QPointF(b.left(), b.center().y())
        corners = [QPointF(left, start.y()), QPointF(left, end.y())]
        heading = QPointF(1, 0)
    else:
        bottom = lowest + MARGIN * 0.6
        start, end = QPointF(a.center().x(), a.bottom()), QPointF(b.center().x(), b.bottom())
        corners = [QPointF(start.x(), bottom), QPointF(end.x(), bottom)]
        heading = QPointF(0, -1)
    path = QPainterPath(start)
    for corner in corners:
        path.lineTo(corner)
    path.lineTo(end - heading * _HEAD)
    return _Route(path, _head(end, heading), (corners[0] + corners[1]) / 2, False)


def _curve(start: QPointF, end: QPointF, reach: QPointF, level: bool) -> _Route:
    length = math.hypot(reach.x(), reach.y()) or 1.0
    heading = reach / length
    path = QPainterPath(start)
    path.cubicTo(start + reach, end - reach, end - heading * _HEAD)
    return _Route(path, _head(end, heading), path.pointAtPercent(0.5), level)


def _head(tip: QPointF, heading: QPointF) -> QPolygonF:
    across = QPointF(-heading.y(), heading.x()) * (_HEAD * 0.6)
    base = tip - heading * (_HEAD * 1.3)
    return QPolygonF([tip, base + across, base - across])


def _lean(own: float, other: float, length: float) -> float:
    """The middle of a side, moved towards the other box, but not beyond the side."""
    most = max(length / 2 - 26.0, 0.0)
    return own + min(max((other - own) * _LEAN, -most), most)
