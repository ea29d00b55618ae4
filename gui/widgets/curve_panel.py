"""One small plot: a title, axes, a few curves, marks and a cursor, painted in about half a millisecond.

Twelve of these are drawn again several times a second while a run trains and the mouse drags, which is more than a
general plotting library paints within a frame. What does not change between two figures is kept as a picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.widgets.curve_painting import Line, inside, number, paint_faint, paint_sample, paint_strong, ticks
from gui.widgets.figure_words import words_for
from gui.widgets.plot_theme import PlainColours, PlotTheme

LEFT, TOP, RIGHT, BOTTOM = 48, 22, 8, 18
HIT = 6  # pixels around a mark that count as on it

class CurvePanel(QWidget):
    """Paints `Line`s. Drag over some steps to see only those; a double click shows all again."""

    range_chosen = Signal(object)  # (first step, last step), or None for all

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        """An empty plot called `title`."""
        super().__init__(parent)
        self.title = title
        self.lines: tuple[Line, ...] = ()
        self._marks: tuple[tuple[int, str], ...] = ()
        self._cursor: int | None = None
        self._view: tuple[float, float] | None = None
        self._theme: PlotTheme = PlainColours()
        self._picture: QPixmap | None = None
        self._ys: tuple[float, float] | None = None
        self._dragged_from: float | None = None
        self._dragged_to = 0.0
        self.setAccessibleName(f"Curve of {words_for(title)}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 110)

    def sizeHint(self) -> QSize:
        """Wider than high."""
        return QSize(280, 150)

    # ---- what is shown

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these curves."""
        self.lines = tuple(lines)
        told = [f"{line.name} {line.run}: {line.strong[-1]:.4g}" for line in self.lines if len(line.strong)]
        self.setAccessibleDescription(", ".join(told))
        self._renew()

    def set_marks(self, marks: Sequence[tuple[int, str]]) -> None:
        """Show vertical lines at (step, text); the text appears under the mouse."""
        self._marks = tuple(marks)
        self._renew()

    def set_cursor(self, step: int | None) -> None:
        """Show the values at `step`; None for none."""
        if step != self._cursor:
            self._cursor = step
            self.update()

    def set_view(self, view: tuple[float, float] | None) -> None:
        """Show the steps from `view[0]` to `view[1]`; None for all there are."""
        self._view = view
        self._renew()

    def set_theme(self, theme: PlotTheme) -> None:
        """Wear other colours."""
        self._theme = theme
        self._renew()

    def x_range(self) -> tuple[float, float]:
        """The steps at the left and right edge."""
        if self._view is not None:
            return self._view
        ends = [(line.steps[0], line.steps[-1]) for line in self.lines if len(line.steps)]
        low, high = min((a for a, _ in ends), default=0.0), max((b for _, b in ends), default=1.0)
        return float(low), float(max(high, low + 1))

    def y_range(self) -> tuple[float, float]:
        """The values at the bottom and top edge: what is in view, without the furthest hundredths of faint values."""
        if self._ys is None:
            self._ys = self._y_range()
        return self._ys

    def _y_range(self) -> tuple[float, float]:
        left, right = self.x_range()
        lows, highs = [], []
        for line in self.lines:
            shown = inside(line.steps, left, right)
            strong = line.strong[shown]
            if len(strong):
                lows.append(float(strong.min()))
                highs.append(float(strong.max()))
            if line.faint is not None and len(strong):
                faint = np.sort(line.faint[shown][:: max(len(strong) // 500, 1)])
                left_out = len(faint) // 100
                lows.append(float(faint[left_out]))
                highs.append(float(faint[-1 - left_out]))
        low, high = min(lows, default=0.0), max(highs, default=1.0)
        room = 0.06 * (high - low) or max(abs(low) * 0.1, 1e-6)
        return low - room, high + room

    # ---- events

    def event(self, event: QEvent) -> bool:
        """Tell what is under the mouse."""
        if isinstance(event, QHelpEvent):
            text = self.text_at(event.pos())
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def text_at(self, point: QPoint) -> str:
        """What the tooltip says at a place: the marks there, or else the values."""
        area = self._area()
        if not area.contains(QPointF(point)):
            return "Drag over some steps to see only those; double-click to see all."
        marks = [(step, text) for step, text in self._marks if abs(self._x(step) - point.x()) <= HIT]
        if marks:
            return "\n".join(f"Step {step:,}: {text}" for step, text in marks)
        left, right = self.x_range()
        step = left + (point.x() - area.left()) / area.width() * (right - left)
        told = [f"{line.name} {line.run}".strip() + f": {value:.4g}" for line, value in self._values_at(step)]
        return "\n".join([f"Step {round(step):,}", *told]) if told else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to choose steps."""
        if event.button() == Qt.MouseButton.LeftButton and self.lines:
            self._dragged_from = self._dragged_to = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose steps."""
        if self._dragged_from is not None:
            self._dragged_to = event.position().x()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Look at the steps that were chosen."""
        if event.button() != Qt.MouseButton.LeftButton or self._dragged_from is None:
            return
        start, self._dragged_from = self._dragged_from, None
        self.update()
        if abs(event.position().x() - start) > HIT:
            area, (left, right) = self._area(), self.x_range()
            low, high = sorted(min(max(x, area.left()), area.right()) for x in (start, event.position().x()))
            scale = (right - left) / area.width()
            chosen = (left + (low - area.left()) * scale, left + (high - area.left()) * scale)
            if chosen[1] - chosen[0] >= 1:
                self.range_chosen.emit(chosen)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Look at all steps."""
        self._dragged_from = None
        self.range_chosen.emit(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Paint for the new size."""
        super().resizeEvent(event)
        self._renew()

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what is kept as a picture, and over it what follows the mouse and the time line."""
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            painter = QPainter(self._picture)
            self._paint_plot(painter)
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if self._cursor is not None:
            self._paint_cursor(painter, self._cursor)
        if self._dragged_from is not None:
            area = self._area()
            chosen = QRectF(QPointF(self._dragged_from, area.top()), QPointF(self._dragged_to, area.bottom()))
            colour = QColor(self._theme.text)
            colour.setAlpha(40)
            painter.fillRect(chosen.normalized() & area, colour)
        painter.end()

    def _paint_plot(self, painter: QPainter) -> None:
        theme, area = self._theme, self._area()
        painter.fillRect(self.rect(), QColor(theme.window))
        painter.fillRect(area, QColor(theme.panel))
        font = self.font()
        font.setPointSizeF(max(font.pointSizeF() - 1.5, 6.5))
        painter.setFont(font)
        self._paint_title(painter)
        if area.width() < 20 or area.height() < 20:
            return
        (left, right), (low, high) = self.x_range(), self.y_range()
        self._paint_axes(painter, area, (left, right), (low, high))
        painter.setClipRect(area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(area.left(), area.bottom())
        x_scale, y_scale = area.width() / (right - left), -area.height() / (high - low)
        for line in self.lines:
            if line.faint is not None:
                shown = inside(line.steps, left, right)
                x = (line.steps[shown] - left) * x_scale
                paint_faint(painter, x, (line.faint[shown] - low) * y_scale, area.size(), QColor(line.colour))
        for line in self.lines:
            shown = inside(line.steps, left, right)
            x, y = (line.steps[shown] - left) * x_scale, (line.strong[shown] - low) * y_scale
            paint_strong(painter, x, y, area.width(), line)
        painter.resetTransform()
        self._paint_marks(painter, area)

    def _paint_title(self, painter: QPainter) -> None:
        """The name, and when several figures share the plot, each with a sample of its line."""
        metrics = painter.fontMetrics()
        base = TOP - 7
        names = list(dict.fromkeys(line.name for line in self.lines))
        if len(names) < 2:
            painter.setPen(QColor(self._theme.text))
            text = metrics.elidedText(words_for(self.title), Qt.TextElideMode.ElideRight, round(self._area().width()))
            painter.drawText(QPointF(LEFT, base), text)
            return
        x = float(LEFT)
        for name in names:
            line = next(each for each in self.lines if each.name == name)
            paint_sample(painter, QRectF(x, base - 9, 18, 10), line.colour, line.dashes, line.dots)
            room = max(round(self.width() - RIGHT - x - 22), 0)
            text = metrics.elidedText(words_for(name), Qt.TextElideMode.ElideRight, room)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(x + 22, base), text)
            x += 22 + metrics.horizontalAdvance(text) + 10

    def _paint_axes(
        self, painter: QPainter, area: QRectF, xs: tuple[float, float], ys: tuple[float, float]
    ) -> None:
        theme, metrics = self._theme, painter.fontMetrics()
        half = metrics.ascent() / 2 - 1
        for value in ticks(*ys, max(int(area.height() // 32), 2)):
            y = round(area.bottom() - (value - ys[0]) / (ys[1] - ys[0]) * area.height()) + 0.5
            painter.setPen(QColor(theme.grid))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            text = number(value)
            painter.setPen(QColor(theme.muted))
            painter.drawText(QPointF(area.left() - 5 - metrics.horizontalAdvance(text), y + half), text)
        for value in ticks(*xs, max(int(area.width() // 90), 2)):
            x = round(area.left() + (value - xs[0]) / (xs[1] - xs[0]) * area.width()) + 0.5
            painter.setPen(QColor(theme.grid))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            text = number(value)
            width = metrics.horizontalAdvance(text)
            painter.setPen(QColor(theme.muted))
            at = min(max(x - width / 2, 0), self.width() - width - 1)
            painter.drawText(QPointF(at, area.bottom() + metrics.ascent() + 2), text)

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(self._theme.muted), 1, Qt.PenStyle.DashLine)
        for step, _text in self._marks:
            x = round(self._x(step)) + 0.5
            painter.setPen(pen)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.text))
            top = area.top()
            painter.drawPolygon(QPolygonF([QPointF(x - 4, top), QPointF(x + 4, top), QPointF(x, top + 6)]))

    def _paint_cursor(self, painter: QPainter, step: int) -> None:
        left, right = self.x_range()
        if not left <= step <= right:
            return
        area, (low, high) = self._area(), self.y_range()
        x = self._x(step)
        painter.setPen(QPen(QColor(self._theme.text), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPointSizeF(max(font.pointSizeF() - 1.5, 6.5))
        painter.setFont(font)
        metrics = painter.fontMetrics()
        end = float(self.width() - RIGHT)
        several = len({line.name for line in self.lines}) > 1
        for line, value in reversed(self._values_at(step)):
            # The dot lies on the line, which goes straight from the value that is told to the next.
            on_line = float(np.interp(step, line.steps, line.strong))
            y = min(max(area.bottom() - (on_line - low) / (high - low) * area.height(), area.top()), area.bottom())
            painter.setPen(QPen(QColor(self._theme.panel), 1))
            painter.setBrush(QColor(line.colour))
            painter.drawEllipse(QPointF(x, y), 3.5, 3.5)
            if several:
                continue  # the names of the figures stand where the values would
            text = f"{value:.3g}"
            painter.setPen(QColor(self._theme.text))
            end -= metrics.horizontalAdvance(text)
            if end < LEFT + metrics.horizontalAdvance(words_for(self.title)) + 24:
                continue
            painter.drawText(QPointF(end, TOP - 7), text)
            paint_sample(painter, QRectF(end - 21, TOP - 16, 18, 10), line.colour, line.dashes, line.dots)
            end -= 30

    # ---- places

    def _renew(self) -> None:
        self._picture = self._ys = None
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, max(self.width() - LEFT - RIGHT, 1), max(self.height() - TOP - BOTTOM, 1))

    def _x(self, step: float) -> float:
        area, (left, right) = self._area(), self.x_range()
        return area.left() + (step - left) / (right - left) * area.width()

    def _values_at(self, step: float) -> list[tuple[Line, float]]:
        found = [(line, line.at(step)) for line in self.lines]
        return [(line, value) for line, value in found if value is not None]
