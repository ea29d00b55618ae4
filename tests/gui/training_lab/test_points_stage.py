"""The 2-D stage shows what a run sends, as the person wants it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT, Theme
from gui.training_lab.points_layers import CriticLayer, GradientLayer, TiesLayer, WarpLayer, tints
from gui.training_lab.points_stage import PointsStage
from tests.helpers.pointer import click
from tests.helpers.stage_arrays import Named, plan_arrays, plane_arrays

EVERYTHING = ["data", "samples", "critic", "gradients", "warp"]


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[PointsStage]:
    made = PointsStage(LIGHT)
    qtbot.addWidget(made)
    made.bar.setParent(made)
    made.resize(420, 420)
    made.canvas.resize(420, 420)
    yield made


def picture(stage: PointsStage) -> QImage:
    return stage.canvas.grab().toImage()


def colour_at(stage: PointsStage, x: float, y: float) -> QColor:
    place = stage.canvas.to_pixels(np.array([x, y])).round().astype(int)
    return picture(stage).pixelColor(int(place[0]), int(place[1]))


def only(*names: str, arrays: Named | None = None) -> Named:
    whole = plane_arrays() if arrays is None else arrays
    return {name: whole[name] for name in (*names, "extent") if name in whole}


def visible(stage: PointsStage) -> list[str]:
    return [name for name, action in stage.toggles.items() if action.isVisible()]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_data_and_samples_are_where_they_belong(stage: PointsStage, theme: Theme) -> None:
    stage.set_theme(theme)
    one = {"data": np.array([[-1.0, 0.4]]), "samples": np.array([[1.0, -0.4]]), "extent": np.array([-2, 2, -2, 2])}
    stage.show_arrays(one)
    assert colour_at(stage, -1.0, 0.4).name() == theme.series[0]
    assert colour_at(stage, 1.0, -0.4).name() == theme.series[1]


def test_toggles_are_there_for_what_came_and_stay(stage: PointsStage) -> None:
    assert visible(stage) == []
    stage.show_arrays(plane_arrays())
    assert visible(stage) == EVERYTHING
    stage.show_arrays(only("data", "samples"))
    assert visible(stage) == EVERYTHING
    stage.show_arrays(plane_arrays() | plan_arrays())
    assert visible(stage) == [*EVERYTHING, "plan"]
    stage.clear()
    assert visible(stage) == []


def test_each_layer_can_be_switched_off_and_on(stage: PointsStage) -> None:
    stage.show_arrays(plane_arrays())
    for name in EVERYTHING:
        stage.toggles[name].setChecked(False)
        without = picture(stage)
        stage.toggles[name].setChecked(True)
        assert picture(stage) != without, name
        stage.toggles[name].setChecked(False)
        assert picture(stage) == without, name


def test_letters_switch_layers_and_fit(stage: PointsStage, qtbot: QtBot) -> None:
    stage.show_arrays(plane_arrays())
    stage.show()
    stage.activateWindow()
    stage.canvas.setFocus()
    qtbot.waitUntil(stage.canvas.hasFocus)
    QTest.keyClick(stage.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert not stage.toggles["samples"].isChecked()
    stage.canvas.pan(50, 0)
    QTest.keyClick(stage.canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    assert stage.canvas.is_fitted
    stage.canvas.pan(50, 0)
    click(stage.fit_button)
    assert stage.canvas.is_fitted


def test_data_and_extent_stay_when_a_glimpse_leaves_them_out(stage: PointsStage) -> None:
    stage.show_arrays(plane_arrays())
    stage.show_arrays({"samples": plane_arrays()["samples"]})
    assert set(stage.canvas.layers) == {"data", "samples"}
    assert stage.canvas.extent == (-2, 2, -2, 2)


def test_without_an_extent_the_data_is_fitted(stage: PointsStage) -> None:
    stage.show_arrays({"data": np.array([[10.0, 10], [12, 10], [np.nan, 0]]), "samples": np.zeros((3, 2))})
    assert stage.canvas.extent == pytest.approx((9.8, 12.2, 8.8, 11.2))


def test_critic_map_is_upright_and_orange_where_low() -> None:
    rising = np.repeat(np.linspace(-1, 1, 8)[:, None], 8, axis=1)
    layer = CriticLayer(rising, (0.0, 1.0, 0.0, 1.0))
    assert layer.value_at(0.5, 0.0) == -1 and layer.value_at(0.5, 1.0) == 1
    assert layer.value_at(1.5, 0.0) is None
    image = layer._coloured(LIGHT)
    colours = tints(LIGHT)
    assert image.pixel(0, 0) == colours[-1] and image.pixel(0, 7) == colours[0]


def test_critic_is_undecided_at_zero_or_else_in_its_middle() -> None:
    for values, centre in (([-1.0, 3.0], 0.0), ([5.0, 9.0], 7.0), ([-9.0, -5.0], -7.0), ([2.0, 2.0], 2.0)):
        layer = CriticLayer(np.repeat([values], 500, axis=0), (0.0, 1.0, 0.0, 1.0))
        assert layer.centre == pytest.approx(centre)
        assert not layer._coloured(DARK).isNull()


def test_arrows_point_where_the_gradients_do_and_are_few() -> None:
    gradients = np.repeat([[0.0, 1e-4]], 5000, axis=0)
    gradients[0] = np.nan
    layer = GradientLayer(np.zeros((5000, 2)), gradients)
    assert len(layer._arrows) == 150
    assert (layer._arrows[:, 0] == 0).all() and (layer._arrows[:, 1] > 20).all()
    assert len(GradientLayer(np.zeros((3, 2)), np.zeros((3, 2)))._arrows) == 3


@pytest.mark.parametrize("upward", [1.0, -1.0])
def test_arrows_go_up_where_y_grows(stage: PointsStage, upward: float) -> None:
    one = {"samples": np.zeros((1, 2)), "gradients": np.array([[0.0, upward]]), "extent": np.array([-1, 1, -1, 1])}
    stage.show_arrays(one)
    stage.toggles["samples"].setChecked(False)
    place = stage.canvas.to_pixels(np.zeros(2)).round().astype(int)
    darkness = [255 - picture(stage).pixelColor(int(place[0]), int(place[1]) - step).lightness() for step in (12, -12)]
    assert (darkness[0] > darkness[1] + 100) == (upward > 0)


def test_dense_parts_of_the_grid_are_darker() -> None:
    axis = np.array([0.0, 0.01, 0.02, 1.0, 2.0, 3.0])
    layer = WarpLayer(np.stack(np.meshgrid(axis, np.arange(6.0)), axis=-1))
    lengths = np.linalg.norm(layer._pairs[:, 1] - layer._pairs[:, 0], axis=1)
    assert layer._grade[lengths < 0.02].min() > layer._grade[lengths > 0.9].max()


def test_the_heaviest_ties_are_kept_and_graded() -> None:
    start = np.repeat(np.arange(1000.0)[:, None], 2, axis=1)
    layer = TiesLayer(start, start + 1, np.arange(1000) / 999)
    assert sorted(layer._pairs[:, 0, 0]) == list(range(600, 1000))
    assert (layer._grade.min(), layer._grade.max()) == (3, 4)
    assert len(TiesLayer(np.zeros((2, 2)), np.ones((2, 2)), np.zeros(2))._pairs) == 0


def test_the_plan_ties_what_it_matches(stage: PointsStage) -> None:
    stage.show_arrays(only("critic_map") | plan_arrays())
    stage.toggles["critic"].setChecked(False)
    ties = stage.canvas.layers["plan"]._ties._pairs  # type: ignore[attr-defined]
    assert len(ties) == 6
    np.testing.assert_array_equal(ties[:, 0, 0], ties[:, 1, 0])
    assert colour_at(stage, 1.0, 0.0) != QColor(LIGHT.paper)


def test_reconstructions_are_tied_to_their_examples(stage: PointsStage) -> None:
    data = np.asarray(plane_arrays()["data"], np.float32)
    stage.show_arrays({"data": data, "samples": data, "reconstructions": data + np.float32(0.5)})
    assert set(stage.canvas.layers) == {"data", "samples", "reconstructions", "ties"}
    assert visible(stage) == ["data", "samples", "reconstructions"]
    stage.toggles["reconstructions"].setChecked(False)
    assert not stage.canvas.is_on("ties")


def test_samples_that_cannot_be_seen_are_counted(stage: PointsStage) -> None:
    samples = np.array([[0, 0], [9, 0], [0, 9], [np.nan, 0]], np.float32)
    stage.show_arrays({"samples": samples, "extent": np.array([-1, 1, -1, 1])})
    assert stage.canvas._note() == "3 samples out of sight"
    stage.show_arrays({"samples": samples[:2], "extent": np.array([-1, 1, -1, 1])})
    assert stage.canvas._note() == "1 sample out of sight"


def test_the_mouse_reads_the_critic(stage: PointsStage) -> None:
    stage.show_arrays(plane_arrays())
    stage.show()
    place = stage.canvas.to_pixels(np.array([1.0, 0.0])).round().astype(int)
    QTest.mouseMove(stage.canvas, QPoint(int(place[0]), int(place[1])))
    assert stage.canvas._note().startswith("x 1") and stage.canvas._note().endswith("critic −1")


def test_it_can_be_painted_at_any_size_and_empty(stage: PointsStage) -> None:
    stage.toggles["warp"].setChecked(True)
    for size in ((160, 120), (400, 300), (900, 640)):
        stage.canvas.resize(*size)
        assert not picture(stage).isNull()
        stage.show_arrays(plane_arrays() | plan_arrays())
        stage.canvas.zoom_about(stage.canvas.rect().center().toPointF(), 1e6)
        assert not picture(stage).isNull()
        stage.clear()


def test_numbers_that_are_none_break_nothing(stage: PointsStage) -> None:
    stage.toggles["warp"].setChecked(True)
    for name, value in product(("samples", "critic_map", "gradients", "warp", "plan", "data"), (np.nan, np.inf, 1e38)):
        arrays = plane_arrays() | plan_arrays()
        arrays[name] = np.full_like(arrays[name], value)
        stage.show_arrays(arrays)
        assert not picture(stage).isNull()
