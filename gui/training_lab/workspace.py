"""What the lab shows of open runs: stages side by side, the time line, curves, measures, and the model beside them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
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

from gui.theme import ThemeManager
from gui.training_lab.health_panel import HealthPanel
from gui.training_lab.race_table import RaceTable
from gui.training_lab.run_column import RunColumn
from gui.widgets.live_plot import LivePlot
from gui.widgets.timeline import Timeline
from gui.widgets.transport import TransportBar

SIDE_WIDTH = 380
EMPTY_CURVES = "The curves of the runs appear here as soon as they train."


class Workspace(QWidget):
    """Makes the widgets and puts them in place; what they do is the lab's."""

    back_requested = Signal()
    files_dropped = Signal(list)

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
        self.save_button.setText("Save…")
        self.save_button.setToolTip("Save pictures, curves, an animation or the model of the chosen run.")
        self.save_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.transport = TransportBar(theme)
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        self.columns.setChildrenCollapsible(False)
        self.columns.setHandleWidth(10)
        self.timeline = Timeline(theme)
        self.plot = LivePlot(empty_text=EMPTY_CURVES)
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

    def add_column(self, column: RunColumn) -> None:
        """Put a run on the stage, to the right of the others."""
        self.columns.addWidget(column)
        self.columns.setSizes([1] * self.columns.count())

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
        self.below.addTab(self.plot, "Curves")
        self.below.addTab(measures, "Measures")
        self.below.addTab(self.health, "Health")
        self.below.addTab(self.notes, "Log")
        self.below.addTab(self.run_list, "Runs")
        self.below.setDocumentMode(True)
        self.side.setDocumentMode(True)
        self.side.addTab(self.diagrams, "Model")
        self.side.addTab(self.settings, "Settings")
        stage = QWidget()
        upper = QVBoxLayout(stage)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(8)
        upper.addWidget(self.columns, 1)
        upper.addWidget(self.timeline)
        middle = QSplitter(Qt.Orientation.Vertical)
        middle.addWidget(stage)
        middle.addWidget(self.below)
        middle.setStretchFactor(0, 3)
        middle.setStretchFactor(1, 2)
        middle.setSizes([460, 240])
        middle.setChildrenCollapsible(False)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(middle)
        whole.addWidget(self.side)
        whole.setStretchFactor(0, 1)
        whole.setSizes([900, SIDE_WIDTH])
        whole.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 14)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.transport)
        layout.addWidget(whole, 1)
        self.back_button.clicked.connect(self.back_requested)


def scrolled(widget: QWidget) -> QScrollArea:
    """The widget in an area that scrolls."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setWidget(widget)
    return area
