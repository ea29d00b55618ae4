"""What runs tell, put where it is seen: curves, table, time line, drawing, health and log."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from engine.gan.health import symptoms
from engine.runtime.config import to_json
from engine.runtime.job import Metrics, Note, Phase
from gui.messages import Messages
from gui.services.picture_store import PictureStore
from gui.services.run_model import RunModel
from gui.training_lab.model_side import ModelSide
from gui.training_lab.workspace import Workspace

MOST_NOTES = 500


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
        self.labels: dict[RunModel, str] = {}
        self.chosen: RunModel | None = None

    def add(self, run: RunModel) -> str:
        """Listen to a run from now on; returns the label by which people tell it from the others."""
        taken = set(self.labels.values())
        names = (run.name if number == 1 else f"{run.name} ({number})" for number in range(1, len(taken) + 2))
        label = self.labels[run] = next(name for name in names if name not in taken)
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
        view = self._workspace
        view.plot.remove_run(label)
        view.table.remove_run(label)
        view.timeline.remove_run(label)
        self._store.forget(run.folder)
        if self.chosen is run:
            self.chosen = None
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
        drawing = self._side.drawing
        if drawing is not None:
            drawing.show_arrays(run.newest)
            drawing.show_figures(run.figures)
        view.transport.set_parts(_parts_of(run))
        view.timeline.set_checkpoints(run.checkpoints)
        view.transport.set_checkpoints(run.checkpoints)
        self._show_health(run)

    def show_config(self, run: RunModel) -> None:
        """Show the settings of a run, when it is the chosen one."""
        if run is self.chosen:
            self._side.show(run.config, running=run.state != "idle")
            self._workspace.transport.set_frozen(bool(getattr(run.config, "freeze_critic", False)))

    # ---- what runs tell

    def _on_run_metrics(self, run: RunModel, point: Metrics) -> None:
        label = self.labels[run]
        self._workspace.plot.add(point, label)
        self._workspace.table.set_run(label, point.step, run.figures)
        if run is self.chosen:
            self._workspace.timeline.set_now(point.step)
            if self._side.drawing is not None:
                self._side.drawing.show_figures(point.values)
            self._show_health(run)

    def _on_run_note(self, run: RunModel, note: Note) -> None:
        label = self.labels[run]
        if note.level == "edit":
            self._workspace.plot.add_mark(note.step, note.text, label)
            self._workspace.timeline.add_edit(note.step, f"{label}: {note.text}")
        elif note.level == "warning" and run.is_live:
            self._messages.warning(note.text)
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
        if run is self.chosen and self._side.drawing is not None:
            self._side.drawing.show_arrays(arrays)

    def _on_run_phase(self, run: RunModel, phase: Phase) -> None:
        if run is self.chosen:
            self._workspace.transport.set_phase(phase.part, phase.name)
            if self._side.drawing is not None:
                self._side.drawing.show_phase(phase.part, phase.name)

    def _show_health(self, run: RunModel) -> None:
        self._workspace.health.show_symptoms(symptoms(list(run.recent), to_json(run.config)))


def _parts_of(run: RunModel) -> tuple[str, ...]:
    has_critic = run.trainer.name == "gan" or getattr(run.config, "method", "") == "wae-gan"
    return ("critic", "generator") if has_critic else ("step",)
