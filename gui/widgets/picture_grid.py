"""A grid of small pictures, as large as whole pixels allow, to look at, choose from and take away."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QEvent, QIODevice, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

_GAP = 2  # screen pixels between pictures
_BESIDE = 14  # more of them between rows that stand side by side
_MAGNIFIED = 168  # logical pixels of the longer side under the magnifier
_TAKEN = 4  # times a picture's size when it is copied or saved alone
_EMPTY_TEXT = "Pictures appear here while the network learns."


class PictureGrid(QWidget):
    """Shows uint8 pictures in order, row by row. Arrow keys move a mark, Enter or a click chooses.

    `picture_chosen` brings an index; `save_requested` a QImage and a name for its file.
    """

    picture_chosen = Signal(int)
    save_requested = Signal(object, str)

    def __init__(self, theme: Theme, title: str = "Pictures", parent: QWidget | None = None) -> None:
        """An empty grid; `title` names it to screen readers and in file names."""
        super().__init__(parent)
        self._theme = theme
        self._title = title
        self._strip = QImage()
        self._given = self._count = 0  # pictures there are, and those there is room for
        self._size = QSize(1, 1)  # of a picture, in its own pixels
        self._fixed_columns = self._least = 0
        self._hint = _EMPTY_TEXT
        self._hover = self._cursor = -1
        self._badges: dict[int, str] = {}
        self._ratio = 1.0
        self._columns, self._cell, self._origin = 1, QSize(1, 1), QPoint(0, 0)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(72, 72)
        self.setAccessibleName(title)
        self.setAccessibleDescription("Arrow keys mark a picture, Enter chooses it, the menu key copies or saves it.")

    # ---- what is shown

    @property
    def count(self) -> int:
        """The pictures that are shown."""
        return self._count

    @property
    def columns(self) -> int:
        """The pictures in a row."""
        return self._columns

    @property
    def marked(self) -> int:
        """The picture under the mouse, else the one that the keyboard is on, else -1."""
        if self._hover >= 0:
            return self._hover
        return self._cursor if self.hasFocus() else -1

    def set_pictures(self, pictures: NDArray[np.uint8], columns: int = 0, least: int = 0) -> None:
        """Show pictures [n, H, W] (grey) or [n, H, W, 3] (RGB) in rows of so many `columns`; 0: what fills the space.

        Rows stand side by side where the pictures are larger that way.

        With `least`, only as many are shown as there is room for at a good size, but so many at any rate. The array is
        copied.
        """
        count, height, width = pictures.shape[:3]
        self._strip = picture_image(pictures.reshape(count * height, *pictures.shape[2:]))
        wanted = count, QSize(width, height), columns, least
        if wanted != (self._given, self._size, self._fixed_columns, self._least):
            self._given, self._size, self._fixed_columns, self._least = wanted
            self._hover = -1
            self._arrange()
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._strip, self._given, self._count = QImage(), 0, 0
        self._hover = self._cursor = -1
        self.update()

    def set_badges(self, badges: Mapping[int, str]) -> None:
        """Frame these pictures, each with a short text in its corner (none for "")."""
        self._badges = dict(badges)
        self.update()

    def set_hint(self, text: str) -> None:
        """What stands in the middle while there is no picture."""
        self._hint = text
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def cell(self, index: int) -> QRectF:
        """Where a picture is, in logical pixels."""
        ratio = self.devicePixelRatioF()
        box = self._cell_pixels(index)
        return QRectF(box.x() / ratio, box.y() / ratio, box.width() / ratio, box.height() / ratio)

    def index_at(self, place: QPointF) -> int:
        """The picture at a place of the widget, or -1."""
        ratio = self.devicePixelRatioF()
        x, y = place.x() * ratio - self._origin.x(), place.y() * ratio - self._origin.y()
        together = self._fixed_columns or self._columns
        block, x = divmod(x, self._wide(together) + _GAP + _BESIDE)
        column, row = math.floor(x / (self._cell.width() + _GAP)), math.floor(y / (self._cell.height() + _GAP))
        if column >= together or row < 0 or block < 0:
            return -1
        column += round(block) * together
        index = row * self._columns + column
        return index if column < self._columns and index < self._count else -1

    def picture(self, index: int) -> QImage:
        """One picture in its own size; one without pixels when there is none of that index."""
        if not 0 <= index < self._count:
            return QImage()
        height = self._size.height()
        return self._strip.copy(0, index * height, self._size.width(), height)

    def sheet(self) -> QImage:
        """All pictures as they stand in the grid, on the theme's ground, each pixel as large as now on the screen."""
        rows = math.ceil(self._count / self._columns)
        sheet = QImage(self._wide(self._columns) + 2 * _GAP, rows * (self._cell.height() + _GAP) + _GAP,
                       QImage.Format.Format_RGB32)
        sheet.fill(QColor(self._theme.paper))
        painter = QPainter(sheet)
        painter.translate(QPoint(_GAP, _GAP) - self._origin)
        self._paint_pictures(painter)
        painter.end()
        return sheet

    def sizeHint(self) -> QSize:
        """Room for a few rows."""
        return QSize(320, 320)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the pictures, then what the mouse or the keyboard is on."""
        if self._ratio != self.devicePixelRatioF():
            self._arrange()  # the widget has come to another screen
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.paper))
        if not self._count:
            painter.setPen(QColor(self._theme.muted))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(12, 12, -12, -12), flags, self._hint)
            painter.end()
            return
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        self._paint_pictures(painter)
        painter.resetTransform()
        self._paint_badges(painter)
        marked = self.marked
        if 0 <= marked < self._count:
            painter.setPen(QPen(QColor(self._theme.accent), 2.0))
            painter.drawRect(self.cell(marked).adjusted(-1, -1, 1, 1))
            self._paint_magnifier(painter, marked)
        painter.end()

    def _paint_pictures(self, painter: QPainter) -> None:
        smaller = self._cell.width() < self._size.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
        width, height = self._size.width(), self._size.height()
        for index in range(self._count):
            painter.drawImage(self._cell_pixels(index), self._strip, QRect(0, index * height, width, height))

    def _paint_badges(self, painter: QPainter) -> None:
        theme, metrics = self._theme, painter.fontMetrics()
        for index, text in self._badges.items():
            if not 0 <= index < self._count:
                continue
            cell = self.cell(index)
            painter.setPen(QPen(QColor(theme.accent), 2.0))
            painter.drawRect(cell.adjusted(0, 0, -1, -1))
            if text:
                box = QRectF(cell.topLeft(), QSize(metrics.horizontalAdvance(text) + 6, metrics.height()).toSizeF())
                painter.fillRect(box, QColor(theme.accent))
                painter.setPen(QColor(theme.accent_text))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_magnifier(self, painter: QPainter, index: int) -> None:
        """The marked picture, larger, beside its cell, with its number."""
        cell, theme = self.cell(index), self._theme
        factor = self._factor
        label = f"{index}"
        metrics = painter.fontMetrics()
        if max(cell.width(), cell.height()) >= _MAGNIFIED * 0.55:
            box = QRectF(cell.left(), cell.top(), metrics.horizontalAdvance(label) + 10, metrics.height() + 2)
            painter.fillRect(box, QColor(theme.accent))
            painter.setPen(QColor(theme.accent_text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)
            return
        if not self._has_room:
            return
        size = self._size * factor
        width = max(size.width(), metrics.horizontalAdvance(label)) + 8
        box = QRectF(0, 0, width, size.height() + metrics.height() + 10)
        right = cell.right() + 8 + box.width() <= self.width()
        box.moveLeft(cell.right() + 8 if right else cell.left() - 8 - box.width())
        box.moveTop(cell.center().y() - box.height() / 2)
        box.moveTop(max(min(box.top(), self.height() - box.height() - 1), 0.0))
        box.moveLeft(max(min(box.left(), self.width() - box.width() - 1), 0.0))
        painter.setPen(QPen(QColor(theme.accent), 1.0))
        painter.setBrush(QColor(theme.card))
        painter.drawRect(box)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        target = QRectF(box.center().x() - size.width() / 2, box.top() + 4, size.width(), size.height())
        height = self._size.height()
        painter.drawImage(target, self._strip, QRectF(0, index * height, self._size.width(), height))
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(box.left(), target.bottom() + 3, box.width(), metrics.height()),
                         Qt.AlignmentFlag.AlignCenter, label)

    def _cell_pixels(self, index: int) -> QRect:
        row, column = divmod(index, self._columns)
        across = self._wide(column + 1) - self._cell.width()
        return QRect(self._origin + QPoint(across, row * (self._cell.height() + _GAP)), self._cell)

    def _wide(self, columns: int) -> int:
        """Screen pixels from the left of the first column to the right of the last of so many."""
        breaks = (columns - 1) // self._fixed_columns if self._fixed_columns else 0
        return columns * (self._cell.width() + _GAP) - _GAP + breaks * _BESIDE

    @property
    def _factor(self) -> int:
        """How many times a picture's own size it is shown under the magnifier."""
        return max(_MAGNIFIED // max(self._size.width(), self._size.height()), 1)

    @property
    def _has_room(self) -> bool:
        """Whether the magnifier finds room beside a cell."""
        size = self._size * self._factor
        return self.height() > size.height() + self.fontMetrics().height() + 10 and self.width() > size.width() + 16

    def _arrange(self) -> None:
        """Choose columns and the size of a cell, in screen pixels."""
        self._ratio = ratio = self.devicePixelRatioF()
        room = QSize(round(self.width() * ratio), round(self.height() * ratio))
        rows = math.ceil(self._given / self._fixed_columns) if self._fixed_columns else 1
        # Of those with the largest pictures, the one with the fewest rows side by side.
        self._columns, self._cell, self._count = max(
            (arrangement(self._given, self._size, room - QSize((beside - 1) * _BESIDE, 0),
                         self._fixed_columns * beside, self._least) for beside in range(1, max(rows, 1) + 1)),
            key=lambda found: found[1].width(),
        )
        self._cursor = min(self._cursor, self._count - 1)
        rows = math.ceil(self._count / self._columns)
        used = QSize(self._wide(self._columns), rows * (self._cell.height() + _GAP) - _GAP)
        self._origin = QPoint(max(room.width() - used.width(), 0) // 2, max(room.height() - used.height(), 0) // 2)

    # ---- mouse and keyboard

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the pictures anew."""
        super().resizeEvent(event)
        self._arrange()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Magnify the picture under the mouse."""
        self._set_hover(self.index_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Magnify nothing."""
        self._set_hover(-1)
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._cursor = index
            self.picture_chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End move the mark; Enter or Space chooses; Copy copies."""
        if event.matches(QKeySequence.StandardKey.Copy) and self._count:
            self._copy(self.picture(self.marked) if self.marked >= 0 else self.sheet())
            return
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self._columns,
                 Qt.Key.Key_Down: self._columns}
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._count - 1}
        key = Qt.Key(event.key())
        if key in moves or key in ends:
            wanted = ends[key] if key in ends else self._cursor + moves[key] if self._cursor >= 0 else 0
            if 0 <= wanted < self._count:
                self._cursor = wanted
                self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._cursor >= 0:
            self.picture_chosen.emit(self._cursor)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the mark."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the mark."""
        super().focusOutEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy or save a picture, or all of them."""
        if not self._count:
            return
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.index_at(QPointF(event.pos())) if by_mouse else self.marked
        menu = self.take_menu(index)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def take_menu(self, index: int) -> QMenu:
        """The menu of ways to take away picture `index` (none for -1) and the whole grid."""
        menu = QMenu(self)
        stem = self._title.lower().replace(" ", "-")
        if 0 <= index < self._count:
            one = self._enlarged(self.picture(index))
            menu.addAction(f"Copy picture {index}", lambda: self._copy(one))
            name = f"{stem}-{index}.png"
            menu.addAction(f"Save picture {index} as PNG…", lambda: self.save_requested.emit(one, name))
            menu.addSeparator()
        menu.addAction("Copy all", lambda: self._copy(self.sheet()))
        menu.addAction("Save all as PNG…", lambda: self.save_requested.emit(self.sheet(), f"{stem}.png"))
        return menu

    def _tip(self, index: int) -> str:
        """The picture's number, and the picture itself where the grid has no room to magnify it."""
        if self._has_room:
            return f"Picture {index}"
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QPixmap.fromImage(self._enlarged(self.picture(index))).save(buffer, "PNG")
        data = base64.b64encode(buffer.data().data()).decode()
        return f'<img src="data:image/png;base64,{data}"><br>Picture {index}'

    def _enlarged(self, picture: QImage) -> QImage:
        return picture.scaled(picture.size() * _TAKEN)

    def _copy(self, picture: QImage) -> None:
        QGuiApplication.clipboard().setImage(picture)

    def _set_hover(self, index: int) -> None:
        if index != self._hover:
            self._hover = index
            self.setToolTip(self._tip(index) if index >= 0 else "")
            self.update()


def arrangement(count: int, size: QSize, room: QSize, columns: int = 0, least: int = 0) -> tuple[int, QSize, int]:
    """Columns, the size of a cell and how many are shown of `count` pictures of `size` in `room`, in screen pixels.

    Cells are a whole number of times as large as a picture, the largest at which `least` pictures (0: all) find room
    in so many `columns` (0: any); where not even pictures of their own size find room, all are shown smaller.
    """
    if not count:
        return max(columns, 1), QSize(1, 1), 0
    wide, high = size.width(), size.height()
    needed = min(least, count) if least else count
    for factor in range(min(room.width() // wide, room.height() // high), 0, -1):
        across, down = (room.width() + _GAP) // (factor * wide + _GAP), (room.height() + _GAP) // (factor * high + _GAP)
        if columns:
            if across >= columns and down * columns >= needed:
                return columns, size * factor, min(count, down * columns)
        elif across * down >= needed:
            shown = min(count, across * down)
            # Of the columns that do, those that leave the fewest places empty, and then the widest.
            fits = range(max(math.ceil(shown / down), 1), min(across, shown) + 1)
            best = min(fits, key=lambda each: (math.ceil(shown / each) * each - shown, -each))
            return best, size * factor, shown
    best_columns, best_scale = max(columns, 1), 0.0
    for candidate in [columns] if columns else range(1, count + 1):
        rows = math.ceil(count / candidate)
        across_scale = (room.width() - _GAP * (candidate - 1)) / candidate / wide
        scale = min(across_scale, (room.height() - _GAP * (rows - 1)) / rows / high)
        if scale > best_scale:
            best_columns, best_scale = candidate, scale
    cell = QSize(max(math.floor(wide * best_scale), 1), max(math.floor(high * best_scale), 1))
    return best_columns, cell, count
