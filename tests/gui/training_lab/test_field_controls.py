"""Numbers of any size: what a slider's position means, what can be typed, and what an arrow key does."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.training_lab.field_controls import SCALES, NumberBox, Scale


@pytest.mark.parametrize("scale", SCALES.values())
def test_a_scale_goes_from_end_to_end_and_its_positions_come_back(scale: Scale) -> None:
    values = [scale.value(position) for position in range(201)]
    assert values == sorted(values)
    assert values[0] == (0.0 if scale.zero else scale.low) and values[-1] == scale.high
    assert scale.position(values[0]) == 0 and scale.position(values[-1]) == 200
    assert scale.position(scale.high * 10) == 200


@given(value=st.floats(1e-6, 0.1))
def test_a_learning_rate_is_within_a_slider_step_of_its_position(value: float) -> None:
    scale = SCALES["critic_rate"]
    found = scale.value(max(scale.position(value), 1))
    assert abs(math.log10(found / value)) < 0.06


@pytest.fixture
def box(qtbot: QtBot) -> NumberBox:
    made = NumberBox(0.0, 1.0)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(("text", "value"), [("2e-4", 2e-4), ("0,5", 0.5), (".25", 0.25), ("7", 0.3), ("-1", 0.3)])
def test_what_is_typed(box: NumberBox, text: str, value: float) -> None:
    box.setValue(0.3)
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == value


def test_letters_cannot_be_typed_and_small_numbers_are_written_short(box: NumberBox) -> None:
    box.setValue(1.5e-5)
    assert box.text() == "1.5e-05"
    QTest.keyClicks(box, "xyz")
    assert box.value() == 1.5e-5


def test_ten_arrow_keys_are_a_factor_of_ten_and_zero_can_be_left(box: NumberBox) -> None:
    box.setValue(0.001)
    box.stepBy(10)
    assert box.value() == 0.01
    box.stepBy(-10)
    assert box.value() == 0.001
    box.setValue(0.0)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.value() == 0.0
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.value() == 1e-6
    box.setValue(1.0)
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.value() == 1.0
