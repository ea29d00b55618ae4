"""A flat slice through the latent space, to move in by hand: G at the point, and a map of what is around it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from gui.palette import Theme
from gui.training_lab.explore_data import Examples
from gui.training_lab.explore_session import A, B, ExploreSession, Latents
from gui.training_lab.explore_view import ExploreView, as_pixels
from gui.training_lab.points_legend import number
from gui.training_lab.points_stage import PointsStage
from gui.widgets.controls import button, label_for, row
from gui.widgets.xy_pad import XYPad

if TYPE_CHECKING:
    from engine.explore.generative_model import GenerativeModel, Samples

SIDE = 9  # pictures in a row of the map
WARP_SIDE = 21
MOST_CHOICES = 512  # dimensions that the menus list
RANDOM = "random"
_AXIS_TIP = "The dimension of z that this axis of the slice goes along, or a random direction for both."
_CENTRE_TIP = "The z in the middle of the slice: 0, the latents A or B of the page Interpolate, or a random one."
_CENTRES = (("z = 0", ""), ("z of A", A), ("z of B", B), ("random z", "random"))
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _point(centre: Latents, directions: Latents, place: tuple[float, float], model: GenerativeModel) -> Samples:
    """The sample of one place, [1, ...]."""
    from engine.explore.slices import latent_at

    return model.sample(latent_at(centre, directions[0], directions[1], *place)[None])


def _row(centre: Latents, directions: Latents, span: float, index: int, model: GenerativeModel) -> tuple[int, Samples]:
    """A row of the map. Rows are made one by one, so that the point under the hand need not wait for all of them."""
    from engine.explore.slices import slice_latents

    return index, model.sample(slice_latents(centre, directions[0], directions[1], span, SIDE)[index])


def _warp(centre: Latents, directions: Latents, span: float, model: GenerativeModel) -> Samples:
    from engine.explore.slices import latent_slice

    return latent_slice(model, centre, directions[0], directions[1], span, WARP_SIDE)


def _drawn(seed: int, model: GenerativeModel) -> Latents:
    return np.asarray(model.latents(1, seed)[0], np.float32)


class SliceView(ExploreView):
    """The pad, and of points also the plane that they are in. `answered` brings what an answer took, in ms."""

    answered = Signal(float)
    slots = ("point", "grid", "latents")

    def __init__(self, session: ExploreSession, theme: Theme, parent: ExploreView | None = None) -> None:
        """Without a model."""
        super().__init__(session, theme, parent)
        self._seed = 1
        self._drawn_centre: Latents | None = None
        self._random: Latents = np.zeros((2, 0), np.float32)
        self._examples: Examples | None = None
        self._warp: NDArray[np.generic] | None = None
        self._asked_at = 0.0
        self._has_point = False
        self._spot: NDArray[np.float64] | None = None
        self.pad = XYPad(theme, "Slice of the latent space")
        self.pad.setToolTip("Drag: the picture is G(z) of the z at the point; the map shows G(z) around it.")
        self.stage = PointsStage(theme)
        self.stage.bar.hide()
        self.stage.toggles["warp"].setChecked(True)
        self.axes = (QComboBox(), QComboBox())
        self.centre = QComboBox()
        for text, name in _CENTRES:
            self.centre.addItem(text, name)
        self.new_button: QPushButton = button("New", "Draw other random directions, and another random z.")
        labels = [
            label_for(text, box, _AXIS_TIP, f"Latent dimension along {name}")
            for text, box, name in (("→", self.axes[0], "x"), ("↑", self.axes[1], "y"))
        ]
        around = label_for("around", self.centre, _CENTRE_TIP, "Middle of the slice")
        for box in (*self.axes, self.centre):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.place_label = QLabel()
        self.place_label.setProperty("role", "muted")
        self._planes = QHBoxLayout()
        self._planes.setSpacing(8)
        self._planes.addWidget(self.pad, 1)
        self._planes.addWidget(self.stage, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        controls = row([labels[0], self.axes[0], labels[1], self.axes[1], around, self.centre], stretch=1)
        for index in (3, 5):
            controls.setStretch(index, 1)
        column.addLayout(controls)
        column.addLayout(self._planes, 1)
        column.addLayout(row([self.place_label, self.new_button], stretch=0))
        self.pad.moved.connect(self._on_pad_moved)
        for index, box in enumerate(self.axes):
            box.activated.connect(partial(self._on_axis_activated, index))
        self.centre.activated.connect(self._on_centre_activated)
        self.new_button.clicked.connect(self._on_new_clicked)
        session.ends_changed.connect(self._on_session_ends_changed)

    # ---- what a slice is

    @property
    def directions(self) -> Latents:
        """The two directions of the slice, [2, d]."""
        assert self.model is not None
        if self.is_random:
            return self._random
        found = np.zeros((2, self.model.latent_size), np.float32)
        for line, box in zip(found, self.axes, strict=True):
            line[max(box.currentIndex(), 0)] = 1
        return found

    @property
    def is_random(self) -> bool:
        """Whether the slice goes along random directions."""
        return self.axes[0].currentText() == RANDOM

    @property
    def middle(self) -> Latents:
        """The z in the middle, [d]; 0 until a random one has been drawn."""
        assert self.model is not None
        name = self.centre.currentData()
        zero = np.zeros(self.model.latent_size, np.float32)
        if name == "random":
            return zero if self._drawn_centre is None else self._drawn_centre
        return self.session.ends.get(name, zero)

    # ---- the page

    def forget(self) -> None:
        """The slice stays where it is if the model's latents are of the same size."""
        model = self.model
        self._start_anew()
        if model is None:
            self.stage.clear()
            return
        listed = min(model.latent_size, MOST_CHOICES)
        if self._random.shape[1] != model.latent_size:
            self._draw_directions(model.latent_size)
            self._drawn_centre = None
            for index, box in enumerate(self.axes):
                with QSignalBlocker(box):
                    box.clear()
                    box.addItems([f"z{str(number + 1).translate(_SUBSCRIPTS)}" for number in range(listed)])
                    if model.latent_size > 1:
                        box.addItem(RANDOM)
                    box.setCurrentIndex(min(index, listed - 1))
        self.pad.set_span(model.reach)
        self.stage.setVisible(model.is_points)

    def refresh(self) -> None:
        """The point, and the rows of the map that are missing, from the middle outwards."""
        assert self.model is not None
        if self.centre.currentData() == "random" and self._drawn_centre is None:
            self.session.ask("latents", partial(_drawn, self._seed), self._on_drawn)
            return
        if not self._has_point:
            self._ask_point()
        if self.model.is_points:
            if self._warp is None:
                self.session.ask("grid", partial(_warp, self.middle, self.directions, self.pad.span), self._on_warp)
        else:
            self._ask_row()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Latent space and plane side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        wide = self.width() > self.height() * 1.1
        self._planes.setDirection(
            QHBoxLayout.Direction.LeftToRight if wide else QHBoxLayout.Direction.TopToBottom
        )

    def picture(self) -> tuple[QImage, str]:
        """The pad as it is."""
        if not self._has_point:
            return QImage(), ""
        shown = self.stage.canvas if self.model is not None and self.model.is_points else self.pad
        return shown.grab().toImage(), "slice.png"

    def set_examples(self, examples: Examples | None) -> None:
        """The data to show behind the point, where the model makes points."""
        self._examples = examples
        self._show_plane()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self.pad.set_theme(theme)
        self.stage.set_theme(theme)

    # ---- asking

    def _ask_point(self) -> None:
        self._asked_at = time.perf_counter()
        work = partial(_point, self.middle, self.directions, self.pad.place)
        self.session.ask("point", work, partial(self._on_point, self._asked_at))
        self._show_place()

    def _ask_row(self) -> None:
        there = set(self.pad.rows)
        missing = [index for index in range(SIDE) if index not in there]
        if missing:
            nearest = min(missing, key=lambda index: abs(index - SIDE // 2))
            work = partial(_row, self.middle, self.directions, self.pad.span, nearest)
            self.session.ask("grid", work, self._on_row)

    def _on_point(self, asked_at: float, made: NDArray[np.generic]) -> None:
        self._has_point = True
        if self.model is not None and self.model.is_points:
            self._spot = np.asarray(made, np.float64)
            self.stage.show_spot(self._spot)
        else:
            self.pad.set_lens(as_pixels(made)[0])
        self.answered.emit((time.perf_counter() - asked_at) * 1000)

    def _on_row(self, made: tuple[int, NDArray[np.generic]]) -> None:
        self.pad.set_row(made[0], as_pixels(made[1]))
        self._ask_row()

    def _on_warp(self, made: NDArray[np.generic]) -> None:
        self._warp = made
        self._show_plane()

    def _on_drawn(self, latent: Latents) -> None:
        self._drawn_centre = latent
        self._start_anew()
        self.catch_up()

    def _show_plane(self) -> None:
        """The slice as the model bends it, over the data."""
        warp, examples = self._warp, self._examples
        if warp is None:
            return
        arrays: dict[str, NDArray[np.generic]] = {"warp": warp}
        if examples is not None:
            arrays["data"] = examples.examples
        if examples is not None and examples.extent is not None:
            arrays["extent"] = np.array(examples.extent)
        else:
            x, y = warp[..., 0].astype(np.float64), warp[..., 1].astype(np.float64)
            arrays["extent"] = np.array([x.min(), x.max(), y.min(), y.max()])
        self.stage.show_arrays(arrays)
        if self._spot is not None:
            self.stage.show_spot(self._spot)

    def _show_place(self) -> None:
        names = ("a", "b") if self.is_random else tuple(box.currentText() for box in self.axes)
        parts = [f"{name} {number(value)}" for name, value in zip(names, self.pad.place, strict=True)]
        offset = "" if self.centre.currentIndex() == 0 else " from the middle"
        self.place_label.setText("   ".join(parts) + offset)

    # ---- what the person does

    def _on_pad_moved(self, _x: float, _y: float) -> None:
        self._ask_point()

    def _on_axis_activated(self, index: int, _row: int) -> None:
        this, other = self.axes[index], self.axes[1 - index]
        if this.currentText() == RANDOM or other.currentText() == RANDOM:
            # Random directions are chosen for both axes or none.
            wanted = this.currentIndex() if this.currentText() == RANDOM else (1 if this.currentIndex() == 0 else 0)
            other.setCurrentIndex(wanted)
        self._change()

    def _on_centre_activated(self, _row: int) -> None:
        self._change()

    def _on_new_clicked(self) -> None:
        self._seed += 1
        self._drawn_centre = None
        if self.model is not None:
            self._draw_directions(self.model.latent_size)
        self._change()

    def _on_session_ends_changed(self) -> None:
        if self.centre.currentData() in (A, B):
            self._change()

    def _change(self) -> None:
        self._start_anew()
        self.catch_up()

    def _start_anew(self) -> None:
        self.session.forget(*self.slots)
        self.pad.clear(0 if self.model is None or self.model.is_points else SIDE)
        self._warp = self._spot = None
        self._has_point = False

    def _draw_directions(self, size: int) -> None:
        """Two random directions at a right angle, of length 1."""
        drawn = np.random.default_rng(self._seed).standard_normal((size, min(size, 2)))
        unit = np.linalg.qr(drawn)[0].T.astype(np.float32)
        self._random = np.repeat(unit, 2, axis=0) if size == 1 else unit
