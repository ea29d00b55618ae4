"""Small controls for one setting each, made from what the setting says about itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)

from gui.widgets.config_rows import tooltip_of

_SLIDER_STEPS = 200
_KEY_STEP = 10 ** (1 / 10)  # an arrow key multiplies by this: ten of them make a factor of ten
_LARGEST_INT = 2**31 - 1


@dataclass(frozen=True)
class Scale:
    """Where a slider's positions lie: from `low` to `high`, evenly or in factors. With factors, 0 is the left end."""

    low: float
    high: float
    factors: bool
    zero: bool = False

    def value(self, position: int) -> float:
        """The value at a position of 0 to `_SLIDER_STEPS`, to two digits."""
        share = position / _SLIDER_STEPS
        if not self.factors:
            return _rounded(self.low + share * (self.high - self.low))
        if self.zero and position == 0:
            return 0.0
        return _rounded(self.low * (self.high / self.low) ** share)

    def position(self, value: float) -> int:
        """The position nearest to a value."""
        if self.factors:
            if value <= self.low:
                return 0
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * _SLIDER_STEPS)


# The part of each range where people work; the number beside the slider takes the whole range.
SCALES: Mapping[str, Scale] = {
    "generator_rate": Scale(1e-6, 0.1, True, zero=True),
    "critic_rate": Scale(1e-6, 0.1, True, zero=True),
    "learning_rate": Scale(1e-6, 0.1, True, zero=True),
    "penalty_weight": Scale(1e-3, 1000.0, True, zero=True),
    "clip_limit": Scale(1e-4, 10.0, True),
    "instance_noise": Scale(0.0, 1.0, False),
    "measurement_strength": Scale(0.0, 1.0, False),
    "measurement_noise": Scale(0.0, 1.0, False),
}


class NumberBox(QDoubleSpinBox):
    """A number of any size, written as short as it can be; the arrows change it by factors."""

    def __init__(self, low: float, high: float, parent: QWidget | None = None) -> None:
        """A box for `low` to `high`."""
        super().__init__(parent)
        self.setDecimals(12)
        self.setRange(low, high)
        self.setKeyboardTracking(False)

    def textFromValue(self, value: float) -> str:  # Qt's name
        """At most four digits."""
        return f"{value:.4g}"

    def valueFromText(self, text: str) -> float:  # Qt's name
        """What was typed, also as 2e-4 and with a decimal comma; the value as it was when that is no number."""
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:  # Qt's name
        """Anything that may become a number can be typed."""
        try:
            fits = self.minimum() <= float(text.replace(",", ".")) <= self.maximum()
        except ValueError:
            fits = False
            if text.strip("0123456789.,eE+-"):
                return QValidator.State.Invalid, text, position
        return (QValidator.State.Acceptable if fits else QValidator.State.Intermediate), text, position

    def stepBy(self, steps: int) -> None:  # Qt's name
        """Multiply by a tenth of a decade for each step; up from 0 comes the smallest number that is of use."""
        value = self.value()
        if value == 0:
            self.setValue(_rounded(max(self.minimum(), self.maximum() * 1e-6)) if steps > 0 else self.minimum())
        else:
            self.setValue(_rounded(value * _KEY_STEP ** (steps if value > 0 else -steps)))

    def stepEnabled(self) -> QDoubleSpinBox.StepEnabledFlag:  # Qt's name
        """Whether there is a way up or down."""
        enabled = QDoubleSpinBox.StepEnabledFlag.StepNone
        if self.value() < self.maximum():
            enabled |= QDoubleSpinBox.StepEnabledFlag.StepUpEnabled
        if self.value() > self.minimum():
            enabled |= QDoubleSpinBox.StepEnabledFlag.StepDownEnabled
        return enabled


