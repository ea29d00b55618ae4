"""The page on equivariance: turn the picture and see each number of the capsule move, and what a CNN says meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.capsules.equivariance import CHANGES, Change, correlations, probabilities
from engine.data.placement import Placement
from gui.capsule_lab.amount_plots import AmountPlot, ClassPlot, NumberPlots
from gui.capsule_lab.capsule_words import capsule_symbol
from gui.capsule_lab.page import CapsulePage
from gui.capsule_lab.session import CAPSULES, CNN
from gui.capsule_lab.subject import Subject
from gui.capsule_lab.tips import wrap_tips
from gui.capsule_lab.viewing import Viewing
from gui.palette import Theme
from gui.widgets.controls import label_for, row
from gui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel, CnnModel

Array = NDArray[np.float32]
AMOUNTS = 61
_LEAST = QSize(660, 500)  # logical pixels; in less, words and curves would be cut
_FEWEST = 3  # amounts that make a correlation
_AT_ONCE = 8  # placements in a question, so that the hand is not kept waiting
_NO_CAPSULES = "No capsule network is open: train one on the page Train, or add a model file."
_NO_CNN = "No convolutional network is open to compare with: train one with the preset matched-cnn."
_OPENING = "It is being opened…"
_MEASURED = "Being measured…"
_OTHER_CNN = "The convolutional network {} cannot be compared: it has learned other classes, or smaller pictures."


@dataclass(frozen=True, eq=False)
class _Wanted:
    """What curves are of."""

    picture: Array
    change: Change
    rest: Placement  # without the amount that changes
    iterations: int

    def is_of(self, other: _Wanted) -> bool:
        """Whether the curves are the same; pictures are compared by identity."""
        same = self.picture is other.picture and self.change == other.change
        return same and (self.rest, self.iterations) == (other.rest, other.iterations)


@dataclass(frozen=True, eq=False)
class _Answers:
    """For the amounts at `which`: capsules [n, j, d], and the CNN's probabilities [n, j] or None."""

    which: NDArray[np.int64]
    capsules: Array
    probabilities: Array | None


