"""A density is drawn with a soft brush, and every stroke can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT
from gui.training_lab.density_editor import MOST_UNDO, SIDE, DensityEditor
from tests.helpers.pointer import click, drag


@pytest.fixture
def editor(qtbot: QtBot) -> Iterator[DensityEditor]:
    made = DensityEditor(LIGHT)
    qtbot.addWidget(made)
    made.resize(300, 340)
    made.show()
    yield made


def rub(editor: DensityEditor) -> None:
    """Click with the right button."""
    QTest.mouseClick(editor.canvas, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))


def peak(density: NDArray[np.float32]) -> tuple[int, int]:
    """Row and column of the largest value."""
    row, column = divmod(int(density.argmax()), SIDE)
    return row, column


def test_a_stroke_along_the_lower_edge_is_in_the_first_rows(editor: DensityEditor) -> None:
    canvas = editor.canvas
    square = canvas._square()
    y = int(square.bottom()) - 20
    drag(canvas, (int(square.left()) + 30, y), (int(square.right()) - 30, y))
    density = editor.density
    assert density.shape == (SIDE, SIDE) and density.dtype == np.float32
    assert 0 < density.max() <= 1 and density.min() == 0
    assert density[:10].sum() > 0.9 * density.sum()
    middle = density[4:8, SIDE // 2 - 15:SIDE // 2 + 15].max(axis=0)
    assert np.ptp(middle) < 0.2 * middle.mean()  # one even stroke, no beads


def test_longer_brushing_gives_more_but_never_more_than_one(editor: DensityEditor) -> None:
    place = (150, 120)
    peaks = []
    for _ in range(40):
        click(editor.canvas, place)
        peaks.append(float(editor.density.max()))
    assert all(later >= earlier for earlier, later in pairwise(peaks))
    assert peaks[0] < 0.3 and 0.99 < peaks[-1] <= 1.0


def test_undo_redo_and_clear(editor: DensityEditor) -> None:
    assert not editor.undo_button.isEnabled() and not editor.clear_button.isEnabled() and editor.is_empty
    drag(editor.canvas, (60, 60), (90, 90))
    one = editor.density
    drag(editor.canvas, (200, 60), (220, 200))
    two = editor.density
    QTest.keyClick(editor.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(editor.density, one)
    click(editor.redo_button)
    np.testing.assert_array_equal(editor.density, two)
    click(editor.clear_button)
    assert editor.is_empty and not editor.clear_button.isEnabled()
    click(editor.undo_button)
    np.testing.assert_array_equal(editor.density, two)
    drag(editor.canvas, (30, 200), (60, 220))
    assert editor.undo_button.isEnabled() and not editor.redo_button.isEnabled()


def test_history_is_bounded(editor: DensityEditor) -> None:
    for _ in range(MOST_UNDO + 10):
        click(editor.canvas, (100, 100))
    assert len(editor.canvas._undo) == MOST_UNDO


@pytest.mark.parametrize("by_button", [True, False])
def test_rubbing_out(editor: DensityEditor, by_button: bool) -> None:
    for _ in range(5):
        click(editor.canvas, (100, 100))
    before = editor.density.sum()
    if by_button:
        click(editor.eraser)
        click(editor.canvas, (100, 100))
    else:
        rub(editor)
    assert editor.density.sum() < 0.8 * before
    for _ in range(60):
        click(editor.canvas, (100, 100)) if by_button else rub(editor)
    assert editor.density[SIDE // 2:, :SIDE // 2].max() < 0.05


def test_the_slider_sets_how_wide_the_brush_is(editor: DensityEditor) -> None:
    click(editor.canvas, (150, 150))
    narrow = np.count_nonzero(editor.density)
    click(editor.clear_button)
    editor.brush.setValue(editor.brush.maximum())
    click(editor.canvas, (150, 150))
    assert np.count_nonzero(editor.density) > 4 * narrow


def test_the_keyboard_draws_too(editor: DensityEditor) -> None:
    QTest.keyClick(editor.canvas, Qt.Key.Key_Space)
    first = editor.density
    assert peak(first) in [(31, 31), (31, 32), (32, 31), (32, 32)]
    for _ in range(5):
        QTest.keyClick(editor.canvas, Qt.Key.Key_Up)
    QTest.keyClick(editor.canvas, Qt.Key.Key_Space)
    added = editor.density - first
    assert peak(added)[0] > 36
    QTest.keyClick(editor.canvas, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert editor.density.sum() < (first + added).sum()


def test_it_tells_once_for_each_stroke(editor: DensityEditor) -> None:
    told: list[bool] = []
    editor.changed.connect(lambda: told.append(True))
    drag(editor.canvas, (60, 60), (90, 90), (120, 60))
    assert len(told) == 1


def test_a_density_can_be_given(editor: DensityEditor) -> None:
    given = np.zeros((SIDE, SIDE))
    given[3, 5], given[4, 4] = 7.0, np.nan
    editor.set_density(given)
    assert editor.density[3, 5] == 1.0 and editor.density[4, 4] == 0.0 and not editor.undo_button.isEnabled()
    with pytest.raises(ValueError, match="64 by 64"):
        editor.set_density(np.zeros((3, 3)))


def test_what_is_drawn_is_seen_in_both_themes(editor: DensityEditor) -> None:
    given = np.zeros((SIDE, SIDE))
    given[SIDE // 2:, :SIDE // 2] = 1.0  # above, on the left
    editor.set_density(given)
    for theme in (LIGHT, DARK):
        editor.set_theme(theme)
        image, square = editor.canvas.grab().toImage(), editor.canvas._square().toRect()
        assert image.pixelColor(square.left() + 20, square.top() + 20).name() == theme.series[0]
        assert image.pixelColor(square.right() - 20, square.top() + 20).name() == theme.paper
        assert image.pixelColor(square.left() + 20, square.bottom() - 20).name() == theme.paper
