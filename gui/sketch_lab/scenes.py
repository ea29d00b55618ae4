"""States of the Sketch lab that are worth a picture in the documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from engine.sketch.strokes import Points
from gui.sketch_lab.first_start import paper_of

if TYPE_CHECKING:
    from gui.sketch_lab.lab import SketchLab

_CATEGORY = "bicycle"
_MARKED = 4


def scenes_of(lab: SketchLab) -> dict[str, Callable[[], None]]:
    """What brings the lab into each state, by the state's name."""

    def first_start() -> None:
        """As on a new machine: a drawing begins by itself."""

    def endings() -> None:
        lab.model.update(category=_CATEGORY)
        paper = paper_of(lab.canvas)
        lab.document.clear()
        lab.document.add_strokes([stroke * paper.size + (paper.left, paper.top) for stroke in _two_wheels()], "stroke")

    def one_ending() -> None:
        _point_at(lab.gallery, lab.gallery.cells[_MARKED].center())

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


def _two_wheels() -> tuple[Points, ...]:
    turn = np.linspace(0, 2 * np.pi, 40)
    return tuple(
        np.stack([x + 0.16 * np.cos(turn), 0.66 + 0.16 * np.sin(turn)], axis=1).astype(np.float32) for x in (0.2, 0.8)
    )
