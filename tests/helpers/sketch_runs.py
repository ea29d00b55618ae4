"""Trainings of a Sketch-RNN of a few units, and how to read what they have left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from engine.runtime.checkpoint import load_state
from engine.runtime.job import Command, Event, Metrics, Note, drive
from engine.sketch.config import SketchTrainConfig
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import make_drawing
from engine.sketch.training import train

TIMES = ("steps_per_s",)  # what a clock measures is no part of the promise


def write_drawings(
    path: Path, word: str, count: int, place: Callable[[int, int], tuple[float, float]], points: int = 0
) -> None:
    """Drawings of two strokes with point k of drawing i at `place(i, k)`; of 3 to 7 points, or of `points`."""
    lines = []
    for i in range(count):
        stroke = [place(i, k) for k in range(points or 3 + i % 5)]
        lines.append(to_ndjson_line(make_drawing([stroke[:2], stroke[1:]], word)))
    path.write_text("".join(lines))


def tiny(data: Path, **changes: Any) -> SketchTrainConfig:
    """Twelve steps of a model of eight units that report at each step and save at the end."""
    config = SketchTrainConfig(
        data=(str(data),), valid_fraction=0.2, test_fraction=0.0, encoder_size=8, decoder_size=8, latent_size=2,
        mixtures=2, class_size=2, batch_size=8, steps=12, log_every=1, picture_every=1000, measure_every=1000,
        save_every=1000, learning_rate=0.01, precision="32-true", device="cpu",
    )
    return replace(config, **changes)


def trained(
    config: SketchTrainConfig, run_dir: Path, at: Callable[[Event], Command | None] = lambda _event: None
) -> tuple[list[Event], dict[str, float]]:
    """All events and the result; `at` gives the command that answers an event."""
    events: list[Event] = []
    result = drive(train(config, run_dir), events.append, lambda: at(events[-1]))
    return events, result


def curve(events: Sequence[Event]) -> dict[int, dict[str, float]]:
    """The training figures of each step."""
    return {
        event.step: {name: value for name, value in event.values.items() if name not in TIMES}
        for event in events
        if isinstance(event, Metrics) and "L_R" in event.values
    }


def held_out(events: Sequence[Event]) -> dict[int, float]:
    """The held-out loss without z by step."""
    name = "held_out_L_R_decoder"
    return {e.step: e.values[name] for e in events if isinstance(e, Metrics) and name in e.values}


def notes(events: Sequence[Event]) -> list[tuple[int, str, str]]:
    """Step, level and text of each note."""
    return [(event.step, event.level, event.text) for event in events if isinstance(event, Note)]


def state_of(run_dir: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The saved tensors and numbers of a run."""
    return load_state(run_dir / "checkpoints" / "state.safetensors")


def model_file(run_dir: Path) -> Path:
    """The model that a run has left."""
    return run_dir / "checkpoints" / "model.safetensors"
