"""Finds out where the numbers of each class's capsule lie in data, a few digits at a time while the hand rests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from gui.capsule_lab.session import CAPSULES, CapsuleSession

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel

Array = NDArray[np.float32]
Labels = NDArray[np.int64]

SLOT = "ranges"
COUNT = 500  # digits
_AT_ONCE = 8  # more would keep the hand waiting
_REST_MS = 250
_OF_DIGITS = ("digits", "two digits")
_CLASSES = 10  # of digits


class DimensionRanges(QObject):
    """Asks for them once per model, when somebody looks. `ranges` is [class, d, 3]: 1st percentile, median, 99th."""

    found = Signal()

    def __init__(self, session: CapsuleSession, parent: QObject | None = None) -> None:
        """Nothing is known, and nothing is asked before `catch_up`."""
        super().__init__(parent)
        self._session = session
        self._digits: tuple[Array, Labels] | None = None
        self._capsules: list[Array] = []
        self._done = False
        self.ranges: Array | None = None
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self._ask)
        session.model_changed.connect(self._on_session_model_changed)

    @property
    def done(self) -> bool:
        """Whether all that can be known is known."""
        return self._done

    @property
    def waits(self) -> bool:
        """Whether the hand has to rest before it is asked."""
        return self._timer.isActive()

    def catch_up(self) -> None:
        """Somebody looks, and the hand has just moved: begin, or go on, when it rests."""
        if not self._done:
            self._timer.start()

    def rest(self) -> None:
        """Nobody looks."""
        self._timer.stop()
        self._session.forget(SLOT)

    def of(self, shown: int) -> Array | None:
        """The ranges [d, 3] of a class, if they are known."""
        if self.ranges is None or shown >= len(self.ranges) or np.isnan(self.ranges[shown]).any():
            return None
        found: Array = self.ranges[shown]
        return found

    def _ask(self) -> None:
        if self._digits is None:
            self._session.ask(SLOT, _digits, self._on_digits)
            return
        pictures, labels = self._digits
        start = sum(map(len, self._capsules))
        part = slice(start, start + _AT_ONCE)
        self._session.ask(SLOT, partial(_own, pictures[part], labels[part]), self._on_capsules)

    def _on_digits(self, digits: tuple[Array, Labels] | None) -> None:
        self._digits = digits
        if digits is None:
            self._done = True
        elif not self._timer.isActive():
            self._ask()

    def _on_capsules(self, capsules: Array) -> None:
        self._capsules.append(capsules)
        assert self._digits is not None
        labels = self._digits[1]
        if sum(map(len, self._capsules)) < len(labels):
            if not self._timer.isActive():
                self._ask()
            return
        self._session.ask(SLOT, partial(_ranges, np.concatenate(self._capsules), labels), self._on_ranges)

    def _on_ranges(self, ranges: Array) -> None:
        self._done = True
        self._timer.stop()
        self._digits, self._capsules = None, []
        self.ranges = ranges
        self.found.emit()

    def _on_session_model_changed(self, role: str) -> None:
        if role == CAPSULES:
            self.rest()
            self._digits, self._capsules, self._done, self.ranges = None, [], False, None


def _digits(model: CapsuleModel) -> tuple[Array, Labels] | None:
    """None when the model tells other things apart than whole digits."""
    from engine.capsules.ranges import held_out_digits
    from engine.data.digits import SIDE

    if model.data not in _OF_DIGITS or model.class_count != _CLASSES or model.side < SIDE:
        return None
    return held_out_digits(model.side, COUNT)


def _own(pictures: Array, labels: Labels, model: CapsuleModel) -> Array:
    from engine.capsules.ranges import own_capsules

    return own_capsules(model, pictures, labels)


def _ranges(capsules: Array, labels: Labels, model: CapsuleModel) -> Array:
    from engine.capsules.ranges import dimension_ranges

    return dimension_ranges(capsules, labels, model.class_count)
