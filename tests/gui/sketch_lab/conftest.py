"""What the tests of the Sketch lab share."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from gui.lab import LabContext
from gui.messages import Messages
from gui.services.jobs import LabWorker, stragglers
from gui.settings import Settings
from gui.sketch_lab import first_start, lab
from gui.sketch_lab.lab import SketchLab
from gui.theme import ThemeManager
from gui.widgets.status_bar import StatusBar
from tests.helpers.sketch_stage import MakeLab
from tests.helpers.standin_session import StandinSession, summary


@pytest.fixture
def messages(qtbot: QtBot) -> Messages:
    """The door to the person; its log is in the test's own folder."""
    return Messages()


@pytest.fixture
def session() -> Iterator[StandinSession]:
    """A session with two models, of which the first lets choose among categories."""
    made = StandinSession(summary("animals", ("cat", "dog")), summary("vehicles", ("bus", "cat")), summary("bird"))
    yield made
    made.gate.set()


@pytest.fixture
def worker(messages: Messages, session: StandinSession) -> Iterator[LabWorker]:
    """A worker that is ended after the test."""
    made = LabWorker(messages)
    yield made
    session.gate.set()
    assert made.shut_down()
    assert stragglers() == 0


@pytest.fixture
def context(qtbot: QtBot, messages: Messages) -> LabContext:
    """What the window lends to the lab."""
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
