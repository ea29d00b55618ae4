"""The painted part of the time line: a rail over the training steps, with pictures, checkpoints, edits and now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip

from gui.palette import LIGHT, Theme, mix, outline
from gui.widgets.kept_steps import nearest, newest

SIDE = 12  # pixels left free at both ends
RAIL, CHECKPOINTS, HEIGHT = 22, 38, 62  # heights, from the top
HIT = 7
LEAST_GAP = 3  # pixels between two marks of pictures
HINT = "Drag, or press ← → for one picture, Page Up and Page Down for ten, Home and End."


class TimeTrack(QAbstractSlider):
    """A slider whose places are training steps; `value()` counts the pictures, which is what a screen reader hears.

    It tells what the person wants and changes nothing by itself.
    """

    wanted = Signal(int)  # a step that has a picture
    newest_wanted = Signal()
    menu_wanted = Signal(int, QPoint)  # a checkpoint's step, a place on the screen

    def __init__(self) -> None:
        """Without pictures."""
        super().__init__()
        self._steps: list[int] = []
        self._step: int | None = None
        self._checkpoints: list[int] = []
        self._edits: list[tuple[int, str]] = []
        self._now: int | None = None
        self._theme: Theme = LIGHT
        self._dragging = False
        self.setAccessibleName("Time line of the pictures")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setMinimumWidth(120)
        self.setFixedHeight(HEIGHT)

    def sizeHint(self) -> QSize:
        """As wide as there is room for."""
        return QSize(600, HEIGHT)

    # ---- what is shown

    def set_steps(self, steps: Sequence[int], step: int | None) -> None:
        """The steps with a picture, ascending, and the one where the handle stands."""
        self._steps, self._step = list(steps), step
        self.blockSignals(True)
        self.setRange(0, max(len(self._steps) - 1, 0))
        self.setValue(0 if step is None else max(bisect_right(self._steps, step) - 1, 0))
        self.blockSignals(False)
        at = "no picture yet" if step is None else f"step {step:,}, picture {self.value() + 1} of {len(self._steps)}"
        self.setAccessibleDescription(f"{at}. {HINT}")
        self.update()

    def set_marks(self, checkpoints: Sequence[int], edits: Sequence[tuple[int, str]], now: int | None) -> None:
        """Where the run can go back to, where it was edited (step, what), and where it is; None: it has ended."""
        self._checkpoints, self._edits, self._now = sorted(checkpoints), sorted(edits), now
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self.update()

    def text_at(self, point: QPoint) -> str:
        """What the tooltip says at a place."""
        edits = [f"Step {step:,}: {text}" for step, text in self._edits if abs(self.x_of(step) - point.x()) <= HIT]
        if edits and point.y() < RAIL - 4:
            return "\n".join(edits)
        checkpoint = self._checkpoint_at(point)
        if checkpoint is not None:
            return f"Checkpoint of step {checkpoint:,}: press to rewind this run to it, or to fork another run from it."
        step = nearest(self._steps, self._step_of(point.x()))
        return HINT if step is None else f"Picture of step {step:,}. {HINT}"

    def x_of(self, step: float) -> float:
        """Where a step lies, in pixels."""
        low, high = self._ends()
        return SIDE + (step - low) / (high - low) * max(self.width() - 2 * SIDE, 1)

    # ---- what the person does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the handle to the mouse, or open a checkpoint's menu."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        checkpoint = self._checkpoint_at(event.position().toPoint())
        if checkpoint is not None:
            self.menu_wanted.emit(checkpoint, event.globalPosition().toPoint())
            return
        self._dragging = True
        self._want_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if self._dragging:
            self._want_at(event.position().x())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._dragging = False

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One picture for each notch."""
        notches = event.angleDelta().y() or event.angleDelta().x()
        if notches:
            self._want_index(self.value() + (1 if notches < 0 else -1))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """One picture, ten pictures, the first, the newest."""
        moves = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
        }
        key = Qt.Key(event.key())
        if key in moves:
            self._want_index(self.value() + moves[key])
        elif key == Qt.Key.Key_Home:
            self._want_index(0)
        elif key == Qt.Key.Key_End:
            self.newest_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of the checkpoint under the mouse, or else of the newest one before the place meant."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        step = (self._step or 0) if by_key else round(self._step_of(event.pos().x()))
        checkpoint = None if by_key else self._checkpoint_at(event.pos())
        checkpoint = checkpoint if checkpoint is not None else newest(self._checkpoints, step)
        if checkpoint is not None:
            self.menu_wanted.emit(checkpoint, event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Tell what is under the mouse."""
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text_at(event.pos()), self)
            return True
        return super().event(event)

    def _want_at(self, x: float) -> None:
        if self._now is not None and self._steps and x >= self.x_of(max(self._now, self._steps[-1])):
            self.newest_wanted.emit()
            return
        step = nearest(self._steps, self._step_of(x))
        if step is not None:
            self.wanted.emit(step)

    def _want_index(self, index: int) -> None:
        if not self._steps:
            return
        if index >= len(self._steps):
            self.newest_wanted.emit()
        else:
            self.wanted.emit(self._steps[max(index, 0)])

    # ---- places

    def _ends(self) -> tuple[int, int]:
        last = [self._steps[-1:], self._checkpoints[-1:], [step for step, _ in self._edits[-1:]]]
        high = max([*(each[0] for each in last if each), self._now or 0])
        return 0, max(high, 1)

    def _step_of(self, x: float) -> float:
        low, high = self._ends()
        return low + (x - SIDE) / max(self.width() - 2 * SIDE, 1) * (high - low)

    def _checkpoint_at(self, point: QPoint) -> int | None:
        if point.y() < CHECKPOINTS - HIT or point.y() > CHECKPOINTS + HIT:
            return None
        found = nearest(self._checkpoints, self._step_of(point.x()))
        return found if found is not None and abs(self.x_of(found) - point.x()) <= HIT else None

    # ---- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Rail, pictures, marks, handle."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_rail(painter)
        painter.setPen(QPen(QColor(theme.card), 1))
        painter.setBrush(QColor(theme.text))
        for step, _text in self._edits:
            x = self.x_of(step)
            painter.drawPolygon(QPolygonF([QPointF(x - 5, 4), QPointF(x + 5, 4), QPointF(x, 13)]))
        painter.setBrush(QColor(theme.accent))
        for x in self._spread(self._checkpoints, 4):
            y = float(CHECKPOINTS)
            painter.drawPolygon(QPolygonF([
                QPointF(x - 5.5, y), QPointF(x, y - 5.5), QPointF(x + 5.5, y), QPointF(x, y + 5.5)]))
        self._paint_ends(painter)
        if self._step is not None:
            self._paint_handle(painter, self.x_of(self._step))
        painter.end()

    def _paint_rail(self, painter: QPainter) -> None:
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(theme.border, theme.text, 0.25)))
        painter.drawRoundedRect(QRectF(SIDE, RAIL - 2, self.width() - 2 * SIDE, 4), 2, 2)
        if self._step is not None:
            painter.setBrush(QColor(theme.accent))
            painter.drawRoundedRect(QRectF(SIDE, RAIL - 2, self.x_of(self._step) - SIDE, 4), 2, 2)
        painter.setPen(QPen(QColor(outline(theme)), 1))
        for x in self._spread(self._steps, LEAST_GAP):
            painter.drawLine(QPointF(round(x) + 0.5, RAIL + 4), QPointF(round(x) + 0.5, RAIL + 8))
        if self._now is not None:
            x = self.x_of(self._now)
            painter.setPen(QPen(QColor(theme.good), 2))
            painter.drawLine(QPointF(x, RAIL - 9), QPointF(x, RAIL + 9))

    def _paint_ends(self, painter: QPainter) -> None:
        font = self.font()
        font.setPointSizeF(max(font.pointSizeF() - 1, 6.5))
        painter.setFont(font)
        painter.setPen(QColor(self._theme.muted))
        metrics = painter.fontMetrics()
        base = HEIGHT - 4
        low, high = self._ends()
        painter.drawText(SIDE - 4, base, f"{low:,}")
        end = f"{high:,}" if self._now is None else f"now {self._now:,}"
        if self._steps or self._now is not None:
            painter.drawText(self.width() - SIDE + 4 - metrics.horizontalAdvance(end), base, end)
        else:
            painter.drawText(QRectF(SIDE + 20, CHECKPOINTS - 6, self.width() - 2 * SIDE - 20, HEIGHT - CHECKPOINTS + 4),
                             Qt.AlignmentFlag.AlignCenter, "The pictures that the run keeps appear here.")

    def _paint_handle(self, painter: QPainter, x: float) -> None:
        theme = self._theme
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.text), 2))
            painter.setBrush(QColor(theme.accent))
        else:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(QColor(theme.card))
        painter.drawEllipse(QPointF(x, RAIL), 8, 8)

    def _spread(self, steps: Sequence[int], gap: float) -> list[float]:
        """The places of these steps, without those closer than `gap` to the one before."""
        places: list[float] = []
        for step in steps:
            x = self.x_of(step)
            if not places or x - places[-1] >= gap:
                places.append(x)
        return places
