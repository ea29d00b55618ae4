"""Bending a capsule by every control of the page, against what the model itself says of the bent capsule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.capsules.config import OFFSETS
from engine.capsules.model import load_capsules
from gui.capsule_lab import ranges as ranges_module
from gui.capsule_lab.bend_page import BendPage
from gui.capsule_lab.redrawing import as_bytes
from gui.capsule_lab.session import CAPSULES
from gui.capsule_lab.viewing import Viewing
from gui.palette import DARK, LIGHT
from gui.settings import Settings
from tests.helpers.capsule_stage import blob, digits, stage, vivid_capsules
from tests.helpers.pointer import click
from tests.helpers.tiny_capsules import tiny_capsules

PATIENCE = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return vivid_capsules(tmp_path / "tiny.safetensors")


@pytest.fixture
def viewing(qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viewing]:
    monkeypatch.setattr(ranges_module, "COUNT", 60)
    monkeypatch.setattr(ranges_module, "_AT_ONCE", 60)
    monkeypatch.setattr(ranges_module, "_REST_MS", 1)
    monkeypatch.setattr("engine.capsules.ranges.held_out_digits", digits)
    with stage(qtbot, path) as made:
        yield made


@pytest.fixture
def page(qtbot: QtBot, viewing: Viewing) -> Iterator[BendPage]:
    made = BendPage(viewing, Settings(), LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 640)
    yield made
    made.hide()


def settle(qtbot: QtBot, page: BendPage) -> None:
    qtbot.waitUntil(
        lambda: not page.session.busy and page.figure.redrawing.is_done and not page.ranges._timer.isActive(),
        timeout=PATIENCE,
    )


def look_at(qtbot: QtBot, page: BendPage) -> None:
    page.show()
    settle(qtbot, page)


def cell(image: QImage, row: int, column: int, side: int = 28) -> NDArray[np.int64]:
    part = image.copy(column * side, row * side, side, side)
    return np.array([[part.pixelColor(x, y).red() for x in range(side)] for y in range(side)])


def test_a_hidden_page_asks_for_nothing(qtbot: QtBot, page: BendPage) -> None:
    page.subject_model.update(bends=(0.1,) * 16)
    qtbot.waitUntil(lambda: not page.session.busy, timeout=PATIENCE)
    assert page.sliders.count == 0 and page.figure.redrawing.is_done
    look_at(qtbot, page)
    assert page.sliders.count == 16 and page.ranges.ranges is not None
    assert page.words.text().endswith(f"bent {np.linalg.norm(page.hand.capsule):.2f}")


def test_the_figure_is_the_papers(qtbot: QtBot, page: BendPage, path: Path) -> None:
    look_at(qtbot, page)
    model, now = load_capsules(path), page.viewing.now
    assert now is not None and page.figure.grid.marks == (5,) * 16
    expected = as_bytes(model.sweep(now.unbent, now.shown, OFFSETS))
    for row, column in ((0, 0), (4, 5), (15, 10)):
        assert np.abs(cell(page.figure.grid.image, row, column) - expected[row, column]).max() <= 1


def test_a_clicked_cell_becomes_the_picture(qtbot: QtBot, page: BendPage) -> None:
    look_at(qtbot, page)
    page.hand.bend({2: float(page.hand.capsule[2]) + 0.2, 7: float(page.hand.capsule[7]) + 0.1})
    settle(qtbot, page)
    shown = cell(page.figure.grid.image, 7, 1)
    place = page.figure.grid.cell(7, 1).center().toPoint()
    click(page.figure.grid, (place.x(), place.y()))
    settle(qtbot, page)
    assert page.dimension == 7 and page.subject.bends[7] == pytest.approx(OFFSETS[1])
    assert page.figure.grid.marks[7] == 1 and page.figure.grid.marks[2] == 9
    assert np.abs(cell(page.pictures.redrawn.image, 0, 0) - shown).max() <= 1
    assert np.abs(cell(page.figure.grid.image, 7, 3) - shown).max() > 3  # other cells are other pictures
    assert not page.pictures.difference.image.isNull()


def test_keys_on_the_grid_walk_through_it(qtbot: QtBot, page: BendPage) -> None:
    look_at(qtbot, page)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(page.figure.grid, key)
    assert page.dimension == 1 and page.subject.bends[1] == pytest.approx(0.1)
    settle(qtbot, page)


def test_sliders_bend_at_once_and_the_picture_follows(qtbot: QtBot, page: BendPage, path: Path) -> None:
    look_at(qtbot, page)
    for _time in range(3):
        QTest.keyClick(page.sliders, Qt.Key.Key_Right)
    numbers = page.sliders.numbers
    assert numbers is not None and numbers.bends[0] == pytest.approx(0.03, abs=1e-4)
    settle(qtbot, page)
    now = page.viewing.now
    assert now is not None
    bent = now.unbent + np.eye(16, dtype=np.float32)[0] * 0.03
    expected = as_bytes(load_capsules(path).reconstruct(bent[None], [now.shown]))[0]
    assert np.abs(cell(page.pictures.redrawn.image, 0, 0) - expected).max() <= 1
    QTest.keyClick(page.sliders, Qt.Key.Key_Delete)
    settle(qtbot, page)
    assert page.subject.bends == () and page.pictures.difference.image.isNull()


def test_a_locked_number_keeps_its_value_under_another_picture(qtbot: QtBot, page: BendPage) -> None:
    look_at(qtbot, page)
    QTest.keyClick(page.sliders, Qt.Key.Key_L)
    before = page.hand.capsule
    page.subject_model.update(picture=np.ascontiguousarray(blob().T))
    settle(qtbot, page)
    after = page.hand.capsule
    assert after[0] == before[0] and abs(after[1] - before[1]) > 1e-6
    assert page.sliders.numbers is not None and page.sliders.numbers.locked == {0}
    page.reset_button.click()
    settle(qtbot, page)
    assert not page.subject.locks and page.hand.capsule[0] != before[0]


def test_the_range_of_data_goes_as_far_as_the_data(qtbot: QtBot, page: BendPage) -> None:
    look_at(qtbot, page)
    assert page.range_box.isEnabled() and page.viewing.now is not None
    page.range_box.click()
    settle(qtbot, page)
    typical, numbers = page.ranges.of(page.viewing.now.shown), page.sliders.numbers
    assert typical is not None and numbers is not None
    width = np.maximum(typical[:, 2] - typical[:, 0], 0.02)
    np.testing.assert_allclose(numbers.high - numbers.low, width, rtol=1e-4)
    page.figure.grid.cell_chosen.emit(6, 10)
    settle(qtbot, page)
    assert page.hand.capsule[6] == pytest.approx(float(numbers.high[6]), abs=1e-4)
    assert page.figure.grid.marks[6] == 10


def test_names_are_kept_and_shown_on_the_rows(qtbot: QtBot, page: BendPage, viewing: Viewing) -> None:
    look_at(qtbot, page)
    page.sliders.named.emit(3, "slant")
    assert page.figure.grid._labels[3] == "slant" and viewing.now is not None
    page.figure.class_chosen.emit((viewing.now.shown + 1) % 10)
    settle(qtbot, page)
    assert page.figure.grid._labels[3] == "4"
    again = BendPage(viewing, Settings(), DARK)
    qtbot.addWidget(again)
    page.figure.class_chosen.emit((viewing.now.shown - 1) % 10)
    look_at(qtbot, again)
    assert again.figure.grid._labels[3] == "slant"
    again.hide()


def test_motions_stop_when_nobody_looks(qtbot: QtBot, page: BendPage) -> None:
    look_at(qtbot, page)
    page.animate_button.click()
    assert page.animate_button.text() == "Stop"
    qtbot.waitUntil(lambda: len(page.subject.bends) == 16 and all(page.subject.bends), timeout=PATIENCE)
    page.sweep_button.click()
    assert page.sweep_button.isChecked() and not page.animate_button.isChecked()
    page.hide()
    assert page.hand.motion is None and not page.sweep_button.isChecked()
    page.show()
    page.random_button.click()
    settle(qtbot, page)
    assert all(abs(bend) <= 0.2501 for bend in page.subject.bends) and any(page.subject.bends)


def test_the_strip_bends_every_class_alike(qtbot: QtBot, page: BendPage, path: Path) -> None:
    look_at(qtbot, page)
    now = page.viewing.now
    assert now is not None
    page.choose_dimension(4)
    page.hand.bend({4: float(now.unbent[4]) + 0.15})
    settle(qtbot, page)
    other = (now.shown + 3) % 10
    typical = page.ranges.of(other)
    assert typical is not None and "bent by +0.15" in page.figure.strip_words.text()
    capsule = typical[:, 1] + np.eye(16, dtype=np.float32)[4] * 0.15
    expected = as_bytes(load_capsules(path).reconstruct(capsule[None], [other]))[0]
    assert np.abs(cell(page.figure.strip.image, 0, other) - expected).max() <= 1
    assert np.array_equal(cell(page.figure.strip.image, 0, now.shown), cell(page.pictures.redrawn.image, 0, 0))
    place = page.figure.strip.cell(0, other).center().toPoint()
    click(page.figure.strip, (place.x(), place.y()))
    settle(qtbot, page)
    assert page.viewing.now is not None and page.viewing.now.shown == other


def test_the_figure_can_be_saved(qtbot: QtBot, page: BendPage) -> None:
    look_at(qtbot, page)
    with qtbot.waitSignal(page.save_requested) as saved:
        page.figure.save_button.click()
    image, name = saved.args
    assert name.startswith("tiny-") and name.endswith("-dimensions.png")
    assert image.width() > 11 * 56 and image.height() > 16 * 56
    page.set_theme(DARK)
    assert page.figure.grid.sheet().pixelColor(1, 1).name() == DARK.paper


def test_a_model_without_a_decoder_gets_one_sentence(qtbot: QtBot, page: BendPage, tmp_path: Path) -> None:
    page.show()
    settle(qtbot, page)
    assert not page.hint.isVisible()
    page.session.open(CAPSULES, tiny_capsules(tmp_path / "blind.safetensors", decoder="none"))
    qtbot.waitUntil(lambda: page.hint.isVisible(), timeout=PATIENCE)
    settle(qtbot, page)
    assert "without a decoder" in page.hint.text() and page.sliders.count == 0
    page.session.open(CAPSULES, tiny_capsules(tmp_path / "small.safetensors", capsule_size=5, image_size=36))
    qtbot.waitUntil(lambda: page.sliders.count == 5, timeout=PATIENCE)
    settle(qtbot, page)
    assert not page.hint.isVisible() and page.figure.grid.image.height() == 5 * 36
