"""All ready experiments by name, the papers' claims first."""

from __future__ import annotations

from engine.experiments.claims import CLAIMS
from engine.experiments.experiment import Experiment
from engine.experiments.starters import STARTERS

EXPERIMENTS: dict[str, Experiment] = {each.name: each for each in (*STARTERS, *CLAIMS)}
