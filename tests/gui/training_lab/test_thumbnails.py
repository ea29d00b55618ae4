"""Small pictures hold what the arrays hold."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

from gui.training_lab.thumbnails import matrix, scatter, sheet

RED = "#ff0000"


def test_points_stand_where_they_belong_with_y_upwards() -> None:
    image = scatter(np.array([[1.0, 1.0]]), QSize(100, 100), RED, (-2.0, 2.0, -2.0, 2.0))
    assert image.pixelColor(75, 25) == QColor(RED)
    assert image.pixelColor(25, 75).alpha() == 0
    marked = sum(image.pixelColor(x, y).alpha() > 0 for x in range(100) for y in range(100))
    assert marked == 4


def test_a_circle_stays_round_and_what_is_outside_or_not_finite_is_left_out() -> None:
    corners = np.array([[-1.0, -1], [1, 1], [np.nan, 0], [np.inf, 1], [90, 0]])
    image = scatter(corners, QSize(200, 100), RED, (-1.0, 1.0, -1.0, 1.0))
    assert image.pixelColor(150, 0) == QColor(RED)
    assert image.pixelColor(199, 0).alpha() == 0


def test_without_an_extent_everything_is_inside() -> None:
    image = scatter(np.array([[5.0, 5], [9, 6]]), QSize(60, 40), RED)
    assert sum(image.pixelColor(x, y).alpha() > 0 for x in range(60) for y in range(40)) == 8
    assert scatter(np.empty((0, 2)), QSize(60, 40), RED).size() == QSize(60, 40)
    assert scatter(np.full((3, 2), 7.0), QSize(60, 40), RED).pixelColor(30, 20) == QColor(RED)


def test_a_sheet_of_grey_and_of_coloured_pictures() -> None:
    grey = np.stack([np.full((2, 3), 10 * n, np.uint8) for n in range(5)])
    image = sheet(grey, 2, 2)
    assert (image.width(), image.height()) == (6, 4)
    assert [image.pixelColor(x, y).red() for x, y in ((0, 0), (5, 0), (0, 3), (5, 3))] == [0, 10, 20, 30]
    colour = np.zeros((1, 2, 2, 3), np.uint8)
    colour[..., 2] = 200
    assert sheet(colour, 2, 1).pixelColor(1, 1) == QColor(0, 0, 200)
    assert sheet(colour, 2, 1).pixelColor(3, 1) == QColor(0, 0, 0)


def test_a_matrix_is_light_where_it_is_large_and_never_large_itself() -> None:
    image = matrix(np.eye(3), "#000000", "#ffffff")
    assert image.pixelColor(1, 1) == QColor("#ffffff") and image.pixelColor(0, 1) == QColor("#000000")
    assert matrix(np.eye(500), "#000000", "#ffffff").width() <= 48
    assert matrix(np.full((2, 2), np.nan), "#000000", "#ffffff").pixelColor(0, 0) == QColor("#000000")
