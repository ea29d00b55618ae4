"""On first start something is alive: a test digit leans from side to side until the person touches anything."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QObject, QTimer

from engine.data.placement import Placement
from gui.capsule_lab.subject import SubjectModel

_FRAME_MS = 40
_SECONDS = 6.0  # of one swing
_REACH = 24.0  # degrees


class Demonstration(QObject):
    """Turns the subject. It never starts again once it was stopped for good."""

    def __init__(self, subject: SubjectModel, parent: QObject | None = None) -> None:
        """At rest."""
        super().__init__(parent)
        self._subject = subject
        self._began = 0.0
        self._over = False
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def active(self) -> bool:
        """Whether it moves."""
        return self._timer.isActive()

    def start(self) -> None:
        """Begin, unless the person has touched something already."""
        if not self._over:
            self._began = time.monotonic()
            self._timer.start()

    def pause(self) -> None:
        """Nobody looks."""
        self._timer.stop()

    def end(self) -> None:
        """The person has begun: lay the picture straight, if it leans, and stay so."""
        if self.active:
            self._timer.stop()
            self._subject.update(placement=Placement())
        self._over = True

    def _on_timer_timeout(self) -> None:
        phase = (time.monotonic() - self._began) / _SECONDS * math.tau
        self._subject.update(placement=Placement(rotation=round(_REACH * math.sin(phase), 1)))
