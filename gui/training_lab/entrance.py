"""The first page: the gallery of experiments, and the ways to bring one's own data, a drawn density or an old run."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QLabel, QVBoxLayout, QWidget

from engine import paths
from engine.data.preview import examples
from engine.data.source import DataChoice
from engine.experiments.ready import EXPERIMENTS
from engine.experiments.starters import drawn_density, own_pictures
from engine.runtime.job import Command, Job
from gui.lab import LabContext
from gui.services.jobs import LabWorker
from gui.training_lab.density_editor import DensityEditor
from gui.training_lab.experiments import ExperimentCard, RunCard, data_of, recent_runs, shipped_picture, tags_of
from gui.training_lab.gallery import Gallery

RECENT_RUNS = 12


class Entrance(QWidget):
    """Says which experiment or run the person wants."""

    experiment_chosen = Signal(object)  # Experiment: show its settings first
    experiment_started = Signal(object)  # Experiment: start it as it is
    run_chosen = Signal(object)  # Path

    def __init__(self, context: LabContext, parent: QWidget | None = None) -> None:
        """The gallery; pictures of data and earlier runs come when they have been read."""
        super().__init__(parent)
        self._context = context
        self._runs_reader = LabWorker(context.messages, self)
        self._examples_reader = LabWorker(context.messages, self)
        self._writer = LabWorker(context.messages, self)
        cards = [
            ExperimentCard(
                each.name, each.title, each.sentence, tags_of(each), shipped_picture(each.name), each.runs,
                data_of(each),
            )
            for each in EXPERIMENTS.values()
        ]
        self.gallery = Gallery(cards, context.theme.theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.gallery)
        gallery = self.gallery
        gallery.start_requested.connect(lambda card: self.experiment_started.emit(EXPERIMENTS[card.name]))
        gallery.settings_requested.connect(lambda card: self.experiment_chosen.emit(EXPERIMENTS[card.name]))
        gallery.own_data_requested.connect(self.ask_for_pictures)
        gallery.draw_requested.connect(self.ask_for_density)
        gallery.open_requested.connect(self.ask_for_run)
        gallery.run_chosen.connect(self.run_chosen)
        context.theme.changed.connect(gallery.set_theme)
        missing = gallery.missing_previews()
        if missing:
            self._examples_reader.submit(
                partial(_examples, tuple(missing)), self._on_example_read, lambda _none: None
            )

    def refresh(self) -> None:
        """Look again for runs of earlier days."""
        found: list[RunCard] = []
        self._runs_reader.submit(
            partial(recent_runs, RECENT_RUNS), found.append, lambda _none: self.gallery.set_runs(found)
        )

    def is_settled(self) -> bool:
        """Whether everything that was looked for is on screen."""
        return not (self._runs_reader.busy or self._examples_reader.busy or self._writer.busy)

    def shut_down(self) -> None:
        """Leave no thread."""
        for worker in (self._runs_reader, self._examples_reader, self._writer):
            worker.shut_down()

    # ---- what the person brings

    def ask_for_run(self) -> None:
        """Ask for the folder of a run."""
        dialog = self._folder_dialog("Open a run", paths.runs())
        dialog.fileSelected.connect(lambda chosen: self.run_chosen.emit(Path(chosen)))
        dialog.open()

    def ask_for_pictures(self) -> None:
        """Ask for a folder of pictures to learn from."""
        dialog = self._folder_dialog("Choose a folder of pictures", Path.home())
        dialog.fileSelected.connect(lambda chosen: self.experiment_chosen.emit(own_pictures(Path(chosen))))
        dialog.open()

    def ask_for_density(self) -> None:
        """Let the person draw the density that points are to follow."""
        dialog = DensityDialog(self._context, self)
        dialog.drawn.connect(self._on_density_drawn)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _folder_dialog(self, title: str, start: Path) -> QFileDialog:
        dialog = QFileDialog(self, title, str(start))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _on_density_drawn(self, density: NDArray[np.float32]) -> None:
        path = paths.home() / "densities" / f"{time.strftime('%Y-%m-%d-%H%M%S')}.npz"
        self._writer.submit(partial(_saved, path, density), lambda _none: None, self._on_density_saved)

    def _on_density_saved(self, path: Path) -> None:
        self.experiment_chosen.emit(drawn_density(path))

    def _on_example_read(self, found: tuple[str, NDArray[np.generic]]) -> None:
        self.gallery.set_preview(*found)


class DensityDialog(QDialog):
    """Paper to draw a density on."""

    drawn = Signal(object)  # float32 [n, n]

    def __init__(self, context: LabContext, parent: QWidget | None = None) -> None:
        """Empty paper."""
        super().__init__(parent)
        self.setWindowTitle("Draw a density")
        self.editor = DensityEditor(context.theme.theme)
        hint = QLabel("Where you draw, points will be; the network learns to put its samples there.")
        hint.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.learn_button = buttons.addButton("Learn this", QDialogButtonBox.ButtonRole.AcceptRole)
        self.learn_button.setEnabled(False)
        column = QVBoxLayout(self)
        column.addWidget(hint)
        column.addWidget(self.editor, 1)
        column.addWidget(buttons)
        self.resize(560, 640)
        self.editor.changed.connect(lambda: self.learn_button.setEnabled(not self.editor.is_empty))
        buttons.accepted.connect(self._on_buttons_accepted)
        buttons.rejected.connect(self.reject)

    def _on_buttons_accepted(self) -> None:
        self.drawn.emit(self.editor.density)
        self.accept()


def _saved(path: Path, density: NDArray[np.float32]) -> Job[None, Path]:
    from engine.data.points import save_density

    save_density(path, density)
    yield None
    return path


def _examples(names: tuple[str, ...]) -> Generator[tuple[str, NDArray[np.generic]], Command | None, None]:
    """A few examples of each kind of data, to stand on cards that have no picture."""
    for name in names:
        yield name, examples(DataChoice(name))
