"""One run on the screen, whether it trains here, trains elsewhere, or is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import CheckpointError, EngineError
from engine.runtime.channel import Ended
from engine.runtime.config import from_json, to_json
from engine.runtime.job import Arrays, Changed, Command, Glimpse, Metrics, Note, Rewound, Saved
from engine.runtime.run_folder import RunFolder, open_run
from engine.trainers import Trainer
from engine.trainers import trainer as find_trainer
from gui.messages import Messages
from gui.services.jobs import LabWorker
from gui.services.trainer import IDLE, PAUSED, STOPPING, TrainerClient

FOLLOW_MS = 1000
WATCH_MS = 80
RECENT = 400
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class OpenedRun:
    """What a run's folder holds, read on another thread."""

    folder: RunFolder
    trainer: Trainer
    config: Any
    points: list[Metrics]
    notes: list[Note]
    array_steps: list[int]
    checkpoint_steps: list[int]
    newest: Arrays | None
    state: str


@dataclass(frozen=True)
class _Addition:
    """What has been added to a folder that another process fills."""

    points: list[Metrics]
    notes: list[Note]
    array_steps: list[int]
    checkpoint_steps: list[int]
    newest: Arrays | None
    state: str


def open_run_job(path: Path) -> Generator[None, Command | None, OpenedRun]:
    """Read the run in `path`; raises `EngineError`."""
    folder = open_run(path)
    yield
    known = find_trainer(folder.trainer)
    config = from_json(known.config_class(), folder.config())
    yield
    points, notes = folder.follow(), folder.follow_notes()
    yield
    steps = folder.array_steps()
    newest = folder.arrays(steps[-1]) if steps else None
    # A folder that was just made has no status yet: nobody has trained in it.
    state = folder.state if (path / "status.json").exists() else IDLE
    return OpenedRun(folder, known, config, points, notes, steps, folder.checkpoint_steps(), newest, state)


