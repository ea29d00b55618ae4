"""Views of a run's pictures: samples, pairs, rows, and the sheet of a capsule that is bent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.widgets import run_arrays as read
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.picture_grid import PictureGrid
from gui.widgets.run_arrays import NamedArrays
from gui.widgets.view_stage import ViewEntry, ViewWidget

Arranged = tuple[NDArray[np.uint8], int]  # pictures, and how many to a row; 0: as many as fill the space best

_PAIRS = "Above: an example x; below: what the model draws again from its code"
_SWEEP = "One digit: each row changes one of its capsule's numbers, from −0.25 at the left to +0.25 at the right"


class GridView(ViewWidget):
    """One grid of pictures. `chosen` brings the name of the array and an index into it."""

    chosen = Signal(str, int)
    save_requested = Signal(object, str)

    def __init__(
        self, name: str, title: str, caption: str, arrange: Callable[[NamedArrays], Arranged | None], theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        """A view that shows what `arrange` finds."""
        super().__init__(parent)
        self._name, self._arrange = name, arrange
        self.grid = PictureGrid(theme, title, self)
        self.grid.picture_chosen.connect(self._on_grid_picture_chosen)
        self.grid.save_requested.connect(self.save_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.grid, 1)
        column.addWidget(caption_label(caption, self))

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether the pictures are there."""
        return self._arrange(arrays) is not None

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show the pictures."""
        arranged = self._arrange(arrays)
        if arranged is not None:
            self.grid.set_pictures(*arranged)

    def clear(self) -> None:
        """Show nothing."""
        self.grid.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.grid.set_theme(theme)

    def _on_grid_picture_chosen(self, index: int) -> None:
        self.chosen.emit(self._name, index)


def arrange_samples(arrays: NamedArrays) -> Arranged | None:
    """`samples`, as many to a row as fill the space best."""
    found = read.pictures(arrays, "samples")
    return None if found is None else (found, 0)


def arrange_pairs(arrays: NamedArrays) -> Arranged | None:
    """Each of `data` above its reconstruction, as one picture of twice the height."""
    data, back = read.pictures(arrays, "data"), read.pictures(arrays, "reconstructions")
    if data is None or back is None or data.shape[1:] != back.shape[1:]:
        return None
    count = min(len(data), len(back))
    return np.concatenate([data[:count], back[:count]], axis=1), 0


def arrange_rows(arrays: NamedArrays) -> Arranged | None:
    """`interpolations`, each row as it is."""
    return read.picture_rows(arrays, "interpolations")


def arrange_sweep(arrays: NamedArrays) -> Arranged | None:
    """`sweep`, a row for each number of the capsule (Sabour et al. 2017, figure 4)."""
    return read.picture_rows(arrays, "sweep")


def arrange_data_alone(arrays: NamedArrays) -> Arranged | None:
    """`data` of a run that makes no pictures, such as one that only recognises them."""
    found = read.pictures(arrays, "data")
    makes_some = any(name in arrays for name in ("samples", "reconstructions", "measured_data"))
    return None if found is None or makes_some else (found, 0)


def pairs_entry(theme: Theme) -> ViewEntry:
    """Examples and what an auto-encoder or a CapsNet makes of them."""
    view = GridView("reconstructions", "Reconstructions", _PAIRS, arrange_pairs, theme)
    return ViewEntry("Reconstructions", "Examples above what the model draws again from their codes", view)


def sweep_entry(theme: Theme) -> ViewEntry:
    """One digit's capsule, bent along each of its dimensions."""
    view = GridView("sweep", "Sweep", _SWEEP, arrange_sweep, theme)
    return ViewEntry("Sweep", "What each number of a digit's capsule v_j stands for: one digit, bent along each", view)


def caption_label(text: str, parent: QWidget) -> ElidedLabel:
    """A muted line below a view; where it is narrow, the end of it is in the tooltip alone."""
    label = ElidedLabel(text, parent)
    label.setProperty("role", "muted")
    label.setToolTip(text)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return label
