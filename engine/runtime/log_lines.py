"""Lines of a run's logs: one JSON object for each measurement and each note."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from engine.runtime.job import Metrics, Note

MAX_VALUES = 200
NOTE_LEVELS = ("info", "warning", "edit", "rewind")


def metrics_line(point: Metrics) -> bytes:
    """A line of metrics.jsonl. JSON has no word for infinity or what is not a number; both are written as null."""
    values = {name: float(value) if math.isfinite(value) else None for name, value in point.values.items()}
    return _line({"step": point.step, "total_steps": point.total_steps, "seconds": point.seconds, "values": values})


def note_line(note: Note) -> bytes:
    """A line of notes.jsonl."""
    return _line({"step": note.step, "level": note.level, "text": note.text})


def as_metrics(line: Mapping[str, Any]) -> Metrics:
    """The measurement of a parsed line; one that does not hold one raises what its values raise."""
    values = {
        str(name): math.nan if value is None else float(value)
        for name, value in list(line["values"].items())[:MAX_VALUES]
    }
    return Metrics(int(line["step"]), int(line["total_steps"]), float(line["seconds"]), values)


def as_note(line: Mapping[str, Any]) -> Note:
    """The note of a parsed line; one that does not hold one raises what its values raise."""
    level = line["level"] if line["level"] in NOTE_LEVELS else "info"
    return Note(int(line["step"]), level, str(line["text"]))


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, allow_nan=False).encode() + b"\n"
