"""Whether words and controls have the room that they need."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QSlider, QWidget

from gui.widgets.elided_label import ElidedLabel

_SORTS = (QAbstractButton, QComboBox, QLabel, QSlider)


def cut(whole: QWidget) -> list[QWidget]:
    """The widgets on `whole` that are smaller than what they show, or beyond its edges."""
    found: list[QWidget] = []
    for widget in whole.findChildren(QWidget):
        if not isinstance(widget, _SORTS) or isinstance(widget, ElidedLabel) or not widget.isVisible():
            continue
        least = widget.minimumSizeHint()
        if widget.hasHeightForWidth():
            least.setHeight(widget.heightForWidth(widget.width()))
        inside = whole.rect().contains(widget.rect().translated(widget.mapTo(whole, widget.rect().topLeft())))
        if widget.width() < least.width() or widget.height() < least.height() or not inside:
            found.append(widget)
    return found
