"""The 2-D stage: data, samples, the critic, gradients, the generator's grid and the transport plan on one plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import qtawesome
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QPainter
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab.points_layers import (
    CriticLayer,
    GradientLayer,
    Layer,
    PlanLayer,
    PointsLayer,
    TiesLayer,
    WarpLayer,
    data_marker,
    reconstruction_marker,
    sample_marker,
)
from gui.training_lab.points_legend import number, paint_empty, paint_legend, paint_note, small_font
from gui.widgets import run_arrays as read
from gui.widgets.collapsing_bar import CollapsingBar
from gui.widgets.markers import Marker, MarkerStamps, marker_icon
from gui.widgets.plane import PlaneCanvas
from gui.widgets.run_arrays import NamedArrays, finite_rows
from gui.widgets.view_stage import ViewWidget

_MARKERS = {"data": data_marker, "samples": sample_marker, "reconstructions": reconstruction_marker}
_ICONS = {
    "critic": "mdi6.blur", "gradients": "mdi6.arrow-top-right", "warp": "mdi6.grid", "plan": "mdi6.transit-connection"
}


@dataclass(frozen=True)
class _Toggle:
    """A layer as the person sees it."""

    layer: str
    title: str
    letter: str
    tip: str
    on: bool = True


_TOGGLES = (
    _Toggle("data", "Data", "D", "Examples x that the model learns to imitate"),
    _Toggle("samples", "Samples", "S", "What the generator makes of the same noise each time, G(z)"),
    _Toggle("reconstructions", "Reconstructions", "R", "What comes back of each example, G(Q(x)), tied to it"),
    _Toggle("critic", "Critic", "C", "What the critic D(x) says of every place: lower is fake, higher is real"),
    _Toggle("gradients", "Gradients", "G", "Where the generator's loss pushes each sample, −∂L/∂x"),
    _Toggle("warp", "Grid", "W", "Where G puts a regular grid of latents z: dense lines mean many samples", on=False),
    _Toggle("plan", "Plan", "P", "What the transport plan M matches: strong lines carry more mass"),
)
_TIE = 0.3  # strength of the lines between examples and reconstructions
_PAINT_ORDER = ("critic", "warp", "ties", "plan", "data", "reconstructions", "samples", "gradients", "spot")


class _PointsCanvas(PlaneCanvas):
    """Paints the layers that are there and switched on."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.layers: dict[str, Layer] = {}
        self.hidden: set[str] = set()
        self._stamps = MarkerStamps()
        self._spot: tuple[float, float] | None = None
        self.setAccessibleName("Points")
        self.pointed.connect(self._on_self_pointed)

    def is_on(self, layer: str) -> bool:
        return layer in self.layers and ("reconstructions" if layer == "ties" else layer) not in self.hidden

    def set_theme(self, theme: Theme) -> None:
        self._stamps.clear()
        super().set_theme(theme)

    def paint_plane(self, painter: QPainter) -> None:
        area = QRectF(self.rect()).adjusted(8, 8, -8, -8)
        painter.setFont(small_font(self.font()))
        if not self.layers:
            painter.setFont(self.font())
            paint_empty(painter, area, self.theme)
            return
        critic = self.layers.get("critic") if self.is_on("critic") else None
        if critic is not None:
            critic.paint(painter, self, self._stamps)
        self.paint_helper_lines(painter)
        for name in _PAINT_ORDER:
            if name != "critic" and self.is_on(name):
                self.layers[name].paint(painter, self, self._stamps)
        painter.setFont(small_font(self.font()))
        marks: list[tuple[Marker, str]] = [(_MARKERS[t.layer](self.theme), t.title.lower()) for t in _TOGGLES
                                           if t.layer in _MARKERS and self.is_on(t.layer)]
        paint_legend(painter, area, self.theme, marks, critic if isinstance(critic, CriticLayer) else None)
        note = self._note()
        if note:
            paint_note(painter, area, self.theme, note)

    def _note(self) -> str:
        """What is under the mouse, else how many samples are out of sight."""
        if self._spot is not None:
            x, y = self._spot
            text = f"x {number(x)}  y {number(y)}"
            critic = self.layers.get("critic")
            value = critic.value_at(x, y) if isinstance(critic, CriticLayer) else None
            return text if value is None else f"{text}  critic {number(value)}"
        samples = self.layers.get("samples")
        if not isinstance(samples, PointsLayer) or not self.is_on("samples"):
            return ""
        pixels = self.to_pixels(samples.places[finite_rows(samples.places)])
        inside = ((pixels >= 0) & (pixels <= (self.width(), self.height()))).all(axis=1)
        outside = len(samples.places) - int(inside.sum())
        return f"{outside} {'sample' if outside == 1 else 'samples'} out of sight" if outside else ""

    def _on_self_pointed(self, spot: tuple[float, float] | None) -> None:
        self._spot = spot
        self.update()


