"""Keeps many pictures up to date with the capsules that they are drawn from, a few at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from gui.capsule_lab.session import CapsuleSession

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

SLOT = "sweep"
_AT_ONCE = 44  # pictures; all 176 of the figure at once would keep the slider's own picture waiting


@dataclass(frozen=True, eq=False)
class Wanted:
    """Pictures to draw: capsules [n, d], each that of one of `classes` [n]."""

    capsules: Array
    classes: tuple[int, ...]

    def is_same(self, other: Wanted | None) -> bool:
        """Whether the pictures are the same."""
        return other is not None and self.classes == other.classes and np.array_equal(self.capsules, other.capsules)


class Redrawing(QObject):
    """Groups of pictures, by number, in the session's slot. All methods are for the UI thread.

    `redrawn` brings [(number, pictures [n, S, S])] as they come. Those come first that were drawn the longest ago, so
    that each follows a hand that never rests.
    """

    redrawn = Signal(object)

    def __init__(self, session: CapsuleSession, parent: QObject | None = None) -> None:
        """Nothing is wanted."""
        super().__init__(parent)
        self._session = session
        self._wanted: dict[int, Wanted] = {}
        self._stale: set[int] = set()
        self._next = 0

    @property
    def is_done(self) -> bool:
        """Whether all pictures are as they are wanted."""
        return not self._stale

    def want(self, groups: Mapping[int, Wanted]) -> None:
        """These groups are to be shown from now on; what is the same as before is not drawn again."""
        self._stale &= groups.keys()
        self._stale |= {number for number, group in groups.items() if not group.is_same(self._wanted.get(number))}
        self._wanted = {
            number: group if number in self._stale else self._wanted[number] for number, group in groups.items()
        }
        self._ask()

    def clear(self) -> None:
        """Nothing is wanted any more."""
        self._wanted.clear()
        self._stale.clear()
        self._session.forget(SLOT)

    def _ask(self) -> None:
        asked: list[tuple[int, Wanted]] = []
        for number in sorted(self._stale, key=lambda number: (number < self._next, number)):
            asked.append((number, self._wanted[number]))
            if sum(len(group.classes) for _number, group in asked) >= _AT_ONCE:
                break
        if asked:
            groups = [group for _number, group in asked]
            self._session.ask(SLOT, partial(_redrawn, groups), partial(self._on_redrawn, asked))

    def _on_redrawn(self, asked: list[tuple[int, Wanted]], pictures: list[Pixels]) -> None:
        for number, group in asked:
            if self._wanted.get(number) is group:
                self._stale.discard(number)
        self._next = asked[-1][0] + 1
        self._ask()
        self.redrawn.emit([(number, drawn) for (number, _group), drawn in zip(asked, pictures, strict=True)])


def as_bytes(pictures: Array) -> Pixels:
    """Pictures in [0, 1] as they are shown."""
    return np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)


def _redrawn(groups: list[Wanted], model: CapsuleModel) -> list[Pixels]:
    capsules = np.concatenate([group.capsules for group in groups])
    classes = [index for group in groups for index in group.classes]
    drawn = as_bytes(model.reconstruct(capsules, classes))
    ends = np.cumsum([len(group.classes) for group in groups])[:-1]
    return np.split(drawn, ends)
