"""Everything about training one kind of model: its settings, its buttons, its curves, its samples and its notes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMenu,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from engine.errors import EngineError
from engine.runtime.channel import Ended
from engine.runtime.config import to_json
from engine.runtime.job import Metrics, Note, drive
from engine.runtime.run_folder import create_run, list_runs
from engine.runtime.run_folder import open_run as open_folder
from engine.trainers import trainer as find_trainer
from gui.messages import Messages
from gui.palette import LIGHT, Theme
from gui.services.run_model import ELSEWHERE, RunModel, open_run_job
from gui.services.trainer import PAUSED, STOPPING
from gui.widgets.config_form import ConfigForm
from gui.widgets.live_plot import LivePlot
from gui.widgets.picture_views import GridView, pairs_entry, sweep_entry
from gui.widgets.sketch_sheet import SketchSheet
from gui.widgets.view_stage import ViewStage

MOST_NOTES = 500
MOST_RUNS_SHOWN = 25
RATE_POINTS = 20
_SELDOM = ("reconstruction_error",)  # measured seldom, and no prefix says so
_EMPTY_TEXT = "Choose the settings and press Start:\nthe curves of the run appear here."
_STARTING_TEXT = "The run is starting:\nits curves appear here as soon as something is measured."
_NOTHING_TEXT = "Nothing of this run has been measured yet."
AS_IN_RUN = "as in the run"


class TrainingPanel(QWidget):
    """Trains with any trainer of `engine.trainers`, and opens runs, finished ones and ones going on elsewhere.

    `model_saved` brings the path of the model that a run has left when it ends; `save_requested` a QImage of the run's
    pictures and a name for its file.
    """

    model_saved = Signal(str)
    save_requested = Signal(object, str)

    def __init__(self, trainer_name: str, messages: Messages, parent: QWidget | None = None) -> None:
        """A panel for a new run; raises `TrainingError` when there is no trainer of this name."""
        super().__init__(parent)
        self._trainer = find_trainer(trainer_name)
        self._messages = messages
        self.run: RunModel | None = None
        self._recent: deque[Metrics] = deque(maxlen=RATE_POINTS)
        self._presets = dict(self._trainer.presets())
        self.form = ConfigForm(self._trainer.config_class(), parent=self)
        self.preset_box = QComboBox(self)
        self.preset_box.addItems(list(self._presets))
        self.preset_box.setToolTip("Ready settings to start from; each can be changed below before the run begins.")
        self.preset_box.setAccessibleName("Preset")
        self.plot = LivePlot(self, _EMPTY_TEXT, _SELDOM)
        self.sheet = SketchSheet(self)
        self.pictures = ViewStage([pairs_entry(LIGHT), sweep_entry(LIGHT)], LIGHT, self)
        self.notes = QListWidget(self)
        self.notes.setToolTip("What the training has to say: skipped steps, applied changes, restored checkpoints.")
        self.state_line = QLabel(self)
        self.state_line.setWordWrap(True)
        self.new_button = self._button("&New run", "Forget this run on the screen and set up another one")
        self.start_button = self._button("&Start", "Train with these settings in a process of its own")
        self.pause_button = self._button("&Pause", "Take no further step until you press Go on")
        self.stop_button = self._button("S&top", "Save and end the run; pressed again, end it without saving")
        self.open_button = self._button("&Open a run", "Show an earlier run, which Go on then goes on with")
        self._runs_menu = QMenu(self.open_button)
        self.open_button.setMenu(self._runs_menu)
        self._lay_out()
        self._connect()
        self._on_preset_box_activated()
        self._refresh()

    @property
    def run_dir(self) -> Path | None:
        """The folder of the run on the screen."""
        return None if self.run is None else self.run.folder.path

    @property
    def active(self) -> bool:
        """Whether a run of this panel is going on; ask before closing the window."""
        return self.run is not None and self.run.is_live

    @property
    def state(self) -> str:
        """The state of the run on the screen, as `RunModel` has it; "idle" without one."""
        return "idle" if self.run is None else self.run.state

    def open_run(self, path: Path) -> None:
        """Show the run in `path`; "Go on" then resumes it. One that another process is training is followed.

        What cannot be read is reported, and the panel stays as it is.
        """
        if self._open(path) and self.run is not None:
            self._show_preset(self.run.config)

    def _open(self, path: Path) -> bool:
        try:
            folder = open_folder(path)
            if folder.trainer != self._trainer.name:
                self._messages.warning(f"{folder.name} is a run of another trainer ({folder.trainer}).")
                return False
            opened = drive(open_run_job(path))
        except EngineError as error:
            self._messages.report(error)
            return False
        self._forget_run()
        self.run = RunModel(opened, self._messages, self, button="Go on")
        self._connect_run(self.run)
        self.form.set_config(opened.config)
        self.run.replay()
        self._watch(self.isVisible())
        self._refresh()
        return True

    def _show_preset(self, config: Any) -> None:
        """Say which preset these settings are, but for the name; what is none of them gets an entry of its own."""
        self._presets.pop(AS_IN_RUN, None)
        plain = {**to_json(config), "name": ""}
        fitting = (name for name, preset in self._presets.items() if {**to_json(preset), "name": ""} == plain)
        name = next(fitting, AS_IN_RUN)
        self._presets.setdefault(name, config)
        self.preset_box.clear()
        self.preset_box.addItems(list(self._presets))
        self.preset_box.setCurrentText(name)
        self.form.set_preset(self._presets[name])

    def add_data(self, path: Path) -> None:
        """Put a file into the `data` of the next run, behind what is there."""
        data = self.form.parameter("data")
        data.setValue(tuple(dict.fromkeys([*data.value(), str(path)])))

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self.plot.set_theme(theme)
        self.sheet.set_theme(theme)
        self.pictures.set_theme(theme)

    def shut_down(self) -> None:
        """Let go of the run before the window closes; it saves and ends by itself."""
        if self.run is not None:
            self.run.shut_down()

    def showEvent(self, event: QShowEvent) -> None:  # Qt's name
        """Have the pictures come more often than they are kept."""
        super().showEvent(event)
        self._watch(True)

    def hideEvent(self, event: QHideEvent) -> None:  # Qt's name
        """The run need not draw for nobody."""
        super().hideEvent(event)
        self._watch(False)

    # ---- layout

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        return button

    def _lay_out(self) -> None:
        settings = QWidget(self)
        grid = QGridLayout()
        for index, button in enumerate(
            (self.start_button, self.pause_button, self.stop_button, self.new_button, self.open_button)
        ):
            grid.addWidget(button, index // 3, index % 3)
        presets = QHBoxLayout()
        presets.addWidget(QLabel("Preset", self))
        presets.addWidget(self.preset_box, 1)
        column = QVBoxLayout(settings)
        column.addLayout(presets)
        column.addWidget(self.form, 1)
        column.addLayout(grid)
        column.addWidget(self.state_line)
        below = QSplitter(Qt.Orientation.Horizontal)
        below.addWidget(self.sheet)
        below.addWidget(self.pictures)
        below.addWidget(self.notes)
        stage = QSplitter(Qt.Orientation.Vertical)
        stage.addWidget(self.plot)
        stage.addWidget(below)
        stage.setStretchFactor(0, 1)
        stage.setStretchFactor(1, 1)
        stage.setSizes([460, 380])
        whole = QSplitter(Qt.Orientation.Horizontal, self)
        whole.addWidget(settings)
        whole.addWidget(stage)
        whole.setStretchFactor(1, 1)
        whole.setSizes([360, 900])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(whole)
        # Not every trainer draws or has something to say; both come with the first that there is to show.
        self.sheet.hide()
        self.pictures.hide()
        self.notes.hide()

    def _connect(self) -> None:
        self.preset_box.activated.connect(self._on_preset_box_activated)
        for view in self.pictures.findChildren(GridView):
            view.save_requested.connect(self.save_requested)
        self.form.edited.connect(self._on_form_edited)
        self.new_button.clicked.connect(self._on_new_clicked)
        self.start_button.clicked.connect(self._on_start_clicked)
        self.pause_button.clicked.connect(self._on_pause_clicked)
        self.stop_button.clicked.connect(self._on_stop_clicked)
        self._runs_menu.aboutToShow.connect(self._on_runs_menu_about_to_show)

    def _connect_run(self, run: RunModel) -> None:
        run.metrics.connect(self._on_run_metrics)
        run.shown.connect(self._on_run_shown)
        run.note.connect(self._on_run_note)
        run.rewound.connect(self.plot.rewind)
        run.config_changed.connect(self.form.set_config)
        run.ended.connect(self._on_run_ended)
        run.state_changed.connect(self._refresh)

    # ---- what the person does

    def _on_form_edited(self, changes: Mapping[str, Any]) -> None:
        if self.run is not None:
            self.run.edit(changes)

    def _on_preset_box_activated(self) -> None:
        preset = self._presets[self.preset_box.currentText()]
        self.form.set_preset(preset)
        self.form.set_config(preset)

    def _on_new_clicked(self) -> None:
        self._forget_run()
        self._refresh()

    def _on_start_clicked(self) -> None:
        if self.run is None:
            try:
                folder = create_run(self._trainer.name, self.form.config())
            except EngineError as error:
                self._messages.report(error)
                return
            self._open(folder.path)
        if self.run is not None:
            self.run.run()

    def _on_pause_clicked(self) -> None:
        if self.run is not None:
            self.run.pause()

    def _on_stop_clicked(self) -> None:
        # A step may take very long; pressed again, the button ends the run without waiting for it.
        if self.run is not None:
            self.run.stop()

    def _on_runs_menu_about_to_show(self) -> None:
        self._runs_menu.clear()
        runs = [run for run in list_runs() if run.trainer == self._trainer.name][:MOST_RUNS_SHOWN]
        for run in runs:
            action = self._runs_menu.addAction(f"{run.name}  ({run.state})".replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, path=run.path: self.open_run(path))
        if not runs:
            self._runs_menu.addAction("There is no run yet").setEnabled(False)

    # ---- what the run tells

    def _on_run_metrics(self, event: Metrics) -> None:
        self.plot.add(event)
        if self._recent and event.step < self._recent[-1].step:
            self._recent.clear()
        self._recent.append(event)
        self._tell_state()

    def _on_run_shown(self, arrays: Mapping[str, Any], step: int) -> None:
        samples = arrays.get("samples")
        if samples is not None:
            self.sheet.set_samples(samples, f"step {step:,}")
            self.sheet.setVisible(self.sheet.count > 0)
        self.pictures.show_arrays(arrays, step)
        self.pictures.setVisible(bool(self.pictures.offered))

    def _on_run_note(self, event: Note) -> None:
        warning = "Warning. " if event.level == "warning" else ""
        self.notes.addItem(f"Step {event.step:,}: {warning}{event.text}")
        if self.notes.count() > MOST_NOTES:
            self.notes.takeItem(0)
        self.notes.show()
        self.notes.scrollToBottom()

    def _on_run_ended(self, _ended: Ended) -> None:
        if self.run is not None and self.run.folder.model_path.exists():
            self.model_saved.emit(str(self.run.folder.model_path))

    # ---- the view

    def _watch(self, watched: bool) -> None:
        if self.run is not None:
            self.run.watch(watched)

    def _forget_run(self) -> None:
        if self.run is not None:
            self.run.shut_down()
            self.run.deleteLater()
            self.run = None
        self._recent.clear()
        self.plot.clear()
        self.sheet.clear()
        self.sheet.hide()
        self.pictures.clear()
        self.pictures.hide()
        self.notes.clear()
        self.notes.hide()

    def _refresh(self) -> None:
        state, active = self.state, self.active
        self.start_button.setEnabled(state == PAUSED or (not active and state != ELSEWHERE))
        self.start_button.setText("&Start" if self.run is None else "&Go on")
        self.new_button.setEnabled(not active and self.run is not None)
        self.open_button.setEnabled(not active)
        if state == PAUSED and self.pause_button.hasFocus():
            self.start_button.setFocus()  # else Stop, the next in order, would get it
        self.pause_button.setEnabled(active and state not in (PAUSED, STOPPING))
        self.stop_button.setEnabled(active)
        self.stop_button.setText("&Kill now" if state == STOPPING else "S&top")
        self.form.set_live(self.run is not None)
        self.preset_box.setEnabled(self.run is None)
        self.plot.set_hint(_EMPTY_TEXT if self.run is None else _STARTING_TEXT if active else _NOTHING_TEXT)
        self._tell_state()

    def _tell_state(self) -> None:
        state = "running in another process" if self.state == ELSEWHERE else self.state
        self.state_line.setText(" · ".join([state.capitalize(), *_progress(self._recent)]))


def _progress(recent: deque[Metrics]) -> list[str]:
    """The step, the speed over the newest points and the time that is left at this speed."""
    if not recent:
        return []
    first, last = recent[0], recent[-1]
    words = [f"step {last.step:,} of {last.total_steps:,}"]
    if last.seconds > first.seconds and last.step > first.step:
        speed = (last.step - first.step) / (last.seconds - first.seconds)
        words.append(f"{speed:.3g} steps/s")
        if last.total_steps > last.step:
            words.append(f"{_duration((last.total_steps - last.step) / speed)} left")
    return words


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
