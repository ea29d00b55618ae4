"""Drawing and keeping endings, with a session that grows made-up endings."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.errors import BadDrawingError
from gui.messages import Messages
from gui.sketch_lab.lab import SketchLab
from gui.widgets.canvas_tools import Tool
from tests.helpers.pointer import click, drag, press, release
from tests.helpers.sketch_stage import draw, drawn, ghost_box, has_endings, lists, reaches, said, settle
from tests.helpers.standin_session import StandinSession


def test_at_pen_up_the_drawing_is_asked_about(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    draw(stage)
    settle(qtbot, stage)
    (request,) = session.requests
    assert not request.pen_down and len(request.beginning.strokes) == 1
    assert (request.count, request.category) == (9, None)
    assert stage.gallery.growth is stage.finisher.growth is not None
    assert stage.controls.likelihood.text() == "−1.25 nats per point"
    assert stage.controls.scale.text() == "50% of the box"
    draw(stage, (200, 200), (240, 240))
    settle(qtbot, stage)
    assert len(session.requests) == 2 and len(session.requests[1].beginning.strokes) == 2


def test_drawing_on_cancels_what_was_growing(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    session.gate.clear()
    draw(stage)
    qtbot.waitUntil(lambda: stage.finisher.growth is not None)
    press(stage.canvas, (200, 200), (240, 240))
    assert stage.gallery.growth is None
    session.gate.set()
    release(stage.canvas, (240, 240))
    settle(qtbot, stage)
    growth = stage.finisher.growth
    assert growth is not None and len(growth.beginning.strokes) == 2


def test_a_resting_pen_is_asked_about_and_joined(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    press(stage.canvas, (60, 60), (160, 60))
    qtbot.waitUntil(lambda: len(session.requests) == 1)
    assert session.requests[0].pen_down
    settle(qtbot, stage)
    stage.accept(0)
    (first, second) = lists(stage)
    assert first == [[60, 60], [160, 60], [161, 60], [162, 60], [163, 60], [164, 60]]
    assert len(second) == 2
    release(stage.canvas, (160, 60))
    assert len(stage.document.strokes) == 2
    stage.document.undo()
    assert lists(stage) == [[[60, 60], [160, 60]]]


def test_an_ending_of_a_stroke_that_went_on_is_kept_as_it_was_shown(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    press(stage.canvas, (60, 60), (160, 60))
    qtbot.waitUntil(lambda: stage.finisher.growth is not None and stage.finisher.settled)
    QTest.mouseMove(stage.canvas, QPoint(160, 300))
    stage.accept(0)
    assert lists(stage)[0] == [[60, 60], [160, 60], [161, 60], [162, 60], [163, 60], [164, 60]]
    release(stage.canvas, (160, 300))


def test_a_resting_pen_is_left_alone_when_not_wanted(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    stage.controls.while_pausing.click()
    press(stage.canvas, (60, 60), (160, 60))
    assert not stage._resting.isActive()
    stage.controls.while_pausing.click()
    QTest.mouseMove(stage.canvas, QPoint(170, 60))
    assert stage._resting.isActive()
    release(stage.canvas, (170, 60))
    assert not stage._resting.isActive()
    settle(qtbot, stage)
    assert len(session.requests) == 1 and not session.requests[0].pen_down


def test_a_cancelled_stroke_is_not_asked_about(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    press(stage.canvas, (60, 60), (160, 60))
    stage.canvas.cancel()
    assert not stage._resting.isActive() and stage.document.is_empty
    release(stage.canvas, (160, 60))
    assert session.requests == []


def test_undo_erasing_and_clearing_ask_again_or_forget(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    drawn(qtbot, stage)
    draw(stage, (100, 200), (300, 200))
    settle(qtbot, stage)
    stage.canvas.set_tool(Tool.ERASER)
    drag(stage.canvas, (200, 150), (200, 250))
    settle(qtbot, stage)
    stage.toolbar.undo.click()
    settle(qtbot, stage)
    assert [len(request.beginning.strokes) for request in session.requests] == [1, 2, 3, 2]
    count = len(session.requests)
    stage.toolbar.clear.click()
    settle(qtbot, stage)
    assert not has_endings(stage) and len(session.requests) == count
    assert stage.controls.likelihood.text() == "–"
    stage.toolbar.undo.click()
    settle(qtbot, stage)
    assert has_endings(stage)


def test_a_stroke_that_is_refused_is_one_sentence(
    stage: SketchLab, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_points: object) -> None:
        raise BadDrawingError("Too many points.")

    monkeypatch.setattr(stage.document, "add_stroke", refuse)
    draw(stage)
    assert said(messages) == [("warning", "Too many points.")]


# ---- keeping an ending


@pytest.mark.parametrize("place", [0, 2, 8])
def test_a_number_key_keeps_an_ending_as_one_step(qtbot: QtBot, stage: SketchLab, place: int) -> None:
    drawn(qtbot, stage)
    before = lists(stage)
    QTest.keyClick(stage.canvas, Qt.Key(Qt.Key.Key_1 + place))
    after = lists(stage)
    assert after[:1] == before and len(after) == 3
    assert after[1][0] == [160 + place + 1, 120]
    assert stage.document.undo_text == "ending"
    settle(qtbot, stage)
    stage.document.undo()
    assert lists(stage) == before


def test_a_click_in_the_gallery_keeps_an_ending(qtbot: QtBot, stage: SketchLab) -> None:
    drawn(qtbot, stage)
    middle = stage.gallery.cells[4].center().toPoint()
    click(stage.gallery, (middle.x(), middle.y()))
    assert len(stage.document.strokes) == 3 and lists(stage)[1][0] == [165, 120]


def test_what_was_kept_is_gone_on_from(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    drawn(qtbot, stage)
    stage.accept(1)
    settle(qtbot, stage)
    assert len(session.requests[-1].beginning.strokes) == 3


def test_an_ending_that_still_grows_is_kept_as_far_as_it_has_come(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    session.gate.clear()
    draw(stage)
    qtbot.waitUntil(lambda: stage.finisher.growth is not None)
    stage.accept(0)
    assert lists(stage)[1:] == [[[161, 120], [162, 120]]]
    session.gate.set()
    settle(qtbot, stage)


def test_the_ranked_place_is_what_is_kept(qtbot: QtBot, stage: SketchLab) -> None:
    stage.controls.rank.click()
    drawn(qtbot, stage)
    stage.accept(0)
    assert lists(stage)[1][0] == [169, 120]


def test_a_number_without_an_ending_does_nothing(qtbot: QtBot, stage: SketchLab) -> None:
    stage.accept(0)
    assert stage.document.is_empty
    stage.controls.count.setValue(4)
    drawn(qtbot, stage)
    QTest.keyClick(stage.canvas, Qt.Key.Key_5)
    stage.accept(-1)
    assert len(stage.document.strokes) == 1


def test_digits_typed_into_a_number_are_no_endings(qtbot: QtBot, stage: SketchLab) -> None:
    drawn(qtbot, stage)
    stage.controls.seed.setFocus()
    stage.controls.seed.selectAll()
    QTest.keyClicks(stage.controls.seed, "37")
    assert stage.controls.seed.value() == 37 and len(stage.document.strokes) == 1


def test_an_ending_that_is_too_much_is_refused_and_the_drawing_stays(
    qtbot: QtBot, stage: SketchLab, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(qtbot, stage)

    def refuse(*_arguments: object, **_named: object) -> None:
        raise BadDrawingError("The drawing would have too many points.")

    monkeypatch.setattr(stage.document, "add_strokes", refuse)
    stage.accept(0)
    assert said(messages) == [("error", "The drawing would have too many points.")]
    assert len(stage.document.strokes) == 1


def test_pointing_at_an_ending_shows_it_on_the_paper(qtbot: QtBot, stage: SketchLab) -> None:
    drawn(qtbot, stage)
    assert stage.canvas._ghost.is_empty
    QTest.mouseMove(stage.gallery, stage.gallery.cells[2].center().toPoint())
    assert reaches(stage, 163, 178)
    QTest.mouseMove(stage.gallery, stage.gallery.cells[5].center().toPoint())
    assert reaches(stage, 166, 196)
    stage.document.clear()
    assert stage.canvas._ghost.is_empty


def test_a_ghost_grows_with_its_ending(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    session.gate.clear()
    draw(stage)
    qtbot.waitUntil(lambda: stage.finisher.growth is not None and stage.finisher.growth.shown == 2)
    QTest.mouseMove(stage.gallery, stage.gallery.cells[8].center().toPoint())
    before = ghost_box(stage).width()
    session.gate.set()
    settle(qtbot, stage)
    assert ghost_box(stage).width() > before
