"""The loop that every training run goes through: steps, commands, figures, pictures, checkpoints."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from engine.errors import EngineError
from engine.runtime.config import check, edited
from engine.runtime.devices import prepare_cpu_for_training
from engine.runtime.job import (
    Advance,
    Arrays,
    Changed,
    Command,
    Edit,
    Event,
    Glimpse,
    Heartbeat,
    Job,
    Metrics,
    Note,
    Phase,
    Rewind,
    Rewound,
    Saved,
    Stop,
    Watch,
)
from engine.runtime.training_run import TrainingRun

PHASE = "phase"
# Whoever watches may cost a run this share of its time.
WATCH_SHARE = 0.04


def prepare(config: Any) -> None:
    """What every trainer does before it builds its run: check the settings and set the processor up."""
    check(config)
    prepare_cpu_for_training()


def run_training(run: TrainingRun) -> Job[Event, dict[str, float]]:
    """Train until the run's steps or minutes are reached or a stop is asked for; returns the kept model's measures.

    A step that completes yields its figures and pictures when they are due and ends with a `Heartbeat`.
    """
    desk = _Desk(run)
    yield from desk.told([Note(run.step_count, "info", text) for text in run.opening_notes])
    yield from desk.told([Heartbeat(run.step_count)])
    while not run.any_process(desk.stopped or (run.finished and desk.wanted is None)):
        yield from desk.told(desk.advance())
    if not run.saved:
        yield from desk.told(desk.saved())
    return run.model_measures


class _Desk:
    """Takes the commands and makes the events of one run."""

    def __init__(self, run: TrainingRun) -> None:
        self._run = run
        self.stopped = False
        self.wanted: str | None = None
        self._measures: dict[str, float] = {}
        self._measured_at = -1
        self._watch_seconds = 0.0
        self._glimpsed = 0.0
        self._glimpse_seconds = 0.0
        self._moments: Iterator[tuple[str, str]] | None = None

    def told(self, events: Iterable[Event]) -> Generator[Event, Command | None, None]:
        """Yield the events and obey what comes back; the answer to a command comes at once."""
        queue = deque(events)
        while queue:
            event = queue.popleft()
            command = yield event
            answers = self._obey(command)
            if isinstance(event, Heartbeat) and not isinstance(command, Advance | Stop | None):
                # Still between two steps: whoever has paused the run has not asked for the next one.
                answers.append(event)
            queue.extendleft(reversed(answers))

    def advance(self) -> list[Event]:
        """Take the step, or the part of one, that is wanted."""
        wanted, self.wanted = self.wanted, None
        run = self._run
        if wanted == PHASE:
            moment = self._next_moment()
            if moment is not None:
                part, name = moment
                return [Phase(run.step_count, part, name, run.glimpse()), Heartbeat(run.step_count)]
        elif self._moments is not None:
            # The rest of the step that was begun in slow motion.
            for _ in self._moments:
                pass
            self._moments = None
        elif wanted in run.parts:
            for _ in run.slowly((wanted,)):
                pass
        else:
            run.step()
        return self._after_step(asked=wanted is not None)

    def saved(self) -> list[Event]:
        """Measure, and write a checkpoint."""
        run = self._run
        events: list[Event] = []
        if self._measured_at != run.step_count:
            events += self._measured()
        run.save(self._measures)
        return [*events, Saved(run.step_count, str(run.state_path))]

    def _next_moment(self) -> tuple[str, str] | None:
        """The next moment of the step that is going on, or the first of a new one; None when a step has just ended."""
        if self._moments is None:
            self._moments = self._run.slowly(self._run.parts)
        moment = next(self._moments, None)
        if moment is None:
            self._moments = None
        return moment

    def _after_step(self, *, asked: bool) -> list[Event]:
        run, config = self._run, self._run.config
        step = run.step_count
        if run.step_was_bad:
            return [Note(step, "warning", run.after_bad_step()), Heartbeat(run.step_count)]
        events: list[Event] = []
        if asked or step % config.log_every == 0 or step == 1:
            events.append(Metrics(step, config.steps, run.seconds, run.figures()))
        if step % config.measure_every == 0:
            events += self._measured()
        if step % config.picture_every == 0:
            events.append(Arrays(step, run.pictures()))
        if asked or self._is_glimpse_due():
            events.append(self._glimpse())
        if step % config.save_every == 0:
            events += self.saved()
        return [*events, Heartbeat(step)]

    def _measured(self) -> list[Event]:
        run = self._run
        self._measured_at = run.step_count
        found = run.measures()
        if not found:
            return []
        self._measures = found
        return [Metrics(run.step_count, run.config.steps, run.seconds, found)]

    def _is_glimpse_due(self) -> bool:
        if not self._watch_seconds:
            return False
        pause = max(self._watch_seconds, self._glimpse_seconds / WATCH_SHARE)
        return time.perf_counter() - self._glimpsed >= pause

    def _glimpse(self) -> Glimpse:
        started = time.perf_counter()
        glimpse = Glimpse(self._run.step_count, self._run.glimpse())
        self._glimpsed = time.perf_counter()
        self._glimpse_seconds = self._glimpsed - started
        return glimpse

    # ---- commands

    def _obey(self, command: Command | None) -> list[Event]:
        if isinstance(command, Stop):
            self.stopped = True
        elif isinstance(command, Watch):
            self._watch_seconds = command.milliseconds / 1000
        elif isinstance(command, Advance):
            self.wanted = command.part
        elif isinstance(command, Edit):
            return self._edited(command)
        elif isinstance(command, Rewind):
            return self._rewound(command.step)
        return []

    def _edited(self, command: Edit) -> list[Event]:
        run = self._run
        try:
            run.take_on(edited(run.config, command.changes))
        except EngineError as error:
            return [Note(run.step_count, "warning", str(error))]
        changes = ", ".join(f"{name} = {value}" for name, value in command.changes.items())
        return [Changed(run.step_count, dict(command.changes), f"Changed: {changes}.")]

    def _rewound(self, step: int) -> list[Event]:
        run = self._run
        try:
            run.rewind(step)
        except EngineError as error:
            return [Note(run.step_count, "warning", str(error))]
        self._moments = None
        self._measured_at = -1
        settings = run.live_settings()
        return [Rewound(step), Changed(step, settings, f"Back at step {step}, with its settings."), self._glimpse()]
