"""The cards beside the stage: which model, which class, how many endings and how bold."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gui.sketch_lab.intent import HOTTEST, LONGEST_SEED, MOST_ENDINGS, Intent, IntentModel
from gui.sketch_lab.session import ModelReady, ModelSummary
from gui.widgets.card import Card, labelled

ANY = "any"
_STEPS = 100  # of a temperature slider, per 1.0


class SketchControls(QWidget):
    """Writes to the intent and shows it; asks for models by signal."""

    add_requested = Signal()
    download_requested = Signal()

    def __init__(self, model: IntentModel, parent: QWidget | None = None) -> None:
        """Controls of `model`; there are no models in the menu yet."""
        super().__init__(parent)
        self._model = model
        self._paths: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._model_card())
        column.addWidget(self._endings_card())
        column.addWidget(self._beginning_card())
        column.addStretch(1)
        model.changed.connect(self._on_intent_changed)
        self._show(model.intent)

    # ---- the cards

    def _model_card(self) -> Card:
        card = Card("Model")
        self.models = QComboBox()
        self.models.currentIndexChanged.connect(self._on_models_index_changed)
        card.add(labelled("&Model", self.models, "The network that finishes the drawing."))
        self.category = QComboBox()
        self.category.setEditable(True)
        self.category.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        # Long names of classes must not widen the card.
        for menu in (self.models, self.category):
            menu.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            menu.setMinimumContentsLength(8)
        completer = self.category.completer()
        if completer is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.category.currentIndexChanged.connect(self._on_category_index_changed)
        line_edit = self.category.lineEdit()
        if line_edit is not None:
            line_edit.editingFinished.connect(self._on_category_editing_finished)
        tip = "What the drawing should become; the decoder is given the vector of this class."
        card.add(labelled("&Class", self.category, tip))
        row = QHBoxLayout()
        self.add_button = QPushButton("Add a file…")
        self.add_button.setToolTip("Take a checkpoint or one of Magenta's .gen.json files into the catalog.")
        self.add_button.clicked.connect(self.add_requested)
        self.download_button = QPushButton("Download…")
        self.download_button.setToolTip("Fetch one of the models that Magenta published.")
        self.download_button.clicked.connect(self.download_requested)
        row.addWidget(self.add_button)
        row.addWidget(self.download_button)
        card.add(row)
        return card

    def _endings_card(self) -> Card:
        card = Card("Endings")
        self.count = QSpinBox()
        self.count.setRange(1, MOST_ENDINGS)
        self.count.valueChanged.connect(lambda value: self._model.update(count=value))
        card.add(labelled("&Number", self.count, "How many endings grow at once, all in one pass of the network."))
        self.temperature = _TemperatureSlider()
        self.temperature.slider.valueChanged.connect(self._on_temperature_value_changed)
        card.add(labelled(
            "&Temperature τ", self.temperature,
            "Low: the likeliest lines. High: bold ones. Divides the mixture's logits and multiplies its variance by τ.",
        ))
        self.separate_pen = QCheckBox("Pen has its own τ")
        self.separate_pen.setToolTip(
            "Give lifting and ending another temperature than the lines: a cool pen makes tidier strokes."
        )
        self.separate_pen.toggled.connect(self._on_separate_pen_toggled)
        card.add(self.separate_pen)
        self.pen_temperature = _TemperatureSlider()
        self.pen_temperature.slider.valueChanged.connect(self._on_temperature_value_changed)
        tip = "Temperature of the three pen states q: go on, lift, end."
        self.pen_row = labelled("&Pen τ", self.pen_temperature, tip)
        card.add(self.pen_row)
        self.seed = QSpinBox()
        self.seed.setRange(0, LONGEST_SEED)
        self.seed.valueChanged.connect(lambda value: self._model.update(seed=value))
        self.another = QPushButton("Others")
        self.another.setToolTip("Other endings: a new seed (N).")
        self.another.clicked.connect(self.draw_others)
        seed_row = QWidget()
        layout = QHBoxLayout(seed_row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.seed, 1)
        layout.addWidget(self.another)
        card.add(labelled("&Seed", seed_row, "The same seed and drawing give the same endings again."))
        self.rank = QCheckBox("Likeliest first")
        self.rank.setToolTip("Sort the endings by their log-likelihood per point, log p(S) / N.")
        self.rank.toggled.connect(lambda on: self._model.update(rank=on))
        card.add(self.rank)
        self.while_pausing = QCheckBox("Also while the pen rests")
        self.while_pausing.setToolTip("Grow endings from the middle of a stroke when the pen stands still.")
        self.while_pausing.toggled.connect(lambda on: self._model.update(while_pausing=on))
        card.add(self.while_pausing)
        self.from_nothing = QPushButton("Draw from nothing")
        self.from_nothing.setProperty("role", "primary")
        self.from_nothing.setToolTip("Whole drawings on empty paper: the decoder starts from the start token alone.")
        card.add(self.from_nothing)
        return card

    def _beginning_card(self) -> Card:
        card = Card("Your drawing")
        self.likelihood = QLabel("–")
        self.likelihood.setProperty("role", "value")
        card.add(labelled(
            "Likelihood", self.likelihood,
            "log p(S) / N of what you drew, in nats per point: how expected it is to this model.",
        ))
        self.scale = QLabel("–")
        card.add(labelled(
            "Read as", self.scale,
            "The share of the finished drawing that your beginning fills, at the scale that is most likely.",
        ))
        return card

    # ---- what the lab tells

    def show_models(self, found: Sequence[ModelSummary]) -> None:
        """Fill the menu; the chosen model stays chosen when it is still there."""
        with QSignalBlocker(self.models):
            self.models.clear()
            self._paths = [str(summary.path) for summary in found]
            for summary in found:
                self.models.addItem(summary.name if summary.shipped else f"{summary.name}  ·  yours")
                self.models.setItemData(self.models.count() - 1, summary.about, Qt.ItemDataRole.ToolTipRole)
        self._show(self._model.intent)

    def show_ready(self, ready: ModelReady) -> None:
        """Fill the class menu of the model that was opened."""
        with QSignalBlocker(self.category):
            self.category.clear()
            self.category.addItem(ANY if ready.chooses_category else (ready.categories or (ready.name,))[0])
            if ready.chooses_category:
                self.category.addItems(list(ready.categories))
        self.category.setEnabled(ready.chooses_category)
        if self._model.intent.category not in ready.categories or not ready.chooses_category:
            self._model.update(category="")
        self._show(self._model.intent)

    def show_beginning(self, log_likelihood: float | None, share: float | None) -> None:
        """Show how likely the beginning is and how large it was read; None for no beginning."""
        said = "–" if log_likelihood is None else f"{log_likelihood:+.2f} nats per point".replace("-", "−")
        self.likelihood.setText(said)
        self.scale.setText("–" if share is None else f"{share:.0%} of the box")

    def draw_others(self) -> None:
        """A new seed."""
        self._model.update(seed=random.randint(0, LONGEST_SEED))

    # ---- both directions

    def _on_intent_changed(self, intent: Intent, _before: Intent) -> None:
        self._show(intent)

    def _show(self, intent: Intent) -> None:
        with QSignalBlocker(self.models):
            self.models.setCurrentIndex(self._paths.index(intent.model) if intent.model in self._paths else -1)
        with QSignalBlocker(self.category):
            chosen = self.category.findText(intent.category) if self.category.isEnabled() else 0
            self.category.setCurrentIndex(max(0, chosen))
        for widget, value in ((self.count, intent.count), (self.seed, intent.seed)):
            with QSignalBlocker(widget):
                widget.setValue(value)
        separate = intent.pen_temperature >= 0
        self.temperature.show_value(intent.temperature)
        self.pen_temperature.show_value(intent.pen_temperature if separate else intent.temperature)
        self.pen_row.setVisible(separate)
        for box, on in (
            (self.separate_pen, separate),
            (self.rank, intent.rank),
            (self.while_pausing, intent.while_pausing),
        ):
            with QSignalBlocker(box):
                box.setChecked(on)

    def _on_models_index_changed(self, index: int) -> None:
        if 0 <= index < len(self._paths):
            self._model.update(model=self._paths[index])

    def _on_category_index_changed(self, index: int) -> None:
        if index >= 0:
            self._model.update(category="" if index == 0 else self.category.itemText(index))

    def _on_category_editing_finished(self) -> None:
        # A word that is no class of this model: back to the one that was chosen.
        if self.category.findText(self.category.currentText()) < 0:
            self._show(self._model.intent)

    def _on_temperature_value_changed(self, _value: int) -> None:
        pen = self.pen_temperature.value() if self.separate_pen.isChecked() else -1.0
        self._model.update(temperature=self.temperature.value(), pen_temperature=pen)

    def _on_separate_pen_toggled(self, on: bool) -> None:
        self._model.update(pen_temperature=self._model.intent.temperature if on else -1.0)


class _TemperatureSlider(QWidget):
    """A slider from 0 to `HOTTEST` with its value beside it."""

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(HOTTEST * _STEPS))
        self.slider.setPageStep(10)
        self._label = QLabel()
        self._label.setMinimumWidth(self._label.fontMetrics().horizontalAdvance("0.00") + 4)
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._label)
        self.setFocusProxy(self.slider)
        self.slider.setAccessibleName("Temperature")

    def value(self) -> float:
        """The temperature."""
        return self.slider.value() / _STEPS

    def show_value(self, value: float) -> None:
        """Show a temperature without telling of it."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(value * _STEPS))
        self._label.setText(f"{value:.2f}")
