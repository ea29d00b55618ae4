"""Pictures are saved where the person says, and failures are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from gui.messages import Messages
from gui.services.picture_saver import PictureSaver


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def saver(qtbot: QtBot, messages: Messages) -> Iterator[PictureSaver]:
    window = QWidget()
    qtbot.addWidget(window)
    made = PictureSaver(messages, window)
    yield made
    made.shut_down()


def red(side: int = 5) -> QImage:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    return image


def test_a_picture_is_written(saver: PictureSaver, messages: Messages, qtbot: QtBot, tmp_path: Path) -> None:
    saver.save(red(), tmp_path / "samples")
    qtbot.waitUntil(lambda: not saver.busy)
    assert QImage(str(tmp_path / "samples.png")).pixelColor(2, 2) == QColor("red")
    assert messages.history[-1].text == f"Saved samples.png in {tmp_path}."


def test_an_empty_picture_is_told_and_not_written(
    saver: PictureSaver, messages: Messages, qtbot: QtBot, tmp_path: Path
) -> None:
    saver.save(QImage(), tmp_path / "samples.png")
    qtbot.waitUntil(lambda: not saver.busy)
    assert messages.history[-1].level == "error" and not list(tmp_path.iterdir())


def test_the_dialog_proposes_a_name_and_goes(saver: PictureSaver, qtbot: QtBot, tmp_path: Path) -> None:
    saver.ask(red(), "samples-3.png")
    window = saver.parent()
    assert window is not None
    (dialog,) = window.findChildren(QFileDialog)
    qtbot.waitUntil(dialog.isVisible)
    dialog.fileSelected.emit(str(tmp_path / "mine.png"))
    dialog.reject()
    qtbot.waitUntil(lambda: not saver.busy and (tmp_path / "mine.png").exists())
