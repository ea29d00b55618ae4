"""What a hand does with a mouse."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

Place = tuple[int, int]


def press(widget: QWidget, *places: Place) -> None:
    """Press at the first place and move along the others, without letting go."""
    QTest.mousePress(widget, LEFT, NO_KEY, QPoint(*places[0]))
    for place in places[1:]:
        QTest.mouseMove(widget, QPoint(*place))


def release(widget: QWidget, place: Place) -> None:
    """Let go."""
    QTest.mouseRelease(widget, LEFT, NO_KEY, QPoint(*place))


def drag(widget: QWidget, *places: Place) -> None:
    """Press, move and let go."""
    press(widget, *places)
    release(widget, places[-1])


def click(widget: QWidget, place: Place | None = None) -> None:
    """Click at a place, or in the middle."""
    QTest.mouseClick(widget, LEFT, NO_KEY, widget.rect().center() if place is None else QPoint(*place))


def drop(widget: QWidget, *files: object) -> None:
    """Drop files from outside in the middle of a widget."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    middle = QPointF(widget.rect().center())
    # Qt delivers a drop only to where a drag has entered, and offscreen nothing is dragged.
    widget.dropEvent(QDropEvent(middle, Qt.DropAction.CopyAction, data, LEFT, NO_KEY))
