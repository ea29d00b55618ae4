"""Fetching published models: choosing, progress, cancel, and no network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine import paths
from engine.data import download as source
from engine.data.download import Progress, RemoteFile, magenta_models
from engine.errors import DownloadError
from engine.runtime.job import Job
from gui.messages import Messages
from gui.services.jobs import stragglers
from gui.sketch_lab import downloads as module
from gui.sketch_lab.downloads import DownloadDialog, drawings_dialog, models_dialog

LIMIT = 10.0


class Network:
    """Stands in for `download`: two pieces with a gate between them."""

    def __init__(self) -> None:
        """The gate is open."""
        self.asked: list[RemoteFile] = []
        self.gate = threading.Event()
        self.gate.set()
        self.closed = threading.Event()
        self.total: int | None = 100

    def download(self, remote: RemoteFile, folder: Path) -> Job[Progress, Path]:
        self.asked.append(remote)
        try:
            yield Progress(30, self.total)
            self.gate.wait(LIMIT)
            yield Progress(100, self.total)
            return folder / remote.file_name
        finally:
            self.closed.set()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    made = Network()
    monkeypatch.setattr(module, "download", made.download)
    yield made
    made.gate.set()


@pytest.fixture
def dialog(qtbot: QtBot, network: Network, messages: Messages) -> Iterator[DownloadDialog]:
    window = QWidget()
    qtbot.addWidget(window)
    made = models_dialog(messages, window)
    made.show()
    yield made
    network.gate.set()
    if window.findChild(DownloadDialog) is not None:
        made.close()


def choose(dialog: DownloadDialog, name: str) -> None:
    (item,) = dialog.names.findItems(name, Qt.MatchFlag.MatchExactly)
    dialog.names.setCurrentItem(item)


def shown(dialog: DownloadDialog) -> list[str]:
    rows = (dialog.names.item(row) for row in range(dialog.names.count()))
    return [item.text() for item in rows if not item.isHidden()]


def texts(messages: Messages) -> list[tuple[str, str]]:
    return [(message.level, message.text) for message in messages.history]


def test_all_published_models_are_listed_with_their_source(dialog: DownloadDialog) -> None:
    assert shown(dialog) == sorted(remote.name for remote in magenta_models())
    assert not dialog.progress.isVisible() and dialog.close_button.text() == "Close"
    assert any("Magenta" in label.text() and "Apache" in label.text() for label in dialog.findChildren(QLabel))


def test_the_filter_hides_other_names_and_moves_to_the_first_that_fits(dialog: DownloadDialog) -> None:
    dialog.filter.setText("CAT")
    assert "cat" in shown(dialog) and "bus" not in shown(dialog)
    assert "cat" in dialog.names.currentItem().text()
    dialog.filter.setText("no such thing")
    assert shown(dialog) == []
    dialog.filter.clear()
    assert len(shown(dialog)) == len(magenta_models())


def test_a_model_is_fetched_with_progress(
    qtbot: QtBot, dialog: DownloadDialog, network: Network, messages: Messages
) -> None:
    fetched: list[Path] = []
    dialog.fetched.connect(fetched.append)
    network.gate.clear()
    choose(dialog, "cat")
    dialog.fetch_button.click()
    qtbot.waitUntil(lambda: dialog.progress.value() == 30)
    assert dialog.progress.maximum() == 100 and dialog.progress.isVisible()
    assert not dialog.fetch_button.isEnabled() and dialog.close_button.text() == "Cancel"
    network.gate.set()
    qtbot.waitUntil(lambda: fetched != [])
    assert fetched == [paths.downloads() / "cat.gen.json"]
    assert texts(messages) == [("info", "Fetched cat.")]
    assert dialog.fetch_button.isEnabled() and not dialog.progress.isVisible()


def test_without_a_known_size_the_bar_only_moves(qtbot: QtBot, dialog: DownloadDialog, network: Network) -> None:
    network.total = None
    network.gate.clear()
    choose(dialog, "cat")
    dialog.fetch()
    qtbot.waitUntil(lambda: network.asked != [] and dialog.progress.isVisible())
    assert dialog.progress.maximum() == 0


def test_one_at_a_time_and_only_what_is_chosen(qtbot: QtBot, dialog: DownloadDialog, network: Network) -> None:
    dialog.fetch()
    network.gate.clear()
    choose(dialog, "cat")
    dialog.fetch()
    choose(dialog, "bus")
    dialog.fetch()
    network.gate.set()
    qtbot.waitUntil(dialog.fetch_button.isEnabled)
    assert [remote.name for remote in network.asked] == ["cat"]
    dialog.filter.setText("no such thing")
    dialog.fetch()
    assert dialog.fetch_button.isEnabled()


def test_closing_cancels_and_does_not_wait_for_the_network(
    qtbot: QtBot, dialog: DownloadDialog, network: Network, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[Path] = []
    dialog.fetched.connect(fetched.append)
    network.gate.clear()
    choose(dialog, "cat")
    dialog.fetch()
    qtbot.waitUntil(lambda: dialog.progress.value() == 30)
    waited: list[int] = []
    monkeypatch.setattr(dialog._worker._runner, "wait", waited.append)
    dialog.close_button.click()
    assert waited == [0] and not network.closed.is_set()
    network.gate.set()
    qtbot.waitUntil(lambda: network.closed.is_set() and stragglers() == 0)
    assert fetched == [] and texts(messages) == []


def test_enter_in_the_filter_or_the_list_fetches_and_leaves_the_dialog_open(
    qtbot: QtBot, dialog: DownloadDialog, network: Network
) -> None:
    dialog.filter.setFocus()
    QTest.keyClicks(dialog.filter, "cat")
    QTest.keyClick(dialog.filter, Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: len(network.asked) == 1 and dialog.fetch_button.isEnabled())
    dialog.names.setFocus()
    QTest.keyClick(dialog.names, Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: len(network.asked) == 2 and dialog.fetch_button.isEnabled())


def test_without_a_network_there_is_one_sentence_and_nothing_is_kept(
    qtbot: QtBot, dialog: DownloadDialog, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_arguments: object, **_named: object) -> None:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(module, "download", source.download)
    monkeypatch.setattr(requests, "get", offline)
    choose(dialog, "cat")
    dialog.fetch()
    qtbot.waitUntil(lambda: len(messages.history) == 1)
    ((level, text),) = texts(messages)
    assert level == "error" and "cannot be reached; check the network" in text
    assert list(paths.downloads().iterdir()) == []
    assert dialog.fetch_button.isEnabled() and dialog.isVisible()


def test_a_download_that_fails_can_be_tried_again(
    qtbot: QtBot, dialog: DownloadDialog, network: Network, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_remote: RemoteFile, _folder: Path) -> Job[Progress, Path]:
        yield Progress(1, 2)
        raise DownloadError("It broke off.")

    monkeypatch.setattr(module, "download", broken)
    choose(dialog, "cat")
    dialog.fetch()
    qtbot.waitUntil(lambda: texts(messages) == [("error", "It broke off.")])
    monkeypatch.setattr(module, "download", network.download)
    with qtbot.waitSignal(dialog.fetched):
        dialog.fetch()


def test_the_classes_of_drawings_are_offered_with_their_source(qtbot: QtBot, messages: Messages) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    made = drawings_dialog(messages, window)
    assert made.names.count() == 345 and made.names.findItems("cat", Qt.MatchFlag.MatchExactly)
    assert any("CC BY 4.0" in label.text() for label in made.findChildren(QLabel))
    made.close()
