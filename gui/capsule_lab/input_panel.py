"""Where the picture comes from: drawn on the pad, one of the test digits, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.sketch.strokes import Drawing
from gui.capsule_lab.session import CapsuleSession
from gui.capsule_lab.subject import Subject, SubjectModel
from gui.palette import Theme
from gui.widgets.controls import button, row
from gui.widgets.digit_pad import DigitPad
from gui.widgets.picture_frame import PictureFrame
from gui.widgets.picture_grid import PictureGrid

_SHOWN = 10  # test digits at a time
_ANY = "any digit"


@dataclass(frozen=True, eq=False)
class TestDigits:
    """The digits that no training has seen: uint8 [n, 28, 28] and int64 [n]."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]


def test_digits() -> TestDigits:
    """Read from disk; for the worker's thread. Raises `BadFileError`."""
    from engine.data.digits import open_digits

    digits = open_digits()
    return TestDigits(digits.kept[:, 0], digits.kept_labels)


def drawn_digit(drawing: Drawing) -> NDArray[np.float32]:
    """A drawing as MNIST would have it, float32 [28, 28]; for the worker's thread."""
    from engine.explore.drawn import drawn_example

    picture: NDArray[np.float32] = drawn_example(drawing, (1, 28, 28), "digits")[0].astype(np.float32)
    return picture / np.float32(255)


class InputPanel(QWidget):
    """Pad and picture side by side, test digits below. `touched` tells that a person did something."""

    touched = Signal()
    file_wanted = Signal()

    def __init__(
        self, session: CapsuleSession, subject: SubjectModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        """Empty paper; test digits are asked for."""
        super().__init__(parent)
        self._session, self._subject = session, subject
        self.digits: TestDigits | None = None
        self._strip: NDArray[np.int64] = np.zeros(0, np.int64)
        self._seed = 0
        self.pad = DigitPad(theme, "Paper for a digit")
        self.pad.setToolTip("Draw a digit; it is brought to the size and place of MNIST's before the network sees it.")
        self.pad.setFixedHeight(112)
        self.seen = PictureFrame(theme, "The picture that the network sees", "no picture yet")
        self.seen.setToolTip("The picture x as the network sees it, as the dials have laid it.")
        self.strip = PictureGrid(theme, "Test digits")
        self.strip.setMinimumHeight(0)
        self.strip.setFixedHeight(30)
        self.strip.set_hint("Reading the test digits…")
        self.clear_button = button("Clear", "Take new paper (Delete).")
        self.open_button = button("Open…", "Look at a digit in a picture file (Ctrl+O), or drop one here.")
        self.others_button = button("Others", "Show other test digits, which no training has seen.")
        self.kind = QComboBox()
        self.kind.addItems([_ANY, *(str(digit) for digit in range(10))])
        self.kind.setToolTip("Which test digits are shown.")
        self.kind.setAccessibleName("Which test digits")
        above = QHBoxLayout()
        above.setSpacing(10)
        above.addWidget(self.pad, 1)
        above.addWidget(self.seen, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(above)
        column.addLayout(row([self.clear_button, self.open_button], 1))
        column.addWidget(self.strip)
        column.addLayout(row([self.kind, self.others_button], 0))
        subject.changed.connect(self._on_subject_changed)
        self.pad.changed.connect(self._on_pad_changed)
        self.clear_button.clicked.connect(self._on_clear_clicked)
        self.open_button.clicked.connect(self.file_wanted)
        self.others_button.clicked.connect(self.show_others)
        self.kind.currentIndexChanged.connect(self.show_others)
        self.strip.picture_chosen.connect(self._on_strip_picture_chosen)
        session.ask_engine("test digits", test_digits, self._on_digits)

    def sizeHint(self) -> QSize:
        """As high as its parts."""
        return QSize(268, 260)

    def look_at(self, picture: NDArray[np.float32], source: str, label: int | None) -> None:
        """Make a picture [28, 28] the subject."""
        self._session.forget("drawn", "given")
        self.pad.show_drawing(None)
        self._subject.update(picture=picture, source=source, label=label, drawing=None)

    def choose(self, index: int) -> None:
        """Look at a test digit, by its number in the test set."""
        if self.digits is not None:
            picture = self.digits.pictures[index].astype(np.float32) / np.float32(255)
            self.look_at(picture, f"test digit {index}", int(self.digits.labels[index]))

    def show_seen(self, picture: NDArray[np.float32]) -> None:
        """Show what the network sees, [S, S]."""
        self.seen.set_picture((picture * 255).round().astype(np.uint8))

    def show_others(self) -> None:
        """Other test digits of the kind that is wanted."""
        if self.digits is None:
            return
        wanted = self.kind.currentIndex() - 1
        draw = np.random.default_rng(self._seed)
        self._seed += 1
        of_class = [np.flatnonzero(self.digits.labels == digit) for digit in range(10)]
        if wanted < 0:
            # One of each, in order.
            self._strip = np.array([draw.choice(each) for each in of_class])
        else:
            self._strip = draw.choice(of_class[wanted], _SHOWN, replace=False)
        self.strip.set_pictures(self.digits.pictures[self._strip], columns=_SHOWN)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        for each in (self.pad, self.seen, self.strip):
            each.set_theme(theme)

    def _on_digits(self, digits: TestDigits) -> None:
        self.digits = digits
        self.show_others()
        if self._subject.subject.is_empty and not self._session.is_asking("drawn"):
            self.choose(int(self._strip[3]))

    def _on_strip_picture_chosen(self, place: int) -> None:
        self.touched.emit()
        self.choose(int(self._strip[place]))

    def _on_subject_changed(self, subject: Subject, before: Subject) -> None:
        if subject.drawing is None and before.drawing is not None:
            self.pad.show_drawing(None)  # the picture was taken from elsewhere

    def _on_pad_changed(self) -> None:
        self.touched.emit()
        drawing = self.pad.drawing
        self._session.forget("drawn", "given")
        if drawing.point_count:
            self._session.ask_engine("drawn", partial(drawn_digit, drawing), partial(self._on_drawn, drawing))

    def _on_drawn(self, drawing: Drawing, picture: NDArray[np.float32]) -> None:
        self._subject.update(picture=picture, source="drawn", label=None, drawing=drawing)

    def _on_clear_clicked(self) -> None:
        self.touched.emit()
        self.pad.clear()
