"""What the person wants of the endings, with a session that grows made-up ones."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.messages import Messages
from gui.sketch_lab.lab import SketchLab
from tests.helpers.sketch_stage import MakeLab, choose_class, drawn, said, settle
from tests.helpers.standin_session import StandinSession


def test_every_change_of_what_is_wanted_asks_again(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    drawn(qtbot, stage)
    changes: list[tuple[Callable[[], object], str, object]] = [
        (lambda: choose_class(stage, "dog"), "category", "dog"),
        (lambda: stage.controls.temperature.slider.setValue(80), "temperature", 0.8),
        (lambda: stage.model.update(pen_temperature=-1.0), "pen_temperature", None),
        (lambda: stage.controls.separate_pen.click(), "pen_temperature", 0.8),
        (lambda: stage.controls.count.setValue(4), "count", 4),
        (lambda: stage.controls.seed.setValue(99), "seed", 99),
        (lambda: stage.controls.rank.click(), "rank", True),
    ]
    for number, (change, name, value) in enumerate(changes, start=2):
        change()
        settle(qtbot, stage)
        assert len(session.requests) == number
        assert getattr(session.requests[-1], name) == value
    assert len(stage.gallery.cells) == 4
    QTest.keyClick(stage.canvas, Qt.Key.Key_N)
    settle(qtbot, stage)
    assert session.requests[-1].seed != 99


def test_whether_to_ask_while_the_pen_rests_is_no_reason_to_ask(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    drawn(qtbot, stage)
    stage.controls.while_pausing.click()
    settle(qtbot, stage)
    assert len(session.requests) == 1


def test_on_empty_paper_changes_ask_nothing(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    stage.controls.count.setValue(16)
    stage.controls.temperature.slider.setValue(10)
    settle(qtbot, stage)
    assert session.requests == [] and len(stage.gallery.cells) == 16


def test_changes_reach_the_demonstration_too(qtbot: QtBot, make_lab: MakeLab, session: StandinSession) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None)
    made.controls.count.setValue(2)
    qtbot.waitUntil(lambda: made.finisher.growth is not None and made.finisher.growth.count == 2)
    assert made.first_start.active


def test_another_model_is_opened_and_asked_and_a_class_it_does_not_know_is_dropped(
    qtbot: QtBot, stage: SketchLab, session: StandinSession, messages: Messages
) -> None:
    choose_class(stage, "dog")
    drawn(qtbot, stage)
    stage.controls.models.setCurrentIndex(1)
    settle(qtbot, stage)
    assert session.requests[-1].category is None
    assert stage.controls.category.findText("bus") > 0 and said(messages) == []
    choose_class(stage, "cat")
    stage.controls.models.setCurrentIndex(0)
    settle(qtbot, stage)
    assert session.requests[-1].category == "cat"


def test_whole_drawings_from_nothing_and_others_at_every_press(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    drawn(qtbot, stage)
    stage.controls.from_nothing.click()
    settle(qtbot, stage)
    assert stage.document.is_empty and stage.document.can_undo
    assert session.requests[-1].beginning.strokes == () and session.requests[-1].size > 0
    assert stage.controls.likelihood.text() == "–"
    first = session.requests[-1].seed
    stage.controls.from_nothing.click()
    settle(qtbot, stage)
    assert session.requests[-1].seed != first
    stage.accept(0)
    assert len(stage.document.strokes) == 2 and not stage.model.intent.from_nothing
    settle(qtbot, stage)
    stage.document.undo()
    settle(qtbot, stage)
    assert stage.finisher.growth is None


def test_drawing_by_hand_ends_drawing_from_nothing(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    stage.controls.from_nothing.click()
    settle(qtbot, stage)
    drawn(qtbot, stage)
    assert not stage.model.intent.from_nothing
    assert len(session.requests[-1].beginning.strokes) == 1


def test_from_nothing_at_the_first_start_ends_the_demonstration(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession
) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None)
    made.controls.from_nothing.click()
    settle(qtbot, made)
    assert not made.first_start.active and session.requests[-1].beginning.strokes == ()
