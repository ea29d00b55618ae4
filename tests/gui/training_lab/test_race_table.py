"""Runs compared in numbers: the best is marked, whichever way better lies."""

from __future__ import annotations

import csv
import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.training_lab.race_table import BEST, MEASURES, RaceModel, RaceTable


@pytest.fixture
def table(qtbot: QtBot) -> RaceTable:
    made = RaceTable()
    qtbot.addWidget(made)
    return made


def shown(model: RaceModel, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> list[list[object]]:
    return [[model.data(model.index(row, column), role) for column in range(model.columnCount())]
            for row in range(model.rowCount())]


def heads(model: RaceModel) -> list[object]:
    return [model.headerData(section, Qt.Orientation.Horizontal) for section in range(model.columnCount())]


def test_the_best_is_marked_by_a_star_and_by_bold_in_the_right_direction(table: RaceTable) -> None:
    table.set_run("WGAN", 1200, {"frechet": 12.5, "modes": 7})
    table.set_run("GAN", 900, {"frechet": 20.0, "modes": 8})
    assert heads(table.model) == ["step", "modes ↑", "Fréchet ↓"]
    assert shown(table.model) == [["1,200", "7", f"{BEST} 12.5"], ["900", f"{BEST} 8", "20"]]
    fonts = shown(table.model, Qt.ItemDataRole.FontRole)
    assert [[font is not None for font in row] for row in fonts] == [[False, False, True], [False, True, False]]
    assert "Lower is better" in table.model.headerData(2, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)


def test_equals_share_the_mark_and_no_race_has_none(table: RaceTable) -> None:
    table.set_run("a", 1, {"modes": 8, "mmd": 0.5})
    assert shown(table.model)[0][1] == "8"
    table.set_run("b", 1, {"modes": 8})
    assert [row[1:] for row in shown(table.model)] == [["8", "0.5"], ["8", "–"]]
    table.set_run("c", 1, {"modes": 3})
    assert [row[1] for row in shown(table.model)] == [f"{BEST} 8", f"{BEST} 8", "3"]


def test_what_is_not_finite_is_not_the_best(table: RaceTable) -> None:
    table.set_run("a", 1, {"frechet": math.nan})
    table.set_run("b", 1, {"frechet": 2.0})
    table.set_run("c", 1, {"frechet": 3.0})
    table.set_run("d", 1, {"frechet": -math.inf})
    assert [row[1] for row in shown(table.model)] == ["–", f"{BEST} 2", "3", "–"]


def test_an_estimate_below_zero_is_no_better_than_zero(table: RaceTable) -> None:
    for run, value in (("a", -0.004), ("b", 0.0), ("c", 0.1)):
        table.set_run(run, 1, {"mmd": value})
    assert [row[1] for row in shown(table.model)] == [f"{BEST} -0.004", f"{BEST} 0", "0.1"]


def test_a_figure_without_a_direction_is_shown_and_not_judged(table: RaceTable) -> None:
    table.set_run("a", 1, {"penalty": 1.0, "frechet": 1.0})
    table.set_run("b", 1, {"penalty": 2.0, "frechet": 2.0})
    assert heads(table.model) == ["step", "Fréchet ↓", "penalty"]
    assert [row[2] for row in shown(table.model)] == ["1", "2"]


def test_newer_values_replace_older_ones_and_keep_the_rest(table: RaceTable) -> None:
    table.set_run("a", 1, {"modes": 1, "mmd": 0.5})
    table.set_run("a", 2, {"modes": 2})
    assert shown(table.model) == [["2", "2", "0.5"]]


def test_a_run_that_leaves_takes_its_measures_along(table: RaceTable) -> None:
    table.set_run("a", 1, {"modes": 1})
    table.set_run("b", 1, {"mmd": 0.5})
    table.remove_run("b")
    assert heads(table.model) == ["step", "modes ↑"] and table.model.runs == ["a"]
    table.clear()
    assert table.model.rowCount() == 0 and not table.csv_button.isEnabled()


def test_copied_csv_has_every_digit(table: RaceTable) -> None:
    table.set_run('say "a", b', 1200, {"frechet": 1 / 3})
    table.set_run("b", 2, {"modes": 8})
    table.csv_button.click()
    rows = list(csv.reader(QGuiApplication.clipboard().text().splitlines()))
    assert rows == [["run", "step", "modes", "frechet"], ['say "a", b', "1200", "", str(1 / 3)], ["b", "2", "8", ""]]


def test_copied_markdown_is_a_table_with_the_best_in_bold(table: RaceTable) -> None:
    table.set_run("a|b", 1200, {"frechet": 1.0})
    table.set_run("c", 2, {"frechet": 2.0})
    table.markdown_button.click()
    assert QGuiApplication.clipboard().text().splitlines() == [
        "| run | step | Fréchet ↓ |", "| --- | ---: | ---: |", f"| a\\|b | 1,200 | **{BEST} 1** |", "| c | 2 | 2 |"]


def test_the_copy_key_copies(table: RaceTable, qtbot: QtBot) -> None:
    table.set_run("a", 1, {"modes": 1})
    with qtbot.waitActive(table):
        table.show()
        table.activateWindow()
    table.view.setFocus()
    QGuiApplication.clipboard().clear()
    QTest.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith("run,step")


def test_every_measure_has_a_direction_and_a_sentence() -> None:
    assert all(measure.better in ("higher", "lower") and measure.meaning.endswith(".") for measure in MEASURES)
