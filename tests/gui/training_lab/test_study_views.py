"""The plots of the studies show what came, and nothing that cannot be drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT
from gui.training_lab.study_views import LayersView, TrajectoryView
from tests.helpers.stage_arrays import layer_arrays, trajectory_arrays


@pytest.fixture
def layers(qtbot: QtBot) -> Iterator[LayersView]:
    made = LayersView(LIGHT)
    qtbot.addWidget(made)
    made.resize(600, 400)
    yield made


@pytest.fixture
def way(qtbot: QtBot) -> Iterator[TrajectoryView]:
    made = TrajectoryView(LIGHT)
    qtbot.addWidget(made)
    made.resize(600, 400)
    yield made


def test_layers_are_counted_from_one_and_shown_now_and_before(layers: LayersView) -> None:
    arrays = layer_arrays()
    assert layers.presents(arrays)
    layers.show_arrays(arrays)
    for chart, name, level in ((layers.means, "means", 0.0), (layers.variances, "variances", 1.0)):
        now, before = chart.curves
        assert (now.name, before.name) == ("now", "before")
        assert now.x.tolist() == list(range(1, 9))
        np.testing.assert_array_equal(now.y, arrays[f"layer_{name}"])
        np.testing.assert_array_equal(before.y, arrays[f"first_layer_{name}"])
        assert [line.y for line in chart.levels] == [level]
    layers.set_theme(DARK)
    assert not layers.grab().isNull()
    layers.clear()
    assert not layers.means.curves and not layers.variances.levels


def test_a_layer_that_is_not_finite_is_left_out_and_the_others_stay_in_place(layers: LayersView) -> None:
    arrays = layer_arrays() | {"layer_variances": np.array([1, np.nan, np.inf, 4, 1e30])}
    layers.show_arrays({name: arrays[name] for name in ("layer_means", "layer_variances")})
    (curve,) = layers.variances.curves
    assert curve.x.tolist() == [1, 4] and curve.y.tolist() == [1, 4]
    assert not layers.grab().isNull()
    assert not layers.presents(layer_arrays() | {"layer_means": np.array([np.nan])})
    assert not layers.presents({})


def test_the_way_lies_between_the_best_and_the_worst(way: TrajectoryView) -> None:
    assert way.presents(trajectory_arrays()) and not way.presents(layer_arrays())
    way.show_arrays(trajectory_arrays())
    (curve,) = way.chart.curves
    assert curve.x[-1] == 300 and curve.y[0] == 0
    assert [(line.y, line.text) for line in way.chart.levels] == [(-1.0, "best"), (1.0, "worst")]
    way.set_theme(DARK)
    assert not way.grab().isNull()
    way.clear()
    assert not way.chart.curves


@pytest.mark.parametrize("points", [[[0.0, 0.0]], [[0.0, np.nan], [1.0, 0.5]], [[np.nan, np.nan]]])
def test_short_and_damaged_ways_are_drawn_as_far_as_they_go(way: TrajectoryView, points: list[list[float]]) -> None:
    way.show_arrays({"trajectory": np.array(points)})
    assert sum(len(curve.x) for curve in way.chart.curves) == np.isfinite(points).all(axis=1).sum()
    assert not way.grab().isNull()
