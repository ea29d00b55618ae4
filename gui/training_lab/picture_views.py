"""Views of an image run's pictures: samples, pairs, rows, and AmbientGAN's three sheets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab import arrays as read
from gui.training_lab.arrays import NamedArrays
from gui.training_lab.view_stage import ViewWidget
from gui.widgets.picture_grid import PictureGrid

Arranged = tuple[NDArray[np.uint8], int]  # pictures, and how many to a row; 0: as many as fill the space best

_SHEETS = (
    ("measured_data", "Measured data", "What the camera gave: the only data there is, y = f(x)."),
    ("samples", "Samples", "What the generator makes, G(z), never seen by the discriminator."),
    ("measured_samples", "Measured samples", "The same samples through the measurement, f(G(z)): what is compared."),
)


_FEWEST = 16  # pictures of a sheet; fewer would say too little


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


class TriptychView(ViewWidget):
    """Measured data, samples and measured samples of an AmbientGAN (Bora et al. 2018), side by side."""

    chosen = Signal(str, int)
    save_requested = Signal(object, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Three empty sheets."""
        super().__init__(parent)
        self.grids: dict[str, PictureGrid] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for name, title, tip in _SHEETS:
            grid = PictureGrid(theme, title, self)
            grid.picture_chosen.connect(lambda index, name=name: self.chosen.emit(name, index))
            grid.save_requested.connect(self.save_requested)
            heading = QLabel(title, self)
            heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            heading.setToolTip(tip)
            heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(grid, 1)
            column.addWidget(heading)
            row.addLayout(column, 1)
            self.grids[name] = grid

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether anything measured is there."""
        return any(read.pictures(arrays, name) is not None for name in ("measured_data", "measured_samples"))

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show the sheets that are there; the others stay."""
        for name, grid in self.grids.items():
            found = read.pictures(arrays, name)
            if found is not None:
                grid.set_pictures(found, least=_FEWEST)

    def clear(self) -> None:
        """Show nothing."""
        for grid in self.grids.values():
            grid.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        for grid in self.grids.values():
            grid.set_theme(theme)


def caption_label(text: str, parent: QWidget) -> QLabel:
    """A muted line below a view; where it is narrow, the end of it is in the tooltip alone."""
    label = QLabel(text, parent)
    label.setProperty("role", "muted")
    label.setToolTip(text)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return label
