"""Sliders by mouse and keyboard: what they say, and where they put their handles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from gui.capsule_lab.bend_sliders import LARGE_STEP, STEP, BendSliders
from gui.capsule_lab.slider_rows import LOCK, NAME, RESET, TRACK, Numbers
from gui.palette import DARK, LIGHT
from tests.helpers.pointer import LEFT, NO_KEY, click, press, release

COUNT = 16
UNBENT = np.linspace(-0.3, 0.3, COUNT).astype(np.float32)
BENT = UNBENT + np.where(np.arange(COUNT) == 2, np.float32(0.1), np.float32(0))
TYPICAL = np.stack([UNBENT - 0.1, UNBENT, UNBENT + 0.12], axis=1).astype(np.float32)


@pytest.fixture
def sliders(qtbot: QtBot) -> Iterator[BendSliders]:
    made = BendSliders(LIGHT)
    qtbot.addWidget(made)
    made.resize(480, 400)
    made.set_numbers(Numbers(UNBENT, BENT, UNBENT - 0.25, UNBENT + 0.25, TYPICAL, frozenset({5})))
    made.set_names({3: "slant"}, "v₇")
    made.show()
    yield made
    made.hide()


def place(sliders: BendSliders, row: int, part: str, share: float = 0.5) -> tuple[int, int]:
    box = sliders.box(row, part) if part != TRACK else sliders.row_layout.groove(row)
    return round(box.left() + share * box.width()), round(box.center().y())


def double_click(sliders: BendSliders, at: tuple[int, int]) -> None:
    point = QPointF(*at)
    event = QMouseEvent(QEvent.Type.MouseButtonDblClick, point, sliders.mapToGlobal(point), LEFT, LEFT, NO_KEY)
    sliders.mouseDoubleClickEvent(event)


def test_a_drag_bends_within_the_track(qtbot: QtBot, sliders: BendSliders) -> None:
    moves: list[tuple[int, float]] = []
    sliders.moved.connect(lambda row, value: moves.append((row, value)))
    with qtbot.waitSignal(sliders.dimension_chosen) as chosen:
        press(sliders, place(sliders, 9, TRACK, 0.75), place(sliders, 9, TRACK, 1.0))
    assert chosen.args == [9] and sliders.chosen == 9
    QTest.mouseMove(sliders, QPoint(2, 2))  # beyond the end, and over another row
    release(sliders, (2, 2))
    assert [row for row, _value in moves] == [9, 9, 9]
    offsets = [value - UNBENT[9] for _row, value in moves]
    assert offsets[0] == pytest.approx(0.125, abs=0.004) and offsets[1] == pytest.approx(0.25, abs=0.004)
    assert offsets[2] == pytest.approx(-0.25, abs=0.001)
    QTest.mouseMove(sliders, QPoint(*place(sliders, 9, TRACK)))
    assert len(moves) == 3


def test_the_handle_is_where_the_value_is(sliders: BendSliders) -> None:
    layout, numbers = sliders.row_layout, sliders.numbers
    assert numbers is not None
    groove = layout.groove(2)
    assert layout.place_of(2, float(BENT[2]), numbers) == pytest.approx(groove.left() + 0.7 * groove.width())
    assert layout.place_of(2, 5.0, numbers) == pytest.approx(groove.right())
    shown = sliders.grab().toImage()
    x, y = round(layout.place_of(2, float(UNBENT[2]) + 0.05, numbers)), round(groove.center().y())
    assert shown.pixelColor(x, y).name() == LIGHT.accent  # the bar between the capsule and the bent one
    assert shown.pixelColor(round(layout.place_of(2, float(UNBENT[2]) - 0.2, numbers)), y).name() != LIGHT.accent


def test_keys_choose_bend_lock_and_reset(sliders: BendSliders) -> None:
    moves: list[tuple[int, float]] = []
    others: list[tuple[str, int]] = []
    sliders.moved.connect(lambda row, value: moves.append((row, value)))
    sliders.lock_toggled.connect(lambda row: others.append(("lock", row)))
    sliders.reset_requested.connect(lambda row: others.append(("reset", row)))
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_L, Qt.Key.Key_Delete):
        QTest.keyClick(sliders, key)
    QTest.keyClick(sliders, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert [row for row, _value in moves] == [2, 2] and others == [("lock", 2), ("reset", 2)]
    assert moves[0][1] == pytest.approx(BENT[2] + STEP) and moves[1][1] == pytest.approx(BENT[2] - LARGE_STEP)
    QTest.keyClick(sliders, Qt.Key.Key_End)
    QTest.keyClick(sliders, Qt.Key.Key_Down)
    assert sliders.chosen == COUNT - 1


def test_locks_and_resets_can_be_clicked(qtbot: QtBot, sliders: BendSliders) -> None:
    with qtbot.waitSignal(sliders.lock_toggled) as locked:
        click(sliders, place(sliders, 5, LOCK))
    with qtbot.waitSignal(sliders.reset_requested) as reset:
        click(sliders, place(sliders, 2, RESET))
    assert locked.args == [5] and reset.args == [2]
    with qtbot.waitSignal(sliders.reset_requested) as reset:
        double_click(sliders, place(sliders, 7, TRACK))
    assert reset.args == [7]


def test_a_name_is_typed_in_place(sliders: BendSliders) -> None:
    named: list[tuple[int, str]] = []
    sliders.named.connect(lambda row, name: named.append((row, name)))
    click(sliders, place(sliders, 3, NAME))
    double_click(sliders, place(sliders, 3, NAME))
    assert sliders.editor.isVisible() and sliders.editor.text() == "slant"
    QTest.keyClicks(sliders.editor, "tilt")
    QTest.keyClick(sliders.editor, Qt.Key.Key_Return)
    assert named == [(3, "tilt")] and not sliders.editor.isVisible()


def test_escape_and_another_class_leave_the_names_alone(sliders: BendSliders) -> None:
    named: list[tuple[int, str]] = []
    sliders.named.connect(lambda row, name: named.append((row, name)))
    QTest.keyClick(sliders, Qt.Key.Key_F2)
    QTest.keyClicks(sliders.editor, "tilt")
    QTest.keyClick(sliders.editor, Qt.Key.Key_Escape)
    assert not sliders.editor.isVisible()
    sliders.edit_name(4)
    sliders.set_names({}, "v₃")
    assert named == [] and not sliders.editor.isVisible()


def test_it_says_what_it_shows(qtbot: QtBot, sliders: BendSliders) -> None:
    sliders.set_chosen(5)
    assert "Number 6 of v₇" in sliders.accessibleDescription() and "locked" in sliders.accessibleDescription()
    at = QPoint(*place(sliders, 3, TRACK))
    sliders.event(QHelpEvent(QEvent.Type.ToolTip, at, sliders.mapToGlobal(at)))
    assert "(slant)" in QToolTip.text() and "percentile" in QToolTip.text() and "v_j" in QToolTip.text()
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_another_theme_and_no_capsule(sliders: BendSliders) -> None:
    sliders.set_theme(DARK)
    assert sliders.grab().toImage().pixelColor(240, 396).name() == DARK.window
    sliders.set_numbers(None)
    shown = sliders.grab().toImage()
    assert {shown.pixelColor(x, 100).name() for x in range(20, 460)} == {DARK.window}
    QTest.keyClick(sliders, Qt.Key.Key_Right)
    click(sliders, (240, 100))
