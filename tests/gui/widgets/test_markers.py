"""Markers differ in shape, and a thousand of them land where they should."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from gui.widgets.markers import SHAPES, Marker, MarkerStamps, marker_icon, marker_path


def stamped(marker: Marker, places: list[tuple[float, float]], ratio: float = 1.0) -> NDArray[np.bool_]:
    """Which pixels of a white picture of 60 x 40 logical pixels are no longer white."""
    image = QImage(round(60 * ratio), round(40 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("white"))
    painter = QPainter(image)
    MarkerStamps().draw(painter, marker, np.array(places, np.float64).reshape(-1, 2), ratio)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    return np.asarray(pixels != 0xFFFFFFFF, np.bool_)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_stamps_are_centred_on_their_places(qtbot: QtBot, ratio: float) -> None:
    changed = stamped(Marker("circle", "#000000", "#000000", 8.0), [(15.0, 20.0), (45.0, 10.0)], ratio)
    half = changed.shape[1] // 2
    for part, expected in ((changed[:, :half], (15, 20)), (changed[:, half:], (15, 10))):
        rows, columns = np.nonzero(part)
        centre = (columns.mean() + 0.5) / ratio, (rows.mean() + 0.5) / ratio
        assert centre == pytest.approx(expected, abs=0.6)
        assert np.ptp(columns) / ratio == pytest.approx(8, abs=2)


def test_no_places_no_stamps(qtbot: QtBot) -> None:
    assert not stamped(Marker("square", "#000000", "#000000"), []).any()


def test_each_shape_looks_different_and_weighs_about_the_same(qtbot: QtBot) -> None:
    seen = {shape: stamped(Marker(shape, "#000000", "#000000", 14.0), [(30.0, 20.0)]) for shape in SHAPES}
    for first, second in itertools.combinations(SHAPES, 2):
        both = (seen[first] | seen[second]).sum()
        assert (seen[first] ^ seen[second]).sum() > 0.08 * both, (first, second)
    areas = [int(pixels.sum()) for pixels in seen.values()]
    assert max(areas) < 2.2 * min(areas)


def test_outlines_surround_their_place() -> None:
    for shape in SHAPES:
        box = marker_path(shape, 5.0).boundingRect()
        assert box.contains(0, 0) and 5 < box.width() < 16, shape


def test_opacity_lets_the_ground_through(qtbot: QtBot) -> None:
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    MarkerStamps().draw(painter, Marker("square", "#000000", "#000000", 10.0, 0.5), np.array([[10.0, 10.0]]))
    painter.end()
    assert QColor(image.pixel(10, 10)).lightness() == pytest.approx(128, abs=3)


def test_icon_shows_the_marker(qtbot: QtBot) -> None:
    picture = marker_icon(Marker("diamond", "#ff0000", "#ff0000")).pixmap(16, 16).toImage()
    middle = picture.pixelColor(picture.width() // 2, picture.height() // 2)
    assert (middle.red(), middle.green()) == (255, 0)
