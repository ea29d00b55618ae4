"""Drawings as grey pictures: bright ink on black, as MNIST's digits are, with their categories as classes.

The proportions of pen and margin are those of the bitmaps that Quick, Draw! publishes: on a page of 288 units, lines
of 16 around a drawing of 256.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.data.pictures import PictureSet, Pixels
from engine.data.sketches import Example, files_of, load_dataset
from engine.errors import TrainingError
from engine.sketch.strokes import MAX_POINTS, Drawing, from_stroke3

MAX_DRAWINGS = 100_000
KEPT_SHARE = 0.1
MAX_PROBLEMS = 20

_PAGE, _BOX, _PEN = 288.0, 256.0, 16.0
_OVERSAMPLING = 4


def open_drawings(path: Path, image_size: int) -> PictureSet:
    """Drawings of a file or folder (.ndjson, .npz, .svg) as pictures, of all files together at most `MAX_DRAWINGS`.

    The parts that a file names are kept; of other drawings a tenth is kept apart. Raises `BadFileError` when there is
    no such file and `TrainingError` when fewer than two drawings can be used.
    """
    limit = max(1, MAX_DRAWINGS // len(files_of([path])))
    dataset = load_dataset([path], max_points=MAX_POINTS, valid_fraction=0.0, test_fraction=KEPT_SHARE, limit=limit)
    # In an order of its own, so that the first few that are kept apart are of many categories.
    kept = _shuffled([*dataset.valid, *dataset.test])
    examples = list(dataset.train)
    if len(examples) + len(kept) < 2:
        raise TrainingError(f"{path.name} holds a single drawing; choose a file or folder with more of them.")
    if not kept:
        kept = [examples.pop()]
    elif not examples:
        examples, kept = kept[:-1], kept[-1:]
    names = dataset.categories if len(dataset.categories) > 1 else ()
    return PictureSet(
        "drawings",
        f"drawings: {dataset.provenance}, as pictures of {image_size} pixels.",
        _pictures(examples, image_size),
        np.array([example.category for example in examples], np.int64),
        _pictures(kept, image_size),
        np.array([example.category for example in kept], np.int64),
        names,
        tuple(
            reason if count == 1 else f"{reason.removesuffix('.')} ({count:,} times)."
            for reason, count in islice(dataset.skipped.items(), MAX_PROBLEMS)
        ),
    )


def rasterised(drawing: Drawing, size: int, box: float = _BOX / _PAGE, pen: float = _PEN / _PAGE) -> Pixels:
    """A drawing as a picture [size, size], its middle in the middle.

    `box` is its longer side without the pen, and `pen` the width of lines, as shares of the picture's side.
    """
    left, top, right, bottom = drawing.box()
    fine = size * _OVERSAMPLING
    scale = fine * box / max(right - left, bottom - top, 1e-6)
    shift = fine / 2 - scale * np.array([left + right, top + bottom]) / 2
    radius = fine * pen / 2
    page = Image.new("L", (fine, fine))
    brush = ImageDraw.Draw(page)
    for stroke in drawing.strokes:
        points = stroke.astype(np.float64) * scale + shift
        brush.line(points.ravel().tolist(), fill=255, width=round(2 * radius), joint="curve")
        for x, y in (points[0] - 0.5, points[-1] - 0.5):  # an ellipse includes the pixel that it ends on
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(page.reduce(_OVERSAMPLING), np.uint8)


def _pictures(examples: Sequence[Example], size: int) -> Pixels:
    pictures = np.empty((len(examples), 1, size, size), np.uint8)
    for picture, example in zip(pictures, examples, strict=True):
        picture[0] = rasterised(from_stroke3(example.stroke3), size)
    return pictures


def _shuffled(examples: list[Example]) -> list[Example]:
    order: NDArray[np.int64] = np.random.default_rng(0).permutation(len(examples))
    return [examples[index] for index in order]
