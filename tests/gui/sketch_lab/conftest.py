"""What the tests of the Sketch lab share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from gui.messages import Messages
from gui.services.jobs import LabWorker, stragglers
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
