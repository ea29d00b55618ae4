"""What the pages of a model that is explored have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import QWidget

from gui.palette import Theme
from gui.training_lab.explore_session import ExploredModel, ExploreSession


class ExploreView(QWidget):
    """One page. It asks the session while it is seen, and for nothing else.

    A subclass says what it has not shown yet in `refresh`, which is called whenever the page can be seen and something
    may be missing: it appears, or another model is there.
    """

    save_requested = Signal(object, str)  # QImage, name for its file
    slots: tuple[str, ...] = ()  # of the session, which are this page's alone

    def __init__(self, session: ExploreSession, theme: Theme, parent: QWidget | None = None) -> None:
        """Without a model."""
        super().__init__(parent)
        self.session = session
        self.theme = theme
        session.model_changed.connect(self._on_session_model_changed)

    @property
    def model(self) -> ExploredModel | None:
        """The model that is explored."""
        return self.session.model

    def fits(self, model: ExploredModel) -> bool:
        """Whether there is anything to do here with a model."""
        return True

    def forget(self) -> None:
        """Another model is there: what is shown was made by the one before."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Ask for what is not shown yet; there is a model that fits."""
        raise NotImplementedError

    def picture(self) -> tuple[QImage, str]:
        """What can be saved, and a name for it; a picture without pixels when there is nothing."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.theme = theme

    def showEvent(self, event: QShowEvent) -> None:
        """Make up for what was missed."""
        super().showEvent(event)
        self.catch_up()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self.session.forget(*self.slots)

    def catch_up(self) -> None:
        """`refresh` if somebody looks and there is a model for it."""
        if self.isVisible() and self.model is not None and self.fits(self.model):
            self.refresh()

    def _on_session_model_changed(self) -> None:
        self.forget()
        self.catch_up()


def as_pixels(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Samples of a model of pictures, which are bytes."""
    return samples.astype(np.uint8, copy=False)
