"""The one door: what is said, what is kept, what is written to the log."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.errors import BadFileError
from gui.messages import Messages
from gui.settings import Settings
from gui.theme import ThemeManager
from gui.toasts import ToastStack


@pytest.fixture
def messages(qtbot: QtBot, tmp_path: Path) -> Messages:
    return Messages(log=tmp_path / "log.txt")


@pytest.fixture
def stack(qtbot: QtBot, tmp_path: Path, messages: Messages) -> ToastStack:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(900, 600)
    host.show()
    return ToastStack(messages, ThemeManager(Settings(tmp_path / "settings.ini"), host), host)


def failed(text: str) -> ValueError:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def texts(stack: ToastStack) -> list[str]:
    return [toast.message.text for toast in stack.toasts]


def test_history_keeps_the_order_and_the_levels(messages: Messages) -> None:
    messages.info("one")
    messages.warning("two")
    messages.error("three")
    assert [(m.number, m.level, m.text) for m in messages.history] == [
        (1, "info", "one"),
        (2, "warning", "two"),
        (3, "error", "three"),
    ]


def test_an_engine_error_shows_its_own_sentence_and_logs_nothing(messages: Messages, tmp_path: Path) -> None:
    messages.report(BadFileError("cat.svg is empty; choose another file."))
    assert messages.history[0].text == "cat.svg is empty; choose another file."
    assert messages.history[0].action is None
    assert not (tmp_path / "log.txt").exists()


def test_any_other_error_shows_a_general_sentence_and_logs_the_traceback(messages: Messages, tmp_path: Path) -> None:
    messages.report(failed("secret inner state"))
    message = messages.history[0]
    assert message.level == "error"
    assert "secret" not in message.text
    log = (tmp_path / "log.txt").read_text()
    assert "Traceback" in log and "secret inner state" in log
    assert message.action is not None
    label, run = message.action
    assert label == "Copy details"
    run()
    assert "secret inner state" in QGuiApplication.clipboard().text()


def test_the_same_mistake_again_and_again_does_not_fill_the_log(messages: Messages, tmp_path: Path) -> None:
    error = failed("in painting")
    for _ in range(5):
        messages.report(error)
    assert (tmp_path / "log.txt").read_text().count("in painting") == 1
    messages.report(failed("another"))
    log = (tmp_path / "log.txt").read_text()
    assert "in painting" in log and "another" in log


def test_a_log_that_cannot_be_written_is_not_promised(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    messages = Messages(log=tmp_path / "file" / "log.txt")
    messages.report(failed("x"))
    assert "log.txt" not in messages.history[0].text


def test_messages_from_another_thread_are_posted_on_the_ui_thread(qtbot: QtBot, messages: Messages) -> None:
    posted_on: list[int] = []
    messages.posted.connect(lambda _message: posted_on.append(threading.get_ident()))
    thread = threading.Thread(target=lambda: messages.warning("from afar"))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(posted_on))
    assert posted_on == [threading.get_ident()]


def test_toasts_are_stacked_inside_the_window(stack: ToastStack, messages: Messages) -> None:
    messages.error("first")
    messages.error("second " * 30)
    first, second = stack.toasts
    assert first.geometry().bottom() < second.geometry().top()
    host = stack.parent()
    assert isinstance(host, QWidget)
    host.resize(700, 400)
    assert host.rect().contains(second.geometry())
    assert first.geometry().right() == second.geometry().right() == host.rect().right() - 12
    assert second.height() > first.height()


def test_the_same_sentence_is_shown_once(stack: ToastStack, messages: Messages) -> None:
    messages.error("again")
    messages.error("again")
    assert texts(stack) == ["again"]
    assert len(messages.history) == 2
    messages.warning("again")
    assert [toast.message.level for toast in stack.toasts] == ["warning"]


def test_when_there_are_many_an_info_gives_way_before_an_error(stack: ToastStack, messages: Messages) -> None:
    messages.error("e1")
    messages.info("i1")
    messages.error("e2")
    messages.error("e3")
    assert texts(stack) == ["e1", "e2", "e3"]
    messages.error("e4")
    assert texts(stack) == ["e2", "e3", "e4"]


def test_the_newest_is_closed_first(stack: ToastStack, messages: Messages) -> None:
    counts: list[int] = []
    stack.count_changed.connect(counts.append)
    messages.error("old")
    messages.error("new")
    stack.close_newest()
    assert texts(stack) == ["old"]
    stack.close_newest()
    stack.close_newest()
    assert texts(stack) == []
    assert counts == [1, 2, 1, 0]


def test_an_action_runs_when_its_button_is_pressed(stack: ToastStack, messages: Messages) -> None:
    ran: list[bool] = []
    messages.info("saved", ("Show folder", lambda: ran.append(True)))
    button = stack.toasts[0].findChild(QPushButton)
    assert button is not None and button.text() == "Show folder"
    button.click()
    assert ran == [True]
    assert texts(stack) == []


@pytest.mark.parametrize("level", ["info", "warning"])
def test_info_and_warnings_fade_and_errors_stay(
    qtbot: QtBot, stack: ToastStack, messages: Messages, level: str
) -> None:
    messages.error("stays")
    getattr(messages, level)("goes")
    stays, goes = stack.toasts
    assert not stays._life.isActive()
    assert goes._life.isActive()
    goes._life.start(0)
    qtbot.waitUntil(lambda: texts(stack) == ["stays"])


def test_what_is_said_again_while_it_fades_stays(qtbot: QtBot, stack: ToastStack, messages: Messages) -> None:
    messages.info("again")
    (toast,) = stack.toasts
    toast._fading.setDuration(1_000_000)
    toast._life.start(0)
    qtbot.waitUntil(toast._opacity.isEnabled)
    messages.info("again")
    assert stack.toasts == (toast,) and toast._life.isActive() and not toast._opacity.isEnabled()


def test_no_time_passes_while_the_window_is_closed(stack: ToastStack, messages: Messages) -> None:
    host = stack.parent()
    assert isinstance(host, QWidget)
    messages.warning("before")
    host.hide()
    messages.info("meanwhile")
    assert [toast._life.isActive() for toast in stack.toasts] == [False, False]
    host.show()
    assert [toast._life.isActive() for toast in stack.toasts] == [True, True]


def test_text_is_not_read_as_html(stack: ToastStack, messages: Messages) -> None:
    messages.error("<b>x</b>.svg is damaged.")
    labels = stack.toasts[0].findChildren(QLabel)
    shown = next(label for label in labels if label.text() == "<b>x</b>.svg is damaged.")
    assert shown.textFormat() == Qt.TextFormat.PlainText
