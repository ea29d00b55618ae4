"""Curves over one amount of the picture's placement: many small ones, or one for each class."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from gui.palette import Theme

Array = NDArray[np.float32]
_GAP = 6.0
_STEPS = 60  # of an arrow key from one end to the other
_DASHES = ((5.0, 2.5), (1.0, 2.0), (6.0, 2.0, 1.0, 2.0), (2.0, 4.0))  # for classes that share a colour


class AmountPlot(QWidget):
    """What both have in common: amounts along x, the present one as a line that a click, a drag or arrow keys move."""

    amount_chosen = Signal(float)

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        """Nothing to show."""
        super().__init__(parent)
        self._theme = theme
        self._x: Array = np.zeros(0, np.float32)
        self._y: Array = np.zeros((0, 0), np.float32)
        self._low, self._high, self._now, self._unit = 0.0, 1.0, 0.0, ""
        self._held: QRectF | None = None  # where the mouse went down
        self._pressed: QPointF | None = None  # until the mouse has gone so far that it drags
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    def set_range(self, low: float, high: float, unit: str) -> None:
        """From where to where amounts go; what was shown is forgotten."""
        self._low, self._high, self._unit = low, high, unit
        self._x, self._y = np.zeros(0, np.float32), np.zeros((0, 0), np.float32)
        self.update()

    def set_amount(self, amount: float) -> None:
        """The present amount."""
        self._now = amount
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def _across(self, area: QRectF, amount: float) -> float:
        return area.left() + (amount - self._low) / (self._high - self._low) * area.width()

    def _line(self, area: QRectF, values: Array, low: float, high: float) -> QPolygonF:
        span = max(high - low, 1e-9)
        return QPolygonF([
            QPointF(self._across(area, x), area.bottom() - (y - low) / span * area.height())
            for x, y in zip(self._x.tolist(), values.tolist(), strict=True)
        ])

    def _paint_now(self, painter: QPainter, area: QRectF) -> None:
        x = self._across(area, min(max(self._now, self._low), self._high))
        painter.setPen(QPen(QColor(self._theme.text), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _area_at(self, place: QPointF) -> QRectF | None:
        raise NotImplementedError

    def _is_choice(self, _place: QPointF) -> bool:
        """Whether a click there chooses something other than an amount."""
        return False

    def _choose_at(self, place: QPointF) -> None:
        """Such a click."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the amount under the mouse, unless a click there means something else."""
        if event.button() == Qt.MouseButton.LeftButton:
            place = event.position()
            self._held = self._area_at(place)
            self._pressed = place if self._is_choice(place) else None
            self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it in the same plot, wherever the mouse is."""
        if self._pressed is not None:
            if (event.position() - self._pressed).manhattanLength() < QApplication.startDragDistance():
                return
            self._pressed = None
        if self._held is not None:
            share = (event.position().x() - self._held.left()) / max(self._held.width(), 1)
            self._choose(self._low + share * (self._high - self._low))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        pressed, self._pressed, self._held = self._pressed, None, None
        if pressed is not None:
            self._choose_at(pressed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys go on by a step, Home and End to either end."""
        step = (self._high - self._low) / _STEPS
        # Not every key has a name in Qt.Key.
        amount = {
            int(Qt.Key.Key_Left): self._now - step, int(Qt.Key.Key_Right): self._now + step,
            int(Qt.Key.Key_Home): self._low, int(Qt.Key.Key_End): self._high,
        }.get(event.key())
        if amount is None:
            super().keyPressEvent(event)
        else:
            self._choose(amount)

    def _choose(self, amount: float) -> None:
        self.amount_chosen.emit(min(max(amount, self._low), self._high))

    def _paint_focus(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 1.0, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class NumberPlots(AmountPlot):
    """The numbers of a capsule, each over the amount in a small plot of its own.

    One is framed: the one that follows best, or another that was clicked; `number_chosen` brings which.
    """

    number_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No capsule."""
        super().__init__(theme, "The numbers of the capsule", parent)
        self._r: Array = np.zeros(0, np.float32)
        self._chosen = -1
        self.setToolTip(
            "Each number of v_j over the amount, all on one scale, with |r|, how closely it follows where the "
            "class is the longest; the number that follows best is framed until a click, or the up and down keys, "
            "choose another one. A drag, a click into the frame or the left and right keys lay the picture so."
        )

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return int(self._y.shape[1])

    @property
    def follows_best(self) -> int:
        """The number with the largest |r|, -1 for none."""
        return int(np.abs(self._r).argmax()) if len(self._r) else -1

    @property
    def marked(self) -> int:
        """The number that is framed: the chosen one, else the one that follows best; -1 for none."""
        return self._chosen if 0 <= self._chosen < self.count else self.follows_best

    def show_numbers(self, amounts: Array, numbers: Array, r: Array | None) -> None:
        """Amounts [n], numbers [n, d] and their correlation with the amount [d], None until that is measured."""
        self._x, self._y = amounts, numbers
        self._set_r(r)

    def forget_r(self) -> None:
        """The curves are to be measured anew; until then nothing is said of how they follow."""
        self._set_r(None)

    def choose(self, number: int) -> None:
        """Frame a number, -1 for the one that follows best."""
        self._chosen = number
        self.update()

    def _set_r(self, r: Array | None) -> None:
        self._r = np.zeros(0, np.float32) if r is None else r
        best = self.follows_best
        is_known = best >= 0
        words = f"Number {best + 1} follows best, |r| {abs(float(self._r[best])):.2f}" if is_known else "Being measured"
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Four by four."""
        return QSize(460, 420)

    def box(self, index: int) -> QRectF:
        """Where the plot of a number is."""
        columns = max(1, math.isqrt(max(self.count, 1)))
        rows = -(-max(self.count, 1) // columns)
        width, height = self.width() / columns, self.height() / rows
        row, column = divmod(index, columns)
        return QRectF(column * width, row * height, width - _GAP, height - _GAP)

    def _plot(self, box: QRectF) -> QRectF:
        return box.adjusted(4, self.fontMetrics().height() + 4, -4, -4)

    def _area_at(self, place: QPointF) -> QRectF | None:
        number = self._number_at(place)
        return self._plot(self.box(number)) if number >= 0 else None

    def _number_at(self, place: QPointF) -> int:
        return next((index for index in range(self.count) if self.box(index).contains(place)), -1)

    def _is_choice(self, place: QPointF) -> bool:
        return self._number_at(place) not in (-1, self.marked)

    def _choose_at(self, place: QPointF) -> None:
        self.number_chosen.emit(self._number_at(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose the number before and after; else see `AmountPlot`."""
        step = {int(Qt.Key.Key_Up): -1, int(Qt.Key.Key_Down): 1}.get(event.key(), 0)
        if step and 0 <= self.marked + step < self.count:
            self.number_chosen.emit(self.marked + step)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the plots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, line = self._theme, self.fontMetrics().height()
        most = max(float(np.abs(self._y).max()), 1e-6) if self._y.size else 1.0
        for index in range(self.count):
            box = self.box(index)
            area = self._plot(box)
            is_marked = index == self.marked
            painter.fillRect(box, QColor(theme.paper))
            painter.setPen(QPen(QColor(theme.accent if is_marked else theme.border), 2.0 if is_marked else 1.0))
            painter.drawRect(box.adjusted(1, 1, -1, -1))
            painter.setPen(QColor(theme.text))
            top = QRectF(box.left() + 6, box.top() + 3, box.width() - 12, line)
            painter.drawText(top, int(Qt.AlignmentFlag.AlignLeft), str(index + 1))
            if len(self._r):
                painter.setPen(QColor(theme.text if index == self.follows_best else theme.muted))
                painter.drawText(top, int(Qt.AlignmentFlag.AlignRight), f"|r| {abs(float(self._r[index])):.2f}")
            painter.setPen(QPen(QColor(theme.grid), 1.0))
            painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()))
            self._paint_now(painter, area)
            painter.setPen(QPen(QColor(theme.accent if is_marked else theme.series[0]), 1.8 if is_marked else 1.3))
            painter.drawPolyline(self._line(area, self._y[:, index], -most, most))
        self._paint_focus(painter)
        painter.end()


class ClassPlot(AmountPlot):
    """A curve for each class, from 0 to 1, and below them which class has the highest at each amount."""

    def __init__(self, theme: Theme, title: str, hint: str, parent: QWidget | None = None) -> None:
        """No classes; `hint` is shown while there is nothing else."""
        super().__init__(theme, title, parent)
        self._hint = hint
        self._title = title
        self._names: tuple[str, ...] = ()
        self._shown = -1
        self.setMinimumHeight(110)

    def show_classes(self, amounts: Array, values: Array, names: tuple[str, ...], shown: int) -> None:
        """Amounts [n] and values [n, j] of classes of these names."""
        self._x, self._y, self._names, self._shown = amounts, values, names, shown
        named = ", then ".join(name for name, _, _ in self.stretches)
        self.setAccessibleDescription(f"The highest from {self._low:g}{self._unit} on: {named}")
        self.update()

    @property
    def hint(self) -> str:
        """What is shown while there are no curves."""
        return self._hint

    def set_hint(self, hint: str) -> None:
        """What is shown while there are no curves."""
        self._hint = hint
        self.update()

    @property
    def answers(self) -> list[str]:
        """The class with the highest value at each amount."""
        return [self._names[int(best)] for best in self._y.argmax(axis=1)] if self._y.size else []

    @property
    def stretches(self) -> list[tuple[str, float, float]]:
        """Classes with the highest value, each with the first and the last amount of a run of equal answers."""
        answers, amounts = self.answers, self._x.tolist()
        begins = [index for index in range(len(answers)) if index == 0 or answers[index] != answers[index - 1]]
        ends = [*begins[1:], len(answers)]
        return [
            (answers[begin], amounts[begin], amounts[end - 1]) for begin, end in zip(begins, ends, strict=False)
        ]

    def sizeHint(self) -> QSize:
        """A chart."""
        return QSize(320, 200)

    @property
    def _area(self) -> QRectF:
        line, metrics = self.fontMetrics().height(), self.fontMetrics()
        left = metrics.horizontalAdvance("0.5") + 8
        return QRectF(left, line + 8, self.width() - left - 8, self.height() - 3 * line - 18)

    def _area_at(self, place: QPointF) -> QRectF | None:
        return self._area

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint title, axes, curves and answers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, line, area = self._theme, self.fontMetrics().height(), self._area
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(0, 0, self.width(), line + 2), int(Qt.AlignmentFlag.AlignLeft), self._title)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for value in (0.0, 0.5, 1.0):
            y = area.bottom() - value * area.height()
            painter.setPen(QPen(QColor(theme.grid), 1.0))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(0, y - line / 2, area.left() - 5, line), right, f"{value:g}")
        for amount, align in (
            (self._low, Qt.AlignmentFlag.AlignLeft), ((self._low + self._high) / 2, Qt.AlignmentFlag.AlignHCenter),
            (self._high, Qt.AlignmentFlag.AlignRight),
        ):
            box = QRectF(area.left(), self.height() - line, area.width(), line)
            painter.drawText(box, int(align), f"{amount:g}{self._unit}")
        if not self._y.size:
            words = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(area.adjusted(8, 0, -8, 0), words, self._hint)
            self._paint_focus(painter)
            painter.end()
            return
        peaks = self._y.max(axis=0)
        told = [j for j in np.argsort(peaks).tolist() if peaks[j] > 0.35 or j == self._shown]
        for j in [j for j in range(len(self._names)) if j not in told] + told:
            is_shown = j == self._shown
            colour = theme.accent if is_shown else theme.series[1 + j % 5] if j in told else theme.ghost
            pen = QPen(QColor(colour), 2.0 if is_shown else 1.2)
            if j in told and not is_shown:
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                pen.setDashPattern(_DASHES[j // 5 % len(_DASHES)])
            painter.setPen(pen)
            painter.drawPolyline(self._line(area, self._y[:, j], 0.0, 1.0))
            if j in told:
                at = int(self._y[:, j].argmax())
                place = QPointF(self._across(area, float(self._x[at])), area.bottom() - float(peaks[j]) * area.height())
                room = area.right() - self.fontMetrics().horizontalAdvance(self._names[j])
                place.setX(max(min(place.x() + 3, room), area.left()))
                painter.drawText(place + QPointF(0, -2 if peaks[j] < 0.9 else line), self._names[j])
        self._paint_answers(painter, area, line)
        self._paint_now(painter, area)
        self._paint_focus(painter)
        painter.end()

    def _paint_answers(self, painter: QPainter, area: QRectF, line: int) -> None:
        """The answers along the axis: a stretch of equal ones is written once."""
        theme = self._theme
        for name, first, last in self.stretches:
            left, right = self._across(area, first), self._across(area, last)
            box = QRectF(left - 2, area.bottom() + 4, max(right - left, 2.0) + 4, line + 2)
            is_shown = 0 <= self._shown < len(self._names) and name == self._names[self._shown]
            painter.fillRect(box.adjusted(1, 0, -1, 0), QColor(theme.accent if is_shown else theme.grid))
            if box.width() > self.fontMetrics().horizontalAdvance(name):
                painter.setPen(QColor(theme.accent_text if is_shown else theme.text))
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), name)
