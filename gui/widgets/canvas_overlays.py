"""What a canvas shows above its settled ink without being part of the drawing: ghosts, demonstrations and the hint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from engine.sketch.strokes import Points, make_drawing
from gui.widgets.ink import InkPiece, draw_ink, stroke_pieces


class OverlayInk:
    """Strokes in canvas units that may change with every frame."""

    def __init__(self) -> None:
        """Nothing to show."""
        self._pieces: list[InkPiece] = []
        self.box = QRectF()
        self.role = "ghost"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self._pieces

    def show(self, strokes: Sequence[Points] | None, role: str, progress: float, scale: float) -> QRectF:
        """Show these in the theme's colour `role`, the first `progress` (0 to 1) of their length.

        They are shaped for `scale` pixels to a canvas unit. Returns the region in canvas units to paint again. Raises
        `BadDrawingError` for what is not a drawing.
        """
        shown = _first_part(make_drawing(strokes or ()).strokes, progress)
        before = self.box
        self._pieces = [piece for stroke in shown for piece in stroke_pieces(stroke, scale)]
        self.role = role
        self.box = QRectF()
        for piece in self._pieces:
            self.box = self.box.united(piece.box)
        return before.united(self.box)

    def paint(self, painter: QPainter, color: QColor, clip: QRectF, width: float) -> None:
        """Paint in canvas units what meets `clip`."""
        draw_ink(painter, self._pieces, color, clip, width)


def _first_part(strokes: Sequence[Points], progress: float) -> list[Points]:
    if progress >= 1.0:
        return list(strokes)
    steps = [np.hypot(*np.diff(stroke.astype(np.float64), axis=0).T) for stroke in strokes]
    left = max(progress, 0.0) * sum(float(step.sum()) for step in steps)
    shown: list[Points] = []
    for stroke, step in zip(strokes, steps, strict=True):
        if left <= 0.0:
            break
        along = np.concatenate([[0.0], np.cumsum(step)])
        if along[-1] <= left:
            shown.append(stroke)
        else:
            # The tip lies between two points, or ink would grow in jerks where points are far apart.
            tip = [np.interp(left, along, stroke[:, axis]) for axis in (0, 1)]
            shown.append(np.concatenate([stroke[: np.searchsorted(along, left)], [tip]]).astype(np.float32))
        left -= float(along[-1])
    return shown


def paint_hint(painter: QPainter, text: str, area: QRectF, color: QColor, is_low: bool) -> None:
    """Write `text` in the middle of `area`, or near its lower edge where `is_low` leaves the middle to a drawing."""
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 1.35)
    painter.setFont(font)
    painter.setPen(color)
    where = area.adjusted(24, 0, -24, 0)
    if is_low:
        where.setTop(area.top() + 0.8 * area.height())
    painter.drawText(where, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
