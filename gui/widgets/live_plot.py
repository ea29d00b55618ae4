"""The curves of a training run: one small plot per family of figures, drawn again a few times a second at most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QStackedWidget, QVBoxLayout, QWidget

from engine.runtime.job import Metrics

MAX_POINTS = 4000
MAX_CURVES = 60
DRAW_MS = 150
COLUMNS = 3
HELD_OUT = "held_out_"
DEFAULT_SMOOTHING = 0.8
EMPTY_TEXT = "Choose drawings under “data” and press Start:\nthe curves of the run appear here."


class PlotTheme(Protocol):
    """The colours that a plot needs, as "#rrggbb"."""

    @property
    def window(self) -> str:
        """Behind everything."""

    @property
    def panel(self) -> str:
        """The ground of a plot."""

    @property
    def text(self) -> str:
        """Titles."""

    @property
    def muted(self) -> str:
        """Axes and their numbers."""

    @property
    def grid(self) -> str:
        """Helper lines."""

    @property
    def series(self) -> Sequence[str]:
        """The curves, in order."""


@dataclass(frozen=True)
class PlainColours:
    """What a plot wears until it is given a theme."""

    window: str = "#f1f2f6"
    panel: str = "#ffffff"
    text: str = "#1a1e2b"
    muted: str = "#565e72"
    grid: str = "#dcdfe8"
    series: Sequence[str] = ("#0067a8", "#cc5200", "#00856a", "#a8437f", "#8f6a00", "#3d3a8c")


@dataclass
class History:
    """The points of one curve, at most `MAX_POINTS`: when there are more, neighbours merge into their mean."""

    steps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _per_point: int = 1
    _waiting: list[tuple[float, float]] = field(default_factory=list)

    def add(self, step: int, value: float) -> None:
        """Add a point; one at an earlier step means that the run went back there, so what came later is dropped.

        A value that is not finite leaves no point.
        """
        if self._waiting and step <= self._waiting[-1][0]:
            self._waiting = [point for point in self._waiting if point[0] < step]
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.values.pop()
        if not math.isfinite(value):
            return
        self._waiting.append((float(step), value))
        if len(self._waiting) >= self._per_point:
            self.steps.append(self._waiting[-1][0])
            self.values.append(sum(each for _, each in self._waiting) / len(self._waiting))
            self._waiting.clear()
        if len(self.steps) > MAX_POINTS:
            self._halve()

    def smoothed(self, weight: float) -> NDArray[np.float64]:
        """The values as an exponential moving average with this weight of the past, without a bias at the start."""
        values = np.asarray(self.values, np.float64)
        if weight <= 0 or not len(values):
            return values
        sums = accumulate(values.tolist(), lambda past, value: weight * past + (1 - weight) * value, initial=0.0)
        averaged = np.fromiter(sums, np.float64)[1:] / (1 - weight ** np.arange(1, len(values) + 1))
        # Of a constant only rounding errors would be left to see, on an axis with fifteen digits.
        return averaged.astype(np.float32).astype(np.float64)

    def _halve(self) -> None:
        even = len(self.steps) // 2 * 2
        last = self.values[even:]
        pairs = np.asarray(self.values[:even]).reshape(-1, 2).mean(axis=1)
        self.values = [*pairs.tolist(), *last]
        self.steps = [*self.steps[1:even:2], *self.steps[even:]]
        self._per_point *= 2


@dataclass
class _Curve:
    """A figure's history and its two lines: the measured values, faint, and the smoothed ones."""

    history: History
    raw: Any
    smooth: Any
    plot: Any
    stale: bool = True


