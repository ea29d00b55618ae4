"""The picture as the model sees it, beside what the bent capsule is redrawn as, and what bending has changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.palette import Theme
from gui.widgets.picture_frame import PictureFrame

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_GAIN = 2.0  # small bends change little


class BendPictures(QWidget):
    """Three pictures in a row."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._theme = theme
        self._redrawn: Pixels | None = None
        self._unbent: Pixels | None = None
        self._is_bent = False
        self.seen = PictureFrame(theme, "What the model sees", "No picture yet")
        self.seen.setToolTip("The picture as it lies on the model's ground, from which all capsules are computed.")
        self.redrawn = PictureFrame(theme, "Redrawn", "Not redrawn yet")
        self.redrawn.setToolTip("What the decoder makes of the capsule v_j as it is bent, and of nothing else.")
        self.difference = PictureFrame(theme, "Changed by bending", "Nothing is bent")
        self.difference.setToolTip(
            "The picture redrawn from the bent v_j less that from v_j itself, twice as strong: ink that bending adds "
            "is plain, ink that it takes away is striped."
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for frame, caption in ((self.seen, "seen"), (self.redrawn, "redrawn"), (self.difference, "changed")):
            frame.set_caption(caption)
            layout.addWidget(frame)

    def set_seen(self, picture: Pixels) -> None:
        """What the model sees, [S, S]."""
        self.seen.set_picture(picture)
        for frame in (self.redrawn, self.difference):
            frame.leave_room_for(*picture.shape[:2])

    def set_redrawn(self, picture: Pixels, symbol: str, *, is_bent: bool) -> None:
        """What the capsule is redrawn as, [S, S]."""
        self._redrawn, self._is_bent = picture, is_bent
        if not is_bent:
            self._unbent = picture
        self.redrawn.set_picture(picture)
        self.redrawn.set_caption(f"redrawn from {symbol}{', bent' if is_bent else ''}")
        self._show_difference()

    def set_unbent(self, picture: Pixels) -> None:
        """What the capsule would be redrawn as if nothing were bent, [S, S]."""
        self._unbent = picture
        self._show_difference()

    def clear(self) -> None:
        """Nothing is seen."""
        self._redrawn = self._unbent = None
        for frame in (self.seen, self.redrawn, self.difference):
            frame.set_picture(None)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        for frame in (self.seen, self.redrawn, self.difference):
            frame.set_theme(theme)
        self._show_difference()

    def _show_difference(self) -> None:
        before, after = self._unbent, self._redrawn
        if not self._is_bent or before is None or after is None or before.shape != after.shape:
            self.difference.set_picture(None)
            return
        added, taken = QColor(self._theme.series[1]), QColor(self._theme.series[0])
        self.difference.set_picture(change_picture(before, after, _rgb(added), _rgb(taken)))


def change_picture(
    before: Pixels, after: Pixels, added: tuple[int, int, int], taken: tuple[int, int, int]
) -> Pixels:
    """Ink that is new in one colour, ink that is gone in another and only in every other line: [H, W] -> [H, W, 3]."""
    change = (after.astype(np.float32) - before.astype(np.float32)) * _GAIN
    lines = np.arange(len(change))[:, None] % 2 == 0
    more = np.clip(change, 0, 255)[..., None] / 255
    less = (np.clip(-change, 0, 255) * lines)[..., None] / 255
    made = more * np.array(added, np.float32) + less * np.array(taken, np.float32)
    pixels: Pixels = np.rint(made).astype(np.uint8)
    return pixels


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
