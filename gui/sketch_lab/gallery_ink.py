"""The ink of the gallery, kept as a picture: with every frame only the points that are new are drawn into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from engine.sketch.strokes import Points
from gui.palette import Theme
from gui.sketch_lab.growth import Growth

RADIUS = 10.0
_MARGIN = 0.12  # of a cell's shorter side, around the drawing
_SMALLEST_BOX = 60.0  # canvas units; a dot is not blown up to the whole cell
_PEN_WIDTH = 2.0

Box = tuple[float, float, float, float]


class Cells(Protocol):
    """What is asked of a gallery."""

    @property
    def growth(self) -> Growth | None:
        """The endings to show; None for empty cells."""

    @property
    def theme(self) -> Theme:
        """The colours."""

    @property
    def cells(self) -> list[QRectF]:
        """The box of each cell in logical pixels."""

    def size(self) -> QSize:
        """The widget's size in logical pixels."""

    def devicePixelRatioF(self) -> float:
        """Pixels of the screen to a logical one."""


class GalleryInk:
    """Cells, beginnings and endings, without labels and marks."""

    def __init__(self) -> None:
        """Nothing is painted yet."""
        self._picture = QPixmap()
        self._key: tuple[object, ...] = ()
        self._growth: Growth | None = None
        self._painted: list[tuple[Box, int, int]] = []  # of each place: box and number of the ending, points drawn

    def draw_on(self, painter: QPainter, gallery: Cells) -> None:
        """Bring the picture up to date and draw it at the widget's origin."""
        growth = gallery.growth
        key = (gallery.size().toTuple(), gallery.devicePixelRatioF(), gallery.theme, len(gallery.cells))
        if key != self._key or growth is not self._growth:
            self._key, self._growth = key, growth
            self._start(gallery)
        if growth is not None:
            self._add_new(gallery, growth)
        painter.drawPixmap(0, 0, self._picture)

    def _start(self, gallery: Cells) -> None:
        ratio = gallery.devicePixelRatioF()
        self._picture = QPixmap((gallery.size() * ratio).expandedTo(QSize(1, 1)))
        self._picture.setDevicePixelRatio(ratio)
        self._picture.fill(Qt.GlobalColor.transparent)
        self._painted = []
        if gallery.growth is None:
            painter = _painter(self._picture)
            for cell in gallery.cells:
                _paint_cell(painter, cell, gallery.theme)
            painter.end()

    def _add_new(self, gallery: Cells, growth: Growth) -> None:
        painter = _painter(self._picture)
        painted = []
        shown = int(growth.shown)
        for place, cell in enumerate(gallery.cells):
            box, index = growth.box(place), growth.index_at(place)
            known = self._painted[place] if place < len(self._painted) else None
            first = known[2] if known is not None and known[:2] == (box, index) else -1
            painter.setClipRect(cell.adjusted(2, 2, -2, -2) if first >= 0 else cell)
            zoom, origin = _placed(box, cell)
            if first < 0:
                _paint_cell(painter, cell, gallery.theme)
                _paint_strokes(painter, growth.beginning.strokes, zoom, origin, gallery.theme.muted)
            if shown > max(first, 0):
                added = growth.ink_between(place, max(first, 0), shown)
                _paint_strokes(painter, added, zoom, origin, gallery.theme.accent)
            painted.append((box, index, shown))
        self._painted = painted
        painter.end()


def stroke_path(stroke: Points, zoom: float, origin: QPointF) -> QPainterPath:
    """A stroke [n, 2] as a path of straight lines at stroke * zoom + origin; a single point becomes a dot."""
    xs = (stroke[:, 0] * zoom + origin.x()).tolist()
    ys = (stroke[:, 1] * zoom + origin.y()).tolist()
    path = QPainterPath(QPointF(xs[0], ys[0]))
    if len(xs) == 1:
        path.lineTo(xs[0] + 0.01, ys[0])
    for x, y in zip(xs[1:], ys[1:], strict=True):
        path.lineTo(x, y)
    return path


def _painter(picture: QPixmap) -> QPainter:
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return painter


def _placed(box: Box, cell: QRectF) -> tuple[float, QPointF]:
    """Zoom and origin that put a drawing in the middle of its cell."""
    left, top, right, bottom = box
    side = max(right - left, bottom - top, _SMALLEST_BOX)
    zoom = min(cell.width(), cell.height()) * (1 - 2 * _MARGIN) / side
    return zoom, cell.center() - QPointF((left + right) / 2 * zoom, (top + bottom) / 2 * zoom)


def _paint_cell(painter: QPainter, cell: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(QColor(theme.border), 1.0))
    painter.setBrush(QColor(theme.paper))
    painter.drawRoundedRect(cell.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


def _paint_strokes(
    painter: QPainter, strokes: Sequence[Points], zoom: float, origin: QPointF, color: str
) -> None:
    round_pen = (Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(QPen(QColor(color), _PEN_WIDTH, *round_pen))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for stroke in strokes:
        painter.drawPath(stroke_path(stroke, zoom, origin))
