"""The image stage: a run's pictures, latents and the state of its critic, one view at a time."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui.palette import Theme
from gui.training_lab.latent_view import LatentView
from gui.training_lab.picture_views import GridView, TriptychView, arrange_pairs, arrange_rows, arrange_samples
from gui.training_lab.plot_views import GradientNormsView, SingularValuesView
from gui.training_lab.view_stage import ViewEntry, ViewStage

_SAMPLES = "Samples G(z) of the same latents at every step"
_PAIRS = "Above: example x; below: what comes back, G(Q(x))"
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
        pairs = GridView("reconstructions", "Reconstructions", _PAIRS, arrange_pairs, theme)
        rows = GridView("interpolations", "Interpolations", _ROWS, arrange_rows, theme)
        triptych = TriptychView(theme)
        entries = [
            ViewEntry("Samples", "What the generator makes of the same noise each time, G(z)", samples),
            ViewEntry("Reconstructions", "Examples above what the auto-encoder makes of them, G(Q(x))", pairs),
            ViewEntry("Interpolations", "Straight ways through the latent space", rows),
            ViewEntry("Measurements", "AmbientGAN: measured data, samples, and samples measured alike", triptych),
            *plot_entries(theme),
        ]
        super().__init__(entries, theme, parent)
        for view in (samples, pairs, rows, triptych):
            view.chosen.connect(self.picture_chosen)
            view.save_requested.connect(self.save_requested)
