"""A Sketch session that needs no network: it grows made-up endings, and keeps what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.errors import EngineError
from engine.runtime.job import Job
from engine.sketch.completion import Completion, CompletionRequest, Ending, EndingsGrown
from engine.sketch.strokes import Drawing
from gui.sketch_lab.session import ModelReady, ModelSummary, SketchSession

POINTS = 6  # of each ending: a stroke of four, then one of two
FIRST_POINTS = 2  # that come before the gate
PENS = (0, 0, 0, 1, 0, 1)
LONGEST_WAIT = 10.0


def summary(name: str, categories: Sequence[str] = (), shipped: bool = True) -> ModelSummary:
    """A model of the menu; there is no file behind it."""
    return ModelSummary(name, Path(f"/models/{name}.safetensors"), shipped, tuple(categories), f"About {name}.")


def ready(path: Path, categories: Sequence[str] = ("cat", "dog")) -> ModelReady:
    """What is told of an opened model: it lets choose when it has several categories."""
    return ModelReady(path, path.stem, tuple(categories), len(categories) > 1, 1_234_567, "a pocket calculator")


def endings(request: CompletionRequest) -> tuple[EndingsGrown, EndingsGrown, Completion]:
    """What the session answers: ending i goes i + 1 steps to the right with every point. The last is the likeliest."""
    last = request.beginning.strokes[-1][-1] if request.beginning.strokes else np.asarray(request.origin, np.float32)
    offsets = np.zeros((request.count, POINTS, 2), np.float32)
    offsets[..., 0] = np.outer(np.arange(1, request.count + 1), np.arange(1, POINTS + 1))
    points = offsets + last
    pens = np.tile(np.asarray(PENS, np.uint8), (request.count, 1))
    made = [
        Ending(Drawing((points[i, :4], points[i, 4:])), request.pen_down, -1.0 / (i + 1), True, i)
        for i in range(request.count)
    ]
    if request.rank:
        made.reverse()
    return (
        EndingsGrown(0, points[:, :FIRST_POINTS], pens[:, :FIRST_POINTS]),
        EndingsGrown(FIRST_POINTS, points[:, FIRST_POINTS:], pens[:, FIRST_POINTS:]),
        Completion(tuple(made), 0.5, -1.25, 0.001),
    )


class StandinSession(SketchSession):
    """Answers at once; with `gate` cleared, each answer stops after its first points until the gate is set.

    Files of drawings are read as by the real session.
    """

    def __init__(self, *models: ModelSummary) -> None:
        """`models` are in the menu; one with categories lets choose among them."""
        super().__init__()
        self.models = list(models)
        self.problems: list[str] = []
        self.opened: list[Path] = []
        self.requests: list[CompletionRequest] = []
        self.failure: EngineError | None = None
        self.late_failure: EngineError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def list_models(self) -> Job[None, tuple[list[ModelSummary], list[str]]]:
        """The models it was made with."""
        yield None
        return list(self.models), self.problems

    def add_model(self, path: Path) -> Job[None, Path]:
        """Take a model into the menu."""
        yield None
        added = summary(path.stem, shipped=False)
        self.models.append(added)
        return added.path

    def open_model(self, path: Path) -> Job[ModelReady, None]:
        """Tell of the model."""
        self.opened.append(path)
        yield self._ready(path)

    def complete(self, path: Path, request: CompletionRequest) -> Job[ModelReady | EndingsGrown, Completion]:
        """Grow `endings`, or fail with `failure` or, after the first points, with `late_failure`."""
        self.requests.append(request)
        yield self._ready(path)
        if self.failure is not None:
            raise self.failure
        first, rest, completion = endings(request)
        yield first
        self.gate.wait(LONGEST_WAIT)
        if self.late_failure is not None:
            raise self.late_failure
        yield rest
        return completion

    def _ready(self, path: Path) -> ModelReady:
        categories = next((model.categories for model in self.models if model.path == path), ())
        return ready(path, categories)
