"""What an experiment is: runs to make, figures to read from their folders, and a claim to hold against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from engine.runtime.run_folder import RunFolder

Results = Mapping[str, Mapping[str, float]]  # label of a run -> title of a column -> figure


@dataclass(frozen=True)
class PlannedRun:
    """A run to make: what people call it, which trainer makes it, and with which configuration."""

    label: str
    trainer: str
    config: Any


@dataclass(frozen=True)
class Column:
    """A figure of each run: its title, how it is read from a folder, and whether lower ("low") or higher is better."""

    title: str
    figure: Callable[[RunFolder], float]
    better: str = ""  # "low", "high" or neither
    trainer: str = ""  # only runs of this trainer have it; empty: all


@dataclass(frozen=True)
class Verdict:
    """Whether the figures agree with the claim, and in one sentence what was found."""

    agrees: bool
    found: str


@dataclass(frozen=True)
class Experiment:
    """A question, the runs that answer it, and what the paper answers (`claim`; empty: a start for the curious).

    tags: "points", "pictures", "claim". verdict: compares the results with the claim; raises `KeyError` when a run or
    figure is missing.
    """

    name: str
    title: str
    sentence: str
    tags: tuple[str, ...]
    runs: tuple[PlannedRun, ...]
    claim: str = ""
    source: str = ""
    columns: tuple[Column, ...] = ()
    verdict: Callable[[Results], Verdict] | None = None


def last(name: str, count: int = 1) -> Callable[[RunFolder], float]:
    """The mean of a figure's last `count` measurements; NaN when there is none."""

    def read(run: RunFolder) -> float:
        values = [point.values[name] for point in run.metrics() if name in point.values]
        return fmean(values[-count:]) if values else float("nan")

    return read


def lowest(name: str) -> Callable[[RunFolder], float]:
    """The smallest measurement of a figure; NaN when there is none."""

    def read(run: RunFolder) -> float:
        return min((point.values[name] for point in run.metrics() if name in point.values), default=float("nan"))

    return read


def first_after(name: str, step: int) -> Callable[[RunFolder], float]:
    """A figure's first measurement from `step` on; NaN when there is none."""

    def read(run: RunFolder) -> float:
        found = (point.values[name] for point in run.metrics() if name in point.values and point.step >= step)
        return next(found, float("nan"))

    return read


def spectrum_evenness(which: int) -> Callable[[RunFolder], float]:
    """How evenly a layer of the critic uses its directions at the end: its mean singular value over the largest.

    1: all directions count the same; near 0: one direction is nearly everything. `which` counts the layers that have
    more than one singular value.
    """

    def read(run: RunFolder) -> float:
        steps = run.array_steps()
        if not steps:
            return float("nan")
        arrays = run.arrays(steps[-1]).arrays
        spectra = [v for name, v in arrays.items() if name.startswith("singular_values/") and v.size > 1]
        if which >= len(spectra):
            return float("nan")
        values = np.asarray(spectra[which], np.float64)
        return float(values.mean() / values.max()) if values.max() > 0 else float("nan")

    return read
