"""A grid shows each picture in whole pixels, tells which one is meant, and gives pictures away."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT
from gui.widgets.picture_grid import PictureGrid, arrangement
from tests.helpers.pointer import click
from tests.helpers.stage_arrays import digits

SIZES, ROOMS = st.integers(1, 60), st.integers(60, 900)


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[PictureGrid]:
    made = PictureGrid(LIGHT, "Samples")
    qtbot.addWidget(made)
    made.resize(200, 160)
    yield made


def centre(grid: PictureGrid, index: int) -> tuple[int, int]:
    place = grid.cell(index).center().toPoint()
    return place.x(), place.y()


@pytest.mark.parametrize("colour", [False, True])
def test_each_picture_is_in_its_cell(grid: PictureGrid, colour: bool) -> None:
    grid.set_pictures(digits(12, 8, colour))
    shown = grid.grab().toImage()
    greys = [shown.pixelColor(*centre(grid, index)).red() for index in range(12)]
    assert greys == np.linspace(0, 255, 12).astype(np.uint8).tolist()


def test_pixels_are_whole_squares(grid: PictureGrid) -> None:
    checks = np.indices((6, 6)).sum(axis=0)[None] % 2 * np.uint8(255)
    grid.set_pictures(checks.astype(np.uint8))
    cell = grid.cell(0).toRect()
    assert cell.width() == cell.height() == 26 * 6
    image = grid.grab().toImage()
    row = [image.pixelColor(cell.left() + x, cell.top() + 3).red() for x in range(cell.width())]
    assert row == [255 * (x // 26 % 2) for x in range(cell.width())]


@given(st.integers(1, 80), SIZES, SIZES, ROOMS, ROOMS, st.integers(0, 9), st.integers(0, 9))
def test_an_arrangement_fits(
    count: int, width: int, height: int, room_width: int, room_height: int, columns: int, least: int
) -> None:
    size = QSize(width, height)
    chosen, cell, shown = arrangement(count, size, QSize(room_width, room_height), columns, least)
    rows = math.ceil(shown / chosen)
    assert min(least or count, count) <= shown <= count and (not columns or chosen == columns)
    if cell.width() > 1 and cell.height() > 1:
        assert chosen * (cell.width() + 2) - 2 <= room_width
        assert rows * (cell.height() + 2) - 2 <= room_height
    if cell.width() >= width and cell.height() >= height:
        assert cell.width() % width == 0 and cell.width() // width == cell.height() // height


@pytest.mark.parametrize(("count", "room", "expected"), [
    (64, (700, 700), (8, 84, 64)),  # 8 x 8 at 3 times their size
    (1, (100, 100), (1, 84, 1)),
    (64, (200, 200), (8, 23, 64)),  # no room for whole pixels
    (10, (1000, 100), (10, 84, 10)),
])
def test_the_space_is_filled(count: int, room: tuple[int, int], expected: tuple[int, int, int]) -> None:
    columns, cell, shown = arrangement(count, QSize(28, 28), QSize(*room))
    assert (columns, cell.width(), shown) == expected


def test_with_a_least_number_fewer_are_shown_larger() -> None:
    assert arrangement(64, QSize(28, 28), QSize(200, 200), least=4) == (2, QSize(84, 84), 4)


def test_a_click_chooses(grid: PictureGrid, qtbot: QtBot) -> None:
    grid.set_pictures(digits(12))
    with qtbot.waitSignal(grid.picture_chosen) as told:
        click(grid, centre(grid, 7))
    assert told.args == [7]


def test_the_keyboard_moves_a_mark_and_chooses(grid: PictureGrid) -> None:
    grid.set_pictures(digits(12), columns=4)
    chosen: list[int] = []
    grid.picture_chosen.connect(chosen.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_End,
                Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Home, Qt.Key.Key_Up, Qt.Key.Key_Return):
        QTest.keyClick(grid, key)
    assert chosen == [5, 11, 0]


def test_the_mouse_marks_and_magnifies(grid: PictureGrid) -> None:
    grid.resize(200, 220)
    grid.set_pictures(digits(60, 4))
    grid.show()
    plain = grid.grab().toImage()
    QTest.mouseMove(grid, QPoint(*centre(grid, 33)))
    assert grid.marked == 33 and grid.toolTip() == "Picture 33"
    assert grid.grab().toImage() != plain
    grid.leaveEvent(QEvent(QEvent.Type.Leave))
    assert grid.marked == -1 and grid.grab().toImage() == plain


def test_where_the_magnifier_has_no_room_the_tooltip_has_the_picture(grid: PictureGrid) -> None:
    grid.setMinimumHeight(0)
    grid.resize(300, 30)
    grid.set_pictures(digits(10, 28), columns=10)
    grid.show()
    plain = grid.grab().toImage()
    QTest.mouseMove(grid, QPoint(*centre(grid, 2)))
    framed, ratio = grid.grab().toImage(), grid.devicePixelRatioF()
    assert framed != plain and "data:image/png" in grid.toolTip() and "Picture 2" in grid.toolTip()
    beyond = math.ceil(grid.cell(3).left() * ratio) + 2
    rest = QRect(beyond, 0, framed.width() - beyond, framed.height())
    assert framed.copy(rest) == plain.copy(rest)


def test_rows_stand_side_by_side_where_that_makes_pictures_larger(grid: PictureGrid) -> None:
    grid.resize(700, 250)
    grid.show()
    grid.set_pictures(digits(16 * 11, 28), columns=11)
    assert grid.columns == 22 and grid.cell(0).width() * grid.devicePixelRatioF() == 28
    apart = grid.cell(11).left() - grid.cell(10).right()
    assert apart > grid.cell(10).left() - grid.cell(9).right()
    assert [grid.index_at(grid.cell(index).center()) for index in range(176)] == list(range(176))
    assert grid.index_at(grid.cell(10).center() + QPointF(grid.cell(10).width() / 2 + apart / 2, 0)) == -1
    right = grid.cell(175).right()
    assert right <= grid.width() and abs(grid.cell(0).left() - (grid.width() - right)) <= 1
    assert grid.sheet().width() == 22 * 30 + 14 + 2
    grid.resize(330, 500)
    assert grid.columns == 11


def test_what_is_chosen_stays_when_new_pictures_of_the_kind_come(grid: PictureGrid) -> None:
    grid.set_pictures(digits(12))
    grid.show()
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_End)
    assert grid._cursor == 11
    grid.set_pictures(255 - digits(12))
    assert grid._cursor == 11
    grid.set_pictures(digits(3))
    assert grid._cursor == 2


def test_a_picture_or_all_can_be_taken_away(grid: PictureGrid) -> None:
    grid.set_pictures(digits(12), columns=4)
    asked: list[tuple[QImage, str]] = []
    grid.save_requested.connect(lambda picture, name: asked.append((picture, name)))
    for action in grid.take_menu(11).actions():
        action.trigger()
    (one, one_name), (all_of_them, name) = asked
    assert (one.size(), one.pixelColor(0, 0).red(), one_name) == (QSize(32, 32), 255, "samples-11.png")
    cell = grid.cell(0).width()
    assert (all_of_them.width(), name) == (4 * (cell + 2) + 2, "samples.png")
    assert all_of_them.pixelColor(round(3.5 * (cell + 2)), round(2.5 * (cell + 2))).red() == 255
    assert QGuiApplication.clipboard().image().size() == all_of_them.size()


def test_the_keyboard_copies_what_is_marked(grid: PictureGrid) -> None:
    grid.set_pictures(digits(12))
    QTest.keyClick(grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().image().size() == grid.sheet().size()


def test_the_context_menu_opens_and_goes(grid: PictureGrid, qtbot: QtBot) -> None:
    grid.show()
    place = QPoint(100, 80)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, grid.mapToGlobal(place))
    grid.contextMenuEvent(event)
    assert QGuiApplication.focusWindow() is None or not grid.count
    grid.set_pictures(digits(12))
    grid.contextMenuEvent(event)
    menu = grid.findChildren(type(grid.take_menu(-1)))[0]
    qtbot.waitUntil(menu.isVisible)
    assert len(menu.actions()) == 5
    menu.close()


def test_empty_grid_says_what_will_come(grid: PictureGrid) -> None:
    empty = grid.grab().toImage()
    grid.set_pictures(digits(12))
    grid.set_theme(DARK)
    grid.clear()
    grid.resize(100, 90)
    assert grid.count == 0 and grid.index_at(grid.rect().center().toPointF()) == -1
    grid.set_theme(LIGHT)
    grid.resize(200, 160)
    assert grid.grab().toImage() == empty
    assert grid.picture(0).isNull()
