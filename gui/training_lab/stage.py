"""What a run looks like: the stage picks by its arrays how to show them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QStackedWidget, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.training_lab import moments
from gui.training_lab.image_stage import ImageStage, plot_entries
from gui.training_lab.points_stage import PointsStage
from gui.training_lab.study_views import study_entries
from gui.widgets import run_arrays as read
from gui.widgets.run_arrays import NamedArrays
from gui.widgets.sketch_sheet import SketchSheet
from gui.widgets.view_stage import ViewEntry, ViewStage

POINTS, IMAGES, SKETCHES, PLOTS = "points", "images", "sketches", "plots"

_SENTENCE_FROM = 300  # logical pixels of height; below, the caption would hide what it speaks of
_EMPTY_TEXT = "What the run learns appears here as soon as it trains."
_POINTS_TIP = "Data, samples and the critic on the plane"


def kind_of(arrays: NamedArrays) -> str | None:
    """Which stage arrays are for, by the shape of `samples` (or `data`); None when they do not say.

    Runs without either may have something that is plotted.
    """
    for name in ("samples", "data"):
        found = arrays.get(name)
        if found is None:
            continue
        if read.points(arrays, name) is not None:
            return POINTS
        if read.pictures(arrays, name) is not None:
            return IMAGES
        if found.ndim == 3 and found.shape[2] == 5 and found.dtype.kind == "f":
            return SKETCHES
    if read.points(arrays, "trajectory") is not None or read.layers(arrays, "layer_means") is not None:
        return PLOTS
    return None


class RunStage(QWidget):
    """Shows the arrays of one run of whatever kind; several can stand side by side."""

    picture_chosen = Signal(str, int)  # name of an array, index into it
    save_requested = Signal(object, str)  # QImage, name for its file

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, awaits_points: bool = True) -> None:
        """A stage that says what will be seen on it: of points in some detail, of anything else in a sentence."""
        super().__init__(parent)
        self._theme = theme
        self._arrays: NamedArrays = {}
        self._step = 0
        self._kind = POINTS
        self.points = PointsStage(theme)
        self.plane = ViewStage([ViewEntry("Points", _POINTS_TIP, self.points), *plot_entries(theme)], theme)
        self.images = ImageStage(theme)
        self.images.picture_chosen.connect(self.picture_chosen)
        self.images.save_requested.connect(self.save_requested)
        self.sheet = SketchSheet()
        self.plots = ViewStage(study_entries(theme), theme)
        self._stages: dict[str, QWidget] = {
            POINTS: self.plane, IMAGES: self.images, SKETCHES: self.sheet, PLOTS: self.plots,
        }
        self._stack = QStackedWidget(self)
        for stage in self._stages.values():
            self._stack.addWidget(stage)
        if not awaits_points:
            hint = QLabel(_EMPTY_TEXT)
            hint.setProperty("role", "muted")
            hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
            hint.setWordWrap(True)
            self._stack.addWidget(hint)
            self._stack.setCurrentWidget(hint)
        self._stack.installEventFilter(self)
        self.caption = _Caption(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.set_theme(theme)

    @property
    def kind(self) -> str:
        """`POINTS`, `IMAGES`, `SKETCHES` or `PLOTS`."""
        return self._kind

    def show_arrays(self, arrays: NamedArrays, step: int) -> None:
        """Show what a run looks like at a step; a moment of slow motion that was shown is over."""
        self.caption.hide()
        self._arrays, self._step = arrays, step
        self._bring(arrays)

    def show_phase(self, part: str, name: str, arrays: NamedArrays) -> None:
        """Show a moment within a step: `arrays` over those shown last, and what the moment means.

        `part` is "critic", "generator" or "step"; `name` "sample", "score", "gradient" or "update".
        """
        self._arrays = {**self._arrays, **arrays}
        self._bring(self._arrays)
        # The sentences about a whole step speak of auto-encoders; runs that draw no samples have the general ones.
        described = self._kind != PLOTS and "samples" in self._arrays
        sentence = moments.sentence(part if described or part != "step" else "", name)
        self.caption.say(moments.heading(part, name), sentence)
        self._place_caption()

    def clear(self) -> None:
        """Show nothing."""
        self._arrays, self._step = {}, 0
        self.caption.hide()
        self.plane.clear()
        self.images.clear()
        self.sheet.clear()
        self.plots.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.plane.set_theme(theme)
        self.images.set_theme(theme)
        self.sheet.set_theme(theme)
        self.plots.set_theme(theme)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the caption at its place."""
        if event.type() == QEvent.Type.Resize:
            self._place_caption()
        return super().eventFilter(watched, event)

    def _bring(self, arrays: NamedArrays) -> None:
        self._kind = kind_of(arrays) or self._kind
        self._stack.setCurrentWidget(self._stages[self._kind])
        if self._kind == POINTS:
            self.plane.show_arrays(arrays, self._step)
        elif self._kind == IMAGES:
            self.images.show_arrays(arrays, self._step)
        elif self._kind == PLOTS:
            self.plots.show_arrays(arrays, self._step)
        elif "samples" in arrays:
            self.sheet.set_samples(arrays["samples"], f"step {self._step:,}")

    def _place_caption(self) -> None:
        """Across the lower edge, above the legend, as high as its words need; a small stage has a heading only."""
        if self.caption.isHidden():
            return
        self.caption.sentence.setVisible(self.height() >= _SENTENCE_FROM and bool(self.caption.sentence.text()))
        if self.caption.hasHeightForWidth():
            width = min(self.width() - 24, 520)
            height = self.caption.heightForWidth(width)
        else:
            width, height = self.caption.sizeHint().width(), self.caption.sizeHint().height()
        self.caption.setGeometry((self.width() - width) // 2, self.height() - height - 44, width, height)
        self.caption.raise_()


class _Caption(QFrame):
    """A plate with a heading and a sentence."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.heading, self.sentence = QLabel(self), QLabel(self)
        self.heading.setProperty("role", "title")
        self.sentence.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 9, 14, 11)
        column.setSpacing(3)
        column.addWidget(self.heading)
        column.addWidget(self.sentence)
        self.hide()

    def say(self, heading: str, sentence: str) -> None:
        self.heading.setText(heading)
        self.sentence.setText(sentence)
        self.setAccessibleName(f"{heading}. {sentence}")
        self.show()
