"""Fetches public files, models or drawings to train on: a list to choose from, progress, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine import paths
from engine.data.download import Progress, RemoteFile, download, magenta_models, quickdraw_categories
from gui.messages import Messages
from gui.services.jobs import LabWorker


class DownloadDialog(QDialog):
    """One download at a time; closing the dialog cancels it, and nothing half fetched is kept."""

    fetched = Signal(object)  # Path of the downloaded file

    def __init__(
        self, title: str, about: str, remotes: Sequence[RemoteFile], messages: Messages, parent: QWidget | None = None
    ) -> None:
        """List `remotes`; `about` says what they are and under which licence."""
        super().__init__(parent)
        self._worker = LabWorker(messages, self)
        self._messages = messages
        self._remotes = {remote.name: remote for remote in remotes}
        self.setWindowTitle(title)
        self.resize(420, 480)
        column = QVBoxLayout(self)
        column.addWidget(_wrapped(about))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter…")
        self.filter.setAccessibleName("Filter")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._on_filter_text_changed)
        column.addWidget(self.filter)
        self.names = QListWidget()
        self.names.setAccessibleName(title)
        self.names.addItems(sorted(self._remotes))
        self.names.itemActivated.connect(lambda _item: self.fetch())
        column.addWidget(self.names, 1)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the download")
        self.progress.hide()
        column.addWidget(self.progress)
        row = QHBoxLayout()
        row.addStretch(1)
        self.fetch_button = QPushButton("Download")
        self.fetch_button.setProperty("role", "primary")
        self.fetch_button.setDefault(True)
        self.fetch_button.clicked.connect(self.fetch)
        self.close_button = QPushButton("Close")
        self.close_button.clicked.connect(self.close)
        row.addWidget(self.close_button)
        row.addWidget(self.fetch_button)
        column.addLayout(row)
        self._worker.busy_changed.connect(self._on_worker_busy_changed)
        self.finished.connect(self._on_finished)

    def fetch(self) -> None:
        """Fetch the file that is chosen in the list."""
        item = self.names.currentItem()
        if item is None or item.isHidden() or self._worker.busy:
            return
        remote = self._remotes[item.text()]
        self.progress.setRange(0, 0)
        self._worker.submit(
            partial(download, remote, paths.downloads()), self._on_progress, partial(self._on_done, remote)
        )

    def _on_progress(self, event: Progress) -> None:
        self.progress.setRange(0, event.total or 0)
        self.progress.setValue(event.received)

    def _on_done(self, remote: RemoteFile, path: Path) -> None:
        self._messages.info(f"Fetched {remote.name}.")
        self.fetched.emit(path)

    def _on_worker_busy_changed(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.fetch_button.setEnabled(not busy)
        self.close_button.setText("Cancel" if busy else "Close")

    def _on_filter_text_changed(self, text: str) -> None:
        for row in range(self.names.count()):
            item = self.names.item(row)
            item.setHidden(text.lower() not in item.text().lower())
        matches = self.names.findItems(text, Qt.MatchFlag.MatchContains)
        if matches:
            self.names.setCurrentItem(matches[0])

    def _on_finished(self, _result: int) -> None:
        # A server that is silent keeps the thread for a while; nobody waits for it.
        self._worker.shut_down(timeout=0)
        self.deleteLater()


def models_dialog(messages: Messages, parent: QWidget | None = None) -> DownloadDialog:
    """The published models."""
    about = "Decoders of single classes that Magenta published (Apache License 2.0, about 3 MB each)."
    return DownloadDialog("Published models", about, magenta_models(), messages, parent)


def drawings_dialog(messages: Messages, parent: QWidget | None = None) -> DownloadDialog:
    """The categories of Quick, Draw!, to train on."""
    about = "Drawings of Quick, Draw! (Google, CC BY 4.0), a file for each class, some 65 MB each."
    return DownloadDialog("Drawings to learn from", about, quickdraw_categories(), messages, parent)


def _wrapped(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setProperty("role", "muted")
    return label
