"""A measured figure: what was measured, the median of its runs and how far they spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

_PARTS = 6  # of samples taken one after the other


@dataclass(frozen=True)
class Figure:
    """The median, lowest and highest of `runs` samples, all in `unit`."""

    name: str
    median: float
    unit: str
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, name: str, unit: str, samples: Sequence[float]) -> Figure:
        """The figure of some samples; raises `ValueError` when there are none."""
        if not samples:
            raise ValueError(f"There are no samples of {name}.")
        return cls(name, float(median(samples)), unit, float(min(samples)), float(max(samples)), len(samples))

    @classmethod
    def at(cls, name: str, unit: str, samples: Sequence[float], percentile: float) -> Figure:
        """A percentile of samples in the order in which they were taken; its spread is over six parts of them."""
        parts = [float(np.percentile(part, percentile)) for part in np.array_split(np.asarray(samples), _PARTS)]
        return cls(name, float(np.percentile(samples, percentile)), unit, min(parts), max(parts), _PARTS)

    def __str__(self) -> str:
        """One line: name, median, unit, lowest to highest, number of runs."""
        spread = f"({self.low:.4g} to {self.high:.4g}, {self.runs} {'run' if self.runs == 1 else 'runs'})"
        return f"{self.name:<36} {self.median:>10.4g} {self.unit:<10} {spread}"


Figures = Mapping[str, Callable[[], Figure]]  # what a module of figures offers as FIGURES, by name
