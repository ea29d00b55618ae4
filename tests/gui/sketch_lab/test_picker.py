"""Picking one drawing of many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QWidget
from pytestqt.qtbot import QtBot

from engine.sketch.strokes import Drawing, make_drawing
from gui.sketch_lab.picker import DrawingPicker

DRAWINGS = [
    make_drawing([[[0, 0], [100, 50]]], "dash"),
    make_drawing([[[7, 7]]]),
    make_drawing([[[0, 0], [0, 1e6]], [[5, 5], [6, 6]]]),
]


@pytest.fixture
def picker(qtbot: QtBot) -> Iterator[DrawingPicker]:
    window = QWidget()
    qtbot.addWidget(window)
    made = DrawingPicker(DRAWINGS, "many.ndjson", window)
    with qtbot.waitExposed(made):
        made.show()
    yield made


@pytest.fixture
def picked(picker: DrawingPicker) -> list[Drawing]:
    heard: list[Drawing] = []
    picker.picked.connect(heard.append)
    return heard


def test_every_drawing_has_a_picture_and_a_name(picker: DrawingPicker) -> None:
    items = [picker.sheet.item(row) for row in range(picker.sheet.count())]
    assert [item.text() for item in items] == ["dash", "2", "3"]
    pictures = [item.icon().pixmap(96, 96).toImage() for item in items]
    for image in pictures:
        assert any(image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(image.height()))
    assert pictures[0] != pictures[2]
    assert picker.windowTitle() == "Drawings in many.ndjson"


def test_enter_picks_once(picker: DrawingPicker, picked: list[Drawing]) -> None:
    picker.sheet.setFocus()
    picker.sheet.setCurrentRow(2)
    QTest.keyClick(picker.sheet, Qt.Key.Key_Return)
    assert picked == [DRAWINGS[2]] and not picker.isVisible()


def test_a_double_click_picks_once(picker: DrawingPicker, picked: list[Drawing]) -> None:
    place = picker.sheet.visualItemRect(picker.sheet.item(1)).center()
    QTest.mouseClick(picker.sheet.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(picker.sheet.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert picked == [DRAWINGS[1]]


def test_the_button_picks_what_is_current_the_first_one_at_the_start(
    picker: DrawingPicker, picked: list[Drawing]
) -> None:
    box = picker.findChild(QDialogButtonBox)
    assert isinstance(box, QDialogButtonBox)
    box.button(QDialogButtonBox.StandardButton.Open).click()
    assert picked == [DRAWINGS[0]]


def test_escape_picks_nothing(picker: DrawingPicker, picked: list[Drawing]) -> None:
    QTest.keyClick(picker, Qt.Key.Key_Escape)
    assert picked == [] and not picker.isVisible()


def test_a_picker_that_is_closed_is_gone(qtbot: QtBot, picker: DrawingPicker) -> None:
    with qtbot.waitSignal(picker.destroyed):
        picker.reject()
