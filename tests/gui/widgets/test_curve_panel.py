"""One plot: what it shows where, what it says under the mouse, and how it is dragged."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.widgets.curve_painting import Line, number, ticks
from gui.widgets.curve_panel import BOTTOM, LEFT, RIGHT, TOP, CurvePanel
from gui.widgets.plot_theme import PlainColours

THEME = replace(PlainColours(), panel="#ffffff", window="#ffffff", grid="#ffffff", text="#000000", muted="#ffffff")


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    made = CurvePanel("loss")
    qtbot.addWidget(made)
    made.resize(LEFT + RIGHT + 200, TOP + BOTTOM + 100)
    made.set_theme(THEME)
    return made


def line(values: list[float], colour: str = "#ff0000", name: str = "loss", run: str = "", faint: bool = False) -> Line:
    array = np.asarray(values, np.float64)
    return Line(name, run, np.arange(len(array), dtype=np.float64), array, array if faint else None, colour)


def reddish(panel: CurvePanel) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """[height, width] of the plot's inside: where there is red ink."""
    image = panel.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    inside = pixels[TOP:-BOTTOM, LEFT : image.width() - RIGHT].astype(int)
    found: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = inside[:, :, 2] - inside[:, :, 1] > 25
    return found


def test_a_rising_line_runs_from_the_lower_left_to_the_upper_right(panel: CurvePanel) -> None:
    panel.set_lines([line([0.0, 1.0])])
    rows, columns = np.nonzero(reddish(panel))
    assert np.corrcoef(rows, columns)[0, 1] < -0.99
    assert columns.min() < 5 and columns.max() > 194


@pytest.mark.parametrize("count", [150, 5000])
def test_faint_values_fill_their_range_however_many_there_are(panel: CurvePanel, count: int) -> None:
    values = np.tile([-1.0, 1.0], count // 2)
    panel.set_lines([Line("loss", "", np.arange(count, dtype=np.float64), np.zeros(count), values, "#ff0000")])
    share = reddish(panel).mean()
    assert 0.5 < share <= 1


def test_a_peak_among_many_points_is_painted(panel: CurvePanel) -> None:
    values = [0.0] * 4000
    values[1234] = 1.0
    panel.set_lines([line(values)])
    assert np.nonzero(reddish(panel))[0].min() < 12


def test_empty_and_single_and_flat_curves_are_painted(panel: CurvePanel) -> None:
    for values in ([], [3.0], [2.0, 2.0, 2.0]):
        panel.set_lines([line(values, faint=True)])
        assert bool(reddish(panel).any()) == bool(values)


def test_cursor_shows_the_value_there(panel: CurvePanel) -> None:
    panel.set_lines([line([0.0] * 50 + [1.0] * 51)])
    before = panel.grab().toImage()
    panel.set_cursor(20)
    after = panel.grab().toImage()
    x = LEFT + round(0.2 * 200)
    assert before.pixelColor(x, TOP + 20).name() != after.pixelColor(x, TOP + 20).name()
    panel.set_cursor(None)
    assert panel.grab().toImage() == before


def test_under_the_mouse_are_marks_first_and_values_else(panel: CurvePanel) -> None:
    panel.set_lines([line([0.0, 0.5, 1.0, 1.5, 2.0], run="a"), line([5.0] * 5, run="b")])
    panel.set_marks([(2, "learning rate 0.1 to 0.2")])
    assert panel.text_at(QPoint(LEFT + 100, TOP + 5)) == "Step 2: learning rate 0.1 to 0.2"
    assert panel.text_at(QPoint(LEFT + 50, TOP + 5)) == "Step 1\nloss a: 0.5\nloss b: 5"
    assert "double-click" in panel.text_at(QPoint(2, 2))


def test_dragging_chooses_steps_and_a_double_click_all(panel: CurvePanel, qtbot: QtBot) -> None:
    panel.set_lines([line([float(i) for i in range(101)])])
    panel.show()
    with qtbot.waitSignal(panel.range_chosen) as chosen:
        QTest.mousePress(panel, Qt.MouseButton.LeftButton, pos=QPoint(LEFT + 40, TOP + 30))
        QTest.mouseMove(panel, QPoint(LEFT + 100, TOP + 30))
        QTest.mouseRelease(panel, Qt.MouseButton.LeftButton, pos=QPoint(LEFT + 120, TOP + 30))
    assert chosen.args == [pytest.approx((20.0, 60.0))]
    panel.set_view((20.0, 60.0))
    assert panel.x_range() == (20.0, 60.0)
    low, high = panel.y_range()
    assert 10 < low < 20 and 60 < high < 70
    with qtbot.waitSignal(panel.range_chosen) as chosen:
        QTest.mouseDClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(LEFT + 40, TOP + 30))
    assert chosen.args == [None]


def test_the_screen_reader_hears_the_newest_values(panel: CurvePanel) -> None:
    panel.set_lines([line([1.0, 0.25], run="a")])
    assert panel.accessibleName() == "Curve of loss"
    assert panel.accessibleDescription() == "loss a: 0.25"


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (-3.0, 5.0), (1e-9, 2e-9), (0.0, 1e12), (99.9, 100.1), (-1e6, -9e5)]
)
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    found = ticks(low, high, 4)
    assert 2 <= len(found) <= 6
    assert all(low <= tick <= high for tick in found)
    gap = found[1] - found[0]
    assert round(gap / 10 ** math.floor(math.log10(gap) + 1e-9)) in (1, 2, 5)


def test_no_ticks_where_there_is_no_range() -> None:
    assert ticks(1.0, 1.0, 4) == ticks(2.0, 1.0, 4) == ticks(0.0, math.inf, 4) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.25, "0.25"), (1200.0, "1.2k"), (-15000.0, "-15k"), (3e6, "3M"), (3e-5, "3e-05"), (1e15, "1e+15")],
)
def test_numbers_on_axes_are_short(value: float, text: str) -> None:
    assert number(value) == text
