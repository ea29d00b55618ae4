"""What is looked at in the Capsule lab: one small immutable record that every control writes to and listens to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.data.placement import Placement
from engine.sketch.strokes import Drawing

Picture = NDArray[np.float32]
MOST_ITERATIONS = 5


def _nothing() -> Picture:
    return np.zeros((28, 28), np.float32)


@dataclass(frozen=True, eq=False)
class Subject:
    """A picture, how it lies, how often it is routed, and which capsule is bent by how much.

    picture: [h, w] in [0, 1], before it is placed. source: where it comes from, in a few words. label: its true class,
    where that is known. drawing: what it was drawn with, if it was drawn by hand. shown: the class whose capsule is
    looked at; None stands for the longest. iterations: of routing; 0 stands for as many as in training. bends: what is
    added to each number of the capsule; () for nothing. locks: the numbers that keep a value of their own whatever the
    picture is, by index.
    """

    picture: Picture = field(default_factory=_nothing)
    source: str = ""
    label: int | None = None
    drawing: Drawing | None = None
    placement: Placement = field(default_factory=Placement)
    shown: int | None = None
    iterations: int = 0
    bends: tuple[float, ...] = ()
    locks: dict[int, float] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is no ink."""
        return not self.picture.any()


class SubjectModel(QObject):
    """Holds the subject. All methods are for the UI thread."""

    changed = Signal(object, object)  # the new Subject, the one before

    def __init__(self, parent: QObject | None = None) -> None:
        """Nothing is looked at yet."""
        super().__init__(parent)
        self._subject = Subject()

    @property
    def subject(self) -> Subject:
        """What is looked at now."""
        return self._subject

    def update(self, **changes: Any) -> None:
        """Replace some fields; tells of it only when something is different. Arrays are compared by identity."""
        before = self._subject
        if all(_is_same(getattr(before, name), value) for name, value in changes.items()):
            return
        self.replace(replace(before, **changes))

    def replace(self, subject: Subject) -> None:
        """Look at another subject altogether."""
        before, self._subject = self._subject, subject
        self.changed.emit(subject, before)


def _is_same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray) or isinstance(after, np.ndarray):
        return before is after
    return bool(before == after)
