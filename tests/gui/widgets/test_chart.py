"""A chart puts numbers where its axes say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT
from gui.widgets.chart import Chart, Curve, Level, Mark


@pytest.fixture
def chart(qtbot: QtBot) -> Iterator[Chart]:
    made = Chart(LIGHT, "Norms", "x", "y")
    qtbot.addWidget(made)
    made.resize(400, 300)
    yield made


def dyed_columns(chart: Chart, colour: str) -> list[int]:
    """The columns in whose middle part there is something of about this colour."""
    image = chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[60:-60, :, :3]
    wanted = QColor(colour)
    blue_green_red = wanted.blue(), wanted.green(), wanted.red()
    near = (np.abs(pixels.astype(int) - blue_green_red) < 40).all(axis=2)
    return [int(x) for x in np.flatnonzero(near.any(axis=0))]


def test_a_mark_is_where_the_axis_says(chart: Chart) -> None:
    chart.set_bars(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.0]))
    chart.set_marks([Mark(1.0, "here")])
    middle = dyed_columns(chart, LIGHT.text)
    chart.set_marks([Mark(2.0, "end"), Mark(5.0, "not on it")])
    end = dyed_columns(chart, LIGHT.text)
    chart.set_marks([Mark(0.0, "start")])
    start = dyed_columns(chart, LIGHT.text)
    assert middle and end and start
    assert np.mean(middle) == pytest.approx((np.mean(end) + np.mean(start)) / 2, abs=1)


def rows_of_line(chart: Chart) -> list[int]:
    """The rows that a line across the chart fills."""
    image = chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, 100:-100, :3]
    text = QColor(LIGHT.text)
    near = np.abs(pixels.astype(int) - (text.blue(), text.green(), text.red())) < 60
    return [int(y) for y in np.flatnonzero(near.all(axis=(1, 2)))]


def test_a_level_is_where_the_axis_says_also_beyond_the_curves(chart: Chart) -> None:
    chart.set_curves([Curve("flat", np.arange(3.0), np.zeros(3))])
    chart.set_levels([Level(-2.0, "low"), Level(2.0, "high")])
    assert [level.y for level in chart.levels] == [-2, 2]
    high, low = rows_of_line(chart)
    chart.set_levels([Level(-2.0, "low"), Level(2.0, "high"), Level(1.0, "between")])
    assert rows_of_line(chart) == [high, pytest.approx(high + (low - high) / 4, abs=1), low]
    chart.clear()
    assert chart.levels == () and rows_of_line(chart) == []


def test_curves_look_different_and_their_names_are_there(chart: Chart) -> None:
    x = np.arange(1.0, 30.0)
    chart.set_curves([Curve("first", x, x), Curve("second", x, x / 2)])
    assert all(dyed_columns(chart, colour) for colour in LIGHT.series[:2])
    chart.set_theme(DARK)
    assert all(dyed_columns(chart, colour) for colour in DARK.series[:2])
    chart.clear()
    assert not dyed_columns(chart, DARK.series[0])


@pytest.mark.parametrize("size", [(120, 100), (900, 700)])
def test_a_logarithmic_axis_takes_anything_above_zero(qtbot: QtBot, size: tuple[int, int]) -> None:
    chart = Chart(LIGHT, "Singular values", "index", "σ", log=True)
    qtbot.addWidget(chart)
    chart.resize(*size)
    for y in ([1.0], [1e-30, 1.0], [3.0, 3.0], [1.1, 1.2, 1.3], [1e-6, 1e6]):
        chart.set_curves([Curve("a layer with a rather long name", np.arange(1.0, len(y) + 1), np.array(y))])
        assert not chart.grab().isNull()


def test_bars_are_as_high_as_their_counts(chart: Chart) -> None:
    chart.set_bars(np.array([0.0, 1.0, 2.0]), np.array([10.0, 5.0]))
    image = chart.grab().toImage()
    heights = [sum(image.pixelColor(x, y).blue() - image.pixelColor(x, y).red() > 60 for y in range(image.height()))
               for x in (120, 300)]
    assert heights[0] == pytest.approx(2 * heights[1], abs=3)
