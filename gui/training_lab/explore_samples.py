"""Samples of a model, G(z) of random latents z, nearer to the middle of their distribution or further away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QSlider, QStackedWidget, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab.explore_data import Examples
from gui.training_lab.explore_session import A, B, ExploreSession, Latents
from gui.training_lab.explore_view import ExploreView, as_pixels
from gui.training_lab.points_stage import PointsStage
from gui.widgets.controls import button, label_for, row
from gui.widgets.picture_grid import PictureGrid

if TYPE_CHECKING:
    from engine.explore.generative_model import GenerativeModel

PICTURES, POINTS = 42, 1000
_HUNDRED = 100
_SCALE_TIP = (
    "Multiplies each latent z by s before the samples G(s·z) are made: below 1 they come from the middle of the prior "
    "and look alike, above 1 from where the model has hardly been trained."
)


@dataclass(frozen=True)
class _Sampled:
    key: tuple[int, int]  # seed and scale in hundredths
    latents: Latents
    samples: NDArray[np.generic]


def _sampled(count: int, key: tuple[int, int], model: GenerativeModel) -> _Sampled:
    seed, hundredths = key
    latents = np.asarray(model.latents(count, seed) * np.float32(hundredths / _HUNDRED), np.float32)
    return _Sampled(key, latents, model.sample(latents))


class SamplesView(ExploreView):
    """A grid of pictures to choose from, or points on the plane."""

    neighbours_requested = Signal()
    slots = ("samples",)

    def __init__(self, session: ExploreSession, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty."""
        super().__init__(session, theme, parent)
        self.seed = 1
        self.chosen = -1
        self._shown: tuple[int, int] | None = None  # the key of what is shown, if the model made it
        self._sampled: _Sampled | None = None
        self._examples: Examples | None = None
        self._ends: dict[str, int] = {}  # which samples have been made A and B
        self.grid = PictureGrid(theme, "Samples")
        self.grid.set_hint("")
        self.stage = PointsStage(theme)
        self.stage.bar.hide()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.grid)
        self.stack.addWidget(self.stage)
        self.others_button = button("Others", "Draw other latents z from the prior P(z), and show their samples G(z).")
        self.scale = QSlider(Qt.Orientation.Horizontal)
        self.scale.setRange(0, 2 * _HUNDRED)
        self.scale.setValue(_HUNDRED)
        self.scale.setPageStep(10)
        scale_label = label_for("Scale s", self.scale, _SCALE_TIP, "Scale of the latents")
        self.scale_value = QLabel()
        self.scale_value.setMinimumWidth(34)
        self.use_a = button("Use as A", "The chosen sample's z is where the way on the page Interpolate begins.")
        self.use_b = button("Use as B", "The chosen sample's z is where the way on the page Interpolate ends.")
        self.find_button = button(
            "Neighbours", "Seek the training pictures x that are nearest to the chosen sample G(z)."
        )
        self.choice = QLabel()
        self.choice.setProperty("role", "muted")
        self.choices = QWidget()
        self.choices.setLayout(row([self.choice, self.use_a, self.use_b, self.find_button], stretch=0))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row([self.others_button, scale_label, self.scale, self.scale_value], stretch=2))
        column.addWidget(self.stack, 1)
        column.addWidget(self.choices)
        self.others_button.clicked.connect(self._on_others_clicked)
        self.scale.valueChanged.connect(self._on_scale_changed)
        self.grid.picture_chosen.connect(self.choose)
        self.grid.save_requested.connect(self.save_requested)
        self.use_a.clicked.connect(partial(self._use, A))
        self.use_b.clicked.connect(partial(self._use, B))
        self.find_button.clicked.connect(self.neighbours_requested)
        self._show_choice()

    def forget(self) -> None:
        """The same latents are sampled anew; what is chosen stays chosen, as it is the same z."""
        self._shown = None
        if self.model is None:
            self._sampled = None
            self.grid.clear()
            self.stage.clear()
            self.chosen = -1
        else:
            self.stack.setCurrentWidget(self.stage if self.model.is_points else self.grid)
            self.choices.setHidden(self.model.is_points)
        self._show_choice()

    def refresh(self) -> None:
        """Sample."""
        key = self.seed, self.scale.value()
        if key != self._shown and self.model is not None:
            count = POINTS if self.model.is_points else PICTURES
            self.session.ask("samples", partial(_sampled, count, key), self._on_sampled)

    def set_examples(self, examples: Examples | None) -> None:
        """The data to show beside points."""
        self._examples = examples
        if self._sampled is not None and self.model is not None and self.model.is_points:
            self._show_points(self._sampled.samples)

    def choose(self, index: int) -> None:
        """The sample that the buttons below are about, and the one that neighbours are sought for."""
        if self._sampled is not None and 0 <= index < len(self._sampled.samples):
            self.chosen = index
            self._show_choice()
            self.session.set_subject(as_pixels(self._sampled.samples)[index])

    def picture(self) -> tuple[QImage, str]:
        """All samples."""
        if self._sampled is None:
            return QImage(), ""
        shown = self.grid.sheet() if self.stack.currentWidget() is self.grid else self.stage.canvas.grab().toImage()
        return shown, f"samples-{self.seed}.png"

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        self.grid.set_theme(theme)
        self.stage.set_theme(theme)

    def _on_others_clicked(self) -> None:
        self.seed += 1
        self.chosen = -1
        self._ends.clear()
        self._show_choice()
        self.catch_up()

    def _on_scale_changed(self, _value: int) -> None:
        self._ends.clear()
        self._show_choice()
        self.catch_up()

    def _on_sampled(self, sampled: _Sampled) -> None:
        self._sampled, self._shown = sampled, sampled.key
        if self.model is not None and self.model.is_points:
            self._show_points(sampled.samples)
            return
        pictures = as_pixels(sampled.samples)
        self.grid.set_pictures(pictures)
        if self.chosen >= 0:
            self.session.set_subject(pictures[self.chosen])
        self._show_choice()

    def _show_points(self, points: NDArray[np.generic]) -> None:
        arrays: dict[str, NDArray[np.generic]] = {"samples": points}
        if self._examples is not None:
            arrays["data"] = self._examples.examples
            if self._examples.extent is not None:
                arrays["extent"] = np.array(self._examples.extent)
        self.stage.show_arrays(arrays)

    def _use(self, name: str) -> None:
        if self._sampled is not None and self.chosen >= 0:
            self._ends[name] = self.chosen
            self.session.set_end(name, self._sampled.latents[self.chosen])
            self._show_choice()

    def _show_choice(self) -> None:
        there = self.chosen >= 0 and self._sampled is not None
        for each in (self.use_a, self.use_b, self.find_button):
            each.setEnabled(there)
        self.choice.setText(f"Sample {self.chosen}" if there else "Click a sample")
        self.scale_value.setText(f"{self.scale.value() / _HUNDRED:.2f}")
        badges = {self.chosen: ""} if there else {}
        for name, index in self._ends.items():
            badges[index] = badges.get(index, "") + name
        self.grid.set_badges(badges)
