"""The page on which a capsule is bent: sixteen sliders, the picture redrawn, and the paper's figure 4, all live."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from engine.capsules.config import OFFSETS
from gui.capsule_lab.bend_figure import BendFigure, FigureSubject
from gui.capsule_lab.bend_hand import BendHand
from gui.capsule_lab.bend_motion import Sweep, Wander
from gui.capsule_lab.bend_pictures import BendPictures
from gui.capsule_lab.bend_sliders import BendSliders
from gui.capsule_lab.capsule_words import capsule_symbol
from gui.capsule_lab.dimension_names import DimensionNames
from gui.capsule_lab.page import CapsulePage
from gui.capsule_lab.ranges import SLOT as RANGES_SLOT
from gui.capsule_lab.ranges import DimensionRanges
from gui.capsule_lab.redrawing import SLOT as SWEEP_SLOT
from gui.capsule_lab.redrawing import as_bytes
from gui.capsule_lab.session import CAPSULES, KnownModel
from gui.capsule_lab.slider_rows import Numbers
from gui.capsule_lab.viewing import Bent, Viewing
from gui.palette import Theme
from gui.settings import Settings
from gui.widgets.controls import button, row
from gui.widgets.elided_label import ElidedLabel

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

_NARROWEST = 0.02  # of a range, so that there is always a way along it
_LEAST = QSize(760, 600)  # of the page, so that nothing is cut
_OPENING = "The capsule network is being opened…"
_NO_MODEL = "Open a capsule network on the left; then the numbers of its capsules can be bent here."
_NO_DECODER = (
    "This model was trained without a decoder, so no picture can be redrawn from its capsules; choose a model that has "
    "one to bend them."
)
_RANGE = "Bend over the range that each number of v_j has in data, from its 1st to its 99th percentile, not by ±0.25."
_UNKNOWN = " That range is still being measured, or there are no such data."


class BendPage(CapsulePage):
    """Bends the capsule that is shown. Dimensions count from 0 in the program and from 1 on the screen."""

    slots = (SWEEP_SLOT, RANGES_SLOT)

    def __init__(self, viewing: Viewing, settings: Settings, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing is shown yet; names of dimensions are kept in `settings`."""
        super().__init__(viewing, theme, parent)
        self.names = DimensionNames(settings)
        self.ranges = DimensionRanges(self.session, self)
        self.hand = BendHand(self.subject_model, self)
        self._bent: Bent | None = None
        self.words = ElidedLabel()
        self.words.setProperty("role", "title")
        self.pictures = BendPictures(theme)
        self.sliders = BendSliders(theme)
        self.reset_button = button("Reset", "Take all bends and locks of v_j away.")
        self.sweep_button = button("Sweep", "The chosen number of v_j goes once through its range and back.")
        self.animate_button = button("Animate", "All numbers of v_j that are not locked wander slowly, until stopped.")
        self.random_button = button("Random", "Bend all numbers of v_j that are not locked at random.")
        self.range_box = QCheckBox("Range of data")
        self.figure = BendFigure(self.session, self.ranges, theme)
        self.hint = QLabel(_OPENING)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setProperty("role", "muted")
        self.hint.setContentsMargins(24, 24, 24, 24)
        self._lay_out()
        self._connect()
        self._show_range()

    def _lay_out(self) -> None:
        for checkable in (self.sweep_button, self.animate_button):
            checkable.setCheckable(True)
        scroll = QScrollArea()
        scroll.setWidget(self.sliders)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.words)
        left.addWidget(self.pictures, 2)
        left.addWidget(scroll, 5)
        left.addLayout(
            row([self.reset_button, self.sweep_button, self.animate_button, self.random_button, self.range_box])
        )
        content = QWidget()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(8, 4, 2, 0)
        columns.setSpacing(14)
        columns.addLayout(left, 9)
        columns.addWidget(self.figure, 8)
        content.setMinimumSize(_LEAST)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(content)

    def _connect(self) -> None:
        self.viewing.bent.connect(self._on_viewing_bent)
        self.session.model_changed.connect(self._on_session_model_changed)
        self.ranges.found.connect(self._on_ranges_found)
        self.hand.moved.connect(self._show_numbers)
        self.hand.motion_changed.connect(self._on_hand_motion_changed)
        self.sliders.moved.connect(self._on_value_chosen)
        self.sliders.lock_toggled.connect(self.hand.toggle_lock)
        self.sliders.reset_requested.connect(self.hand.reset)
        self.sliders.named.connect(self._on_sliders_named)
        self.sliders.dimension_chosen.connect(self.choose_dimension)
        self.figure.dimension_chosen.connect(self.choose_dimension)
        self.figure.value_chosen.connect(self._on_value_chosen)
        self.figure.class_chosen.connect(self._on_figure_class_chosen)
        self.figure.unbent_redrawn.connect(self._on_figure_unbent_redrawn)
        self.figure.save_requested.connect(self.save_requested)
        self.reset_button.clicked.connect(self.hand.reset_all)
        self.sweep_button.clicked.connect(self._on_sweep_clicked)
        self.animate_button.clicked.connect(self._on_animate_clicked)
        self.random_button.clicked.connect(self._on_random_clicked)
        self.range_box.toggled.connect(self._on_range_toggled)

    # ---- what is shown

    @property
    def model(self) -> KnownModel | None:
        """The capsule network, if there is one."""
        return self.session.models.get(CAPSULES)

    @property
    def dimension(self) -> int:
        """The one that the keys and the strip are about."""
        return self.sliders.chosen

    def refresh(self) -> None:
        """Show the newest look; what is bent of it follows at once, or is there already."""
        look, now = self.viewing.look, self.viewing.now
        assert look is not None
        model = self.model
        can_bend = model is not None and model.can_reconstruct
        self.hint.setText(_NO_MODEL if model is None else _NO_DECODER)
        self._stack.setCurrentIndex(1 if can_bend else 0)
        if can_bend:
            self.pictures.set_seen(as_bytes(look.picture))
            if now is not None and np.array_equal(now.unbent, look.capsules[now.shown]):
                self._show(now)

    def say_no_model(self) -> None:
        """There is no network that could be opened."""
        self.hint.setText(_NO_MODEL)

    def choose_dimension(self, dimension: int) -> None:
        """Of the capsule that is shown, look at this number."""
        self.sliders.set_chosen(dimension)
        self._show_numbers()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self.pictures.set_theme(theme)
        self.sliders.set_theme(theme)
        self.figure.set_theme(theme)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing moves."""
        self.hand.stop()
        self.ranges.rest()
        super().hideEvent(event)

    def _show(self, bent: Bent) -> None:
        """A bent capsule: its picture, its length, and everything that goes with its numbers."""
        assert bent.picture is not None
        self._bent = bent
        self.hand.take(bent.unbent)
        symbol, is_bent = self._symbol(bent), not np.array_equal(bent.capsule, bent.unbent)
        self.pictures.set_redrawn(as_bytes(bent.picture), symbol, is_bent=is_bent)
        before, after = float(np.linalg.norm(bent.unbent)), float(np.linalg.norm(bent.capsule))
        longest = ", the longest" if self.viewing.look is not None and bent.shown == self.viewing.look.longest else ""
        times = self.subject.iterations
        routed = f", routed {'once' if times == 1 else f'{times} times'}" if times else ""
        bend = f", bent {after:.2f}" if is_bent else ""
        self.words.setText(f"{symbol}{longest}: length {before:.2f}{bend}{routed}")
        self.words.setToolTip(
            f"The capsule {symbol} and its length ‖{symbol}‖, how present its class is, before and after bending."
        )
        self._show_range()
        self._show_numbers()
        self.ranges.catch_up()

    def _show_numbers(self) -> None:
        """Sliders and figure, as the hand wants them now, which may be ahead of what has been redrawn."""
        bent, model, look = self._bent, self.model, self.viewing.look
        if bent is None or model is None or look is None:
            return
        capsule, typical = self.hand.capsule, self.ranges.of(bent.shown)
        low, high = self._ends(bent)
        names = self.names.of(model.name, model.class_names[bent.shown])
        dimension = min(self.dimension, len(capsule) - 1)
        self.sliders.set_names(names, self._symbol(bent))
        self.sliders.set_chosen(dimension)
        self.sliders.set_numbers(Numbers(bent.unbent, capsule, low, high, typical, frozenset(self.subject.locks)))
        self.figure.show_subject(
            FigureSubject(
                model.name, model.side, model.class_names, bent.shown, bent.unbent, capsule, look.capsules, dimension,
                names, (low, high) if self.range_box.isChecked() else None,
            )
        )

    def _ends(self, bent: Bent) -> tuple[Array, Array]:
        """Between which values [d] each number can be bent."""
        typical = self.ranges.of(bent.shown)
        if typical is None or not self.range_box.isChecked():
            return bent.unbent + np.float32(OFFSETS[0]), bent.unbent + np.float32(OFFSETS[-1])
        spare = np.maximum(_NARROWEST - (typical[:, 2] - typical[:, 0]), 0) / 2
        return typical[:, 0] - spare, typical[:, 2] + spare

    def _show_range(self) -> None:
        is_known = self._bent is not None and self.ranges.of(self._bent.shown) is not None
        self.range_box.setEnabled(is_known)
        if not is_known:
            self.range_box.setChecked(False)
        tip = _RANGE + ("" if is_known else _UNKNOWN)
        self.range_box.setToolTip(tip)
        self.range_box.setAccessibleDescription(tip)

    def _symbol(self, bent: Bent) -> str:
        return capsule_symbol("" if self.model is None else self.model.class_names[bent.shown])

    # ---- what happens

    def _on_viewing_bent(self, bent: Bent) -> None:
        if self.isVisible() and bent.picture is not None:
            self._show(bent)

    def _on_session_model_changed(self, role: str) -> None:
        if role == CAPSULES:
            self._bent = None
            self.hand.take(None)
            self.figure.clear()
            self.pictures.clear()
            self.sliders.set_numbers(None)
            self._show_range()

    def _on_ranges_found(self) -> None:
        self._show_range()
        self._show_numbers()

    def _on_hand_motion_changed(self) -> None:
        motion = self.hand.motion
        self.sweep_button.setChecked(isinstance(motion, Sweep))
        self.animate_button.setChecked(isinstance(motion, Wander))
        self.animate_button.setText("Stop" if isinstance(motion, Wander) else "Animate")

    def _on_value_chosen(self, dimension: int, value: float) -> None:
        self.hand.bend({dimension: value})

    def _on_sliders_named(self, dimension: int, name: str) -> None:
        if self._bent is not None and self.model is not None:
            self.names.rename(self.model.name, self.model.class_names[self._bent.shown], dimension, name)
            self._show_numbers()

    def _on_figure_class_chosen(self, shown: int) -> None:
        self.subject_model.update(shown=shown)

    def _on_figure_unbent_redrawn(self, picture: Pixels) -> None:
        self.pictures.set_unbent(picture)

    def _on_sweep_clicked(self, checked: bool) -> None:
        self.hand.stop()
        if checked and self._bent is not None:
            low, high = self._ends(self._bent)
            self.hand.sweep(self.dimension, float(low[self.dimension]), float(high[self.dimension]))

    def _on_animate_clicked(self, checked: bool) -> None:
        self.hand.stop()
        if checked and self._bent is not None:
            self.hand.wander(*self._ends(self._bent))

    def _on_random_clicked(self) -> None:
        if self._bent is not None:
            self.hand.bend_at_random(*self._ends(self._bent))

    def _on_range_toggled(self, _checked: bool) -> None:
        self.hand.stop()
        self._show_numbers()
