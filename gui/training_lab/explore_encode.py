"""What an auto-encoder makes of a drawing or of a test example: its code Q(z|x), and what comes back, G(Q(x))."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.sketch.strokes import Drawing
from gui.palette import Theme
from gui.training_lab.explore_data import Examples
from gui.training_lab.explore_session import A, B, ExploredModel, ExploreSession, Latents
from gui.training_lab.explore_view import ExploreView, as_pixels
from gui.widgets.controls import button, row
from gui.widgets.digit_pad import DigitPad
from gui.widgets.picture_frame import PictureFrame
from gui.widgets.picture_grid import PictureGrid

if TYPE_CHECKING:
    from engine.explore.generative_model import GenerativeModel

MOST, FEWEST = 24, 9  # test examples at a time
_LEAST_BAR = 2.0  # logical pixels


@dataclass(frozen=True)
class _Encoded:
    given: NDArray[np.uint8]
    code: Latents  # [d]
    reconstruction: NDArray[np.uint8]


def _encoded(given: NDArray[np.uint8] | Drawing, model: GenerativeModel) -> _Encoded:
    """The code of a picture, or of a drawing brought to the form of the data."""
    if isinstance(given, Drawing):
        from engine.explore.drawn import drawn_example
        from engine.explore.training_data import data_choice

        choice = data_choice(model.header)
        examples = drawn_example(given, model.shape, "digits" if choice is None else choice.data)
    else:
        examples = given[None]
    codes = model.encode(examples)
    return _Encoded(examples[0], codes[0], as_pixels(model.sample(codes))[0])


class CodeBars(QWidget):
    """The numbers of a code as bars up and down from 0; lines show where the prior nearly always is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No code."""
        super().__init__(parent)
        self._theme = theme
        self._code: Latents | None = None
        self._reach = 1.0
        self.setMinimumHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Code z")
        self.setToolTip("The code z = Q(x), a bar for each dimension; the prior P(z) is nearly all within the dashes.")

    def set_code(self, code: Latents | None, reach: float) -> None:
        """Show a code [d] of a prior that is nearly always within -reach to reach."""
        self._code, self._reach = code, reach
        words = "" if code is None else ", ".join(f"{value:.2f}" for value in code[:16].tolist())
        self.setAccessibleDescription(words)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(200, 72)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the bars; of more than there are pixels, every so many."""
        painter = QPainter(self)
        theme, width, middle = self._theme, float(self.width()), self.height() / 2
        painter.fillRect(self.rect(), QColor(theme.paper))
        most = self._reach * 1.25
        if self._code is not None:
            shown = self._code[:: max(int(np.ceil(len(self._code) * _LEAST_BAR / max(width, 1))), 1)]
            slot = width / len(shown)
            heights = np.clip(np.nan_to_num(shown) / most, -1, 1) * middle
            for index, height in enumerate(heights.tolist()):
                beyond = abs(height) > middle * self._reach / most
                colour = QColor(theme.series[1] if beyond else theme.series[0])
                left = index * slot + min(slot * 0.15, 3)
                painter.fillRect(QRectF(left, middle - max(height, 0), max(slot * 0.7, 1), abs(height)), colour)
        painter.setPen(QColor(theme.muted))
        painter.drawLine(0, round(middle), self.width(), round(middle))
        for sign in (-1, 1):
            y = round(middle + sign * middle * self._reach / most)
            for x in range(0, self.width(), 8):
                painter.drawLine(x, y, x + 3, y)
        painter.end()


