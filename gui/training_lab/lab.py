"""The Training lab: experiments to choose from, and runs to watch, stop, bend, rewind and compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from engine.experiments.experiment import Experiment, PlannedRun
from gui.lab import Lab, LabContext
from gui.palette import Theme
from gui.services.picture_store import PictureStore
from gui.services.run_model import RunModel
from gui.training_lab.draft_examples import DraftExamples
from gui.training_lab.entrance import Entrance
from gui.training_lab.explore_page import ExplorePage
from gui.training_lab.info import INFO_HTML
from gui.training_lab.model_side import ModelSide
from gui.training_lab.run_column import RunColumn
from gui.training_lab.run_set import RunSet
from gui.training_lab.run_views import RunViews
from gui.training_lab.saving import Saving
from gui.training_lab.scenes import scenes_of
from gui.training_lab.workspace import Workspace

MOST_COLUMNS = 4


class TrainingLab(Lab):
    """Joins the open runs with the views; what trains, trains in processes of its own."""

    name = "training"
    title = "Training"
    icon_name = "mdi6.chart-bell-curve-cumulative"

    def __init__(self, context: LabContext, parent: QWidget | None = None) -> None:
        """Show the experiments."""
        super().__init__(parent)
        self._context = context
        self.runs = RunSet(context.messages, self)
        self.store = PictureStore(context.messages, parent=self)
        self.entrance = Entrance(context, self)
        self.workspace = Workspace(context.theme)
        self.side = ModelSide(
            self.workspace.diagrams, self.workspace.settings, context.theme.theme, context.messages, self
        )
        self.views = RunViews(self.workspace, self.side, self.store, context.messages, self)
        self.saving = Saving(self.workspace, context.messages, self)
        self.explore = ExplorePage(context)
        self.workspace.set_explore_page(self.explore)
        self.examples = DraftExamples(context.messages, self)
        self.columns: dict[RunModel, RunColumn] = {}
        self.experiment: Experiment | None = None
        self.draft: list[PlannedRun] = []
        self._is_shown = False
        self._poses = False
        self.pages = QStackedWidget()
        self.pages.addWidget(self.entrance)
        self.pages.addWidget(self.workspace)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.setAcceptDrops(True)
        self._connect()

    def _connect(self) -> None:
        view = self.workspace
        self._context.theme.changed.connect(self._on_theme_changed)
        self.entrance.experiment_chosen.connect(self.set_up)
        self.entrance.experiment_started.connect(self.start)
        self.entrance.run_chosen.connect(self.open_run)
        view.back_requested.connect(self._on_back_requested)
        self.runs.added.connect(self._on_runs_added)
        self.runs.removed.connect(self._on_runs_removed)
        self.runs.not_made.connect(self._refresh_state)
        self.side.edited.connect(self._on_side_edited)
        self.explore.save_requested.connect(self.saving.ask_for_picture)
        self.explore.keep_requested.connect(self.saving.add_to_catalog)
        self.examples.found.connect(self._on_examples_found)
        self.saving.catalog_changed.connect(self.explore.refresh_catalog)
        transport = view.transport
        transport.run_requested.connect(self._on_transport_run_requested)
        transport.pause_requested.connect(self._on_transport_pause_requested)
        transport.stop_requested.connect(self.runs.stop)
        transport.advance_requested.connect(self._on_transport_advance_requested)
        transport.freeze_toggled.connect(self._on_transport_freeze_toggled)
        transport.install_shortcuts(view)
        for bar in (transport, view.timeline):
            bar.rewind_requested.connect(self._on_rewind_requested)
            bar.fork_requested.connect(self._on_fork_requested)
        view.timeline.step_chosen.connect(self._on_timeline_step_chosen)
        view.timeline.live_chosen.connect(self._on_timeline_live_chosen)
        view.run_list.itemChanged.connect(self._on_run_list_item_changed)
        view.run_list.currentRowChanged.connect(self._on_run_list_row_changed)
        shortcut = QShortcut(QKeySequence("Ctrl+O"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.entrance.ask_for_run)

    # ---- the lab's own life

    def on_shown(self) -> None:
        """Look at the runs again."""
        self._is_shown = True
        self.entrance.refresh()
        self._watch()
        self._show_status()

    def on_hidden(self) -> None:
        """Runs go on; nobody looks at them."""
        self._is_shown = False
        self.workspace.timeline.stop()
        self._watch()

    def shut_down(self) -> None:
        """Leave no thread, process or timer; runs save and end by themselves."""
        self.on_hidden()
        self.entrance.shut_down()
        self.saving.shut_down()
        self.explore.shut_down()
        self.examples.shut_down()
        self.views.shut_down()
        self.store.shut_down()
        self.runs.shut_down()

    def info_html(self) -> str:
        """See `gui.training_lab.info`."""
        return INFO_HTML

    def open_file(self, path: Path) -> None:
        """Open a run's folder, also by one of its files."""
        folder = path if path.is_dir() else path.parent
        self.open_run(folder.parent if folder.name in ("checkpoints", "arrays") else folder)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders and files from outside."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the runs that were dropped."""
        event.acceptProposedAction()
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.open_file(Path(url.toLocalFile()))

    def screenshot_scenes(self) -> dict[str, Callable[[], None]]:
        """States worth a picture, by name; see `gui.screenshots`."""
        self._poses = True
        return scenes_of(self)

    def is_settled(self) -> bool:
        """Whether everything that was begun is on screen; runs that train count while the lab poses for pictures."""
        if self._poses and any(run.is_live or self.runs.is_waiting(run) for run in self.runs.runs):
            return False
        busy = self.runs.busy or self.store.busy or self.views.busy or self.saving.busy or self.explore.busy
        return not busy and not self.examples.busy and self.entrance.is_settled()

    # ---- beginning

    def set_up(self, experiment: Experiment) -> None:
        """Show an experiment before it begins, so that its settings can be changed; Run then starts it."""
        training = len(self.runs.live)
        if training:
            what = "The run that was training is" if training == 1 else f"The {training} runs that were training are"
            self._context.messages.info(f"{what} saved and stopped, and can be opened again from the first page.")
        self.runs.clear()
        self.experiment, self.draft = experiment, list(experiment.runs)
        self.workspace.title.setText(experiment.title)
        self.workspace.title.setToolTip(experiment.sentence)
        self.workspace.run_list.clear()
        for planned in self.draft:
            self.workspace.run_list.addItem(planned.label)
        self.workspace.run_list.setCurrentRow(0)
        self._refresh_state()
        self.workspace.show_hint(experiment)
        self.pages.setCurrentWidget(self.workspace)

    def start(self, experiment: Experiment) -> None:
        """Set an experiment up and start it."""
        self.set_up(experiment)
        self._start_draft()

    def open_run(self, path: Path) -> None:
        """Put a run beside those that are open."""
        if self.runs.find(path) is not None:
            self.pages.setCurrentWidget(self.workspace)
        self.runs.open(path)

    def _start_draft(self) -> None:
        """The draft stays until its runs exist: when they cannot be made, it can be started again."""
        self.workspace.transport.set_state("starting")
        self.runs.start(self.draft)

    # ---- runs come and go

    def _on_runs_added(self, run: RunModel) -> None:
        view = self.workspace
        if self.draft:
            self.draft = []
            self.examples.forget()
            view.run_list.clear()
        if self.experiment is None:
            view.title.setText("Runs")
        label = self.views.add(run)
        view.hide_hint()
        self.pages.setCurrentWidget(view)
        item = QListWidgetItem(label)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setData(Qt.ItemDataRole.UserRole, label)
        on_stage = len(self.columns) < MOST_COLUMNS
        item.setCheckState(Qt.CheckState.Checked if on_stage else Qt.CheckState.Unchecked)
        view.run_list.addItem(item)
        run.state_changed.connect(partial(self._on_run_state_changed, run))
        if on_stage:
            self._put_on_stage(run)
        # What the person has opened or forked is what they want to see; of runs that begin together, the first.
        if self.views.chosen is None or not self.runs.is_waiting(run):
            self.choose(run)
        self._watch()

    def _on_runs_removed(self, run: RunModel) -> None:
        label = self.views.labels[run]
        self._take_off_stage(run)
        for item in self.workspace.run_list.findItems(label, Qt.MatchFlag.MatchExactly):
            self.workspace.run_list.takeItem(self.workspace.run_list.row(item))
        self.views.remove(run)
        if self.views.chosen is None and self.runs.runs:
            self.choose(self.runs.runs[-1])
        elif self.views.chosen is None:
            self.explore.choose(None)
            self.saving.choose(None)
            self._refresh_state()

    def _put_on_stage(self, run: RunModel) -> None:
        column = RunColumn(run, self.views.labels[run], self._context.theme.theme)
        column.chosen.connect(self.choose)
        column.close_requested.connect(self.runs.close)
        column.stage.save_requested.connect(self.saving.ask_for_picture)
        self.columns[run] = column
        self.workspace.add_column(column)
        column.set_waiting(self.runs.is_waiting(run))
        column.follow()
        self._mark_chosen()

    def _take_off_stage(self, run: RunModel) -> None:
        column = self.columns.pop(run, None)
        if column is not None:
            column.hide()
            column.deleteLater()
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        for run, column in self.columns.items():
            column.set_chosen(run is self.views.chosen and len(self.columns) > 1)

    def choose(self, run: RunModel) -> None:
        """The settings, the drawing, the log and the health are this run's from now on."""
        self.views.choose(run)
        self._mark_chosen()
        with QSignalBlocker(self.workspace.run_list):
            self.workspace.run_list.setCurrentRow(self.runs.runs.index(run))
        self.saving.choose(run)
        self.explore.choose(run)
        self._refresh_state()

    # ---- what the person does

    def _on_transport_run_requested(self) -> None:
        if self.draft:
            self._start_draft()
            return
        chosen = self.views.chosen
        if chosen is None:
            return
        # A race that was paused goes on together.
        together = self.runs.live if chosen.state == "paused" else [chosen]
        for run in together:
            if run is chosen or run.state == "paused":
                run.run()

    def _on_transport_pause_requested(self) -> None:
        for run in self.runs.live:
            run.pause()

    def _on_transport_advance_requested(self, part: str) -> None:
        for run in self.runs.live:
            run.advance(part)

    def _on_transport_freeze_toggled(self, frozen: bool) -> None:
        if self.views.chosen is not None:
            self.views.chosen.edit({"freeze_critic": frozen})

    def _on_rewind_requested(self, step: int) -> None:
        if self.views.chosen is not None:
            self.views.chosen.rewind(step)

    def _on_fork_requested(self, step: int) -> None:
        if self.views.chosen is not None:
            self.runs.fork(self.views.chosen, step)

    def _on_side_edited(self, changes: Mapping[str, Any]) -> None:
        if self.draft:
            row = self.workspace.run_list.currentRow()
            self.draft[row] = replace(self.draft[row], config=self.side.config)
            self.examples.look(self.side.config)
        elif self.views.chosen is not None:
            self.views.chosen.edit(changes)

    def _on_examples_found(self, arrays: Mapping[str, Any]) -> None:
        if self.draft and self.side.drawing is not None:
            self.side.drawing.show_arrays(arrays)

    def _on_run_list_row_changed(self, row: int) -> None:
        if self.draft and 0 <= row < len(self.draft):
            assert self.experiment is not None
            self.side.show(self.draft[row].config, self.experiment.runs[row].config, running=False)
            if self.side.drawing is not None:
                self.side.drawing.clear()
            self.examples.forget()
            self.examples.look(self.draft[row].config)
        elif 0 <= row < len(self.runs.runs):
            self.choose(self.runs.runs[row])

    def _on_run_list_item_changed(self, item: QListWidgetItem) -> None:
        label = item.data(Qt.ItemDataRole.UserRole)
        run = next((run for run, name in self.views.labels.items() if name == label), None)
        if run is None:
            return
        wanted = item.checkState() == Qt.CheckState.Checked
        if wanted and run not in self.columns and len(self.columns) >= MOST_COLUMNS:
            item.setCheckState(Qt.CheckState.Unchecked)
            self._context.messages.info(f"There is room for {MOST_COLUMNS} runs; take one off the stage first.")
        elif wanted and run not in self.columns:
            self._put_on_stage(run)
        elif not wanted:
            self._take_off_stage(run)
        self._watch()

    def _on_back_requested(self) -> None:
        self.entrance.refresh()
        self.pages.setCurrentWidget(self.entrance)

    # ---- the time line

    def _on_timeline_step_chosen(self, step: int) -> None:
        view = self.workspace
        view.plot.set_cursor(step)
        steps = view.timeline.picture_steps()
        for run, column in self.columns.items():
            at = steps.get(self.views.labels[run])
            if at is not None:
                near = view.timeline.near(self.views.labels[run])
                self.store.request(run.folder, at, column.show_kept, near)

    def _on_timeline_live_chosen(self) -> None:
        self.workspace.plot.set_cursor(None)
        self.store.cancel()
        for column in self.columns.values():
            column.follow()

    # ---- what runs tell

    def _on_run_state_changed(self, run: RunModel, _state: str) -> None:
        for each, column in self.columns.items():
            column.set_waiting(self.runs.is_waiting(each))
        self._watch()
        if run is self.views.chosen:
            self.views.show_state(run)
            self._refresh_state()
            if self.workspace.timeline.following:
                self._on_timeline_live_chosen()
        self.views.show_verdict(self.experiment)

    # ---- showing

    def _refresh_state(self) -> None:
        run = self.views.chosen
        self.workspace.transport.set_state("idle" if run is None else run.state)
        self._show_status()

    def _watch(self) -> None:
        for run in self.runs.runs:
            run.watch(self._is_shown and run in self.columns)

    def _show_status(self) -> None:
        run = self.views.chosen
        if self._is_shown and run is not None:
            self._context.status.set_model(f"{run.trainer.title} · {self.views.labels[run]}")

    def _on_theme_changed(self, theme: Theme) -> None:
        self.workspace.set_theme(theme)
        self.side.set_theme(theme)
        for column in self.columns.values():
            column.set_theme(theme)
