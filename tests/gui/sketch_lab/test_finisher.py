"""From asking to endings on the screen: order, pace, and answers that nobody wants any more."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import BadDrawingError
from engine.sketch.completion import Completion, CompletionRequest
from engine.sketch.strokes import make_drawing
from gui.messages import Messages
from gui.services.jobs import LabWorker
from gui.sketch_lab.finisher import Finisher
from gui.sketch_lab.growth import Growth
from gui.sketch_lab.intent import Intent
from gui.sketch_lab.session import ModelReady
from tests.helpers.standin_session import FIRST_POINTS, POINTS, StandinSession, ready, summary

INTENT = Intent(model="/models/animals.safetensors")
LINE = make_drawing([[[0, 0], [100, 0]]])
DOWN = make_drawing([[[0, 0], [0, 100]]])


class Heard:
    """What the signals of a finisher brought, in order; frames are left out, for their number is up to the clock."""

    def __init__(self, finisher: Finisher) -> None:
        """Listen to `finisher`."""
        self.told: list[str] = []
        self.growths: list[Growth | None] = []
        self.completions: list[Completion] = []
        self.ready: list[ModelReady] = []
        self.frames: list[float] = []
        self.latencies: list[float] = []
        finisher.growth_changed.connect(self.growths.append)
        finisher.completed.connect(self.completions.append)
        finisher.ready.connect(self.ready.append)
        finisher.latency_changed.connect(self.latencies.append)
        for name in ("growth_changed", "completed", "ready", "latency_changed"):
            getattr(finisher, name).connect(lambda _value, name=name: self.told.append(name))
        finisher.frame.connect(lambda: self.frames.append(finisher.growth.shown if finisher.growth else -1.0))


@pytest.fixture
def finisher(qtbot: QtBot, session: StandinSession, worker: LabWorker) -> Finisher:
    return Finisher(session, worker, worker)


@pytest.fixture
def heard(finisher: Finisher) -> Heard:
    return Heard(finisher)


def settle(qtbot: QtBot, finisher: Finisher) -> None:
    qtbot.waitUntil(lambda: finisher.settled)


def test_an_answer_is_told_in_order_and_then_all_is_still(
    qtbot: QtBot, finisher: Finisher, heard: Heard
) -> None:
    states = [finisher.settled]
    finisher.ask(INTENT, CompletionRequest(LINE, count=3))
    states.append(finisher.settled)
    assert states == [True, False]
    settle(qtbot, finisher)
    assert heard.told == ["ready", "growth_changed", "latency_changed", "completed"]
    assert heard.growths == [finisher.growth]
    growth = finisher.growth
    assert growth is not None and growth.completion is heard.completions[0]
    assert growth.completion is not None and growth.all_shown and growth.count == 3 and growth.beginning == LINE
    assert heard.latencies[0] > 0


def test_endings_are_shown_little_by_little(qtbot: QtBot, finisher: Finisher, heard: Heard) -> None:
    finisher.ask(INTENT, CompletionRequest(LINE))
    settle(qtbot, finisher)
    assert heard.frames == sorted(heard.frames)
    assert heard.frames[0] < FIRST_POINTS and heard.frames[-1] == POINTS
    assert len(set(heard.frames)) > 2


def test_who_cannot_wait_sees_everything_at_once(
    qtbot: QtBot, finisher: Finisher, heard: Heard, session: StandinSession
) -> None:
    finisher.show_all()
    assert heard.frames == []
    session.gate.clear()
    finisher.ask(INTENT, CompletionRequest(LINE))
    qtbot.waitUntil(lambda: finisher.growth is not None)
    finisher.show_all()
    assert heard.frames[-1] == FIRST_POINTS
    assert not finisher.settled
    session.gate.set()
    settle(qtbot, finisher)


def test_what_is_on_the_screen_stays_until_the_next_answer_has_begun(
    qtbot: QtBot, finisher: Finisher, heard: Heard, session: StandinSession
) -> None:
    finisher.ask(INTENT, CompletionRequest(LINE))
    settle(qtbot, finisher)
    first = finisher.growth
    finisher.ask(INTENT, CompletionRequest(DOWN))
    assert finisher.growth is first
    settle(qtbot, finisher)
    assert finisher.growth is not first
    assert None not in heard.growths


def test_a_new_request_cancels_the_one_before_and_its_late_answer_dies(
    qtbot: QtBot, finisher: Finisher, heard: Heard, session: StandinSession
) -> None:
    session.gate.clear()
    finisher.ask(INTENT, CompletionRequest(LINE, seed=1))
    qtbot.waitUntil(lambda: finisher.growth is not None)
    old = finisher.growth
    finisher.ask(INTENT, CompletionRequest(DOWN, seed=2))
    session.gate.set()
    settle(qtbot, finisher)
    assert [request.seed for request in session.requests] == [1, 2]
    assert old is not None and old.completion is None
    assert old.strokes(0, everything=True)[0].shape == (FIRST_POINTS, 2)
    assert finisher.growth is not None and finisher.growth.beginning == DOWN
    assert len(heard.completions) == 1 and len(heard.latencies) == 1


def test_of_requests_in_a_row_the_last_is_answered(
    qtbot: QtBot, finisher: Finisher, heard: Heard, session: StandinSession
) -> None:
    for seed in range(20):
        finisher.ask(INTENT, CompletionRequest(LINE, seed=seed))
    settle(qtbot, finisher)
    assert len(heard.growths) == 1 and len(heard.completions) == 1
    assert session.requests[-1].seed == 19


def test_forgetting_cancels_empties_the_screen_and_no_late_answer_comes(
    qtbot: QtBot, finisher: Finisher, heard: Heard, session: StandinSession
) -> None:
    session.gate.clear()
    finisher.ask(INTENT, CompletionRequest(LINE))
    qtbot.waitUntil(lambda: finisher.growth is not None)
    finisher.forget()
    assert finisher.growth is None and finisher.settled and heard.growths[-1] is None
    finisher.forget()
    session.gate.set()
    # The next answer of the same worker shows that the old one had its chance.
    finisher.open_model(Intent(model="/models/bird.safetensors"))
    qtbot.waitUntil(lambda: len(heard.ready) == 2)
    assert heard.told == ["ready", "growth_changed", "growth_changed", "ready"]
    assert heard.growths[-1] is None and heard.completions == []


def test_forgetting_before_the_first_point_leaves_nothing_to_come(
    qtbot: QtBot, finisher: Finisher, heard: Heard
) -> None:
    finisher.ask(INTENT, CompletionRequest(LINE))
    finisher.forget()
    finisher.open_model(INTENT)
    settle(qtbot, finisher)
    assert heard.told == ["ready"]


def test_an_opened_model_is_told_of_once_until_another_one_is_open(
    qtbot: QtBot, finisher: Finisher, heard: Heard, session: StandinSession
) -> None:
    bird = Intent(model="/models/bird.safetensors")
    for intent in (INTENT, INTENT, bird, INTENT):
        finisher.open_model(intent)
        settle(qtbot, finisher)
    finisher.ask(INTENT, CompletionRequest(LINE))
    settle(qtbot, finisher)
    names = [each.name for each in heard.ready]
    assert names == ["animals", "bird", "animals"]
    assert heard.ready[0] == ready(summary("animals").path, ("cat", "dog"))
    assert len(session.opened) == 4


def test_without_a_model_nothing_is_asked(finisher: Finisher, session: StandinSession) -> None:
    finisher.open_model(Intent())
    finisher.ask(Intent(), CompletionRequest(LINE))
    assert finisher.settled and session.requests == [] and session.opened == []


def test_what_the_model_refuses_is_one_sentence(
    qtbot: QtBot, finisher: Finisher, heard: Heard, session: StandinSession, messages: Messages
) -> None:
    session.failure = BadDrawingError("Too much ink.")
    finisher.ask(INTENT, CompletionRequest(LINE))
    settle(qtbot, finisher)
    assert [(message.level, message.text) for message in messages.history] == [("error", "Too much ink.")]
    assert heard.told == ["ready"]


def test_a_model_that_fails_half_way_leaves_what_has_come_and_nothing_runs_on(
    qtbot: QtBot, finisher: Finisher, session: StandinSession, messages: Messages
) -> None:
    session.late_failure = BadDrawingError("Out of ink.")
    finisher.ask(INTENT, CompletionRequest(LINE))
    settle(qtbot, finisher)
    assert [message.text for message in messages.history] == ["Out of ink."]
    assert finisher.growth is not None and finisher.growth.completion is None and finisher.growth.all_shown
