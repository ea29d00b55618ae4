"""What runs tell, put where it is seen: curves, table, time line, drawing, health and log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer

from engine.experiments.experiment import Experiment, Verdict
from engine.experiments.reproduce import figures_of, verdict_on
from engine.gan.health import symptoms
from engine.runtime.config import to_json
from engine.runtime.job import Job, Metrics, Note, Phase
from engine.runtime.run_folder import RunFolder
from gui.messages import Messages
from gui.services.jobs import LabWorker
from gui.services.picture_store import PictureStore
from gui.services.run_model import ELSEWHERE, RunModel
from gui.services.trainer import PAUSED
from gui.training_lab.model_side import ModelSide
from gui.training_lab.race_table import MEASURES
from gui.training_lab.workspace import Workspace

MOST_NOTES = 500
FIGURES_MS = 120  # numbers that change faster cannot be read


class RunViews(QObject):
    """Knows each run's label and which run is `chosen`: drawing, settings, health and checkpoints are that run's."""

    def __init__(
        self, workspace: Workspace, side: ModelSide, store: PictureStore, messages: Messages, parent: QObject
    ) -> None:
        """Without runs."""
        super().__init__(parent)
        self._workspace = workspace
        self._side = side
        self._store = store
        self._messages = messages
        self._judge = LabWorker(messages, self)
        self._told: set[str] = set()
        self._stale: set[RunModel] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FIGURES_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        self.labels: dict[RunModel, str] = {}
        self.chosen: RunModel | None = None

    @property
    def busy(self) -> bool:
        """Whether something that was told is not on screen yet."""
        return self._timer.isActive() or self._judge.busy

    def shut_down(self) -> None:
        """Leave no thread and no timer."""
        self._timer.stop()
        self._judge.shut_down()

    def add(self, run: RunModel) -> str:
        """Listen to a run from now on; returns the label by which people tell it from the others."""
        taken = set(self.labels.values())
        names = (run.name if number == 1 else f"{run.name} ({number})" for number in range(1, len(taken) + 2))
        label = self.labels[run] = next(name for name in names if name not in taken)
        # Their order and colours are those in which they were opened, whichever measures first.
        self._workspace.plot.add_run(label)
        self._workspace.table.set_run(label, 0, {})
        run.metrics.connect(partial(self._on_run_metrics, run))
        run.note.connect(partial(self._on_run_note, run))
        run.rewound.connect(partial(self._on_run_rewound, run))
        run.kept_changed.connect(partial(self._on_run_kept_changed, run))
        run.checkpoints_changed.connect(partial(self._on_run_checkpoints_changed, run))
        run.config_changed.connect(partial(self._on_run_config_changed, run))
        run.shown.connect(partial(self._on_run_shown, run))
        run.phase.connect(partial(self._on_run_phase, run))
        return label

    def remove(self, run: RunModel) -> None:
        """Forget a run and what it told."""
        label = self.labels.pop(run)
        self._stale.discard(run)
        view = self._workspace
        view.plot.remove_run(label)
        view.table.remove_run(label)
        view.timeline.remove_run(label)
        self._store.forget(run.folder)
        if self.chosen is run:
            self.chosen = None
            view.timeline.set_now(None)
        if not self.labels:
            view.timeline.clear()
            view.notes.clear()
            view.health.show_symptoms([])
            view.verdict.hide()

    def choose(self, run: RunModel) -> None:
        """Show this run's settings, drawing, checkpoints and health from now on."""
        self.chosen = run
        view = self._workspace
        self.show_config(run)
        self._show_now(run)
        if self._side.drawing is not None:
            # Runs of one kind share a drawing.
            self._side.drawing.clear()
            self._side.drawing.show_arrays(run.newest)
        view.transport.set_parts(_parts_of(run), can_freeze=hasattr(run.config, "freeze_critic"))
        view.timeline.set_checkpoints(run.checkpoints)
        view.transport.set_checkpoints(run.checkpoints)
        self._figures_soon(run)

    def show_state(self, run: RunModel) -> None:
        """Follow what a run's state changes in the views."""
        self.show_config(run)
        self._show_now(run)
        if run.state != PAUSED:
            self._end_moment()

    def show_verdict(self, experiment: Experiment | None) -> None:
        """Hold the runs against the experiment's claim, once they have ended and all that it needs was measured."""
        self._workspace.show_verdict(None)
        folders = {label: run.folder for run, label in self.labels.items()}
        if experiment is None or experiment.verdict is None or any(run.is_live for run in self.labels):
            self._judge.cancel()
            return
        self._judge.submit(partial(_judged, experiment, folders), lambda _none: None, self._workspace.show_verdict)

    def show_config(self, run: RunModel) -> None:
        """Show the settings of a run, when it is the chosen one."""
        if run is self.chosen:
            self._side.show(run.config, run.preset, running=run.state != "idle")
            self._workspace.transport.set_frozen(bool(getattr(run.config, "freeze_critic", False)))

    # ---- what runs tell

    def _on_run_metrics(self, run: RunModel, point: Metrics) -> None:
        self._workspace.plot.add(point, self.labels[run])
        self._figures_soon(run)

    def _on_run_note(self, run: RunModel, note: Note) -> None:
        label = self.labels[run]
        if note.level == "edit":
            self._workspace.plot.add_mark(note.step, note.text, label)
            self._workspace.timeline.add_edit(note.step, f"{label}: {note.text}")
        elif note.level == "warning" and run.is_live:
            self._warn(f"{label}: {note.text}")
        notes = self._workspace.notes
        notes.addItem(f"{note.step:,}  {label}: {note.text}")
        while notes.count() > MOST_NOTES:
            notes.takeItem(0)

    def _on_run_rewound(self, run: RunModel, step: int) -> None:
        self._workspace.plot.rewind(step, self.labels[run])
        self._workspace.timeline.rewind(step, self.labels[run])
        self._store.forget(run.folder, after=step)

    def _on_run_kept_changed(self, run: RunModel, steps: list[int]) -> None:
        self._workspace.timeline.set_steps(steps, self.labels[run])

    def _on_run_checkpoints_changed(self, run: RunModel, steps: list[int]) -> None:
        if run is self.chosen:
            self._workspace.timeline.set_checkpoints(steps)
            self._workspace.transport.set_checkpoints(steps)

    def _on_run_config_changed(self, run: RunModel, _config: Any) -> None:
        self.show_config(run)

    def _on_run_shown(self, run: RunModel, arrays: Mapping[str, Any], _step: int) -> None:
        if run is self.chosen:
            self._end_moment()
            if self._side.drawing is not None:
                self._side.drawing.show_arrays(arrays)

    def _on_run_phase(self, run: RunModel, phase: Phase) -> None:
        if run is self.chosen:
            self._workspace.transport.set_phase(phase.part, phase.name)
            if self._side.drawing is not None:
                self._side.drawing.show_phase(phase.part, phase.name)

    def _end_moment(self) -> None:
        """Slow motion is between two steps, as when a whole picture has come, or over."""
        self._workspace.transport.clear_phase()
        if self._side.drawing is not None:
            self._side.drawing.show_phase("", "")

    def _warn(self, text: str) -> None:
        """Say what has not been said yet; skipped steps differ in their numbers only, and there may be thousands."""
        kind = re.sub(r"\d+", "#", text)
        if kind not in self._told:
            self._told.add(kind)
            self._messages.warning(text)

    def _figures_soon(self, run: RunModel) -> None:
        self._stale.add(run)
        if not self._timer.isActive():
            self._timer.start()

    def _on_timer_timeout(self) -> None:
        stale, self._stale = self._stale, set()
        for each in stale:
            self._workspace.table.set_run(self.labels[each], each.step, _measured(each.figures))
        run = self.chosen
        if run is None or run not in stale:
            return
        self._show_now(run)
        if self._side.drawing is not None:
            self._side.drawing.show_figures(run.figures)
        self._workspace.health.show_symptoms(symptoms(list(run.recent), to_json(run.config)))

    def _show_now(self, run: RunModel) -> None:
        if run is self.chosen:
            going_on = run.is_live or run.state == ELSEWHERE
            self._workspace.timeline.set_now(run.step if going_on else None)


def _judged(experiment: Experiment, folders: Mapping[str, RunFolder]) -> Job[None, Verdict | None]:
    found = {}
    for label, folder in folders.items():
        found[label] = figures_of(experiment, folder)
        yield None
    return verdict_on(experiment, found)


def _measured(figures: Mapping[str, float]) -> dict[str, float]:
    return {measure.name: figures[measure.name] for measure in MEASURES if measure.name in figures}


def _parts_of(run: RunModel) -> tuple[str, ...]:
    has_critic = run.trainer.name == "gan" or getattr(run.config, "method", "") == "wae-gan"
    return ("critic", "generator") if has_critic else ("step",)
