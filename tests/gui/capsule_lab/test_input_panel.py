"""Pad, dials and test digits write the subject, and the picture follows."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.data.placement import Placement
from gui.capsule_lab import input_panel
from gui.capsule_lab.lab import TWO, CapsuleLab
from tests.gui.capsule_lab.conftest import MakeLab, made_up_digits, settle
from tests.helpers.pointer import LEFT, click, drag, press, release

PATIENCE = 20_000


def seen(lab: CapsuleLab) -> NDArray[np.float32]:
    look = lab.viewing.look
    assert look is not None
    return look.picture


def test_drawing_changes_the_picture_while_the_button_is_down(qtbot: QtBot, lab: CapsuleLab) -> None:
    before = seen(lab)
    press(lab.input.pad, (60, 20), (60, 90))
    settle(qtbot, lab)
    line = seen(lab)
    assert not np.array_equal(line, before) and lab.subject.subject.source == "drawn"
    assert lab.subject.subject.label is None
    # As MNIST's: 20 pixels long, upright, with its centre of mass in the middle.
    rows, columns = np.flatnonzero(line.max(axis=1) > 0.5), np.flatnonzero(line.max(axis=0) > 0.5)
    assert 18 <= len(rows) <= 20 and 2 <= len(columns) <= 4
    assert abs((line.sum(axis=1) * np.arange(28)).sum() / line.sum() - 13.5) < 1
    QTest.mouseMove(lab.input.pad, lab.input.pad.rect().center())
    release(lab.input.pad, (60, 90))
    assert lab.input.seen.image.size().width() == 28
    settle(qtbot, lab)
    click(lab.input.clear_button)
    settle(qtbot, lab)
    assert not lab.input.pad.drawing.point_count and lab.subject.subject.source == "drawn"


def test_a_picture_from_elsewhere_clears_the_paper(qtbot: QtBot, lab: CapsuleLab) -> None:
    lab.show_page(TWO)
    settle(qtbot, lab)
    drag(lab.input.pad, (60, 20), (60, 90))
    settle(qtbot, lab)
    drawn = lab.subject.subject
    assert drawn.drawing is not None and lab.input.pad.drawing.point_count
    lab.subject.update(shown=3)
    assert lab.input.pad.drawing.point_count
    lab.two.lay_another_pair()
    settle(qtbot, lab)
    laid = lab.subject.subject
    assert laid.drawing is None and laid.source != drawn.source and not lab.input.pad.drawing.point_count


def test_up_and_down_go_round_the_classes(lab: CapsuleLab) -> None:
    chosen: list[int] = []
    lab.lengths.chosen.disconnect()
    lab.lengths.chosen.connect(chosen.append)
    for shown, key in ((-1, "Up"), (-1, "Down"), (9, "Down"), (0, "Up"), (4, "Up")):
        lab.lengths.set_lengths(None, shown, frozenset())
        QTest.keyClick(lab.lengths, getattr(Qt.Key, f"Key_{key}"))
    assert chosen == [9, 0, 0, 9, 3]


def test_a_drawing_is_not_taken_back_by_test_digits_that_come_late(
    qtbot: QtBot, make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def late() -> input_panel.TestDigits:
        assert gate.wait(20)
        return made_up_digits()

    lab = make_lab()
    lab.demonstration.end()
    settle(qtbot, lab)
    lab.subject.update(picture=np.zeros((28, 28), np.float32), source="")
    settle(qtbot, lab)
    lab.session.ask_engine("test digits", late, lab.input._on_digits)
    drag(lab.input.pad, (40, 20), (60, 80))
    gate.set()
    settle(qtbot, lab)
    assert lab.subject.subject.source == "drawn" and lab.input.pad.drawing.point_count == 2


def test_test_digits_are_chosen_by_their_pictures(qtbot: QtBot, lab: CapsuleLab) -> None:
    drag(lab.input.pad, (40, 20), (60, 80))
    settle(qtbot, lab)
    strip = lab.input.strip
    assert strip.count == 10 and strip.columns == 10
    strip.picture_chosen.emit(6)
    settle(qtbot, lab)
    assert lab.subject.subject.label == 6 and lab.lengths._labels == {6}
    assert not lab.input.pad.drawing.point_count  # the paper is new
    first = lab.input._strip.tolist()
    click(lab.input.others_button)
    assert lab.input._strip.tolist() != first and lab.input.digits is not None
    lab.input.kind.setCurrentIndex(4)
    labels = lab.input.digits.labels[lab.input._strip]
    assert set(labels.tolist()) == {3} and len(set(lab.input._strip.tolist())) == 10


def test_the_wheel_turns_a_dial_only_while_it_has_the_focus(qtbot: QtBot, lab: CapsuleLab) -> None:
    slider = lab.dials.sliders["shear"]

    def turn() -> bool:
        place = QPointF(slider.rect().center())
        event = QWheelEvent(place, slider.mapToGlobal(place), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
                            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
        event.accept()
        slider.wheelEvent(event)
        return event.isAccepted()

    assert not turn() and slider.amount == 0
    assert not slider.focusPolicy() & Qt.FocusPolicy.WheelFocus & ~Qt.FocusPolicy.StrongFocus
    slider.setFocus()
    qtbot.waitUntil(slider.hasFocus)
    assert turn() and slider.amount != 0
    settle(qtbot, lab)


def test_dials_write_the_placement_and_a_double_click_rests_them(qtbot: QtBot, lab: CapsuleLab) -> None:
    straight = seen(lab)
    for field, value, amount in (
        ("rotation", 30, 30.0), ("shear", -20, -0.2), ("scale_x", 120, 1.2), ("scale_y", 80, 0.8), ("shift_x", 6, 1.5),
        ("shift_y", -8, -2.0),
    ):
        slider = lab.dials.sliders[field]
        slider.setValue(value)
        assert getattr(lab.subject.subject.placement, field) == pytest.approx(amount)
        settle(qtbot, lab)
        assert not np.array_equal(seen(lab), straight)
        QTest.mouseDClick(slider, LEFT)
        settle(qtbot, lab)
        assert lab.subject.subject.placement == Placement() and np.array_equal(seen(lab), straight)
    lab.subject.update(placement=Placement(rotation=45.0, shift_x=2.0))
    assert lab.dials.sliders["rotation"].amount == 45 and lab.dials._values["rotation"].text() == "+45°"
    click(lab.dials.reset_button)
    assert lab.subject.subject.placement == Placement() and not lab.dials.reset_button.isEnabled()
    settle(qtbot, lab)
