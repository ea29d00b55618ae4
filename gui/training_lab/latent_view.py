"""Where an encoder puts the data, Q_Z, over what the prior expects, P_Z: two of the latent dimensions at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSignalBlocker
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.palette import Theme, mix
from gui.training_lab.points_legend import paint_legend, small_font
from gui.widgets import run_arrays as read
from gui.widgets.markers import SHAPES, Marker, MarkerStamps
from gui.widgets.plane import PlaneCanvas
from gui.widgets.run_arrays import NamedArrays, finite_rows
from gui.widgets.view_stage import ViewWidget

MOST_CLASSES = 20
MOST_CHOICES = 512  # dimensions that the menus list

_AXIS_TIP = "Which latent dimension lies along this axis; at first the two along which the codes vary most."


def class_marker(theme: Theme, index: int) -> Marker:
    """How codes of a class look: colours and shapes change together, and no two of the first thirty are alike."""
    return Marker(SHAPES[index % len(SHAPES)], theme.series[index % len(theme.series)], theme.paper, 6.5)


class _LatentCanvas(PlaneCanvas):
    """Paints the prior's points, then the codes."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.prior = np.empty((0, 2))
        self.groups: list[tuple[int, NDArray[np.float64]]] = []  # class (-1: none), places
        self._stamps = MarkerStamps()
        self.setAccessibleName("Latents")

    def set_theme(self, theme: Theme) -> None:
        self._stamps.clear()
        super().set_theme(theme)

    def paint_plane(self, painter: QPainter) -> None:
        self.paint_helper_lines(painter)
        theme, ratio = self.theme, self.devicePixelRatioF()
        prior = Marker("circle", mix(theme.paper, theme.muted, 0.55), theme.paper, 4.0)
        self._stamps.draw(painter, prior, self.to_pixels(self.prior), ratio)
        marks = [(prior, "prior P(z)")] if len(self.prior) else []
        for index, places in self.groups:
            marker = class_marker(theme, max(index, 0))
            self._stamps.draw(painter, marker, self.to_pixels(places), ratio)
            marks.append((marker, "codes Q(z)" if index < 0 else str(index)))
        painter.setFont(small_font(self.font()))
        paint_legend(painter, QRectF(self.rect()).adjusted(8, 8, -8, -8), theme, marks)


class LatentView(ViewWidget):
    """The scatter of `latents` over `prior`, coloured and shaped by `labels`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty plane."""
        super().__init__(parent)
        self.canvas = _LatentCanvas(theme, self)
        self._latents: NDArray[np.float64] | None = None
        self._prior: NDArray[np.float64] | None = None
        self._labels: NDArray[np.int64] | None = None
        self._chosen: tuple[int, int] | None = None  # held once made, or the axes would jump while it learns
        self.axes = (QComboBox(), QComboBox())
        self.controls = QWidget(self)
        row = QHBoxLayout(self.controls)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for text, box in zip(("x", "y"), self.axes, strict=True):
            label = QLabel(text)
            label.setBuddy(box)
            box.setToolTip(_AXIS_TIP)
            box.setAccessibleName(f"Latent dimension along {text}")
            box.activated.connect(self._on_axis_activated)
            row.addWidget(label)
            row.addWidget(box)
        row.addStretch(1)
        self.controls.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.controls)

    @property
    def dimensions(self) -> tuple[int, int] | None:
        """The two that are shown, along x and y; both 0 where there is but one."""
        return self._chosen

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether there are latents."""
        return read.points(arrays, "latents", None) is not None

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show the latents, and the prior if it is of the same dimension."""
        latents = read.points(arrays, "latents", None)
        if latents is None:
            return
        prior = read.points(arrays, "prior", latents.shape[1])
        if self._latents is None or self._latents.shape[1] != latents.shape[1]:
            self._choose_axes(latents)
        self._latents, self._prior = latents, prior
        self._labels = read.labels(arrays, len(latents))
        self._place()

    def clear(self) -> None:
        """Show nothing; the two dimensions are chosen anew for the next run."""
        self._latents = self._prior = self._labels = self._chosen = None
        self.canvas.prior, self.canvas.groups = np.empty((0, 2)), []
        self.canvas.fit()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.canvas.set_theme(theme)

    def _choose_axes(self, latents: NDArray[np.float64]) -> None:
        fine = latents[finite_rows(latents)]
        dimension = latents.shape[1]
        order = np.argsort(-fine.var(axis=0), kind="stable") if len(fine) else np.arange(dimension)
        pair = sorted(int(index) for index in order[:2])
        self._chosen = (pair[0], pair[-1])
        listed = min(dimension, MOST_CHOICES)
        for box, index in zip(self.axes, self._chosen, strict=True):
            with QSignalBlocker(box):
                box.clear()
                box.addItems([f"z{number + 1}" for number in range(listed)])
                box.setCurrentIndex(index if index < listed else -1)
        self.controls.setVisible(dimension > 2)
        self.canvas.fit()

    def _on_axis_activated(self, _index: int) -> None:
        assert self._chosen is not None
        x, y = (box.currentIndex() for box in self.axes)
        self._chosen = (x if x >= 0 else self._chosen[0], y if y >= 0 else self._chosen[1])
        self._place()

    def _place(self) -> None:
        """Put the two dimensions on the plane."""
        if self._latents is None or self._chosen is None:
            return
        canvas = self.canvas
        places = self._flat(self._latents)
        fine = finite_rows(places)
        canvas.prior = np.empty((0, 2)) if self._prior is None else self._flat(self._prior)
        canvas.prior = canvas.prior[finite_rows(canvas.prior)]
        if self._labels is None:
            canvas.groups = [(-1, places[fine])]
        else:
            labels = self._labels
            kinds = [int(kind) for kind in np.unique(labels) if kind >= 0][:MOST_CLASSES]
            canvas.groups = [(kind, places[fine & (labels == kind)]) for kind in kinds]
        both = np.concatenate([canvas.prior, places[fine]])
        if len(both):
            # Whole steps, so that the view holds still while the codes move a little.
            reach = float(np.percentile(np.abs(both), 99.5)) * 1.1
            half = max(float(np.ceil(reach)), 1.0)
            canvas.set_extent((-half, half, -half, half))
        canvas.update()

    def _flat(self, codes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Two columns of `codes`; a single dimension is spread out along y by the order of its rows."""
        assert self._chosen is not None
        if codes.shape[1] == 1:
            return np.stack([codes[:, 0], np.linspace(-1.0, 1.0, len(codes))], axis=1)
        return codes[:, list(self._chosen)]
