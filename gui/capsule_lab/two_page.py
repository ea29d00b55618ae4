"""The page on two digits over each other: lay them, read the lengths, and take them apart again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSlider, QStackedLayout, QVBoxLayout, QWidget

from engine.capsules.overlap import Colour, Pixels, overlap_of, shifts_for, tinted, two_coloured
from engine.data.placement import Placement
from gui.capsule_lab.input_panel import TestDigits, test_digits
from gui.capsule_lab.lengths import LengthBars
from gui.capsule_lab.page import CapsulePage
from gui.capsule_lab.session import TWO_DIGITS, KnownModel
from gui.capsule_lab.subject import Subject
from gui.capsule_lab.tips import wrap_tips
from gui.capsule_lab.two_canvas import FIRST, SECOND, Place, TwoCanvas, held, held_both
from gui.capsule_lab.two_figure import Panel, figure
from gui.capsule_lab.two_seen import Pair, Seen, see
from gui.capsule_lab.viewing import Viewing
from gui.palette import Theme
from gui.widgets.controls import button, label_for, row, set_slider
from gui.widgets.picture_frame import PictureFrame
from gui.widgets.picture_grid import PictureGrid

Array = NDArray[np.float32]

_STRIP = 10
_LEAST = QSize(680, 560)  # logical pixels; in less, words and controls would be cut
_NO_MODEL = (
    "No network that has learned two digits is open. Train one on the page Train with data “two digits” and an image "
    "size of 36, or add a model file."
)
_OPENING = "The network that has learned two digits is being opened…"
_LOOKING, _READING = "The network looks at the two…", "The test digits are being read…"
_STRIP_WORDS = "The first digit (1, blue) is the picture on the left. The second one (2, orange):"
_ABSENT = (
    "Redrawn from capsules that are not there. Does the decoder refuse, or draw a digit out of what it finds? A click "
    "on a bar looks at any other."
)
_NO_DECODER = "This network was trained without a decoder, which alone can redraw a digit from its capsule."
_FIRST_PLACES: tuple[Place, Place] = ((-2.0, -1.0), (2.0, 2.0))
_LEAST_OVERLAP = 30  # percent; farther apart, digits would leave the ground


class TwoPage(CapsulePage):
    """The first digit is the subject's picture; the second is one of the test digits."""

    slots = ("two",)

    def __init__(self, viewing: Viewing, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing lies on the ground yet."""
        super().__init__(viewing, theme, parent)
        self._digits: TestDigits | None = None
        self._second: Array | None = None
        self._second_label = -1
        self._strip: NDArray[np.int64] = np.zeros(0, np.int64)
        self._rng = np.random.default_rng(5)
        self._places = _FIRST_PLACES  # to which the dials' shift of the first digit is added
        self._asked_for_digits = False
        self._other: int | None = None  # a capsule that is looked at though it may not be there
        self._seen: Seen | None = None
        self.canvas = TwoCanvas(theme)
        self.strip = PictureGrid(theme, "Digits to lay over the first")
        self.strip.setMinimumHeight(0)
        self.strip.setFixedHeight(34)
        self.strip.setToolTip("Replace the second digit (orange), whichever box is solid.")
        self.strip_words = QLabel(_STRIP_WORDS)
        self.strip_words.setWordWrap(True)
        self.strip_words.setProperty("role", "muted")
        self.strip.set_hint("Reading the test digits…")
        self.overlap = QSlider(Qt.Orientation.Horizontal)
        self.overlap.setRange(_LEAST_OVERLAP, 100)
        tip = "How much of their boxes of 20 x 20 pixels the digits share; the paper's pairs share 80 % on average."
        self.overlap_label = label_for("Overlap", self.overlap, tip, "Overlap of the boxes")
        self.overlap_number = QLabel()
        self.overlap_number.setProperty("role", "value")
        tip = (
            "Lay two other test digits over each other at random. The first one replaces the picture on the left; "
            "Ctrl+Z brings that back."
        )
        self.random_button = button("Another pair", tip)
        self.swap_button = button("Swap places", "Each digit goes where the other one is.")
        self.lengths = LengthBars(theme)
        self.both = PictureFrame(theme, "Both, redrawn", "not redrawn")
        self.both.setToolTip(
            "The two longest capsules redrawn, each in its colour; what both ink is white and dotted."
        )
        self.alone = [PictureFrame(theme, f"Redrawn {name}", "not redrawn") for name in ("first", "second")]
        self.true = [PictureFrame(theme, f"The {name} digit alone", "not laid yet") for name in ("first", "second")]
        self.absent = [PictureFrame(theme, f"Not there, {name}", "not redrawn") for name in ("next", "last")]
        self.absent_words = QLabel()
        self.absent_words.setWordWrap(True)
        self.absent_words.setProperty("role", "muted")
        self.verdict = QLabel()
        self.verdict.setProperty("role", "title")
        self.save_button = button("Save…", "Save all pictures of this page side by side, enlarged, as a PNG file.")
        self.save_button.setEnabled(False)
        self.hint = QLabel(_NO_MODEL)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setProperty("role", "muted")
        self.hint.setContentsMargins(60, 24, 60, 24)
        self._lay_out()
        wrap_tips(self)
        self._connect()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.canvas, 1)
        left.addLayout(row([self.overlap_label, self.overlap, self.overlap_number], 1))
        left.addWidget(self.strip_words)
        left.addWidget(self.strip)
        left.addLayout(row([self.random_button, self.swap_button]))
        left.addWidget(self.lengths)
        right = QGridLayout()
        right.setSpacing(8)
        right.addWidget(self.verdict, 0, 0, 1, 2)
        right.addWidget(self.save_button, 0, 2, Qt.AlignmentFlag.AlignRight)
        right.addWidget(self.both, 1, 0, 2, 1)
        for index in (0, 1):
            right.addWidget(self.alone[index], 1 + index, 1)
            right.addWidget(self.true[index], 1 + index, 2)
            right.addWidget(self.absent[index], 3, 1 + index)
        right.addWidget(self.absent_words, 3, 0)
        for line in (1, 2, 3):
            right.setRowStretch(line, 1)
        for column, stretch in enumerate((3, 2, 2)):
            right.setColumnStretch(column, stretch)
        content = QWidget()
        whole = QHBoxLayout(content)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(16)
        whole.addLayout(left, 4)
        whole.addLayout(right, 8)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(8, 4, 0, 0)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(content)

    def _connect(self) -> None:
        self.canvas.moved.connect(self._on_canvas_moved)
        self.overlap.valueChanged.connect(self._on_overlap_changed)
        self.strip.picture_chosen.connect(self._on_strip_picture_chosen)
        self.random_button.clicked.connect(self.lay_another_pair)
        self.swap_button.clicked.connect(self._on_swap_clicked)
        self.lengths.chosen.connect(self._on_lengths_chosen)
        self.save_button.clicked.connect(self._on_save_clicked)
        self.session.model_changed.connect(self._on_session_model_changed)
        self.session.model_refused.connect(self._show_hint)
        self.subject_model.changed.connect(self._on_subject_changed)

    # ---- what is shown

    @property
    def model(self) -> KnownModel | None:
        """The network that has learned two digits, if there is one."""
        return self.session.models.get(TWO_DIGITS)

    @property
    def places(self) -> tuple[Place, Place]:
        """Where the two digits lie, in pixels off the middle; always on the ground, however the dials stand."""
        (x, y), second = self._places
        lying = self.subject.placement
        return held(x + lying.shift_x, y + lying.shift_y), second

    def refresh(self) -> None:
        """Ask what the network makes of the two as they lie."""
        self._stack.setCurrentIndex(0 if self.model is None else 1)
        self._show_hint()
        if self._digits is None and not self._asked_for_digits:
            self._asked_for_digits = True
            self.session.ask_engine("second digits", test_digits, self._on_digits)
        if self._second is not None and self.model is not None:
            self.session.ask("two", partial(see, self._pair(self._second)), self._on_seen, role=TWO_DIGITS)
        self.canvas.set_places(self.places)  # at once, so that the next key goes on from there
        self._show_overlap()

    def lay_another_pair(self) -> None:
        """Two test digits of different classes, at random places of the paper's range."""
        if self._digits is None:
            return
        labels = self._digits.labels
        first = int(self._rng.integers(len(labels)))
        second = int(self._rng.choice(np.flatnonzero(labels != labels[first])))
        (x, y), (other_x, other_y) = self._rng.integers(-4, 5, (2, 2)).astype(float).tolist()
        self._places = (x, y), (other_x, other_y)
        self._take_second(second)
        self.session.forget("drawn", "given")  # would take its place
        self.subject_model.update(
            picture=self._digits.pictures[first].astype(np.float32) / np.float32(255), source=f"test digit {first}",
            label=int(labels[first]), drawing=None, placement=Placement(),
        )

    def minimumSizeHint(self) -> QSize:
        """So large that nothing is cut, and larger where controls are."""
        return super().minimumSizeHint().expandedTo(_LEAST)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        for frame in (self.both, *self.alone, *self.true, *self.absent):
            frame.set_theme(theme)
        self.canvas.set_theme(theme)
        self.strip.set_theme(theme)
        self.lengths.set_theme(theme)

    def _show_hint(self) -> None:
        """What is waited for."""
        is_opening = self.session.is_asking(f"open {TWO_DIGITS}")
        self.hint.setText(_OPENING if is_opening else _NO_MODEL)
        if self._seen is None:
            self.verdict.setText(_READING if self._second is None else _LOOKING)

    @property
    def _colours(self) -> tuple[Colour, Colour]:
        """Of the first and the second digit."""
        first, second = QColor(FIRST), QColor(SECOND)
        return (first.red(), first.green(), first.blue()), (second.red(), second.green(), second.blue())

    def _show(self) -> None:
        seen, model = self._seen, self.model
        if seen is None or model is None:
            return
        self.canvas.show_ground(seen.ground)
        names, colours, found = model.class_names, self._colours, seen.found
        self.both.set_picture(self._apart(seen))
        self.both.set_caption(seen.found_names(names))
        for index, j in enumerate(found):
            self.alone[index].set_picture(None if seen.redrawn is None else tinted(seen.redrawn[j], colours[index]))
            self.alone[index].set_caption(f"redrawn from {names[j]}, {seen.lengths[j]:.2f}")
            self.true[index].set_picture(tinted(seen.parts[index], colours[index]))
            label = seen.labels[index]
            self.true[index].set_caption("as it was laid" if label is None else f"as it was laid: {label}")
        for frame, other in zip(self.absent, [*seen.absent(self._other), None, None], strict=False):
            redrawn = None if other is None or seen.redrawn is None else seen.redrawn[other]
            frame.set_picture(None if redrawn is None else np.rint(redrawn * 255).astype(np.uint8))
            frame.set_caption("" if other is None else f"{names[other]}, length {seen.lengths[other]:.2f}")
        self.absent_words.setText(_ABSENT if seen.redrawn is not None else _NO_DECODER)
        self.save_button.setEnabled(seen.redrawn is not None)
        true = frozenset(label for label in seen.labels if label is not None)
        self.lengths.set_lengths(seen.lengths, -1 if self._other is None else self._other, true)
        self.verdict.setText(seen.verdict(names))

    def _apart(self, seen: Seen) -> Pixels | None:
        if seen.redrawn is None:
            return None
        first, second = seen.found
        return two_coloured(seen.redrawn[first], seen.redrawn[second], self._colours)

    def _show_overlap(self) -> None:
        first, second = self.places
        share = overlap_of(second[0] - first[0], second[1] - first[1])
        set_slider(self.overlap, round(share * 100))
        self.overlap_number.setText(f"{share * 100:.0f} %")

    # ---- what happens

    def _on_digits(self, digits: TestDigits) -> None:
        self._digits = digits
        firsts = [np.flatnonzero(digits.labels == digit) for digit in range(_STRIP)]
        self._strip = np.array([self._rng.choice(each) for each in firsts])
        self.strip.set_pictures(digits.pictures[self._strip], columns=_STRIP)
        label = self.subject.label
        self._take_second(int(self._strip[3 if label != 3 else 5]))
        self._catch_up()

    def _take_second(self, index: int) -> None:
        assert self._digits is not None
        self._second = self._digits.pictures[index].astype(np.float32) / np.float32(255)
        self._second_label = int(self._digits.labels[index])

    def _pair(self, second: Array) -> Pair:
        (x, y), (other_x, other_y) = self.places
        first = replace(self.subject.placement, shift_x=x, shift_y=y)
        return Pair(
            (self.subject.picture, second), (first, Placement(shift_x=other_x, shift_y=other_y)),
            (self.subject.label, self._second_label),
        )

    def _lay(self, first: Place, second: Place) -> None:
        lying = self.subject.placement
        self._places = (first[0] - lying.shift_x, first[1] - lying.shift_y), second
        self.refresh()

    def _on_seen(self, answer: Seen) -> None:
        self._seen = answer
        self._show()

    def _on_canvas_moved(self, which: int, place: Place) -> None:
        first, second = self.places
        self._lay(*((place, second) if which == 0 else (first, place)))

    def _on_overlap_changed(self, percent: int) -> None:
        first, second = self.places
        off = second[0] - first[0], second[1] - first[1]
        middle = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2
        x, y = shifts_for(percent / 100, off)
        self._lay(*held_both((middle[0] - x / 2, middle[1] - y / 2), (middle[0] + x / 2, middle[1] + y / 2)))

    def _on_strip_picture_chosen(self, place: int) -> None:
        self._take_second(int(self._strip[place]))
        self.refresh()

    def _on_swap_clicked(self) -> None:
        self._lay(*self.places[::-1])

    def _on_lengths_chosen(self, index: int) -> None:
        self._other = None if index == self._other else index
        self._show()

    def _on_save_clicked(self) -> None:
        if self._seen is not None and self._seen.redrawn is not None:
            self.save_requested.emit(figure(self._figure_groups(), self.font()), "two-digits.png")

    def _figure_groups(self) -> list[list[Panel]]:
        """What is shown, from left to right."""
        pairs = [[self.alone[index], self.true[index]] for index in (0, 1)]
        groups = [[Panel(frame.image, frame.caption) for frame in frames] for frames in ([self.both], *pairs)]
        absent = [
            Panel(frame.image, f"not there: {frame.caption}") for frame in self.absent if not frame.image.isNull()
        ]
        return [[Panel(self.canvas.image, "seen")], *groups, absent]

    def _on_subject_changed(self, subject: Subject, before: Subject) -> None:
        if subject.picture is not before.picture or subject.placement != before.placement:
            self._catch_up()

    def _on_session_model_changed(self, role: str) -> None:
        if role == TWO_DIGITS:
            self._seen = self._other = None
            self.save_button.setEnabled(False)
            self.lengths.set_names(self.session.models[TWO_DIGITS].class_names)
            self._catch_up()

    def _on_viewing_looked(self, _look: object) -> None:
        """What another network sees of the first digit alone is nothing to this page."""

    def _catch_up(self) -> None:
        if self.isVisible():
            self.refresh()

