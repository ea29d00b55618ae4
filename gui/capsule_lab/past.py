"""Undo in the Capsule lab: what was looked at before, a step for each time that the hand came to rest."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from gui.capsule_lab.subject import Subject, SubjectModel

_REST_MS = 400  # without a change and with no button down: a drag is one step
_MOST = 100


class Past(QObject):
    """Keeps subjects to go back to. `went` brings the subject that an undo or a redo has led to."""

    went = Signal(object)

    def __init__(self, subject: SubjectModel, parent: QObject | None = None) -> None:
        """Nothing to take back yet."""
        super().__init__(parent)
        self._subject = subject
        self._back: list[Subject] = []
        self._forth: list[Subject] = []
        self._now = subject.subject
        self._going = False
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST_MS)
        self._resting.timeout.connect(self._on_resting_timeout)
        subject.changed.connect(self._on_subject_changed)

    def undo(self) -> None:
        """Be as before the last change."""
        self._keep()
        self._go(self._back, self._forth)

    def redo(self) -> None:
        """Take an undo back."""
        self._keep()
        self._go(self._forth, self._back)

    def forget_capsules(self) -> None:
        """Another model: pictures stay, but what was chosen and bent was of capsules that are not there any more."""
        self._back = [_without_capsules(subject) for subject in self._back]
        self._forth = [_without_capsules(subject) for subject in self._forth]
        self._now = _without_capsules(self._now)

    def stop(self) -> None:
        """Leave no timer."""
        self._resting.stop()

    def _go(self, source: list[Subject], target: list[Subject]) -> None:
        while source and _is_alike(source[-1], self._now):
            source.pop()
        if not source:
            return
        target.append(self._now)
        self._now = source.pop()
        self._going = True
        try:
            self._subject.replace(self._now)
        finally:
            self._going = False
        self.went.emit(self._now)

    def _keep(self) -> None:
        """Make a step of what has changed since the last one."""
        self._resting.stop()
        subject = self._subject.subject
        if _is_alike(subject, self._now):
            return
        if not self._now.is_empty:
            self._back = [*self._back[1 - _MOST :], self._now]
        self._forth.clear()
        self._now = subject

    def _on_subject_changed(self, subject: Subject, _before: Subject) -> None:
        if self._now.is_empty and subject.drawing is None:
            self._now = subject  # there is always a way back to what was there first
        if not self._going:
            self._resting.start()

    def _on_resting_timeout(self) -> None:
        if QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._keep()
        else:
            self._resting.start()


def _without_capsules(subject: Subject) -> Subject:
    return replace(subject, shown=None, bends=(), locks={})


def _is_alike(subject: Subject, other: Subject) -> bool:
    """Whether nobody could tell them apart; the picture is the same array."""
    return subject.picture is other.picture and all(
        getattr(subject, field.name) == getattr(other, field.name)
        for field in fields(Subject) if field.name not in ("picture", "drawing")
    )
