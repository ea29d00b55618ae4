"""Point markers: a shape and a colour each, stamped by the thousand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

SHAPES = ("circle", "diamond", "square", "triangle", "cross", "down", "star", "bar", "plus", "hexagon")
"""In the order in which classes take them; colours repeat after fewer, so each class keeps a look of its own."""

_FRAGMENT_FIELDS = 10  # x, y, source left, top, width, height, scale x, y, rotation, opacity: doubles, as Qt has them
_POLYGONS = {  # corners, degrees of the first, radius
    "diamond": (4, 0.0, 1.12), "square": (4, 45.0, 1.22), "hexagon": (6, 0.0, 1.05),
    "triangle": (3, 90.0, 1.24), "down": (3, -90.0, 1.24),
}


@dataclass(frozen=True)
class Marker:
    """How points of one kind look: one of `SHAPES`, colours as "#rrggbb", size in logical pixels.

    `edge` is a thin line around the shape that sets it off from what lies below; `opacity` is 0 to 1.
    """

    shape: str
    fill: str
    edge: str
    size: float = 7.0
    opacity: float = 1.0

    def paint(self, painter: QPainter, place: QPointF) -> None:
        """Paint one of them, for legends; leaves the painter's pen and brush changed."""
        painter.setPen(QPen(QColor(self.edge), 1.0))
        painter.setBrush(QColor(self.fill))
        painter.drawPath(marker_path(self.shape, self.size / 2).translated(place))


def marker_path(shape: str, radius: float) -> QPainterPath:
    """The outline of one of `SHAPES` around (0, 0); shapes of the same radius cover about the same area."""
    path = QPainterPath()
    if shape in _POLYGONS:
        corners, turn, share = _POLYGONS[shape]
        for index in range(corners):
            angle = math.radians(turn + 360 / corners * index)
            place = QPointF(math.cos(angle), -math.sin(angle)) * (radius * share)
            path.moveTo(place) if index == 0 else path.lineTo(place)
        path.closeSubpath()
    elif shape == "star":
        for index in range(10):
            angle = math.radians(90 + 36 * index)
            place = QPointF(math.cos(angle), -math.sin(angle)) * (radius * (1.4 if index % 2 == 0 else 0.6))
            path.moveTo(place) if index == 0 else path.lineTo(place)
        path.closeSubpath()
    elif shape == "bar":
        path.addRect(QRectF(-radius * 1.3, -radius * 0.5, radius * 2.6, radius))
    elif shape in ("plus", "cross"):
        arm, half = radius * 1.25, radius * 0.36
        path.addRect(QRectF(-arm, -half, 2 * arm, 2 * half))
        upright = QPainterPath()
        upright.addRect(QRectF(-half, -arm, 2 * half, 2 * arm))
        path = path.united(upright)
        if shape == "cross":
            turned = QPainterPath()
            cos = math.sqrt(0.5)
            for index in range(path.elementCount()):
                element = path.elementAt(index)
                place = QPointF((element.x - element.y) * cos, (element.x + element.y) * cos)
                turned.moveTo(place) if index == 0 else turned.lineTo(place)
            turned.closeSubpath()
            path = turned
    else:
        path.addEllipse(QPointF(0, 0), radius, radius)
    return path


class MarkerStamps:
    """Keeps a small picture of each marker, so that a thousand of them cost as little as copying pixels."""

    def __init__(self) -> None:
        """No picture yet."""
        self._stamps: dict[tuple[Marker, float], QPixmap] = {}

    def draw(self, painter: QPainter, marker: Marker, places: NDArray[np.float64], ratio: float = 1.0) -> None:
        """Stamp `marker` at `places` [n, 2], logical pixels; `ratio` is the screen's pixels per logical one."""
        count = len(places)
        if not count:
            return
        stamp = self._stamp(marker, ratio)
        side = stamp.width()
        fragments = np.zeros((count, _FRAGMENT_FIELDS))
        fragments[:, 0:2] = places
        fragments[:, 4:6] = side
        fragments[:, 6:8] = 1 / ratio
        fragments[:, 9] = marker.opacity
        # Qt wants the first of an array of C structures. `fragments` lives until the call returns.
        first = cast(
            QPainter.PixmapFragment, shiboken6.wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment)
        )
        painter.drawPixmapFragments(first, count, stamp)

    def clear(self) -> None:
        """Forget the pictures, for instance since the colours have changed."""
        self._stamps.clear()

    def _stamp(self, marker: Marker, ratio: float) -> QPixmap:
        key = (marker, ratio)
        if key not in self._stamps:
            side = math.ceil((marker.size * 1.45 + 3) * ratio)
            stamp = QPixmap(side, side)
            stamp.fill(Qt.GlobalColor.transparent)
            painter = QPainter(stamp)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(ratio, ratio)
            marker.paint(painter, QPointF(side / 2 / ratio, side / 2 / ratio))
            painter.end()
            self._stamps[key] = stamp
        return self._stamps[key]


def marker_icon(marker: Marker, side: int = 16) -> QIcon:
    """The marker as an icon for a button."""
    picture = QPixmap(side * 2, side * 2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(2, 2)
    marker.paint(painter, QPointF(side / 2, side / 2))
    painter.end()
    picture.setDevicePixelRatio(2)
    return QIcon(picture)
