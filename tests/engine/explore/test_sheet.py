"""A sheet shows every picture where it belongs, and its file says where it is from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.explore.sheet import GAP, picture_sheet, write_png


@pytest.mark.parametrize("colours", [(), (3,)], ids=["grey", "colour"])
@pytest.mark.parametrize(("columns", "across", "down"), [(0, 3, 3), (4, 4, 2), (1, 1, 7), (99, 7, 1)])
def test_pictures_lie_row_by_row(colours: tuple[int, ...], columns: int, across: int, down: int) -> None:
    pictures = np.random.default_rng(0).integers(1, 256, (7, 5, 4, *colours), np.uint8)
    sheet = picture_sheet(pictures, columns)
    assert sheet.shape == (down * (5 + GAP) + GAP, across * (4 + GAP) + GAP, *colours)
    for index, picture in enumerate(pictures):
        top, left = GAP + index // across * (5 + GAP), GAP + index % across * (4 + GAP)
        assert np.array_equal(sheet[top : top + 5, left : left + 4], picture)
    assert (sheet > 0).sum() == pictures.size


def test_no_pictures_make_no_sheet() -> None:
    with pytest.raises(ValueError, match="needs pictures"):
        picture_sheet(np.zeros((0, 5, 4), np.uint8))


@pytest.mark.parametrize("shape", [(6, 9), (6, 9, 3)])
def test_a_png_has_its_pixels_and_its_text(shape: tuple[int, ...], tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    write_png(tmp_path / "new" / "a.png", picture, {"model": "zoo 猫", "seed": "3"})
    with Image.open(tmp_path / "new" / "a.png") as image:
        assert np.array_equal(np.asarray(image), picture)
        assert image.info["model"] == "zoo 猫" and image.info["seed"] == "3"
