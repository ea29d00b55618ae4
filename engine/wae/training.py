"""Training of auto-encoders as a job."""

from __future__ import annotations

from pathlib import Path

from engine.runtime.job import Event, Job
from engine.runtime.loop import prepare, run_training
from engine.wae.config import WaeTrainConfig
from engine.wae.run import make_run


def train(config: WaeTrainConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Train until `config.steps` or `config.minutes`; goes on from `run_dir` when it holds a state of this run.

    Yields and obeys as `engine.runtime.loop.run_training` says, and returns the last measures. Raises `TrainingError`
    or `BadFileError` when the data or the settings cannot be used.
    """
    prepare(config)
    return (yield from run_training(make_run(config, run_dir)))
