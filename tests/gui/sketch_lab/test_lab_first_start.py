"""What moves in the lab before the person draws, with a session that grows made-up endings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from gui.lab import LabContext
from gui.sketch_lab import first_start, lab
from tests.helpers.pointer import click, press, release
from tests.helpers.sketch_stage import MakeLab, choose_class, drawn, lists, settle
from tests.helpers.standin_session import StandinSession, summary


def test_the_preferred_model_is_taken_else_the_first(
    make_lab: MakeLab, session: StandinSession, context: LabContext
) -> None:
    assert make_lab().model.intent.model == str(summary("animals").path)
    context.settings.set("sketch/model", "/no/longer/there")
    session.models.append(summary(lab.PREFERRED_MODEL))
    assert make_lab().model.intent.model == str(summary(lab.PREFERRED_MODEL).path)


def test_the_model_of_last_time_is_opened_again(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession, context: LabContext
) -> None:
    context.settings.set("sketch/model", str(summary("bird").path))
    made = make_lab()
    qtbot.waitUntil(lambda: session.opened == [summary("bird").path] or len(session.requests) > 0)
    assert made.controls.models.currentText() == "bird"


def test_a_drawing_begins_by_itself_and_its_endings_grow(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession
) -> None:
    made = make_lab()
    assert made.first_start.active
    qtbot.waitUntil(lambda: made.finisher.growth is not None and made.finisher.settled)
    assert session.requests[-1].beginning.strokes == made.first_start.drawing.strokes
    assert made.document.is_empty and not made.document.can_undo


@pytest.fixture
def dog_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    (_, strokes), *_ = first_start.BEGINNINGS
    monkeypatch.setattr(first_start, "BEGINNINGS", (("dog", strokes),))


@pytest.mark.usefixtures("dog_begins")
def test_the_demonstration_chooses_its_class_and_gives_the_choice_back(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession
) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None and made.finisher.settled)
    assert session.requests[-1].category == "dog" == made.model.intent.category
    drawn(qtbot, made)
    assert made.model.intent.category == "" and session.requests[-1].category is None


@pytest.mark.usefixtures("dog_begins")
def test_who_keeps_an_ending_of_the_demonstration_goes_on_with_its_class(qtbot: QtBot, make_lab: MakeLab) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None and made.finisher.settled)
    made.accept(0)
    assert made.model.intent.category == "dog"


@pytest.mark.usefixtures("dog_begins")
def test_the_demonstration_leaves_a_class_that_the_person_chose(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession
) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None and made.finisher.settled)
    choose_class(made, "cat")
    made.first_start._begin()
    qtbot.waitUntil(lambda: made.first_start.is_drawn and made.finisher.settled)
    assert session.requests[-1].category == "cat"
    drawn(qtbot, made)
    assert made.model.intent.category == "cat"


def test_another_round_of_the_demonstration_has_other_endings(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_start, "SECONDS_TO_REST", 0.01)
    make_lab()
    qtbot.waitUntil(lambda: len(session.requests) > 1)
    assert session.requests[0].seed != session.requests[1].seed


def test_the_first_stroke_clears_the_demonstration_for_good(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession
) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None)
    press(made.canvas, (60, 60), (160, 60))
    assert not made.first_start.active and made.finisher.growth is None and made.gallery.growth is None
    release(made.canvas, (160, 60))
    settle(qtbot, made)
    assert len(session.requests[-1].beginning.strokes) == 1
    made.document.clear()
    made.on_hidden()
    made.on_shown()
    assert not made.first_start.active


def test_an_ending_of_the_demonstration_is_kept_with_its_beginning(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession
) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None and made.finisher.settled)
    beginning = made.first_start.drawing
    made.accept(2)
    assert lists(made)[: len(beginning.strokes)] == [stroke.tolist() for stroke in beginning.strokes]
    assert len(made.document.strokes) == len(beginning.strokes) + 2
    assert not made.first_start.active
    made.document.undo()
    assert len(made.document.strokes) == len(beginning.strokes)


def test_while_the_next_demonstration_begins_an_ending_is_still_that_of_its_own_beginning(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession
) -> None:
    made = make_lab()
    qtbot.waitUntil(lambda: made.finisher.growth is not None and made.finisher.settled)
    shown = made.finisher.growth
    assert shown is not None
    made.first_start._begin()
    assert made.first_start.drawing is not shown.beginning
    made.accept(0)
    count = len(shown.beginning.strokes)
    assert lists(made)[:count] == [stroke.tolist() for stroke in shown.beginning.strokes]
    assert len(made.document.strokes) == count + 2


def test_nothing_moves_that_nobody_sees(qtbot: QtBot, make_lab: MakeLab) -> None:
    made = make_lab()
    changes: list[Callable[[], object]] = [
        made.on_hidden,
        made.on_shown,
        lambda: click(made.page_buttons.button(1)),
        lambda: click(made.page_buttons.button(0)),
    ]
    moves = [made.first_start.active]
    for change in changes:
        change()
        moves.append(made.first_start.active)
    assert moves == [True, False, True, False, True]
