"""Where the paper lies under the window: zoom and pan, and the colours it is shown in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QTransform

from gui.widgets.ink import PEN_WIDTH
from gui.widgets.stroke_geometry import Box

MIN_ZOOM, MAX_ZOOM = 0.05, 40.0

_MARGIN = 40.0  # logical pixels left free around a drawing that is fitted
_FIT_ZOOM = 6.0  # a single dot should not fill the window


class CanvasColors(Protocol):
    """The colours a canvas asks of a theme, each as "#rrggbb"."""

    @property
    def paper(self) -> str:
        """The ground."""

    @property
    def ink(self) -> str:
        """What the person drew."""

    @property
    def ghost(self) -> str:
        """An ending that is proposed and not yet accepted."""

    @property
    def grid(self) -> str:
        """The dots on the paper."""

    @property
    def accent(self) -> str:
        """Selection and focus."""

    @property
    def muted(self) -> str:
        """Hints, and drawings that are only shown."""


@dataclass(frozen=True)
class DefaultColors:
    """Light paper, for a canvas that was given no theme."""

    paper: str = "#fdfcf9"
    ink: str = "#1b1b1f"
    ghost: str = "#7c6cf0"
    grid: str = "#dcd8cf"
    accent: str = "#4c5fd7"
    muted: str = "#8d8a93"


class CanvasView:
    """The map from canvas units to logical pixels of the widget: position * zoom + origin."""

    def __init__(self) -> None:
        """Canvas units are logical pixels, and (0, 0) is the top left corner."""
        self.zoom = 1.0
        self.origin = QPointF(0.0, 0.0)

    def to_canvas(self, position: QPointF) -> QPointF:
        """The place on the paper under a position of the widget."""
        return (position - self.origin) / self.zoom

    def to_widget(self, position: QPointF) -> QPointF:
        """Where a place on the paper is in the widget."""
        return position * self.zoom + self.origin

    def box_to_widget(self, box: QRectF) -> QRectF:
        """Where a box on the paper is in the widget."""
        return QRectF(self.to_widget(box.topLeft()), self.to_widget(box.bottomRight()))

    def box_to_canvas(self, box: QRectF) -> QRectF:
        """The part of the paper under a box of the widget."""
        return QRectF(self.to_canvas(box.topLeft()), self.to_canvas(box.bottomRight()))

    def transform(self, pixel_ratio: float = 1.0) -> QTransform:
        """For a painter that works in pixels, `pixel_ratio` of them to a logical one."""
        scale = self.zoom * pixel_ratio
        return QTransform(scale, 0, 0, scale, self.origin.x() * pixel_ratio, self.origin.y() * pixel_ratio)

    @property
    def pen_width(self) -> float:
        """Width of ink in canvas units: that of the pen, but no less than a logical pixel, or it would fade to grey."""
        return max(PEN_WIDTH, 1.0 / self.zoom)

    def zoom_about(self, position: QPointF, factor: float) -> None:
        """Zoom by `factor` within the limits; what lies under `position` stays there."""
        fixed = self.to_canvas(position)
        self.zoom = min(max(self.zoom * factor, MIN_ZOOM), MAX_ZOOM)
        self.origin = position - fixed * self.zoom

    def pan(self, dx: float, dy: float) -> None:
        """Move the paper by logical pixels."""
        self.origin += QPointF(dx, dy)

    def fit(self, box: Box, size: QSizeF) -> None:
        """Show the whole `box` of the paper in the middle of a widget of this size."""
        room = QSizeF(max(size.width() - 2 * _MARGIN, 1.0), max(size.height() - 2 * _MARGIN, 1.0))
        extent = QSizeF(max(box[2] - box[0], 1e-6), max(box[3] - box[1], 1e-6))
        zoom = min(room.width() / extent.width(), room.height() / extent.height(), _FIT_ZOOM)
        self.zoom = max(zoom, MIN_ZOOM)
        center = QPointF((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        self.origin = QPointF(size.width() / 2, size.height() / 2) - center * self.zoom

    def grid_spacing(self) -> float:
        """Distance of the paper's dots in canvas units: 24, doubled or halved to stay between 17 and 34 pixels."""
        return float(24.0 * 2.0 ** -round(math.log2(self.zoom)))
