"""What the Sketch lab asks of the engine, for its worker thread: models are opened once and kept.

Importing torch takes seconds, so the engine's heavy modules are imported inside the methods, on the worker's thread.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BadFileError, UnknownModelError
from engine.runtime.job import Job
from engine.sketch.completion import Completion, CompletionRequest, EndingsGrown
from engine.sketch.strokes import Drawing

if TYPE_CHECKING:
    from engine.sketch.sketch_model import SketchModel

MODELS_KEPT = 3
LARGEST_IMPORT = 400  # drawings of a file that may be picked from


@dataclass(frozen=True)
class ModelSummary:
    """What the menu shows of a model without opening it."""

    name: str
    path: Path
    shipped: bool
    categories: tuple[str, ...]
    about: str


@dataclass(frozen=True)
class ModelReady:
    """A model has been opened: what the status bar and the class menu show."""

    path: Path
    name: str
    categories: tuple[str, ...]
    chooses_category: bool
    parameters: int
    device: str


class SketchSession:
    """All methods return jobs. Those that compute with a model belong to one worker; the others may run beside it."""

    def __init__(self) -> None:
        """No model is open yet."""
        self._models: OrderedDict[tuple[Path, int], SketchModel] = OrderedDict()

    def list_models(self) -> Job[None, tuple[list[ModelSummary], list[str]]]:
        """The models of the catalog and, for files that cannot be read, why."""
        from engine.runtime.catalog import SHIPPED, Catalog

        catalog = Catalog()
        found = [
            ModelSummary(
                entry.name, entry.path, entry.origin == SHIPPED, _words(entry.header.config), _about(entry.header)
            )
            for entry in catalog.entries("sketch")
        ]
        yield None
        return found, catalog.problems

    def add_model(self, path: Path) -> Job[None, Path]:
        """Take a model file into the catalog; returns where it is then."""
        from engine.runtime.catalog import Catalog
        from engine.sketch.sketch_model import load_model

        entry = Catalog().add(path, load_model)
        yield None
        return entry.path

    def open_model(self, path: Path) -> Job[ModelReady, None]:
        """Open a model, tell of it, and draw a little to warm up, so that the first stroke need not wait."""
        model = self._model(path)
        yield _ready(path, model)
        for _ in model.complete(CompletionRequest(Drawing(), max_points=8)):
            yield _ready(path, model)

    def complete(self, path: Path, request: CompletionRequest) -> Job[ModelReady | EndingsGrown, Completion]:
        """Tell of the model in `path`, then grow endings with it."""
        model = self._model(path)
        yield _ready(path, model)
        completion: Completion = yield from model.complete(request)
        return completion

    def read_drawings(self, path: Path) -> Job[None, list[Drawing]]:
        """The drawings of a file that the person brought; raises `BadFileError`."""
        from engine.sketch.formats import read_drawings

        result = read_drawings(path, limit=LARGEST_IMPORT)
        yield None
        if not result.drawings:
            raise BadFileError(f"{path.name} holds no drawing.")
        return list(result.drawings)

    def _model(self, path: Path) -> SketchModel:
        from engine.sketch.sketch_model import load_model

        try:
            key = (path, path.stat().st_mtime_ns)
        except OSError as error:
            raise UnknownModelError(f"The model file {path.name} is gone; choose another model.") from error
        if key not in self._models:
            self._models[key] = load_model(path)
        self._models.move_to_end(key)
        while len(self._models) > MODELS_KEPT:
            self._models.popitem(last=False)
        return self._models[key]


def _ready(path: Path, model: SketchModel) -> ModelReady:
    from engine.runtime.devices import describe_device

    return ModelReady(
        path=path,
        name=model.name,
        categories=model.categories,
        chooses_category=bool(model.module.config.class_size),
        parameters=model.parameter_count,
        device=describe_device(),
    )


def _words(config: dict[str, Any]) -> tuple[str, ...]:
    words = config.get("categories", [])
    return tuple(str(word) for word in words) if isinstance(words, list) else ()


def _about(header: Any) -> str:
    lines = [f"Learned from: {header.data}" if header.data else ""]
    figures = ", ".join(f"{name} {value:.3f}" for name, value in header.metrics.items() if name.startswith("held_out"))
    lines.append(figures)
    return "\n".join(line for line in lines if line)
