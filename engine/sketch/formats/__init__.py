"""Files of drawings: ndjson, npz and svg, each read as if it were hostile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import BadFileError
from engine.sketch.formats.ndjson import read_ndjson
from engine.sketch.formats.result import ReadResult


def read_drawings(path: Path, limit: int | None = None) -> ReadResult:
    """The drawings of a file, at most `limit`; raises `BadFileError` when it is of no kind that can be read."""
    reader = _reader(path)
    if reader is None:
        raise BadFileError(f"{path.name} is of no kind that holds drawings here: use .ndjson, .npz or .svg.")
    return reader(path, limit)


def is_drawing_file(path: Path) -> bool:
    """Whether the name says that `read_drawings` may read it."""
    return path.suffix.lower() in (".ndjson", ".npz", ".svg")


def _reader(path: Path) -> Callable[[Path, int | None], ReadResult] | None:
    suffix = path.suffix.lower()
    if suffix == ".ndjson":
        return read_ndjson
    if suffix == ".npz":
        from engine.sketch.formats.npz import read_npz

        return read_npz
    if suffix == ".svg":
        # svgelements takes a while to load and most files are of the other kinds.
        from engine.sketch.formats.svg import read_svg

        return read_svg
    return None
