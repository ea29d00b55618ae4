"""Buttons where there is room, a menu where there is none; the same actions either way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.palette import LIGHT
from gui.widgets.collapsing_bar import CollapsingBar

NAMES = ("Data", "Samples", "Critic")


class Owner(QWidget):
    """A window with a bar and something that takes the focus."""

    def __init__(self, menu_text: str = "Layers") -> None:
        """Three actions."""
        super().__init__()
        self.actions_made = [QAction(name, self) for name in NAMES]
        for action in self.actions_made:
            action.setCheckable(True)
            action.setShortcut(QKeySequence(action.text()[0]))
            action.setToolTip(f"About {action.text()}.")
        self.bar = CollapsingBar(self.actions_made, menu_text, "Choose.", self)
        self.bar.set_theme(LIGHT)
        column = QVBoxLayout(self)
        column.addWidget(self.bar)


@pytest.fixture
def owner(qtbot: QtBot) -> Iterator[Owner]:
    made = Owner()
    qtbot.addWidget(made)
    made.resize(500, 80)
    made.show()
    yield made


def test_narrow_bar_becomes_a_menu_and_back(owner: Owner, qtbot: QtBot) -> None:
    assert not owner.bar.is_collapsed and all(button.isVisible() for button in owner.bar.buttons)
    owner.resize(150, 80)
    qtbot.waitUntil(lambda: owner.bar.is_collapsed)
    assert not any(button.isVisible() for button in owner.bar.buttons)
    assert owner.width() == 150
    assert [action.text() for action in owner.bar.menu_button.menu().actions()] == list(NAMES)
    owner.resize(500, 80)
    qtbot.waitUntil(lambda: not owner.bar.is_collapsed)


def test_hidden_actions_take_no_room(owner: Owner, qtbot: QtBot) -> None:
    owner.resize(190, 80)
    qtbot.waitUntil(lambda: owner.bar.is_collapsed)
    owner.actions_made[1].setVisible(False)
    owner.actions_made[2].setVisible(False)
    assert not owner.bar.is_collapsed
    assert [button.isVisible() for button in owner.bar.buttons] == [True, False, False]


def test_what_stands_at_the_end_takes_room_too(owner: Owner, qtbot: QtBot) -> None:
    end = QLabel("x" * 60)
    owner.bar.add_end(end)
    assert owner.bar.is_collapsed
    qtbot.waitUntil(end.isVisible)


def test_letters_work_while_the_focus_is_inside(owner: Owner) -> None:
    owner.bar.buttons[0].setFocus()
    QTest.keyClick(owner.bar.buttons[0], Qt.Key.Key_S)
    assert [action.isChecked() for action in owner.actions_made] == [False, True, False]


def test_menu_without_a_name_shows_what_is_chosen(qtbot: QtBot) -> None:
    owner = Owner("")
    qtbot.addWidget(owner)
    owner.actions_made[2].setChecked(True)
    owner.bar.set_always_menu(True)
    owner.resize(500, 80)
    owner.show()
    assert owner.bar.is_collapsed and owner.bar.menu_button.text() == "Critic"
    assert owner.bar.width() < 250


def test_each_button_says_what_it_does(owner: Owner) -> None:
    assert [button.toolTip() for button in owner.bar.buttons] == [f"About {name}." for name in NAMES]
    assert [button.accessibleName() for button in owner.bar.buttons] == list(NAMES)
