"""What bends a capsule, by writing to the subject: the person's hand, or a motion that goes on by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from gui.capsule_lab.bend_motion import FRAMES_PER_SECOND, Sweep, Wander
from gui.capsule_lab.subject import SubjectModel
from gui.capsule_lab.viewing import bent_capsule

Array = NDArray[np.float32]

_SMALLEST = 0.0005  # bend


class BendHand(QObject):
    """Bends the capsule that it was given last. Values are those of the capsule's numbers, not what is added to them.

    `moved` comes after each change, `motion_changed` when a motion begins or ends. Whatever a person does ends it.
    """

    moved = Signal()
    motion_changed = Signal()

    def __init__(self, subject: SubjectModel, parent: QObject | None = None) -> None:
        """Without a capsule; nothing happens before there is one."""
        super().__init__(parent)
        self._subject = subject
        self._unbent: Array | None = None
        self._motion: Sweep | Wander | None = None
        self._frame = 0
        self._seed = 0
        self._timer = QTimer(self, interval=1000 // FRAMES_PER_SECOND + 1)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def motion(self) -> Sweep | Wander | None:
        """How the capsule bends by itself now."""
        return self._motion

    @property
    def capsule(self) -> Array:
        """The capsule [d] as it is wanted; what has been redrawn may be behind."""
        assert self._unbent is not None
        return bent_capsule(self._unbent, self._subject.subject.bends, self._subject.subject.locks)

    def take(self, unbent: Array | None) -> None:
        """Bend this capsule [d] from now on; None: there is none."""
        self._unbent = unbent
        if unbent is None:
            self.stop()

    def bend(self, values: Mapping[int, float]) -> None:
        """Give numbers these values; a locked one keeps its new value from now on."""
        self.stop()
        self._bend(values)

    def toggle_lock(self, dimension: int) -> None:
        """Lock a number, or free it; it stays where it is."""
        if self._unbent is None:
            return
        bends, locks = self._bends(), dict(self._subject.subject.locks)
        if dimension in locks:
            bends[dimension] = locks.pop(dimension) - float(self._unbent[dimension])
        else:
            locks[dimension] = float(self._unbent[dimension]) + bends[dimension]
        self._write(bends, locks)

    def reset(self, dimension: int) -> None:
        """Take the bend and the lock of a number away."""
        self.stop()
        if self._unbent is None:
            return
        bends, locks = self._bends(), dict(self._subject.subject.locks)
        bends[dimension] = 0.0
        locks.pop(dimension, None)
        self._write(bends, locks)

    def reset_all(self) -> None:
        """Take all of them away."""
        self.stop()
        self._write((), {})

    def bend_at_random(self, low: Array, high: Array) -> None:
        """Give the numbers that are not locked values between low and high [d]; others each time."""
        self.stop()
        if self._unbent is not None:
            self._seed += 1
            drawn = np.random.default_rng(self._seed).uniform(low, high)
            self._bend({index: float(drawn[index]) for index in self._free()})

    def sweep(self, dimension: int, low: float, high: float) -> None:
        """Let a number go once between two values, and back to where it is."""
        if self._unbent is not None:
            own = float(self._unbent[dimension])
            self._start(Sweep(dimension, float(self.capsule[dimension]) - own, low - own, high - own))

    def wander(self, low: Array, high: Array) -> None:
        """Let the numbers that are not locked wander between values [d] until it is stopped."""
        if self._unbent is not None:
            self._seed += 1
            own = self._unbent
            starts, lows, highs = ((each - own).tolist() for each in (self.capsule, low, high))
            self._start(Wander(starts, lows, highs, self._free(), self._seed))

    def stop(self) -> None:
        """Nothing bends by itself any more."""
        self._timer.stop()
        if self._motion is not None:
            self._motion = None
            self.motion_changed.emit()

    def _start(self, motion: Sweep | Wander) -> None:
        self._motion, self._frame = motion, 0
        self._timer.start()
        self.motion_changed.emit()

    def _bend(self, values: Mapping[int, float]) -> None:
        if self._unbent is None:
            return
        bends, locks = self._bends(), dict(self._subject.subject.locks)
        for index, value in values.items():
            if index in locks:
                locks[index] = value
            else:
                bend = round(value - float(self._unbent[index]), 4)
                bends[index] = bend if abs(bend) >= _SMALLEST else 0.0
        self._write(bends, locks)

    def _bends(self) -> list[float]:
        assert self._unbent is not None
        return list(self._subject.subject.bends or (0.0,) * len(self._unbent))

    def _free(self) -> list[int]:
        assert self._unbent is not None
        return [index for index in range(len(self._unbent)) if index not in self._subject.subject.locks]

    def _write(self, bends: Sequence[float], locks: dict[int, float]) -> None:
        self._subject.update(bends=tuple(bends) if any(bends) else (), locks=locks)
        self.moved.emit()

    def _on_timer_timeout(self) -> None:
        offsets = None if self._motion is None else self._motion.at(self._frame)
        self._frame += 1
        if offsets is None or self._unbent is None:
            self.stop()
            return
        self._bend({index: float(self._unbent[index]) + offset for index, offset in offsets.items()})
