"""Saves the pictures that stages are asked for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.runtime.job import Job
from gui.messages import Messages
from gui.services.export import export_image
from gui.services.jobs import LabWorker


class PictureSaver(QObject):
    """Connect a stage's `save_requested` to `ask`. One serves any number of stages; the dialog does not block."""

    def __init__(self, messages: Messages, window: QWidget) -> None:
        """Dialogs open above `window`."""
        super().__init__(window)
        self._messages, self._window = messages, window
        self._worker = LabWorker(messages, self)

    @property
    def busy(self) -> bool:
        """Whether a picture is being written."""
        return self._worker.busy

    def ask(self, picture: QImage, name: str) -> None:
        """Ask for a place, with `name` as a proposal, and save the picture there."""
        dialog = QFileDialog(self._window, "Save the picture", name, "PNG (*.png)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.fileSelected.connect(lambda chosen: self.save(picture, Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save(self, picture: QImage, path: Path) -> None:
        """Write the picture; the old file stays whole when that fails."""
        self._worker.submit(partial(_written, picture, path), lambda _none: None, self._on_worker_done)

    def shut_down(self) -> None:
        """Leave no thread."""
        self._worker.shut_down()

    def _on_worker_done(self, written: Path) -> None:
        self._messages.info(f"Saved {written.name} in {written.parent}.")


def _written(picture: QImage, path: Path) -> Job[None, Path]:
    written = export_image(picture, path)
    yield None
    return written
