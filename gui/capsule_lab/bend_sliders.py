"""One slider for each number of a capsule, in a single canvas, so that all of them move within a frame."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolTip, QWidget

from gui.capsule_lab.capsule_words import signed
from gui.capsule_lab.dimension_names import LONGEST
from gui.capsule_lab.slider_rows import (
    BEND,
    LOCK,
    NAME,
    NAME_WIDTH,
    RESET,
    TRACK,
    VALUE,
    Numbers,
    RowLayout,
    RowPainter,
)
from gui.palette import Theme

STEP, LARGE_STEP = 0.01, 0.05  # by key, and with Shift
_LEAST_ROW = 18
_TIPS = {
    NAME: "Double-click, or press F2, to give this number of v_j a name of your own.",
    TRACK: "Bends this number of the capsule v_j; the picture is redrawn from the bent capsule.",
    VALUE: "This number of v_j as it is now.",
    BEND: "What bending adds to this number of v_j.",
    LOCK: "Locked, this number of v_j keeps its value whatever the picture is.",
    RESET: "Takes the bend and the lock of this number of v_j away.",
}


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
        self._painter = RowPainter(theme)
        self._edited = -1
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
            self._leave_editor()
            self.updateGeometry()
        self._tell()
        self.update()

    def set_names(self, names: Mapping[int, str], symbol: str) -> None:
        """Names of the dimensions, and the symbol of the capsule: v₇."""
        if (dict(names), symbol) != (self._names, self._symbol):
            self._names, self._symbol = dict(names), symbol
            self._leave_editor()
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
        self._painter = RowPainter(theme)
        self.update()

    def edit_name(self, dimension: int) -> None:
        """Let the person type a name for a dimension."""
        box = self.box(dimension, NAME)
        height = max(self.editor.sizeHint().height(), round(box.height()))
        self.editor.setGeometry(QRect(0, max(round(box.center().y() - height / 2), 0), NAME_WIDTH + 24, height))
        self.editor.setText(self._names.get(dimension, ""))
        self.editor.setPlaceholderText(f"Dimension {dimension + 1}")
        self.editor.selectAll()
        self._edited = dimension
        self.editor.show()
        self.editor.setFocus()

    @property
    def row_layout(self) -> RowLayout:
        """Where things are."""
        return RowLayout(self.width(), self.height(), self._head, self.count)

    def box(self, dimension: int, part: str) -> QRectF:
        """Where a part of a row is, in logical pixels; see `slider_rows.PARTS`."""
        return self.row_layout.box(dimension, part)

    def sizeHint(self) -> QSize:
        """Rows of a comfortable height."""
        return QSize(460, self._head + self.count * 23)

    def minimumSizeHint(self) -> QSize:
        """Rows that one can still read."""
        return QSize(340, self._head + self.count * _LEAST_ROW)

    @property
    def _head(self) -> int:
        return self.fontMetrics().height() + 2

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the rows."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.window))
        if self._numbers is not None:
            layout = self.row_layout
            self._painter.paint_heads(painter, layout, self._symbol)
            for row in range(self.count):
                self._painter.paint_row(
                    painter, layout, row, self._numbers, self._names.get(row, ""), chosen=row == self._chosen,
                    pointed=self._hover[1] if self._hover[0] == row else "",
                )
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.accent), 2.0))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    # ---- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a row; take the handle, or press what is there."""
        row, part = self.row_layout.at(event.position())
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
        self._set_hover(self.row_layout.at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On the track: reset. On the name: another name."""
        row, part = self.row_layout.at(event.position())
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape leaves the name as it was."""
        if watched is self.editor and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._leave_editor()
            self.setFocus()
            return True
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """A tooltip for each part of each row."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row, part = self.row_layout.at(QPointF(event.pos()))
            if row >= 0:
                text = f"{self._words(row)}\n{_TIPS[part]}"
                if part == TRACK and self._numbers is not None and self._numbers.typical is not None:
                    low, median, high = (signed(float(each), plus=False) for each in self._numbers.typical[row])
                    text += f"\nIn data from {low} to {high} (1st to 99th percentile, the thick line), median {median}."
                QToolTip.showText(event.globalPos() + QPoint(8, 8), text, self)
                return True
        return super().event(event)

    def _move_to(self, place: QPointF) -> None:
        assert self._numbers is not None
        value = self.row_layout.value_at(self._chosen, place.x(), self._numbers)
        self.moved.emit(self._chosen, value)

    def _choose(self, dimension: int) -> None:
        if dimension != self._chosen:
            self.set_chosen(dimension)
            self.dimension_chosen.emit(dimension)

    def _on_editor_finished(self) -> None:
        dimension, self._edited = self._edited, -1  # hiding the editor finishes it, too
        self.editor.hide()
        if dimension >= 0:
            self.named.emit(dimension, self.editor.text())
            self.setFocus()

    def _leave_editor(self) -> None:
        self._edited = -1
        self.editor.hide()

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
        value, bend = float(numbers.bent[dimension]), float(numbers.bends[dimension])
        return (
            f"Number {dimension + 1} of {self._symbol}{f' ({name})' if name else ''}: {signed(value, plus=False)}"
            f", bent by {signed(bend)}{', locked' if dimension in numbers.locked else ''}"
        )

    def _tell(self) -> None:
        """What a screen reader says."""
        if 0 <= self._chosen < self.count:
            keys = "Left and right bend it, up and down choose another, L locks, Delete resets, F2 names it."
            self.setAccessibleDescription(f"{self._words(self._chosen)}. {keys}")
