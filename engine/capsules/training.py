"""Training of capsule networks, and of those they are compared with, as a job."""

from __future__ import annotations

from pathlib import Path

from engine.capsules.config import CapsuleTrainConfig
from engine.capsules.run import make_run
from engine.runtime.job import Event, Job
from engine.runtime.loop import prepare, run_training


def train(config: CapsuleTrainConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Train until `config.steps` or `config.minutes`; goes on from `run_dir` when it holds a state of this run.

    Yields and obeys as `engine.runtime.loop.run_training` says, and returns the last measures. Raises `TrainingError`
    or `BadFileError` when the settings or the data cannot be used.
    """
    prepare(config)
    return (yield from run_training(make_run(config, run_dir)))
