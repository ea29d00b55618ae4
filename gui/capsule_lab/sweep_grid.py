"""The paper's figure 4 as something to touch: a row of pictures for each dimension, a column for each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

Pixels = NDArray[np.uint8]

_PAD = 4  # logical pixels beside the words
_WIDEST_LABEL = 96
_TAKEN = 2  # times a picture's size in a sheet that is saved


@dataclass(frozen=True)
class _Plan:
    """Where things are, in logical pixels: the first cell's corner, a cell's side, the height of the heads."""

    left: float
    top: float
    cell: float
    label_width: float

    def box(self, row: int, column: int) -> QRectF:
        return QRectF(self.left + column * self.cell, self.top + row * self.cell, self.cell, self.cell)


class SweepGrid(QWidget):
    """Cells of uint8 pictures with words before each row and above each column.

    `cell_chosen` brings (row, column) of a cell that was clicked or gone to by the left and right keys, `row_chosen`
    the row that the up and down keys go to, `hovered` the cell under the mouse, (-1, -1) for none. `describe` says what
    a cell is, for its tooltip.
    """

    cell_chosen = Signal(int, int)
    row_chosen = Signal(int)
    hovered = Signal(int, int)

    def __init__(
        self, theme: Theme, title: str, describe: Callable[[int, int], str], parent: QWidget | None = None
    ) -> None:
        """Empty; `title` names it to screen readers."""
        super().__init__(parent)
        self._theme = theme
        self._describe = describe
        self._rows, self._columns, self._side = 1, 1, 1
        self._pixels: Pixels = np.zeros((1, 1), np.uint8)
        self._image = QImage()
        self._has_pictures = False
        self._labels: Sequence[str] = ()
        self._heads: Sequence[str] = ()
        self._marks: Sequence[int] = ()
        self._chosen = 0
        self._hover = (-1, -1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    # ---- what is shown

    @property
    def marks(self) -> Sequence[int]:
        """The marked column of each row, -1 for none."""
        return self._marks

    @property
    def hover(self) -> tuple[int, int]:
        """The cell under the mouse, (-1, -1) for none."""
        return self._hover

    @property
    def image(self) -> QImage:
        """All pictures edge to edge, in their own pixels."""
        if self._image.isNull():
            self._image = picture_image(self._pixels)
        return self._image

    def set_shape(self, rows: int, columns: int, side: int) -> None:
        """So many pictures of `side` pixels, black until they come; those that are there stay if there are as many."""
        if (rows, columns, side) == (self._rows, self._columns, self._side):
            return
        self._rows, self._columns, self._side = rows, columns, side
        self._pixels = np.zeros((rows * side, columns * side), np.uint8)
        self._image, self._has_pictures = QImage(), False
        self._hover = (-1, -1)
        self.update()

    def set_row(self, row: int, pictures: Pixels) -> None:
        """The pictures [columns, side, side] of a row."""
        side = self._side
        self._pixels[row * side : (row + 1) * side] = pictures.transpose(1, 0, 2).reshape(side, -1)
        self._image, self._has_pictures = QImage(), True
        self.update()

    def set_words(self, labels: Sequence[str], heads: Sequence[str]) -> None:
        """Words before the rows and above the columns."""
        if (tuple(labels), tuple(heads)) != (self._labels, self._heads):
            self._labels, self._heads = tuple(labels), tuple(heads)
            self.update()

    def set_marks(self, marks: Sequence[int], chosen: int) -> None:
        """Frame a column of each row (-1: none); the words of row `chosen` stand out."""
        if (tuple(marks), chosen) != (self._marks, self._chosen):
            self._marks, self._chosen = tuple(marks), chosen
            self._tell()
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sheet(self) -> QImage:
        """All of it to take away, each picture at a whole number of times its size."""
        metrics = self.fontMetrics()
        cell = self._side * _TAKEN
        plan = self._plan(metrics, cell)
        width, height = plan.left + self._columns * cell + _PAD, plan.top + self._rows * cell + _PAD
        sheet = QImage(QSize(round(width), round(height)), QImage.Format.Format_RGB32)
        sheet.fill(QColor(self._theme.paper))
        painter = QPainter(sheet)
        painter.setFont(self.font())
        self._paint_pictures(painter, plan)
        self._paint_words(painter, plan)
        painter.end()
        return sheet

    def cell(self, row: int, column: int) -> QRectF:
        """Where a picture is, in logical pixels."""
        return self._plan(self.fontMetrics()).box(row, column)

    def cell_at(self, place: QPointF) -> tuple[int, int]:
        """(row, column) at a place, (-1, -1) beside the pictures."""
        plan = self._plan(self.fontMetrics())
        row, column = int((place.y() - plan.top) // plan.cell), int((place.x() - plan.left) // plan.cell)
        return (row, column) if 0 <= row < self._rows and 0 <= column < self._columns else (-1, -1)

    def sizeHint(self) -> QSize:
        """Pictures as large as they are."""
        plan = self._plan(self.fontMetrics(), self._side)
        return QSize(round(plan.left) + self._columns * self._side, round(plan.top) + self._rows * self._side)

    def minimumSizeHint(self) -> QSize:
        """Pictures of half their size."""
        plan = self._plan(self.fontMetrics(), self._side / 2)
        return QSize(round(plan.left + self._columns * plan.cell), round(plan.top + self._rows * plan.cell))

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the pictures, the words and the marks."""
        painter = QPainter(self)
        theme = self._theme
        painter.fillRect(self.rect(), QColor(theme.window))
        plan = self._plan(painter.fontMetrics())
        self._paint_pictures(painter, plan)
        self._paint_words(painter, plan)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for row, column in enumerate(self._marks[: self._rows]):
            if column >= 0:
                strong = row == self._chosen
                painter.setPen(QPen(QColor(theme.accent), 3.0 if strong else 2.0))
                painter.drawRect(plan.box(row, column).adjusted(1, 1, -1.5, -1.5))
        if self._hover[0] >= 0:
            painter.setPen(QPen(QColor("#ffffff"), 1.0, Qt.PenStyle.DashLine))
            painter.drawRect(plan.box(*self._hover).adjusted(3, 3, -4, -4))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 2.0))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _plan(self, metrics: QFontMetrics, cell: float = 0.0) -> _Plan:
        """Cells of a given side, or as large as there is room for."""
        longest = max((metrics.horizontalAdvance(label) for label in self._labels), default=0)
        label_width = min(longest * 1.1, _WIDEST_LABEL)  # the chosen one's is bold
        left = label_width + 2 * _PAD if self._labels else 0.0
        top = float(metrics.height() + 2) if self._heads else 0.0
        if cell:
            return _Plan(left, top, cell, label_width)
        cell = float(max(min((self.width() - left) / self._columns, (self.height() - top) / self._rows) // 1, 1))
        spare = max(self.width() - left - cell * self._columns, 0.0) // 2
        return _Plan(left + spare, top, cell, label_width)

    def _paint_pictures(self, painter: QPainter, plan: _Plan) -> None:
        whole = QRectF(plan.left, plan.top, plan.cell * self._columns, plan.cell * self._rows)
        painter.fillRect(whole, QColor("#000000"))
        if self._has_pictures:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, plan.cell % self._side != 0)
            painter.drawImage(whole, self.image)
        line = QColor(self._theme.border)
        left, top = whole.left() - 1, whole.top() - 1
        for column in range(self._columns + 1):
            painter.fillRect(QRectF(left + column * plan.cell, top, 1, whole.height() + 1), line)
        for row in range(self._rows + 1):
            painter.fillRect(QRectF(left, top + row * plan.cell, whole.width() + 1, 1), line)

    def _paint_words(self, painter: QPainter, plan: _Plan) -> None:
        theme, plain = self._theme, painter.font()
        bold = QFont(plain)
        bold.setBold(True)
        before = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, label in enumerate(self._labels[: self._rows]):
            chosen = row == self._chosen
            painter.setFont(bold if chosen else plain)
            painter.setPen(QColor(theme.text if chosen else theme.muted))
            left = plan.left - plan.label_width - 2 * _PAD
            box = QRectF(left, plan.box(row, 0).top(), plan.label_width + _PAD, plan.cell)
            shown = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, before, shown)
        small = QFont(plain)
        small.setPointSizeF(max(plain.pointSizeF() - 1.5, 6.0))
        painter.setFont(small)
        painter.setPen(QColor(theme.muted))
        for column, head in enumerate(self._heads[: self._columns]):
            box = QRectF(plan.left + column * plan.cell - 8, 0, plan.cell + 16, plan.top - 2)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, head)
        painter.setFont(plain)

    # ---- mouse and keyboard

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say which cell the mouse is on."""
        self._set_hover(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """It is on none."""
        self._set_hover((-1, -1))
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a cell."""
        cell = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell[0] >= 0:
            self.cell_chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down: another row. Left and right: the next cell of it."""
        key, row = Qt.Key(event.key()), self._chosen
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            row += 1 if key == Qt.Key.Key_Down else -1
            if 0 <= row < self._rows:
                self.row_chosen.emit(row)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and 0 <= row < len(self._marks):
            column = self._marks[row] + (1 if key == Qt.Key.Key_Right else -1)
            if 0 <= column < self._columns:
                self.cell_chosen.emit(row, column)
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

    def event(self, event: QEvent) -> bool:
        """A tooltip for each cell."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row, column = self.cell_at(QPointF(event.pos()))
            if row >= 0:
                QToolTip.showText(event.globalPos() + QPoint(8, 8), self._describe(row, column), self)
                return True
        return super().event(event)

    def _set_hover(self, cell: tuple[int, int]) -> None:
        if cell != self._hover:
            self._hover = cell
            self.hovered.emit(*cell)
            self.update()

    def _tell(self) -> None:
        """What a screen reader says."""
        row = self._chosen
        if 0 <= row < len(self._marks) and self._marks[row] >= 0:
            self.setAccessibleDescription(self._describe(row, self._marks[row]))
