"""The lab's own logic, with a session that grows made-up endings."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.errors import BadDrawingError
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import make_drawing
from gui.lab import LabContext
from gui.messages import Messages
from gui.settings import Settings
from gui.sketch_lab import first_start, lab
from gui.sketch_lab.downloads import DownloadDialog
from gui.sketch_lab.lab import SketchLab
from gui.theme import ThemeManager
from gui.widgets.canvas_tools import Tool
from gui.widgets.status_bar import StatusBar
from gui.widgets.training_panel import TrainingPanel
from tests.helpers.pointer import click, drag, drop, press, release
from tests.helpers.standin_session import StandinSession, summary

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L10 0 L10 10"/></svg>'
MakeLab = Callable[[], SketchLab]


@pytest.fixture
def context(qtbot: QtBot, messages: Messages) -> LabContext:
    settings = Settings()
    status = StatusBar()
    qtbot.addWidget(status)
    return LabContext(messages, settings, ThemeManager(settings), status)


@pytest.fixture
def make_lab(
    qtbot: QtBot, context: LabContext, session: StandinSession, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeLab]:
    """Makes a lab that is on stage and has its list of models."""
    monkeypatch.setattr(lab, "SketchSession", lambda: session)
    monkeypatch.setattr(first_start, "SECONDS_TO_DRAW", 0.03)
    made: list[SketchLab] = []

    def make() -> SketchLab:
        new = SketchLab(context)
        made.append(new)
        qtbot.addWidget(new)
        new.resize(1200, 760)
        with qtbot.waitExposed(new):
            new.show()
        new.on_shown()
        qtbot.waitUntil(lambda: new._listed)
        return new

    yield make
    session.gate.set()
    for each in made:
        each.shut_down()
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=30_000)


@pytest.fixture
def stage(qtbot: QtBot, make_lab: MakeLab, session: StandinSession) -> SketchLab:
    """A lab on which the person has drawn and cleared the paper again; nothing has been asked yet."""
    made = make_lab()
    qtbot.waitUntil(lambda: made._ready is not None)
    made._stop_demonstration()
    qtbot.waitUntil(made.is_settled)
    session.requests.clear()
    return made


def settle(qtbot: QtBot, made: SketchLab) -> None:
    qtbot.waitUntil(made.is_settled)


def draw(made: SketchLab, *places: tuple[int, int]) -> None:
    drag(made.canvas, *(places or ((60, 60), (160, 60), (160, 120))))


def drawn(qtbot: QtBot, made: SketchLab) -> SketchLab:
    """Draw a stroke and wait for its endings."""
    draw(made)
    settle(qtbot, made)
    assert made.finisher.growth is not None
    return made


def choose_class(made: SketchLab, name: str) -> None:
    index = made.controls.category.findText(name)
    assert index > 0
    made.controls.category.setCurrentIndex(index)


def models_of(made: SketchLab) -> list[str]:
    return [made.controls.models.itemText(index) for index in range(made.controls.models.count())]


def has_endings(made: SketchLab) -> bool:
    return made.finisher.growth is not None and made.gallery.growth is made.finisher.growth


def lists(made: SketchLab) -> list[list[list[float]]]:
    return [stroke.tolist() for stroke in made.document.strokes]


def ghost_box(made: SketchLab) -> QRectF:
    return made.canvas._ghost.box


def reaches(made: SketchLab, left: float, right: float) -> bool:
    """Whether the ghost goes from `left` to `right`, give or take the width of the pen."""
    box = ghost_box(made)
    return abs(box.left() - left) < 5 and abs(box.right() - right) < 5


def said(messages: Messages) -> list[tuple[str, str]]:
    return [(message.level, message.text) for message in messages.history]


# ---- the first start


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
    (_, strokes), *_ = first_start._BEGINNINGS
    monkeypatch.setattr(first_start, "_BEGINNINGS", (("dog", strokes),))


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


# ---- drawing


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


# ---- what is wanted


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


# ---- models and files


def test_without_models_there_is_one_sentence_and_drawing_still_works(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession, messages: Messages
) -> None:
    session.models.clear()
    made = make_lab()
    ((level, text),) = said(messages)
    assert level == "warning" and "add a file or download one" in text
    assert not made.first_start.active
    draw(made)
    settle(qtbot, made)
    assert len(made.document.strokes) == 1 and session.requests == []


def test_a_model_file_that_cannot_be_read_is_told_of(
    make_lab: MakeLab, session: StandinSession, messages: Messages
) -> None:
    session.problems.append("torn.safetensors is cut short.")
    make_lab()
    assert said(messages) == [("warning", "torn.safetensors is cut short.")]


def test_an_added_model_is_chosen(
    qtbot: QtBot, stage: SketchLab, session: StandinSession, messages: Messages
) -> None:
    stage.open_file(Path("/somewhere/owl.gen.json"))
    qtbot.waitUntil(lambda: stage.controls.models.currentText() == "owl.gen  ·  yours")
    settle(qtbot, stage)
    assert stage.model.intent.model == "/models/owl.gen.safetensors"
    assert session.opened[-1] == Path("/models/owl.gen.safetensors")
    assert said(messages) == [("info", "owl.gen is in the catalog.")]


@pytest.mark.parametrize("name", ["owl", "animals"])
def test_a_drawing_is_finished_by_the_model_that_is_added(
    qtbot: QtBot, stage: SketchLab, session: StandinSession, name: str
) -> None:
    drawn(qtbot, stage)
    before = len(session.requests)
    session.gate.clear()
    stage.files.add_model(Path(f"/somewhere/{name}.safetensors"))
    qtbot.waitUntil(lambda: len(session.requests) > before and f"{name}  ·  yours" in models_of(stage))
    session.gate.set()
    settle(qtbot, stage)
    growth = stage.finisher.growth
    assert growth is not None and growth.completion is not None and growth.beginning == stage.document.drawing()
    assert len(session.requests) == before + 1 and stage.model.intent.model == f"/models/{name}.safetensors"


def test_what_is_drawn_before_the_models_are_known_is_finished_then(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession, context: LabContext
) -> None:
    context.settings.set("sketch/model", str(summary("bird").path))
    made = make_lab()
    made._listed = False
    draw(made)
    made._list_models()
    qtbot.waitUntil(lambda: made._listed)
    settle(qtbot, made)
    growth = made.finisher.growth
    assert growth is not None and growth.completion is not None and growth.settled


def test_a_dropped_drawing_fills_the_paper_as_one_step(
    qtbot: QtBot, stage: SketchLab, session: StandinSession, tmp_path: Path
) -> None:
    drawn(qtbot, stage)
    before = lists(stage)
    path = tmp_path / "a.svg"
    path.write_text(SVG)
    drop(stage.canvas, path)
    qtbot.waitUntil(lambda: stage.document.undo_text == "open a.svg")
    left, top, right, bottom = stage.document.drawing().box()
    assert right - left == pytest.approx(0.62 * min(stage.canvas.width(), stage.canvas.height()), rel=0.01)
    assert right - left == pytest.approx(bottom - top)
    settle(qtbot, stage)
    assert np.array_equal(session.requests[-1].beginning.strokes[0], stage.document.strokes[0])
    stage.document.undo()
    assert lists(stage) == before


def test_a_dropped_drawing_ends_the_demonstration(qtbot: QtBot, make_lab: MakeLab, tmp_path: Path) -> None:
    made = make_lab()
    path = tmp_path / "a.ndjson"
    path.write_text(to_ndjson_line(make_drawing([[[0, 0], [9, 9]]])))
    drop(made.canvas, path)
    qtbot.waitUntil(lambda: not made.document.is_empty)
    assert not made.first_start.active


def test_of_several_dropped_files_the_first_is_opened(qtbot: QtBot, stage: SketchLab, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        (tmp_path / name).write_text(SVG)
    drop(stage.canvas, tmp_path / "notes.txt", tmp_path / "b.svg", tmp_path / "a.svg")
    qtbot.waitUntil(lambda: stage.document.undo_text == "open b.svg")
    revision = stage.document.revision
    drop(stage.canvas, tmp_path / "notes.txt")
    settle(qtbot, stage)
    assert stage.document.revision == revision


def test_a_bad_dropped_file_is_one_sentence_and_the_drawing_stays(
    qtbot: QtBot, stage: SketchLab, messages: Messages, tmp_path: Path
) -> None:
    drawn(qtbot, stage)
    path = tmp_path / "cut.svg"
    path.write_text(SVG[:50])
    drop(stage.canvas, path)
    qtbot.waitUntil(lambda: len(messages.history) == 1)
    ((level, text),) = said(messages)
    assert level == "error" and "cut.svg" in text
    assert len(stage.document.strokes) == 1 and stage.finisher.growth is not None


def test_published_models_are_offered(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    stage.controls.download_button.click()
    (dialog,) = stage.findChildren(DownloadDialog)
    dialog.fetched.emit(Path("/downloads/whale.gen.json"))
    qtbot.waitUntil(lambda: stage.controls.models.currentText() == "whale.gen  ·  yours")
    dialog.close()


# ---- pages, status, theme, end


def test_the_training_page_is_made_when_it_is_wanted_and_the_drawing_stays(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    drawn(qtbot, stage)
    assert stage.findChild(TrainingPanel) is None
    click(stage.page_buttons.button(1))
    panel = stage.findChild(TrainingPanel)
    assert isinstance(panel, TrainingPanel) and panel.isVisible() and not stage.toolbar.isVisible()
    assert panel.form.config().name == "my sketches"
    click(stage.page_buttons.button(0))
    assert stage.canvas.isVisible() and stage.toolbar.isVisible() and len(stage.document.strokes) == 1
    click(stage.page_buttons.button(1))
    assert stage.findChildren(TrainingPanel) == [panel]
    panel.model_saved.emit("/runs/mine/model.safetensors")
    qtbot.waitUntil(lambda: stage.controls.models.currentText() == "model  ·  yours")


def test_the_status_bar_says_which_model_and_device_and_how_long(
    qtbot: QtBot, stage: SketchLab, context: LabContext
) -> None:
    drawn(qtbot, stage)
    _, model, device, latency = context.status.texts
    assert (model, device) == ("animals · 1.2 M parameters", "a pocket calculator") and latency


def test_a_lab_that_is_not_shown_leaves_the_status_bar_alone(
    qtbot: QtBot, stage: SketchLab, context: LabContext
) -> None:
    stage.on_hidden()
    context.status.clear()
    drawn(qtbot, stage)
    stage.controls.models.setCurrentIndex(2)
    settle(qtbot, stage)
    assert context.status.texts == ("", "", "", "")
    stage.on_shown()
    assert context.status.texts[1] == "bird · 1.2 M parameters"


def test_the_theme_reaches_every_view(qtbot: QtBot, stage: SketchLab, context: LabContext) -> None:
    click(stage.page_buttons.button(1))
    context.theme.mode = "light"
    for mode in ("dark", "light"):
        context.theme.mode = mode
        theme = context.theme.theme
        assert stage.gallery.theme is theme and stage.canvas.colors is theme
        panel = stage.findChild(TrainingPanel)
        assert isinstance(panel, TrainingPanel)
        assert panel.plot._theme is theme and panel.sheet._theme is theme


def test_the_lab_says_what_it_is(stage: SketchLab) -> None:
    assert "Sketch-RNN" in stage.info_html() and "1704.03477" in stage.info_html()


def test_shutting_down_while_endings_grow_leaves_nothing(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    session.gate.clear()
    draw(stage)
    qtbot.waitUntil(lambda: stage.finisher.growth is not None)
    session.gate.set()
    stage.shut_down()
    assert stage.finisher.growth is None and stage.is_settled()


def test_shutting_down_during_the_demonstration_leaves_nothing(make_lab: MakeLab) -> None:
    made = make_lab()
    assert made.first_start.active
    made.shut_down()
    assert not made.first_start.active
