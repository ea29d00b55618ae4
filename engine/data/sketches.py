"""Drawings for training and evaluation, from files and folders, split the same way every time."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadFileError, TrainingError
from engine.sketch.formats import is_drawing_file, read_drawings
from engine.sketch.strokes import Drawing, quickdraw_preprocess, to_stroke3


@dataclass(frozen=True)
class Example:
    """One drawing: stroke-3 float32 [N, 3] in the units of a 0-255 box, and its index into the dataset's categories."""

    stroke3: NDArray[np.float32]
    category: int


@dataclass(frozen=True)
class SketchDataset:
    """Three parts that share no drawing, their categories, and what was left out and why."""

    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    test: tuple[Example, ...]
    categories: tuple[str, ...]
    provenance: str
    skipped: dict[str, int]


@dataclass(frozen=True)
class Source:
    """The drawings of one file, simplified as Quick, Draw!'s are, with their parts where the file names them."""

    path: Path
    drawings: tuple[Drawing, ...]
    splits: tuple[str, ...]


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The drawing files among `paths`, folders searched; raises `BadFileError` for a path that does not exist."""
    found: list[Path] = []
    for path in paths:
        if os.path.isdir(path):
            found += sorted(file for file in path.rglob("*") if file.is_file() and is_drawing_file(file))
        elif os.path.exists(path):  # unlike Path.exists, this says no to a name that no file can have
            found.append(path)
        else:
            raise BadFileError(f"There is no file or folder {path}.")
    if not found:
        raise BadFileError("There are no .ndjson, .npz or .svg files in the data that was given.")
    return found


def read_sources(paths: Sequence[Path], skipped: Counter[str], limit: int | None = None) -> Iterator[Source]:
    """Each file's drawings; a file that cannot be read is counted in `skipped` with its reason."""
    for path in files_of(paths):
        try:
            result = read_drawings(path, limit)
        except BadFileError as error:
            skipped[str(error)] += 1
            continue
        skipped.update(result.skipped)
        word = path.stem.removeprefix("sketchrnn_").replace("_", " ")
        drawings = tuple(
            Drawing(made.strokes, made.word or word)
            for made in (drawing if result.simplified else quickdraw_preprocess(drawing) for drawing in result.drawings)
        )
        yield Source(path, drawings, tuple(result.splits))


def load_dataset(
    paths: Sequence[Path],
    *,
    max_points: int,
    valid_fraction: float,
    test_fraction: float,
    categories: tuple[str, ...] | None = None,
    keep_unknown: bool = False,
    limit: int | None = None,
) -> SketchDataset:
    """All drawings of up to `max_points` points under `paths`.

    A file's own parts are kept. Other drawings are dealt out by a hash of their points, so that a drawing stays in its
    part whatever else is in the folder. With `categories`, drawings of other words are left out or, with
    `keep_unknown`, have the index after the last category; without, the words of the data are the categories, in
    alphabetical order.
    """
    skipped: Counter[str] = Counter()
    parts: dict[str, list[tuple[NDArray[np.float32], str]]] = {"train": [], "valid": [], "test": []}
    files = 0
    for source in read_sources(paths, skipped, limit):
        files += 1
        for index, drawing in enumerate(source.drawings):
            stroke3 = to_stroke3(drawing)
            reason = _reason_to_skip(stroke3, drawing.word, max_points, None if keep_unknown else categories)
            if reason:
                skipped[reason] += 1
                continue
            part = source.splits[index] if source.splits else _part(stroke3, valid_fraction, test_fraction)
            parts[part].append((stroke3, drawing.word))
    words = tuple(sorted({word for part in parts.values() for _, word in part})) if categories is None else categories
    if not any(parts.values()):
        raise TrainingError("No drawing could be used: " + " ".join(sorted(skipped)[:3]))
    index_of = {word: index for index, word in enumerate(words)}
    made = {
        name: tuple(Example(stroke3, index_of.get(word, len(words))) for stroke3, word in part)
        for name, part in parts.items()
    }
    provenance = f"{sum(map(len, made.values()))} drawings of {files} files, {len(words)} categories"
    return SketchDataset(made["train"], made["valid"], made["test"], words, provenance, dict(skipped))


def _reason_to_skip(
    stroke3: NDArray[np.float32], word: str, max_points: int, categories: tuple[str, ...] | None
) -> str:
    if len(stroke3) < 2:
        return "A drawing of a single point or line was left out."
    if len(stroke3) > max_points:
        return f"A drawing of more than {max_points} points was left out."
    if categories is not None and word not in categories:
        return f"The model does not know the category {word!r}."
    return ""


def _part(stroke3: NDArray[np.float32], valid_fraction: float, test_fraction: float) -> str:
    digest = hashlib.blake2b(np.ascontiguousarray(stroke3).tobytes(), digest_size=8).digest()
    draw = int.from_bytes(digest, "little") / 2**64
    if draw < test_fraction:
        return "test"
    return "valid" if draw < test_fraction + valid_fraction else "train"
