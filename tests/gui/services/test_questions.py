"""What is awaited: a question that nobody wants answered any more is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from gui.messages import Messages
from gui.services.questions import Questions


@pytest.fixture
def questions() -> Iterator[Questions]:
    made = Questions(Messages(), ("first", "second"))
    yield made
    made.shut_down()


def test_a_forgotten_question_is_not_awaited_though_it_still_runs(qtbot: QtBot, questions: Questions) -> None:
    gate = threading.Event()
    answers: list[int] = []

    def slow() -> int:
        assert gate.wait(20)
        return 1

    questions.ask("second", slow, answers.append)
    questions.ask("first", lambda: 2, answers.append)
    assert questions.is_asking("first") and questions.is_asking("second")
    questions.forget("first", "second")
    assert not questions.is_asking("first") and not questions.is_asking("second") and questions.busy
    questions.ask("second", lambda: 3, answers.append)
    assert questions.is_asking("second")
    gate.set()
    qtbot.waitUntil(lambda: not questions.busy, timeout=20_000)
    assert answers == [3]
