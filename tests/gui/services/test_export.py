"""Drawings written to files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtGui import QImage

from engine.errors import BadDrawingError, SaveError
from engine.sketch.strokes import Drawing, make_drawing
from gui.services.export import export_animated_svg, export_ndjson, export_png, export_svg

WIDE = make_drawing([[[0, 0], [200, 0]], [[0, 100], [200, 100]]], "table")

EXPORTS = pytest.mark.parametrize("export", [export_png, export_svg, export_animated_svg, export_ndjson])


@EXPORTS
def test_empty_drawing_is_refused_and_nothing_written(export: Callable[[Drawing, Path], Path], tmp_path: Path) -> None:
    with pytest.raises(BadDrawingError, match="draw something first"):
        export(Drawing(), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("export", "suffix"),
    [(export_png, ".png"), (export_svg, ".svg"), (export_animated_svg, ".svg"), (export_ndjson, ".ndjson")],
)
def test_suffix_is_added_when_missing(export: Callable[[Drawing, Path], Path], suffix: str, tmp_path: Path) -> None:
    assert export(WIDE, tmp_path / "v1.2") == tmp_path / f"v1.2{suffix}"
    assert export(WIDE, tmp_path / f"b{suffix.upper()}") == tmp_path / f"b{suffix.upper()}"
    assert len(list(tmp_path.iterdir())) == 2


def test_png_has_the_size_the_colours_and_the_ink(tmp_path: Path) -> None:
    path = export_png(WIDE, tmp_path / "a.png", 400, "#ffeedd", "#112233", 8)
    image = QImage(str(path))
    assert image.width() == 400
    assert 200 < image.height() < 250
    assert image.pixelColor(2, 2).name() == "#ffeedd"
    assert image.pixelColor(200, 24).name() == "#112233"
    assert image.pixelColor(200, image.height() - 24).name() == "#112233"
    assert image.pixelColor(200, image.height() // 2).name() == "#ffeedd"


def test_png_without_paper_is_transparent(tmp_path: Path) -> None:
    image = QImage(str(export_png(WIDE, tmp_path / "a.png", 200, None)))
    assert image.pixelColor(100, image.height() // 2).alpha() == 0
    assert any(image.pixelColor(100, y).alpha() == 255 for y in range(image.height()))


@pytest.mark.parametrize("strokes", [[[[5, 5]]], [[[5, 5], [5, 5]]], [[[0, 3], [1e6, 3]]], [[[0, 0], [0, 1e-6]]]])
@pytest.mark.parametrize("size", [16, 300])
def test_png_of_dots_and_straight_lines_has_ink(strokes: list[list[list[float]]], size: int, tmp_path: Path) -> None:
    image = QImage(str(export_png(make_drawing(strokes), tmp_path / "a.png", size)))
    assert 1 <= max(image.width(), image.height()) <= size
    bits = np.frombuffer(image.convertToFormat(QImage.Format.Format_Grayscale8).constBits(), np.uint8)
    assert (bits < 100).any()


@pytest.mark.parametrize("size", [15, 8193, -1])
def test_png_size_out_of_range_is_refused(size: int, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="16 to 8192"):
        export_png(WIDE, tmp_path / "a.png", size)
    assert list(tmp_path.iterdir()) == []


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError):
        export_png(WIDE, tmp_path / "file" / "a.png")


def test_svg_is_well_formed(tmp_path: Path) -> None:
    for export in (export_svg, export_animated_svg):
        root = ElementTree.parse(export(WIDE, tmp_path / export.__name__)).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_ndjson_is_one_line_with_the_word(tmp_path: Path) -> None:
    text = export_ndjson(WIDE, tmp_path / "a").read_text()
    assert text.count("\n") == 1
    assert json.loads(text)["word"] == "table"
