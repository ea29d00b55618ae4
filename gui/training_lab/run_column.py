"""One run on the stage: its name, how it stands, and what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qtawesome
from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.data.source import POINT_NAMES
from engine.runtime.job import Arrays, Phase
from gui.palette import Theme
from gui.services.run_model import RunModel
from gui.training_lab.stage import RunStage
from gui.widgets.elided_label import ElidedLabel

STATES = {
    "idle": "ready", "starting": "starting", "running": "training", "paused": "paused", "stopping": "saving",
    "finished": "finished", "stopped": "stopped", "failed": "failed", "interrupted": "interrupted",
    "elsewhere": "training elsewhere",
}

_NAME_WIDTH = 100  # pixels that the name has before anything else where several columns are narrow


class RunColumn(QFrame):
    """Shows a `RunModel`. While `following`, the stage shows the run as it is; else the picture it was given."""

    chosen = Signal(object)  # RunModel
    close_requested = Signal(object)  # RunModel

    def __init__(self, run: RunModel, label: str, theme: Theme, parent: QWidget | None = None) -> None:
        """Show `run` under a name that no other run on the stage has."""
        super().__init__(parent)
        self.setObjectName("card")
        self.run = run
        self.label = label
        self.following = True
        self._waiting = False
        self._kept_step = self._newest_step = 0
        self.stage = RunStage(theme, awaits_points=getattr(run.config, "data", "") in POINT_NAMES)
        self._name = ElidedLabel(label)
        self._name.setProperty("role", "title")
        # Of the two the name is what tells runs apart; how far a run is stands below, too.
        self._name.setMinimumWidth(min(self._name.sizeHint().width(), _NAME_WIDTH))
        self._name.setToolTip(f"{label}\n{run.folder.path}")
        self._state = ElidedLabel()
        self._state.setProperty("role", "muted")
        self._state.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setProperty("role", "flat")
        self._close.setToolTip("Take this run off the screen; its folder stays, and you can open it again.")
        self._close.setAccessibleName(f"Close {label}")
        header = QHBoxLayout()
        header.setSpacing(10)
        header.addWidget(self._name, 1)
        header.addWidget(self._state)
        header.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(header)
        column.addWidget(self.stage, 1)
        self._close.clicked.connect(lambda: self.close_requested.emit(self.run))
        run.shown.connect(self._on_run_shown)
        run.phase.connect(self._on_run_phase)
        run.metrics.connect(self._on_run_told)
        run.state_changed.connect(self._on_run_told)
        run.rewound.connect(self._on_run_rewound)
        self.set_theme(theme)
        self.set_chosen(False)
        self._refresh()

    def set_chosen(self, chosen: bool) -> None:
        """Mark the run that the settings and the drawing of the model belong to."""
        self.setProperty("chosen", chosen)
        self.style().unpolish(self)
        self.style().polish(self)

    def set_waiting(self, waiting: bool) -> None:
        """Whether the run begins when another one has ended."""
        self._waiting = waiting
        self._refresh()

    def show_kept(self, arrays: Arrays) -> None:
        """Show a picture of the time line instead of the newest one."""
        self.following = False
        self._kept_step = arrays.step
        self.stage.show_arrays(arrays.arrays, arrays.step)
        self._refresh()

    def follow(self) -> None:
        """Show the run as it is from now on."""
        self.following = True
        if self.run.newest:
            self.stage.show_arrays(self.run.newest, self.run.step)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self.stage.set_theme(theme)
        self._close.setIcon(qtawesome.icon("mdi6.close", color=theme.muted))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press on the header chooses the run."""
        self.chosen.emit(self.run)
        super().mousePressEvent(event)

    def _on_run_shown(self, arrays: Mapping[str, Any], step: int) -> None:
        self._newest_step = step
        if self.following:
            self.stage.show_arrays(arrays, step)
            self._refresh()

    def _on_run_phase(self, phase: Phase) -> None:
        if self.following:
            self.stage.show_phase(phase.part, phase.name, phase.arrays)

    def _on_run_rewound(self, step: int) -> None:
        self._newest_step = step
        self._refresh()

    def _on_run_told(self, _what: object) -> None:
        self._refresh()

    def _refresh(self) -> None:
        state = "waiting for its turn" if self._waiting else STATES.get(self.run.state, self.run.state)
        # Pictures come between the points of the curves.
        at = max(self.run.step, self._newest_step) if self.following else self._kept_step
        self._state.setText(f"{state} · step {at:,}")
        self._state.setToolTip(self._state.text())
