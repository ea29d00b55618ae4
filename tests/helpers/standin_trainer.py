"""A trainer that learns nothing: it takes steps, answers commands and saves, as the real ones do, in no time."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import EngineError, SaveError, TrainingError
from engine.runtime.atomic import write_text
from engine.runtime.config import check, edited, setting
from engine.runtime.job import Arrays, Changed, Edit, Event, Heartbeat, Job, Metrics, Note, Saved, Stop
from engine.trainers import Trainer


@dataclass(frozen=True)
class StandinConfig:
    """The settings of the stand-in."""

    data: tuple[str, ...] = setting((), "Files or folders to learn from.", group="Data")
    sizes: tuple[int, ...] = setting((8, 4), "Units of each layer.", group="Model", low=1, advanced=True)
    kind: str = setting("smooth", "The shape of the curve.", group="Model", choices=("smooth", "rough"))
    dropout: float | None = setting(None, "Share of units left out; empty for none.", group="Model", advanced=True)
    steps: int = setting(50, "Steps of the whole run.", group="Run", low=1, high=10_000_000, live=True)
    rate: float = setting(
        1e-5, "Step size.", group="Run", unit="1/step", low=0.0, high=1.0, live=True, source="made up")
    shuffle: bool = setting(True, "Whether the order changes.", group="Run", live=True)
    wait: float = setting(0.0, "Time that a step takes.", group="Run", unit="s", low=0.0, high=60.0)
    fail_at: int = setting(0, "The step that fails unexpectedly; 0 for none.", group="Run", low=0)
    name: str = setting("my stand-in", "Name of the model.", group="Run")


PRESETS = {"small": StandinConfig()}


def train(config: StandinConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Count to `config.steps`; yields every kind of event and goes on from the count in `run_dir`."""
    check(config)
    if config.data == ("missing",):
        raise TrainingError("The file 'missing' does not exist; choose another one.")
    state = run_dir / "checkpoints" / "state.json"
    step = int(json.loads(state.read_text())["step"]) if state.exists() else 0
    yield Note(step, "info", f"Going on from step {step}." if step else "A new run.")
    stopped = False
    while step < config.steps and not stopped:
        step += 1
        if step == config.fail_at:
            raise ValueError("no such luck")
        if config.data == ("full disk",) and step == 4:
            raise SaveError("metrics.jsonl could not be written: no space. Make room on the disk, then resume the run.")
        time.sleep(config.wait)
        queue = _events(step, config)
        while queue:
            event = queue.pop(0)
            command = yield event
            if isinstance(command, Stop):
                stopped = True
            elif isinstance(command, Edit):
                try:
                    config = edited(config, command.changes)
                    queue[:0] = [Changed(step, dict(command.changes), f"Changed: {dict(command.changes)}"), event]
                except EngineError as error:
                    queue[:0] = [Note(step, "warning", str(error)), event]
    write_text(state, json.dumps({"step": step}))
    write_text(run_dir / "checkpoints" / "model.safetensors", "a model")
    yield Saved(step, str(state))
    return {"loss": 1 / max(step, 1)}


def _events(step: int, config: StandinConfig) -> list[Event]:
    values = {"loss": 1 / step, "rate": config.rate}
    events: list[Event] = [Metrics(step, config.steps, step / 100, values)]
    if step % 10 == 0:
        events.append(Arrays(step, {"samples": np.full((2, 5, 5), step, np.float32)}))
    return [*events, Heartbeat(step)]


STANDIN = Trainer(
    "standin",
    "Stand-in",
    "tests.helpers.standin_trainer:StandinConfig",
    "tests.helpers.standin_trainer:train",
    "tests.helpers.standin_trainer:PRESETS",
)
