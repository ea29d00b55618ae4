"""A group of controls with a heading, and the row that a control stands in."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

_LABEL_WIDTH = 96


class Card(QFrame):
    """A rounded box with a heading. Put widgets in with `add`; `body` is the layout that they go into."""

    collapsed_changed = Signal(bool)

    def __init__(self, title: str, parent: QWidget | None = None, *, collapsible: bool = False) -> None:
        """An open card; a `collapsible` one has a heading to press."""
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._collapsed = False
        self._header: QToolButton | None = None
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(9)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 13, 16, 15)
        column.setSpacing(11)
        if collapsible:
            column.setContentsMargins(6, 9, 16, 11)
            self._content.setContentsMargins(10, 0, 0, 4)
            self._header = QToolButton()
            self._header.setObjectName("cardHeader")
            self._header.setText(title)
            self._header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self._header.clicked.connect(self._on_header_clicked)
            column.addWidget(self._header, alignment=Qt.AlignmentFlag.AlignLeft)
            self._show_state()
        else:
            heading = QLabel(title)
            heading.setProperty("role", "title")
            column.addWidget(heading)
        column.addWidget(self._content)

    @property
    def collapsed(self) -> bool:
        """Whether only the heading is shown."""
        return self._collapsed

    def set_collapsed(self, collapsed: bool) -> None:
        """Fold the card up or open it; a card without a heading to press stays open."""
        if self._header is None or collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self._show_state()
        self.collapsed_changed.emit(collapsed)

    def add(self, item: QWidget | QLayout, stretch: int = 0) -> None:
        """Put a widget or a layout below the others."""
        if isinstance(item, QWidget):
            self.body.addWidget(item, stretch)
        else:
            self.body.addLayout(item, stretch)

    def _on_header_clicked(self) -> None:
        self.set_collapsed(not self._collapsed)

    def _show_state(self) -> None:
        self._content.setVisible(not self._collapsed)
        if self._header is not None:
            self._header.setArrowType(Qt.ArrowType.RightArrow if self._collapsed else Qt.ArrowType.DownArrow)
            self._header.setToolTip("Show these controls." if self._collapsed else "Hide these controls.")


def labelled(label: str, control: QWidget, tooltip: str) -> QWidget:
    """A row of `label` and `control`; both get `tooltip`, one sentence about what the control does to the model."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(12)
    text = QLabel(label)
    text.setMinimumWidth(_LABEL_WIDTH)
    text.setBuddy(control)
    text.setToolTip(tooltip)
    control.setToolTip(tooltip)
    control.setAccessibleDescription(tooltip)
    if not control.accessibleName():
        control.setAccessibleName(label.replace("&", ""))
    layout.addWidget(text)
    layout.addWidget(control, 1)
    return row
