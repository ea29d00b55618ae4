"""Small controls made in one line, each with the tooltip that says what it does."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QWidget


def button(text: str, tip: str, role: str = "") -> QPushButton:
    """A button with its tooltip, which screen readers read, too."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setAccessibleDescription(tip)
    if role:
        made.setProperty("role", role)
    return made


def row(widgets: Sequence[QWidget], stretch: int = -1) -> QHBoxLayout:
    """Widgets side by side; the one at `stretch` takes the room that is left, or nobody (-1)."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretch else 0)
    if stretch < 0:
        layout.addStretch(1)
    return layout


def label_for(text: str, control: QWidget, tip: str, name: str) -> QLabel:
    """A label before a control; both get the tooltip, and the control an accessible name."""
    label = QLabel(text)
    label.setBuddy(control)
    for widget in (label, control):
        widget.setToolTip(tip)
    control.setAccessibleName(name)
    control.setAccessibleDescription(tip)
    return label


def set_slider(slider: QSlider, value: int) -> None:
    """Move a slider without its telling anybody."""
    blocked = slider.blockSignals(True)
    slider.setValue(value)
    slider.blockSignals(blocked)