class FieldControl(QWidget):
    """Shows and changes one setting: a list, a tick, a number, or a number with a slider below.

    `changed` brings the field's name and its new value, only when the person made it.
    """

    changed = Signal(str, object)

    def __init__(self, entry: Field[Any], value: Any, label: str, parent: QWidget | None = None) -> None:
        """A control of a dataclass field with `setting` metadata that shows `value`."""
        super().__init__(parent)
        self.field = entry.name
        self.live = bool(entry.metadata.get("live"))
        self._slider: QSlider | None = None
        self._scale = SCALES.get(entry.name) if isinstance(value, float) else None
        self._editor = self._make_editor(entry, value)
        tip = tooltip_of(entry.metadata) + ("" if self.live else "\nFixed once the run has begun.")
        name = label or entry.name.replace("_", " ")
        text = QLabel(label)
        text.setVisible(bool(label))
        text.setBuddy(self._editor)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.addWidget(text, 0, 0)
        grid.addWidget(self._editor, 0, 1)
        grid.setColumnStretch(1, 1)
        if self._scale is not None:
            self._slider = QSlider(Qt.Orientation.Horizontal)
            self._slider.setRange(0, _SLIDER_STEPS)
            self._slider.setPageStep(_SLIDER_STEPS // 10)
            self._slider.setAccessibleName(f"{name}, slider")
            self._slider.valueChanged.connect(self._on_slider_value_changed)
            grid.addWidget(self._slider, 1, 0, 1, 2)
        self._editor.setAccessibleName(name)
        guard = _WheelGuard(self)
        for widget in filter(None, (text, self._editor, self._slider)):
            widget.setToolTip(tip)
            widget.setAccessibleDescription(tip)
            if widget is not text:
                widget.installEventFilter(guard)
                widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_value(value)

    @property
    def editor(self) -> QWidget:
        """The list, tick or number."""
        return self._editor

    @property
    def slider(self) -> QSlider | None:
        """The slider of a number that has one."""
        return self._slider

    @property
    def value(self) -> Any:
        """The value that is shown."""
        if isinstance(self._editor, QComboBox):
            return self._editor.currentText()
        if isinstance(self._editor, QCheckBox):
            return self._editor.isChecked()
        assert isinstance(self._editor, QSpinBox | QDoubleSpinBox)
        return self._editor.value()

    def set_value(self, value: Any) -> None:
        """Show another value; tells nobody."""
        with QSignalBlocker(self._editor):
            if isinstance(self._editor, QComboBox):
                self._editor.setCurrentText(str(value))
            elif isinstance(self._editor, QCheckBox):
                self._editor.setChecked(bool(value))
            elif isinstance(self._editor, QSpinBox | QDoubleSpinBox):
                self._editor.setValue(value)
        if self._slider is not None and self._scale is not None:
            with QSignalBlocker(self._slider):
                self._slider.setValue(self._scale.position(float(value)))

    def _make_editor(self, entry: Field[Any], value: Any) -> QWidget:
        about = entry.metadata
        low, high = about.get("low"), about.get("high")
        if about.get("choices"):
            choices = QComboBox()
            choices.addItems(list(about["choices"]))
            # As wide as the node allows, not as its longest word.
            choices.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choices.setMinimumContentsLength(7)
            choices.activated.connect(self._on_editor_edited)
            return choices
        if isinstance(value, bool):
            tick = QCheckBox()
            tick.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            tick.clicked.connect(self._on_editor_edited)
            return tick
        if isinstance(value, int):
            whole = QSpinBox()
            whole.setMinimum(int(low) if low is not None else -_LARGEST_INT)
            whole.setMaximum(int(high) if high is not None else _LARGEST_INT)
            whole.setKeyboardTracking(False)
            whole.valueChanged.connect(self._on_editor_edited)
            whole.setMinimumWidth(64)
            return whole
        number = NumberBox(low if low is not None else -1e12, high if high is not None else 1e12)
        number.setMinimumWidth(64)
        number.valueChanged.connect(self._on_editor_edited)
        return number

    def _on_editor_edited(self) -> None:
        value = self.value
        self.set_value(value)
        self.changed.emit(self.field, value)

    def _on_slider_value_changed(self, position: int) -> None:
        assert self._scale is not None
        value = self._scale.value(position)
        assert isinstance(self._editor, QDoubleSpinBox)
        with QSignalBlocker(self._editor):
            self._editor.setValue(value)
        self.changed.emit(self.field, self._editor.value())


class _WheelGuard(QObject):
    """The wheel scrolls the drawing; it changes a control only when that has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # Qt's name
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def _rounded(value: float) -> float:
    """To two significant digits."""
    return float(f"{value:.2g}")
