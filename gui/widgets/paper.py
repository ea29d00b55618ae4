"""Paper with a drawing on it, shown at any zoom.

The settled drawing is one cached picture (`InkLayer`); what changes often is painted on top, and only where it changed.
Coordinates of strokes are canvas units: logical pixels at zoom 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal, SignalInstance
from PySide6.QtGui import QColor, QNativeGestureEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from engine.sketch.strokes import Points
from gui.widgets.canvas_overlays import OverlayInk, paint_hint
from gui.widgets.canvas_view import CanvasColors, CanvasView, DefaultColors
from gui.widgets.ink import draw_ink
from gui.widgets.ink_layer import InkLayer
from gui.widgets.stroke_document import StrokeDocument

_WHEEL_STEP = 1.0016  # zoom for a unit of the wheel, of which a notch has 120
_MOST_WIDTHS = 2_000  # strokes whose pressure is remembered, those that can be undone among them


class ThemeSource(Protocol):
    """Whoever knows the theme: `theme` is the one in force and `changed` tells of another."""

    changed: SignalInstance

    @property
    def theme(self) -> CanvasColors:
        """The theme in force."""


class Paper(QWidget):
    """Shows a `StrokeDocument` with ghosts above it; what is above those is up to a subclass."""

    view_changed = Signal()

    def __init__(
        self, document: StrokeDocument, theme_manager: ThemeSource | None = None, parent: QWidget | None = None
    ) -> None:
        """A view of `document`; colours follow `theme_manager`, or are those of light paper."""
        super().__init__(parent)
        self.document = document
        self.view = CanvasView()
        self.colors: CanvasColors = DefaultColors()
        self._widths: dict[int, tuple[Points, NDArray[np.float64]]] = {}
        self._layer = InkLayer(self._widths_of)
        self._ghost, self._demo = OverlayInk(), OverlayInk()
        self._hint = ""
        self._shows_focus = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        document.changed.connect(self.update)
        if theme_manager is not None:
            self._themes = theme_manager
            theme_manager.changed.connect(self._on_theme_changed)
            self.set_theme(theme_manager.theme)

    def set_theme(self, theme: CanvasColors) -> None:
        """Take the colours of a theme."""
        self.colors = theme
        self._layer.forget()
        self.update()

    def set_hint(self, text: str) -> None:
        """What to write on empty paper."""
        self._hint = text
        self.update()

    def set_ghost(self, strokes: Sequence[Points] | None, color_role: str = "ghost", progress: float = 1.0) -> None:
        """Show strokes (canvas units) over the drawing, or none; `progress` from 0 to 1 lets them grow.

        Cheap enough for every frame. Raises `BadDrawingError` for what is not a drawing.
        """
        was_empty = self._ghost.is_empty
        self.update_part(self._ghost.show(strokes, color_role, progress, self.pixels_per_unit))
        if was_empty != self._ghost.is_empty and self.document.is_empty:
            self.update()  # the hint comes or goes

    def set_demo(self, strokes: Sequence[Points] | None, progress: float = 1.0) -> None:
        """Show strokes (canvas units) on empty paper that are not in the document, or none."""
        was_empty = self._demo.is_empty
        self.update_part(self._demo.show(strokes, "muted", progress, self.pixels_per_unit))
        if was_empty != self._demo.is_empty:
            self.update()

    @property
    def pixels_per_unit(self) -> float:
        """Pixels of the screen to a canvas unit."""
        return self.view.zoom * self.devicePixelRatioF()

    def update_part(self, box: QRectF) -> None:
        """Have a part of the paper (canvas units) painted again."""
        if not box.isNull():
            self.update(self.view.box_to_widget(box).toAlignedRect().adjusted(-2, -2, 2, 2))

    def remember_widths(self, widths: NDArray[np.float64] | None) -> None:
        """Show the document's last stroke with these widths [n]; the document itself knows no pressure."""
        if widths is not None:
            stroke = self.document.strokes[-1]
            self._widths[id(stroke)] = (stroke, widths)
            if len(self._widths) > _MOST_WIDTHS:
                del self._widths[next(iter(self._widths))]
            self.update()

    def zoom_about(self, position: QPointF, factor: float) -> None:
        """Zoom by `factor`; what lies under `position` of the widget stays there."""
        self.view.zoom_about(position, factor)
        self._on_view_changed()

    def pan(self, dx: float, dy: float) -> None:
        """Move the paper by logical pixels."""
        self.view.pan(dx, dy)
        self._on_view_changed()

    def fit(self) -> None:
        """Show the whole drawing, or the demonstration on empty paper."""
        if not self.document.is_empty:
            self.view.fit(self.document.drawing().box(), QSizeF(self.size()))
        elif not self._demo.is_empty:
            demo = self._demo.box
            self.view.fit((demo.left(), demo.top(), demo.right(), demo.bottom()), QSizeF(self.size()))
        else:
            self.view = CanvasView()
        self._on_view_changed()

    def reset_view(self) -> None:
        """Zoom 1, with (0, 0) in the top left corner."""
        self.view = CanvasView()
        self._on_view_changed()

    def sizeHint(self) -> QSize:
        """Room for a drawing."""
        return QSize(720, 560)

    def minimumSizeHint(self) -> QSize:
        """Enough to see what is drawn."""
        return QSize(160, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Settled ink from its picture, then all that lies above it."""
        strokes = self._shown_strokes()
        painter = QPainter(self)
        self._layer.draw_on(painter, strokes, self.view, self.size(), self.devicePixelRatioF(), self.colors)
        painter.setClipRect(event.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_untouched():
            self._paint_ink(painter, self._demo)
            if self._ghost.is_empty:
                is_low = not self._demo.is_empty
                paint_hint(painter, self._hint, QRectF(self.rect()), QColor(self.colors.muted), is_low)
        self._paint_ink(painter, self._ghost)
        self._paint_above(painter)
        if self._shows_focus:
            painter.setPen(QPen(QColor(self.colors.accent), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        turned = event.angleDelta().y()
        if turned:
            self.zoom_about(event.position(), _WHEEL_STEP**turned)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom by pinching a touchpad; all else as usual."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_about(event.position(), 1.0 + event.value())
            return True
        return super().event(event)

    def _shown_strokes(self) -> Sequence[Points]:
        return self.document.strokes

    def _is_untouched(self) -> bool:
        return self.document.is_empty

    def _paint_above(self, painter: QPainter) -> None:
        """What a subclass shows above everything else, in logical pixels."""

    def _paint_ink(self, painter: QPainter, overlay: OverlayInk) -> None:
        if not overlay.is_empty:
            clip = self._enter_view(painter)
            overlay.paint(painter, QColor(getattr(self.colors, overlay.role)), clip, self.view.pen_width)
            painter.restore()

    def _paint_strokes(self, painter: QPainter, strokes: Sequence[Points], color: QColor, extra: float) -> None:
        """Paint strokes of the document in another colour, with a pen wider by `extra` logical pixels."""
        clip = self._enter_view(painter)
        width = self.view.pen_width + extra / self.view.zoom
        for stroke in strokes:
            draw_ink(painter, self._layer.pieces_of(stroke), color, clip, width)
        painter.restore()

    def _enter_view(self, painter: QPainter) -> QRectF:
        """Save the painter and let it count canvas units; returns the part of the paper that is being painted."""
        clip = self.view.box_to_canvas(painter.clipBoundingRect())
        painter.save()
        painter.setTransform(self.view.transform(), True)
        return clip

    def _widths_of(self, stroke: Points) -> NDArray[np.float64] | None:
        known = self._widths.get(id(stroke))
        return None if known is None else known[1]

    def _on_view_changed(self) -> None:
        self.update()
        self.view_changed.emit()

    def _on_theme_changed(self) -> None:
        self.set_theme(self._themes.theme)
