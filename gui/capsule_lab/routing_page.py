"""The page on routing by agreement: who hands how much to whom, iteration by iteration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from engine.capsules.votes import by_position, entropy, field_of, largest_deviation, votes
from gui.capsule_lab.capsule_words import capsule_symbol, signed
from gui.capsule_lab.coupling_maps import CouplingMaps
from gui.capsule_lab.page import CapsulePage
from gui.capsule_lab.routing_compare import ITERATIONS, Routed, RoutingCompare
from gui.capsule_lab.routing_lengths import RoutingLengths
from gui.capsule_lab.session import CAPSULES, KnownModel
from gui.capsule_lab.subject import MOST_ITERATIONS, Subject
from gui.capsule_lab.tips import wrap_tips, wrapped
from gui.capsule_lab.viewing import Viewing
from gui.capsule_lab.votes_view import VotesView
from gui.palette import Theme
from gui.widgets.controls import button, label_for, row, set_slider

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel, RoutingDetails

Array = NDArray[np.float32]
_PLAY_MS = 700
_STRONGEST = 3
_LEAST = QSize(780, 560)  # logical pixels; in less, words and controls would be cut
_ITERATED = ("logits", "couplings", "agreement", "outputs")  # of the details, a row for each iteration

# What it is called in the menu and where a position is told of, and what it is.
_QUANTITIES = {
    "couplings": (
        "Coupling c_ij", "c to", "The share c_ij of what a primary capsule hands out that goes to each digit.",
    ),
    "agreement": (
        "Agreement û·v", "û·v with",
        "How well the prediction û_j|i of a primary capsule agrees with the outcome v_j.",
    ),
    "logits": (
        "Logit b_ij", "b to", "The sum of the agreements so far, of which the couplings are the softmax over digits.",
    ),
}


@dataclass(frozen=True, eq=False)
class _Routing:
    """What is shown of one routing, the picture it is about, and what other numbers of iterations come to."""

    picture: Array
    details: RoutingDetails
    compared: list[Routed]


class RoutingPage(CapsulePage):
    """Asks for the details of the newest look while it is seen."""

    slots = ("routing",)

    def __init__(self, viewing: Viewing, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing is shown yet."""
        super().__init__(viewing, theme, parent)
        self._routing: _Routing | None = None
        self._position: tuple[int, int] | None = None  # of the grid, which is pointed at
        self.maps = CouplingMaps(theme)
        self.votes = VotesView(theme)
        self.lengths = RoutingLengths(theme)
        self.compare = RoutingCompare(theme)
        self.voters = QLabel()
        self.voters.setProperty("role", "title")
        self.voters.setToolTip(self.votes.toolTip())
        self.position = QLabel()
        self.position.setWordWrap(True)
        self.position.setProperty("role", "muted")
        self.check = QLabel()
        self.check.setProperty("role", "muted")
        self.check.setToolTip("The softmax runs over the digits: what each primary capsule hands out adds up to 1.")
        self._playing = QTimer(self)
        self._playing.setInterval(_PLAY_MS)
        self._lay_out()
        wrap_tips(self)
        self._connect()
        self._tell()
        if self.model is not None:
            self._on_session_model_changed(CAPSULES)

    def _lay_out(self) -> None:
        self.iterations = QButtonGroup(self)
        choices: list[QWidget] = [QLabel("Route")]
        for count in range(1, MOST_ITERATIONS + 1):
            choice = QPushButton(str(count))
            choice.setCheckable(True)
            choice.setProperty("role", "flat")
            choice.setToolTip(f"Route {count} times; lengths and pictures everywhere follow.")
            choice.setAccessibleName(f"Route {count} times")
            self.iterations.addButton(choice, count)
            choices.append(choice)
        choices.append(QLabel("times"))
        self.step = QSlider(Qt.Orientation.Horizontal)
        self.step.setRange(1, 1)
        self.step.setFixedWidth(96)
        step_label = label_for("Iteration", self.step, "Which iteration is shown.", "Iteration")
        self.step_number = QLabel()
        self.step_number.setProperty("role", "value")
        self.play_button = button("Play", "Go through the iterations, one after the other.")
        self.play_button.setCheckable(True)
        self.quantity = QComboBox()
        for title, _short, tip in _QUANTITIES.values():
            self.quantity.addItem(title)
            self.quantity.setItemData(self.quantity.count() - 1, wrapped(tip), Qt.ItemDataRole.ToolTipRole)
        self.quantity.setToolTip("What the maps show of each position and digit.")
        self.quantity.setAccessibleName("What the maps show")
        self.weighting = QComboBox()
        self.weighting.addItems(["mean of the types", "weighted by |u_i|"])
        self.weighting.setToolTip(
            "The capsules of all types at a position are averaged: alike, or by the length |u_i| of each, which says "
            "how much it has to hand out."
        )
        self.weighting.setAccessibleName("How the types are averaged")
        first = row([*choices, step_label, self.step, self.step_number, self.play_button])
        second = row([self.quantity, self.weighting, self.check])
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.maps, 5)
        left.addWidget(self.lengths, 2)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.voters)
        right.addWidget(self.votes, 1)
        right.addWidget(self.position)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addLayout(left, 5)
        middle.addLayout(right, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 4, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(first)
        whole.addLayout(second)
        whole.addLayout(middle, 1)
        whole.addWidget(self.compare)
        self.position.setMinimumHeight(4 * self.position.fontMetrics().height())
        self.position.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _connect(self) -> None:
        self.subject_model.changed.connect(self._on_subject_changed)
        self.session.model_changed.connect(self._on_session_model_changed)
        self.iterations.idClicked.connect(self._on_iterations_clicked)
        self.step.valueChanged.connect(self._show)
        self.play_button.toggled.connect(self._on_play_toggled)
        self._playing.timeout.connect(self._on_playing_timeout)
        self.quantity.currentIndexChanged.connect(self._show)
        self.weighting.currentIndexChanged.connect(self._show)
        self.maps.chosen.connect(self._on_maps_chosen)
        self.votes.hovered.connect(self._on_votes_hovered)

    # ---- what is shown

    @property
    def model(self) -> KnownModel | None:
        """The capsule network, if there is one."""
        return self.session.models.get(CAPSULES)

    def refresh(self) -> None:
        """Ask how the newest look was routed, and how it would be by other numbers of iterations."""
        look = self.viewing.look
        assert look is not None
        self.session.ask("routing", partial(_routed, look.picture, self.subject.iterations), self._on_routing)

    def minimumSizeHint(self) -> QSize:
        """So large that nothing is cut, and larger where controls are."""
        return super().minimumSizeHint().expandedTo(_LEAST)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        for each in (self.maps, self.votes, self.lengths, self.compare):
            each.set_theme(theme)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing plays."""
        self.play_button.setChecked(False)
        super().hideEvent(event)

    @property
    def _quantity(self) -> str:
        """Which of `_QUANTITIES` the maps show."""
        return list(_QUANTITIES)[self.quantity.currentIndex()]

    def _shown(self, lengths: Array) -> int:
        shown = self.subject.shown
        return int(lengths[-1].argmax()) if shown is None or shown >= lengths.shape[1] else shown

    def _show(self) -> None:
        """The iteration, the quantity and the class that are wanted, of the routing that is there."""
        routing, model = self._routing, self.model
        if routing is None or model is None:
            return
        details, at = routing.details, self.step.value() - 1
        lengths, shown = details.lengths, self._shown(details.lengths)
        quantity = self._quantity
        weights = np.linalg.norm(details.primary, axis=1) if self.weighting.currentIndex() else None
        values: Array = getattr(details, quantity)[at]
        maps = by_position(values, model.grid, weights)
        title = _QUANTITIES[quantity][0]
        # Couplings are seen against equal shares, from which routing begins.
        centre = 1 / len(model.class_names) if quantity == "couplings" else 0.0
        self.maps.show_maps(routing.picture, maps, model.class_names, lengths[at], shown, title, centre)
        cast = votes(details.couplings[at], details.agreement[at], details.outputs[at])[:, shown]
        types = len(cast) // model.grid**2
        self.votes.show_votes(routing.picture, cast.reshape(types, model.grid, model.grid).sum(axis=0))
        self.lengths.show_lengths(lengths, model.class_names, shown, at)
        self.voters.setText(f"Who voted for {model.class_names[shown]}?")
        self.step_number.setText(f"{at + 1} of {len(lengths)}")
        worst = largest_deviation(details.couplings)
        self.check.setText(f"Each child's c_ij add up to 1 over the digits: largest deviation {worst:.0e}")
        self._tell()

    def _show_choice(self) -> None:
        """How many iterations are wanted, whoever wants them."""
        if self.model is not None:
            chosen = self.iterations.button(self.subject.iterations or self.model.routings)
            if chosen is not None:
                chosen.setChecked(True)

    def _tell(self) -> None:
        """The numbers of the position that is pointed at."""
        routing, model, position = self._routing, self.model, self._position
        if routing is None or model is None or position is None:
            self.position.setText("Point at the picture, or use the arrow keys there, to see what a position sees.")
            return
        details, at = routing.details, self.step.value() - 1
        shown, grid = self._shown(details.lengths), model.grid
        y, x = position
        children = np.arange(len(details.primary) // grid**2) * grid**2 + y * grid + x
        values: Array = getattr(details, self._quantity)[at][children, shown]
        cast = votes(details.couplings[at], details.agreement[at], details.outputs[at])[children, shown]
        best = np.argsort(-cast)[:_STRONGEST]
        top, left, bottom, right = field_of(y, x)
        low, high, *each = (f"{value:.3f}".replace("-", "−") for value in (values.min(), values.max(), *values[best]))
        strongest = ", ".join(f"type {t + 1} ({value})" for t, value in zip(best.tolist(), each, strict=True))
        short = f"{_QUANTITIES[self._quantity][1]} {capsule_symbol(model.class_names[shown])}"
        self.position.setText(
            f"Rows {top}–{bottom - 1}, columns {left}–{right - 1}: {short} from {low} to {high}, "
            f"votes {signed(float(cast.sum()))}; strongest {strongest}"
        )

    # ---- what happens

    def _on_viewing_looked(self, look: object) -> None:
        """Have a look explained before the next one, or a hand that never rests would see none explained."""
        is_behind = self.isVisible() and self.session.is_asking("look")
        if is_behind:
            self.session.forget("look")
        super()._on_viewing_looked(look)
        if is_behind:
            self.viewing.refresh()

    def _on_routing(self, routing: _Routing) -> None:
        self._routing = routing
        model = self.model
        if model is not None:
            self.compare.show_routed(routing.compared, model.class_names, model.routings)
        count = len(routing.details.couplings)
        at_end = self.step.value() == self.step.maximum()
        self.step.blockSignals(True)
        self.step.setRange(1, count)
        self.step.blockSignals(False)
        if at_end and not self._playing.isActive():
            set_slider(self.step, count)
        self._show()

    def _on_subject_changed(self, subject: Subject, before: Subject) -> None:
        if subject.iterations != before.iterations:
            self._show_choice()
        if self.isVisible() and subject.shown != before.shown:
            self._show()

    def _on_session_model_changed(self, role: str) -> None:
        if role == CAPSULES:
            self.session.forget(*self.slots)  # meant for the model before
            self._routing = self._position = None
            for each in (self.maps, self.votes, self.lengths, self.compare):
                each.clear()
            for words in (self.voters, self.check, self.step_number):
                words.clear()
            self._tell()
            model = self.session.models[CAPSULES]
            for choice in self.iterations.buttons():
                count = self.iterations.id(choice)
                choice.setText(f"{count} (as trained)" if count == model.routings else str(count))
            self._show_choice()

    def _on_iterations_clicked(self, count: int) -> None:
        model = self.model
        trained = model is not None and count == model.routings
        self.subject_model.update(iterations=0 if trained else count)

    def _on_play_toggled(self, on: bool) -> None:
        self.play_button.setText("Stop" if on else "Play")
        if on:
            self.step.setValue(1)
            self._playing.start()
        else:
            self._playing.stop()

    def _on_playing_timeout(self) -> None:
        if self.step.value() < self.step.maximum():
            self.step.setValue(self.step.value() + 1)
        else:
            self.play_button.setChecked(False)

    def _on_maps_chosen(self, shown: int) -> None:
        self.subject_model.update(shown=shown, bends=(), locks={})

    def _on_votes_hovered(self, position: tuple[int, int] | None) -> None:
        self._position = position
        self._tell()


def _routed(picture: Array, iterations: int, model: CapsuleModel) -> _Routing:
    """Routing fewer times is the beginning of routing most often, so that one pass tells of all."""
    count = iterations or model.routings
    most = model.details(picture, max(count, *ITERATIONS))
    details = replace(most, **{name: getattr(most, name)[:count] for name in _ITERATED})
    at = [each - 1 for each in ITERATIONS]
    longest: list[int] = most.lengths[at].argmax(axis=1).tolist()
    redrawn: list[Array | None] = [None] * len(at)
    if model.can_reconstruct:
        redrawn = list(model.reconstruct(most.outputs[at, longest], longest))
    return _Routing(picture, details, [
        Routed(each + 1, most.lengths[each], entropy(most.couplings[each]), drawn)
        for each, drawn in zip(at, redrawn, strict=True)
    ])
