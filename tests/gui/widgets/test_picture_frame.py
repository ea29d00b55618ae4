"""A picture lies in whole multiples of its pixels, and an empty frame where its picture would."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSize
from pytestqt.qtbot import QtBot

from gui.palette import LIGHT
from gui.widgets.picture_frame import PictureFrame, enlarged


@pytest.mark.parametrize(
    ("box", "size", "expected"),
    [
        ((0, 0, 120, 90), (28, 28), (18, 3, 84, 84)),
        ((10, 0, 100, 300), (36, 28), (24, 122, 72, 56)),
        ((0, 0, 14, 20), (28, 28), (0, 3, 14, 14)),
    ],
)
def test_a_picture_is_enlarged_by_whole_numbers_and_shrunk_by_any(
    box: tuple[int, ...], size: tuple[int, int], expected: tuple[int, ...]
) -> None:
    assert enlarged(QRectF(*box), QSize(*size)) == QRectF(*expected)


def edges(frame: PictureFrame) -> tuple[int, ...]:
    """First and last row and column that the frame has painted on, left of any words."""
    image = frame.grab().toImage()
    ground = image.pixelColor(0, 0)
    painted = [
        (x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y) != ground
    ]
    columns, rows = [x for x, _ in painted], [y for _, y in painted]
    return min(columns), max(columns), min(rows), max(rows)


def test_an_empty_frame_is_where_its_picture_will_be(qtbot: QtBot) -> None:
    frame = PictureFrame(LIGHT, "a digit")
    qtbot.addWidget(frame)
    frame.resize(140, 140)
    frame.leave_room_for(28, 28)
    empty = edges(frame)
    frame.set_picture(np.zeros((28, 28), np.uint8))
    assert max(abs(one - other) for one, other in zip(edges(frame), empty, strict=True)) <= 1
    frame.leave_room_for(14, 28)
    frame.set_picture(None)
    assert edges(frame) != empty
