"""AMSGrad and Adam where Adam goes the wrong way (Reddi et al. 2018, section 3).

The function of step t is C x on some steps and -x on the others, for x in [-1, 1]; on average it rises with x, so that
x = -1 is best. Adam's second moment shrinks the step of the rare large gradient and is forgotten when the small ones
come, and x goes to +1. AMSGrad keeps the largest second moment and goes to -1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.gan.optimisers import make_optimiser
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.runtime.config import command_line, to_json
from engine.runtime.job import Event, Job
from engine.runtime.loop import prepare, run_training
from engine.runtime.training_run import TrainingRun
from engine.studies.config import ConvergenceConfig

BEST = -1.0
MOST_POINTS = 2000  # of the trajectory that is kept
STEEP_EVERY = 3


class Point(nn.Module):
    """The number that is looked for."""

    def __init__(self, start: float) -> None:
        """Begin at `start`."""
        super().__init__()
        self.x = nn.Parameter(torch.tensor(start))


class Trajectory:
    """Where x was, float32 [n, 2] of (step, x): every step at first, every 2nd, 4th, ... as the run grows longer."""

    def __init__(self, start: float) -> None:
        """Only the beginning."""
        self._points = [(0, start)]
        self._every = 1

    def add(self, step: int, x: float) -> None:
        """Take in where x is after a step."""
        if step % self._every == 0:
            self._points.append((step, x))
        if len(self._points) > MOST_POINTS:
            self._points = self._points[::2]
            self._every *= 2

    def array(self, step: int, x: float) -> NDArray[np.float32]:
        """All points, ending with where x is now."""
        newest = [] if self._points[-1][0] == step else [(step, x)]
        return np.asarray([*self._points, *newest], np.float32)

    def state_dict(self) -> dict[str, Tensor]:
        """The points and how far they are apart."""
        return {"points": torch.tensor(self._points, dtype=torch.float64), "every": torch.tensor(self._every)}

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        """Take on what `state_dict` gave; raises `KeyError` or `ValueError` for anything else."""
        every = int(state_dict["every"])
        points = [(int(step), float(x)) for step, x in state_dict["points"].tolist()]
        if every < 1 or not 0 < len(points) <= MOST_POINTS:
            raise ValueError("this is no trajectory")
        self._points, self._every = points, every


class ConvergenceRun(TrainingRun):
    """One optimiser, with beta1 = 0, beta2 = 1 / (1 + C^2), step sizes alpha / sqrt(t) and projection to [-1, 1]."""

    trainer: ClassVar[str] = "convergence"

    def __init__(self, config: ConvergenceConfig, run_dir: Path) -> None:
        """Begin at `config.start` or, when `run_dir` holds a state, go on from it."""
        super().__init__(config, run_dir)
        self.config: ConvergenceConfig = config
        self.point = Point(config.start)
        beta2 = 1 / (1 + config.steepness**2)
        self.learn("point", self.point, make_optimiser(config.optimiser, self.point.parameters(), 0.0, beta1=0.0,
                                                       beta2=beta2))
        self._trajectory = Trajectory(config.start)
        self.keep("trajectory", self._trajectory)
        self.extra["regret"] = 0.0
        self.begin()

    @property
    def x(self) -> float:
        """Where the optimiser is."""
        return self.point.x.item()

    def moments(self, part: str) -> Iterator[str]:
        """A function comes, its value is paid, and x moves."""
        slope = self._slope()
        yield "sample"
        self.extra["regret"] += slope * (self.x - BEST)
        yield "score"
        self.point.x.grad = torch.full_like(self.point.x, slope)
        yield "gradient"
        self.update("point")
        with torch.no_grad():
            self.point.x.clamp_(-1, 1)
        self._trajectory.add(self.step_count + 1, self.x)
        yield "update"

    def learning_rates(self) -> dict[str, float]:
        """alpha / sqrt(t)."""
        return {"point": self.config.learning_rate / math.sqrt(self.step_count + 1)}

    def figures(self) -> dict[str, float]:
        """x, and the average regret R_t / t: how much more was paid than x = -1 would have cost, for each step."""
        return {"x": self.x, "average_regret": self.extra["regret"] / max(self.step_count, 1)}

    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """trajectory: float32 [n, 2] of (step, x), from the start to now."""
        return {"trajectory": self._trajectory.array(self.step_count, self.x)}

    def measures(self) -> dict[str, float]:
        """How far x is from the best one."""
        return {"distance_to_best": self.x - BEST}

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """The number as it is now."""
        header = CheckpointHeader(
            kind=self.trainer,
            name=self.config.name,
            config={},
            metrics={**measures, "step": float(self.step_count)},
            command=command_line(self.trainer, self.config),
            extra={"training": to_json(self.config)},
        )
        save_checkpoint(path, self.point.state_dict(), header)

    def _slope(self) -> float:
        """Of the function of this step. Its mean is (C - 2) / 3 with either order."""
        if self.config.functions == "stochastic":
            steep = self.rng.random() < 1 / STEEP_EVERY
        else:
            steep = (self.step_count + 1) % STEEP_EVERY == 1
        return self.config.steepness if steep else -1.0


def train(config: ConvergenceConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Go on until `config.steps` or `config.minutes`, from the state in `run_dir` when it holds one.

    Yields and obeys as `engine.runtime.loop.run_training` says, and returns the last measures.
    """
    prepare(config)
    return (yield from run_training(ConvergenceRun(config, run_dir)))
