"""AmbientGAN's three sheets: what was measured, samples, and samples measured alike."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.widgets import run_arrays as read
from gui.widgets.picture_grid import PictureGrid
from gui.widgets.run_arrays import NamedArrays
from gui.widgets.view_stage import ViewWidget

_SHEETS = (
    ("measured_data", "Measured data", "What the camera gave: the only data there is, y = f(x)."),
    ("samples", "Samples", "What the generator makes, G(z), never seen by the discriminator."),
    ("measured_samples", "Measured samples", "The same samples through the measurement, f(G(z)): what is compared."),
)
_FEWEST = 16  # pictures of a sheet; fewer would say too little
_LEAST_WIDTH = 48  # pixels of a sheet; also a stage that shows something else is at least as wide as the three


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
            grid.setMinimumWidth(_LEAST_WIDTH)
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
