"""What the lab shows of open runs: stages side by side, the time line, curves, measures, and the model beside them."""

from __future__ import annotations

import qtawesome
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.experiments.experiment import Experiment, Verdict
from gui.palette import Theme
from gui.theme import ThemeManager
from gui.training_lab.health_panel import HealthPanel
from gui.training_lab.race_table import MEASURES, RaceTable
from gui.training_lab.run_column import RunColumn
from gui.widgets.live_plot import LivePlot
from gui.widgets.timeline import Timeline
from gui.widgets.transport import TransportBar

SIDE_WIDTH = 440
# All but the speed, which comes with every point of the curves.
_SELDOM = frozenset(measure.name for measure in MEASURES) - {"steps_per_s"}
EMPTY_CURVES = "The curves of the runs appear here as soon as they train."


class Workspace(QWidget):
    """Makes the widgets and puts them in place; what they do is the lab's."""

    back_requested = Signal()

    def __init__(self, theme: ThemeManager, parent: QWidget | None = None) -> None:
        """Without runs."""
        super().__init__(parent)
        self._theme = theme
        self.back_button = QPushButton("Experiments")
        self.back_button.setToolTip("Choose another experiment; runs that train go on meanwhile.")
        self.back_button.setProperty("role", "flat")
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self.save_button = QToolButton()
        self.save_button.setText("Save")
        self.save_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.save_button.setToolTip("Save pictures, curves, an animation or the model of the chosen run.")
        self.save_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.transport = TransportBar(theme)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.columns.setChildrenCollapsible(False)
        self.columns.setHandleWidth(10)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setContentsMargins(80, 20, 80, 20)
        self.stages = QStackedWidget()
        self.stages.addWidget(self.hint)
        self.stages.addWidget(self.columns)
        self.timeline = Timeline(theme)
        self.plot = LivePlot(empty_text=EMPTY_CURVES, measures=_SELDOM)
        self.table = RaceTable()
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.hide()
        self.health = HealthPanel(theme.theme)
        self.notes = QListWidget()
        self.notes.setWordWrap(True)
        self.notes.setToolTip("What happened on the way: edits, skipped steps, rewinds, resumes.")
        self.run_list = QListWidget()
        self.run_list.setToolTip("All open runs; those that are ticked are on the stage, four at most.")
        self.below = QTabWidget()
        self.side = QTabWidget()
        self.diagrams = QStackedWidget()
        self.settings = QStackedWidget()
        self._lay_out()
        self.set_theme(theme.theme)

    def add_column(self, column: RunColumn) -> None:
        """Put a run on the stage, to the right of the others."""
        self.columns.addWidget(column)
        self.columns.setSizes([1] * self.columns.count())

    @property
    def theme(self) -> Theme:
        """The colours that hold now."""
        return self._theme.theme

    def show_hint(self, experiment: Experiment) -> None:
        """Say what an experiment is about, in place of runs that have not begun."""
        claim = f"<p><b>The claim</b> ({experiment.source}): {experiment.claim}.</p>" if experiment.claim else ""
        self.hint.setText(
            f"<h3>{experiment.title}</h3><p>{experiment.sentence}</p>{claim}<p>Change what you like on the right, then "
            "press <b>Run</b>.</p>")
        self.stages.setCurrentWidget(self.hint)

    def hide_hint(self) -> None:
        """Show the runs."""
        self.stages.setCurrentWidget(self.columns)

    def show_verdict(self, verdict: Verdict | None) -> None:
        """Say whether the runs agree with the experiment's claim; None while that is not known."""
        self.verdict.setVisible(verdict is not None)
        if verdict is not None:
            word = "This agrees with the paper." if verdict.agrees else "This does not agree with the paper."
            self.verdict.setText(f"<b>{word}</b> {verdict.found}")

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours; what follows the theme by itself does so."""
        self.plot.set_theme(theme)
        self.health.set_theme(theme)
        self.back_button.setIcon(qtawesome.icon("mdi6.arrow-left", color=theme.muted))
        self.save_button.setIcon(qtawesome.icon("mdi6.download-outline", color=theme.muted))

    def set_explore_page(self, page: QWidget) -> None:
        """The page on which a finished model is explored."""
        self.side.addTab(page, "Explore")

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.back_button)
        top.addWidget(self.title, 1)
        top.addWidget(self.save_button)
        measures = QWidget()
        column = QVBoxLayout(measures)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.verdict)
        column.addWidget(self.table, 1)
        # A run may have more symptoms than the low part of a small window has room for.
        health = QScrollArea()
        health.setWidgetResizable(True)
        health.setFrameShape(QFrame.Shape.NoFrame)
        health.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.health.setObjectName("scrolled")
        health.setWidget(self.health)
        self.below.addTab(self.plot, "Curves")
        self.below.addTab(measures, "Measures")
        self.below.addTab(health, "Health")
        self.below.addTab(self.notes, "Log")
        self.below.addTab(self.run_list, "Runs")
        for tabs in (self.below, self.side):
            tabs.setDocumentMode(True)
            tabs.tabBar().setDrawBase(False)
        self.side.addTab(self.diagrams, "Model")
        self.side.addTab(self.settings, "Settings")
        stage = QWidget()
        upper = QVBoxLayout(stage)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(8)
        upper.addWidget(self.stages, 1)
        upper.addWidget(self.timeline)
        middle = QSplitter(Qt.Orientation.Vertical)
        middle.addWidget(stage)
        middle.addWidget(self.below)
        middle.setStretchFactor(0, 3)
        middle.setStretchFactor(1, 2)
        middle.setSizes([520, 190])
        middle.setChildrenCollapsible(False)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(middle)
        whole.addWidget(self.side)
        whole.setStretchFactor(0, 1)
        whole.setSizes([720, SIDE_WIDTH])
        whole.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 14)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.transport)
        layout.addWidget(whole, 1)
        self.back_button.clicked.connect(self.back_requested)
