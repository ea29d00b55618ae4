"""The gallery: two clicks to a run, cards that are never empty, and every card within reach of the keyboard."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.experiments.experiment import PlannedRun
from gui.palette import DARK, LIGHT
from gui.training_lab.experiments import CLAIMS, FILTERS, PICTURES, TOYS, ExperimentCard, RunCard
from gui.training_lab.gallery import Gallery
from gui.training_lab.gallery_tile import Tile, next_tile

LEFT = Qt.MouseButton.LeftButton


def painted() -> QImage:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    return image


ONE = PlannedRun("standard GAN", "gan", None)
CARDS = (
    ExperimentCard("modes", "Eight modes", "OT-GAN keeps them.", (TOYS, CLAIMS), None, (ONE, ONE), "8 gaussians"),
    ExperimentCard("first", "A first GAN", "Points out of noise.", (TOYS,), None, (ONE,), "8 gaussians"),
    ExperimentCard("digits", "Digits", "Out of noise.", (PICTURES,), painted(), (ONE,), "digits"),
    ExperimentCard("bare", "Nothing known", "No picture, no data.", (PICTURES,)),
)
NOW = datetime.datetime.now()
RUNS = (
    RunCard(Path("/runs/a"), "my GAN", "running", NOW, np.zeros((3, 2), np.float32)),
    RunCard(Path("/runs/b"), "old", "failed", NOW - datetime.timedelta(days=400)),
)


@pytest.fixture
def gallery(qtbot: QtBot) -> Gallery:
    made = Gallery(CARDS, LIGHT)
    qtbot.addWidget(made)
    made.resize(1150, 800)
    made.show()
    made.activateWindow()
    return made


def heard(signal: Any) -> list[Any]:
    told: list[Any] = []
    signal.connect(lambda *args: told.append(args[0] if args else True))
    return told


def titles(gallery: Gallery) -> list[str]:
    return [tile.accessibleName() for tile in gallery.tiles]


def test_two_clicks_start_a_run(gallery: Gallery) -> None:
    started = heard(gallery.start_requested)
    QTest.mouseClick(gallery.tiles[0].picture, LEFT)
    assert gallery.pages.currentWidget() is gallery.preview and started == []
    assert gallery.preview.start_button.text() == "Start 2 runs side by side"
    QTest.mouseClick(gallery.preview.start_button, LEFT)
    assert started == [CARDS[0]]


def test_one_click_on_the_button_of_a_card_starts_too(gallery: Gallery) -> None:
    started = heard(gallery.start_requested)
    button = gallery.tiles[2].start_button
    assert button is not None
    QTest.mouseClick(button, LEFT)
    assert started == [CARDS[2]] and gallery.pages.currentWidget() is not gallery.preview


def test_settings_can_be_seen_first_and_escape_goes_back_to_the_card(gallery: Gallery, qtbot: QtBot) -> None:
    wanted = heard(gallery.settings_requested)
    QTest.keyClick(gallery.tiles[1], Qt.Key.Key_Return)
    QTest.mouseClick(gallery.preview.settings_button, LEFT)
    QTest.keyClick(gallery.preview, Qt.Key.Key_Escape)
    assert wanted == [CARDS[1]]
    qtbot.waitUntil(gallery.tiles[1].hasFocus)


def test_an_experiment_without_runs_cannot_be_started_from_its_page(gallery: Gallery) -> None:
    QTest.mouseClick(gallery.tiles[3].picture, LEFT)
    assert not gallery.preview.start_button.isEnabled()


def test_the_filter_row(gallery: Gallery) -> None:
    own = ["My own data…", "Draw a density…", "Open a run…"]
    for name, expected in ((TOYS, [0, 1]), (PICTURES, [2, 3]), (CLAIMS, [0]), ("All", [0, 1, 2, 3])):
        gallery.filter_buttons()[name].click()
        assert titles(gallery) == [CARDS[index].title for index in expected] + own
        assert all(tile.isVisible() for tile in gallery.tiles)


def test_a_filter_without_cards_is_disabled(qtbot: QtBot) -> None:
    gallery = Gallery(CARDS[2:], LIGHT)
    qtbot.addWidget(gallery)
    assert [button.isEnabled() for button in gallery.filter_buttons().values()] == [True, False, True, False]
    assert list(gallery.filter_buttons()) == ["All", *FILTERS]


def test_ones_own(gallery: Gallery) -> None:
    told = [heard(signal) for signal in
            (gallery.own_data_requested, gallery.draw_requested, gallery.open_requested)]
    for tile in gallery.tiles[-3:]:
        QTest.keyClick(tile, Qt.Key.Key_Space)
    assert told == [[True], [True], [True]]


def test_runs_of_earlier_days_open_and_are_replaced(gallery: Gallery) -> None:
    chosen = heard(gallery.run_chosen)
    gallery.set_runs(RUNS)
    gallery.set_runs(RUNS)
    assert titles(gallery)[4:6] == ["my GAN", "old"]
    assert "running" in gallery.tiles[4].text.text() and "today" in gallery.tiles[4].text.text()
    assert gallery.tiles[4].picture.has_content and not gallery.tiles[5].picture.has_content
    QTest.mouseClick(gallery.tiles[5].picture, LEFT)
    assert chosen == [Path("/runs/b")]
    gallery.set_runs(())
    assert len(gallery.tiles) == 7


def test_examples_of_the_data_stand_in_for_pictures(gallery: Gallery) -> None:
    assert gallery.missing_previews() == ["8 gaussians"]
    before = gallery.tiles[0].picture.grab().toImage()
    gallery.set_preview("8 gaussians", np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32))
    assert gallery.missing_previews() == []
    assert [tile.picture.has_content for tile in gallery.tiles[:4]] == [True, True, True, False]
    assert gallery.tiles[0].picture.grab().toImage() != before
    gallery.tiles[0].opened.emit()
    assert gallery.preview.picture.has_content
    assert gallery.tiles[2].picture.grab().toImage().pixelColor(60, 60) == QColor("#123456")


def test_any_examples_can_be_painted(gallery: Gallery) -> None:
    gallery.set_theme(DARK)
    for examples in (np.full((4, 2), np.nan), np.zeros((2, 3, 3), np.uint8), np.zeros((1, 3, 3, 3), np.uint8),
                     np.array(["x"]), np.zeros((0, 2))):
        gallery.set_preview("8 gaussians", examples)
        assert not gallery.tiles[0].picture.grab().isNull()


@pytest.fixture
def press(gallery: Gallery, qtbot: QtBot) -> Callable[[Qt.Key, int], None]:
    def pressed(key: Qt.Key, lands_on: int) -> None:
        current = next(tile for tile in gallery.tiles if tile.hasFocus())
        QTest.keyClick(current, key)
        assert gallery.tiles[lands_on].hasFocus()

    gallery.tiles[0].setFocus()
    qtbot.waitUntil(gallery.tiles[0].hasFocus)
    return pressed


def test_arrow_keys_reach_every_card(press: Callable[[Qt.Key, int], None]) -> None:
    press(Qt.Key.Key_Left, 0)
    press(Qt.Key.Key_Right, 1)
    press(Qt.Key.Key_Right, 2)
    press(Qt.Key.Key_Down, 6)
    press(Qt.Key.Key_Left, 5)
    press(Qt.Key.Key_Up, 1)
    press(Qt.Key.Key_Up, 1)


def test_a_narrow_gallery_has_fewer_columns(gallery: Gallery) -> None:
    assert gallery.tiles[3].y() == gallery.tiles[0].y()
    gallery.resize(560, 800)
    QApplication.processEvents()
    assert gallery.tiles[2].geometry().left() == gallery.tiles[0].geometry().left()
    assert max(tile.geometry().right() for tile in gallery.tiles) < 560


def test_the_next_card_is_the_nearest_in_the_direction() -> None:
    boxes = {0: QRectF(0, 0, 10, 10), 1: QRectF(20, 0, 10, 10), 2: QRectF(0, 30, 10, 10), 3: QRectF(40, 30, 10, 10)}
    assert next_tile(boxes, 1, QPoint(0, 1)) in (2, 3)
    assert next_tile(boxes, 3, QPoint(0, -1)) == 1
    assert next_tile(boxes, 1, QPoint(1, 0)) == 1


def test_a_title_with_markup_is_only_text(qtbot: QtBot) -> None:
    tile = Tile("<b>bold</b>", "<img src=x>", LIGHT)
    qtbot.addWidget(tile)
    assert tile.heading.textFormat() == Qt.TextFormat.PlainText == tile.text.textFormat()
