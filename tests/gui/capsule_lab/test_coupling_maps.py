"""Ten maps on one scale: which is which, and how a class is chosen from them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.capsule_lab.coupling_maps import CouplingMaps
from gui.capsule_lab.heat import Scale, heat_picture
from gui.palette import DARK, LIGHT
from gui.widgets.picture_frame import picture_image
from tests.helpers.pointer import click

NAMES = tuple("0123456789")
PICTURE = np.zeros((28, 28), np.float32)
MAPS = np.random.default_rng(3).uniform(0, 0.3, (6, 6, 10)).astype(np.float32)


@pytest.fixture
def maps(qtbot: QtBot) -> CouplingMaps:
    made = CouplingMaps(LIGHT)
    qtbot.addWidget(made)
    made.resize(560, 300)
    made.show_maps(PICTURE, MAPS, NAMES, np.linspace(0, 0.9, 10, dtype=np.float32), 4, "c", 0.1)
    return made


def test_every_class_has_its_own_map_on_the_one_scale(maps: CouplingMaps) -> None:
    scale = Scale.of(MAPS, 0.1)
    for index in range(10):
        assert maps._images[index] == picture_image(heat_picture(PICTURE, MAPS[..., index], scale))
    assert f"3 {MAPS[..., 3].mean():.3f}" in maps.accessibleDescription()


@pytest.mark.parametrize(("width", "height"), [(560, 300), (300, 500), (900, 160), (200, 200)])
def test_maps_lie_beside_each_other_within_the_widget(maps: CouplingMaps, width: int, height: int) -> None:
    maps.resize(width, height)
    boxes = [maps.box(index) for index in range(10)]
    assert all(QRectF(maps.rect()).adjusted(-1, -1, 1, 1).contains(box) for box in boxes)
    assert not any(boxes[a].intersects(boxes[b]) for a in range(10) for b in range(a))
    maps.grab()


def test_a_click_or_an_arrow_chooses(maps: CouplingMaps) -> None:
    chosen: list[int] = []
    maps.chosen.connect(chosen.append)
    place = maps.box(7).center().toPoint()
    click(maps, (place.x(), place.y()))
    QTest.mouseClick(maps, Qt.MouseButton.RightButton, pos=place)
    click(maps, (1, maps.height() - 1))  # below all maps
    columns, _ = maps._shape()
    assert columns == 5 and maps.focusPolicy() & Qt.FocusPolicy.TabFocus
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Q):
        QTest.keyClick(maps, key)
    assert chosen == [7, 3, 5, 9]  # there is no row above


def test_the_chosen_map_is_framed_in_both_themes(maps: CouplingMaps) -> None:
    for theme in (LIGHT, DARK):
        maps.set_theme(theme)
        image, framed = maps.grab().toImage(), []
        for index in range(10):
            box = maps.box(index).toRect()
            colours = {image.pixelColor(box.left() + x, box.top() + 20).name() for x in (-1, 0, 1)}
            if theme.accent in colours:
                framed.append(index)
        assert framed == [4]


def test_equal_numbers_are_told_in_words(maps: CouplingMaps) -> None:
    before = maps.grab().toImage()
    equal = np.full((6, 6, 10), 0.1, np.float32)
    maps.show_maps(PICTURE, equal, NAMES, np.zeros(10, np.float32), -1, "c", 0.1)
    assert maps.grab().toImage() != before and maps._scale.is_flat
    maps.clear()
    assert maps.count == 0
    maps.grab()
