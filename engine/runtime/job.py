"""The generator protocol for long work.

A job is a plain generator. It yields small frozen dataclasses (NumPy arrays, on the CPU) and returns its result.
Whoever iterates it may `send` a command at any yield: `Edit` changes fields of the running configuration, `Stop` asks
it to save and return early, and so on. Every step ends with a `Heartbeat`; pausing is simply not asking for the event
after it. Closing the generator abandons the work. A job takes its seed as an argument, prints nothing and knows no GUI.
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


@dataclass(frozen=True)
class Advance:
    """Take one step, or one part of it, and no more: the job's next event is about that part alone.

    `part` is "step", one of the run's parts ("critic", "generator"), or "phase": the next moment of a step (sample,
    score, gradient, update), each told by a `Phase`.
    """

    part: str = "step"


@dataclass(frozen=True)
class Rewind:
    """Go back to the checkpoint of a step: weights, optimisers, random state and live settings."""

    step: int


@dataclass(frozen=True)
class Watch:
    """Send a `Glimpse` about every so many milliseconds, since somebody looks; 0: nobody does any more."""

    milliseconds: float


Command = Stop | Edit | Advance | Rewind | Watch


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
class Glimpse:
    """Arrays as they are just now, for whoever watches: passed on and not recorded. Only the newest matters."""

    step: int
    arrays: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """The moment within a step at which a run that advances by phases stands, with what can be seen of it."""

    step: int
    part: str  # "critic", "generator", "step"
    name: str  # "sample", "score", "gradient", "update"
    arrays: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)


@dataclass(frozen=True)
class Changed:
    """Live settings that hold from this step on, all of them or those that were edited; `text` says so in words."""

    step: int
    settings: Mapping[str, float | int | str | bool]
    text: str


@dataclass(frozen=True)
class Rewound:
    """The run is back at `step`; what was measured and saved after it no longer counts."""

    step: int


@dataclass(frozen=True)
class Note:
    """A sentence for the person (a skipped step, a restored checkpoint)."""

    step: int
    level: str  # "info" or "warning"; in a run's log also "edit" and "rewind"
    text: str


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on disk at `path`."""

    step: int
    path: str


@dataclass(frozen=True)
class Heartbeat:
    """The end of a step: the place to pause, stop or edit. Not recorded and not passed on."""

    step: int


Event = Metrics | Arrays | Glimpse | Phase | Changed | Rewound | Note | Saved | Heartbeat

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
