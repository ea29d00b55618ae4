"""Two plots about a critic: the singular values of its layers, and the norm of its gradient at samples."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.palette import Theme
from gui.widgets import run_arrays as read
from gui.widgets.chart import Chart, Curve, Mark
from gui.widgets.run_arrays import NamedArrays
from gui.widgets.view_stage import ViewWidget

_BINS = 40
_LEAST = 1e-6  # of the largest: singular values are shown down to here
_MOST_POINTS = 400  # of a curve
_SINGULAR_TIP = (
    "Singular values σ of each layer's weight matrix, largest first. Where few are large and the rest near 0, the layer"
    " looks in a few directions only; spectral normalisation holds the largest at 1."
)
_NORMS_TIP = (
    "How steep the critic is at each sample, ‖∇D(x)‖. A gradient penalty pulls this to 1; near 0 the generator learns"
    " nothing, far above 1 its steps are wild."
)


class SingularValuesView(ViewWidget):
    """The singular values of each layer, largest first, on a logarithmic axis (Miyato et al. 2018, figure 3)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty chart."""
        super().__init__(parent)
        self.chart = Chart(theme, "Singular values", "index, largest first", "singular value σ", log=True)
        _fill(self, self.chart, _SINGULAR_TIP)

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether there is a layer."""
        return bool(read.singular_values(arrays))

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show one curve for each layer."""
        curves = []
        for name, values in read.singular_values(arrays).items():
            kept = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_POINTS)).astype(np.int64))
            least = max(float(values[0]) * _LEAST, 1e-30)
            curves.append(Curve(name, (kept + 1).astype(np.float64), np.maximum(values[kept], least)))
        self.chart.set_curves(curves)

    def clear(self) -> None:
        """Show nothing."""
        self.chart.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.chart.set_theme(theme)


class GradientNormsView(ViewWidget):
    """The distribution of the critic's gradient norm at samples, with a line at 1 (Gulrajani et al. 2017)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty chart."""
        super().__init__(parent)
        self.chart = Chart(theme, "Gradient norms", "‖∇D(x)‖, the critic's gradient at each sample", "samples")
        _fill(self, self.chart, _NORMS_TIP)

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether there are norms."""
        return read.values(arrays, "gradient_norms") is not None

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show their histogram, from 0 to where nearly all of them are; the rest counts in the last bar."""
        norms = read.values(arrays, "gradient_norms")
        if norms is None:
            return
        top = max(float(np.percentile(norms, 99.5)) * 1.05, 1.25)
        counts, edges = np.histogram(np.clip(norms, 0.0, top), bins=_BINS, range=(0.0, top))
        self.chart.set_bars(edges, counts.astype(np.float64))
        mean = float(norms.mean())
        self.chart.set_marks([Mark(1.0, "1-Lipschitz"), Mark(mean, f"mean {mean:.3g}", dashed=True)])

    def clear(self) -> None:
        """Show nothing."""
        self.chart.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.chart.set_theme(theme)


def _fill(view: QWidget, chart: Chart, tip: str) -> None:
    chart.setToolTip(tip)
    chart.setAccessibleDescription(tip)
    column = QVBoxLayout(view)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(chart)
