"""One slider for each number of a capsule, in a single canvas, so that all of them move within a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import qtawesome
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolTip, QWidget

from gui.capsule_lab.dimension_names import LONGEST
from gui.palette import Theme, mix

Array = NDArray[np.float32]

STEP, LARGE_STEP = 0.01, 0.05  # by key, and with Shift
NAME, TRACK, VALUE, BEND, LOCK, RESET = "name", "track", "value", "bend", "lock", "reset"  # parts of a row
_NAME_WIDTH, _NUMBER_WIDTH, _ICON_WIDTH = 116, 46, 24
_LEAST_ROW = 18
_KNOB = 5.5  # radius of the handle
_TIPS = {
    NAME: "Double-click, or press F2, to give this number of v_j a name of your own.",
    TRACK: "Bends this number of the capsule v_j; the picture is redrawn from the bent capsule.",
    VALUE: "This number of v_j as it is now.",
    BEND: "What bending adds to this number of v_j.",
    LOCK: "Locked, this number of v_j keeps its value whatever the picture is.",
    RESET: "Takes the bend and the lock of this number of v_j away.",
}


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


class BendSliders(QWidget):
    """Up and down choose a dimension, left and right bend it; L locks, Delete resets, F2 names it.

    `moved` brings (dimension, its new value) when a hand moves it, `named` (dimension, name).
    """

    moved = Signal(int, float)
    lock_toggled = Signal(int)
    reset_requested = Signal(int)
    named = Signal(int, str)
    dimension_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Without a capsule."""
        super().__init__(parent)
        self._theme = theme
        self._numbers: Numbers | None = None
        self._names: dict[int, str] = {}
        self._symbol = "v"
        self._chosen = 0
        self._hover = (-1, "")
        self._held = False
        self._icons: dict[str, QPixmap] = {}
        self.editor = QLineEdit(self)
        self.editor.setMaxLength(LONGEST)
        self.editor.setAccessibleName("Name of the dimension")
        self.editor.hide()
        self.editor.editingFinished.connect(self._on_editor_finished)
        self.editor.installEventFilter(self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Numbers of the capsule")

    # ---- what is shown

    @property
    def numbers(self) -> Numbers | None:
        """What is shown."""
        return self._numbers

    @property
    def count(self) -> int:
        """Sliders."""
        return 0 if self._numbers is None else len(self._numbers.bent)

    @property
    def chosen(self) -> int:
        """The dimension that the keys bend."""
        return self._chosen

    def set_numbers(self, numbers: Numbers | None) -> None:
        """Show a capsule, or none."""
        before, self._numbers = self.count, numbers
        if self.count != before:
            self.editor.hide()
            self.updateGeometry()
        self._tell()
        self.update()

    def set_names(self, names: Mapping[int, str], symbol: str) -> None:
        """Names of the dimensions, and the symbol of the capsule: v₇."""
        if (dict(names), symbol) != (self._names, self._symbol):
            self._names, self._symbol = dict(names), symbol
            self.editor.hide()
            self._tell()
            self.update()

    def set_chosen(self, dimension: int) -> None:
        """Put the mark on a dimension without saying so."""
        if dimension != self._chosen:
            self._chosen = dimension
            self._tell()
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self._icons.clear()
        self.update()

    def edit_name(self, dimension: int) -> None:
        """Let the person type a name for a dimension."""
        box = self.box(dimension, NAME)
        height = max(self.editor.sizeHint().height(), round(box.height()))
        self.editor.setGeometry(
            QRect(0, max(round(box.center().y() - height / 2), 0), _NAME_WIDTH + 24, height)
        )
        self.editor.setText(self._names.get(dimension, ""))
        self.editor.setPlaceholderText(f"Dimension {dimension + 1}")
        self.editor.selectAll()
        self.editor.show()
        self.editor.setFocus()

    def box(self, dimension: int, part: str) -> QRectF:
        """Where a part of a row is, in logical pixels."""
        height = self._row_height
        right = self.width()
        reset = right - _ICON_WIDTH
        lock = reset - _ICON_WIDTH
        bend = lock - _NUMBER_WIDTH
        value = bend - _NUMBER_WIDTH
        left, end = {
            NAME: (0, _NAME_WIDTH), TRACK: (_NAME_WIDTH, value), VALUE: (value, bend), BEND: (bend, lock),
            LOCK: (lock, reset), RESET: (reset, right),
        }[part]
        return QRectF(left, self._head + dimension * height, end - left, height)

    def place_of(self, dimension: int, value: float) -> float:
        """Where a value is on the track, in logical pixels from the left; those beyond its ends are put there."""
        assert self._numbers is not None
        low, high = float(self._numbers.low[dimension]), float(self._numbers.high[dimension])
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        track = self._groove(dimension)
        return track.left() + share * track.width()

    def sizeHint(self) -> QSize:
        """Rows of a comfortable height."""
        return QSize(460, self._head + self.count * 23)

    def minimumSizeHint(self) -> QSize:
        """Rows that one can still read."""
        return QSize(340, self._head + self.count * _LEAST_ROW)

    @property
    def _head(self) -> int:
        return self.fontMetrics().height() + 2

    @property
    def _row_height(self) -> int:
        return max(min((self.height() - self._head) // max(self.count, 1), 34), 1)

    def _groove(self, dimension: int) -> QRectF:
        return self.box(dimension, TRACK).adjusted(_KNOB + 4, 0, -_KNOB - 6, 0)

    def _at(self, place: QPointF) -> tuple[int, str]:
        """The dimension and part of its row at a place, (-1, "") for none."""
        row = int((place.y() - self._head) // self._row_height)
        if not 0 <= row < self.count:
            return -1, ""
        for part in _TIPS:
            box = self.box(row, part)
            if box.left() <= place.x() < box.right():
                return row, part
        return -1, ""

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the rows."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        if self._numbers is not None:
            self._paint_heads(painter)
            for dimension in range(self.count):
                self._paint_row(painter, dimension, self._numbers)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 2.0))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_heads(self, painter: QPainter) -> None:
        plain = painter.font()
        small = QFont(plain)
        small.setPointSizeF(max(plain.pointSizeF() - 1.5, 6.0))
        painter.setFont(small)
        painter.setPen(QColor(self._theme.muted))
        for part, words in ((NAME, "dimension"), (VALUE, self._symbol), (BEND, "bend")):
            box = self.box(0, part)
            box.setRect(box.left() + (28 if part == NAME else 0), 0, box.width() - 4, self._head - 2)
            side = Qt.AlignmentFlag.AlignLeft if part == NAME else Qt.AlignmentFlag.AlignRight
            painter.drawText(box, side | Qt.AlignmentFlag.AlignBottom, words)
        painter.setFont(plain)

    def _paint_row(self, painter: QPainter, dimension: int, numbers: Numbers) -> None:
        theme = self._theme
        chosen, locked = dimension == self._chosen, dimension in numbers.locked
        value, bend = float(numbers.bent[dimension]), float(numbers.bent[dimension] - numbers.unbent[dimension])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if chosen:
            row = QRectF(2, self.box(dimension, NAME).top(), self.width() - 4, self._row_height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(theme.window, theme.accent, 0.16)))
            painter.drawRoundedRect(row, 5, 5)
        self._paint_track(painter, dimension, numbers, value, locked=locked)
        name = self.box(dimension, NAME)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(4, name.top(), 18, name.height()), Qt.AlignmentFlag.AlignRight | middle,
                         str(dimension + 1))  # fmt: skip
        words = self._names.get(dimension, "")
        if not words and self._hover == (dimension, NAME):
            words = "name…"
        painter.setPen(QColor(theme.text if dimension in self._names else theme.muted))
        cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, _NAME_WIDTH - 32)
        painter.drawText(name.adjusted(28, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | middle, cut)
        right = Qt.AlignmentFlag.AlignRight | middle
        painter.setPen(QColor(theme.text))
        painter.drawText(self.box(dimension, VALUE).adjusted(0, 0, -4, 0), right, signed(value, plus=False))
        if abs(bend) >= 0.0005:
            painter.setPen(QColor(theme.accent))
            painter.drawText(self.box(dimension, BEND).adjusted(0, 0, -4, 0), right, signed(bend))
        pointed = self._hover[0] == dimension
        if locked:
            self._paint_icon(painter, "mdi6.lock", self.box(dimension, LOCK), theme.text)
        elif pointed or chosen:
            self._paint_icon(painter, "mdi6.lock-open-variant-outline", self.box(dimension, LOCK), theme.muted)
        if locked or abs(bend) >= 0.0005:
            self._paint_icon(painter, "mdi6.restore", self.box(dimension, RESET), theme.text if pointed else theme.muted)

    def _paint_track(
        self, painter: QPainter, dimension: int, numbers: Numbers, value: float, *, locked: bool
    ) -> None:
        """The groove with the range in data, what bending adds, where the capsule is of itself, and the handle."""
        theme, groove = self._theme, self._groove(dimension)
        middle = groove.center().y()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(theme.border, theme.text, 0.2)))
        painter.drawRect(QRectF(groove.left(), middle - 1, groove.width(), 2))
        if numbers.typical is not None:
            low, median, high = (self.place_of(dimension, float(each)) for each in numbers.typical[dimension])
            painter.setBrush(QColor(mix(theme.window, theme.text, 0.24)))
            painter.drawRoundedRect(QRectF(low, middle - 3, max(high - low, 1.0), 6), 3, 3)
            painter.fillRect(QRectF(median - 0.5, middle - 3, 1, 6), QColor(theme.muted))
        own, now = self.place_of(dimension, float(numbers.unbent[dimension])), self.place_of(dimension, value)
        painter.setBrush(QColor(theme.accent))
        painter.drawRect(QRectF(min(own, now), middle - 1.5, abs(own - now), 3))
        painter.fillRect(QRectF(own - 1, middle - 6, 2, 12), QColor(theme.text))
        painter.setPen(QPen(QColor(theme.accent), 2.0))
        painter.setBrush(QColor(theme.accent if dimension == self._chosen else theme.card))
        knob = QRectF(now - _KNOB, middle - _KNOB, 2 * _KNOB, 2 * _KNOB)
        if locked:
            painter.drawRect(knob.adjusted(0.5, 0.5, -0.5, -0.5))
        else:
            painter.drawEllipse(knob)

    def _paint_icon(self, painter: QPainter, name: str, box: QRectF, colour: str) -> None:
        key = f"{name} {colour}"
        if key not in self._icons:
            self._icons[key] = qtawesome.icon(name, color=colour).pixmap(QSize(15, 15), self.devicePixelRatioF())
        painter.drawPixmap(QPointF(box.center().x() - 7.5, box.center().y() - 7.5).toPoint(), self._icons[key])

    # ---- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a row; take the handle, or press what is there."""
        row, part = self._at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or row < 0:
            return
        self._choose(row)
        if part == TRACK:
            self._held = True
            self._move_to(event.position())
        elif part == LOCK:
            self.lock_toggled.emit(row)
        elif part == RESET:
            self.reset_requested.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Take the handle along."""
        if self._held and event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event.position())
            return
        self._set_hover(self._at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On the track: reset. On the name: another name."""
        row, part = self._at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or row < 0:
            return
        self._held = False
        if part == NAME:
            self.edit_name(row)
        elif part in (TRACK, VALUE, BEND):
            self.reset_requested.emit(row)
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is on no row."""
        self._set_hover((-1, ""))
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose, bend, lock, reset or name."""
        key, row = Qt.Key(event.key()), self._chosen
        numbers = self._numbers
        ends = {Qt.Key.Key_Up: row - 1, Qt.Key.Key_Down: row + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.count - 1}
        if numbers is None or not 0 <= row < self.count:
            super().keyPressEvent(event)
        elif key in ends:
            if 0 <= ends[key] < self.count:
                self._choose(ends[key])
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = LARGE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
            self.moved.emit(row, float(numbers.bent[row]) + (step if key == Qt.Key.Key_Right else -step))
        elif key == Qt.Key.Key_L and not event.modifiers():
            self.lock_toggled.emit(row)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.reset_requested.emit(row)
        elif key == Qt.Key.Key_F2:
            self.edit_name(row)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys come here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """And that they do not."""
        super().focusOutEvent(event)
        self.update()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Escape leaves the name as it was."""
        if watched is self.editor and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.editor.setText(self._names.get(self._chosen, ""))
                self.setFocus()
                return True
        return False

    def event(self, event: QEvent) -> bool:
        """A tooltip for each part of each row."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row, part = self._at(QPointF(event.pos()))
            if row >= 0:
                text = f"{self._words(row)}\n{_TIPS[part]}"
                if part == TRACK and self._numbers is not None and self._numbers.typical is not None:
                    low, median, high = (signed(float(each), plus=False) for each in self._numbers.typical[row])
                    text += f"\nIn data from {low} to {high} (1st and 99th percentile), median {median}: the thick line."
                QToolTip.showText(event.globalPos() + QPoint(8, 8), text, self)
                return True
        return super().event(event)

    def _move_to(self, place: QPointF) -> None:
        assert self._numbers is not None
        groove = self._groove(self._chosen)
        share = min(max((place.x() - groove.left()) / groove.width(), 0.0), 1.0)
        low, high = float(self._numbers.low[self._chosen]), float(self._numbers.high[self._chosen])
        self.moved.emit(self._chosen, low + share * (high - low))

    def _choose(self, dimension: int) -> None:
        if dimension != self._chosen:
            self.set_chosen(dimension)
            self.dimension_chosen.emit(dimension)

    def _on_editor_finished(self) -> None:
        if self.editor.isVisible():
            self.editor.hide()
            self.named.emit(self._chosen, self.editor.text())
            self.setFocus()

    def _set_hover(self, hover: tuple[int, str]) -> None:
        if hover != self._hover:
            self._hover = hover
            self.setCursor(Qt.CursorShape.IBeamCursor if hover[1] == NAME else Qt.CursorShape.ArrowCursor)
            self.update()

    def _words(self, dimension: int) -> str:
        """A dimension, its number and how it is bent, in words."""
        numbers = self._numbers
        if numbers is None:
            return ""
        name = self._names.get(dimension, "")
        value, bend = float(numbers.bent[dimension]), float(numbers.bent[dimension] - numbers.unbent[dimension])
        return (
            f"Number {dimension + 1} of {self._symbol}{f' ({name})' if name else ''}: {signed(value, plus=False)}"
            f", bent by {signed(bend)}{', locked' if dimension in numbers.locked else ''}"
        )

    def _tell(self) -> None:
        """What a screen reader says."""
        if 0 <= self._chosen < self.count:
            keys = "Left and right bend it, up and down choose another, L locks, Delete resets, F2 names it."
            self.setAccessibleDescription(f"{self._words(self._chosen)}. {keys}")


def signed(value: float, *, plus: bool = True) -> str:
    """Two decimals with a real minus sign, and a plus where it is wanted."""
    text = f"{value:+.2f}" if plus else f"{value:.2f}"
    return {"-0.00": "0.00", "+0.00": "0.00"}.get(text, text).replace("-", "−")
