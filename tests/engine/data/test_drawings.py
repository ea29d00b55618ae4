"""Drawings become grey pictures: ink where the lines are, in the middle of the page, of even darkness at every size."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.data.drawings import open_drawings, rasterised
from engine.errors import BadFileError, TrainingError
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import Drawing, make_drawing

SIZES = (28, 32, 64)


def doodle(seed: int, word: str = "cat") -> Drawing:
    rng = np.random.default_rng(seed)
    return make_drawing([rng.integers(0, 256, (6, 2)).astype(float)], word)


def write(path: Path, drawings: list[Drawing]) -> Path:
    path.write_text("".join(to_ndjson_line(drawing) for drawing in drawings))
    return path


def slowly(drawing: Drawing, size: int) -> NDArray[np.float64]:
    """Share of each pixel that lies within the pen, from the distance of 8 x 8 places in it to each line."""
    left, top, right, bottom = drawing.box()
    scale = size / 288 * 256 / max(right - left, bottom - top)
    fine = (np.arange(size * 8) + 0.5) / 8
    places = np.stack(np.meshgrid(fine, fine), axis=-1)
    nearest = np.full((size * 8, size * 8), np.inf)
    for stroke in drawing.strokes:
        points = size / 2 + (stroke - np.array([left + right, top + bottom]) / 2) * scale
        for start, end in pairwise(points):
            along = np.clip((places - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
            nearest = np.minimum(nearest, np.linalg.norm(places - start - along[..., None] * (end - start), axis=2))
    inside = (nearest <= size / 288 * 8).astype(float)
    return np.asarray(inside.reshape(size, 8, size, 8).mean(axis=(1, 3)), np.float64)


@pytest.mark.parametrize("size", SIZES)
def test_ink_lies_where_the_lines_are(size: int) -> None:
    for seed in range(4):
        drawing = doodle(seed)
        found, wanted = rasterised(drawing, size) / 255.0, slowly(drawing, size)
        assert found.shape == (size, size)
        assert np.abs(found - wanted).mean() < 0.035
        assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.95
        assert found.sum() == pytest.approx(wanted.sum(), rel=0.15)


@pytest.mark.parametrize("size", SIZES)
def test_a_drawing_of_any_size_and_place_fills_the_middle(size: int) -> None:
    angles = np.linspace(0, 2 * math.pi, 60)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    first = rasterised(make_drawing([circle]), size)
    for scale, shift in ((1e-3, 0.0), (1e5, 0.0), (30.0, 700.0)):
        moved = rasterised(make_drawing([circle * scale + shift]), size)
        assert np.abs(moved.astype(float) - first).mean() < 2
    rows, columns = (np.average(np.arange(size) + 0.5, weights=first.sum(axis=axis)) for axis in (1, 0))
    assert rows == pytest.approx(size / 2, abs=0.25) and columns == pytest.approx(size / 2, abs=0.25)
    assert np.ptp(np.nonzero(first > 60)[0]) + 1 == pytest.approx(size * 272 / 288, abs=1.5)


@pytest.mark.parametrize("size", SIZES)
def test_a_dot_and_a_tiny_line_leave_a_dot(size: int) -> None:
    for strokes in ([[(5.0, 5.0)]], [[(5.0, 5.0), (5.0, 5.0)]]):
        picture = rasterised(make_drawing(strokes), size)
        assert 0 < picture.sum() / 255 <= (size / 288 * 16 + 1) ** 2


def test_words_are_the_classes_and_a_tenth_is_kept_apart(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", [doodle(i, "owl") for i in range(120)])
    write(tmp_path / "b.ndjson", [doodle(i, "ant") for i in range(200, 380)])
    source = open_drawings(tmp_path, 28)
    kept, labels = source.held_out(1000)
    assert source.shape == (1, 28, 28) and source.size + len(kept) == 300 and 15 <= len(kept) <= 50
    assert source.class_names == ("ant", "owl") and source.class_count == 2
    assert labels is not None and len(set(labels[:10].tolist())) == 2
    same, _ = open_drawings(tmp_path, 28).held_out(1000)
    assert torch.equal(kept, same)
    owls = {rasterised(doodle(i), 28).tobytes() for i in range(120)}
    for picture, label in zip(source.pictures, source.labels, strict=True):
        assert (picture.tobytes() in owls) == (source.class_names[label] == "owl")
    assert "300 drawings of 2 files, 2 categories" in source.provenance


def test_one_word_makes_no_classes_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "cat.ndjson", [*(doodle(i) for i in range(40)), *[make_drawing([[(1, 1)]], "cat")] * 3])
    with path.open("a") as file:
        file.write("{\n")
    source = open_drawings(path, 32)
    assert source.class_count == 0 and source.shape == (1, 32, 32)
    assert sorted(source.problems) == [
        "A drawing of a single point or line was left out (3 times).",
        "A line is not whole JSON.",
    ]


@pytest.mark.parametrize("part", ["train", "test"])
def test_few_drawings_stand_on_both_sides_even_where_the_file_says_otherwise(tmp_path: Path, part: str) -> None:
    box = np.empty(3, dtype=object)
    box[:] = [np.array([[9, i, 0], [5, 1, 0], [-4, 8, 1]], np.int16) for i in range(3)]
    np.savez(tmp_path / "few.npz", allow_pickle=True, **{part: box})
    source = open_drawings(tmp_path / "few.npz", 28)
    assert source.size == 2 and len(source.held_out(9)[0]) == 1


def test_too_little_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="single drawing"):
        open_drawings(write(tmp_path / "one.ndjson", [doodle(1)]), 28)
    with pytest.raises(BadFileError, match="no file or folder"):
        open_drawings(tmp_path / "missing", 28)
