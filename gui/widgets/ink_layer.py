"""Paper, dots and settled ink as one picture that is painted again only where drawing or view changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion, QTransform

from engine.sketch.strokes import Points
from gui.widgets.canvas_view import CanvasColors, CanvasView
from gui.widgets.ink import InkPiece, draw_ink, stroke_pieces

_MAX_RECTS = 16  # a clip of more rectangles costs more than what it saves

Widths = Callable[[Points], NDArray[np.float64] | None]


class InkLayer:
    """The cached picture. Strokes are told apart by identity: an array must not be written to once it was shown.

    Works in device pixels throughout; the caller scales the picture down by `pixel_ratio` as it paints it.
    """

    def __init__(self, widths: Widths) -> None:
        """Nothing painted yet; `widths` tells the line width of a stroke drawn with pressure, or None."""
        self._widths = widths
        self._picture = QPixmap()
        self._strokes: tuple[Points, ...] = ()
        self._look: tuple[object, ...] = ()
        self._offset = (0.0, 0.0)
        self._pieces: dict[int, tuple[Points, list[InkPiece]]] = {}
        self._level = 0
        self.paint_count = 0  # times that any part of the picture was painted

    def forget(self) -> None:
        """Have everything painted anew next time, after a change of colours."""
        self._look = ()

    def pieces_of(self, stroke: Points) -> list[InkPiece]:
        """Ink of one stroke, shaped once for each power of two of the zoom."""
        known = self._pieces.get(id(stroke))
        if known is None:
            known = (stroke, stroke_pieces(stroke, 2.0**self._level, self._widths(stroke)))
            self._pieces[id(stroke)] = known
        return known[1]

    def draw_on(
        self,
        painter: QPainter,
        strokes: Sequence[Points],
        view: CanvasView,
        size: QSize,
        pixel_ratio: float,
        colors: CanvasColors,
    ) -> None:
        """Bring the picture up to date and paint it on a widget of `size` logical pixels."""
        self._update(tuple(strokes), view, size * pixel_ratio, pixel_ratio, colors)
        # Set for this call only: painters on the picture itself count device pixels.
        self._picture.setDevicePixelRatio(pixel_ratio)
        painter.drawPixmap(0, 0, self._picture)
        self._picture.setDevicePixelRatio(1.0)

    def _update(
        self, strokes: tuple[Points, ...], view: CanvasView, size: QSize, pixel_ratio: float, colors: CanvasColors
    ) -> None:
        look = (size, pixel_ratio, view.zoom)
        offset = (view.origin.x() * pixel_ratio, view.origin.y() * pixel_ratio)
        dx, dy = offset[0] - self._offset[0], offset[1] - self._offset[1]
        whole_x, whole_y = round(dx), round(dy)
        dirty = QRegion()
        if look != self._look or abs(dx - whole_x) > 1e-3 or abs(dy - whole_y) > 1e-3:
            self._start_over(look, size, view.zoom * pixel_ratio)
            self._offset = offset
            dirty = QRegion(self._picture.rect())
        else:
            if whole_x or whole_y:
                self._picture.scroll(whole_x, whole_y, self._picture.rect(), dirty)
                self._offset = (self._offset[0] + whole_x, self._offset[1] + whole_y)
            dirty = dirty.united(self._left_by_gone(strokes, view, pixel_ratio))
        self._paint(strokes, dirty, view, pixel_ratio, colors)
        self._strokes = strokes
        if len(self._pieces) > len(strokes):
            self._pieces = {id(stroke): self._pieces[id(stroke)] for stroke in strokes if id(stroke) in self._pieces}

    def _start_over(self, look: tuple[object, ...], size: QSize, scale: float) -> None:
        self._look = look
        if self._picture.size() != size:
            self._picture = QPixmap(size)
        level = math.ceil(math.log2(scale))
        if level != self._level:
            self._level = level
            self._pieces.clear()

    def _left_by_gone(self, strokes: tuple[Points, ...], view: CanvasView, pixel_ratio: float) -> QRegion:
        """Where strokes were that are shown no more."""
        now = {id(stroke) for stroke in strokes}
        whole, transform = self._picture.rect(), view.transform(pixel_ratio)
        left = QRegion()
        for stroke in self._strokes:
            if id(stroke) not in now:
                for piece in self.pieces_of(stroke):
                    box = transform.mapRect(piece.box).toAlignedRect().adjusted(-1, -1, 1, 1)
                    left = left.united(box.intersected(whole))
        return left if left.rectCount() <= _MAX_RECTS else QRegion(left.boundingRect())

    def _paint(
        self,
        strokes: Sequence[Points],
        dirty: QRegion,
        view: CanvasView,
        pixel_ratio: float,
        colors: CanvasColors,
    ) -> None:
        before = {id(stroke) for stroke in self._strokes}
        fresh = [stroke for stroke in strokes if id(stroke) not in before]
        if dirty.isEmpty() and not fresh:
            return
        self.paint_count += 1
        painter = QPainter(self._picture)
        transform = view.transform(pixel_ratio)
        # One rectangle at a time: what a pan uncovers is two narrow strips, whose common bounds are everything.
        for part in _rectangles(dirty):
            painter.setClipRect(part)
            painter.fillRect(part, QColor(colors.paper))
            self._paint_dots(painter, part, view, pixel_ratio, colors)
            self._paint_ink(painter, strokes, part, transform, view.pen_width, colors)
        if fresh:
            elsewhere = QRegion(self._picture.rect()).subtracted(dirty)
            painter.setClipRegion(elsewhere)
            self._paint_ink(painter, fresh, elsewhere.boundingRect(), transform, view.pen_width, colors)
        painter.end()

    def _paint_ink(
        self,
        painter: QPainter,
        strokes: Sequence[Points],
        part: QRect,
        transform: QTransform,
        width: float,
        colors: CanvasColors,
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(transform)
        clip = transform.inverted()[0].mapRect(QRectF(part))
        for stroke in strokes:
            draw_ink(painter, self.pieces_of(stroke), QColor(colors.ink), clip, width)
        painter.restore()

    def _paint_dots(
        self, painter: QPainter, bounds: QRect, view: CanvasView, pixel_ratio: float, colors: CanvasColors
    ) -> None:
        spacing = view.grid_spacing() * view.zoom * pixel_ratio
        side = max(1, round(1.5 * pixel_ratio))
        # Counted from the paper's corner, so that a dot falls on the same pixel whenever it is painted again.
        start_x, start_y = self._offset[0] % spacing - spacing, self._offset[1] % spacing - spacing
        columns = (math.floor(start_x + i * spacing + 0.5) for i in range(int(self._picture.width() / spacing) + 3))
        rows = [math.floor(start_y + i * spacing + 0.5) for i in range(int(self._picture.height() / spacing) + 3)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.grid))
        painter.drawRects(
            [
                QRect(x, y, side, side)
                for x in columns
                if bounds.left() - side < x <= bounds.right()
                for y in rows
                if bounds.top() - side < y <= bounds.bottom()
            ]
        )


def _rectangles(region: QRegion) -> list[QRect]:
    # A sequence at run time, of which PySide's type stubs do not tell.
    return list(cast("Iterable[QRect]", region))
