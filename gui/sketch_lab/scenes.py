"""States of the Sketch lab that are worth a picture in the documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.sketch_lab.first_start import BEGINNINGS, paper_of

if TYPE_CHECKING:
    from gui.sketch_lab.lab import SketchLab

_MARKED = 3


def scenes_of(lab: SketchLab) -> dict[str, Callable[[], None]]:
    """What brings the lab into each state, by the state's name."""

    def first_start() -> None:
        """As on a new machine: a drawing begins by itself."""

    def endings() -> None:
        word, strokes = BEGINNINGS[0]
        lab.model.update(category=word)
        paper = paper_of(lab.canvas)
        lab.document.clear()
        lab.document.add_strokes([stroke * paper.size + (paper.left, paper.top) for stroke in strokes], "stroke")

    def one_ending() -> None:
        def point(_completion: object) -> None:
            _point_at(lab.gallery, lab.gallery.cells[_MARKED].center())

        endings()
        lab.finisher.completed.connect(point, Qt.ConnectionType.SingleShotConnection)

    def from_nothing() -> None:
        lab.draw_from_nothing()

    def training() -> None:
        lab.page_buttons.button(1).click()

    return {
        "first-start": first_start,
        "endings": endings,
        "one-ending": one_ending,
        "from-nothing": from_nothing,
        "training": training,
    }


def _point_at(widget: QWidget, position: QPointF) -> None:
    nothing, no_keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    where = widget.mapToGlobal(position)
    QApplication.sendEvent(widget, QMouseEvent(QEvent.Type.MouseMove, position, where, nothing, nothing, no_keys))
