"""Plots of the two studies: what the layers of a deep network do to activations, and the way an optimiser went."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.palette import Theme
from gui.widgets import run_arrays as read
from gui.widgets.chart import Chart, Curve, Level
from gui.widgets.run_arrays import NamedArrays
from gui.widgets.view_stage import ViewEntry, ViewWidget

_MEANS_TIP = (
    "The mean of each hidden layer's activations over the same digits, now and before training. Behind SELUs it stays"
    " near 0."
)
_VARIANCES_TIP = (
    "The variance of each hidden layer's activations over the same digits, now and before training. Behind SELUs it"
    " stays near 1; where it grows or shrinks from layer to layer, so do the gradients."
)
_TRAJECTORY_TIP = (
    "Where x is after each step. On average the functions rise with x, so −1 is the best place and +1 the worst."
)


class LayersView(ViewWidget):
    """Mean and variance of each hidden layer, with lines at 0 and 1 (Klambauer et al. 2017)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Two empty charts, one above the other."""
        super().__init__(parent)
        self.means = Chart(theme, "Mean of each layer", "hidden layer", "mean μ")
        self.variances = Chart(theme, "Variance of each layer", "hidden layer", "variance ν")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for chart, tip in ((self.means, _MEANS_TIP), (self.variances, _VARIANCES_TIP)):
            chart.setToolTip(tip)
            chart.setAccessibleDescription(tip)
            column.addWidget(chart)

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether layers have been measured."""
        return _curves(arrays, "layer_means") != [] and _curves(arrays, "layer_variances") != []

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show the layers as they are and as they were before training."""
        self.means.set_curves(_curves(arrays, "layer_means"))
        self.means.set_levels([Level(0.0, "0")])
        self.variances.set_curves(_curves(arrays, "layer_variances"))
        self.variances.set_levels([Level(1.0, "1")])

    def clear(self) -> None:
        """Show nothing."""
        self.means.clear()
        self.variances.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.means.set_theme(theme)
        self.variances.set_theme(theme)


class TrajectoryView(ViewWidget):
    """x over the steps, between the best and the worst place (Reddi et al. 2018, section 3)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty chart."""
        super().__init__(parent)
        self.chart = Chart(theme, "Way of x", "step t", "x")
        self.chart.setToolTip(_TRAJECTORY_TIP)
        self.chart.setAccessibleDescription(_TRAJECTORY_TIP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.chart)

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether there is a way."""
        return read.points(arrays, "trajectory") is not None

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show the way so far."""
        points = read.points(arrays, "trajectory")
        if points is None:
            return
        points = points[read.finite_rows(points)]
        self.chart.set_curves([Curve("x", points[:, 0], points[:, 1])] if len(points) else [])
        self.chart.set_levels([Level(-1.0, "best"), Level(1.0, "worst")])

    def clear(self) -> None:
        """Show nothing."""
        self.chart.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.chart.set_theme(theme)


def study_entries(theme: Theme) -> list[ViewEntry]:
    """The views of runs that have plots and nothing else."""
    return [
        ViewEntry("Layers", "Mean and variance of the activations, layer by layer", LayersView(theme)),
        ViewEntry("Way of x", "Where the optimiser has gone", TrajectoryView(theme)),
    ]


def _curves(arrays: NamedArrays, name: str) -> list[Curve]:
    """The curve of an array and the one of before training; none without the former."""
    now, before = read.layers(arrays, name), read.layers(arrays, f"first_{name}")
    if now is None:
        return []
    return [Curve("now", *now)] + ([Curve("before", *before)] if before is not None else [])
