"""What the pages of the Capsule lab have in common."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from gui.capsule_lab.session import CapsuleSession
from gui.capsule_lab.subject import Subject, SubjectModel
from gui.capsule_lab.viewing import Viewing
from gui.palette import Theme


class CapsulePage(QWidget):
    """One page. It asks the session for what it alone needs while it is seen, and for nothing otherwise.

    A subclass says in `refresh` what it asks for; that is called whenever the page appears, and for every new look
    while it is seen.
    """

    save_requested = Signal(object, str)  # QImage, name for its file
    slots: tuple[str, ...] = ()  # of the session, which are this page's alone

    def __init__(self, viewing: Viewing, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing is shown yet."""
        super().__init__(parent)
        self.viewing = viewing
        self.theme = theme
        viewing.looked.connect(self._on_viewing_looked)

    @property
    def session(self) -> CapsuleSession:
        """The models."""
        return self.viewing.session

    @property
    def subject_model(self) -> SubjectModel:
        """Where the page writes what the person wants."""
        return self.viewing.subject_model

    @property
    def subject(self) -> Subject:
        """What is looked at."""
        return self.viewing.subject

    def refresh(self) -> None:
        """Show the newest look, and ask for what else is to be shown of it."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.theme = theme

    def showEvent(self, event: QShowEvent) -> None:
        """Make up for what was missed."""
        super().showEvent(event)
        self._catch_up()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self.session.forget(*self.slots)

    def _catch_up(self) -> None:
        if self.isVisible() and self.viewing.look is not None:
            self.refresh()

    def _on_viewing_looked(self, _look: object) -> None:
        self._catch_up()
