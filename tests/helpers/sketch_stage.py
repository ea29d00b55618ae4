"""What a person does on the Sketch lab's stage, for tests with a stand-in session."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from gui.messages import Messages
from gui.sketch_lab.lab import SketchLab
from tests.helpers.pointer import drag

MakeLab = Callable[[], SketchLab]


def settle(qtbot: QtBot, made: SketchLab) -> None:
    """Wait until everything that was begun is on screen."""
    qtbot.waitUntil(made.is_settled)


def draw(made: SketchLab, *places: tuple[int, int]) -> None:
    """Draw one stroke through these places of the canvas."""
    drag(made.canvas, *(places or ((60, 60), (160, 60), (160, 120))))


def drawn(qtbot: QtBot, made: SketchLab) -> SketchLab:
    """Draw a stroke and wait for its endings."""
    draw(made)
    settle(qtbot, made)
    assert made.finisher.growth is not None
    return made


def choose_class(made: SketchLab, name: str) -> None:
    """Choose a class in the menu."""
    index = made.controls.category.findText(name)
    assert index > 0
    made.controls.category.setCurrentIndex(index)


def models_of(made: SketchLab) -> list[str]:
    """The models in the menu."""
    return [made.controls.models.itemText(index) for index in range(made.controls.models.count())]


def has_endings(made: SketchLab) -> bool:
    """Whether endings are shown in the gallery."""
    return made.finisher.growth is not None and made.gallery.growth is made.finisher.growth


def lists(made: SketchLab) -> list[list[list[float]]]:
    """The strokes of the drawing."""
    return [stroke.tolist() for stroke in made.document.strokes]


def ghost_box(made: SketchLab) -> QRectF:
    """Where the ghost ink is, in canvas units."""
    return made.canvas._ghost.box


def reaches(made: SketchLab, left: float, right: float) -> bool:
    """Whether the ghost goes from `left` to `right`, give or take the width of the pen."""
    box = ghost_box(made)
    return abs(box.left() - left) < 5 and abs(box.right() - right) < 5


def said(messages: Messages) -> list[tuple[str, str]]:
    """What the person was told."""
    return [(message.level, message.text) for message in messages.history]
