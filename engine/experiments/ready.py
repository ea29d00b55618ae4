"""All ready experiments by name, the papers' claims first."""

from __future__ import annotations

from engine.experiments import claims, claims_optimisation
from engine.experiments.experiment import Experiment
from engine.experiments.starters import STARTERS

_ALL = (*STARTERS, *claims.CLAIMS, *claims_optimisation.CLAIMS)
EXPERIMENTS: dict[str, Experiment] = {each.name: each for each in _ALL}