class EncodeView(ExploreView):
    """Paper and test examples on top, the code and what comes back below."""

    slots = ("code",)

    def __init__(self, session: ExploreSession, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing drawn."""
        super().__init__(session, theme, parent)
        self._given: NDArray[np.uint8] | Drawing | None = None
        self._encoded: _Encoded | None = None
        self._is_shown = False
        self._examples: NDArray[np.uint8] | None = None
        self._first = 0
        self.pad = DigitPad(theme, "Paper for a digit")
        self.pad.setToolTip("Draw an x to encode; it is brought to the size and place of the training data first.")
        self.grid = PictureGrid(theme, "Test examples")
        self.grid.set_hint("Reading the test examples…")
        self.given = PictureFrame(theme, "What is encoded, x", "x")
        self.back = PictureFrame(theme, "What comes back, G(Q(x))", "G(Q(x))")
        self.bars = CodeBars(theme)
        self.clear_button = button("Clear", "Take new paper to draw an x on (Delete).")
        self.others_button = button("Others", "Show other test examples x, which the model has not been trained on.")
        self.use_a = button("Use as A", "The code z = Q(x) is where the way on the page Interpolate begins.")
        self.use_b = button("Use as B", "The code z = Q(x) is where the way on the page Interpolate ends.")
        cells = QGridLayout()
        cells.setSpacing(8)
        cells.addWidget(self.pad, 0, 0)
        cells.addWidget(self.grid, 0, 1)
        cells.addLayout(row([self.clear_button]), 1, 0)
        cells.addLayout(row([self.others_button]), 1, 1)
        below = row([self.given, self.back])
        below.setStretch(0, 1)
        below.setStretch(1, 1)
        cells.addLayout(below, 2, 0)
        cells.addWidget(self.bars, 2, 1)
        for column, stretch in ((0, 1), (1, 1)):
            cells.setColumnStretch(column, stretch)
        cells.setRowStretch(0, 3)
        cells.setRowStretch(2, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(cells, 1)
        whole.addLayout(row([self.use_a, self.use_b]))
        self.pad.changed.connect(self._on_pad_changed)
        self.clear_button.clicked.connect(self.pad.clear)
        self.others_button.clicked.connect(self._on_others_clicked)
        self.grid.picture_chosen.connect(self._on_grid_picture_chosen)
        self.grid.save_requested.connect(self.save_requested)
        self.use_a.clicked.connect(partial(self._use, A))
        self.use_b.clicked.connect(partial(self._use, B))
        self._show()

    def fits(self, model: ExploredModel) -> bool:
        """Pictures, and an encoder."""
        return model.can_encode and not model.is_points

    def forget(self) -> None:
        """What was drawn, or chosen, is encoded anew if it is of the form that the model takes."""
        model = self.model
        self._is_shown = False
        self.session.forget("code")
        if model is None or not self.fits(model):
            self._given = self._encoded = None
        else:
            form = model.shape[1:] if model.shape[0] == 1 else (*model.shape[1:], 3)
            if isinstance(self._given, np.ndarray) and self._given.shape != form:
                self._given = self._encoded = None
        self._show()

    def refresh(self) -> None:
        """Encode what is given; at first, the first test example."""
        if self._given is None and self._examples is not None:
            self._given = self._examples[0]
        if self._given is not None and not self._is_shown:
            self.session.ask("code", partial(_encoded, self._given), self._on_encoded)

    def set_examples(self, examples: Examples | None) -> None:
        """Test examples to pick from."""
        model = self.model
        self._examples = None
        if examples is not None and model is not None and self.fits(model) and len(examples.examples):
            self._examples = as_pixels(examples.examples)
        self._first = 0
        self._show_examples()
        self.catch_up()

    def set_failure(self, text: str) -> None:
        """Say why there are no test examples."""
        self.grid.set_hint(text)

    def picture(self) -> tuple[QImage, str]:
        """x beside G(Q(x))."""
        if self._encoded is None:
            return QImage(), ""
        x, back = self.given.image, self.back.image
        both = QImage(x.width() * 8 + 8, x.height() * 4, QImage.Format.Format_RGB32)
        both.fill(QColor(self.theme.paper))
        painter = QPainter(both)
        painter.drawImage(QRectF(0, 0, x.width() * 4, x.height() * 4), x)
        painter.drawImage(QRectF(x.width() * 4 + 8, 0, x.width() * 4, x.height() * 4), back)
        painter.end()
        return both, "reconstruction.png"

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        super().set_theme(theme)
        for each in (self.pad, self.grid, self.given, self.back, self.bars):
            each.set_theme(theme)

    def _on_pad_changed(self) -> None:
        if self.pad.drawing.point_count:
            self.grid.set_badges({})
            self._give(self.pad.drawing)

    def _on_others_clicked(self) -> None:
        if self._examples is not None:
            self._first = (self._first + self.grid.count) % len(self._examples)
            self._show_examples()

    def _on_grid_picture_chosen(self, index: int) -> None:
        if self._examples is not None:
            self._give(self._examples[self._first + index])
            self.grid.set_badges({index: ""})

    def _give(self, given: NDArray[np.uint8] | Drawing) -> None:
        self._given, self._is_shown = given, False
        self.catch_up()

    def _on_encoded(self, encoded: _Encoded) -> None:
        self._encoded, self._is_shown = encoded, True
        self._show()

    def _use(self, name: str) -> None:
        if self._encoded is not None:
            self.session.set_end(name, self._encoded.code)

    def _show_examples(self) -> None:
        self.grid.set_badges({})
        if self._examples is None:
            self.grid.clear()
        else:
            self.grid.set_pictures(self._examples[self._first : self._first + MOST], least=FEWEST)

    def _show(self) -> None:
        encoded, model = self._encoded, self.model
        for each in (self.use_a, self.use_b):
            each.setEnabled(encoded is not None)
        self.given.set_picture(None if encoded is None else encoded.given)
        self.back.set_picture(None if encoded is None else encoded.reconstruction)
        self.given.set_caption("x")
        self.back.set_caption("G(Q(x))")
        self.bars.set_code(None if encoded is None else encoded.code, 1.0 if model is None else model.reach)
