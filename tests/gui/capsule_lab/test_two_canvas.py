"""Boxes lie where the digits do, follow the hand and the keys, and never leave the ground."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.capsules.overlap import BOX
from gui.capsule_lab.two_canvas import FIRST, REACH, SECOND, Place, TwoCanvas, held, held_both
from gui.palette import DARK, LIGHT, Theme
from tests.helpers.pointer import click, drag, press, release

SIDE = 36
places_of_boxes = st.tuples(st.floats(-15, 15), st.floats(-15, 15))


@pytest.fixture
def canvas(qtbot: QtBot) -> TwoCanvas:
    """A ground of ten screen pixels to each of its own; it is told of moves as the page tells it."""
    made = TwoCanvas(LIGHT)
    qtbot.addWidget(made)
    made.resize(380, SIDE * 10 + 2)
    ground = np.zeros((SIDE, SIDE), np.float32)
    ground[4:8, 10:12] = 1
    made.show_ground(ground)
    places: list[Place] = [(-4.0, 0.0), (4.0, 2.0)]
    made.set_places((places[0], places[1]))

    def on_moved(which: int, place: Place) -> None:
        places[which] = place
        made.set_places((places[0], places[1]))

    made.moved.connect(on_moved)
    return made


def middle(canvas: TwoCanvas, which: int) -> tuple[int, int]:
    place = canvas.box(which).center().toPoint()
    return place.x(), place.y()


def test_boxes_lie_around_the_digits(canvas: TwoCanvas) -> None:
    assert canvas.area == QRectF(10, 1, 360, 360)
    # The middle of the ground is at (190, 181); a pixel of it is 10 wide.
    assert canvas.box(0) == QRectF(190 - 40 - 100, 181 - 100, 200, 200)
    assert canvas.box(1) == QRectF(190 + 40 - 100, 181 + 20 - 100, 200, 200)
    image = canvas.grab().toImage()
    assert image.pixelColor(10 + 105, 1 + 45).name() == "#ffffff"  # column 10, row 4
    assert image.pixelColor(10 + 125, 1 + 45).name() == image.pixelColor(10 + 105, 1 + 85).name() == "#000000"


def test_the_nearer_box_is_dragged(qtbot: QtBot, canvas: TwoCanvas) -> None:
    x, y = middle(canvas, 0)
    with qtbot.waitSignal(canvas.moved) as moved:
        drag(canvas, (x - 30, y), (x - 30 + 25, y - 40))
    which, place = moved.args
    assert which == canvas.grip == 0 and place == pytest.approx((-1.5, -4.0))
    assert canvas.box(0).center() == QPointF(x + 25, y - 40)
    x, y = middle(canvas, 1)
    with qtbot.waitSignal(canvas.moved) as moved:
        drag(canvas, (x + 40, y + 40), (x + 50, y + 40))
    which, place = moved.args
    assert which == canvas.grip == 1 and place == pytest.approx((5.0, 2.0))


def test_a_dragged_box_stays_on_the_ground_and_comes_back(canvas: TwoCanvas) -> None:
    moves: list[Place] = []
    canvas.moved.connect(lambda _which, place: moves.append(place))
    x, y = middle(canvas, 1)
    press(canvas, (x, y), (x + 2000, y - 3000), (x, y), (x - 2000, y))
    assert moves == [(8, -8), (4, 2), (-8, 2)]
    release(canvas, (x, y))
    assert canvas.area.contains(canvas.box(1))
    QTest.mouseMove(canvas, canvas.rect().center())
    assert len(moves) == 3


def test_keys_move_the_solid_box_and_change_it(canvas: TwoCanvas) -> None:
    moves: list[tuple[int, Place]] = []
    canvas.moved.connect(lambda which, place: moves.append((which, place)))
    assert canvas.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert canvas.accessibleName()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Q):
        QTest.keyClick(canvas, key)
    assert moves == [(1, (3, 2)), (1, (3, 3)), (0, (-3, 0)), (0, (-3, -1))]
    assert canvas.accessibleDescription() == "digit 1 at -3, -1, digit 2 at 3, 3"
    for _ in range(20):
        QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.area.contains(canvas.box(0))
    assert canvas._places[0] == (-3, -8)


def test_the_box_that_the_keys_move_is_told_by_its_line(canvas: TwoCanvas) -> None:
    def drawn(which: int) -> int:
        """How much of the upper edge of a box is inked."""
        image, box = canvas.grab().toImage(), canvas.box(which)
        row = round(box.top())
        return sum(image.pixelColor(x, row).blue() > 40 for x in range(round(box.left()) + 5, round(box.right()) - 5))

    first, second = drawn(0), drawn(1)
    assert second > 1.5 * first > 0
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    assert drawn(0) > 1.5 * drawn(1) > 0


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_each_box_has_the_colour_and_the_number_of_its_digit(canvas: TwoCanvas, theme: Theme) -> None:
    canvas.set_theme(theme)
    for grip in (1, 0):
        image = canvas.grab().toImage()
        assert canvas.grip == grip
        for which, colour in ((0, FIRST), (1, SECOND)):
            box = canvas.box(which)
            row = [image.pixelColor(x, round(box.top())).name() for x in range(round(box.left()), round(box.right()))]
            other = SECOND if colour == FIRST else FIRST  # whose box is crossed
            assert row.count(colour) > 30 and row.count(other) <= 2
            corner = box.toRect().adjusted(3, 3, -185, -180) if which == 0 else box.toRect().adjusted(185, 180, -3, -3)
            number = image.copy(corner)
            assert any(
                number.pixelColor(x, y).value() > 100 for x in range(number.width()) for y in range(number.height())
            )
        QTest.keyClick(canvas, Qt.Key.Key_Space)


def test_without_a_ground_nothing_is_taken(qtbot: QtBot) -> None:
    canvas = TwoCanvas(LIGHT)
    qtbot.addWidget(canvas)
    canvas.resize(240, 240)
    with qtbot.assertNotEmitted(canvas.moved):
        drag(canvas, (100, 100), (120, 120))
        QTest.mouseClick(canvas, Qt.MouseButton.RightButton)
    canvas.grab()


def test_a_right_click_moves_nothing(qtbot: QtBot, canvas: TwoCanvas) -> None:
    with qtbot.assertNotEmitted(canvas.moved):
        QTest.mousePress(canvas, Qt.MouseButton.RightButton, pos=canvas.box(0).center().toPoint())
        QTest.mouseMove(canvas, canvas.box(1).center().toPoint())
        QTest.mouseRelease(canvas, Qt.MouseButton.RightButton)
        click(canvas, middle(canvas, 0))
    assert canvas.grip == 0


def test_both_themes(canvas: TwoCanvas) -> None:
    light = canvas.grab().toImage()
    canvas.set_theme(DARK)
    dark = canvas.grab().toImage()
    assert dark != light
    inside = canvas.area.toRect().adjusted(2, 2, -2, -2)
    assert dark.copy(inside) == light.copy(inside)  # digits are bright on black in both


@given(places_of_boxes, places_of_boxes)
def test_a_pair_on_the_ground_keeps_its_distance(first: Place, second: Place) -> None:
    for x, y in (held(*first), held(*second)):
        assert abs(x) <= REACH and abs(y) <= REACH
    made = held_both(first, second)
    for axis in (0, 1):
        off = second[axis] - first[axis]
        assert made[1][axis] - made[0][axis] == pytest.approx(off, abs=1e-9)
        if abs(off) <= SIDE - BOX:
            assert all(abs(place[axis]) <= REACH + 1e-9 for place in made)
        if max(abs(first[axis]), abs(second[axis])) <= REACH:
            assert (made[0][axis], made[1][axis]) == (first[axis], second[axis])
