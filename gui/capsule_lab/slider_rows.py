"""Where the parts of the sliders' rows are, and how they are painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import qtawesome
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap

from gui.capsule_lab.capsule_words import signed
from gui.palette import Theme, mix

Array = NDArray[np.float32]

NAME, TRACK, VALUE, BEND, LOCK, RESET = PARTS = ("name", "track", "value", "bend", "lock", "reset")
NAME_WIDTH = 116
_NUMBER_WIDTH, _ICON_WIDTH, _INDEX_WIDTH = 46, 24, 28
_HIGHEST_ROW = 34
_KNOB = 5.5  # radius of the handle
_VISIBLE = 0.0005  # of a bend


@dataclass(frozen=True, eq=False)
class Numbers:
    """What the sliders show. All are [d]: the capsule as it is, and bent; the ends of the tracks, in the same unit.

    typical: [d, 3], 1st percentile, median and 99th in data, or None.
    """

    unbent: Array
    bent: Array
    low: Array
    high: Array
    typical: Array | None = None
    locked: frozenset[int] = frozenset()

    @property
    def bends(self) -> Array:
        """What bending adds."""
        return self.bent - self.unbent


@dataclass(frozen=True)
class RowLayout:
    """Rows below each other in a widget of a size in logical pixels, under a line of `head`."""

    width: int
    height: int
    head: int
    count: int

    @property
    def row_height(self) -> int:
        """Of each row."""
        return max(min((self.height - self.head) // max(self.count, 1), _HIGHEST_ROW), 1)

    def box(self, row: int, part: str) -> QRectF:
        """Where one of `PARTS` of a row is."""
        reset = self.width - _ICON_WIDTH
        lock = reset - _ICON_WIDTH
        bend = lock - _NUMBER_WIDTH
        value = bend - _NUMBER_WIDTH
        edges = (0, NAME_WIDTH, value, bend, lock, reset, self.width)
        index = PARTS.index(part)
        top = self.head + row * self.row_height
        return QRectF(edges[index], top, edges[index + 1] - edges[index], self.row_height)

    def groove(self, row: int) -> QRectF:
        """Where the middle of a handle can be; its height is that of the row."""
        return self.box(row, TRACK).adjusted(_KNOB + 4, 0, -_KNOB - 6, 0)

    def at(self, place: QPointF) -> tuple[int, str]:
        """The row and part at a place, (-1, "") for none."""
        row = int((place.y() - self.head) // self.row_height)
        if 0 <= row < self.count:
            for part in PARTS:
                box = self.box(row, part)
                if box.left() <= place.x() < box.right():
                    return row, part
        return -1, ""

    def place_of(self, row: int, value: float, numbers: Numbers) -> float:
        """Where a value is on the track, from the left; those beyond its ends are put there."""
        low, high = float(numbers.low[row]), float(numbers.high[row])
        groove = self.groove(row)
        return groove.left() + min(max((value - low) / (high - low), 0.0), 1.0) * groove.width()

    def value_at(self, row: int, x: float, numbers: Numbers) -> float:
        """The way back."""
        low, high = float(numbers.low[row]), float(numbers.high[row])
        groove = self.groove(row)
        return low + min(max((x - groove.left()) / groove.width(), 0.0), 1.0) * (high - low)


class RowPainter:
    """Paints rows in the colours of a theme."""

    def __init__(self, theme: Theme) -> None:
        """Icons are made when they are first needed."""
        self._theme = theme
        self._icons: dict[str, QPixmap] = {}

    def paint_heads(self, painter: QPainter, layout: RowLayout, symbol: str) -> None:
        """Words above the columns."""
        plain = painter.font()
        small = QFont(plain)
        small.setPointSizeF(max(plain.pointSizeF() - 1.5, 6.0))
        painter.setFont(small)
        painter.setPen(QColor(self._theme.muted))
        for part, words in ((NAME, "dimension"), (VALUE, symbol), (BEND, "bend")):
            box = layout.box(0, part)
            box.setRect(box.left() + (_INDEX_WIDTH if part == NAME else 0), 0, box.width() - 4, layout.head - 2)
            side = Qt.AlignmentFlag.AlignLeft if part == NAME else Qt.AlignmentFlag.AlignRight
            painter.drawText(box, side | Qt.AlignmentFlag.AlignBottom, words)
        painter.setFont(plain)

    def paint_row(
        self, painter: QPainter, layout: RowLayout, row: int, numbers: Numbers, name: str, *, chosen: bool,
        pointed: str,
    ) -> None:
        """One row; `pointed` is the part that the mouse is on, "" for none."""
        theme = self._theme
        locked = row in numbers.locked
        value, bend = float(numbers.bent[row]), float(numbers.bends[row])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if chosen:
            ground = QRectF(2, layout.box(row, NAME).top(), layout.width - 4, layout.row_height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(theme.window, theme.accent, 0.16)))
            painter.drawRoundedRect(ground, 5, 5)
        self._paint_track(painter, layout, row, numbers, chosen=chosen)
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        box = layout.box(row, NAME)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(4, box.top(), _INDEX_WIDTH - 10, box.height()), right, str(row + 1))
        painter.setPen(QColor(theme.text if name else theme.muted))
        words = name or ("name…" if pointed == NAME else "")
        cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, NAME_WIDTH - _INDEX_WIDTH - 4)
        painter.drawText(box.adjusted(_INDEX_WIDTH, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | middle, cut)
        painter.setPen(QColor(theme.text))
        painter.drawText(layout.box(row, VALUE).adjusted(0, 0, -4, 0), right, signed(value, plus=False))
        is_bent = abs(bend) >= _VISIBLE
        if is_bent:
            painter.setPen(QColor(theme.accent))
            painter.drawText(layout.box(row, BEND).adjusted(0, 0, -4, 0), right, signed(bend))
        if locked:
            self._paint_icon(painter, "mdi6.lock", layout.box(row, LOCK), theme.text)
        elif pointed or chosen:
            self._paint_icon(painter, "mdi6.lock-open-variant-outline", layout.box(row, LOCK), theme.muted)
        if locked or is_bent:
            self._paint_icon(painter, "mdi6.restore", layout.box(row, RESET), theme.text if pointed else theme.muted)

    def _paint_track(
        self, painter: QPainter, layout: RowLayout, row: int, numbers: Numbers, *, chosen: bool
    ) -> None:
        """The groove with the range in data, what bending adds, where the capsule is of itself, and the handle."""
        theme, groove = self._theme, layout.groove(row)
        middle = groove.center().y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(theme.border, theme.text, 0.2)))
        painter.drawRect(QRectF(groove.left(), middle - 1, groove.width(), 2))
        if numbers.typical is not None:
            low, median, high = (layout.place_of(row, float(each), numbers) for each in numbers.typical[row])
            painter.setBrush(QColor(mix(theme.window, theme.text, 0.24)))
            painter.drawRoundedRect(QRectF(low, middle - 3, max(high - low, 1.0), 6), 3, 3)
            painter.fillRect(QRectF(median - 0.5, middle - 3, 1, 6), QColor(theme.muted))
        own = layout.place_of(row, float(numbers.unbent[row]), numbers)
        now = layout.place_of(row, float(numbers.bent[row]), numbers)
        painter.fillRect(QRectF(min(own, now), middle - 1.5, abs(own - now), 3), QColor(theme.accent))
        painter.fillRect(QRectF(own - 1, middle - 6, 2, 12), QColor(theme.text))
        painter.setPen(QPen(QColor(theme.accent), 2.0))
        painter.setBrush(QColor(theme.accent if chosen else theme.card))
        knob = QRectF(now - _KNOB, middle - _KNOB, 2 * _KNOB, 2 * _KNOB)
        if row in numbers.locked:
            painter.drawRect(knob.adjusted(0.5, 0.5, -0.5, -0.5))
        else:
            painter.drawEllipse(knob)

    def _paint_icon(self, painter: QPainter, name: str, box: QRectF, colour: str) -> None:
        ratio = painter.device().devicePixelRatioF()
        key = f"{name} {colour} {ratio}"
        if key not in self._icons:
            self._icons[key] = qtawesome.icon(name, color=colour).pixmap(QSize(15, 15), ratio)
        painter.drawPixmap(QPointF(box.center().x() - 7.5, box.center().y() - 7.5).toPoint(), self._icons[key])
