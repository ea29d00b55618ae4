"""The form and the drawing show one configuration, and a change in either is told once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QStackedWidget
from pytestqt.qtbot import QtBot

from engine.gan.presets import PRESETS
from gui.messages import Messages
from gui.palette import DARK, LIGHT
from gui.training_lab.model_side import ModelSide
from tests.gui.training_lab.conftest import said
from tests.helpers.tiny_run import TinyConfig

POINTS = PRESETS["points"]


@pytest.fixture
def side(qtbot: QtBot, messages: Messages) -> ModelSide:
    diagrams, settings = QStackedWidget(), QStackedWidget()
    for stack in (diagrams, settings):
        qtbot.addWidget(stack)
    return ModelSide(diagrams, settings, LIGHT, messages, diagrams)


@pytest.fixture
def edits(side: ModelSide) -> list[dict[str, object]]:
    told: list[dict[str, object]] = []
    side.edited.connect(told.append)
    return told


@pytest.mark.parametrize("running", [False, True])
def test_a_change_in_the_form_reaches_the_drawing_once(
    side: ModelSide, edits: list[dict[str, object]], running: bool
) -> None:
    side.show(POINTS, POINTS, running=running)
    form, drawing = side.form, side.drawing
    assert form is not None and drawing is not None and form.differing() == []
    form.parameter("critic_rate").setValue(0.002)
    assert edits == [{"critic_rate": 0.002}] and side.config == replace(POINTS, critic_rate=0.002)
    drawing.edited.emit({"generator_rate": 0.004})
    assert edits[1:] == [{"generator_rate": 0.004}] and form.config() == side.config
    assert set(form.differing()) == {"generator_rate", "critic_rate"}
    side.set_theme(DARK)


def test_what_is_out_of_range_is_one_sentence(
    side: ModelSide, edits: list[dict[str, object]], messages: Messages
) -> None:
    side.show(POINTS, POINTS, running=True)
    drawing = side.drawing
    assert drawing is not None
    drawing.edited.emit({"critic_rate": -1.0})
    assert edits == [] and side.config == POINTS and [level for level, _ in said(messages)] == ["error"]


def test_a_model_without_a_drawing_has_its_form(side: ModelSide) -> None:
    side.show(TinyConfig(), TinyConfig(), running=False)
    shown = [(side.drawing is None, side.form is None)]
    side.show(POINTS, POINTS, running=False)
    shown.append((side.drawing is None, side.form is None))
    assert shown == [(True, False), (False, False)]
