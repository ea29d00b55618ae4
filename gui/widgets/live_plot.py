"""The curves of training runs: one small plot per family of figures, drawn again a few times a second at most."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.runtime.job import Metrics
from gui.palette import mix
from gui.widgets.curve_painting import DASHES, Line, paint_sample
from gui.widgets.curve_panel import CurvePanel
from gui.widgets.history import History, smoothed
from gui.widgets.plot_theme import PlainColours, PlotTheme

MAX_CURVES = 60  # of one run
MAX_MARKS = 500
DRAW_MS = 150
AT_ONCE = 3  # plots drawn in one go, so that drawing many stays within a frame
NEXT_MS = 8
LEAST_WIDTH = 250  # pixels of a plot before a column less is made
MOST_COLUMNS = 3
HELD_OUT = ("held_out_", "valid_")
DEFAULT_SMOOTHING = 0.8
EMPTY_TEXT = "Choose drawings under “data” and press Start:\nthe curves of the run appear here."


@dataclass
class _Run:
    """The curves and marks of a run."""

    curves: dict[str, History] = field(default_factory=dict)
    marks: list[tuple[int, str]] = field(default_factory=list)


class LivePlot(QWidget):
    """Shows `Metrics` as small multiples. A figure and its held-out twin share a plot, and so do all runs.

    One run tells its figures apart by colour. With several, each run has a colour and a line style of its own.
    """

    def __init__(
        self, parent: QWidget | None = None, empty_text: str = EMPTY_TEXT, measures: Collection[str] = ()
    ) -> None:
        """Empty, with `empty_text` in place of plots; they appear with the first value of their figure.

        `measures` are figures that are measured seldom: as held-out ones, they have dots and no average over the past,
        which would show an older model.
        """
        super().__init__(parent)
        self._measures = frozenset(measures)
        self._theme: PlotTheme = PlainColours()
        self._runs: dict[str, _Run] = {}
        self._panels: dict[str, CurvePanel] = {}
        self._family: dict[str, str] = {}
        self._stale: dict[str, None] = {}  # a set that keeps its order
        self._cursor: int | None = None
        self._view: tuple[float, float] | None = None
        self._columns = 0
        self._smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self._smoothing.setRange(0, 99)
        self._smoothing.setValue(round(DEFAULT_SMOOTHING * 100))
        self._smoothing.setMaximumWidth(160)
        self._smoothing.setToolTip("How much of the past goes into the strong line; the faint one shows each value.")
        self._smoothing.valueChanged.connect(self._on_smoothing_changed)
        label = QLabel("&Smoothing", self)
        label.setBuddy(self._smoothing)
        self._legend = _RunLegend(self)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self._smoothing)
        row.addWidget(self._legend, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        self._hint = QLabel(empty_text, self)
        self._hint.setProperty("role", "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inner)
        self._stage = QStackedWidget(self)
        self._stage.addWidget(self._hint)
        self._stage.addWidget(self._scroll)
        layout.addWidget(self._stage, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def titles(self) -> list[str]:
        """The plots, in the order in which they appeared."""
        return list(self._panels)

    @property
    def runs(self) -> list[str]:
        """The runs that are shown, in the order in which they appeared."""
        return list(self._runs)

    @property
    def memory(self) -> int:
        """Bytes held by the points of all curves."""
        return sum(history.memory for run in self._runs.values() for history in run.curves.values())

    @property
    def hint(self) -> str:
        """What stands in place of plots while there are none."""
        return self._hint.text()

    def set_hint(self, text: str) -> None:
        """Say something else in place of plots."""
        self._hint.setText(text)

    def history(self, name: str, run: str = "") -> History:
        """The points of a figure; raises `KeyError` when there are none."""
        return self._runs[run].curves[name]

    def panel(self, title: str) -> CurvePanel:
        """The plot of this title."""
        return self._panels[title]

    # ---- what is shown

    def add_run(self, run: str) -> None:
        """Keep a place for a run, with its colour, before it has measured anything."""
        self._run(run)

    def add(self, event: Metrics, run: str = "") -> None:
        """Take in the figures of a step of `run` (its name in the legend); they are drawn with the next redraw."""
        curves = self._run(run).curves
        for name, value in event.values.items():
            history = curves.get(name)
            if history is None:
                if len(curves) >= MAX_CURVES:
                    continue
                history = curves[name] = History()
                self._make_room(name)
            history.add(event.step, value)
            self._stale[self._family[name]] = None
        self._draw_soon()

    def add_mark(self, step: int, text: str, run: str = "") -> None:
        """Mark `step` in every plot, with `text` under the mouse: something was changed there."""
        marks = self._run(run).marks
        if len(marks) < MAX_MARKS:
            insort(marks, (step, text))
        self._show_marks()

    def set_cursor(self, step: int | None) -> None:
        """Show where the time line stands, and the values there; None for nowhere."""
        self._cursor = step
        for panel in self._panels.values():
            panel.set_cursor(step)

    def rewind(self, step: int, run: str = "") -> None:
        """Drop the points and marks of `run` after `step`."""
        known = self._runs.get(run)
        if known is None:
            return
        for history in known.curves.values():
            history.rewind(step)
        known.marks = [mark for mark in known.marks if mark[0] <= step]
        self._show_marks()
        self._all_stale()

    def remove_run(self, run: str) -> None:
        """Forget a run; plots that no other run has a curve in go away."""
        if self._runs.pop(run, None) is None:
            return
        if not self._runs:
            self.clear()
            return
        left = {self._family[name] for each in self._runs.values() for name in each.curves}
        for title in [title for title in self._panels if title not in left]:
            self._panels.pop(title).deleteLater()
            self._stale.pop(title, None)
            self._family = {name: family for name, family in self._family.items() if family != title}
        self._show_marks()
        self._show_runs()
        self._columns = 0
        self._arrange()
        self._all_stale()

    def clear(self) -> None:
        """Forget every curve."""
        self._timer.stop()
        self._stage.setCurrentIndex(0)
        for panel in self._panels.values():
            panel.deleteLater()
        for held in (self._runs, self._panels, self._family, self._stale):
            held.clear()
        self._view = self._cursor = None
        self._columns = 0
        self._show_runs()

    def draw(self) -> None:
        """Draw the curves that have changed since they were drawn last."""
        self._draw_some(len(self._stale))

    def set_theme(self, theme: PlotTheme) -> None:
        """Wear other colours."""
        self._theme = theme
        for panel in self._panels.values():
            panel.set_theme(theme)
        self._stale.update(dict.fromkeys(self._panels))
        self.draw()
        self._show_runs()

    # ---- events

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was added while the widget was hidden."""
        super().showEvent(event)
        self._timer.start(NEXT_MS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def _on_timer_timeout(self) -> None:
        self._draw_some(AT_ONCE)
        if self._stale:
            self._timer.start(NEXT_MS)

    def _on_smoothing_changed(self, _value: int) -> None:
        self._all_stale()

    def _on_panel_range_chosen(self, view: tuple[float, float] | None) -> None:
        self._view = view
        for panel in self._panels.values():
            panel.set_view(view)

    # ---- what a plot holds

    def _draw_some(self, most: int) -> None:
        for title in list(self._stale)[:most]:
            del self._stale[title]
            self._panels[title].set_lines(self._lines(title))

    def _run(self, run: str) -> _Run:
        if run not in self._runs:
            self._runs[run] = _Run()
            self._show_runs()
            self._stale.update(dict.fromkeys(self._panels))
        return self._runs[run]

    def _make_room(self, name: str) -> None:
        """Find the plot that a new figure belongs into, or make one."""
        if name in self._family:
            return
        bare = next((name.removeprefix(prefix) for prefix in HELD_OUT if name.startswith(prefix)), name)
        related = [title for title in self._panels if bare == title or bare.startswith(f"{title}_")]
        title = self._family[name] = max(related, key=len, default=bare)
        if title in self._panels:
            return
        panel = CurvePanel(title)
        panel.set_theme(self._theme)
        panel.set_view(self._view)
        panel.set_cursor(self._cursor)
        panel.range_chosen.connect(self._on_panel_range_chosen)
        self._panels[title] = panel
        self._columns = 0
        self._arrange()
        self._show_marks()
        self._stage.setCurrentWidget(self._scroll)

    def _lines(self, title: str) -> list[Line]:
        names = [name for name, family in self._family.items() if family == title]
        lines = []
        for index, (run, known) in enumerate(self._runs.items()):
            for order, name in enumerate(names):
                history = known.curves.get(name)
                if history is None:
                    continue
                seldom = name.startswith(HELD_OUT) or name in self._measures
                weight = 0.0 if seldom else self._smoothing.value() / 100
                values = history.values
                colour, dashes = self._look(index, order)
                lines.append(Line(
                    name, run, history.steps, smoothed(values, weight), values if weight > 0 else None, colour, dashes,
                    dots=seldom,
                ))
        return lines

    def _look(self, run: int, order: int) -> tuple[str, tuple[float, ...]]:
        """Colour and dashes of the figure that came as number `order` into its plot, of this run."""
        series = self._theme.series
        if len(self._runs) < 2:
            return series[order % len(series)], ()
        colour = series[run % len(series)]
        # The runs keep their colours in all plots, so what shares a plot with another figure is paler.
        return mix(colour, self._theme.panel, 0.4) if order else colour, DASHES[run % len(DASHES)]

    def _show_runs(self) -> None:
        looks = [(run, *self._look(index, 0)) for index, run in enumerate(self._runs)]
        self._legend.set_runs(looks if len(looks) > 1 else [], self._theme)

    def _show_marks(self) -> None:
        several = len(self._runs) > 1
        marks = sorted(
            (step, f"{text} ({run})" if several and run else text)
            for run, known in self._runs.items() for step, text in known.marks
        )
        for panel in self._panels.values():
            panel.set_marks(marks)

    def _all_stale(self) -> None:
        self._stale.update(dict.fromkeys(self._panels))
        self._draw_soon()

    def _draw_soon(self) -> None:
        if not self._timer.isActive() and self.isVisible():
            self._timer.start(DRAW_MS)

    def _arrange(self) -> None:
        columns = min(max(self.width() // LEAST_WIDTH, 1), MOST_COLUMNS)
        if columns == self._columns:
            return
        self._columns = columns
        for index, panel in enumerate(self._panels.values()):
            self._grid.addWidget(panel, index // columns, index % columns)
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


class _RunLegend(QWidget):
    """The runs side by side, each with a sample of its line."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._looks: list[tuple[str, str, tuple[float, ...]]] = []
        self._theme: PlotTheme = PlainColours()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(self.fontMetrics().height() + 4)

    def set_runs(self, looks: list[tuple[str, str, tuple[float, ...]]], theme: PlotTheme) -> None:
        """Show (name, colour, dashes) of each run."""
        self._looks, self._theme = looks, theme
        names = ", ".join(name for name, _colour, _dashes in looks)
        self.setAccessibleName(f"Runs in the plots: {names}" if looks else "")
        self.setToolTip(names)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        share = self.width() / max(len(self._looks), 1)
        x, middle = 8.0, self.height() / 2
        for name, colour, dashes in self._looks:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_sample(painter, QRectF(x, middle - 5, 26, 10), colour, dashes)
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(round(share - 48), 20))
            painter.setPen(self._theme.text)
            painter.drawText(round(x + 32), round(middle + metrics.ascent() / 2 - 1), text)
            x += 32 + metrics.horizontalAdvance(text) + 16
        painter.end()
