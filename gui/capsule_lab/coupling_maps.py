"""Ten small heat maps over the digit, one for each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.capsule_lab.heat import Scale, coloured, heat_picture
from gui.palette import Theme
from gui.widgets.picture_frame import picture_image

Array = NDArray[np.float32]
_GAP = 8.0
_LEGEND = 150.0  # logical pixels


class CouplingMaps(QWidget):
    """Maps in two rows with name and length below; a click, or the arrow keys, choose a class."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No maps."""
        super().__init__(parent)
        self._theme = theme
        self._images: list[QImage] = []
        self._values: Array = np.zeros((0, 0, 0), np.float32)
        self._names: tuple[str, ...] = ()
        self._lengths: Array = np.zeros(0, np.float32)
        self._shown = -1
        self._scale, self._unit, self._centre = Scale(0.0, 1.0, True), "", 0.5
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("A heat map for each class")
        self.setToolTip(
            "Each cell lies in the middle of the 17 x 17 pixels that the primary capsules u_i at its position see. "
            "Below: the class and the length |v_j| after this iteration. A click chooses the class whose v_j is shown."
        )

    @property
    def count(self) -> int:
        """How many maps are shown."""
        return len(self._images)

    @property
    def values(self) -> Array:
        """What the maps show, [grid, grid, j]."""
        return self._values

    def show_maps(
        self, picture: Array, maps: Array, names: tuple[str, ...], lengths: Array, shown: int, unit: str, centre: float
    ) -> None:
        """Maps [grid, grid, j] over a digit [S, S], of classes of these names and lengths [j].

        All have one scale, as far to both sides of `centre` as any number is.
        """
        self._names, self._lengths, self._shown, self._unit = names, lengths, shown, unit
        self._values = maps
        self._scale, self._centre = Scale.of(maps, centre), centre
        self._images = [
            picture_image(heat_picture(picture, maps[..., index], self._scale)) for index in range(len(names))
        ]
        words = ", ".join(f"{name} {maps[..., index].mean():.3f}" for index, name in enumerate(names))
        self.setAccessibleDescription(f"{unit}, mean of each class: {words}")
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._images = []
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Two rows of five."""
        return QSize(560, 300)

    def box(self, index: int) -> QRectF:
        """Where a map is."""
        columns, rows = self._shape()
        line = float(self.fontMetrics().height() + 4)
        width = (self.width() - _GAP * (columns - 1)) / columns
        height = (self.height() - line - _GAP * (rows - 1)) / rows - line
        side = max(min(width, height) - 2, 8.0)
        row, column = divmod(index, columns)
        return QRectF(column * (width + _GAP) + (width - side) / 2, row * (side + line + _GAP), side, side)

    def _shape(self) -> tuple[int, int]:
        count = max(len(self._names), 1)
        line = self.fontMetrics().height() + 4 + _GAP

        def side(columns: int) -> float:
            return min(self.width() / columns - 1, self.height() / -(-count // columns) - line)

        columns = max(range(1, count + 1), key=side)
        return columns, -(-count // columns)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the maps, what is below them, and the scale."""
        painter = QPainter(self)
        theme, line = self._theme, float(self.fontMetrics().height() + 4)
        for index, image in enumerate(self._images):
            box = self.box(index)
            painter.drawImage(box, image)
            is_shown = index == self._shown
            painter.setPen(QPen(QColor(theme.accent if is_shown else theme.border), 2.0 if is_shown else 1.0))
            painter.drawRect(box)
            painter.setPen(QColor(theme.text if is_shown else theme.muted))
            text = f"{self._names[index]}   {self._lengths[index]:.2f}"
            below = QRectF(box.left() - _GAP / 2, box.bottom() + 1, box.width() + _GAP, line)
            painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter), text)
        if self._images:
            self._paint_scale(painter, line)
        else:
            painter.setPen(QColor(theme.muted))
            words = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect(), words, "The maps come with a model and a picture.")
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1.0, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_scale(self, painter: QPainter, line: float) -> None:
        theme = self._theme
        top = self.box(len(self._images) - 1).bottom() + line + 4
        painter.setPen(QColor(theme.muted))
        if self._scale.is_flat:
            everywhere = f"{self._unit}   {self._centre:.3g} everywhere"
            painter.drawText(QRectF(0, top, self.width(), line), int(Qt.AlignmentFlag.AlignCenter), everywhere)
            return
        bar = QRectF(self.width() / 2 - _LEGEND / 2, top + 4, _LEGEND, line - 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for place in np.linspace(0, 1, 9).tolist():
            value = np.array(self._scale.low + place * (self._scale.high - self._scale.low), np.float32)
            red, green, blue = coloured(value, self._scale).tolist()
            gradient.setColorAt(place, QColor(round(red), round(green), round(blue)))
        painter.fillRect(bar, gradient)
        painter.setPen(QColor(theme.muted))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        left = QRectF(0, top, bar.left() - 6, line)
        low = f"{self._scale.low:.3g}".replace("-", "−")
        painter.drawText(left, middle | int(Qt.AlignmentFlag.AlignRight), f"{self._unit}   {low}")
        right = QRectF(bar.right() + 6, top, self.width() - bar.right() - 6, line)
        high = f"{self._scale.high:.3g}   dark: {self._centre:.3g}"
        painter.drawText(right, middle | int(Qt.AlignmentFlag.AlignLeft), high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class under the mouse."""
        index = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self.chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys choose a neighbour."""
        columns, _ = self._shape()
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns,
        }
        step = steps.get(Qt.Key(event.key()), 0)
        if step and 0 <= self._shown + step < len(self._names):
            self.chosen.emit(self._shown + step)
        else:
            super().keyPressEvent(event)

    def _at(self, place: QPointF) -> int | None:
        return next((index for index in range(len(self._images)) if self.box(index).contains(place)), None)
