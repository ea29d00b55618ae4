"""The paper's figure 4, live: what each number of the capsule does, and what one of them does in every class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.capsules.config import OFFSETS
from gui.capsule_lab.capsule_words import capsule_symbol, signed
from gui.capsule_lab.ranges import DimensionRanges
from gui.capsule_lab.redrawing import Redrawing, Wanted
from gui.capsule_lab.session import CapsuleSession
from gui.capsule_lab.sweep_grid import SweepGrid
from gui.palette import Theme
from gui.widgets.controls import button, row
from gui.widgets.elided_label import ElidedLabel

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

COLUMNS = len(OFFSETS)
MOST_CLASSES = 12  # of which there are pictures


@dataclass(frozen=True, eq=False)
class FigureSubject:
    """What the figure is of: the capsule [d] of class `shown` as it is and bent, and those of all classes, [j, d].

    ends: between which values [d] each number goes when the ranges of data are wanted; None for the paper's ±0.25.
    """

    model: str
    side: int
    class_names: tuple[str, ...]
    shown: int
    unbent: Array
    capsule: Array
    capsules: Array
    dimension: int
    names: Mapping[int, str] = field(default_factory=dict)
    ends: tuple[Array, Array] | None = None

    @property
    def symbol(self) -> str:
        """Of the capsule."""
        return capsule_symbol(self.class_names[self.shown])

    @property
    def values(self) -> Array:
        """Of the number that each cell changes, [d, columns]."""
        if self.ends is not None:
            low, high = (end[:, None] for end in self.ends)
            return low + (high - low) * np.linspace(0, 1, COLUMNS, dtype=np.float32)
        return self.unbent[:, None] + np.array(OFFSETS, np.float32)

    def name(self, dimension: int) -> str:
        """A number's name, or which it is."""
        return self.names.get(dimension, f"Number {dimension + 1}")