class TurnPage(CapsulePage):
    """Lays the picture in many ways, coarsely first, and shows the curves as they come."""

    slots = ("curves",)

    def __init__(self, viewing: Viewing, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing is shown yet."""
        super().__init__(viewing, theme, parent)
        self._change = CHANGES[0]
        self._wanted: _Wanted | None = None
        self._capsules: dict[int, Array] = {}
        self._chances: dict[int, Array] = {}
        self._left: list[int] = []
        self._shown = -1  # the class whose numbers are shown
        self.change = QComboBox()
        self.change.addItems([change.name for change in CHANGES])
        tip = "Which amount of the picture's placement goes from one end to the other."
        label = label_for("Change", self.change, tip, "What is changed")
        self.words = ElidedLabel()
        self.words.setProperty("role", "muted")
        self.numbers = NumberPlots(theme)
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.lengths = ClassPlot(theme, "CapsNet: lengths |v_j|", "")
        self.lengths.setToolTip("How long each digit capsule is over the amount, and below which one is the longest.")
        self.cnn = ClassPlot(theme, "Convolutional network: probabilities", "")
        self.cnn.setToolTip("What a network with as many parameters, but no capsules, says over the same amount.")
        left, right = QVBoxLayout(), QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.title)
        left.addWidget(self.numbers, 1)
        right.setSpacing(10)
        right.addWidget(self.lengths, 1)
        right.addWidget(self.cnn, 1)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addLayout(left, 5)
        middle.addLayout(right, 4)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 4, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(row([label, self.change, self.words], 2))
        whole.addLayout(middle, 1)
        self.change.currentIndexChanged.connect(self._on_change_index_changed)
        self.subject_model.changed.connect(self._on_subject_changed)
        self.session.model_changed.connect(self._on_session_model_changed)
        self.session.model_refused.connect(self._show_hints)
        for plot in self._plots:
            plot.amount_chosen.connect(self._on_amount_chosen)
        self.numbers.number_chosen.connect(self._on_number_chosen)
        wrap_tips(self)
        self._set_ranges()
        self._show_hints()

    @property
    def _plots(self) -> tuple[AmountPlot, ...]:
        return (self.numbers, self.lengths, self.cnn)

    @property
    def amounts(self) -> Array:
        """The amounts of which the answers are there, ascending."""
        return self._change.amounts(AMOUNTS)[sorted(self._capsules)]

    def refresh(self) -> None:
        """Begin anew, unless only the amount itself has changed."""
        change, subject = self._change, self.subject
        self._show_amount()
        wanted = _Wanted(subject.picture, change, change.placed(subject.placement, 0.0), subject.iterations)
        if self._wanted is None or not wanted.is_of(self._wanted):
            self._begin(wanted)
        else:
            self._ask_next()

    def minimumSizeHint(self) -> QSize:
        """So large that nothing is cut, and larger where controls are."""
        return super().minimumSizeHint().expandedTo(_LEAST)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        for plot in self._plots:
            plot.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        """Make up for what was missed."""
        self._show_hints()
        super().showEvent(event)

    def _begin(self, wanted: _Wanted) -> None:
        self._forget()
        self._wanted = wanted
        # What is still on screen is of another picture, and the coarse curves that come next tell too little.
        self.words.setText(_MEASURED)
        self.numbers.forget_r()
        # Every eighth first, then those between: the curves are whole from the beginning and get finer.
        self._left = sorted(range(AMOUNTS), key=lambda index: (index % 8 != 0, index % 4 != 0, index % 2 != 0, index))
        self._ask_next()

    def _forget(self) -> None:
        self._wanted = None
        self._capsules, self._chances, self._left = {}, {}, []
        # What waits would be answered by the models that were there when it was asked.
        self.session.forget("curves")

    def _ask_next(self) -> None:
        if not self._left or self.session.is_asking("curves"):
            return
        which = np.array(self._left[:_AT_ONCE])
        work = partial(_answers, self.subject, self._change, which)
        self.session.ask_both("curves", work, self._on_answers)

    def _on_answers(self, answers: _Answers) -> None:
        done = answers.which.tolist()
        self._left = [index for index in self._left if index not in done]
        self._capsules |= dict(zip(done, answers.capsules, strict=True))
        if answers.probabilities is not None:
            self._chances |= dict(zip(done, answers.probabilities, strict=True))
        self._show()
        self._ask_next()

    def _show(self) -> None:
        model, look = self.session.models.get(CAPSULES), self.viewing.look
        if not self._capsules or model is None or look is None:
            return
        shown = look.longest if self.subject.shown is None else self.subject.shown
        if shown != self._shown:
            self._shown = shown
            self.numbers.choose(-1)
        amounts = self.amounts
        capsules = np.stack([self._capsules[index] for index in sorted(self._capsules)])
        lengths: Array = np.linalg.norm(capsules, axis=2)
        self.title.setText(f"The numbers of {capsule_symbol(model.class_names[shown])}")
        if self._left:
            self.numbers.show_numbers(amounts, capsules[:, shown], None)
        else:
            self._conclude(amounts, capsules[:, shown], lengths.argmax(axis=1) == shown, model.class_names[shown])
        self.lengths.show_classes(amounts, lengths, model.class_names, shown)
        if self._chances:
            chances = np.stack([self._chances[index] for index in sorted(self._chances)])
            at = self._change.amounts(AMOUNTS)[sorted(self._chances)]
            self.cnn.show_classes(at, chances, self.session.models[CNN].class_names, shown)
        self._show_hints()

    def _conclude(self, amounts: Array, numbers: Array, seen: NDArray[np.bool_], name: str) -> None:
        """From all amounts, which numbers [n, d] of the capsule of a class follow them; it is `seen` at some, [n]."""
        # Elsewhere the class is not there, and its capsule shrinks to nothing whatever the amount means.
        is_seen = bool(seen.sum() >= _FEWEST)
        where = seen if is_seen else np.ones_like(seen)
        r = correlations(amounts[where], numbers[where])
        self.numbers.show_numbers(amounts, numbers, r)
        best, marked = self.numbers.follows_best, self.numbers.marked
        follows = f"number {best + 1} of {capsule_symbol(name)} follows best: |r| = {abs(float(r[best])):.2f}"
        if marked != best:
            follows += f"; number {marked + 1}: {abs(float(r[marked])):.2f}"
        self.words.setText(f"Where {name} is seen, {follows}" if is_seen else f"{name} is hardly seen; {follows}")

    def _show_hints(self) -> None:
        """Where curves are missing, whether they will come."""
        has_capsules, cnn = CAPSULES in self.session.models, self.session.models.get(CNN)
        if has_capsules:
            self.lengths.set_hint(_MEASURED)
        else:
            self.lengths.set_hint(_OPENING if self.session.is_asking(f"open {CAPSULES}") else _NO_CAPSULES)
        if cnn is None:
            self.cnn.set_hint(_OPENING if self.session.is_asking(f"open {CNN}") else _NO_CNN)
        elif self._capsules and not self._chances:
            self.cnn.set_hint(_OTHER_CNN.format(cnn.name))
        else:
            self.cnn.set_hint(_MEASURED if has_capsules else self.lengths.hint)

    def _show_amount(self) -> None:
        for plot in self._plots:
            plot.set_amount(self._change.amount(self.subject.placement))

    def _set_ranges(self) -> None:
        for plot in self._plots:
            plot.set_range(self._change.low, self._change.high, self._change.unit)

    # ---- what happens

    def _on_change_index_changed(self, index: int) -> None:
        self._change = CHANGES[index]
        self._set_ranges()
        self._catch_up()

    def _on_amount_chosen(self, amount: float) -> None:
        digits = 0 if self._change.name == "Rotation" else 2
        self.subject_model.update(placement=self._change.placed(self.subject.placement, round(amount, digits)))

    def _on_number_chosen(self, number: int) -> None:
        self.numbers.choose(number)
        self._show()

    def _on_subject_changed(self, subject: Subject, before: Subject) -> None:
        self._show_amount()  # at once, so that the next key goes on from there
        if self.isVisible() and subject.shown != before.shown:
            self._show()

    def _on_session_model_changed(self, role: str) -> None:
        if role in (CAPSULES, CNN):
            self._forget()
            self._set_ranges()
            self._shown = -1
            self.words.clear()
            self._catch_up()  # with other capsules once they have been looked at
        self._show_hints()


def _answers(
    subject: Subject, change: Change, which: NDArray[np.int64], model: CapsuleModel, cnn: CnnModel | None
) -> _Answers:
    from engine.capsules.model import placed

    laid = [change.placed(subject.placement, float(amount)) for amount in change.amounts(AMOUNTS)[which]]
    capsules = model.capsules(placed(subject.picture, laid, model.side), subject.iterations)
    if cnn is None or cnn.side < len(subject.picture) or cnn.class_names != model.class_names:
        return _Answers(which, capsules, None)
    return _Answers(which, capsules, probabilities(cnn.scores(placed(subject.picture, laid, cnn.side))))
