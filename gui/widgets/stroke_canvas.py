"""The canvas a person draws on with mouse or pen: paper, and the tools that work on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QKeyCombination, QMimeData, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QInputDevice,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtWidgets import QWidget

from engine.sketch.strokes import Points
from gui.widgets.canvas_tools import CanvasTool, EraserTool, HandTool, PenTool, SelectTool, Tool
from gui.widgets.ink import mixed
from gui.widgets.paper import Paper, ThemeSource
from gui.widgets.stroke_document import StrokeDocument

_ZOOM_STEP = 1.25  # of a key
_TOOL_KEYS = {
    Qt.Key.Key_B: Tool.PEN,
    Qt.Key.Key_E: Tool.ERASER,
    Qt.Key.Key_V: Tool.SELECT,
    Qt.Key.Key_H: Tool.HAND,
}
_REDO = QKeyCombination(
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, Qt.Key.Key_Z
)  # on every system
_TAB_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class StrokeCanvas(Paper):
    """Lets a person draw into a `StrokeDocument`, erase, select, zoom and pan."""

    stroke_started = Signal()
    stroke_moved = Signal()
    stroke_finished = Signal()  # the stroke is in the document
    stroke_cancelled = Signal()  # it is not, and never will be
    refused = Signal(str)  # a sentence: why a stroke was not taken
    tool_changed = Signal(object)  # Tool
    selection_changed = Signal()
    files_dropped = Signal(list)  # list[Path]

    def __init__(
        self, document: StrokeDocument, theme_manager: ThemeSource | None = None, parent: QWidget | None = None
    ) -> None:
        """A canvas on `document`; colours follow `theme_manager`, or are those of light paper."""
        super().__init__(document, theme_manager, parent)
        self.pointer: QPointF | None = None
        self.accepted_suffixes: frozenset[str] = frozenset()  # of files that may be dropped, in lower case
        self._selected: list[Points] = []
        self._pen, self._eraser, self._hand = PenTool(self), EraserTool(self), HandTool(self)
        self._tools: dict[Tool, CanvasTool] = {
            Tool.PEN: self._pen,
            Tool.ERASER: self._eraser,
            Tool.SELECT: SelectTool(self),
            Tool.HAND: self._hand,
        }
        self._tool = Tool.PEN
        self._active: CanvasTool | None = None
        self._is_pen_down = False
        self._is_space_held = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAcceptDrops(True)
        self.setAccessibleName("Drawing canvas")
        self.setAccessibleDescription("Draw with the mouse or a pen. B: pen, E: eraser, V: select, H: hand.")
        self._show_cursor()
        document.changed.connect(self._on_document_changed)

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        """Take another tool; what the last one was doing is dropped, and so is its selection."""
        if tool is not self._tool:
            self.cancel()
            self.select(())
            self._tool = tool
            self._show_cursor()
            self.update()
            self.tool_changed.emit(tool)

    def cancel(self) -> None:
        """Drop what the tool is doing; the document stays as it was."""
        if self._active is not None:
            active, self._active = self._active, None
            active.cancel()
            self._show_cursor()

    def live_stroke(self) -> Points | None:
        """The points under the pen so far, float32 [n, 2] in canvas units; None while the pen is up."""
        return self._pen.points()

    def selection(self) -> list[int]:
        """Positions of the selected strokes in the document."""
        chosen = {id(stroke) for stroke in self._selected}
        return [i for i, stroke in enumerate(self.document.strokes) if id(stroke) in chosen]

    def select(self, indices: Iterable[int]) -> None:
        """Select these strokes and no others."""
        wanted = set(indices)
        chosen = [stroke for i, stroke in enumerate(self.document.strokes) if i in wanted]
        if [id(stroke) for stroke in chosen] != [id(stroke) for stroke in self._selected]:
            self._selected = chosen
            self.update()
            self.selection_changed.emit()

    # Painting

    def _shown_strokes(self) -> tuple[Points, ...]:
        left = self._eraser.left()
        return self.document.strokes if left is None else left

    def _is_untouched(self) -> bool:
        return self.document.is_empty and self._pen.points() is None

    def _paint_above(self, painter: QPainter) -> None:
        if self._selected:
            accent, paper = QColor(self.colors.accent), QColor(self.colors.paper)
            halo = mixed(accent, paper, 0.3)
            self._paint_strokes(painter, self._selected, halo, 7.0)
            self._paint_strokes(painter, self._selected, accent, 0.0)
        painter.save()
        (self._active or self._tools[self._tool]).paint(painter)
        painter.restore()

    def _show_cursor(self) -> None:
        if self._active is not None:
            self.setCursor(self._active.pressed_cursor)
        else:
            self.setCursor((self._hand if self._is_space_held else self._tools[self._tool]).cursor)

    # Mouse and pen

    def _begin(self, tool: CanvasTool, position: QPointF, pressure: float | None, adds: bool) -> None:
        self._active = tool
        self._show_cursor()
        tool.press(position, pressure, adds)
        self.update()

    def _point(self, position: QPointF, pressure: float | None) -> None:
        self.pointer = position
        if self._active is not None:
            self._active.move(position, pressure)
        elif self._tool is Tool.ERASER:
            self.update()  # its ring follows the pointer

    def _end(self, position: QPointF) -> None:
        if self._active is not None:
            active, self._active = self._active, None
            active.release(position)
            self._show_cursor()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left: the tool, or the hand while Space is held. Middle: the hand."""
        if self._is_from_pen(event) or self._active is not None:
            return
        if event.button() == Qt.MouseButton.MiddleButton:
            self._begin(self._hand, event.position(), None, False)
        elif event.button() == Qt.MouseButton.LeftButton:
            tool = self._hand if self._is_space_held else self._tools[self._tool]
            adds = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._begin(tool, event.position(), None, adds)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what was begun."""
        if not self._is_from_pen(event):
            self._point(event.position(), None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish what was begun."""
        if not self._is_from_pen(event) and not event.buttons() & (
            Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton
        ):
            self._end(event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:
        """As the mouse, with pressure; the pen's other end erases whatever the tool."""
        kind = event.type()
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton and self._active is None:
            self._is_pen_down = True
            is_eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
            tool = self._eraser if is_eraser else self._hand if self._is_space_held else self._tools[self._tool]
            adds = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._begin(tool, event.position(), event.pressure(), adds)
        elif kind == QEvent.Type.TabletMove:
            self._point(event.position(), event.pressure())
        elif kind == QEvent.Type.TabletRelease and self._is_pen_down:
            self._is_pen_down = False
            self._end(event.position())
        event.accept()

    def _is_from_pen(self, event: QMouseEvent) -> bool:
        """Whether a mouse event repeats what a pen event said, or is a palm on the screen while the pen is down."""
        return self._is_pen_down or event.device().type() == QInputDevice.DeviceType.Stylus

    def leaveEvent(self, event: QEvent) -> None:
        """The eraser's ring goes with the pointer."""
        self.pointer = None
        self.update()
        super().leaveEvent(event)

    # Keyboard and focus

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Undo and redo, delete, cancel, tools and zoom; every other key goes on to the window."""
        action = self._action_of(event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    def _action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        is_busy = self._active is not None
        if event.matches(QKeySequence.StandardKey.Undo):
            # Undo in the middle of a stroke means that stroke.
            return self.cancel if is_busy else self.document.undo
        if event.matches(QKeySequence.StandardKey.Redo) or event.keyCombination() == _REDO:
            return self.document.redo
        if event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier):
            return None
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            return self.cancel if is_busy else partial(self.select, ()) if self._selected else None
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            return partial(self.document.remove_strokes, self.selection()) if self._selected else None
        if key == Qt.Key.Key_Space:
            return self._hold_space
        if key in _TOOL_KEYS:
            return partial(self.set_tool, _TOOL_KEYS[key])
        if key == Qt.Key.Key_0:
            return self.reset_view
        factor = {Qt.Key.Key_Plus: _ZOOM_STEP, Qt.Key.Key_Equal: _ZOOM_STEP, Qt.Key.Key_Minus: 1 / _ZOOM_STEP}.get(key)
        return None if factor is None else partial(self.zoom_about, QRectF(self.rect()).center(), factor)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space let go: the tool is back."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = False
            self._show_cursor()
        else:
            super().keyReleaseEvent(event)

    def _hold_space(self) -> None:
        self._is_space_held = True
        self._show_cursor()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A frame shows the focus to those who came by keyboard."""
        self._shows_focus = event.reason() in _TAB_REASONS
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key let go elsewhere is not heard here."""
        self._is_space_held = self._shows_focus = False
        self._show_cursor()
        super().focusOutEvent(event)

    # Files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files of the accepted kinds."""
        if self._files_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell of the files that were dropped."""
        event.acceptProposedAction()
        self.files_dropped.emit(self._files_in(event.mimeData()))

    def _files_in(self, data: QMimeData) -> list[Path]:
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        return [file for file in files if file.suffix.lower() in self.accepted_suffixes]

    def _on_document_changed(self) -> None:
        if self._active is self._eraser:
            self.cancel()
        self.select(self.selection())
