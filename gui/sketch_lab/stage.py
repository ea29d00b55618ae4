"""What the Sketch lab shows: tools above; paper, endings and controls side by side, or the training page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.sketch_lab.controls import SketchControls
from gui.sketch_lab.files import DRAWING_SUFFIXES, MODEL_SUFFIXES
from gui.sketch_lab.gallery import EndingGallery
from gui.sketch_lab.intent import IntentModel
from gui.sketch_lab.toolbar import CanvasToolbar
from gui.theme import ThemeManager
from gui.widgets.stroke_canvas import StrokeCanvas
from gui.widgets.stroke_document import StrokeDocument
from gui.widgets.training_panel import TrainingPanel

CONTROLS_WIDTH = 316
_HINT = "Draw the beginning of something.\nAt every pen-up the network finishes it."
_GALLERY_HINT = "Endings grow here when you draw."
_PAGES = (
    ("Draw", "Draw, and let a model finish the drawing."),
    ("Train", "Train a Sketch-RNN on drawings of your own and watch it learn."),
)


class SketchStage:
    """Makes the widgets and puts them into the lab; what they do is the lab's."""

    def __init__(self, lab: QWidget, document: StrokeDocument, model: IntentModel, theme: ThemeManager) -> None:
        """Fill `lab`, which has no layout yet."""
        self.canvas = StrokeCanvas(document, theme)
        self.canvas.set_hint(_HINT)
        self.canvas.accepted_suffixes = DRAWING_SUFFIXES | MODEL_SUFFIXES
        self.toolbar = CanvasToolbar(self.canvas, document, theme)
        # The page buttons stay where they are when the tools are hidden.
        policy = self.toolbar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.toolbar.setSizePolicy(policy)
        self.gallery = EndingGallery(theme.theme)
        self.gallery.set_hint(_GALLERY_HINT)
        self.gallery.set_count(model.intent.count)
        self.controls = SketchControls(model)
        self.drawing_page = self._make_drawing_page()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.drawing_page)
        self.page_buttons = QButtonGroup(lab)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.toolbar, 1)
        for index, (text, tip) in enumerate(_PAGES):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setChecked(index == 0)
            button.setProperty("role", "flat")
            button.setToolTip(tip)
            self.page_buttons.addButton(button, index)
            top.addWidget(button)
        column = QVBoxLayout(lab)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self.pages, 1)

    def add_training_page(self, panel: TrainingPanel) -> QPushButton:
        """Put the panel on the second page; returns the button above it that asks for drawings to learn from."""
        download = QPushButton("Download drawings…")
        download.setToolTip("Fetch a class of Quick, Draw! and put it into the data of the next run.")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(download, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(panel, 1)
        self.pages.addWidget(page)
        return download

    def _make_drawing_page(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.canvas)
        splitter.addWidget(self.gallery)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([500, 500])
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(12)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(CONTROLS_WIDTH)
        self.controls.setObjectName("scrolled")
        scroll.setWidget(self.controls)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(splitter, 1)
        row.addWidget(scroll)
        return page
