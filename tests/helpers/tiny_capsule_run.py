"""Training runs of capsule networks that take no time: small settings, a file of four shapes, and what they tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.capsules.config import CapsuleTrainConfig
from engine.capsules.training import train
from engine.runtime.checkpoint import load_state
from engine.runtime.job import Command, Event, Heartbeat, Metrics, drive

SMALL: dict[str, Any] = {
    "channels": 8, "primary_types": 2, "image_size": 20, "steps": 8, "batch_size": 10, "log_every": 1,
    "picture_every": 1000, "measure_every": 1000, "save_every": 1000, "valid_count": 10, "device": "cpu",
}
TWO: dict[str, Any] = {"data": "two digits", "image_size": 36, "shift": 4}


def shapes(count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """A bar across, a bar down, a cross and a frame, on 12 pixels, with some noise."""
    rng = np.random.default_rng(0)
    made = rng.integers(0, 30, (count, 12, 12), np.uint8)
    labels = np.arange(count) % 4
    for picture, label in zip(made, labels, strict=True):
        if label in (0, 2):
            picture[5:7, 1:11] += 200
        if label in (1, 2):
            picture[1:11, 5:7] = 220
        if label == 3:
            picture[[1, 2, 9, 10], 1:11] = picture[1:11, 1:3] = picture[1:11, 9:11] = 220
    return made, labels


def trained(
    config: CapsuleTrainConfig, run_dir: Path, at: Callable[[Event], Command | None] = lambda _event: None
) -> tuple[list[Event], dict[str, float]]:
    """All events and the result; `at` gives the command that answers an event."""
    events: list[Event] = []
    result = drive(train(config, run_dir), events.append, lambda: at(events[-1]))
    return events, result


def at_step(step: int, *commands: Command) -> Callable[[Event], Command | None]:
    """Gives the commands one by one at the heartbeats from `step` on."""
    left = iter(commands)
    return lambda event: next(left, None) if isinstance(event, Heartbeat) and event.step >= step else None


def curve(events: list[Event]) -> dict[int, dict[str, float]]:
    """The figures of each step, without what a clock measures."""
    return {
        event.step: {name: value for name, value in event.values.items() if name != "steps_per_s"}
        for event in events
        if isinstance(event, Metrics) and "loss" in event.values
    }


def state(run_dir: Path) -> dict[str, Tensor]:
    """The tensors of the newest checkpoint."""
    return load_state(run_dir / "checkpoints" / "state.safetensors")[0]


def model_file(run_dir: Path) -> Path:
    """The newest model."""
    return run_dir / "checkpoints" / "model.safetensors"


def small_run(folder: Path, **changes: Any) -> CapsuleTrainConfig:
    """Settings of a run on a file of shapes, which is written into `folder`."""
    path = folder / "shapes.npz"
    images, labels = shapes(120)
    np.savez(path, images=images, labels=labels)
    return CapsuleTrainConfig(**(SMALL | {"data": "file", "data_path": str(path)} | changes))
