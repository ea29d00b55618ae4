"""Python's cyclic garbage is collected on the UI thread alone.

Python collects on whichever thread happens to make an object. Widgets and their event filters often are parts of
cycles; one that a worker thread destroys while Qt delivers an event to it brings the program down.
"""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, QTimer

_LOOK_EVERY_MS = 500
_FULL_EVERY = 20  # collections of the middle generation for one of everything, which takes longest


class GarbageCollector(QObject):
    """From `start` on, collects from a timer of the thread it was made on; `stop` lets Python do it again."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Nothing changes before `start`."""
        super().__init__(parent)
        self._middle = 0
        self._settled = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._on_timer_timeout)

    def start(self) -> None:
        """Collect on this thread, and on no other."""
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Leave it to Python."""
        if self._timer.isActive():
            self._timer.stop()
            gc.unfreeze()
            gc.enable()

    def _on_timer_timeout(self) -> None:
        young, middle, _ = gc.get_count()
        most_young, most_middle, _ = gc.get_threshold()
        if young < most_young:
            return
        if middle < most_middle:
            gc.collect(0)
            return
        self._middle = (self._middle + 1) % _FULL_EVERY
        if self._middle:
            gc.collect(1)
            return
        gc.collect()
        if not self._settled and "torch" in sys.modules:
            # What the libraries hold stays for good; to look through it takes a tenth of a second each time.
            self._settled = True
            gc.freeze()
