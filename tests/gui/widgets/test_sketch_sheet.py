"""A sheet paints drawings, each in its cell, and is not troubled by arrays that are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from gui.widgets.plot_theme import PlainColours
from gui.widgets.sketch_sheet import MAX_DRAWINGS, SketchSheet

BLACK_ON_WHITE = replace(PlainColours(), panel="#ffffff", text="#000000")


@pytest.fixture
def sheet(qtbot: QtBot) -> Iterator[SketchSheet]:
    made = SketchSheet()
    made.resize(200, 200)
    made.set_theme(BLACK_ON_WHITE)
    qtbot.addWidget(made)
    yield made


def zigzag(count: int = 4, size: float = 10.0) -> NDArray[np.float32]:
    """`count` drawings of a stroke to the right and back down, then the end."""
    one = np.array([[size, 0, 1, 0, 0], [-size, size, 1, 0, 0], [size, 0, 0, 1, 0], [0, 0, 0, 0, 1]], np.float32)
    return np.repeat(one[None], count, axis=0)


def dark_share(sheet: SketchSheet, column: int, row: int) -> float:
    """The share of dark pixels in a quarter of the sheet."""
    image = sheet.grab().toImage()
    xs, ys = range(column * 100 + 3, column * 100 + 97), range(row * 100 + 3, row * 100 + 97)
    return float(np.mean([QColor(image.pixel(x, y)).lightness() < 128 for x in xs for y in ys]))


def test_each_drawing_fills_its_cell(sheet: SketchSheet) -> None:
    sheet.set_samples(zigzag())
    shares = [dark_share(sheet, column, row) for column in (0, 1) for row in (0, 1)]
    assert all(0.01 < share < 0.2 for share in shares)


def test_the_scale_of_a_drawing_does_not_matter(sheet: SketchSheet) -> None:
    sheet.set_samples(zigzag(size=0.01))
    small = sheet.grab().toImage()
    sheet.set_samples(zigzag(size=1000.0))
    assert dark_share(sheet, 0, 0) > 0.01
    assert abs(small.sizeInBytes() - sheet.grab().toImage().sizeInBytes()) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_a_drawing_that_is_not_finite_leaves_its_cell_empty(sheet: SketchSheet, value: float) -> None:
    samples = zigzag()
    samples[0, 1, 0] = value
    sheet.set_samples(samples)
    assert dark_share(sheet, 0, 0) == 0.0
    assert dark_share(sheet, 1, 1) > 0.01


@pytest.mark.parametrize("samples", [
    np.zeros((2, 3)), np.zeros((1, 2, 4)), np.array([[["x"] * 5]]),
])
def test_arrays_of_another_shape_leave_the_sheet_as_it_is(sheet: SketchSheet, samples: NDArray[np.generic]) -> None:
    sheet.set_samples(zigzag())
    sheet.set_samples(samples)
    assert sheet.count == 4


@pytest.mark.parametrize("samples", [
    np.zeros((0, 3, 5)), np.zeros((2, 0, 5)), np.zeros((1, 1, 5)), np.ones((3, 4, 5)),
])
def test_empty_drawings_can_be_painted(sheet: SketchSheet, samples: NDArray[np.generic]) -> None:
    sheet.set_samples(samples, "step 3")
    sheet.grab()


def test_many_drawings_are_bounded_and_clear_empties(sheet: SketchSheet) -> None:
    sheet.set_samples(zigzag(1000))
    assert sheet.count == MAX_DRAWINGS
    sheet.clear()
    assert sheet.count == 0
    sheet.grab()
