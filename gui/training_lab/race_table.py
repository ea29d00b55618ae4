"""Several runs beside each other in numbers: one row a run, one column a measure, the best of each marked."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

BEST = "★"
MISSING = "–"
EMPTY_TEXT = "The measures of the runs appear here, the best of each marked with a star."

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Measure:
    """A figure that runs can be compared by. `better` is "higher", "lower", or "" where neither is."""

    name: str
    title: str
    better: str
    meaning: str


MEASURES: tuple[Measure, ...] = (
    Measure("modes", "modes", "higher", "How many modes of the data have samples near them."),
    Measure("good_samples", "good samples", "higher", "The share of samples within a few σ of a mode."),
    Measure("kl_grid", "KL on the grid", "lower", "KL divergence of samples from data, counted on a grid."),
    Measure("sliced_wasserstein", "sliced W", "lower", "Wasserstein distance to the data, averaged over lines."),
    Measure("mmd", "MMD²", "lower", "Maximum mean discrepancy to the data; its unbiased estimate may be below 0."),
    Measure("latent_mmd", "MMD² of codes", "lower", "MMD² of the codes Q_Z and the prior P_Z; may be below 0."),
    Measure("frechet", "Fréchet", "lower", "Fréchet distance of samples and data in a digit classifier's features."),
    Measure("inception", "inception", "higher", "Inception score by a digit classifier: sure of each, and all digits."),
    Measure("valid_accuracy", "accuracy", "higher", "The share of held-out examples that are recognised."),
    Measure("valid_margin_loss", "margin loss", "lower", "The margin loss of held-out examples."),
    Measure("reconstruction_error", "reconstruction", "lower", "Squared error of held-out examples after decoding."),
    Measure("held_out_loss", "held-out loss", "lower", "The loss on examples that were not learned from."),
    Measure("distance_to_best", "distance to best", "lower", "How far the number is from the best one."),
    Measure("duality_gap", "duality gap", "lower", "How much either network could still win against the other."),
    Measure("steps_per_s", "steps / s", "higher", "Training steps in a second; fair only on the same machine."),
)
_KNOWN = frozenset(measure.name for measure in MEASURES)


class RaceModel(QAbstractTableModel):
    """The table's contents: runs in the order in which they came, measures in the order of `MEASURES`, then others."""

    def __init__(self) -> None:
        """No runs."""
        super().__init__()
        self._runs: dict[str, dict[str, float]] = {}
        self._steps: dict[str, int] = {}
        self.measures: list[Measure] = []

    @property
    def runs(self) -> list[str]:
        """The names of the rows."""
        return list(self._runs)

    def set_run(self, run: str, step: int, values: Mapping[str, float]) -> None:
        """What `run` has at `step`; measures that are not among `values` keep what they had."""
        known = {name for name in self._runs.get(run, {})} | set(values)
        new = {measure.name for measure in self.measures} | known
        if run in self._runs and len(new) == len(self.measures):
            self._runs[run].update(values)
            self._steps[run] = step
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self._runs.setdefault(run, {}).update(values)
        self._steps[run] = step
        self._find_measures()
        self.endResetModel()

    def remove_run(self, run: str) -> None:
        """Take a run out, and the measures that only it had."""
        if run in self._runs:
            self.beginResetModel()
            del self._runs[run], self._steps[run]
            self._find_measures()
            self.endResetModel()

    def clear(self) -> None:
        """Take all runs out."""
        self.beginResetModel()
        self._runs.clear()
        self._steps.clear()
        self.measures = []
        self.endResetModel()

    def is_best(self, run: str, measure: Measure) -> bool:
        """Whether no other run is better; only where at least two have a value, and not all the same."""
        lower = measure.better == "lower"
        found = {name: values.get(measure.name, math.nan) for name, values in self._runs.items()}
        # What is better when lower cannot be below 0; an estimate of it can, and is no better for that.
        values = {name: max(value, 0.0) if lower else value for name, value in found.items() if math.isfinite(value)}
        if not measure.better or run not in values or len(set(values.values())) < 2:
            return False
        return values[run] == (min(values.values()) if lower else max(values.values()))

    def cell(self, run: str, measure: Measure) -> str:
        """A value as it is shown, with a star at the best."""
        value = self._runs[run].get(measure.name, math.nan)
        text = f"{value:.4g}" if math.isfinite(value) else MISSING
        return f"{BEST} {text}" if self.is_best(run, measure) else text

    def as_csv(self) -> str:
        """The table with whole numbers and without stars, for spreadsheets."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["run", "step", *(measure.name for measure in self.measures)])
        for run, values in self._runs.items():
            found = (values.get(measure.name, math.nan) for measure in self.measures)
            writer.writerow([run, self._steps[run], *(value if math.isfinite(value) else "" for value in found)])
        return file.getvalue()

    def as_markdown(self) -> str:
        """The table as it is shown, the best in bold."""
        head = ["run", "step", *(self._title(measure) for measure in self.measures)]
        lines = [_row(head), _row(["---", "---:", *("---:" for _ in self.measures)])]
        for run in self._runs:
            cells = [self.cell(run, measure) for measure in self.measures]
            bold = [f"**{cell}**" if cell.startswith(BEST) else cell for cell in cells]
            lines.append(_row([run, f"{self._steps[run]:,}", *bold]))
        return "\n".join(lines) + "\n"

    # ---- what Qt asks for

    def rowCount(self, parent: _Index | None = None) -> int:
        """The runs."""
        return 0 if parent is not None and parent.isValid() else len(self._runs)

    def columnCount(self, parent: _Index | None = None) -> int:
        """The step and the measures."""
        return 0 if parent is not None and parent.isValid() else 1 + len(self.measures)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's text, look and explanation."""
        if not index.isValid():
            return None
        run = self.runs[index.row()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if index.column() == 0:
            return f"{self._steps[run]:,}" if role == Qt.ItemDataRole.DisplayRole else None
        measure = self.measures[index.column() - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(run, measure)
        best = self.is_best(run, measure)
        if role == Qt.ItemDataRole.FontRole and best:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{measure.meaning} The best of these runs." if best else measure.meaning
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names of runs and measures; an arrow says which way is better."""
        if orientation == Qt.Orientation.Vertical:
            shown = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
            return self.runs[section] if shown and section < len(self._runs) else None
        if section == 0:
            return {Qt.ItemDataRole.DisplayRole: "step", Qt.ItemDataRole.ToolTipRole: "The step measured last."}.get(
                Qt.ItemDataRole(role))
        measure = self.measures[section - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(measure)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{measure.meaning} {measure.better.capitalize()} is better." if measure.better else measure.meaning
        return None

    def _title(self, measure: Measure) -> str:
        return measure.title + {"higher": " ↑", "lower": " ↓"}.get(measure.better, "")

    def _find_measures(self) -> None:
        names = dict.fromkeys(name for values in self._runs.values() for name in values)
        known = [measure for measure in MEASURES if measure.name in names]
        others = [Measure(name, name, "", f"The figure {name}.") for name in names if name not in _KNOWN]
        self.measures = known + others


class RaceTable(QWidget):
    """Shows a `RaceModel` and copies it as CSV or Markdown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Without runs."""
        super().__init__(parent)
        self.model = RaceModel()
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Measures of the runs")
        self.view.setAlternatingRowColors(True)
        self.view.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.view.setWordWrap(False)
        self.view.setShowGrid(False)
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        hint = QLabel(EMPTY_TEXT)
        hint.setProperty("role", "muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setWordWrap(True)
        self._stage = QStackedWidget()
        self._stage.addWidget(hint)
        self._stage.addWidget(self.view)
        self.csv_button = QPushButton("Copy &CSV")
        self.csv_button.setToolTip("Copy all measures with all their digits, for a spreadsheet (Ctrl+C in the table).")
        self.markdown_button = QPushButton("Copy &Markdown")
        self.markdown_button.setToolTip("Copy the table as it is shown, for a text.")
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.csv_button)
        row.addWidget(self.markdown_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stage, 1)
        column.addLayout(row)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._on_csv_clicked)
        self.csv_button.clicked.connect(self._on_csv_clicked)
        self.markdown_button.clicked.connect(self._on_markdown_clicked)
        self._refresh()

    def set_run(self, run: str, step: int, values: Mapping[str, float]) -> None:
        """What `run` has at `step`: measures by name, those of `MEASURES` with a direction, others without."""
        self.model.set_run(run, step, values)
        self._refresh()

    def remove_run(self, run: str) -> None:
        """Take a run out."""
        self.model.remove_run(run)
        self._refresh()

    def clear(self) -> None:
        """Take all runs out."""
        self.model.clear()
        self._refresh()

    def _on_csv_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.model.as_csv())

    def _on_markdown_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.model.as_markdown())

    def _refresh(self) -> None:
        filled = bool(self.model.measures)
        self._stage.setCurrentIndex(int(filled))
        self.csv_button.setEnabled(filled)
        self.markdown_button.setEnabled(filled)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
