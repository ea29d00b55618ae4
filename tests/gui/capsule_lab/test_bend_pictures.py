"""What bending changes is seen without colour, too: ink that is gone is striped."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from gui.capsule_lab.bend_pictures import BendPictures, change_picture
from gui.palette import DARK, LIGHT


def test_ink_that_is_new_is_plain_and_ink_that_is_gone_is_striped() -> None:
    before, after = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    before[:, 0] = 255
    after[:, 3] = 255
    after[:, 1] = before[:, 1] = 90
    made = change_picture(before, after, (255, 100, 0), (0, 0, 200))
    assert (made[:, 3] == (255, 100, 0)).all() and not made[:, 1:3].any()
    assert (made[::2, 0] == (0, 0, 200)).all() and not made[1::2, 0].any()


def test_there_is_a_difference_only_where_something_is_bent(qtbot: QtBot) -> None:
    pictures = BendPictures(LIGHT)
    qtbot.addWidget(pictures)
    plain, other = np.zeros((28, 28), np.uint8), np.full((28, 28), 200, np.uint8)
    pictures.set_redrawn(plain, "v₇", is_bent=False)
    assert pictures.difference.image.isNull() and pictures.redrawn.caption == "redrawn from v₇"
    pictures.set_redrawn(other, "v₇", is_bent=True)
    assert pictures.difference.image.pixelColor(3, 3).name() == LIGHT.series[1]
    pictures.set_theme(DARK)
    assert pictures.difference.image.pixelColor(3, 3).name() == DARK.series[1]
    pictures.set_unbent(other)
    assert pictures.difference.image.pixelColor(3, 3).name() == "#000000"
    pictures.clear()
    assert pictures.difference.image.isNull() and pictures.redrawn.image.isNull()
