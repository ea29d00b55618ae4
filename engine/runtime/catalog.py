"""The catalog of models: what ships with the program, what the person trained, and what was imported.

A model's own file says what it is; the catalog only knows the folders. Names are unique: of two files with the same
name the person's own wins over the shipped one, and of two own ones the first by file name.
"""

from __future__ import annotations

import itertools
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from engine import paths
from engine.errors import BadFileError, CheckpointError, SaveError, UnknownModelError
from engine.runtime.atomic import write_bytes
from engine.runtime.checkpoint import MAX_FILE_BYTES, SUFFIX, CheckpointHeader, read_header

SHIPPED = "shipped"
OWN = "own"

# Formats of others that become a checkpoint of ours, by the end of their name: a function (source, destination).
IMPORTERS = {".gen.json": "engine.sketch.magenta:convert"}


@dataclass(frozen=True)
class ModelEntry:
    """A model on disk: its header, its file and whether it is `SHIPPED` or the person's `OWN`."""

    path: Path
    origin: str
    header: CheckpointHeader

    @property
    def name(self) -> str:
        """The name that people and the command line call it by."""
        return self.header.name


class Catalog:
    """Lists, finds, adds and removes models. Reads headers only; nothing is kept between two calls."""

    def __init__(self, shipped: Path = paths.SHIPPED_MODELS, own: Path | None = None) -> None:
        """Folders of the shipped and the person's own models (`engine.paths` when not given)."""
        self._shipped, self._own = shipped, own if own is not None else paths.models()
        self.problems: list[str] = []

    def entries(self, kind: str | None = None) -> list[ModelEntry]:
        """All readable models (of one kind), shipped ones first; `problems` then says which files were left out."""
        found: dict[str, ModelEntry] = {}
        self.problems = []
        for folder, origin in ((self._shipped, SHIPPED), (self._own, OWN)):
            for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []:
                try:
                    header = read_header(path)
                except CheckpointError as error:
                    self.problems.append(str(error))
                    continue
                known = found.get(header.name)
                if (kind is None or header.kind == kind) and (known is None or known.origin != origin):
                    found[header.name] = ModelEntry(path, origin, header)
        return sorted(found.values(), key=lambda entry: (entry.origin != SHIPPED, entry.name.lower()))

    def find(self, name_or_file: str, kind: str | None = None) -> Path:
        """The file of a model, by name in the catalog or by path. Raises `UnknownModelError` with the known names."""
        entries = self.entries(kind)
        for entry in entries:
            if entry.name == name_or_file:
                return entry.path
        # Unlike Path.is_file, this says no to a name that no file can have.
        if os.path.isfile(name_or_file):
            return Path(name_or_file)
        known = ", ".join(entry.name for entry in entries) or "none"
        raise UnknownModelError(f"There is no model or file called {name_or_file!r}; known models are: {known}.")

    def add(self, path: Path, check: Callable[[Path], object]) -> ModelEntry:
        """Take a model file into the person's own models, converted when it is of another format.

        `check` must raise an `EngineError` when the model in a checkpoint cannot be built; it sees the file before it
        enters the catalog. An own model of the same name is replaced; no other file is. Raises `BadFileError`,
        `CheckpointError` or `SaveError`; the catalog is then as it was.
        """
        importer = next((target for end, target in IMPORTERS.items() if path.name.endswith(end)), None)
        if importer is None and path.suffix != SUFFIX:
            known = ", ".join([SUFFIX, *IMPORTERS])
            raise BadFileError(f"{path.name} is not a model that can be added; known are files ending in {known}.")
        check(path)
        if importer is None:
            return self._take_in(path)
        module, _, name = importer.partition(":")
        convert: Callable[[Path, Path], object] = getattr(import_module(module), name)
        try:
            with tempfile.TemporaryDirectory() as scratch:
                converted = Path(scratch) / f"converted{SUFFIX}"
                convert(path, converted)
                return self._take_in(converted)
        except OSError as error:
            raise SaveError(f"{path.name} could not be converted: {error.strerror or error}.") from error

    def _take_in(self, path: Path) -> ModelEntry:
        header = read_header(path)
        target = self._place_for(header.name)
        if target.resolve() != path.resolve():
            write_bytes(target, _bounded_bytes(path))
        return ModelEntry(target, OWN, read_header(target))

    def _place_for(self, name: str) -> Path:
        """The file of the person's own model called `name`; for a new name, one that does not exist yet."""
        for entry in self.entries():
            if entry.origin == OWN and entry.name == name:
                return entry.path
        stems = itertools.chain([_slug(name)], (f"{_slug(name)}-{number}" for number in itertools.count(2)))
        return next(path for stem in stems if not os.path.lexists(path := self._own / f"{stem}{SUFFIX}"))

    def remove(self, entry: ModelEntry) -> None:
        """Delete one of the person's own models. Raises `SaveError`; shipped models stay."""
        if entry.origin != OWN:
            raise SaveError(f"{entry.name} came with the program and stays.")
        try:
            entry.path.unlink(missing_ok=True)
        except OSError as error:
            raise SaveError(f"{entry.path.name} could not be removed: {error.strerror or error}.") from error


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "model"


def _bounded_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadFileError(f"{path.name} is too large for a model.")
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"{path.name} cannot be read: {error.strerror or error}.") from error
