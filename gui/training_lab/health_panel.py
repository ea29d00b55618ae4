"""How a run is doing, in plain words: one light per thing that its figures tell, with advice behind a click."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.gan.health import LEVELS, Level, Symptom
from gui.palette import Theme

WELL = "All is well so far"
_NOTHING_TOLD = "Nothing in the figures is out of the ordinary."
_WORDS: dict[Level, str] = {"good": "good", "watch": "to watch", "bad": "wrong"}
_SIDE = 18.0


class Light(QWidget):
    """A sign for a level: a green disc with a tick, an amber triangle, a red square with a bar."""

    def __init__(self, level: Level, theme: Theme, parent: QWidget | None = None) -> None:
        """A sign of this level."""
        super().__init__(parent)
        self._level, self._theme = level, theme
        self.setFixedSize(round(_SIDE) + 2, round(_SIDE) + 2)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # Qt's name
        """The shape in the level's colour, its mark in the colour of the card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape, mark = _sign(self._level, QRectF(1, 1, _SIDE, _SIDE))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor({"good": self._theme.good, "watch": self._theme.warning}.get(
            self._level, self._theme.danger)))
        painter.drawPath(shape)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._theme.card), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                            Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(mark)
        painter.end()


class SymptomRow(QFrame):
    """One symptom. A click or Enter shows what to try and hides it again."""

    def __init__(self, symptom: Symptom, theme: Theme, parent: QWidget | None = None) -> None:
        """Closed."""
        super().__init__(parent)
        self.symptom = symptom
        self.light = Light(symptom.level, theme, self)
        self.button = QToolButton()
        self.button.setProperty("role", "flat")
        self.button.setCheckable(True)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setToolTip("Show what to try." if symptom.level != "good" else "Show what this means.")
        self.button.toggled.connect(self._on_button_toggled)
        self._text, self._advice = QLabel(), QLabel()
        for label in (self._text, self._advice):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(30, 0, 4, 4)
        column.setSpacing(3)
        column.addWidget(self.button)
        for label in (self._text, self._advice):
            label.setContentsMargins(8, 0, 0, 0)
            column.addWidget(label)
        self.light.move(6, 7)
        self._on_button_toggled(False)
        self.show_symptom(symptom)

    @property
    def advice(self) -> str:
        """What is written below, as far as it is shown."""
        return self._advice.text() if not self._advice.isHidden() else ""

    def show_symptom(self, symptom: Symptom) -> None:
        """Show the same symptom with newer figures."""
        self.symptom = symptom
        self.button.setText(symptom.name.capitalize() if symptom.name.islower() else symptom.name)
        self.button.setAccessibleName(f"{symptom.name}, {_WORDS[symptom.level]}")
        self.button.setAccessibleDescription(f"{symptom.text} {symptom.advice}")
        if self._text.text() != symptom.text:
            self._text.setText(symptom.text)
        self._advice.setText(symptom.advice if symptom.level == "good" else f"To try: {symptom.advice}")

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self.light.set_theme(theme)

    def _on_button_toggled(self, opened: bool) -> None:
        self._advice.setVisible(opened)
        self.button.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)


class HealthPanel(QWidget):
    """The lights of one run, the worst first."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing is known yet."""
        super().__init__(parent)
        self._theme = theme
        self._rows: list[SymptomRow] = []
        self._well = QWidget()
        light = Light("good", theme)
        self._well_light = light
        words = QLabel(WELL)
        words.setProperty("role", "value")
        more = QLabel(_NOTHING_TOLD)
        more.setProperty("role", "muted")
        more.setWordWrap(True)
        well = QVBoxLayout(self._well)
        well.setContentsMargins(38, 4, 4, 4)
        well.setSpacing(3)
        well.addWidget(words)
        well.addWidget(more)
        light.setParent(self._well)
        light.move(6, 3)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self._well)
        self._column.addStretch(1)
        self.setAccessibleName("Health of the run")
        self._tell()

    @property
    def rows(self) -> list[SymptomRow]:
        """The symptoms that are shown, from top to bottom."""
        return list(self._rows)

    @property
    def level(self) -> Level:
        """The worst level that is shown; "good" when nothing is."""
        levels = [row.symptom.level for row in self._rows]
        return min(levels, key=LEVELS.index, default="good")

    def show_symptoms(self, symptoms: Sequence[Symptom]) -> None:
        """Show what `engine.gan.health.symptoms` tells; rows that stay keep open what was opened."""
        kept = {(row.symptom.name, row.symptom.level): row for row in self._rows}
        wanted = []
        for place, symptom in enumerate(symptoms):
            row = kept.pop((symptom.name, symptom.level), None)
            if row is None:
                row = SymptomRow(symptom, self._theme, self)
            else:
                row.show_symptom(symptom)
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
            wanted.append(row)
        for row in kept.values():
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = wanted
        self._tell()

    def set_theme(self, theme: Theme) -> None:
        """Wear other colours."""
        self._theme = theme
        self._well_light.set_theme(theme)
        for row in self._rows:
            row.set_theme(theme)

    def sizeHint(self) -> QSize:  # Qt's name
        """Wide enough for a sentence in three lines."""
        return QSize(300, super().sizeHint().height())

    def _tell(self) -> None:
        self._well.setVisible(not self._rows)
        names = ", ".join(f"{row.symptom.name} ({_WORDS[row.symptom.level]})" for row in self._rows)
        self.setAccessibleDescription(names or WELL)


def _sign(level: Level, box: QRectF) -> tuple[QPainterPath, QPainterPath]:
    """The shape of a level and the mark in it."""
    shape, mark = QPainterPath(), QPainterPath()
    x, y, side = box.x(), box.y(), box.width()

    def at(across: float, down: float) -> QPointF:
        return QPointF(x + side * across, y + side * down)

    if level == "good":
        shape.addEllipse(box)
        mark.moveTo(at(0.28, 0.52))
        mark.lineTo(at(0.44, 0.68))
        mark.lineTo(at(0.73, 0.36))
    elif level == "watch":
        shape.moveTo(at(0.5, 0.02))
        shape.lineTo(at(1.0, 0.94))
        shape.lineTo(at(0.0, 0.94))
        shape.closeSubpath()
        mark.moveTo(at(0.5, 0.38))
        mark.lineTo(at(0.5, 0.62))
        mark.moveTo(at(0.5, 0.79))
        mark.lineTo(at(0.5, 0.80))
    else:
        # Square: so small, an octagon cannot be told from a disc.
        shape.addRoundedRect(box.adjusted(1, 1, -1, -1), 2, 2)
        mark.moveTo(at(0.28, 0.5))
        mark.lineTo(at(0.72, 0.5))
    return shape, mark
