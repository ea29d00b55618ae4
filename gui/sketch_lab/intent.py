"""What the person wants of the Sketch lab: one small immutable record, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.sketch.completion import DEFAULT_PEN_TEMPERATURE, DEFAULT_TEMPERATURE, CompletionRequest
from engine.sketch.strokes import Drawing, Points
from gui.settings import Settings

MOST_ENDINGS = 36
HOTTEST = 1.2
LONGEST_SEED = 999_999


@dataclass(frozen=True)
class Intent:
    """Model (its file), category ("" is any), how many endings and how they are drawn.

    `pen_temperature` below 0 means: the same as `temperature`. `from_nothing` asks for whole drawings while the paper
    is empty. `while_pausing` asks for endings also while the pen rests in the middle of a stroke.
    """

    model: str = ""
    category: str = ""
    count: int = 9
    temperature: float = DEFAULT_TEMPERATURE
    pen_temperature: float = DEFAULT_PEN_TEMPERATURE
    seed: int = 1
    rank: bool = False
    while_pausing: bool = True
    from_nothing: bool = False

    @property
    def model_path(self) -> Path | None:
        """The model's file, or None before there is one."""
        return Path(self.model) if self.model else None


@dataclass(frozen=True)
class Paper:
    """Where a drawing from nothing goes, in canvas units: the top left corner and the side of its box."""

    left: float
    top: float
    size: float


def request_for(intent: Intent, drawing: Drawing, live: Points | None, paper: Paper) -> CompletionRequest | None:
    """What to ask the model for, given the drawing and the stroke under the pen; None with nothing to finish."""
    strokes = drawing.strokes if live is None else (*drawing.strokes, live)
    if not strokes and not intent.from_nothing:
        return None
    return CompletionRequest(
        beginning=Drawing(strokes),
        category=intent.category or None,
        count=intent.count,
        temperature=intent.temperature,
        pen_temperature=None if intent.pen_temperature < 0 else intent.pen_temperature,
        seed=intent.seed,
        rank=intent.rank,
        pen_down=live is not None,
        size=paper.size,
        origin=(paper.left, paper.top),
    )


# What is there again at the next start. Whole drawings from nothing are asked for anew each time.
_KEPT = ("model", "category", "count", "temperature", "pen_temperature", "seed", "rank", "while_pausing")
_RANGES = {
    "count": (1, MOST_ENDINGS),
    "temperature": (0, HOTTEST),
    "pen_temperature": (-1, HOTTEST),
    "seed": (0, LONGEST_SEED),
}


class IntentModel(QObject):
    """Holds the intent; every control writes here and listens here."""

    changed = Signal(object, object)  # the new Intent, the one before

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        """Start from what `settings` remember, where that is in range."""
        super().__init__(parent)
        self._settings = settings
        default = Intent()
        kept: dict[str, Any] = {}
        for name in _KEPT:
            value = settings.get(f"sketch/{name}", getattr(default, name))
            low, high = _RANGES.get(name, (value, value))
            kept[name] = value if low <= value <= high else getattr(default, name)
        self._intent = replace(default, **kept)

    @property
    def intent(self) -> Intent:
        """What is wanted now."""
        return self._intent

    def update(self, **changes: Any) -> None:
        """Replace some fields; tells of it only when something is different."""
        before, self._intent = self._intent, replace(self._intent, **changes)
        if self._intent == before:
            return
        for entry in fields(Intent):
            value = getattr(self._intent, entry.name)
            if entry.name in _KEPT and value != getattr(before, entry.name):
                self._settings.set(f"sketch/{entry.name}", value)
        self.changed.emit(self._intent, before)
