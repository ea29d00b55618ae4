"""The endings, each in a cell of its own with the beginning: they grow, and one is chosen by click or number key."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.palette import Theme
from gui.sketch_lab.gallery_ink import RADIUS, GalleryInk
from gui.sketch_lab.growth import Growth

_GAP = 10.0


class EndingGallery(QWidget):
    """A grid of cells; paints the `Growth` it is given."""

    hovered = Signal(int)  # the place that is marked now, or -1
    chosen = Signal(int)  # a place

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty gallery that says what it is for."""
        super().__init__(parent)
        self._theme = theme
        self._growth: Growth | None = None
        self._count = 9
        self._hover = -1
        self._cursor = -1  # the cell that the keyboard is on
        self._told = -1  # what `hovered` brought last
        self._hint = ""
        self._ink = GalleryInk()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Endings")
        self.setAccessibleDescription("Arrow keys choose an ending, Enter keeps it; so do the number keys 1 to 9.")

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def set_hint(self, text: str) -> None:
        """What stands in the middle while there are no endings."""
        self._hint = text
        self.update()

    def set_count(self, count: int) -> None:
        """How many cells an empty gallery shows."""
        self._count = count
        self.update()

    def show_growth(self, growth: Growth | None) -> None:
        """Paint these endings from now on; None empties the gallery."""
        self._growth = growth
        if growth is None or self._cursor >= growth.count:
            self._cursor = -1
        if growth is None or self._hover >= growth.count:
            self._set_hover(-1)
        self._mark()

    @property
    def growth(self) -> Growth | None:
        """The endings that are shown."""
        return self._growth

    @property
    def theme(self) -> Theme:
        """The colours in use."""
        return self._theme

    @property
    def marked(self) -> int:
        """The place under the mouse, else the one that the keyboard is on, else -1."""
        if self._hover >= 0:
            return self._hover
        return self._cursor if self.hasFocus() else -1

    @property
    def cells(self) -> list[QRectF]:
        """The cells' boxes in widget coordinates, by place."""
        count = self._growth.count if self._growth is not None else self._count
        columns, rows = _grid(count, self.width(), self.height())
        width = (self.width() - _GAP * (columns - 1)) / columns
        height = (self.height() - _GAP * (rows - 1)) / rows
        return [
            QRectF((i % columns) * (width + _GAP), (i // columns) * (height + _GAP), width, height)
            for i in range(count)
        ]

    def sizeHint(self) -> QSize:
        """Room for nine cells."""
        return QSize(460, 460)

    def minimumSizeHint(self) -> QSize:
        """Nine cells that can still be told apart."""
        return QSize(240, 240)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells, then what the mouse and the keyboard are on."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ink.draw_on(painter, self)
        growth = self._growth
        if growth is None:
            self._paint_hint(painter)
        else:
            marked, muted = self.marked, QColor(self._theme.muted)
            for place, cell in enumerate(self.cells):
                if place == marked:
                    self._paint_mark(painter, place, cell)
                else:
                    self._paint_labels(painter, place, cell, muted)
        painter.end()

    def _paint_hint(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._theme.muted))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self._hint)

    def _paint_mark(self, painter: QPainter, place: int, cell: QRectF) -> None:
        """The frame and the labels of the cell under the mouse or the keyboard."""
        painter.setPen(QPen(QColor(self._theme.accent), 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        self._paint_labels(painter, place, cell, QColor(self._theme.accent))

    def _paint_labels(self, painter: QPainter, place: int, cell: QRectF, color: QColor) -> None:
        assert self._growth is not None
        font = QFont(self.font())
        font.setPointSizeF(max(8.0, font.pointSizeF() * 0.86))
        painter.setFont(font)
        painter.setPen(color)
        inner = cell.adjusted(9, 6, -9, -6)
        if place < 9:
            painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, str(place + 1))
        likelihood = self._growth.log_likelihood(place)
        if likelihood is not None and cell.width() > QFontMetricsF(font).horizontalAdvance("+0.00 nats") + 40:
            text = f"{likelihood:+.2f} nats".replace("-", "\N{MINUS SIGN}")
            painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, text)

    # ---- mouse and keyboard

    def place_at(self, position: QPointF) -> int:
        """The place of the cell at a position, or -1."""
        if self._growth is None:
            return -1
        return next((place for place, cell in enumerate(self.cells) if cell.contains(position)), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the cell under the mouse."""
        self._set_hover(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """No cell is marked any more."""
        self._set_hover(-1)
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click keeps the ending."""
        place = self.place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move from cell to cell, Enter or Space keeps the one that they are on."""
        if self._growth is None:
            super().keyPressEvent(event)
            return
        columns, _ = _grid(self._growth.count, self.width(), self.height())
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        key = Qt.Key(event.key())
        if key in moves:
            wanted = self._cursor + moves[key] if self._cursor >= 0 else 0
            if 0 <= wanted < self._growth.count:
                self._cursor = wanted
                self._mark()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._cursor >= 0:
            self.chosen.emit(self._cursor)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The cell that the keyboard was on is marked again."""
        super().focusInEvent(event)
        self._mark()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard marks nothing any more."""
        super().focusOutEvent(event)
        self._mark()

    def _set_hover(self, place: int) -> None:
        if place != self._hover:
            self._hover = place
            self.setCursor(Qt.CursorShape.PointingHandCursor if place >= 0 else Qt.CursorShape.ArrowCursor)
            self._mark()

    def _mark(self) -> None:
        """Show which place is marked, and tell of it when it is another one."""
        self.update()
        if self.marked != self._told:
            self._told = self.marked
            self.hovered.emit(self._told)


def _grid(count: int, width: int, height: int) -> tuple[int, int]:
    """Columns and rows for `count` cells: large squares, and few places left empty."""
    best, best_score = (1, count), 0.0
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        side = min((width - _GAP * (columns - 1)) / columns, (height - _GAP * (rows - 1)) / rows)
        score = side * (count / (columns * rows)) ** 2
        if score > best_score:
            best, best_score = (columns, rows), score
    return best
