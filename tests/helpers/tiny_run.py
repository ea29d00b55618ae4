"""A training run that fits a line: two networks, two parts, and everything that a run can do, in no time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.runtime.config import setting
from engine.runtime.job import Event, Job
from engine.runtime.loop import prepare, run_training
from engine.runtime.training_run import TrainingRun
from engine.trainers import Trainer


@dataclass(frozen=True)
class TinyConfig:
    """The settings of the tiny run."""

    learning_rate: float = setting(0.05, "Step size.", group="Run", low=0.0, high=1e9, live=True)
    explode_at: int = setting(0, "The step from which gradients are not finite.", group="Run", low=0, live=True)
    steps: int = setting(20, "Steps.", group="Run", low=1, live=True)
    minutes: float = setting(0.0, "Minutes.", group="Run", low=0.0, live=True)
    log_every: int = setting(1, "Steps between points.", group="Run", low=1)
    picture_every: int = setting(5, "Steps between pictures.", group="Run", low=1)
    measure_every: int = setting(10, "Steps between measurements.", group="Run", low=1)
    save_every: int = setting(5, "Steps between checkpoints.", group="Run", low=1)
    seed: int = setting(1, "Seed.", group="Run", low=0)
    name: str = setting("tiny", "Name.", group="Run")
    precision: str = setting("32-true", "Precision.", group="Run", choices=("32-true",))
    device: str = setting("cpu", "Device.", group="Run", choices=("cpu",))


class TinyRun(TrainingRun):
    """First the slope learns, then the offset."""

    trainer = "tiny"
    parts = ("slope", "offset")

    def __init__(self, config: TinyConfig, run_dir: Path) -> None:
        """New weights from the seed, or those of the state in `run_dir`."""
        super().__init__(config, run_dir)
        with self.seeded():
            self.slope, self.offset = nn.Linear(1, 1, bias=False), nn.Linear(1, 1)
        for name, network in (("slope", self.slope), ("offset", self.offset)):
            self.learn(name, network, torch.optim.Adam(network.parameters(), lr=0.0))
        self.loss = float("nan")
        self.begin()

    def moments(self, part: str) -> Iterator[str]:
        """One Adam step of one of the two networks."""
        x = torch.randn(16, 1, generator=self.noise)
        yield "sample"
        loss = (self.slope(x) + self.offset(torch.zeros(16, 1)) - (3 * x + 1)).square().mean()
        if self.config.explode_at and self.step_count + 1 >= self.config.explode_at:
            loss = loss * torch.inf
        self.loss = float(loss.detach())
        yield "score"
        for network in (self.slope, self.offset):
            network.zero_grad(set_to_none=True)
        loss.backward()
        yield "gradient"
        self.update(part)
        yield "update"

    def figures(self) -> dict[str, float]:
        """The loss of the last part."""
        return {"loss": self.loss}

    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """The slope."""
        return {"samples": self.slope.weight.detach().numpy().copy()}

    def measures(self) -> dict[str, float]:
        """How far the slope is from the true one."""
        return {"error": abs(float(self.slope.weight.detach()) - 3)}

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """The slope alone."""
        header = CheckpointHeader("tiny", self.config.name, asdict(self.config), metrics=dict(measures))
        save_checkpoint(path, self.slope.state_dict(), header)


def train(config: TinyConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """The tiny run as a job."""
    prepare(config)
    return (yield from run_training(TinyRun(config, run_dir)))


PRESETS = {"tiny": TinyConfig()}

TINY = Trainer(
    "tiny", "Tiny run", "tests.helpers.tiny_run:TinyConfig", "tests.helpers.tiny_run:train",
    "tests.helpers.tiny_run:PRESETS",
)