class BendFigure(QWidget):
    """A grid of rows that are drawn anew whenever the capsule is another, and below it a strip of all classes.

    `value_chosen` brings (dimension, value) of a cell that the person goes to.
    """

    value_chosen = Signal(int, float)
    dimension_chosen = Signal(int)
    class_chosen = Signal(int)
    unbent_redrawn = Signal(object)  # uint8 [S, S]
    save_requested = Signal(object, str)  # QImage, name for its file

    def __init__(
        self, session: CapsuleSession, ranges: DimensionRanges, theme: Theme, parent: QWidget | None = None
    ) -> None:
        """Empty."""
        super().__init__(parent)
        self._ranges = ranges
        self._subject: FigureSubject | None = None
        self._values = np.zeros((0, COLUMNS), np.float32)
        self.redrawing = Redrawing(session, self)
        self.words = ElidedLabel()
        self.words.setProperty("role", "title")
        self.save_button = button("Save…", "Save this figure, with a row for each number of v_j, as a PNG file.")
        self.grid = SweepGrid(theme, "Each number of the capsule by itself", self._describe_cell)
        self.strip_words = ElidedLabel()
        self.strip_words.setProperty("role", "muted")
        self.strip_words.setToolTip(
            "The same bend of the chosen number in the capsules of all classes; of classes that are not shown, a "
            "typical capsule as soon as their ranges in data are known."
        )
        self.strip = SweepGrid(theme, "The same number of every class's capsule", self._describe_class)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row([self.words, self.save_button], stretch=0))
        column.addWidget(self.grid, 10)
        column.addWidget(self.strip_words)
        column.addWidget(self.strip, 1)
        self.grid.row_chosen.connect(self.dimension_chosen)
        self.grid.cell_chosen.connect(self._on_grid_cell_chosen)
        self.grid.hovered.connect(self._on_grid_hovered)
        self.strip.cell_chosen.connect(self._on_strip_cell_chosen)
        self.save_button.clicked.connect(self._on_save_clicked)
        self.redrawing.redrawn.connect(self._on_redrawing_redrawn)

    def show_subject(self, subject: FigureSubject) -> None:
        """Show what goes with a capsule; the pictures follow as they are drawn."""
        self._subject, self._values = subject, subject.values
        size = len(subject.capsule)
        if subject.ends is not None:
            heads = ["1 %", *[""] * (COLUMNS - 2), "99 %"]
        else:
            heads = [signed(offset).replace("0.", ".", 1) for offset in OFFSETS]
        self.grid.set_shape(size, COLUMNS, subject.side)
        self.grid.set_words([subject.names.get(index, str(index + 1)) for index in range(size)], heads)
        self.grid.set_marks(_nearest(self._values, subject.capsule), subject.dimension)
        classes = range(min(len(subject.class_names), MOST_CLASSES))
        self.strip.set_shape(1, len(classes), subject.side)
        self.strip.set_words([], [subject.class_names[index] for index in classes])
        self.strip.set_marks([subject.shown if subject.shown in classes else -1], 0)
        bend = float(subject.capsule[subject.dimension] - subject.unbent[subject.dimension])
        known = all(index == subject.shown or self._ranges.of(index) is not None for index in classes)
        waiting = "" if known or self._ranges.done else " (measuring…)"
        self.strip_words.setText(f"{subject.name(subject.dimension)} bent by {signed(bend)} in every class{waiting}")
        self._show_words()
        self.redrawing.want(self._groups(subject, classes))

    def clear(self) -> None:
        """Another model: nothing is to be drawn."""
        self.redrawing.clear()
        self._subject = None

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.grid.set_theme(theme)
        self.strip.set_theme(theme)

    def _groups(self, subject: FigureSubject, classes: range) -> dict[int, Wanted]:
        """The unbent picture is group 0, then comes a group for each row, and the strip is the last."""
        capsule, size = subject.capsule, len(subject.capsule)
        groups = {0: Wanted(subject.unbent[None], (subject.shown,))}
        for index in range(size):
            cells = np.repeat(capsule[None], COLUMNS, axis=0)
            cells[:, index] = self._values[index]
            groups[index + 1] = Wanted(cells, (subject.shown,) * COLUMNS)
        others = subject.capsules[: len(classes)].copy()
        for index in classes:
            typical = self._ranges.of(index)
            if typical is not None:
                others[index] = typical[:, 1]
        others[:, subject.dimension] += capsule[subject.dimension] - subject.unbent[subject.dimension]
        if subject.shown in classes:
            others[subject.shown] = capsule
        groups[size + 1] = Wanted(others, tuple(classes))
        return groups

    def _show_words(self) -> None:
        index, column = self.grid.hover
        if self._subject is not None:
            whole = f"Each number of {self._subject.symbol} by itself"
            self.words.setText(self._describe_cell(index, column) if index >= 0 else whole)

    def _describe_cell(self, index: int, column: int) -> str:
        subject = self._subject
        if subject is None or index >= len(self._values):
            return ""
        value = float(self._values[index, column])
        bend = value - float(subject.unbent[index])
        return f"{subject.name(index)}: {signed(value, plus=False)}, bent by {signed(bend)}"

    def _describe_class(self, _row: int, index: int) -> str:
        subject = self._subject
        if subject is None:
            return ""
        symbol = capsule_symbol(subject.class_names[index])
        if index == subject.shown:
            return f"{symbol}, the capsule that is bent"
        kind = symbol if self._ranges.of(index) is None else f"A typical {symbol}"
        return f"{kind} with the same bend of {subject.name(subject.dimension)}; click to bend this capsule instead"

    def _on_grid_cell_chosen(self, index: int, column: int) -> None:
        self.dimension_chosen.emit(index)
        self.value_chosen.emit(index, float(self._values[index, column]))

    def _on_grid_hovered(self, _index: int, _column: int) -> None:
        self._show_words()

    def _on_strip_cell_chosen(self, _row: int, index: int) -> None:
        self.class_chosen.emit(index)

    def _on_save_clicked(self) -> None:
        subject = self._subject
        if subject is not None:
            words = f"{subject.model} {subject.class_names[subject.shown]} dimensions"
            self.save_requested.emit(self.grid.sheet(), re.sub(r"\W+", "-", words).strip("-").lower() + ".png")

    def _on_redrawing_redrawn(self, groups: list[tuple[int, Pixels]]) -> None:
        assert self._subject is not None
        last = len(self._subject.capsule) + 1
        for number, pictures in groups:
            if number == 0:
                self.unbent_redrawn.emit(pictures[0])
            elif number == last:
                self.strip.set_row(0, pictures)
            else:
                self.grid.set_row(number - 1, pictures)


def _nearest(values: Array, capsule: Array) -> list[int]:
    """The column of values [d, columns] that is nearest to each number, -1 for those well beyond the ends."""
    steps = values[:, 1] - values[:, 0]
    distances = np.abs(values - capsule[:, None])
    is_near = distances.min(axis=1) <= steps * 0.6
    return [int(column) if near else -1 for column, near in zip(distances.argmin(axis=1), is_near, strict=True)]
