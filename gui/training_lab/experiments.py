"""What stands on the cards of the gallery: ready experiments, and runs of earlier days."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from engine import paths
from engine.errors import EngineError
from engine.experiments.experiment import Experiment, PlannedRun
from engine.runtime.job import Job
from engine.runtime.run_folder import RunFolder, list_runs

TOYS, PICTURES, CLAIMS = "Toys", "Pictures", "Papers' claims"
FILTERS = (TOYS, PICTURES, CLAIMS)

_TAGS = {"points": TOYS, "pictures": PICTURES, "claim": CLAIMS}
_MOST_EXAMPLES = 600
_SHOWN = ("samples", "reconstructions", "data")  # what a run is known by, the first that there is


@dataclass(frozen=True, eq=False)
class ExperimentCard:
    """A ready experiment. Several `runs` are shown side by side; `data` names what is shown while there is no picture.

    `tags` are of `FILTERS`.
    """

    name: str
    title: str
    sentence: str
    tags: tuple[str, ...] = ()
    picture: QImage | None = None
    runs: tuple[PlannedRun, ...] = ()
    data: str = ""


@dataclass(frozen=True, eq=False)
class RunCard:
    """A run on disk: its name, how it ended ("running" while it has not), when it last was written to, and samples.

    `samples` are points [n, 2] or pictures, uint8 [n, H, W] or [n, H, W, 3]; None when there are none to show.
    """

    path: Path
    title: str
    state: str
    when: datetime.datetime
    samples: NDArray[np.generic] | None = None


def tags_of(experiment: Experiment) -> tuple[str, ...]:
    """Under which of the `FILTERS` an experiment is found."""
    return tuple(_TAGS[tag] for tag in experiment.tags)


def data_of(experiment: Experiment) -> str:
    """The kind of data that an experiment's first run learns from; empty when it has none."""
    return str(getattr(experiment.runs[0].config, "data", "")) if experiment.runs else ""


def shipped_picture(name: str) -> QImage | None:
    """The picture that ships for an experiment (assets/pictures/experiments/NAME.png), or None."""
    image = QImage(str(paths.ASSETS / "pictures" / "experiments" / f"{name}.png"))
    return None if image.isNull() else image


def recent_runs(count: int) -> Job[RunCard, None]:
    """Yield the newest runs of this person, newest first; a run that cannot be read is left out."""
    # A folder without a status was made for a run that never began: there is nothing to see in it.
    begun = (run for run in list_runs() if (run.path / "status.json").exists())
    for run in islice(begun, count):
        try:
            yield _card(run)
        except (EngineError, OSError):
            continue


def when_in_words(when: datetime.datetime, now: datetime.datetime) -> str:
    """Such as "today 14:05", "yesterday 09:00" or "3 May 2025"."""
    days = (now.date() - when.date()).days
    if days in (0, 1):
        return f"{('today', 'yesterday')[days]} {when:%H:%M}"
    return f"{when.day} {when:%b}" + (f" {when.year}" if when.year != now.year else "")


def _card(run: RunFolder) -> RunCard:
    status = run.path / "status.json"
    written = (status if status.exists() else run.path).stat().st_mtime
    steps = run.array_steps()
    samples = None
    if steps:
        try:
            arrays = run.arrays(steps[-1]).arrays
            samples = next((arrays[name] for name in _SHOWN if name in arrays), None)
        except EngineError:
            samples = None  # the run can be opened without its last picture
    return RunCard(
        path=run.path,
        title=str(run.config().get("name") or run.name),
        state=run.state,
        when=datetime.datetime.fromtimestamp(written),
        samples=None if samples is None else samples[:_MOST_EXAMPLES],
    )
