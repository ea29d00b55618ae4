"""Files of the Sketch lab: opening and saving drawings, taking and fetching models."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QWidget

from engine.runtime.job import Job
from engine.sketch.strokes import Drawing
from gui.messages import Messages
from gui.services import export
from gui.services.jobs import LabWorker
from gui.sketch_lab.picker import DrawingPicker
from gui.sketch_lab.session import SketchSession

DRAWING_SUFFIXES = frozenset({".svg", ".ndjson", ".npz"})
MODEL_SUFFIXES = frozenset({".safetensors", ".json"})
OPEN_FILTER = "Drawings (*.svg *.ndjson *.npz);;All files (*)"
MODEL_FILTER = "Models (*.safetensors *.gen.json *.json);;All files (*)"
_SECONDS_OF_ANIMATION = 6.0
_KINDS: dict[str, tuple[str, str]] = {
    "svg": ("drawing.svg", "SVG (*.svg)"),
    "animated": ("drawing-animated.svg", "SVG (*.svg)"),
    "png": ("drawing.png", "PNG (*.png)"),
    "ndjson": ("drawing.ndjson", "Quick, Draw! ndjson (*.ndjson)"),
}


class SketchFiles(QObject):
    """Dialogs never block; reading and writing happen on a worker of their own."""

    drawing_opened = Signal(object, str)  # Drawing, file name
    model_added = Signal(object)  # Path in the catalog

    def __init__(self, session: SketchSession, messages: Messages, window: QWidget) -> None:
        """Dialogs open above `window`."""
        super().__init__(window)
        self._session, self._messages, self._window = session, messages, window
        self._reader = LabWorker(messages, self)
        self._writer = LabWorker(messages, self)

    @property
    def busy(self) -> bool:
        """Whether a file is being read or written."""
        return self._reader.busy or self._writer.busy

    def shut_down(self) -> None:
        """Leave no thread."""
        self._reader.shut_down()
        self._writer.shut_down()

    # ---- drawings

    def ask_for_drawing(self) -> None:
        """Choose a drawing to open."""
        self._choose("Open a drawing", OPEN_FILTER, self.open_drawing)

    def open_drawing(self, path: Path) -> None:
        """Read a file; of several drawings one is picked. What cannot be read gives one sentence."""
        self._reader.submit(
            partial(self._session.read_drawings, path), lambda _none: None, partial(self._on_drawings_read, path)
        )

    def _on_drawings_read(self, path: Path, drawings: list[Drawing]) -> None:
        if len(drawings) == 1:
            self.drawing_opened.emit(drawings[0], path.name)
            return
        picker = DrawingPicker(drawings, path.name, self._window)
        picker.picked.connect(lambda drawing: self.drawing_opened.emit(drawing, path.name))
        picker.open()

    def ask_where_to_save(self, drawing: Drawing, kind: str, size: int) -> None:
        """Choose a file to save `drawing` to; a picture of `size` 0 asks for its size first."""
        if kind == "png" and size == 0:
            question = QInputDialog(self._window)
            question.setWindowTitle("Size of the picture")
            question.setLabelText("Pixels of the longer side:")
            question.setInputMode(QInputDialog.InputMode.IntInput)
            question.setIntRange(export.MIN_SIZE, export.MAX_SIZE)
            question.setIntValue(1024)
            question.intValueSelected.connect(lambda pixels: self.ask_where_to_save(drawing, kind, pixels))
            _open_once(question)
            return
        name, name_filter = _KINDS[kind]
        dialog = QFileDialog(self._window, "Save the drawing", name, name_filter)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix)
        dialog.fileSelected.connect(lambda chosen: self.save(drawing, Path(chosen), kind, size))
        _open_once(dialog)

    def save(self, drawing: Drawing, path: Path, kind: str, size: int = -1) -> None:
        """Write `drawing` as `kind`; the old file stays whole when that fails."""

        def write() -> Job[None, Path]:
            if kind == "png":
                return (yield from _once(partial(export.export_png, drawing, path, size)))
            if kind == "svg":
                return (yield from _once(partial(export.export_svg, drawing, path)))
            if kind == "animated":
                return (yield from _once(partial(export.export_animated_svg, drawing, path, _SECONDS_OF_ANIMATION)))
            return (yield from _once(partial(export.export_ndjson, drawing, path)))

        def on_done(written: Path) -> None:
            self._messages.info(f"Saved {written.name} in {written.parent}.")

        self._writer.submit(write, lambda _none: None, on_done)

    # ---- models

    def ask_for_model(self) -> None:
        """Choose a model file to take into the catalog."""
        self._choose("Add a model", MODEL_FILTER, self.add_model)

    def add_model(self, path: Path) -> None:
        """Take a model file into the catalog; a file that is none gives one sentence and changes nothing."""
        self._reader.submit(partial(self._session.add_model, path), lambda _none: None, self.model_added.emit)

    def _choose(self, title: str, name_filter: str, then: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self._window, title, "", name_filter)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
        _open_once(dialog)


def _open_once(dialog: QDialog) -> None:
    """Open without blocking; the dialog is gone when it closes."""
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _once(write: Callable[[], Path]) -> Job[None, Path]:
    written = write()
    yield None
    return written
