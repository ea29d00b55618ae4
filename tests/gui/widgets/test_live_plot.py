"""Curves show what was measured: thinned, smoothed, in families, and drawn only when there is something to draw."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
import pytest
from pytestqt.qtbot import QtBot

from engine.runtime.job import Metrics
from gui.widgets.live_plot import MAX_CURVES, MAX_POINTS, History, LivePlot, PlainColours


@pytest.fixture
def plot(qtbot: QtBot) -> Iterator[LivePlot]:
    made = LivePlot()
    qtbot.addWidget(made)
    yield made


def point(step: int, **values: float) -> Metrics:
    return Metrics(step, 100, step / 10, values)


def test_history_thins_itself_and_keeps_the_mean() -> None:
    history = History()
    count = 10 * MAX_POINTS
    for step in range(count):
        history.add(step, float(step))
    assert MAX_POINTS / 2 <= len(history.steps) <= MAX_POINTS
    assert np.mean(history.values) == pytest.approx(count / 2, rel=0.01)
    assert history.steps == sorted(set(history.steps))
    assert history.steps[-1] >= count - 32


def test_history_that_goes_back_drops_what_came_later() -> None:
    history = History()
    for step in (10, 20, 30, 40):
        history.add(step, 1.0)
    history.add(20, 2.0)
    history.add(30, 3.0)
    assert (history.steps, history.values) == ([10, 20, 30], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_history_leaves_out_what_is_not_finite(value: float) -> None:
    history = History()
    history.add(1, 1.0)
    history.add(2, value)
    assert history.steps == [1]


def test_smoothing_is_the_unbiased_moving_average() -> None:
    history = History()
    for step, value in enumerate((1.0, 3.0, 2.0), start=1):
        history.add(step, value)
    expected = [1.0, (0.25 * 1 + 0.5 * 3) / 0.75, (0.125 + 0.75 + 1) / 0.875]
    np.testing.assert_allclose(history.smoothed(0.5), expected, rtol=1e-6)
    np.testing.assert_array_equal(history.smoothed(0.0), [1.0, 3.0, 2.0])
    assert len(History().smoothed(0.5)) == 0


def test_a_smoothed_constant_stays_one() -> None:
    history = History()
    for step in range(200):
        history.add(step, 0.1)
    assert np.ptp(history.smoothed(0.8)) == 0


def test_a_figure_and_its_held_out_twin_share_a_plot(plot: LivePlot) -> None:
    plot.add(point(1, L_R=1.0, L_KL=2.0, learning_rate=0.1))
    plot.add(point(2, held_out_L_R=1.5, held_out_L_R_decoder=1.7, held_out_accuracy=0.3))
    assert plot.titles == ["L_R", "L_KL", "learning_rate", "accuracy"]
    legend = plot._plots["L_R"].legend
    assert [label.text for _, label in legend.items] == ["L_R", "held_out_L_R", "held_out_L_R_decoder"]
    assert plot._plots["L_KL"].legend is None


def test_drawn_curves_hold_the_values(plot: LivePlot, qtbot: QtBot) -> None:
    plot.show()
    for step in (1, 2, 3):
        plot.add(point(step, loss=float(step)))
    qtbot.waitUntil(lambda: not plot._curves["loss"].stale)
    steps, values = plot._curves["loss"].raw.getOriginalDataset()
    np.testing.assert_array_equal(steps, [1, 2, 3])
    np.testing.assert_array_equal(values, [1, 2, 3])


def test_many_points_at_once_are_drawn_once(plot: LivePlot, qtbot: QtBot) -> None:
    plot.show()
    plot.draw()
    drawn: list[object] = []
    plot.add(point(0, loss=0.0))
    plot._curves["loss"].smooth.sigPlotChanged.connect(drawn.append)
    for step in range(1, 1000):
        plot.add(point(step, loss=1.0))
    assert drawn == []
    qtbot.waitUntil(lambda: drawn != [])
    assert len(drawn) == 1


def test_hidden_plot_draws_nothing_and_catches_up_when_shown(plot: LivePlot, qtbot: QtBot) -> None:
    plot.add(point(1, loss=1.0))
    assert not plot._timer.isActive()
    plot.show()
    qtbot.waitUntil(lambda: not plot._curves["loss"].stale)


def test_smoothing_slider_draws_the_curves_again(plot: LivePlot) -> None:
    for step, value in enumerate((0.0, 1.0, 0.0, 1.0)):
        plot.add(point(step, loss=value))
    plot._smoothing.setValue(90)
    plot.draw()
    _, smooth = plot._curves["loss"].smooth.getOriginalDataset()
    plot._smoothing.setValue(0)
    plot.draw()
    _, exact = plot._curves["loss"].smooth.getOriginalDataset()
    assert np.ptp(smooth[2:]) < 0.3 and list(exact) == [0.0, 1.0, 0.0, 1.0]
    assert not plot._curves["loss"].raw.isVisible()


def test_held_out_figures_are_not_smoothed(plot: LivePlot) -> None:
    for step, value in enumerate((0.0, 1.0, 0.0)):
        plot.add(point(step, held_out_loss=value))
    plot._smoothing.setValue(90)
    plot.draw()
    _, drawn = plot._curves["held_out_loss"].smooth.getOriginalDataset()
    assert list(drawn) == [0.0, 1.0, 0.0]


def test_the_legend_takes_the_colour_of_another_theme(plot: LivePlot) -> None:
    plot.add(Metrics(1, 2, 0.1, {"loss": 1.0, "held_out_loss": 2.0}))
    plot.set_theme(replace(PlainColours(), text="#fedcba"))
    labels = [label for _sample, label in plot._plots["loss"].legend.items]
    assert len(labels) == 2 and all("#fedcba" in label.item.toHtml().lower() for label in labels)


def test_theme_colours_the_curves_that_are_there_and_those_to_come(plot: LivePlot) -> None:
    theme = replace(PlainColours(), window="#010203", series=("#ff0000", "#00ff00"))
    plot.add(point(1, loss=1.0))
    plot.set_theme(theme)
    plot.add(point(1, held_out_loss=1.0, other=1.0))
    colours = {name: pg.mkPen(curve.smooth.opts["pen"]).color().name() for name, curve in plot._curves.items()}
    assert colours == {"loss": "#ff0000", "held_out_loss": "#00ff00", "other": "#ff0000"}
    assert plot._grid.backgroundBrush().color().name() == "#010203"


def test_after_clear_another_run_has_the_plot_for_itself(plot: LivePlot) -> None:
    plot.add(point(1, loss=1.0))
    plot.clear()
    plot.add(point(5, other=1.0))
    plot.add(point(6, other=2.0))
    assert plot.titles == ["other"]
    assert plot.history("other").steps == [5, 6]


def test_number_of_curves_is_bounded(plot: LivePlot) -> None:
    plot.add(point(1, **{f"same_{i}": 1.0 for i in range(2)}))
    plot.add(Metrics(1, 1, 1.0, {"same": 1.0} | {f"same_{i:03}": 1.0 for i in range(2 * MAX_CURVES)}))
    assert len(plot._curves) == MAX_CURVES
