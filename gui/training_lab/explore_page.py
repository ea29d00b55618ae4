"""The page on which a trained model is explored: which model, what of it, and ways to take it away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import qtawesome
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from engine.runtime.job import Job
from gui.lab import LabContext
from gui.palette import Theme
from gui.services.jobs import LabWorker
from gui.services.run_model import RunModel
from gui.training_lab.explore_data import Examples, ExploreData
from gui.training_lab.explore_encode import EncodeView
from gui.training_lab.explore_interpolate import InterpolateView
from gui.training_lab.explore_neighbours import NeighboursView
from gui.training_lab.explore_samples import SamplesView
from gui.training_lab.explore_session import KINDS, ExploreSession, file_stamp
from gui.training_lab.explore_slice import SliceView
from gui.training_lab.explore_view import ExploreView
from gui.widgets.collapsing_bar import CollapsingBar
from gui.widgets.controls import button, row

PICTURES, POINTS = 240, 600  # held-out examples that are read

_NO_RUN = "Choose a trained model above, or start a run: as soon as it has saved a model, you can explore it here."
_NO_MODEL = "This run has not saved a model yet. As soon as it does, with its first checkpoint, the model opens here."
_OTHER_KIND = "This run trains another kind of model. Here you can explore GANs and auto-encoders; choose one above."
_NO_LATENTS = {
    "capsules": "Capsule networks, and the CNNs beside them, are explored in the Capsules lab: add this model to the "
    "catalog with the Save button and choose it there. Here you can explore GANs and auto-encoders.",
}
_OPENING = "Opening the model…"
_TIPS = {
    "Samples": "Samples G(z) of random latents z",
    "Slice": "Move by mouse through two dimensions of z, and see G(z) follow",
    "Interpolate": "The way from one latent z to another",
    "Encode": "Draw an x, or pick one, and see its code Q(z|x) and what comes back, G(Q(x))",
    "Neighbours": "The training pictures x that are nearest to a sample G(z)",
}

if TYPE_CHECKING:
    from engine.runtime.catalog import ModelEntry


class ExplorePage(QWidget):
    """Explores the model of the chosen run or one of the catalog. While it is hidden, nothing is opened or asked."""

    save_requested = Signal(object, str)  # QImage, name for its file
    keep_requested = Signal(object)  # Path of a model for the catalog

    def __init__(self, context: LabContext, parent: QWidget | None = None) -> None:
        """Without a run."""
        super().__init__(parent)
        theme = context.theme.theme
        self._context = context
        self._run: RunModel | None = None
        self._entries: list[ModelEntry] = []
        self._failure = ""
        self._examples_of: Path | None = None  # the model whose examples are there, or being read
        self._has_examples = False
        self.session = ExploreSession(context.messages, self)
        self.data = ExploreData(context.messages, self)
        self._librarian = LabWorker(context.messages, self)
        self.source = QComboBox()
        self.source.setToolTip("Which model G is explored: that of the chosen run, or one of the catalog.")
        self.source.setAccessibleName("Model")
        self.source.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.newest_button = button("Load the newest", "Explore the model as the run has saved it last.")
        self.keep_button = button("Add to the catalog", "Keep a copy of this model G among your own models.")
        self.save_button = button("Save picture", "Save what is shown here as a PNG file.")
        self.facts = QLabel()
        self.facts.setProperty("role", "muted")
        self.facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint = QLabel(_NO_RUN)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setProperty("role", "muted")
        self.hint.setContentsMargins(24, 24, 24, 24)
        self.samples = SamplesView(self.session, theme)
        self.slice = SliceView(self.session, theme)
        self.way = InterpolateView(self.session, theme)
        self.code = EncodeView(self.session, theme)
        self.neighbours = NeighboursView(self.session, self.data, theme)
        self.views: dict[str, ExploreView] = dict(
            zip(_TIPS, (self.samples, self.slice, self.way, self.code, self.neighbours), strict=True)
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.hint)
        for view in self.views.values():
            self.stack.addWidget(view)
            view.save_requested.connect(self.save_requested)
        self._actions = QActionGroup(self)
        for index, (title, tip) in enumerate(_TIPS.items()):
            action = QAction(title, self._actions)
            action.setCheckable(True)
            action.setShortcut(QKeySequence(str(index + 1)))
            action.setToolTip(f"{tip} ({index + 1}).")
        self._actions.actions()[0].setChecked(True)
        self.switch = CollapsingBar(self._actions.actions(), "", "Choose how the model is explored.", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 0, 0)
        column.setSpacing(8)
        column.addLayout(row([self.source, self.newest_button], stretch=0))
        column.addWidget(self.switch)
        column.addWidget(self.stack, 1)
        column.addLayout(row([self.facts, self.keep_button, self.save_button], stretch=0))
        self._connect()
        self._list_sources()
        self.set_theme(theme)
        self._show_state()

    def _connect(self) -> None:
        self._context.theme.changed.connect(self.set_theme)
        self.source.activated.connect(self._on_source_activated)
        self.newest_button.clicked.connect(self._on_newest_clicked)
        self.keep_button.clicked.connect(self._on_keep_clicked)
        self.save_button.clicked.connect(self._on_save_clicked)
        self._actions.triggered.connect(self._on_actions_triggered)
        self.session.model_changed.connect(self._on_session_model_changed)
        self.session.failed.connect(self._on_session_failed)
        self.samples.neighbours_requested.connect(lambda: self.choose_view("Neighbours"))
        self.slice.answered.connect(self._context.status.set_latency)

    # ---- what is explored

    @property
    def path(self) -> Path | None:
        """The file of the model that is wanted; None when there is none to be had."""
        chosen = self.source.currentData()
        if isinstance(chosen, Path):
            return chosen
        if self._run is None or self._run.trainer.name not in KINDS or not file_stamp(self._run.folder.model_path):
            return None
        return self._run.folder.model_path

    def choose(self, run: RunModel | None) -> None:
        """This run's model is explored from now on, in place of another run's or of one of the catalog."""
        if run is self._run:
            return
        if self._run is not None:
            self._run.checkpoints_changed.disconnect(self._on_run_checkpoints_changed)
            self._run.state_changed.disconnect(self._on_run_state_changed)
        self._run = run
        if run is not None:
            run.checkpoints_changed.connect(self._on_run_checkpoints_changed)
            run.state_changed.connect(self._on_run_state_changed)
        self._list_sources(keep=False)
        self._look()

    def choose_view(self, title: str) -> None:
        """Show one of the pages, if the model fits it."""
        for action in self._actions.actions():
            if action.text() == title and action.isVisible():
                action.setChecked(True)
                self._on_actions_triggered(action)

    def refresh_catalog(self) -> None:
        """Look again for models that one can explore."""
        if self.isVisible():
            self._librarian.submit(_entries, lambda _none: None, self._on_entries_read)

    @property
    def busy(self) -> bool:
        """Whether something is still to come."""
        return self.session.busy or self.data.busy or self._librarian.busy

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        for view in self.views.values():
            view.set_theme(theme)
        self.newest_button.setIcon(qtawesome.icon("mdi6.refresh", color=theme.text))
        self.keep_button.setIcon(qtawesome.icon("mdi6.bookmark-plus-outline", color=theme.text))
        self.save_button.setIcon(qtawesome.icon("mdi6.download-outline", color=theme.text))

    def showEvent(self, event: QShowEvent) -> None:
        """Look at what the run has saved meanwhile."""
        super().showEvent(event)
        self.refresh_catalog()
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is done while nobody looks."""
        super().hideEvent(event)
        self.session.rest()
        self.data.cancel()
        if not self._has_examples:
            self._examples_of = None

    def shut_down(self) -> None:
        """Leave no thread."""
        self.session.shut_down()
        self.data.shut_down()
        self._librarian.shut_down()

    # ---- what happens

    def _look(self) -> None:
        """Open what is wanted if it can be had and is not open."""
        path, model = self.path, self.session.model
        if not self.isVisible():
            return
        if path is None and model is not None:
            self.session.close()
        elif path is not None and (model is None or model.path != path):
            self._failure = ""
            self.session.open(path)
        elif model is not None:
            self._read_examples()
        self._show_state()

    def _read_examples(self) -> None:
        """Held-out data, once there is a page that shows it: reading it may take seconds."""
        model = self.session.model
        if not self._has_examples and self._title == "Neighbours":
            self._examples_of = None  # seeking takes the place of reading
        if model is None or model.path == self._examples_of or not self.isVisible():
            return
        if not model.is_points and self._title != "Encode":
            return
        self._has_examples = False
        self._examples_of = model.path
        self.data.examples(
            model.path, POINTS if model.is_points else PICTURES, self._on_examples_read, self._on_examples_failed
        )

    def _on_run_checkpoints_changed(self, _steps: list[int]) -> None:
        self._look()

    def _on_run_state_changed(self, _state: str) -> None:
        self._look()

    def _on_session_model_changed(self) -> None:
        model = self.session.model
        if model is None or model.path != self._examples_of:
            self._examples_of = None
            self._give_examples(None)
        self._read_examples()
        self._show_state()

    def _on_session_failed(self, sentence: str) -> None:
        self._failure = sentence
        self._show_state()

    def _on_examples_read(self, examples: Examples) -> None:
        self._has_examples = True
        self._give_examples(examples)

    def _on_examples_failed(self, error: BaseException) -> None:
        self._has_examples = True
        self.code.set_failure(str(error))

    def _give_examples(self, examples: Examples | None) -> None:
        for view in (self.samples, self.slice, self.way, self.code):
            view.set_examples(examples)

    def _on_entries_read(self, entries: list[ModelEntry]) -> None:
        self._entries = entries
        self._list_sources()

    def _on_source_activated(self, _index: int) -> None:
        self._look()

    def _on_newest_clicked(self) -> None:
        path = self.path
        if path is not None:
            self.session.open(path)
            self._show_state()

    def _on_keep_clicked(self) -> None:
        if self.session.model is not None:
            self.keep_requested.emit(self.session.model.path)

    def _on_save_clicked(self) -> None:
        image, name = self.views[self._title].picture()
        if image.isNull():
            self._context.messages.info("There is no picture here yet.")
        else:
            self.save_requested.emit(image, name)

    def _on_actions_triggered(self, _action: QAction) -> None:
        self._show_state()
        self._read_examples()

    # ---- showing

    @property
    def _title(self) -> str:
        checked = self._actions.checkedAction()
        return checked.text()

    def _list_sources(self, keep: bool = True) -> None:
        """The run first, then the catalog; what was chosen stays so if it is still there."""
        chosen = self.source.currentData() if keep else None
        with QSignalBlocker(self.source):
            self.source.clear()
            self.source.addItem("No run is chosen" if self._run is None else f"This run: {self._run.name}", None)
            for entry in self._entries:
                self.source.addItem(f"{entry.name} ({KINDS[entry.header.kind]})", entry.path)
            self.source.setCurrentIndex(max(self.source.findData(chosen), 0) if chosen is not None else 0)

    def _show_state(self) -> None:
        model, path, of_run = self.session.model, self.path, self.source.currentData() is None
        for action, view in zip(self._actions.actions(), self.views.values(), strict=True):
            action.setVisible(model is None or view.fits(model))
            action.setEnabled(model is not None)
        if not self._actions.checkedAction().isVisible():
            self._actions.actions()[0].setChecked(True)
        self.stack.setCurrentWidget(self.hint if model is None else self.views[self._title])
        self.hint.setText(self._empty_text(path, of_run))
        self.newest_button.setVisible(of_run and self._run is not None)
        self.newest_button.setEnabled(model is not None and path is not None and file_stamp(path) != model.stamp)
        self.keep_button.setEnabled(model is not None and of_run)
        self.save_button.setEnabled(model is not None)
        if model is None:
            self.facts.clear()
            return
        form = "points" if model.is_points else f"{model.shape[1]} × {model.shape[2]}"
        kind = KINDS.get(model.kind, model.kind)
        self.facts.setText(f"z {model.latent_size} → {form}")
        self.facts.setToolTip(
            f"{model.name}: {kind}, {model.latent_size} latent dimensions, {model.parameter_count:,} parameters"
        )

    def _empty_text(self, path: Path | None, of_run: bool) -> str:
        if path is not None:
            return self._failure or _OPENING
        if self._run is None or not of_run:
            return _NO_RUN
        trainer = self._run.trainer.name
        return _NO_MODEL if trainer in KINDS else _NO_LATENTS.get(trainer, _OTHER_KIND)


def _entries() -> Job[None, list[ModelEntry]]:
    # Here, not above: the catalog reads checkpoints with torch, which takes seconds to load.
    from engine.runtime.catalog import Catalog, ModelEntry

    catalog, found = Catalog(), list[ModelEntry]()
    for kind in KINDS:
        found += catalog.entries(kind)
        yield None
    return found
