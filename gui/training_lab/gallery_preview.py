"""One experiment, large: what will be seen, which runs it makes, and the button that starts it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab.experiments import ExperimentCard
from gui.training_lab.gallery_tile import CardPicture

_PICTURE_HEIGHT = 280
_WIDTH = 760


class ExperimentPreview(QWidget):
    """Shows the card it is given."""

    back_requested = Signal()
    start_requested = Signal(object)  # ExperimentCard
    settings_requested = Signal(object)  # ExperimentCard

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Without a card yet."""
        super().__init__(parent)
        self._card: ExperimentCard | None = None
        self.picture = CardPicture(theme, "G ⇄ D")
        self.picture.setFixedHeight(_PICTURE_HEIGHT)
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._sentence, self._runs = QLabel(), QLabel()
        self._runs.setProperty("role", "muted")
        for label in (self._title, self._sentence, self._runs):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.back_button = self._button("All experiments", "Go back to all experiments (Escape).", "flat")
        self.start_button = self._button("Start", "Start as it is, each run in a process of its own.", "primary")
        self.settings_button = self._button(
            "Change settings first…", "Open the form with the settings of this experiment before anything runs.", "")
        self._lay_out()
        self.back_button.clicked.connect(self.back_requested)
        self.start_button.clicked.connect(self._on_start_clicked)
        self.settings_button.clicked.connect(self._on_settings_clicked)

    @property
    def card(self) -> ExperimentCard | None:
        """The card that is shown."""
        return self._card

    def show_card(self, card: ExperimentCard, examples: NDArray[np.generic] | None) -> None:
        """Show a card; `examples` of its data stand in for a picture that it lacks."""
        self._card = card
        self._title.setText(card.title)
        self._sentence.setText(card.sentence)
        self._runs.setText(" · ".join(run.label for run in card.runs))
        count = len(card.runs)
        self.start_button.setText(f"Start {count} runs side by side" if count > 1 else "Start")
        self.start_button.setEnabled(count > 0)
        self.picture.set_image(card.picture)
        self.picture.set_examples(examples)

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self.picture.set_theme(theme)

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("scrolled")
        page = QFrame()
        page.setObjectName("card")
        page.setMaximumWidth(_WIDTH)
        page.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        for widget in (self.picture, self._title, self._sentence, self._runs):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.addWidget(self.start_button)
        row.addWidget(self.settings_button)
        row.addStretch(1)
        column.addLayout(row)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(page, 100)
        middle.addStretch(1)
        whole = QVBoxLayout(content)
        whole.setContentsMargins(20, 14, 20, 20)
        whole.addWidget(self.back_button, alignment=Qt.AlignmentFlag.AlignLeft)
        whole.addLayout(middle)
        whole.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    @staticmethod
    def _button(text: str, tip: str, role: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setProperty("role", role)
        return button

    def _on_start_clicked(self) -> None:
        self.start_requested.emit(self._card)

    def _on_settings_clicked(self) -> None:
        self.settings_requested.emit(self._card)
