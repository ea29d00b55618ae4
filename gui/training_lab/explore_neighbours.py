"""The training pictures nearest to a sample: whether the generator invents, or repeats what it has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QImage
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab.explore_data import ExploreData
from gui.training_lab.explore_session import ExploredModel, ExploreSession
from gui.training_lab.explore_view import ExploreView
from gui.widgets.controls import button, row
from gui.widgets.picture_frame import PictureFrame

if TYPE_CHECKING:
    from engine.explore.neighbours import Neighbours

COUNT, COLUMNS = 8, 4
_THOUSAND = 1000
_NOTHING = "Choose a sample on the page Samples: the training pictures that are nearest to it come here."
_DISTANCE_TIP = (
    "The root of the mean squared difference between the pixels of the sample G(z) and of the training picture x, from "
    "0 (the same) to 1."
)


class NeighboursView(ExploreView):
    """Seeks as soon as it is seen, unless the person has stopped it; when it is hidden it seeks no further."""

    def __init__(
        self, session: ExploreSession, data: ExploreData, theme: Theme, parent: QWidget | None = None
    ) -> None:
        """Without a sample."""
        super().__init__(session, theme, parent)
        self._data = data
        self._sought: NDArray[np.uint8] | None = None  # the sample whose neighbours are shown, or sought
        self._is_seeking = False
        self.sample = PictureFrame(theme, "The sample G(z)", "no sample")
        self.found = [PictureFrame(theme, f"Neighbour {number + 1}") for number in range(COUNT)]
        self.hint = QLabel(_NOTHING)
        self.hint.setWordWrap(True)
        self.hint.setProperty("role", "muted")
        self.progress = QProgressBar()
        self.progress.setRange(0, _THOUSAND)
        self.progress.setAccessibleName("Training pictures looked at")
        self.seek_button = button("Cancel", "Stop looking through the training pictures x.")
        cells = QGridLayout()
        cells.setSpacing(8)
        for index, frame in enumerate(self.found):
            frame.setToolTip(_DISTANCE_TIP)
            cells.addWidget(frame, index // COLUMNS, index % COLUMNS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        beside = QVBoxLayout()
        beside.addWidget(self.hint, 1)
        beside.addWidget(self.progress)
        beside.addLayout(row([self.seek_button]))
        top = row([self.sample])
        top.insertLayout(1, beside, 1)
        column.addLayout(top)
        column.addLayout(cells, 1)
        self.seek_button.clicked.connect(self._on_seek_clicked)
        session.subject_changed.connect(self._on_session_subject_changed)
        self._show_state()

    @property
    def is_seeking(self) -> bool:
        """Whether training pictures are being looked at."""
        return self._is_seeking

    def fits(self, model: ExploredModel) -> bool:
        """Pictures."""
        return not model.is_points

    def forget(self) -> None:
        """The sample is another model's."""
        self._stop()
        self._sought = None
        self._show_found(None)
        self._show_state()

    def refresh(self) -> None:
        """Seek the neighbours of the chosen sample unless they are shown."""
        if self.session.subject is not None and self.session.subject is not self._sought:
            self._seek()

    def hideEvent(self, event: QHideEvent) -> None:
        """Seek no further."""
        super().hideEvent(event)
        if self._is_seeking:
            self._stop()
            self._sought = None

    def picture(self) -> tuple[QImage, str]:
        """The page as it is."""
        return (QImage() if self._sought is None or self._is_seeking else self.grab().toImage()), "neighbours.png"

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        for frame in (self.sample, *self.found):
            frame.set_theme(theme)

    def _seek(self) -> None:
        subject, model = self.session.subject, self.model
        assert subject is not None and model is not None
        self._sought, self._is_seeking = subject, True
        self.progress.setValue(0)
        self._show_found(None)
        self._data.nearest(model.path, subject, COUNT, self._on_progress, self._on_found, self._on_failed)
        self._show_state("Looking through the training pictures…")

    def _stop(self) -> None:
        if self._is_seeking:
            self._data.cancel()
            self._is_seeking = False

    def _on_progress(self, share: float) -> None:
        self.progress.setValue(round(share * _THOUSAND))

    def _on_found(self, found: Neighbours) -> None:
        self._is_seeking = False
        self._show_found(found)
        self._show_state(f"The nearest training picture is at a distance of {found.distances[0, 0]:.3f}.")

    def _on_failed(self, error: BaseException) -> None:
        self._is_seeking = False
        self._show_state(str(error))

    def _on_seek_clicked(self) -> None:
        if self._is_seeking:
            self._stop()
            self._show_state("Stopped.")
        elif self.session.subject is not None:
            self._seek()

    def _on_session_subject_changed(self) -> None:
        self.catch_up()

    def _show_found(self, found: Neighbours | None) -> None:
        for index, frame in enumerate(self.found):
            there = found is not None and index < found.pictures.shape[1]
            frame.set_picture(found.pictures[0, index] if found is not None and there else None)
            frame.set_caption(f"{found.distances[0, index]:.3f}" if found is not None and there else "")

    def _show_state(self, text: str = _NOTHING) -> None:
        self.hint.setText(text)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        self.sample.set_picture(self._sought)
        self.progress.setVisible(self._is_seeking)
        self.seek_button.setVisible(self._sought is not None)
        self.seek_button.setText("Cancel" if self._is_seeking else "Seek again")
        self.seek_button.setToolTip(
            "Stop looking through the training pictures x." if self._is_seeking
            else "Look through all training pictures x for those nearest to the sample G(z)."
        )
