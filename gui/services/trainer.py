"""The app's side of a training run: a child process behind Qt signals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import TrainingError
from engine.runtime.channel import Ended
from engine.runtime.config import from_json, to_json
from engine.runtime.job import (
    Advance,
    Arrays,
    Changed,
    Edit,
    Event,
    Glimpse,
    Metrics,
    Note,
    Phase,
    Rewind,
    Rewound,
    Saved,
    Stop,
    Watch,
)
from engine.runtime.run_folder import open_run
from engine.runtime.worker import TrainerProcess
from engine.trainers import Trainer
from engine.trainers import trainer as find_trainer

POLL_MS = 33
IDLE = "idle"
STARTING, RUNNING, PAUSED, STOPPING = "starting", "running", "paused", "stopping"


class TrainerClient(QObject):
    """Runs one training at a time and tells what happens in it.

    The states are "idle", "starting", "running", "paused" and "stopping", then what `Ended.kind` says: "finished",
    "stopped", "failed" or "killed". The pipe is read by a timer, at most one batch a tick, so that the window stays
    fluent however much the child has to say.
    """

    metrics = Signal(object)
    arrays = Signal(object)
    note = Signal(object)
    saved = Signal(object)
    glimpse = Signal(object)
    phase = Signal(object)
    changed = Signal(object)
    rewound = Signal(object)
    ended = Signal(object)
    state_changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        """Idle until `start` or `resume`."""
        super().__init__(parent)
        self._process: TrainerProcess | None = None
        self._state = IDLE
        self._run_dir: Path | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def state(self) -> str:
        """The state as `state_changed` told it last."""
        return self._state

    @property
    def active(self) -> bool:
        """Whether a run is going on, paused ones included."""
        return self._process is not None

    @property
    def run_dir(self) -> Path | None:
        """The folder of the run that is going on, or of the last one."""
        return self._run_dir

    @property
    def process_id(self) -> int:
        """The child's process id; 0 when no run is going on."""
        return self._process.pid if self._process is not None else 0

    def start(self, trainer: Trainer, config: Any, run_dir: Path) -> None:
        """Train with this configuration in `run_dir`, which may hold a run to go on with.

        Raises `TrainingError` when a run is going on or no process can be started.
        """
        if self._process is not None:
            raise TrainingError("A training run is going on; stop it first.")
        self._process = TrainerProcess(trainer, to_json(config), run_dir)
        self._run_dir = run_dir
        self._timer.start()
        self._set_state(STARTING)

    def resume(self, run_dir: Path) -> None:
        """Go on after a pause, or start a process that goes on with the run that `run_dir` holds.

        Raises `CheckpointError` when the folder is no run, `TrainingError` as `start` does.
        """
        if self._process is not None and self._state == PAUSED and run_dir == self._run_dir:
            self._process.resume()
            self._set_state(RUNNING)
            return
        folder = open_run(run_dir)
        trainer = find_trainer(folder.trainer)
        self.start(trainer, from_json(trainer.config_class(), folder.config()), run_dir)

    def pause(self) -> None:
        """Stop after the step that is going on, ready to go on with `resume`."""
        if self._process is not None and self._state in (STARTING, RUNNING):
            self._process.pause()
            self._set_state(PAUSED)

    def stop(self) -> None:
        """Ask the run to save and end; `ended` tells when it has."""
        if self._process is not None and self._state != STOPPING:
            self._process.send(Stop())
            self._set_state(STOPPING)

    def edit(self, changes: Mapping[str, float | int | str | bool]) -> None:
        """Change settings of the run that is going on; the job answers with a note."""
        if self._process is not None:
            self._process.send(Edit(dict(changes)))

    def advance(self, part: str) -> None:
        """Pause, and take one step or the part of one; see `engine.runtime.job.Advance`."""
        self.pause()
        if self._process is not None:
            self._process.send(Advance(part))

    def rewind(self, step: int) -> None:
        """Go back to the checkpoint of a step; `rewound` tells when it has."""
        if self._process is not None:
            self._process.send(Rewind(step))

    def watch(self, milliseconds: float) -> None:
        """Ask for a `glimpse` about this often; 0: nobody looks."""
        if self._process is not None:
            self._process.send(Watch(milliseconds))

    def kill(self) -> None:
        """End the child at once, without saving; `ended` tells when it is gone."""
        if self._process is not None:
            self._process.terminate()

    def shut_down(self) -> None:
        """Let go of the run at the end of the program: the child notices, saves and ends by itself."""
        self._timer.stop()
        if self._process is not None:
            self._process.close()
            self._process = None
            self._set_state(IDLE)

    def _on_timer_timeout(self) -> None:
        if self._process is None:
            return
        for event in self._process.poll():
            if isinstance(event, Ended):
                self._finish(event)
            else:
                self._tell(event)

    def _tell(self, event: Event) -> None:
        if self._state == STARTING:
            self._set_state(RUNNING)
        signals = {
            Metrics: self.metrics, Arrays: self.arrays, Glimpse: self.glimpse, Phase: self.phase, Note: self.note,
            Saved: self.saved, Changed: self.changed, Rewound: self.rewound,
        }
        signals[type(event)].emit(event)

    def _finish(self, ended: Ended) -> None:
        self._timer.stop()
        self._process = None
        self._set_state(ended.kind)
        self.ended.emit(ended)

    def _set_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
