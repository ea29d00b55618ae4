"""Training of Sketch-RNN (Ha and Eck 2018, sections 3.3 and 4.1) as a job."""

from __future__ import annotations

from pathlib import Path

from engine.runtime.job import Event, Job
from engine.runtime.loop import prepare, run_training
from engine.sketch.config import SketchTrainConfig
from engine.sketch.run import SketchRun


def train(config: SketchTrainConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Train until `config.steps` or `config.minutes`; goes on from `run_dir` when it holds a state of this run.

    Yields and obeys as `engine.runtime.loop.run_training` says, and returns the held-out figures of the best model.
    Raises `TrainingError` or `BadFileError` when the data or the start model cannot be used.
    """
    prepare(config)
    return (yield from run_training(SketchRun(config, run_dir)))
