"""The image stage: a run's pictures, latents and the state of its critic, one view at a time."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui.palette import Theme
from gui.training_lab.latent_view import LatentView
from gui.training_lab.plot_views import GradientNormsView, SingularValuesView
from gui.training_lab.triptych_view import TriptychView
from gui.widgets.picture_views import (
    GridView,
    arrange_data_alone,
    arrange_rows,
    arrange_samples,
    pairs_entry,
    sweep_entry,
)
from gui.widgets.view_stage import ViewEntry, ViewStage

_SAMPLES = "Samples G(z) of the same latents at every step"
_DATA = "Examples x of what is learned"
_ROWS = "Each row is a straight way through the latent space"


def plot_entries(theme: Theme) -> list[ViewEntry]:
    """The views that runs in the plane and runs on pictures share."""
    return [
        ViewEntry("Latents", "Where the encoder puts the data (Q_Z) over the prior (P_Z)", LatentView(theme)),
        ViewEntry("Singular values", "In how many directions each critic layer looks", SingularValuesView(theme)),
        ViewEntry("Gradient norms", "How steep the critic is at the samples", GradientNormsView(theme)),
    ]


class ImageStage(ViewStage):
    """Shows the arrays of an image run. `picture_chosen` brings the name of an array and an index into it."""

    picture_chosen = Signal(str, int)
    save_requested = Signal(object, str)  # QImage, name for its file

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty stage."""
        samples = GridView("samples", "Samples", _SAMPLES, arrange_samples, theme)
        pairs, sweep = pairs_entry(theme), sweep_entry(theme)
        rows = GridView("interpolations", "Interpolations", _ROWS, arrange_rows, theme)
        triptych = TriptychView(theme)
        data = GridView("data", "Data", _DATA, arrange_data_alone, theme)
        entries = [
            ViewEntry("Samples", "What the generator makes of the same noise each time, G(z)", samples),
            pairs,
            ViewEntry("Interpolations", "Straight ways through the latent space", rows),
            ViewEntry("Measurements", "AmbientGAN: measured data, samples, and samples measured alike", triptych),
            *plot_entries(theme),
            sweep,
            ViewEntry("Data", "Examples of what is learned, where nothing is made of them", data),
        ]
        super().__init__(entries, theme, parent)
        for view in (entry.view for entry in entries):
            if isinstance(view, GridView | TriptychView):
                view.chosen.connect(self.picture_chosen)
                view.save_requested.connect(self.save_requested)
