"""States of the lab worth a picture, for the documentation; see `gui.screenshots`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engine.experiments.experiment import Experiment
from engine.experiments.ready import EXPERIMENTS

if TYPE_CHECKING:
    from gui.training_lab.lab import TrainingLab

POINT_STEPS, RACE_STEPS, PICTURE_STEPS = 1500, 600, 200


def scenes_of(lab: TrainingLab) -> dict[str, Callable[[], None]]:
    """The gallery, and three short runs to their end: points, a race, digits."""
    return {
        "gallery": partial(lab.pages.setCurrentWidget, lab.entrance),
        "points": partial(lab.start, _short("first-gan", POINT_STEPS)),
        "race": partial(lab.start, _short("frozen-critic", RACE_STEPS)),
        "digits": partial(lab.start, _short("digits-wae", PICTURE_STEPS)),
    }


def _short(name: str, steps: int) -> Experiment:
    """A ready experiment of so many steps, measured at its end alone."""
    known = EXPERIMENTS[name]
    runs = tuple(
        replace(run, config=replace(
            run.config, steps=steps, picture_every=steps // 15, measure_every=steps, save_every=steps // 3))
        for run in known.runs)
    return replace(known, runs=runs)
