"""Curves show what was measured: in families, of several runs, marked, and drawn only when there is something new."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.runtime.job import Metrics
from gui.widgets.live_plot import MAX_CURVES, LivePlot
from gui.widgets.plot_theme import PlainColours


@pytest.fixture
def plot(qtbot: QtBot) -> LivePlot:
    made = LivePlot()
    qtbot.addWidget(made)
    return made


def point(step: int, **values: float) -> Metrics:
    return Metrics(step, 100, step / 10, values)


def names(plot: LivePlot, title: str) -> list[tuple[str, str]]:
    return [(line.name, line.run) for line in plot.panel(title).lines]


def test_a_figure_and_its_held_out_twin_share_a_plot(plot: LivePlot) -> None:
    plot.add(point(1, L_R=1.0, L_KL=2.0, learning_rate=0.1))
    plot.add(point(2, held_out_L_R=1.5, held_out_L_R_decoder=1.7, held_out_accuracy=0.3))
    plot.draw()
    assert plot.titles == ["L_R", "L_KL", "learning_rate", "accuracy"]
    assert names(plot, "L_R") == [("L_R", ""), ("held_out_L_R", ""), ("held_out_L_R_decoder", "")]


def test_drawn_curves_hold_the_values(plot: LivePlot, qtbot: QtBot) -> None:
    plot.show()
    for step in (1, 2, 3):
        plot.add(point(step, loss=float(step)))
    qtbot.waitUntil(lambda: bool(plot.panel("loss").lines))
    (line,) = plot.panel("loss").lines
    assert line.faint is not None
    np.testing.assert_array_equal(line.steps, [1, 2, 3])
    np.testing.assert_array_equal(line.faint, [1, 2, 3])


def test_many_points_at_once_are_drawn_once(plot: LivePlot, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    plot.show()
    plot.add(point(0, loss=0.0))
    plot.draw()
    drawn: list[int] = []
    monkeypatch.setattr(plot.panel("loss"), "set_lines", lambda lines: drawn.append(len(lines[0].steps)))
    for step in range(1, 1000):
        plot.add(point(step, loss=1.0))
    assert drawn == []
    qtbot.waitUntil(lambda: drawn != [])
    assert drawn == [1000]


def test_many_plots_are_all_drawn_in_the_end(plot: LivePlot, qtbot: QtBot) -> None:
    plot.show()
    plot.add(point(1, **{f"figure{i}": 1.0 for i in range(14)}))
    qtbot.waitUntil(lambda: all(plot.panel(title).lines for title in plot.titles))
    assert len(plot.titles) == 14


def test_hidden_plot_draws_nothing_and_catches_up_when_shown(plot: LivePlot, qtbot: QtBot) -> None:
    plot.add(point(1, loss=1.0))
    assert not plot._timer.isActive()
    plot.show()
    qtbot.waitUntil(lambda: bool(plot.panel("loss").lines))


def test_smoothing_slider_draws_the_curves_again(plot: LivePlot) -> None:
    for step, value in enumerate((0.0, 1.0, 0.0, 1.0)):
        plot.add(point(step, loss=value))
    plot._smoothing.setValue(90)
    plot.draw()
    (smooth,) = plot.panel("loss").lines
    plot._smoothing.setValue(0)
    plot.draw()
    (exact,) = plot.panel("loss").lines
    assert np.ptp(smooth.strong[2:]) < 0.3 and list(exact.strong) == [0.0, 1.0, 0.0, 1.0]
    assert exact.faint is None


@pytest.mark.parametrize("twin", ["held_out_loss", "valid_loss"])
def test_held_out_figures_are_not_smoothed(plot: LivePlot, twin: str) -> None:
    for step, value in enumerate((0.0, 1.0, 0.0)):
        plot.add(point(step, **{twin: value}))
    plot._smoothing.setValue(90)
    plot.draw()
    (line,) = plot.panel("loss").lines
    assert list(line.strong) == [0.0, 1.0, 0.0] and line.dots


def test_measures_are_not_smoothed(qtbot: QtBot) -> None:
    plot = LivePlot(measures=("modes",))
    qtbot.addWidget(plot)
    for step, value in enumerate((0.0, 8.0, 0.0)):
        plot.add(point(step, modes=value, loss=value))
    plot.draw()
    (modes,), (loss,) = plot.panel("modes").lines, plot.panel("loss").lines
    assert list(modes.strong) == [0.0, 8.0, 0.0] and modes.dots
    assert list(loss.strong) != [0.0, 8.0, 0.0] and not loss.dots


def test_one_run_tells_figures_apart_by_colour_in_any_theme(plot: LivePlot) -> None:
    plot.add(point(1, loss=1.0))
    plot.set_theme(replace(PlainColours(), series=("#ff0000", "#00ff00")))
    plot.add(point(1, held_out_loss=1.0, other=1.0))
    plot.draw()
    assert [line.colour for line in plot.panel("loss").lines] == ["#ff0000", "#00ff00"]
    assert [line.colour for line in plot.panel("other").lines] == ["#ff0000"]


def test_runs_differ_in_colour_and_in_style_the_same_in_each_plot(plot: LivePlot) -> None:
    for run in "abc":
        plot.add(point(1, loss=1.0, other=2.0), run)
    plot.draw()
    looks = {title: [(line.run, line.colour, line.dashes) for line in plot.panel(title).lines] for title in plot.titles}
    assert looks["loss"] == looks["other"]
    assert len({colour for _, colour, _ in looks["loss"]}) == len({dashes for _, _, dashes in looks["loss"]}) == 3
    assert plot.runs == ["a", "b", "c"]


def test_a_second_run_changes_how_the_first_is_drawn(plot: LivePlot) -> None:
    plot.add(point(1, loss=1.0, held_out_loss=1.0), "a")
    plot.draw()
    alone = [line.colour for line in plot.panel("loss").lines]
    plot.add(point(1, other=1.0), "b")
    plot.draw()
    together = [line.colour for line in plot.panel("loss").lines]
    assert alone[0] == together[0] and alone[1] != together[1]


def test_curves_of_a_run_that_is_removed_go_away(plot: LivePlot) -> None:
    plot.add(point(1, loss=1.0, only_a=1.0), "a")
    plot.add(point(1, loss=2.0), "b")
    plot.add_mark(1, "edit", "a")
    plot.remove_run("a")
    plot.draw()
    assert plot.titles == ["loss"] and names(plot, "loss") == [("loss", "b")]
    assert plot.runs == ["b"]
    plot.remove_run("b")
    assert plot.titles == []


def test_rewinding_drops_later_points_and_marks_of_that_run_alone(plot: LivePlot) -> None:
    for run in "ab":
        for step in (1, 2, 3):
            plot.add(point(step, loss=1.0), run)
        plot.add_mark(3, "edit", run)
    plot.rewind(2, "a")
    plot.draw()
    assert [len(line.steps) for line in plot.panel("loss").lines] == [2, 3]
    assert plot.panel("loss")._marks == ((3, "edit (b)"),)
    plot.rewind(1, "unknown")


def test_marks_and_cursor_reach_plots_that_come_later(plot: LivePlot) -> None:
    plot.add(point(1, loss=1.0))
    plot.add_mark(1, "λ 10 to 1")
    plot.set_cursor(1)
    plot.add(point(2, other=1.0))
    for title in ("loss", "other"):
        assert plot.panel(title)._marks == ((1, "λ 10 to 1"),)
        assert plot.panel(title)._cursor == 1


def test_steps_chosen_in_one_plot_are_shown_in_all(plot: LivePlot) -> None:
    plot.add(point(1, loss=1.0, other=1.0))
    plot.panel("loss").range_chosen.emit((1.0, 5.0))
    plot.add(point(2, third=1.0))
    assert {plot.panel(title).x_range() for title in plot.titles} == {(1.0, 5.0)}


def test_narrow_plot_has_fewer_columns(plot: LivePlot) -> None:
    plot.add(point(1, a=1.0, b=1.0, c=1.0))
    plot.resize(900, 400)
    plot.show()
    assert len({plot.panel(title).y() for title in plot.titles}) == 1
    plot.resize(300, 400)
    plot._grid.activate()
    assert len({plot.panel(title).x() for title in plot.titles}) == 1


def test_after_clear_another_run_has_the_plot_for_itself(plot: LivePlot) -> None:
    plot.add(point(1, loss=1.0), "first")
    plot.clear()
    plot.add(point(5, other=1.0))
    plot.add(point(6, other=2.0))
    assert plot.titles == ["other"] and plot.runs == [""]
    assert list(plot.history("other").steps) == [5, 6]


def test_number_of_curves_is_bounded(plot: LivePlot) -> None:
    plot.add(point(1, **{f"same_{i}": 1.0 for i in range(2)}))
    plot.add(Metrics(1, 1, 1.0, {"same": 1.0} | {f"same_{i:03}": 1.0 for i in range(2 * MAX_CURVES)}))
    with pytest.raises(KeyError):
        plot.history(f"same_{2 * MAX_CURVES - 1:03}")
    assert len(plot._runs[""].curves) == MAX_CURVES


def test_memory_of_two_long_runs_is_small(plot: LivePlot) -> None:
    for step in range(5000):
        for run in "ab":
            plot.add(point(step, loss=1.0, other=2.0), run)
    assert 0 < plot.memory <= 4 * 64_000


def test_a_run_keeps_its_place_before_it_measures(plot: LivePlot) -> None:
    plot.add_run("first")
    plot.add(Metrics(1, 9, 0.1, {"loss": 1.0}), "second")
    plot.add(Metrics(1, 9, 0.1, {"loss": 2.0}), "first")
    assert plot.runs == ["first", "second"] and [line.run for line in plot._lines("loss")] == ["first", "second"]
