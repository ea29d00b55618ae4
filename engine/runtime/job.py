"""The generator protocol for long work.

A job is a plain generator. It yields small frozen dataclasses (NumPy arrays, on the CPU) and returns its result.
Whoever iterates it may `send` a command at any yield: `Edit` changes fields of the running configuration, `Stop` asks
it to save and return early. Pausing is simply not asking for the next event; closing the generator abandons the work. A
job takes its seed as an argument, prints nothing and knows no GUI.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Stop:
    """Ask a job to save what it has and return its result now."""


@dataclass(frozen=True)
class Edit:
    """Change fields of a running job's configuration (only those whose metadata says `live=True`)."""

    changes: Mapping[str, float | int | str | bool]


Command = Stop | Edit


@dataclass(frozen=True)
class Metrics:
    """Scalars measured at a training step. Never dropped on the way to the screen.

    `total_steps` is the run's goal; `seconds` is the training time so far, across resumes.
    """

    step: int
    total_steps: int
    seconds: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Arrays:
    """Named arrays to look at (samples, reconstructions). Only the newest matters to a live view."""

    step: int
    arrays: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """A sentence for the person (a skipped step, a restored checkpoint, an applied edit)."""

    step: int
    level: str  # "info" or "warning"
    text: str


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on disk at `path`."""

    step: int
    path: str


@dataclass(frozen=True)
class Heartbeat:
    """Nothing new to show: a chance to pause, stop or edit between two figures. Not recorded and not passed on."""

    step: int


Event = Metrics | Arrays | Note | Saved | Heartbeat

YieldT = TypeVar("YieldT")
ResultT = TypeVar("ResultT")
Job = Generator[YieldT, Command | None, ResultT]


def drive(
    job: Job[YieldT, ResultT],
    on_event: Callable[[YieldT], None] = lambda _event: None,
    next_command: Callable[[], Command | None] = lambda: None,
) -> ResultT:
    """Iterate `job` to its end, hand each event to `on_event` and send what `next_command` gives; return the result."""
    command: Command | None = None
    while True:
        try:
            event = job.send(command) if command is not None else next(job)
        except StopIteration as end:
            result: ResultT = end.value
            return result
        on_event(event)
        command = next_command()
