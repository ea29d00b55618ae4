"""What the person can take away from a run: pictures, an animation, curves, numbers, the model, its command."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from engine.runtime.job import Arrays, Job
from gui.messages import Messages
from gui.palette import Theme
from gui.services.jobs import LabWorker
from gui.services.picture_saver import PictureSaver
from gui.services.run_model import RunModel
from gui.training_lab.gif_export import GifExport
from gui.training_lab.run_export import about, export_arrays, export_metrics, export_picture
from gui.training_lab.stage import RunStage
from gui.training_lab.workspace import Workspace

FRAME = QSize(640, 520)


class Saving(QObject):
    """The menu of the Save button. Reading and writing happen on a thread of its own; dialogs do not block."""

    catalog_changed = Signal()

    def __init__(self, workspace: Workspace, messages: Messages, parent: QWidget) -> None:
        """Nothing to save yet."""
        super().__init__(parent)
        self._window = parent
        self._workspace = workspace
        self._messages = messages
        self._run: RunModel | None = None
        self._worker = LabWorker(messages, self)
        self._waiting: deque[tuple[Callable[[], Path], Callable[[], object]]] = deque()
        self._pictures = PictureSaver(messages, parent)
        self._gif = GifExport(messages, self)
        self._gif_stage: RunStage | None = None
        self._menu = QMenu(workspace.save_button)
        for text, act in (
            ("Picture (PNG)…", self._on_picture_triggered),
            ("Animation of the time line (GIF)…", self._on_gif_triggered),
            ("Curves (CSV)…", self._on_curves_triggered),
            ("Numbers shown (npz)…", self._on_numbers_triggered),
            ("Add the model to the catalog", self._on_model_triggered),
            ("Copy the command of this run", self._on_command_triggered),
        ):
            self._menu.addAction(text, act)
        workspace.save_button.setMenu(self._menu)
        workspace.save_button.setEnabled(False)
        self._gif.finished.connect(self._on_gif_finished)
        self._gif.failed.connect(self._on_gif_failed)

    def choose(self, run: RunModel | None) -> None:
        """This run is what is saved from now on; None: there is nothing to save."""
        self._run = run
        self._workspace.save_button.setEnabled(run is not None)

    def ask_for_picture(self, picture: QImage, name: str) -> None:
        """Save a picture that a stage offers."""
        self._pictures.ask(picture, name)

    def add_to_catalog(self, path: Path) -> None:
        """Copy a model to the person's own ones."""
        self._write(partial(_added, path), self.catalog_changed.emit)

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._worker.busy or bool(self._waiting) or self._gif.busy or self._pictures.busy

    def shut_down(self) -> None:
        """Leave no thread."""
        self._waiting.clear()
        self._worker.shut_down()
        self._pictures.shut_down()
        self._gif.shut_down()

    # ---- the menu

    def _on_picture_triggered(self) -> None:
        run = self._run
        if run is None or not run.newest:
            self._messages.info("There is no picture of this run yet.")
            return
        step, image = run.step, self._drawn(run)
        self._ask(f"{run.folder.name}-{step}.png", "PNG (*.png)", lambda path: self._write(
            lambda: export_picture(image, path, about(run.folder, step))))

    def _on_gif_triggered(self) -> None:
        run = self._run
        if run is None or not run.kept:
            self._messages.info("No pictures of this run have been kept yet.")
            return
        self._ask(f"{run.folder.name}.gif", "GIF (*.gif)", partial(self._start_gif, run))

    def _on_curves_triggered(self) -> None:
        run = self._run
        if run is not None:
            self._ask(f"{run.folder.name}.csv", "CSV (*.csv)", lambda path: self._write(
                lambda: export_metrics(run.folder, path)))

    def _on_numbers_triggered(self) -> None:
        run = self._run
        if run is not None:
            shown = Arrays(run.step, run.newest)
            self._ask(f"{run.folder.name}-{run.step}.npz", "NumPy (*.npz)", lambda path: self._write(
                lambda: export_arrays(shown, path, about(run.folder, shown.step))))

    def _on_model_triggered(self) -> None:
        run = self._run
        if run is None or not run.folder.model_path.exists():
            self._messages.info("The run has not saved a model yet; it does so with each checkpoint and at its end.")
            return
        self.add_to_catalog(run.folder.model_path)

    def _on_command_triggered(self) -> None:
        if self._run is not None:
            QGuiApplication.clipboard().setText(self._run.folder.command)
            self._messages.info("The command that makes this run again is on the clipboard.")

    # ---- writing

    def _ask(self, name: str, kind: str, then: Callable[[Path], object]) -> None:
        dialog = QFileDialog(self._window, "Save", name, kind)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
        dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _write(self, write: Callable[[], Path], then: Callable[[], object] = lambda: None) -> None:
        self._waiting.append((write, then))
        if not self._worker.busy:
            self._write_next()

    def _write_next(self) -> None:
        """One after the other: the worker would drop what it has not written when it is asked for something new."""
        if self._waiting:
            write, then = self._waiting.popleft()
            done = partial(self._on_worker_done, then)
            self._worker.submit(partial(_written, write), lambda _none: None, done, self._on_worker_failed)

    def _on_worker_done(self, then: Callable[[], object], path: Path) -> None:
        self._on_written(path)
        then()
        self._write_next()

    def _on_worker_failed(self, error: BaseException) -> None:
        self._messages.report(error)
        self._write_next()

    def _on_written(self, path: Path) -> None:
        self._messages.info(f"Saved {path.name} in {path.parent}.")

    def _drawn(self, run: RunModel) -> QImage:
        stage = self._stage_of_theme()
        stage.show_arrays(run.newest, run.step)
        image = stage.grab().toImage()
        stage.deleteLater()
        return image

    def _stage_of_theme(self) -> RunStage:
        theme: Theme = self._workspace.theme
        stage = RunStage(theme)
        stage.resize(FRAME)
        return stage

    def _start_gif(self, run: RunModel, path: Path) -> None:
        self._drop_gif_stage()
        self._gif_stage = self._stage_of_theme()
        self._gif.start(run.folder, list(run.kept), self._frame, path, about(run.folder))
        self._messages.info(f"Making {path.name} of {len(run.kept)} pictures…")

    def _frame(self, arrays: Arrays, _index: int) -> QImage:
        assert self._gif_stage is not None
        self._gif_stage.show_arrays(arrays.arrays, arrays.step)
        return self._gif_stage.grab().toImage()

    def _on_gif_finished(self, path: Path) -> None:
        self._drop_gif_stage()
        self._on_written(path)

    def _on_gif_failed(self, error: BaseException) -> None:
        self._drop_gif_stage()
        self._messages.report(error)

    def _drop_gif_stage(self) -> None:
        if self._gif_stage is not None:
            self._gif_stage.deleteLater()
            self._gif_stage = None


def _written(write: Callable[[], Path]) -> Job[None, Path]:
    written = write()
    yield None
    return written


def _added(path: Path) -> Path:
    """Take a model into the catalog; returns its file there."""
    # Here, not above: the catalog reads checkpoints with torch, which takes seconds to load.
    from engine.runtime.catalog import Catalog

    return Catalog().add(path, _checked).path


def _checked(path: Path) -> None:
    """Open the model as the Explore page does; other kinds were written by their own trainer."""
    from engine.explore.generative_model import KINDS, open_generative_model
    from engine.runtime.checkpoint import read_header

    if read_header(path).kind in KINDS:
        open_generative_model(path)
