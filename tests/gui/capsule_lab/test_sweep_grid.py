"""Each picture is in its cell, cells tell which they are, and the sheet has the words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from gui.capsule_lab.sweep_grid import SweepGrid
from gui.palette import DARK, LIGHT
from tests.helpers.pointer import click

ROWS, COLUMNS, SIDE = 3, 4, 10


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[SweepGrid]:
    made = SweepGrid(LIGHT, "Figure", lambda row, column: f"row {row}, column {column}")
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.set_shape(ROWS, COLUMNS, SIDE)
    yield made


def fill(grid: SweepGrid) -> None:
    for row in range(ROWS):
        greys = np.array([10 + 60 * row + 15 * column for column in range(COLUMNS)], np.uint8)
        grid.set_row(row, np.broadcast_to(greys[:, None, None], (COLUMNS, SIDE, SIDE)))


def middle(grid: SweepGrid, row: int, column: int) -> tuple[int, int]:
    place = grid.cell(row, column).center().toPoint()
    return place.x(), place.y()


def test_each_picture_is_in_its_cell(grid: SweepGrid) -> None:
    grid.set_words(["slant", "2", "a very long name of a dimension"], ["a", "", "", "d"])
    fill(grid)
    shown = grid.grab().toImage()
    for row in range(ROWS):
        for column in range(COLUMNS):
            assert shown.pixelColor(*middle(grid, row, column)).red() == 10 + 60 * row + 15 * column
            assert grid.cell_at(grid.cell(row, column).center()) == (row, column)
    assert grid.cell_at(grid.cell(0, 0).topLeft() - QPoint(3, 0)) == (-1, -1)


def test_the_same_shape_keeps_the_pictures_and_another_does_not(grid: SweepGrid) -> None:
    fill(grid)
    grid.set_shape(ROWS, COLUMNS, SIDE)
    assert grid.image.pixelColor(5, 5).red() == 10
    grid.set_shape(ROWS, COLUMNS, SIDE + 1)
    assert grid.image.pixelColor(5, 5).red() == 0 and grid.image.width() == COLUMNS * (SIDE + 1)


def test_a_click_chooses_a_cell(qtbot: QtBot, grid: SweepGrid) -> None:
    with qtbot.waitSignal(grid.cell_chosen) as chosen:
        click(grid, middle(grid, 1, 2))
    assert chosen.args == [1, 2]


def test_keys_go_to_rows_and_cells(qtbot: QtBot, grid: SweepGrid) -> None:
    cells: list[tuple[int, int]] = []
    rows: list[int] = []
    grid.cell_chosen.connect(lambda row, column: cells.append((row, column)))
    grid.row_chosen.connect(rows.append)
    grid.set_marks([1, 3, -1], 1)
    assert grid.accessibleDescription() == "row 1, column 3"
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
        QTest.keyClick(grid, key)
    assert cells == [(1, 2)] and rows == [0, 2]


def test_marks_frame_their_cells(grid: SweepGrid) -> None:
    fill(grid)
    grid.set_marks([-1, 2, -1], 0)
    grid.set_theme(DARK)
    frame = grid.cell(1, 2)
    shown = grid.grab().toImage()
    assert shown.pixelColor(round(frame.left()) + 1, round(frame.center().y())).name() == DARK.accent
    other = grid.cell(2, 2)
    assert shown.pixelColor(round(other.left()) + 1, round(other.center().y())).name() != DARK.accent


def test_the_mouse_tells_which_cell_it_is_on(qtbot: QtBot, grid: SweepGrid) -> None:
    seen: list[tuple[int, int]] = []
    grid.hovered.connect(lambda row, column: seen.append((row, column)))
    grid.show()
    QTest.mouseMove(grid, QPoint(*middle(grid, 2, 1)))
    assert seen == [(2, 1)] and grid.hover == (2, 1)
    place = QPoint(*middle(grid, 2, 1))
    grid.event(QHelpEvent(QEvent.Type.ToolTip, place, grid.mapToGlobal(place)))
    assert QToolTip.text() == "row 2, column 1"
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())
    grid.leaveEvent(QEvent(QEvent.Type.Leave))
    assert seen[-1] == (-1, -1)


def test_the_sheet_has_words_and_pictures(grid: SweepGrid) -> None:
    fill(grid)
    plain = grid.sheet()
    grid.set_words(["slant", "width", "3"], ["−.25", "", "", ".25"])
    sheet = grid.sheet()
    assert sheet.width() > plain.width() and sheet.height() > plain.height()
    left, top = sheet.width() - COLUMNS * SIDE * 2 - 4, sheet.height() - ROWS * SIDE * 2 - 4
    assert sheet.pixelColor(left + 3 * 20 + 10, top + 2 * 20 + 10).red() == 10 + 120 + 45
    words = {sheet.pixelColor(x, top + 10).name() for x in range(left)}
    assert len(words) > 1
