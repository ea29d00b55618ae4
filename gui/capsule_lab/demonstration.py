"""At the start something is alive: a test digit leans from side to side, until the person touches anything."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from engine.data.placement import Placement
from gui.capsule_lab.subject import SubjectModel

_FRAME_MS = 40
_SECONDS = 6.0  # of one swing
_REACH = 24.0  # degrees
_SWINGS = 3  # then it has been seen; what is measured while the hand rests can begin


class Demonstration(QObject):
    """Turns the subject. It never starts again once it was stopped for good."""

    def __init__(self, subject: SubjectModel, parent: QObject | None = None) -> None:
        """At rest."""
        super().__init__(parent)
        self._subject = subject
        self._began = 0.0
        self._over = self._is_moving = False
        self._leaning: Placement | None = None  # as it has laid the picture
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._on_timer_timeout)
        subject.changed.connect(self._on_subject_changed)

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
        """Nobody looks: the picture lies straight again."""
        self._timer.stop()
        self._lay_straight()

    def end(self) -> None:
        """The person has begun: lay the picture straight, if it leans, and stay so."""
        self._over = True
        self.pause()

    def _lay_straight(self) -> None:
        placement, leaning = self._subject.subject.placement, self._leaning
        self._leaning = None
        if leaning is not None and placement.rotation == leaning.rotation:
            self._subject.update(placement=replace(placement, rotation=0.0))

    def _on_subject_changed(self, _subject: object, _before: object) -> None:
        if self.active and not self._is_moving:
            self._over = True
            self._timer.stop()
            # Once everybody has heard of this change.
            QTimer.singleShot(0, self, self._lay_straight)

    def _on_timer_timeout(self) -> None:
        swings = (time.monotonic() - self._began) / _SECONDS
        if swings >= _SWINGS:
            self.end()
            return
        phase = swings * math.tau
        self._leaning = Placement(rotation=round(_REACH * math.sin(phase), 1))
        self._is_moving = True
        try:
            self._subject.update(placement=self._leaning)
        finally:
            self._is_moving = False
