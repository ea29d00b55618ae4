"""The person's drawing: strokes in canvas units with undo and redo.

Every state is an immutable `Drawing`, and steps share the arrays of strokes they did not touch: history costs a tuple
of references, and whoever paints or encodes the drawing can tell by identity what changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.errors import BadDrawingError
from engine.sketch.strokes import MAX_POINTS, Drawing, Points, make_drawing
from gui.widgets.stroke_geometry import erased

HISTORY = 500  # steps that can be undone

StrokeLike = Sequence[Sequence[float]] | NDArray[np.floating]


class StrokeDocument(QObject):
    """A drawing that is edited by whole strokes; every edit that changes something is one step to undo.

    A refused edit raises `BadDrawingError` and leaves drawing, history and `revision` as they were.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """An empty drawing without history."""
        super().__init__(parent)
        self._drawing = Drawing()
        self._past: deque[tuple[str, Drawing]] = deque(maxlen=HISTORY)
        self._future: list[tuple[str, Drawing]] = []
        self._revision = 0

    def drawing(self) -> Drawing:
        """The drawing as it is now; its arrays cannot be written to."""
        return self._drawing

    @property
    def strokes(self) -> tuple[Points, ...]:
        """The strokes as they are now, float32 [n, 2] each, in canvas units."""
        return self._drawing.strokes

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return not self._drawing.strokes

    @property
    def revision(self) -> int:
        """Grows by one with every change, undo and redo among them."""
        return self._revision

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step to bring back."""
        return bool(self._future)

    @property
    def undo_text(self) -> str:
        """What `undo` would take back, such as "stroke"; empty when there is nothing."""
        return self._past[-1][0] if self._past else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would bring back; empty when there is nothing."""
        return self._future[-1][0] if self._future else ""

    def add_stroke(self, points: StrokeLike) -> None:
        """Add one stroke [n, 2] of finite coordinates; an empty one is ignored."""
        self.add_strokes([points], "stroke")

    def add_strokes(self, strokes: Iterable[StrokeLike], text: str, joins: bool = False) -> None:
        """Add several strokes as one step named `text`; with `joins` the first continues the last stroke there is."""
        added = self._checked(strokes, self._drawing.point_count)
        before = self._drawing.strokes
        if added and joins and before:
            last, first = before[-1], added[0]
            # An ending starts at the pen's position, which is the last point of what was drawn.
            first = first[1:] if np.array_equal(last[-1], first[0]) else first
            joined = np.concatenate([last, first])
            joined.setflags(write=False)
            before, added = before[:-1], (joined, *added[1:])
        if added:
            self._do(text, Drawing(before + added, self._drawing.word))

    def remove_strokes(self, indices: Iterable[int]) -> None:
        """Take away the strokes at these positions as one step; positions that do not exist are ignored."""
        gone = set(indices)
        self._do_strokes("delete", tuple(stroke for i, stroke in enumerate(self.strokes) if i not in gone))

    def erase(self, path: StrokeLike, radius: float) -> None:
        """Rub out what lies within `radius` (canvas units) of `path` [m, 2] as one step; crossed strokes are split."""
        checked = make_drawing([path]).strokes
        if checked and not self.is_empty:
            left = erased(self.strokes, checked[0], radius)
            for stroke in left:
                stroke.setflags(write=False)
            self._do_strokes("erase", left)

    def clear(self) -> None:
        """Take all strokes away as one step."""
        self._do_strokes("clear", ())

    def replace(self, drawing: Drawing, text: str) -> None:
        """Put another drawing in place of this one as one step named `text`, for what was opened from a file."""
        strokes = self._checked(drawing.strokes, 0)
        if strokes or not self.is_empty:
            self._do(text, Drawing(strokes, drawing.word))

    def undo(self) -> None:
        """Take back the last step, if there is one."""
        if self._past:
            text, drawing = self._past.pop()
            self._future.append((text, self._drawing))
            self._show(drawing)

    def redo(self) -> None:
        """Bring back the step undone last, if there is one."""
        if self._future:
            text, drawing = self._future.pop()
            self._past.append((text, self._drawing))
            self._show(drawing)

    def _checked(self, strokes: Iterable[StrokeLike], present: int) -> tuple[Points, ...]:
        drawing = make_drawing(strokes)
        if present + drawing.point_count > MAX_POINTS:
            raise BadDrawingError(
                f"The drawing would have more than {MAX_POINTS:,} points; undo something or start a new drawing."
            )
        for stroke in drawing.strokes:
            stroke.setflags(write=False)
        return drawing.strokes

    def _do_strokes(self, text: str, strokes: tuple[Points, ...]) -> None:
        before = self.strokes
        if len(strokes) != len(before) or any(a is not b for a, b in zip(strokes, before, strict=True)):
            self._do(text, Drawing(strokes, self._drawing.word))

    def _do(self, text: str, drawing: Drawing) -> None:
        self._past.append((text, self._drawing))
        self._future.clear()
        self._show(drawing)

    def _show(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._revision += 1
        self.changed.emit()
