"""Cards and their rows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from gui.widgets.card import Card, labelled


def test_a_card_shows_its_title_and_what_was_added(qtbot: QtBot) -> None:
    card = Card("Sampling")
    qtbot.addWidget(card)
    inside = QLabel("inside")
    card.add(inside)
    card.add(QHBoxLayout())
    card.show()
    assert inside.isVisible()
    assert "Sampling" in [label.text() for label in card.findChildren(QLabel)]
    assert card.accessibleName() == "Sampling"


def test_a_collapsible_card_folds_by_keyboard(qtbot: QtBot) -> None:
    card = Card("More", collapsible=True)
    qtbot.addWidget(card)
    inside = QLabel("inside")
    card.add(inside)
    card.show()
    states: list[tuple[bool, bool]] = []
    card.collapsed_changed.connect(lambda collapsed: states.append((collapsed, inside.isVisible())))
    header = card.findChild(QToolButton)
    assert header is not None
    QTest.keyClick(header, Qt.Key.Key_Space)
    QTest.keyClick(header, Qt.Key.Key_Space)
    assert states == [(True, False), (False, True)]
    assert not card.collapsed


def test_a_plain_card_cannot_be_folded(qtbot: QtBot) -> None:
    card = Card("Plain")
    qtbot.addWidget(card)
    card.set_collapsed(True)
    assert not card.collapsed


def test_a_row_ties_label_control_and_tooltip_together(qtbot: QtBot) -> None:
    slider = QSlider(Qt.Orientation.Horizontal)
    row = labelled("&Temperature τ", slider, "Scales the variance of every component.")
    qtbot.addWidget(row)
    label = row.findChild(QLabel)
    assert label is not None
    assert label.buddy() is slider
    assert label.toolTip() == slider.toolTip() == "Scales the variance of every component."
    assert slider.accessibleName() == "Temperature τ"