class RunModel(QObject):
    """Tells what happens in a run and does what the person wants with it.

    `shown` brings the newest arrays and their step, live ones included. `kept_changed` and `checkpoints_changed` bring
    the steps of which pictures and checkpoints are kept. The states are those of `TrainerClient`, and for a run of
    another process "elsewhere"; one that was never started is "idle", one whose process died "interrupted".

    What the run held when it was opened comes with `replay`: first the points, with `rewound` where it went back, then
    the notes; an edit that a rewind has undone comes as plain information.
    """

    metrics = Signal(object)  # Metrics
    shown = Signal(object, int)  # arrays by name, step
    phase = Signal(object)  # Phase
    note = Signal(object)  # Note
    config_changed = Signal(object)
    rewound = Signal(int)
    kept_changed = Signal(list)
    checkpoints_changed = Signal(list)
    state_changed = Signal(str)
    ended = Signal(object)  # Ended

    def __init__(
        self, opened: OpenedRun, messages: Messages, parent: QObject | None = None, button: str = "Run"
    ) -> None:
        """A run as it was opened; `replay` then tells what it holds. `button` is what the button to go on is called."""
        super().__init__(parent)
        self.folder = opened.folder
        self.trainer = opened.trainer
        self.config = opened.config
        self.kept = list(opened.array_steps)
        self.checkpoints = list(opened.checkpoint_steps)
        self.recent: deque[Metrics] = deque(maxlen=RECENT)
        self.figures: dict[str, float] = {}
        self.step = 0
        self.newest: Mapping[str, Any] = {}
        self._opened = opened
        self._messages = messages
        self._button = button
        self._watched = False
        self._kill_asked = False
        self._found_state = opened.state
        self.client = TrainerClient(self)
        self._follower = LabWorker(messages, self)
        self._timer = QTimer(self)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._connect()

    def _connect(self) -> None:
        client = self.client
        client.metrics.connect(self._on_client_metrics)
        client.arrays.connect(self._on_client_arrays)
        client.glimpse.connect(self._on_client_glimpse)
        client.phase.connect(self.phase)
        client.note.connect(self.note)
        client.changed.connect(self._on_client_changed)
        client.rewound.connect(self._on_client_rewound)
        client.saved.connect(self._on_client_saved)
        client.ended.connect(self._on_client_ended)
        client.state_changed.connect(self._on_client_state_changed)

    # ---- what it is

    @property
    def name(self) -> str:
        """What people call the run: the name in its settings."""
        return str(self.config.name)

    @property
    def state(self) -> str:
        """See the class."""
        if self.client.active:
            return self.client.state
        return ELSEWHERE if self._found_state == "running" else self._found_state

    @property
    def preset(self) -> Any:
        """The configuration with which it was opened, before the edits made here."""
        return self._opened.config

    @property
    def is_live(self) -> bool:
        """Whether it is being trained by this program."""
        return self.client.active

    def replay(self) -> None:
        """Tell everything that the run held when it was opened, and follow it when it trains elsewhere."""
        self._take_in(self._opened.points, self._opened.notes)
        self.kept, self.checkpoints = list(self._opened.array_steps), list(self._opened.checkpoint_steps)
        self.kept_changed.emit(self.kept)
        self.checkpoints_changed.emit(self.checkpoints)
        if self._opened.newest is not None:
            self._show(self._opened.newest)
        if self._found_state == "running":
            self._timer.start()
        self.state_changed.emit(self.state)

    # ---- what the person does

    def run(self) -> None:
        """Start, go on after a pause, or resume."""
        try:
            if self.client.state == PAUSED:
                self.client.resume(self.folder.path)
            elif not self.client.active and self.state != ELSEWHERE:
                self._kill_asked = False
                self.client.start(self.trainer, self.config, self.folder.path)
                self.client.watch(WATCH_MS if self._watched else 0)
        except EngineError as error:
            self._messages.report(error)

    def pause(self) -> None:
        """Take no further step."""
        self.client.pause()

    def advance(self, part: str) -> None:
        """One step or part of one; a run that is not going on is started for it."""
        if not self.client.active:
            self.run()
        self.client.advance(part)

    def stop(self) -> None:
        """Save and end; asked again, end without saving."""
        if self.client.state == STOPPING:
            self._kill_asked = True
            self.client.kill()
        else:
            self.client.stop()

    def edit(self, changes: Mapping[str, Any]) -> None:
        """Change settings, from the next step on; of a run that is not going on, for when it goes on."""
        if self.client.active:
            self.client.edit(changes)
            return
        try:
            self.config = from_json(type(self.config), {**to_json(self.config), **changes})
        except EngineError as error:
            self._messages.report(error)
        self.config_changed.emit(self.config)

    def rewind(self, step: int) -> None:
        """Go back to a checkpoint; a run that is not going on is started for it, paused."""
        if not self.client.active:
            self.run()
        self.client.pause()
        self.client.rewind(step)

    def watch(self, on: bool) -> None:
        """Whether somebody looks at the run's pictures."""
        self._watched = on
        self.client.watch(WATCH_MS if on else 0)

    def shut_down(self) -> None:
        """Let go of the run: one that trains here saves and ends by itself."""
        self._timer.stop()
        self._follower.shut_down()
        self.client.shut_down()

    # ---- what the run tells

    def _on_client_metrics(self, point: Metrics) -> None:
        if point.step < self.step:
            # It was resumed from a checkpoint that is older than what was measured last.
            self._go_back(point.step - 1)
        self.step = point.step
        self.figures |= point.values
        self.recent.append(point)
        self.metrics.emit(point)

    def _on_client_arrays(self, event: Arrays) -> None:
        # Of pictures that came in a rush only the newest has reached the app, and older ones may have been thinned.
        self.kept = [step for step in self.folder.array_steps() if step <= event.step]
        self.kept_changed.emit(self.kept)
        self._show(event)

    def _on_client_glimpse(self, event: Glimpse) -> None:
        self._show(event)

    def _show(self, event: Arrays | Glimpse) -> None:
        # A glimpse has fewer arrays; what it lacks stays from the last whole picture.
        self.newest = {**self.newest, **event.arrays}
        self.shown.emit(self.newest, event.step)

    def _on_client_changed(self, event: Changed) -> None:
        values = {name: getattr(self.config, name) for name in event.settings}
        if values != dict(event.settings):
            self.config = from_json(type(self.config), {**to_json(self.config), **event.settings})
        self.config_changed.emit(self.config)
        self.note.emit(Note(event.step, "edit", event.text))

    def _on_client_rewound(self, event: Rewound) -> None:
        self._go_back(event.step)

    def _go_back(self, step: int) -> None:
        self.kept = [each for each in self.kept if each <= step]
        self.checkpoints = [each for each in self.checkpoints if each <= step]
        self.recent = deque((point for point in self.recent if point.step <= step), maxlen=RECENT)
        self.step = step
        self.rewound.emit(step)
        self.kept_changed.emit(self.kept)
        self.checkpoints_changed.emit(self.checkpoints)

    def _on_client_saved(self, event: Saved) -> None:
        # The folder knows which ones it has kept; looking takes a few file names.
        self.checkpoints = self.folder.checkpoint_steps()
        self.checkpoints_changed.emit(self.checkpoints)

    def _on_client_state_changed(self, state: str) -> None:
        # The end of a run is told by `ended`, once it is known how the folder stands.
        if self.client.active:
            self.state_changed.emit(state)

    def _on_client_ended(self, ended: Ended) -> None:
        self._found_state = "interrupted" if ended.kind == "killed" else ended.kind
        self.checkpoints = self.folder.checkpoint_steps()
        self._say_end(ended)
        self.ended.emit(ended)
        self.checkpoints_changed.emit(self.checkpoints)
        self.state_changed.emit(self.state)

    def _say_end(self, ended: Ended) -> None:
        how = f"Press {self._button} to continue from its newest checkpoint."
        if ended.kind == "failed":
            self._messages.error(f"{self.name}: {ended.text}")
        elif ended.kind == "killed" and not self._kill_asked:
            self._messages.error(f"{self.name}: {ended.text} {how}")
        elif ended.kind == "finished":
            self._messages.info(f"{self.name} has finished.")
        else:
            self._messages.info(f"{self.name} is stopped. {how}")

    # ---- a run of another process

    def _on_timer_timeout(self) -> None:
        if not self._follower.busy and not self.client.active:
            self._follower.submit(self._look, lambda _none: None, self._on_looked, self._on_look_failed)

    def _look(self) -> Generator[None, Command | None, _Addition]:
        folder, known = self.folder, self.kept[-1] if self.kept else -1
        points, notes = folder.follow(), folder.follow_notes()
        yield
        steps = folder.array_steps()
        newest = None
        if steps and steps[-1] != known:
            # Whoever trains may have removed the picture since; the next look finds a newer one.
            with suppress(CheckpointError):
                newest = folder.arrays(steps[-1])
        return _Addition(points, notes, steps, folder.checkpoint_steps(), newest, folder.state)

    def _on_looked(self, found: _Addition) -> None:
        self._take_in(found.points, found.notes)
        self.kept, self.checkpoints = found.array_steps, found.checkpoint_steps
        self.kept_changed.emit(self.kept)
        self.checkpoints_changed.emit(self.checkpoints)
        if found.newest is not None:
            self._show(found.newest)
        if found.state != self._found_state:
            self._found_state = found.state
            self._timer.stop()
            self.state_changed.emit(self.state)

    def _on_look_failed(self, error: BaseException) -> None:
        # Said once; what has been shown stays.
        self._timer.stop()
        self._found_state = "interrupted"
        self._messages.report(error)
        self.state_changed.emit(self.state)

    def _take_in(self, points: list[Metrics], notes: list[Note]) -> None:
        """Tell what a folder has held or got since the last look."""
        steps = [self.step, *(point.step for point in points)]
        went_back = any(later < earlier for earlier, later in pairwise(steps))
        for point in points:
            self._on_client_metrics(point)
        back = [note.step for note in notes if note.level == "rewind"]
        if back and not went_back and back[-1] < self.step:
            self._go_back(back[-1])
        for index, note in enumerate(notes):
            undone = any(later.level == "rewind" and later.step < note.step for later in notes[index + 1 :])
            self.note.emit(Note(note.step, "info", note.text) if undone and note.level == "edit" else note)
