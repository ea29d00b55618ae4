"""The page on equivariance: turn the picture and see each number of the capsule move, and what a CNN says meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.capsules.equivariance import CHANGES, Change, correlations, probabilities
from gui.capsule_lab.amount_plots import AmountPlot, ClassPlot, NumberPlots
from gui.capsule_lab.capsule_words import capsule_symbol
from gui.capsule_lab.page import CapsulePage
from gui.capsule_lab.session import CAPSULES, CNN
from gui.capsule_lab.subject import Subject
from gui.capsule_lab.viewing import Viewing
from gui.palette import Theme
from gui.widgets.controls import label_for, row

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel, CnnModel

Array = NDArray[np.float32]
AMOUNTS = 61
_FEWEST = 3  # amounts that make a correlation
_AT_ONCE = 8  # placements in a question, so that the hand is not kept waiting
_NO_CNN = "No convolutional network is there to compare with: train one with the preset matched-cnn."


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
        self._asked_for: object = None
        self._capsules: dict[int, Array] = {}
        self._chances: dict[int, Array] = {}
        self._left: list[int] = []
        self.change = QComboBox()
        self.change.addItems([change.name for change in CHANGES])
        tip = "Which amount of the picture's placement goes from one end to the other."
        label = label_for("Change", self.change, tip, "What is changed")
        self.words = QLabel()
        self.words.setProperty("role", "muted")
        self.numbers = NumberPlots(theme)
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.lengths = ClassPlot(theme, "CapsNet: lengths |v_j|", "Open a capsule network.")
        self.lengths.setToolTip("How long each digit capsule is over the amount, and below which one is the longest.")
        self.cnn = ClassPlot(theme, "Convolutional network: probabilities", _NO_CNN)
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
        whole.addLayout(row([label, self.change, self.words]))
        whole.addLayout(middle, 1)
        self.change.currentIndexChanged.connect(self._on_change_index_changed)
        self.subject_model.changed.connect(self._on_subject_changed)
        self.session.model_changed.connect(self._on_session_model_changed)
        for plot in self._plots:
            plot.amount_chosen.connect(self._on_amount_chosen)
        self._set_ranges()

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
        for plot in self._plots:
            plot.set_amount(change.amount(subject.placement))
        wanted = (id(subject.picture), change.name, change.placed(subject.placement, 0.0), subject.iterations)
        if wanted != self._asked_for:
            self._asked_for = wanted
            self._begin()
        else:
            self._ask_next()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        for plot in self._plots:
            plot.set_theme(theme)

    def _begin(self) -> None:
        self._capsules, self._chances = {}, {}
        # Every eighth first, then those between: the curves are whole from the beginning and get finer.
        order = sorted(range(AMOUNTS), key=lambda index: (index % 8 != 0, index % 4 != 0, index % 2 != 0, index))
        self._left = order
        self._ask_next()

    def _ask_next(self) -> None:
        if not self._left or self.session.is_asking("curves"):
            return
        which = np.array(self._left[:_AT_ONCE])
        work = partial(_answers, self.subject, self._change, which)
        self.session.ask_both("curves", work, partial(self._on_answers, self._asked_for))

    def _on_answers(self, asked_for: object, answers: _Answers) -> None:
        if asked_for == self._asked_for:
            done = answers.which.tolist()
            self._left = [index for index in self._left if index not in done]
            self._capsules |= dict(zip(done, answers.capsules, strict=True))
            if answers.probabilities is not None:
                self._chances |= dict(zip(done, answers.probabilities, strict=True))
            self._show()
        if self.isVisible():
            self._ask_next()

    def _show(self) -> None:
        model, look = self.session.models.get(CAPSULES), self.viewing.look
        if not self._capsules or model is None or look is None:
            return
        shown = look.longest if self.subject.shown is None else self.subject.shown
        amounts = self.amounts
        capsules = np.stack([self._capsules[index] for index in sorted(self._capsules)])
        lengths: Array = np.linalg.norm(capsules, axis=2)
        # Elsewhere the class is not there, and its capsule shrinks to nothing whatever the amount means.
        seen = lengths.argmax(axis=1) == shown
        seen = seen if seen.sum() >= _FEWEST else np.ones_like(seen)
        r = correlations(amounts[seen], capsules[seen, shown])
        self.numbers.show_numbers(amounts, capsules[:, shown], r)
        best = self.numbers.follows_best
        symbol = capsule_symbol(model.class_names[shown])
        self.title.setText(f"The numbers of {symbol}")
        follows = f"number {best + 1} of {symbol} follows best: |r| = {abs(float(r[best])):.2f}"
        self.words.setText(f"Where {model.class_names[shown]} is seen, {follows}")
        self.lengths.show_classes(amounts, lengths, model.class_names, shown)
        if self._chances:
            chances = np.stack([self._chances[index] for index in sorted(self._chances)])
            at = self._change.amounts(AMOUNTS)[sorted(self._chances)]
            self.cnn.show_classes(at, chances, self.session.models[CNN].class_names, shown)

    def _set_ranges(self) -> None:
        for plot in self._plots:
            plot.set_range(self._change.low, self._change.high, self._change.unit)

    # ---- what happens

    def _on_change_index_changed(self, index: int) -> None:
        self._change = CHANGES[index]
        self._set_ranges()
        if self.viewing.look is not None:
            self.refresh()

    def _on_amount_chosen(self, amount: float) -> None:
        digits = 0 if self._change.name == "Rotation" else 2
        self.subject_model.update(placement=self._change.placed(self.subject.placement, round(amount, digits)))

    def _on_subject_changed(self, subject: Subject, before: Subject) -> None:
        if self.isVisible() and subject.shown != before.shown:
            self._show()

    def _on_session_model_changed(self, role: str) -> None:
        if role in (CAPSULES, CNN):
            self._asked_for = None
            self._set_ranges()
            if role == CNN and self.isVisible() and self.viewing.look is not None:
                self.refresh()


def _answers(
    subject: Subject, change: Change, which: NDArray[np.int64], model: CapsuleModel, cnn: CnnModel | None
) -> _Answers:
    from engine.capsules.model import placed

    laid = [change.placed(subject.placement, float(amount)) for amount in change.amounts(AMOUNTS)[which]]
    capsules = model.capsules(placed(subject.picture, laid, model.side), subject.iterations)
    if cnn is None or cnn.side < len(subject.picture) or cnn.class_names != model.class_names:
        return _Answers(which, capsules, None)
    return _Answers(which, capsules, probabilities(cnn.scores(placed(subject.picture, laid, cnn.side))))
