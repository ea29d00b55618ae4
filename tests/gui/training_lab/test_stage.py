"""A run finds the stage for its arrays, and slow motion says what happens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT
from gui.training_lab import moments
from gui.training_lab.stage import IMAGES, PLOTS, POINTS, SKETCHES, RunStage, kind_of
from tests.helpers.stage_arrays import Named, digits, layer_arrays, picture_arrays, plane_arrays, trajectory_arrays

SKETCH_ARRAYS: Named = {"samples": np.tile(np.array([1, 1, 1, 0, 0], np.float32), (3, 4, 1))}


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[RunStage]:
    made = RunStage(LIGHT)
    qtbot.addWidget(made)
    made.resize(700, 600)
    yield made


def test_the_samples_tell_the_kind() -> None:
    expected: list[tuple[Named, str | None]] = [
        (plane_arrays(), POINTS),
        (picture_arrays(), IMAGES),
        ({"samples": digits(colour=True)}, IMAGES),
        (SKETCH_ARRAYS, SKETCHES),
        ({"data": plane_arrays()["data"]}, POINTS),
        (layer_arrays(), PLOTS),
        (trajectory_arrays(), PLOTS),
        (layer_arrays() | plane_arrays(), POINTS),
        ({"samples": np.zeros((3, 4, 6), np.float32)}, None),
        ({}, None),
    ]
    assert [kind_of(arrays) for arrays, _ in expected] == [kind for _, kind in expected]


def test_each_kind_has_its_stage(stage: RunStage) -> None:
    for arrays, kind, widget in ((plane_arrays(), POINTS, stage.plane), (picture_arrays(), IMAGES, stage.images),
                                 (SKETCH_ARRAYS, SKETCHES, stage.sheet), (layer_arrays(), PLOTS, stage.plots)):
        stage.show_arrays(arrays, 7)
        assert stage.kind == kind and stage._stack.currentWidget() is widget
        stage.set_theme(DARK)
        assert not stage.grab().isNull()
    assert stage.sheet.count == 3


def test_a_run_that_has_no_points_says_so_before_anything_has_come(qtbot: QtBot) -> None:
    stage = RunStage(LIGHT, awaits_points=False)
    qtbot.addWidget(stage)
    empty = stage._stack.currentWidget()
    assert isinstance(empty, QLabel) and "as soon as it trains" in empty.text()
    stage.show_arrays(picture_arrays(), 1)
    assert stage._stack.currentWidget() is stage.images


def test_arrays_that_do_not_tell_stay_on_the_stage_that_is_there(stage: RunStage) -> None:
    stage.show_arrays(picture_arrays(), 1)
    stage.show_arrays({"gradient_norms": np.ones(3)}, 2)
    assert stage.kind == IMAGES


def test_runs_in_the_plane_have_latents_and_plots_too(stage: RunStage) -> None:
    stage.show_arrays(plane_arrays() | {"latents": np.zeros((5, 2), np.float32)}, 1)
    assert stage.plane.offered == ["Points", "Latents", "Singular values", "Gradient norms"]


def test_a_moment_shows_its_arrays_over_the_last_ones_and_says_what_it_is(stage: RunStage) -> None:
    arrays = plane_arrays()
    gradients = arrays.pop("gradients")
    stage.show()
    stage.show_arrays(arrays, 1)
    stage.show_phase("generator", "gradient", {"gradients": gradients})
    assert {"samples", "critic", "gradients"} <= set(stage.points.canvas.layers)
    assert stage.caption.isVisible() and stage.caption.heading.text() == "Generator · gradient"
    assert "arrows" in stage.caption.sentence.text()
    assert stage.rect().contains(stage.caption.geometry())
    stage.resize(400, 350)
    assert stage.rect().contains(stage.caption.geometry())
    assert stage.caption.sentence.height() >= stage.caption.sentence.heightForWidth(stage.caption.sentence.width())
    stage.resize(340, 260)
    assert stage.caption.sentence.isHidden() and stage.caption.heading.isVisible()
    assert 20 < stage.caption.height() < 60 and stage.rect().contains(stage.caption.geometry())
    stage.show_arrays(plane_arrays(), 2)
    assert stage.caption.isHidden()


def test_a_moment_of_a_run_of_plots_does_not_speak_of_codes(stage: RunStage) -> None:
    stage.show_arrays(layer_arrays(), 1)
    stage.show_phase("step", "sample", {})
    assert stage.caption.heading.text() == "Step · sample" and stage.caption.sentence.text() == "A batch is drawn."


def test_every_moment_has_a_sentence() -> None:
    for part, name in product(("critic", "generator", "step", "decoder"), ("sample", "score", "gradient", "update")):
        assert moments.sentence(part, name).endswith((".", "?"))
        assert moments.heading(part, name) == f"{part.capitalize()} · {name}"


def test_a_moment_nobody_has_described_has_a_heading_only(stage: RunStage) -> None:
    stage.show_phase("critic", "rest", {})
    assert not stage.caption.isHidden() and stage.caption.sentence.isHidden()


def test_clear_leaves_nothing(stage: RunStage) -> None:
    stage.show_phase("critic", "score", plane_arrays())
    stage.show_arrays(trajectory_arrays(), 1)
    stage.clear()
    assert stage.caption.isHidden() and not stage.points.canvas.layers
    assert stage.plane.offered == stage.plots.offered == []


def test_it_keeps_small_where_several_stand_side_by_side(stage: RunStage) -> None:
    for arrays in (plane_arrays(), picture_arrays(), layer_arrays()):
        stage.show_arrays(arrays, 1)
        assert stage.minimumSizeHint().width() <= 300 and stage.minimumSizeHint().height() <= 260


def test_a_moment_of_a_run_without_samples_does_not_speak_of_codes(stage: RunStage) -> None:
    stage.show_arrays({"data": np.zeros((3, 8, 8), np.uint8), "reconstructions": np.zeros((3, 8, 8), np.uint8)}, 1)
    assert stage.kind == IMAGES
    stage.show_phase("step", "score", {})
    assert stage.caption.sentence.text() == "The networks compute what the loss is made of."
