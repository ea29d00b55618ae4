"""A plane keeps equal units on both axes, and goes where the person moves it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.palette import DARK, LIGHT
from gui.widgets.plane import PlaneCanvas
from tests.helpers.pointer import drag


@pytest.fixture
def plane(qtbot: QtBot) -> Iterator[PlaneCanvas]:
    made = PlaneCanvas(LIGHT)
    qtbot.addWidget(made)
    made.resize(420, 220)
    made.set_extent((-2.0, 2.0, -1.0, 3.0))
    yield made


def turn(plane: PlaneCanvas, place: QPointF, by: int) -> None:
    """Turn the wheel at a place."""
    plane.wheelEvent(QWheelEvent(place, QPointF(plane.mapToGlobal(place)), QPoint(), QPoint(0, by),
                                 Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                                 Qt.ScrollPhase.NoScrollPhase, False))


def test_the_extent_is_in_the_middle_and_upright(plane: PlaneCanvas) -> None:
    corners = plane.to_pixels(np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 2.0]]))
    assert plane.scale == 50.0
    np.testing.assert_allclose(corners, [[210, 110], [260, 110], [210, 60]])


def test_pixels_and_plane_are_each_others_inverse(plane: PlaneCanvas) -> None:
    turn(plane, QPointF(30, 40), 240)
    spot = plane.to_plane(QPointF(77, 13))
    np.testing.assert_allclose(plane.to_pixels(np.array([spot.x(), spot.y()])), [77, 13])


def test_the_wheel_zooms_about_the_mouse(plane: PlaneCanvas) -> None:
    place = QPointF(300, 60)
    before, scale = plane.to_plane(place), plane.scale
    turn(plane, place, 360)
    after = plane.to_plane(place)
    assert plane.scale == pytest.approx(2 * scale)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_dragging_moves_and_a_double_click_comes_back(plane: PlaneCanvas) -> None:
    drag(plane, (100, 100), (150, 80))
    np.testing.assert_allclose(plane.to_pixels(np.array([0.0, 1.0])), [260, 90])
    assert not plane.is_fitted
    QTest.mouseDClick(plane, Qt.MouseButton.LeftButton)
    np.testing.assert_allclose(plane.to_pixels(np.array([0.0, 1.0])), [210, 110])
    assert plane.is_fitted


def test_the_keyboard_can_do_it_all(plane: PlaneCanvas) -> None:
    QTest.keyClick(plane, Qt.Key.Key_Right)
    assert plane.to_pixels(np.array([0.0, 1.0]))[0] == pytest.approx(170)
    scale = plane.scale
    QTest.keyClick(plane, Qt.Key.Key_Plus)
    assert plane.scale == pytest.approx(1.25 * scale)
    QTest.keyClick(plane, Qt.Key.Key_0)
    assert plane.is_fitted


def test_another_extent_is_followed_unless_the_person_looks_elsewhere(plane: PlaneCanvas) -> None:
    plane.set_extent((-4.0, 4.0, -4.0, 4.0))
    assert plane.scale == 25.0
    plane.zoom_about(QPointF(210, 110), 4.0)
    place = plane.to_pixels(np.array([0.5, 0.5]))
    plane.set_extent((-8.0, 0.0, -8.0, 0.0))
    assert plane.scale == pytest.approx(100.0)
    np.testing.assert_allclose(plane.to_pixels(np.array([0.5, 0.5])), place)


@pytest.mark.parametrize("extent", [(0.0, 0.0, 0.0, 1.0), (0.0, float("nan"), 0.0, 1.0), (1.0, 0.0, 0.0, 1.0)])
def test_an_extent_without_area_is_ignored(plane: PlaneCanvas, extent: tuple[float, float, float, float]) -> None:
    plane.set_extent(extent)
    assert plane.extent == (-2.0, 2.0, -1.0, 3.0)


def test_it_tells_where_the_mouse_points(plane: PlaneCanvas) -> None:
    told: list[object] = []
    plane.pointed.connect(told.append)
    plane.show()
    QTest.mouseMove(plane, QPoint(260, 110))
    assert told[-1] == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("size", [(120, 100), (900, 700)])
def test_it_can_be_painted_at_any_zoom(plane: PlaneCanvas, size: tuple[int, int]) -> None:
    plane.resize(*size)
    for factor in (1.0, 1e9, 1e-18):
        plane.zoom_about(QPointF(5, 5), factor)
        plane.set_theme(DARK)
        assert plane.grab().toImage().pixelColor(1, 1).name() in (DARK.paper, DARK.grid)
