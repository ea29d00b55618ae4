"""How the picture lies: a dial for each amount of a `Placement`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from engine.data.placement import LEAST_SCALE, MAX_ROTATION, MAX_SHEAR, MOST_SCALE, Placement
from gui.capsule_lab.subject import Subject, SubjectModel
from gui.widgets.controls import button, set_slider


@dataclass(frozen=True)
class Dial:
    """One amount: its field of `Placement`, its range, the steps of a slider per unit, and how it is written."""

    field: str
    title: str
    low: float
    high: float
    steps: int
    shown: Callable[[float], str]
    tip: str

    @property
    def rest(self) -> float:
        """The amount that changes nothing."""
        return float(getattr(Placement(), self.field))


DIALS = (
    Dial("rotation", "Rotation", -180, 180, 1, "{:+.0f}°".format,
         f"Turns the picture counter-clockwise; affNIST's test goes to {MAX_ROTATION:.0f} degrees either way."),
    Dial("shear", "Shear", -0.6, 0.6, 100, "{:+.2f}".format,
         f"Slants the picture; affNIST's test goes to {MAX_SHEAR} either way."),
    Dial("scale_x", "Width", 0.5, 1.6, 100, "{:.2f} ×".format,
         f"Makes the picture wider or narrower; affNIST's test goes from {LEAST_SCALE} to {MOST_SCALE}."),
    Dial("scale_y", "Height", 0.5, 1.6, 100, "{:.2f} ×".format,
         f"Makes the picture taller or flatter; affNIST's test goes from {LEAST_SCALE} to {MOST_SCALE}."),
    Dial("shift_x", "Right", -8, 8, 4, "{:+.2f} px".format,
         "Moves the picture to the right; in training it was moved by up to 2 pixels."),
    Dial("shift_y", "Down", -8, 8, 4, "{:+.2f} px".format,
         "Moves the picture down; in training it was moved by up to 2 pixels."),
)  # fmt: skip


class DialSlider(QSlider):
    """A slider in the amount's own unit; a double click brings it back to rest."""

    def __init__(self, dial: Dial, parent: QWidget | None = None) -> None:
        """At rest."""
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.dial = dial
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel
        self.setRange(round(dial.low * dial.steps), round(dial.high * dial.steps))
        self.setPageStep(max(1, (self.maximum() - self.minimum()) // 24))
        self.setToolTip(f"{dial.tip} A double click brings it back.")
        self.setAccessibleName(dial.title)
        self.setAccessibleDescription(dial.tip)
        self.set_amount(dial.rest)

    @property
    def amount(self) -> float:
        """Where it stands."""
        return self.value() / self.dial.steps

    def set_amount(self, amount: float) -> None:
        """Go there without telling anybody."""
        set_slider(self, round(amount * self.dial.steps))

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Back to rest."""
        self.setValue(round(self.dial.rest * self.dial.steps))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only what has the focus, so that the panel can be scrolled over the dials."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Dials(QWidget):
    """Writes the placement of the subject and shows it."""

    def __init__(self, subject: SubjectModel, parent: QWidget | None = None) -> None:
        """All at rest."""
        super().__init__(parent)
        self._subject = subject
        self.sliders: dict[str, DialSlider] = {}
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, dial in enumerate(DIALS):
            slider, value, title = DialSlider(dial), QLabel(), QLabel(dial.title)
            title.setToolTip(dial.tip)
            title.setBuddy(slider)
            value.setProperty("role", "value")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setMinimumWidth(value.fontMetrics().horizontalAdvance("+8.25 px_"))
            for column, widget in enumerate((title, slider, value)):
                grid.addWidget(widget, row, column)
            self.sliders[dial.field], self._values[dial.field] = slider, value
            slider.valueChanged.connect(partial(self._on_slider_changed, dial.field))
        self.reset_button = button("Lay straight", "Takes back rotation, shear, scale and shift.")
        self.reset_button.clicked.connect(lambda: subject.update(placement=Placement()))
        grid.addWidget(self.reset_button, len(DIALS), 0, 1, 3, Qt.AlignmentFlag.AlignRight)
        subject.changed.connect(self._on_subject_changed)
        self._show(subject.subject.placement)

    def _on_slider_changed(self, field: str, _value: int) -> None:
        placement = replace(self._subject.subject.placement, **{field: self.sliders[field].amount})
        self._subject.update(placement=placement)

    def _on_subject_changed(self, subject: Subject, before: Subject) -> None:
        if subject.placement != before.placement:
            self._show(subject.placement)

    def _show(self, placement: Placement) -> None:
        for entry in fields(Placement):
            amount = getattr(placement, entry.name)
            slider = self.sliders[entry.name]
            slider.set_amount(amount)
            self._values[entry.name].setText(slider.dial.shown(amount))
        self.reset_button.setEnabled(placement != Placement())