class LivePlot(QWidget):
    """Shows `Metrics` as small multiples. A figure and its held-out twin share a plot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Empty; plots appear with the first value of their figure."""
        super().__init__(parent)
        self._theme: PlotTheme = PlainColours()
        self._curves: dict[str, _Curve] = {}
        self._plots: dict[str, Any] = {}
        self._grid = pg.GraphicsLayoutWidget(parent=self)
        self._smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self._smoothing.setRange(0, 99)
        self._smoothing.setValue(round(DEFAULT_SMOOTHING * 100))
        self._smoothing.setMaximumWidth(160)
        self._smoothing.setToolTip("How much of the past goes into the strong line; the faint one shows each value.")
        self._smoothing.valueChanged.connect(self._on_smoothing_changed)
        label = QLabel("&Smoothing", self)
        label.setBuddy(self._smoothing)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self._smoothing)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        hint = QLabel(EMPTY_TEXT, self)
        hint.setProperty("role", "muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stage = QStackedWidget(self)
        self._stage.addWidget(hint)
        self._stage.addWidget(self._grid)
        layout.addWidget(self._stage, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DRAW_MS)
        self._timer.timeout.connect(self.draw)
        self.set_theme(self._theme)

    @property
    def titles(self) -> list[str]:
        """The plots, in the order in which they appeared."""
        return list(self._plots)

    def history(self, name: str) -> History:
        """The points of a figure."""
        return self._curves[name].history

    def add(self, event: Metrics) -> None:
        """Take in the figures of a step; they are drawn with the next redraw."""
        for name, value in event.values.items():
            curve = self._curves.get(name)
            if curve is None:
                if len(self._curves) >= MAX_CURVES:
                    continue
                curve = self._new_curve(name)
            curve.history.add(event.step, value)
            curve.stale = True
        if not self._timer.isActive() and self.isVisible():
            self._timer.start()

    def clear(self) -> None:
        """Forget every curve."""
        self._timer.stop()
        self._stage.setCurrentIndex(0)
        self._grid.clear()
        for plot in self._plots.values():
            plot.ctrlMenu.deleteLater()
        self._curves.clear()
        self._plots.clear()

    def draw(self) -> None:
        """Draw the curves that have changed since they were drawn last."""
        for name, curve in self._curves.items():
            if curve.stale:
                # Held-out figures are few and far apart: an average over the past would show an older model.
                weight = 0.0 if name.startswith(HELD_OUT) else self._smoothing.value() / 100
                steps = np.asarray(curve.history.steps)
                curve.raw.setData(steps, np.asarray(curve.history.values))
                curve.raw.setVisible(weight > 0)
                curve.smooth.setData(steps, curve.history.smoothed(weight))
                curve.stale = False

    def set_theme(self, theme: PlotTheme) -> None:
        """Wear other colours."""
        self._theme = theme
        self._grid.setBackground(theme.window)
        for title, plot in self._plots.items():
            self._dress(title, plot)
        for curve in self._curves.values():
            self._colour(curve)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was added while the widget was hidden."""
        super().showEvent(event)
        self._timer.start()

    def _on_smoothing_changed(self, _value: int) -> None:
        for curve in self._curves.values():
            curve.stale = True
        self._timer.start()

    def _new_curve(self, name: str) -> _Curve:
        title = self._family(name)
        plot = self._plots.get(title)
        if plot is None:
            count = len(self._plots)
            plot = self._grid.addPlot(row=count // COLUMNS, col=count % COLUMNS)
            plot.setMenuEnabled(False)
            # The plot makes a menu of its own all the same, and with no parent it would outlive the widget.
            plot.ctrlMenu.setParent(self._grid, plot.ctrlMenu.windowFlags())
            self._plots[title] = plot
            self._dress(title, plot)
            self._stage.setCurrentWidget(self._grid)
        elif plot.legend is None:
            legend = plot.addLegend(offset=(-4, 4), labelTextColor=self._theme.text, labelTextSize="8pt")
            for first_name, first in self._curves.items():
                if first.plot is plot:
                    legend.addItem(first.smooth, first_name)
        curve = _Curve(History(), plot.plot(), plot.plot(name=name), plot)
        for line in (curve.raw, curve.smooth):
            line.setDownsampling(auto=True, method="peak")
            line.setClipToView(True)
        self._curves[name] = curve
        self._colour(curve)
        return curve

    def _family(self, name: str) -> str:
        bare = name.removeprefix(HELD_OUT)
        related = [title for title in self._plots if bare == title or bare.startswith(f"{title}_")]
        return max(related, key=len, default=bare)

    def _dress(self, title: str, plot: Any) -> None:
        theme = self._theme
        plot.setTitle(title, color=theme.text, size="9pt")
        plot.getViewBox().setBackgroundColor(theme.panel)
        plot.showGrid(x=True, y=True, alpha=0.25)
        for side in ("left", "bottom"):
            plot.getAxis(side).setPen(theme.grid)
            plot.getAxis(side).setTextPen(theme.muted)
        if plot.legend is not None:
            plot.legend.setLabelTextColor(theme.text)
            for _sample, label in plot.legend.items:
                label.setText(label.text)  # pyqtgraph leaves the text it has in the old colour until it is set again

    def _colour(self, curve: _Curve) -> None:
        siblings = [each for each in self._curves.values() if each.plot is curve.plot]
        series = self._theme.series
        colour = pg.mkColor(series[next(i for i, each in enumerate(siblings) if each is curve) % len(series)])
        curve.smooth.setPen(pg.mkPen(colour, width=2))
        faint = pg.mkColor(colour)
        faint.setAlpha(70)
        curve.raw.setPen(pg.mkPen(faint, width=1))