class PointsStage(ViewWidget):
    """Shows the arrays of a 2-D run; see the stages' vocabulary in `gui.widgets.run_arrays`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty stage that says what will be seen on it."""
        super().__init__(parent)
        self._has_extent = False  # whether the run has told one
        self.canvas = _PointsCanvas(theme, self)
        self.toggles: dict[str, QAction] = {}
        for toggle in _TOGGLES:
            action = QAction(toggle.title, self)
            action.setCheckable(True)
            action.setChecked(toggle.on)
            action.setVisible(False)
            # With Shift: the bare letters belong to the transport bar and the time line around the stage.
            action.setShortcut(QKeySequence(f"Shift+{toggle.letter}"))
            action.setToolTip(f"{toggle.tip} (Shift+{toggle.letter}).")
            action.toggled.connect(self._on_toggle_toggled)
            self.toggles[toggle.layer] = action
            if not toggle.on:
                self.canvas.hidden.add(toggle.layer)
        actions = list(self.toggles.values())
        self.bar: CollapsingBar = CollapsingBar(actions, "Layers", "Choose what is shown on the plane.", self)
        self.fit_button = QToolButton(self)
        self.fit_button.setProperty("role", "flat")
        self.fit_button.setIconSize(QSize(18, 18))
        self.fit_button.setToolTip("Show the whole extent of the data again (Shift+F, or a double click).")
        self.fit_button.setAccessibleName("Fit")
        self.fit_button.clicked.connect(self.canvas.fit)
        fit = QAction("Fit", self)
        fit.setShortcut(QKeySequence("Shift+F"))
        fit.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        fit.triggered.connect(self.canvas.fit)
        self.addAction(fit)
        self.bar.add_end(self.fit_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self.set_theme(theme)

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether there is anything for this stage."""
        return read.points(arrays, "samples") is not None or read.points(arrays, "data") is not None

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show the layers that `arrays` hold; data and extent stay when they are not among them."""

        canvas = self.canvas
        canvas.layers = {"data": canvas.layers["data"]} if "data" in canvas.layers else {}
        layers = canvas.layers
        data, samples = read.points(arrays, "data"), read.points(arrays, "samples")
        if data is not None:
            layers["data"] = PointsLayer(data, "data")
        if samples is not None:
            layers["samples"] = PointsLayer(samples, "samples")
        self._fit_to(arrays, data, samples)
        reconstructions = read.points(arrays, "reconstructions")
        if reconstructions is not None:
            layers["reconstructions"] = PointsLayer(reconstructions, "reconstructions")
            if data is not None:
                count = min(len(data), len(reconstructions))
                layers["ties"] = TiesLayer(data[:count], reconstructions[:count], np.full(count, _TIE))
        critic_map = read.plane_map(arrays, "critic_map")
        if critic_map is not None:
            layers["critic"] = CriticLayer(critic_map, read.extent(arrays) or canvas.extent)
        gradients = read.points(arrays, "gradients")
        if gradients is not None and samples is not None and len(gradients) == len(samples):
            layers["gradients"] = GradientLayer(samples, gradients)
        warp = read.lattice(arrays, "warp")
        if warp is not None:
            layers["warp"] = WarpLayer(warp)
        plan = read.plan(arrays)
        if plan is not None:
            layers["plan"] = PlanLayer(*plan)
        for name, action in self.toggles.items():
            if name in layers and not action.isVisible():
                action.setVisible(True)
        canvas.update()

    def show_spot(self, places: NDArray[np.float64]) -> None:
        """Mark places [n, 2], such as the sample that the hand moves, until arrays are shown again."""
        self.canvas.layers["spot"] = PointsLayer(places, "spot")
        self.canvas.update()

    def clear(self) -> None:
        """Show nothing, and look at the whole extent again."""
        self.canvas.layers = {}
        self.canvas.fit()
        self._has_extent = False
        for action in self.toggles.values():
            action.setVisible(False)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.canvas.set_theme(theme)
        self.bar.set_theme(theme)
        for name, action in self.toggles.items():
            if name in _MARKERS:
                action.setIcon(marker_icon(_MARKERS[name](theme)))
            else:
                action.setIcon(qtawesome.icon(_ICONS[name], color=theme.text))
        self.fit_button.setIcon(qtawesome.icon("mdi6.fit-to-screen-outline", color=theme.text))

    def _fit_to(
        self, arrays: NamedArrays, data: NDArray[np.float64] | None, samples: NDArray[np.float64] | None
    ) -> None:
        extent = read.extent(arrays)
        if extent is not None:
            self.canvas.set_extent(extent)
            self._has_extent = True
        if self._has_extent:
            return
        places = data if data is not None else samples
        if places is not None:
            places = places[finite_rows(places)]
        if places is None or not len(places):
            return
        low, high = places.min(axis=0), places.max(axis=0)
        (x, y), half = ((low + high) / 2).tolist(), max(float((high - low).max()) * 0.6, 1e-3)
        self.canvas.set_extent((x - half, x + half, y - half, y + half))

    def _on_toggle_toggled(self, _on: bool) -> None:
        self.canvas.hidden = {name for name, action in self.toggles.items() if not action.isChecked()}
        self.canvas.update()
