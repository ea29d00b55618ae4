"""What the pages of a model that is explored have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

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


def button(text: str, tip: str, role: str = "") -> QPushButton:
    """A button with its tooltip, which screen readers read, too."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setAccessibleDescription(tip)
    if role:
        made.setProperty("role", role)
    return made


def row(widgets: Sequence[QWidget], stretch: int = -1) -> QHBoxLayout:
    """Widgets side by side; the one at `stretch` takes the room that is left, or nobody (-1)."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretch else 0)
    if stretch < 0:
        layout.addStretch(1)
    return layout


def label_for(text: str, control: QWidget, tip: str, name: str) -> QLabel:
    """A label before a control; both get the tooltip, and the control an accessible name."""
    label = QLabel(text)
    label.setBuddy(control)
    for widget in (label, control):
        widget.setToolTip(tip)
    control.setAccessibleName(name)
    control.setAccessibleDescription(tip)
    return label


def set_slider(slider: QSlider, value: int) -> None:
    """Move a slider without its telling anybody."""
    blocked = slider.blockSignals(True)
    slider.setValue(value)
    slider.blockSignals(blocked)
