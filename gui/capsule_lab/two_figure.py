"""All pictures of the page on two digits in one row, to take away: on white, whatever the theme is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter

_LEAST_SIDE = 240  # pixels of a picture in the figure
_GAP, _GROUP_GAP, _EDGE = 8, 28, 16
_LETTERS = 18  # pixels of their height


@dataclass(frozen=True)
class Panel:
    """A picture in its own size, without pixels for none, and what is written below it."""

    image: QImage
    caption: str


def panel_side(panels: Sequence[Panel]) -> int:
    """The least side of which every picture is magnified a whole number of times."""
    smallest = min(panel.image.width() for panel in panels)
    side = smallest * -(-_LEAST_SIDE // smallest)
    while any(side % panel.image.width() for panel in panels):
        side += smallest
    return side


def figure(groups: Sequence[Sequence[Panel]], font: QFont) -> QImage:
    """Groups of square pictures from left to right, the groups farther apart than the pictures in them."""
    groups = [group for group in groups if group]
    panels = [panel for group in groups for panel in group]
    side = panel_side(panels)
    letters = QFont(font)
    letters.setPixelSize(_LETTERS)
    metrics = QFontMetrics(letters)
    width = len(panels) * side + (len(panels) - len(groups)) * _GAP + (len(groups) - 1) * _GROUP_GAP
    sheet = QImage(QSize(width + 2 * _EDGE, side + metrics.height() + 2 * _EDGE + 4), QImage.Format.Format_RGB32)
    sheet.fill(QColor("#ffffff"))
    painter = QPainter(sheet)
    painter.setFont(letters)
    painter.setPen(QColor("#000000"))
    left = _EDGE
    for group in groups:
        for panel in group:
            painter.drawImage(QRect(left, _EDGE, side, side), panel.image)
            caption = metrics.elidedText(panel.caption, Qt.TextElideMode.ElideRight, side)
            below = QRect(left, _EDGE + side + 4, side, metrics.height())
            painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), caption)
            left += side + _GAP
        left += _GROUP_GAP - _GAP
    painter.end()
    return sheet
