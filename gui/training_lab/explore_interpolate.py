"""The way from one latent to another: G(z) at even steps from A to B, and at any place between them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QStackedWidget, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab.explore_data import Examples
from gui.training_lab.explore_session import A, B, ExploreSession, Latents
from gui.training_lab.explore_view import ExploreView, as_pixels
from gui.training_lab.points_stage import PointsStage
from gui.widgets.controls import button, label_for, row, set_slider
from gui.widgets.picture_frame import PictureFrame
from gui.widgets.picture_grid import PictureGrid

if TYPE_CHECKING:
    from engine.explore.generative_model import GenerativeModel, Samples

STEPS = 7  # of the row
FINE = 61  # of the slider; every tenth is one of the row
_SHARE_TIP = "Where on the way from z_A to z_B the picture in the middle, G(z), is made."


def _way(start: Latents, end: Latents, steps: int, model: GenerativeModel) -> Samples:
    return model.interpolate(start, end, steps)


def _drawn(seed: int, model: GenerativeModel) -> Latents:
    return np.asarray(model.latents(1, seed)[0], np.float32)


class InterpolateView(ExploreView):
    """A, the place between, and B in large; the row of steps below. The whole way is made once, then it only slides."""

    slots = ("row", "way", "latents")

    def __init__(self, session: ExploreSession, theme: Theme, parent: QWidget | None = None) -> None:
        """Without a model."""
        super().__init__(session, theme, parent)
        self._seed = 100
        self._way: NDArray[np.generic] | None = None  # [STEPS, ...], then [FINE, ...]
        self._examples: Examples | None = None
        self.frames = {name: PictureFrame(theme, title) for name, title in (
            (A, "A, where the way begins"), ("between", "The place between"), (B, "B, where the way ends"))}
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, FINE - 1)
        self.slider.setPageStep((FINE - 1) // (STEPS - 1))
        set_slider(self.slider, FINE // 2)
        slider_label = label_for("A", self.slider, _SHARE_TIP, "Place between A and B")
        self.grid = PictureGrid(theme, "Interpolation")
        self.grid.set_hint("")
        self.stage = PointsStage(theme)
        self.stage.bar.hide()
        self.new_a = button("New A", "Begin at another random z, drawn from the prior P(z).")
        self.new_b = button("New B", "End at another random z, drawn from the prior P(z).")
        self.swap = button("Swap", "Go from z_B to z_A.")
        pictures = QWidget()
        large = QHBoxLayout()
        large.setSpacing(8)
        for frame in self.frames.values():
            large.addWidget(frame, 1)
        inside = QVBoxLayout(pictures)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(large, 2)
        inside.addWidget(self.grid, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(pictures)
        self.stack.addWidget(self.stage)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.stack, 1)
        column.addLayout(row([slider_label, self.slider, QLabel("B")], stretch=1))
        column.addLayout(row([self.new_a, self.new_b, self.swap]))
        self.slider.valueChanged.connect(self._on_slider_changed)
        self.grid.picture_chosen.connect(self._on_grid_picture_chosen)
        self.grid.save_requested.connect(self.save_requested)
        self.new_a.clicked.connect(partial(self._ask_end, A))
        self.new_b.clicked.connect(partial(self._ask_end, B))
        self.swap.clicked.connect(self._on_swap_clicked)
        session.ends_changed.connect(self._on_session_ends_changed)

    def forget(self) -> None:
        """The way is made anew."""
        self.session.forget("row", "way")
        self._way = None
        if self.model is None:
            self.grid.clear()
            self.stage.clear()
            for frame in self.frames.values():
                frame.set_picture(None)
        else:
            self.stack.setCurrentIndex(1 if self.model.is_points else 0)

    def refresh(self) -> None:
        """The steps of the row first, as they are few, then the fine ones."""
        steps = len(self._way) if self._way is not None else 0
        ends = self.session.ends
        if steps < FINE and {A, B} <= set(ends):
            slot, wanted = ("way", FINE) if steps else ("row", STEPS)
            self.session.ask(slot, partial(_way, ends[A], ends[B], wanted), self._on_way)

    def set_examples(self, examples: Examples | None) -> None:
        """The data to show behind the way of a point."""
        self._examples = examples

    def picture(self) -> tuple[QImage, str]:
        """The row of steps, or the plane."""
        if self._way is None:
            return QImage(), ""
        points = self.model is not None and self.model.is_points
        return self.stage.canvas.grab().toImage() if points else self.grid.sheet(), "interpolation.png"

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        for frame in self.frames.values():
            frame.set_theme(theme)
        self.grid.set_theme(theme)
        self.stage.set_theme(theme)

    def _on_way(self, way: NDArray[np.generic]) -> None:
        first = self._way is None
        self._way = way
        if self.model is not None and self.model.is_points:
            arrays: dict[str, NDArray[np.generic]] = {"samples": way}
            if self._examples is not None:
                arrays["data"] = self._examples.examples
                if self._examples.extent is not None:
                    arrays["extent"] = np.array(self._examples.extent)
            self.stage.show_arrays(arrays)
        elif first:
            self.grid.set_pictures(as_pixels(way), columns=STEPS)
            for name, index in ((A, 0), (B, -1)):
                self.frames[name].set_picture(as_pixels(way)[index])
                self.frames[name].set_caption(name)
        self._show_between()
        self.catch_up()

    def _show_between(self) -> None:
        if self._way is None:
            return
        share = self.slider.value() / (FINE - 1)
        at = self._way[round(share * (len(self._way) - 1))]
        if self.model is not None and self.model.is_points:
            self.stage.show_spot(np.asarray(at[None], np.float64))
        else:
            self.frames["between"].set_picture(as_pixels(at))
            self.frames["between"].set_caption(f"{100 * share:.0f} % of the way")
            self.grid.set_badges({round(share * (STEPS - 1)): ""})

    def _on_slider_changed(self, _value: int) -> None:
        self._show_between()

    def _on_grid_picture_chosen(self, index: int) -> None:
        self.slider.setValue(index * (FINE - 1) // (STEPS - 1))

    def _ask_end(self, name: str) -> None:
        self._seed += 1
        self.session.ask("latents", partial(_drawn, self._seed), partial(self.session.set_end, name))

    def _on_swap_clicked(self) -> None:
        ends = self.session.ends
        if {A, B} <= set(ends):
            self.session.set_end(A, ends[B])
            self.session.set_end(B, ends[A])

    def _on_session_ends_changed(self) -> None:
        self.forget()
        self.catch_up()
