"""The person's own density: drawn with a soft brush, for a run to learn."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import qtawesome
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QImage, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from gui.palette import Theme, mix

SIDE = 64  # cells of the density along each axis
MOST_UNDO = 50

_SHADES = 128
_FLOW = 0.25  # how much of what is missing to 1 a stamp adds in its middle
_SMALLEST, _LARGEST, _USUAL = 2, 20, 6  # brush radius in hundredths of the square
_MIDDLE = QPointF(0.5, 0.5)
_HINT = "Draw where data should be.\nWhere you brush longer, there will be more of it."


@lru_cache(maxsize=8)
def _shades(theme: Theme) -> NDArray[np.uint32]:
    """The colours of a density from 0 to 1, "#ffrrggbb" as numbers."""
    colours = [mix(theme.paper, theme.series[0], index / (_SHADES - 1)) for index in range(_SHADES)]
    return np.array([0xFF000000 | int(colour[1:], 16) for colour in colours], np.uint32)


class DensityCanvas(QWidget):
    """A square to brush on. The density is float32 [SIDE, SIDE] from 0 to 1, row 0 at the bottom."""

    changed = Signal()  # a stroke has ended, or was undone

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing drawn."""
        super().__init__(parent)
        self._theme = theme
        self._density = np.zeros((SIDE, SIDE), np.float32)
        self._undo: list[NDArray[np.float32]] = []
        self._redo: list[NDArray[np.float32]] = []
        self._radius = _USUAL / 100
        self._last: QPointF | None = None  # of the stroke, in shares of the square, y up
        self._pointer: QPointF | None = None
        self._cursor: QPointF | None = None  # the keyboard's brush, once there was a key for it
        self._erases = False
        centres = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
        self._x, self._y = centres[None, :], centres[:, None]
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 140)
        self.setAccessibleName("Density")
        self.setAccessibleDescription("Drag to draw, with the right button to rub out; arrow keys move, Space stamps.")

    @property
    def density(self) -> NDArray[np.float32]:
        """A copy of what is drawn."""
        return self._density.copy()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw points from."""
        return not self._density.any()

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether something that was taken back can come again."""
        return bool(self._redo)

    def set_density(self, density: NDArray[np.floating]) -> None:
        """Show a density [SIDE, SIDE]; values are cut to 0..1 and the strokes before are forgotten.

        Raises `ValueError` for another shape.
        """
        if density.shape != (SIDE, SIDE):
            raise ValueError(f"A density has {SIDE} by {SIDE} cells, not {density.shape}.")
        self._density = np.clip(np.nan_to_num(density), 0.0, 1.0).astype(np.float32)
        self._undo.clear()
        self._redo.clear()
        self._tell()

    def set_radius(self, share: float) -> None:
        """How far the brush reaches, as a share of the square's side."""
        self._radius = share
        self.update()

    def set_erasing(self, erases: bool) -> None:
        """Whether the left button rubs out."""
        self._erases = erases

    def undo(self) -> None:
        """Take the last stroke back."""
        if self._undo:
            self._redo.append(self._density)
            self._density = self._undo.pop()
            self._tell()

    def redo(self) -> None:
        """Bring back what was taken back."""
        if self._redo:
            self._undo.append(self._density)
            self._density = self._redo.pop()
            self._tell()

    def clear(self) -> None:
        """Rub everything out; can be undone."""
        if not self.is_empty:
            self._remember()
            self._density = np.zeros_like(self._density)
            self._tell()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Room to draw."""
        return QSize(320, 320)

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the square, what is drawn and the ring of the brush."""
        theme, square = self._theme, self._square()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(square, self._image())
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.border), 2.0 if self.hasFocus() else 1.0))
        painter.drawRect(square)
        if self.is_empty:
            painter.setPen(QColor(theme.muted))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(square.adjusted(12, 12, -12, -12), flags, _HINT)
        place = self._pointer if self._pointer is not None else self._cursor if self.hasFocus() else None
        if place is not None:
            centre = QPointF(square.left() + place.x() * square.width(), square.bottom() - place.y() * square.height())
            painter.setPen(QPen(QColor(theme.text), 1.2))
            painter.drawEllipse(centre, self._radius * square.width(), self._radius * square.height())
        painter.end()

    def _square(self) -> QRectF:
        side = max(min(self.width(), self.height()) - 4, 1)
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _image(self) -> QImage:
        pixels = _shades(self._theme)[(self._density[::-1] * (_SHADES - 1)).astype(np.uint8)]
        return QImage(pixels.data, SIDE, SIDE, 4 * SIDE, QImage.Format.Format_RGB32).copy()

    # ---- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton) and self._last is None:
            self._remember()
            self._last = self._share(event.position())
            self._stamp(self._last, self._rubs_out(event.button()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it: stamps a third of the radius apart."""
        place = self._share(event.position())
        self._pointer = place
        if self._last is not None:
            way = place - self._last
            count = int(np.hypot(way.x(), way.y()) / (self._radius / 3))
            rubs_out = self._rubs_out(event.buttons())
            for index in range(1, count + 1):
                self._stamp(self._last + way * (index / count), rubs_out)
            if count:
                self._last = place
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End it."""
        if self._last is not None:
            self._last = None
            self._tell()

    def leaveEvent(self, event: QEvent) -> None:
        """The brush is elsewhere."""
        self._pointer = None
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move a brush of the keyboard's own, Space stamps, with Shift it rubs out."""
        moves = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        key = Qt.Key(event.key())
        if key in moves:
            step = QPointF(*moves[key]) * (self._radius / 2)
            place = _MIDDLE if self._cursor is None else self._cursor + step
            self._cursor = QPointF(min(max(place.x(), 0.0), 1.0), min(max(place.y(), 0.0), 1.0))
            self._pointer = None
            self.update()
        elif key == Qt.Key.Key_Space:
            self._remember()
            self._cursor = self._cursor or _MIDDLE
            self._stamp(self._cursor, self._erases or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            self._tell()
        else:
            super().keyPressEvent(event)

    def _rubs_out(self, buttons: Qt.MouseButton) -> bool:
        return self._erases or bool(buttons & Qt.MouseButton.RightButton)

    def _share(self, place: QPointF) -> QPointF:
        square = self._square()
        return QPointF((place.x() - square.left()) / square.width(), (square.bottom() - place.y()) / square.height())

    def _stamp(self, place: QPointF, rubs_out: bool) -> None:
        """Put one soft, round stamp on the density."""
        spread = (self._radius / 2) ** 2
        distance = (self._x - np.float32(place.x())) ** 2 + (self._y - np.float32(place.y())) ** 2
        brush = (_FLOW * np.exp(-distance / (2 * spread))).astype(np.float32)
        brush[brush < 1e-3] = 0.0  # or the whole square would fill, a little at a time
        if rubs_out:
            self._density = self._density * (1 - np.minimum(2 * brush, 1))
            self._density[self._density < 1e-2] = 0.0
        else:
            self._density = 1 - (1 - self._density) * (1 - brush)
        self.update()

    def _remember(self) -> None:
        self._undo.append(self._density)
        del self._undo[:-MOST_UNDO]
        self._redo.clear()

    def _tell(self) -> None:
        self.update()
        self.changed.emit()


class DensityEditor(QWidget):
    """The canvas with its tools. `changed` tells that `density` is another one."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing drawn."""
        super().__init__(parent)
        self.canvas = DensityCanvas(theme, self)
        self.undo_button = self._button("Undo", "Take the last stroke back (Ctrl+Z).", "mdi6.undo", self.canvas.undo)
        self.redo_button = self._button("Redo", "Bring it back (Ctrl+Shift+Z).", "mdi6.redo", self.canvas.redo)
        self.clear_button = self._button(
            "Clear", "Rub everything out; can be undone.", "mdi6.trash-can-outline", self.canvas.clear
        )
        self.eraser = self._button("Eraser", "Rub out, as the right button does: fewer data there.", "mdi6.eraser")
        self.eraser.setCheckable(True)
        self.eraser.toggled.connect(self.canvas.set_erasing)
        self.brush = QSlider(Qt.Orientation.Horizontal, self)
        self.brush.setRange(_SMALLEST, _LARGEST)
        self.brush.setValue(_USUAL)
        self.brush.setToolTip("How wide the brush is: the spread of the density that a touch leaves.")
        self.brush.setAccessibleName("Brush size")
        self.brush.valueChanged.connect(self._on_brush_value_changed)
        label = QLabel("&Brush", self)
        label.setBuddy(self.brush)
        row = QHBoxLayout()
        row.setSpacing(4)
        for widget in (self.undo_button, self.redo_button, self.clear_button, self.eraser):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(label)
        row.addWidget(self.brush, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.canvas, 1)
        column.addLayout(row)
        standard = QKeySequence.StandardKey
        for keys, slot in ((standard.Undo, self.canvas.undo), (standard.Redo, self.canvas.redo)):
            action = QAction(self)
            action.setShortcuts(keys)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.addAction(action)
        self.canvas.changed.connect(self._on_canvas_changed)
        self._on_canvas_changed()
        self.set_theme(theme)

    @property
    def density(self) -> NDArray[np.float32]:
        """What is drawn, float32 [SIDE, SIDE] from 0 to 1, row 0 at the bottom."""
        return self.canvas.density

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to learn yet."""
        return self.canvas.is_empty

    def set_density(self, density: NDArray[np.floating]) -> None:
        """Begin with a density; see `DensityCanvas.set_density`."""
        self.canvas.set_density(density)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.canvas.set_theme(theme)
        for button in (self.undo_button, self.redo_button, self.clear_button, self.eraser):
            faint = mix(theme.muted, theme.card, 0.45)
            button.setIcon(qtawesome.icon(button.property("icon_name"), color=theme.text, color_disabled=faint))

    def _button(self, name: str, tip: str, icon: str, slot: Callable[[], None] | None = None) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "flat")
        button.setProperty("icon_name", icon)
        button.setIconSize(QSize(18, 18))
        button.setToolTip(tip)
        button.setAccessibleName(name)
        if slot is not None:
            button.clicked.connect(slot)
        return button

    def _on_brush_value_changed(self, value: int) -> None:
        self.canvas.set_radius(value / 100)

    def _on_canvas_changed(self) -> None:
        self.undo_button.setEnabled(self.canvas.can_undo)
        self.redo_button.setEnabled(self.canvas.can_redo)
        self.clear_button.setEnabled(not self.canvas.is_empty)
        self.changed.emit()
