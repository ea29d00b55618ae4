"""A node of the drawing: a card with a thumbnail, the figures of the moment and the settings that belong to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab.diagram_plan import Control, Figure, Node, summary
from gui.training_lab.field_controls import FieldControl

THUMBNAIL = QSize(104, 84)
_CONTROLS_WIDTH = 176
_PICTURE_WIDTH = 128
_DIGITS = 3


class Thumbnail(QWidget):
    """A small picture, or a sentence while there is none."""

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._theme = theme
        self._image = QImage()
        self.setMinimumSize(THUMBNAIL)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{title}, small picture")

    @property
    def image(self) -> QImage:
        """What is shown."""
        return self._image

    def set_image(self, image: QImage) -> None:
        """Show another picture; an empty one shows the sentence."""
        self._image = image
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:  # Qt's name
        """The usual size."""
        return THUMBNAIL

    def paintEvent(self, _event: QPaintEvent) -> None:  # Qt's name
        """The picture in the middle, as large as there is room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(self._theme.border), 1.0))
        painter.setBrush(QColor(self._theme.paper))
        painter.drawRoundedRect(box, 6, 6)
        if self._image.isNull():
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "nothing yet")
        else:
            room = box.adjusted(3, 3, -3, -3)
            size = self._image.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(room.center())
            painter.drawImage(target, self._image)
        painter.end()


class NodeBox(QFrame):
    """One node. `changed` brings the name and the new value of a setting that the person has changed."""

    changed = Signal(str, object)

    def __init__(self, node: Node, config: Any, theme: Theme, parent: QWidget | None = None) -> None:
        """A card for `node` that shows the values of `config`."""
        super().__init__(parent)
        self.node = node
        self.setObjectName("card")
        self.setAccessibleName(node.title)
        self.setAccessibleDescription(node.about)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        only_picture = bool(node.picture) and not node.controls and not node.figures
        self.setFixedWidth(_PICTURE_WIDTH if only_picture else _CONTROLS_WIDTH)
        self.controls: dict[str, FieldControl] = {}
        self.thumbnail = Thumbnail(theme, node.title) if node.picture else None
        self._numbers: dict[str, QLabel] = {}
        self._config, self._running = config, False
        self._fold = QToolButton(self)
        self._fold.setVisible(bool(node.structure))
        self._folded = QVBoxLayout()
        self._folded.setSpacing(5)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 9)
        column.setSpacing(5)
        column.addLayout(self._heading())
        if self.thumbnail is not None:
            column.addWidget(self.thumbnail)
        for figure in node.figures:
            column.addLayout(self._figure_row(figure))
        for control in node.controls:
            column.addWidget(self._made(control))
        if node.structure:
            self._fold.setProperty("role", "flat")
            self._fold.setCheckable(True)
            self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self._fold.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._fold.toggled.connect(self._on_fold_toggled)
            column.addWidget(self._fold)
            column.addLayout(self._folded)
        self._on_fold_toggled(False)
        self.show_config(config)

    @property
    def fold(self) -> QToolButton:
        """The line that shows and hides the settings of the structure."""
        return self._fold

    def order_tabs(self) -> list[QWidget]:
        """Let Tab go through this node from top to bottom; returns what it stops at."""
        stops: list[QWidget] = []
        for control in (*self.node.controls, *self.node.structure):
            if control.field in self.controls:
                made = self.controls[control.field]
                stops += [made.editor] if made.slider is None else [made.editor, made.slider]
            if control in self.node.controls[-1:] and self.node.structure:
                stops.append(self._fold)
        if self.node.structure and self._fold not in stops:
            stops.insert(0, self._fold)
        for first, second in pairwise(stops):
            QWidget.setTabOrder(first, second)
        return stops

    def figure_text(self, key: str) -> str:
        """What is written for a figure; "–" while there is none."""
        return self._numbers[key].text()

    def show_config(self, config: Any) -> None:
        """Show the values of a configuration that this node was made for."""
        self._config = config
        for name, control in self.controls.items():
            control.set_value(getattr(config, name))
        if self.node.structure:
            text = summary(config, self.node.name)
            self._fold.setText(text)
            self._fold.setAccessibleName(f"{self.node.title}: {text}")
            self._fold.setToolTip(f"{text}\nShow or hide the structure, which is fixed once the run has begun.")

    def set_running(self, running: bool) -> None:
        """While a run is going on only the live settings can be changed."""
        self._running = running
        for control in self.controls.values():
            control.setEnabled(control.live or not running)

    def show_figures(self, values: Mapping[str, float]) -> None:
        """Write the figures that are this node's."""
        for key, label in self._numbers.items():
            if key in values:
                label.setText(short(values[key]))

    def clear_figures(self) -> None:
        """Forget the figures."""
        for label in self._numbers.values():
            label.setText("–")

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        if self.thumbnail is not None:
            self.thumbnail.set_theme(theme)

    def _heading(self) -> QHBoxLayout:
        title, symbol = QLabel(self.node.title), QLabel(self.node.symbol)
        title.setProperty("role", "value")
        symbol.setProperty("role", "muted")
        row = QHBoxLayout()
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(symbol)
        self.setToolTip(self.node.about)
        return row

    def _figure_row(self, figure: Figure) -> QHBoxLayout:
        name, number = QLabel(figure.symbol), QLabel("–")
        name.setProperty("role", "muted")
        number.setProperty("role", "value")
        for label in (name, number):
            label.setToolTip(figure.about)
        number.setAccessibleName(figure.about)
        self._numbers[figure.key] = number
        row = QHBoxLayout()
        row.addWidget(name)
        row.addStretch(1)
        row.addWidget(number)
        return row

    def _made(self, control: Control) -> FieldControl:
        entry = next(each for each in fields(self._config) if each.name == control.field)
        made = FieldControl(entry, getattr(self._config, control.field), control.label)
        made.setEnabled(made.live or not self._running)
        made.changed.connect(self.changed)
        self.controls[control.field] = made
        return made

    def _on_fold_toggled(self, opened: bool) -> None:
        for control in self.node.structure:
            # Made when they are first wanted: half of all controls are behind folds that nobody opens.
            if opened and control.field not in self.controls:
                self._folded.addWidget(self._made(control))
            if control.field in self.controls:
                self.controls[control.field].setVisible(opened)
        self.order_tabs()
        self._fold.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)


def short(value: float) -> str:
    """A figure as short as a label needs it, with a true minus sign."""
    if not math.isfinite(value):
        return "not finite"
    return f"{value:.{_DIGITS}g}".replace("-", "\N{MINUS SIGN}")
