"""The lights: words, a shape for each level, advice behind a click, and rows that stay when the figures move."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.gan.health import Symptom
from gui.palette import DARK, LIGHT
from gui.training_lab.health_panel import WELL, HealthPanel, Light

LOST = Symptom("modes lost", "bad", "The samples cover 3 of 8 modes.", "Rewind.")
AHEAD = Symptom("critic ahead", "watch", "Right in 99% of cases.", "Lower its rate.")
MMD = Symptom("MMD below zero", "good", "That is no error.", "Nothing to do.")


@pytest.fixture
def panel(qtbot: QtBot) -> HealthPanel:
    made = HealthPanel(LIGHT)
    qtbot.addWidget(made)
    made.show()
    return made


def test_without_symptoms_all_is_well(panel: HealthPanel) -> None:
    assert panel.accessibleDescription() == WELL
    assert panel.level == "good"
    panel.show_symptoms([LOST])
    assert panel.accessibleDescription() == "modes lost (wrong)"
    assert [panel.level] == ["bad"]
    panel.show_symptoms([])
    assert panel.accessibleDescription() == WELL and panel.rows == []


def test_rows_stand_in_order_and_stay_open_when_the_figures_move(panel: HealthPanel, qtbot: QtBot) -> None:
    panel.show_symptoms([LOST, AHEAD, MMD])
    assert [row.button.text() for row in panel.rows] == ["Modes lost", "Critic ahead", "MMD below zero"]
    lost, ahead, mmd = panel.rows
    QTest.mouseClick(ahead.button, Qt.MouseButton.LeftButton)
    newer = Symptom("critic ahead", "watch", "Right in 98% of cases.", "Lower its rate.")
    panel.show_symptoms([newer, MMD])
    assert panel.rows == [ahead, mmd] and panel.level == "watch"
    assert ahead.advice == "To try: Lower its rate." and "98%" in ahead.button.accessibleDescription()
    panel.show_symptoms([LOST, newer, MMD])
    assert panel.rows[0] is not lost and panel.rows[1:] == [ahead, mmd]
    qtbot.waitUntil(lambda: panel.rows[0].y() < ahead.y() < mmd.y())


def test_advice_comes_by_keyboard_and_goes_again(panel: HealthPanel) -> None:
    panel.show_symptoms([MMD])
    row = panel.rows[0]
    assert row.advice == ""
    QTest.keyClick(row.button, Qt.Key.Key_Space)
    assert row.advice == "Nothing to do."
    QTest.keyClick(row.button, Qt.Key.Key_Space)
    assert row.advice == ""


def test_levels_differ_in_shape_not_only_in_colour(qtbot: QtBot) -> None:
    shapes = []
    for level in ("good", "watch", "bad"):
        light = Light(level, LIGHT)
        qtbot.addWidget(light)
        image = light.grab().toImage()
        ground = image.pixelColor(0, 0)
        shapes.append(tuple(image.pixelColor(x, y) != ground for x in range(20) for y in range(20)))
    assert len(set(shapes)) == 3


def test_the_theme_reaches_every_light(panel: HealthPanel) -> None:
    panel.show_symptoms([LOST])
    panel.set_theme(DARK)
    image = panel.rows[0].light.grab().toImage()
    assert image.pixelColor(4, 10) == QColor(DARK.danger)


def test_rows_stand_close_at_the_top_however_much_room_there_is(panel: HealthPanel, qtbot: QtBot) -> None:
    panel.resize(500, 600)
    panel.show_symptoms([LOST, MMD])
    first, second = panel.rows
    qtbot.waitUntil(lambda: second.y() > first.y())
    assert second.geometry().bottom() < 200
