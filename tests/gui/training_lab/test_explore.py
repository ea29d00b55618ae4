"""The Explore page: what a tiny model makes is shown, choices lead from page to page, and nobody works unseen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine import paths
from engine.explore.generative_model import open_generative_model
from engine.runtime.run_folder import RunFolder
from gui.lab import LABS, LabContext
from gui.messages import Messages
from gui.settings import Settings
from gui.theme import ThemeManager
from gui.training_lab.explore_page import ExplorePage
from gui.training_lab.explore_session import A, B, ExploredModel
from gui.widgets.status_bar import StatusBar
from tests.helpers.pointer import click, drag, press
from tests.helpers.tiny_autoencoder import tiny_autoencoder
from tests.helpers.tiny_gan import tiny_gan, tiny_points


class StandinTrainer:
    """What the page asks of a trainer."""

    def __init__(self, name: str) -> None:
        """Of the kind `name`."""
        self.name = name


class StandinRun(QObject):
    """What the page asks of a run."""

    checkpoints_changed = Signal(list)
    state_changed = Signal(str)

    def __init__(self, path: Path, trainer: str, parent: QObject) -> None:
        """In the folder `path`."""
        super().__init__(parent)
        self.folder = RunFolder(path)
        self.trainer = StandinTrainer(trainer)
        self.name = path.name


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[ExplorePage]:
    settings = Settings()
    status = StatusBar()
    qtbot.addWidget(status)
    made = ExplorePage(LabContext(Messages(), settings, ThemeManager(settings), status))
    qtbot.addWidget(made)
    made.resize(440, 620)
    yield made
    made.shut_down()


def model_of(page: ExplorePage) -> ExploredModel | None:
    return page.session.model


def settle(qtbot: QtBot, page: ExplorePage) -> None:
    qtbot.waitUntil(lambda: not page.busy, timeout=20_000)


def run_of(page: ExplorePage, tmp_path: Path, trainer: str = "gan") -> StandinRun:
    return StandinRun(tmp_path / "run", trainer, page)


def explore(qtbot: QtBot, page: ExplorePage, run: StandinRun) -> None:
    page.choose(run)  # type: ignore[arg-type]
    page.show()
    settle(qtbot, page)


def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "checkpoints" / "model.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def choices(page: ExplorePage) -> list[str]:
    return [action.text() for action in page._actions.actions() if action.isVisible() and action.isEnabled()]


def test_a_hidden_page_opens_nothing(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_gan(model_file(tmp_path))
    page.choose(run_of(page, tmp_path))  # type: ignore[arg-type]
    assert not page.busy and model_of(page) is None
    page.show()
    settle(qtbot, page)
    assert model_of(page) is not None and page.samples.grid.count
    page.hide()
    page.samples.others_button.click()
    assert not page.busy
    page.show()
    assert page.session.busy
    settle(qtbot, page)


def test_it_says_why_there_is_nothing_and_opens_a_model_as_soon_as_there_is_one(
    qtbot: QtBot, page: ExplorePage, tmp_path: Path
) -> None:
    page.show()
    settle(qtbot, page)
    assert "Choose a trained model" in page.hint.text() and choices(page) == []
    run = run_of(page, tmp_path)
    page.choose(run)  # type: ignore[arg-type]
    assert "not saved a model yet" in page.hint.text()
    tiny_gan(model_file(tmp_path))
    run.checkpoints_changed.emit([5])
    settle(qtbot, page)
    assert choices(page) == ["Samples", "Slice", "Interpolate", "Neighbours"]
    assert not page.newest_button.isEnabled()
    page.choose(run_of(page, tmp_path / "other", "sketch"))  # type: ignore[arg-type]
    settle(qtbot, page)
    assert model_of(page) is None and "another kind" in page.hint.text()
    page.choose(run_of(page, tmp_path / "third", "capsules"))  # type: ignore[arg-type]
    rail = next(entry.title for entry in LABS if entry.name == "capsules")
    assert model_of(page) is None and f"the {rail} lab" in page.hint.text() and choices(page) == []


def test_the_newest_model_makes_other_samples_of_the_same_latents(
    qtbot: QtBot, page: ExplorePage, tmp_path: Path
) -> None:
    run = run_of(page, tmp_path, "wae")
    tiny_autoencoder(model_file(tmp_path), seed=0)
    explore(qtbot, page, run)
    before = page.samples._sampled
    assert before is not None
    tiny_autoencoder(model_file(tmp_path), seed=1)
    run.checkpoints_changed.emit([6])
    assert page.newest_button.isEnabled()
    page.newest_button.click()
    settle(qtbot, page)
    after = page.samples._sampled
    assert after is not None and np.array_equal(before.latents, after.latents)
    assert not np.array_equal(before.samples, after.samples) and not page.newest_button.isEnabled()


def test_a_scale_brings_latents_nearer_to_the_middle(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_gan(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path))
    page.samples.scale.setValue(50)
    settle(qtbot, page)
    sampled, model = page.samples._sampled, open_generative_model(model_file(tmp_path))
    assert sampled is not None
    np.testing.assert_allclose(sampled.latents, model.latents(42, 1) / 2)
    assert np.array_equal(sampled.samples, model.sample(sampled.latents))


def test_dragging_shows_the_sample_at_the_point(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_gan(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path))
    page.choose_view("Slice")
    settle(qtbot, page)
    pad = page.slice.pad
    assert pad.rows == list(range(9))
    area = pad.area.toRect()
    press(pad, (area.left() + 20, area.top() + 20), (area.center().x(), area.top() + 5))
    settle(qtbot, page)
    x, y = pad.place
    assert abs(x) < 0.1 * pad.span and y > 0.9 * pad.span
    z = np.array([[x, y, 0]], np.float32)
    expected = open_generative_model(model_file(tmp_path)).sample(z)[0]
    shown = pad._lens
    assert [shown.pixelColor(i, 9).red() for i in range(28)] == expected[9].tolist()
    QTest.keyClick(pad, Qt.Key.Key_Home)
    assert pad.place == (0.0, 0.0)
    settle(qtbot, page)


def test_random_directions_are_for_both_axes(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_gan(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path))
    page.choose_view("Slice")
    first, second = page.slice.axes
    second.setCurrentIndex(second.count() - 1)
    second.activated.emit(second.currentIndex())
    assert first.currentText() == "random"
    np.testing.assert_allclose(page.slice.directions @ page.slice.directions.T, np.eye(2), atol=1e-6)
    page.slice.centre.setCurrentIndex(3)
    page.slice.centre.activated.emit(3)
    settle(qtbot, page)
    assert page.slice.middle.any() and page.slice.pad.rows == list(range(9))
    first.setCurrentIndex(0)
    first.activated.emit(0)
    assert second.currentText() == "z₂" and not page.slice.is_random
    settle(qtbot, page)


def test_a_sample_becomes_an_end_of_the_way(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_gan(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path))
    click(page.samples.grid, page.samples.grid.cell(2).center().toPoint().toTuple())
    page.samples.use_a.click()
    page.choose_view("Interpolate")
    settle(qtbot, page)
    sampled, way = page.samples._sampled, page.way._way
    assert sampled is not None and way is not None and len(way) == 61
    assert np.array_equal(way[0], sampled.samples[2])
    page.way.slider.setValue(0)
    assert page.way.frames["between"].image == page.way.frames[A].image
    page.way.swap.click()
    settle(qtbot, page)
    assert np.array_equal(page.session.ends[B], sampled.latents[2])


def test_a_drawing_and_a_test_digit_are_encoded(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_autoencoder(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path, "wae"))
    page.choose_view("Encode")
    view = page.code
    area = view.pad.area.toRect()
    drag(view.pad, (area.left() + 40, area.top() + 20), (area.center().x(), area.bottom() - 20))
    settle(qtbot, page)
    drawn = view._encoded
    assert drawn is not None and drawn.given.shape == (28, 28) and drawn.given.max() == 255
    model = open_generative_model(model_file(tmp_path))
    assert np.array_equal(drawn.code, model.encode(drawn.given[None])[0])
    view._examples = np.full((30, 28, 28), 9, np.uint8)
    view._show_examples()
    view.grid.picture_chosen.emit(1)
    settle(qtbot, page)
    picked = view._encoded
    assert picked is not None and (picked.given == 9).all()
    view.use_b.click()
    assert page.session.ends[B] is picked.code


def test_points_are_shown_on_the_plane(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_gan(model_file(tmp_path), tiny_points())
    explore(qtbot, page, run_of(page, tmp_path))
    assert choices(page) == ["Samples", "Slice", "Interpolate"]
    assert {"data", "samples"} <= set(page.samples.stage.canvas.layers)
    page.choose_view("Slice")
    settle(qtbot, page)
    assert {"data", "warp", "spot"} <= set(page.slice.stage.canvas.layers)
    page.choose_view("Interpolate")
    settle(qtbot, page)
    assert {"data", "samples", "spot"} <= set(page.way.stage.canvas.layers)


def test_a_model_of_the_catalog_can_be_chosen(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    paths.models().mkdir(parents=True)
    tiny_autoencoder(paths.models() / "mine.safetensors")
    tiny_gan(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path))
    index = page.source.findText("mine (auto-encoder)")
    page.source.setCurrentIndex(index)
    page.source.activated.emit(index)
    settle(qtbot, page)
    assert page.source.currentText().startswith("mine")
    model = model_of(page)
    assert model is not None and model.name == "mine"
    assert not page.keep_button.isEnabled() and page.newest_button.isHidden()
    told: list[object] = []
    page.keep_requested.connect(told.append)
    page.source.setCurrentIndex(0)
    page.source.activated.emit(0)
    settle(qtbot, page)
    page.keep_button.click()
    assert told == [model_file(tmp_path)]


def test_neighbours_of_the_chosen_sample_with_progress_and_cancel(
    qtbot: QtBot, page: ExplorePage, tmp_path: Path
) -> None:
    tiny_gan(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path))
    page.samples.choose(1)
    page.samples.find_button.click()
    view = page.neighbours
    assert view.is_seeking and view.seek_button.text() == "Cancel"
    view.seek_button.click()
    assert view.seek_button.text() == "Seek again" and not page.data.busy
    view.seek_button.click()
    settle(qtbot, page)
    distances = [float(frame.caption) for frame in view.found]
    assert distances == sorted(distances) and distances[0] > 0
    page.choose_view("Samples")
    page.choose_view("Neighbours")
    assert not view.is_seeking  # they are there already


def test_a_picture_of_each_page_can_be_saved(qtbot: QtBot, page: ExplorePage, tmp_path: Path) -> None:
    tiny_autoencoder(model_file(tmp_path))
    explore(qtbot, page, run_of(page, tmp_path, "wae"))
    for title in ("Samples", "Slice", "Interpolate", "Encode"):
        page.choose_view(title)
        if title == "Encode":
            page.code._give(np.zeros((28, 28), np.uint8))
        settle(qtbot, page)
        with qtbot.waitSignal(page.save_requested) as told:
            page.save_button.click()
        assert not told.args[0].isNull() and told.args[1].endswith(".png")
