"""One card of the gallery: a picture, a title, a sentence, and a button."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.palette import Theme, mix
from gui.training_lab.thumbnails import scatter, sheet
from gui.widgets import run_arrays

TILE_WIDTH = 236
PICTURE_HEIGHT = 124
_RADIUS = 8.0
_MOVES = {
    Qt.Key.Key_Left: QPoint(-1, 0), Qt.Key.Key_Right: QPoint(1, 0), Qt.Key.Key_Up: QPoint(0, -1),
    Qt.Key.Key_Down: QPoint(0, 1)}


class CardPicture(QWidget):
    """A picture, or a few examples of the data, or a soft pattern with a symbol: never nothing."""

    def __init__(self, theme: Theme, symbol: str = "", parent: QWidget | None = None) -> None:
        """A pattern with `symbol`, a short text, in its middle."""
        super().__init__(parent)
        self._theme = theme
        self._symbol = symbol
        self._image = QImage()
        self._examples: NDArray[np.generic] | None = None
        self._painted: tuple[tuple[object, ...], QImage] = ((), QImage())
        self.setMinimumHeight(PICTURE_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def has_content(self) -> bool:
        """Whether there is more to see than the pattern."""
        return not self._image.isNull() or self._examples is not None

    def set_image(self, image: QImage | None) -> None:
        """Show a picture."""
        self._image = QImage() if image is None else image
        self.update()

    def set_examples(self, examples: NDArray[np.generic] | None) -> None:
        """Show points [n, 2] or pictures where there is no picture; what is neither is left out."""
        named = {"examples": examples} if examples is not None else {}
        pictures = run_arrays.pictures(named, "examples")
        self._examples = pictures if pictures is not None else run_arrays.points(named, "examples")
        self._painted = ((), QImage())
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:  # Qt's name
        """As wide as a card."""
        return QSize(TILE_WIDTH, PICTURE_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:  # Qt's name
        """The picture, filling the rounded box."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(box, _RADIUS, _RADIUS)
        painter.fillPath(shape, QColor(self._theme.paper))
        painter.setClipPath(shape)
        if not self._image.isNull():
            _fill(painter, box, self._image, smooth=True)
        elif self._examples is not None:
            image = self._example_image()
            _fill(painter, box, image, smooth=False) if self._examples.ndim > 2 else painter.drawImage(box, image)
        else:
            self._paint_pattern(painter, box)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._theme.border), 1.0))
        painter.drawPath(shape)
        painter.end()

    def _example_image(self) -> QImage:
        """The examples as a picture of this size, made again only when something about it has changed."""
        assert self._examples is not None
        size = (self.size() * self.devicePixelRatioF()).expandedTo(QSize(1, 1))
        key = (size.width(), size.height(), self._theme.name)
        if self._painted[0] != key:
            if self._examples.ndim > 2:
                high, wide = self._examples.shape[1:3]
                rows = 3
                columns = max(round(rows * high / wide * size.width() / size.height()), 1)
                image = sheet(self._examples.astype(np.uint8, copy=False), columns, rows)
            else:
                image = scatter(self._examples, size, self._theme.series[0])
            self._painted = (key, image)
        return self._painted[1]

    def _paint_pattern(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(self._theme.paper, self._theme.accent, 0.16)))
        for row in range(int(box.height() // 16) + 1):
            for column in range(int(box.width() // 16) + 1):
                painter.drawEllipse(QRectF(box.x() + 16 * column + 8 * (row % 2), box.y() + 16 * row + 4, 3, 3))
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 2.2)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.accent))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._symbol)


class Tile(QFrame):
    """A card to choose. A click or Enter opens it; its button, where it has one, starts at once."""

    opened = Signal()
    started = Signal()
    moved = Signal(QPoint)  # an arrow key: one step to the side or down

    def __init__(self, title: str, sentence: str, theme: Theme, *, foot: str = "", start: str = "", symbol: str = "",
                 parent: QWidget | None = None) -> None:
        """A card; `foot` is a line below the sentence, `start` the text of the button (none when empty)."""
        super().__init__(parent)
        self._theme = theme
        self._hover = False
        self.setObjectName("card")
        self.setFixedWidth(TILE_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setAccessibleDescription(f"{sentence} {foot}".strip())
        self.picture = CardPicture(theme, symbol)
        self.picture.setFixedHeight(PICTURE_HEIGHT)
        self.heading = QLabel(title)
        self.heading.setProperty("role", "value")
        self.heading.setWordWrap(True)
        self.text = QLabel(sentence)
        self.text.setProperty("role", "muted")
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        for label in (self.heading, self.text):
            label.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(6)
        column.addWidget(self.picture)
        column.addWidget(self.heading)
        column.addWidget(self.text, 1)
        self.start_button: QPushButton | None = None
        if foot or start:
            row = QHBoxLayout()
            below = QLabel(foot)
            below.setTextFormat(Qt.TextFormat.PlainText)
            below.setProperty("role", "muted")
            row.addWidget(below, 1)
            if start:
                self.start_button = QPushButton(start)
                self.start_button.setToolTip("Start this experiment as it is, in a process of its own.")
                self.start_button.setAccessibleName(f"Start {title}")
                self.start_button.clicked.connect(self.started)
                row.addWidget(self.start_button)
            column.addLayout(row)

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self.picture.set_theme(theme)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # Qt's name
        """The card, with a frame while the keyboard or the mouse is on it."""
        super().paintEvent(event)
        if not (self.hasFocus() or self._hover):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.accent), 2.5 if self.hasFocus() else 1.2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 11, 11)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # Qt's name
        """Enter and Space open, arrow keys go to the next card."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit()
        elif key in _MOVES:
            self.moved.emit(_MOVES[key])
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # Qt's name
        """A click opens."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit()

    def enterEvent(self, event: QEnterEvent) -> None:  # Qt's name
        """The mouse is on the card."""
        super().enterEvent(event)
        self._set_hover(True)

    def leaveEvent(self, event: QEvent) -> None:  # Qt's name
        """The mouse has left."""
        super().leaveEvent(event)
        self._set_hover(False)

    def focusInEvent(self, event: QFocusEvent) -> None:  # Qt's name
        """The keyboard is on the card."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # Qt's name
        """The keyboard has left."""
        super().focusOutEvent(event)
        self.update()

    def _set_hover(self, hover: bool) -> None:
        self._hover = hover
        self.update()


def next_tile(tiles: Mapping[int, QRectF], current: int, step: QPoint) -> int:
    """The tile that an arrow key leads to from `current`: the nearest one in that direction, or the same."""
    here = tiles[current].center()

    def distance(index: int) -> float:
        there = tiles[index].center() - here
        along = there.x() * step.x() + there.y() * step.y()
        aside = abs(there.x() * step.y()) + abs(there.y() * step.x())
        if along < 1 or (step.y() == 0 and aside > tiles[current].height() / 2):
            return float("inf")
        return along + 2 * aside

    best = min(tiles, key=distance)
    return best if distance(best) < float("inf") else current


def _fill(painter: QPainter, box: QRectF, image: QImage, smooth: bool) -> None:
    """Fill the box with the middle of a picture."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    scale = max(box.width() / image.width(), box.height() / image.height())
    source = QRectF(0, 0, box.width() / scale, box.height() / scale)
    source.moveCenter(QRectF(image.rect()).center())
    painter.drawImage(box, image, source)
