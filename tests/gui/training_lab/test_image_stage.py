"""The image stage offers a view for each thing that came, and each view shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT
from gui.training_lab.image_stage import ImageStage
from gui.training_lab.latent_view import LatentView, class_marker
from gui.training_lab.plot_views import GradientNormsView, SingularValuesView
from gui.training_lab.triptych_view import TriptychView
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.picture_views import GridView, arrange_pairs
from tests.helpers.pointer import click
from tests.helpers.stage_arrays import Named, digits, picture_arrays

ViewT = TypeVar("ViewT")

ALL = ["Samples", "Reconstructions", "Interpolations", "Measurements", "Latents", "Singular values", "Gradient norms"]


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[ImageStage]:
    made = ImageStage(LIGHT)
    qtbot.addWidget(made)
    made.resize(1000, 600)
    yield made


def view(stage: ImageStage, kind: type[ViewT], place: int = 0) -> ViewT:
    return [entry.view for entry in stage._entries if isinstance(entry.view, kind)][place]


def only(*names: str) -> Named:
    return {name: array for name, array in picture_arrays().items() if name in names}


def test_only_what_came_is_offered_and_stays(stage: ImageStage) -> None:
    assert stage.offered == []
    stage.show_arrays(only("samples"), 1)
    assert stage.offered == ["Samples"]
    assert stage.switch.isHidden()  # there is nothing to choose
    stage.show_arrays(only("samples", "gradient_norms"), 2)
    assert stage.offered == ["Samples", "Gradient norms"]
    stage.show_arrays(only("samples"), 3)
    assert stage.offered == ["Samples", "Gradient norms"]
    stage.show_arrays(picture_arrays(), 4)
    assert stage.offered == ALL
    stage.clear()
    assert stage.offered == []


def test_a_hidden_view_gets_the_newest_when_it_is_chosen(stage: ImageStage) -> None:
    stage.show_arrays(picture_arrays(), 1)
    norms = view(stage, GradientNormsView)
    assert not norms.chart.marks
    stage.show_arrays({"gradient_norms": np.full(7, 2.0), "samples": digits()}, 2)
    stage.show_arrays({"samples": digits()}, 3)
    stage.choose("Gradient norms")
    assert stage.view == "Gradient norms" and norms.chart.bars is not None
    assert norms.chart.bars[1].sum() == 7
    assert [mark.x for mark in norms.chart.marks] == [1.0, 2.0]


def test_number_keys_and_buttons_choose_a_view(stage: ImageStage, qtbot: QtBot) -> None:
    stage.show_arrays(picture_arrays(), 1)
    stage.show()
    stage.activateWindow()
    grid = view(stage, GridView).grid
    grid.setFocus()
    qtbot.waitUntil(grid.hasFocus)
    with qtbot.waitSignal(stage.view_changed) as told:
        QTest.keyClick(grid, Qt.Key.Key_3)
    assert told.args == ["Interpolations"]
    click(stage.switch.buttons[4])
    assert stage.view == "Latents"
    stage.choose("no such view")
    assert stage.view == "Latents"


def test_a_view_that_has_nothing_makes_room_for_one_that_has(stage: ImageStage) -> None:
    stage.show_arrays(only("interpolations"), 1)
    assert stage.view == "Interpolations"


def test_pairs_have_the_example_above() -> None:
    arranged = arrange_pairs(picture_arrays())
    assert arranged is not None and arranged[0].shape == (12, 16, 8)
    assert (arranged[0][0, :8] == 0).all() and (arranged[0][0, 8:] == 255).all()
    assert arrange_pairs(only("data")) is None
    assert arrange_pairs({"data": digits(3), "reconstructions": digits(3, side=4)}) is None


def test_interpolations_keep_their_rows(stage: ImageStage) -> None:
    stage.show_arrays(only("interpolations"), 1)
    grid = view(stage, GridView, 2).grid
    assert (grid.columns, grid.count) == (4, 12)


def test_the_triptych_shows_three_sheets(stage: ImageStage) -> None:
    stage.show_arrays(picture_arrays(), 1)
    stage.choose("Measurements")
    assert {name: grid.count for name, grid in view(stage, TriptychView).grids.items()} == {
        "measured_data": 9, "samples": 12, "measured_samples": 9
    }


def test_a_chosen_picture_tells_its_array(stage: ImageStage, qtbot: QtBot) -> None:
    stage.show_arrays(picture_arrays(), 1)
    told: list[tuple[str, int]] = []
    stage.picture_chosen.connect(lambda name, index: told.append((name, index)))
    view(stage, GridView, 1).grid.picture_chosen.emit(4)
    view(stage, TriptychView).grids["measured_data"].picture_chosen.emit(2)
    assert told == [("reconstructions", 4), ("measured_data", 2)]
    with qtbot.waitSignal(stage.save_requested):
        view(stage, GridView).grid.take_menu(0).actions()[1].trigger()


def test_latents_show_the_two_dimensions_that_vary_most(stage: ImageStage) -> None:
    latents = view(stage, LatentView)
    stage.choose("Latents")
    stage.show_arrays(picture_arrays(), 1)
    stage.choose("Latents")
    assert latents.dimensions == (1, 3)
    assert [box.currentText() for box in latents.axes] == ["z2", "z4"]
    other = picture_arrays()
    other["latents"] = other["latents"][:, ::-1]
    stage.show_arrays(other, 2)
    assert latents.dimensions == (1, 3)  # the axes do not jump while it learns
    latents.axes[0].setCurrentIndex(0)
    latents.axes[0].activated.emit(0)
    assert latents.dimensions == (0, 3)
    stage.clear()
    stage.show_arrays(other, 3)
    stage.choose("Latents")
    assert latents.dimensions == (0, 2)


def test_each_class_has_a_look_of_its_own(stage: ImageStage) -> None:
    latents = view(stage, LatentView)
    latents.show_arrays(picture_arrays())
    assert [kind for kind, _ in latents.canvas.groups] == list(range(10))
    assert sum(len(places) for _, places in latents.canvas.groups) == 60
    looks = {(marker.shape, marker.fill) for marker in (class_marker(LIGHT, index) for index in range(30))}
    assert len(looks) == 30


@pytest.mark.parametrize("dimension", [1, 2, 600])
def test_latents_of_any_dimension(stage: ImageStage, dimension: int) -> None:
    latents = view(stage, LatentView)
    codes = np.random.default_rng(0).normal(size=(20, dimension)).astype(np.float32)
    codes[:, -1] *= 3
    latents.show_arrays({"latents": codes, "prior": codes[:, :1]})
    assert latents.dimensions == ((0, 0) if dimension == 1 else (latents.dimensions or (0, 0)))
    assert latents.controls.isHidden() == (dimension <= 2)
    (_, places), = latents.canvas.groups
    assert places.shape == (20, 2)
    assert not latents.grab().isNull()


def test_singular_values_by_layer(stage: ImageStage) -> None:
    values = view(stage, SingularValuesView)
    values.show_arrays({"singular_values/a": np.array([0.0, 2.0]), "singular_values/b": np.ones(5000)})
    first, second = values.chart.curves
    assert (first.name, first.x.tolist(), first.y.tolist()) == ("a", [1, 2], [2, 2e-6])
    assert len(second.x) <= 400 and second.x[-1] == 5000


@pytest.mark.parametrize("size", [(400, 350), (900, 700)])
def test_every_view_can_be_painted_in_both_themes(stage: ImageStage, size: tuple[int, int]) -> None:
    stage.resize(*size)
    stage.show_arrays(picture_arrays(), 1)
    for title in ALL:
        stage.choose(title)
        stage.set_theme(LIGHT)
        light = stage.grab().toImage()
        stage.set_theme(DARK)
        assert stage.grab().toImage() != light
    assert stage.size().toTuple() == size


def test_a_capsule_run_has_pairs_and_a_sheet_of_what_each_dimension_does(stage: ImageStage) -> None:
    sweep = np.arange(16 * 11, dtype=np.uint8).reshape(16, 11, 1, 1).repeat(8, axis=2).repeat(8, axis=3)
    stage.show_arrays({"data": digits(5), "reconstructions": digits(5), "sweep": sweep}, 1)
    assert stage.offered == ["Reconstructions", "Sweep"] and stage.view == "Reconstructions"
    stage.choose("Sweep")
    (grid,) = (each.grid for each in stage.findChildren(GridView) if each.isVisibleTo(stage))
    assert (grid.columns, grid.count) == (11, 176)
    assert grid.picture(3 * 11 + 5).pixelColor(2, 2).red() == 38
    stage.show_arrays({"sweep": sweep[::-1].copy()}, 2)
    assert grid.picture(0).pixelColor(2, 2).red() == 165


def test_a_run_that_only_recognises_shows_what_it_learns_from(stage: ImageStage) -> None:
    stage.show_arrays({"data": digits(5), "samples": digits(2)}, 1)
    assert stage.offered == ["Samples"]
    stage.clear()
    stage.show_arrays({"data": digits(5)}, 1)
    assert stage.offered == ["Data"] and view(stage, GridView, 4).grid.count == 5


def test_a_sweep_that_is_none_is_left_out(stage: ImageStage) -> None:
    for shape, kind in (((16, 8, 8), np.uint8), ((2, 3, 4, 4), np.float32), ((0, 11, 8, 8), np.uint8)):
        stage.show_arrays({"sweep": np.zeros(shape, kind)}, 1)
        assert stage.offered == []


def test_the_step_stands_at_the_right_whether_or_not_there_is_a_choice(stage: ImageStage, qtbot: QtBot) -> None:
    stage.show()
    for arrays in (only("samples"), picture_arrays()):
        stage.show_arrays(arrays, 7)
        qtbot.waitUntil(lambda: stage._step.geometry().right() >= stage.width() - 2)
        assert stage._step.width() <= stage._step.sizeHint().width()


def test_captions_end_in_an_ellipsis_and_no_sheet_asks_for_much_room(stage: ImageStage) -> None:
    for grid_view in stage.findChildren(GridView):
        (caption,) = grid_view.findChildren(ElidedLabel)
        assert caption.text() == caption.toolTip() != ""
    assert stage.minimumSizeHint().width() <= 200
