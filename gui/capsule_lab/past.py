"""Undo in the Capsule lab: what was looked at before, a step for each time that the hand came to rest."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from gui.capsule_lab.subject import Subject, SubjectModel

_REST_MS = 400  # without a change: a drag is one step
_MOST = 100


class Past(QObject):
    """Keeps subjects to go back to."""

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
        self._on_resting_timeout()
        if self._back:
            self._forth.append(self._now)
            self._go(self._back.pop())

    def redo(self) -> None:
        """Take an undo back."""
        self._on_resting_timeout()
        if self._forth:
            self._back.append(self._now)
            self._go(self._forth.pop())

    def _go(self, subject: Subject) -> None:
        self._now = subject
        self._going = True
        try:
            self._subject.replace(subject)
        finally:
            self._going = False

    def _on_subject_changed(self, _subject: Subject, _before: Subject) -> None:
        if not self._going:
            self._resting.start()

    def _on_resting_timeout(self) -> None:
        self._resting.stop()
        subject = self._subject.subject
        if subject is self._now:
            return
        if not self._now.is_empty:
            self._back = [*self._back[1 - _MOST :], self._now]
        self._forth.clear()
        self._now = subject
