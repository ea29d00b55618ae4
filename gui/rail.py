"""The strip at the left edge: one button per lab, and at its foot the theme and the explanation."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.lab import LabEntry
from gui.theme import Theme, ThemeManager

_WIDTH = 92
_MODES = {
    "system": ("mdi6.theme-light-dark", "System"),
    "light": ("mdi6.white-balance-sunny", "Light"),
    "dark": ("mdi6.weather-night", "Dark"),
}


class Rail(QFrame):
    """Says which lab was asked for; the window decides."""

    lab_chosen = Signal(str)
    info_toggled = Signal(bool)

    def __init__(self, labs: Sequence[LabEntry], theme: ThemeManager, parent: QWidget | None = None) -> None:
        """One button for each of `labs`, from the top."""
        super().__init__(parent)
        self.setObjectName("rail")
        self.setFixedWidth(_WIDTH)
        self._theme = theme
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._labs: dict[str, tuple[LabEntry, QToolButton]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 12)
        column.setSpacing(6)
        for number, entry in enumerate(labs, start=1):
            tip = f"{entry.title} lab (Ctrl+{number})" if number <= 9 else f"{entry.title} lab"
            button = _rail_button(entry.title, tip)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked, name=entry.name: self.lab_chosen.emit(name))
            self._group.addButton(button)
            self._labs[entry.name] = (entry, button)
            column.addWidget(button)
        column.addStretch(1)
        self.theme_button = _rail_button("", "")
        self.theme_button.clicked.connect(self._on_theme_button_clicked)
        column.addWidget(self.theme_button)
        self.info_button = _rail_button("Explain", "What am I looking at? (F1)")
        self.info_button.setCheckable(True)
        self.info_button.clicked.connect(self.info_toggled)
        column.addWidget(self.info_button)
        self._on_theme_changed(theme.theme)
        theme.changed.connect(self._on_theme_changed)
        # The mode may change without the colours.
        theme.mode_changed.connect(self._show_mode)

    def show_chosen(self, name: str) -> None:
        """Mark the lab that is on stage."""
        self._labs[name][1].setChecked(True)

    def show_info_open(self, is_open: bool) -> None:
        """Mark whether the explanation is open."""
        self.info_button.setChecked(is_open)

    def _on_theme_button_clicked(self) -> None:
        self._theme.mode = self._theme.next_mode()

    def _on_theme_changed(self, theme: Theme) -> None:
        for entry, button in self._labs.values():
            button.setIcon(self._theme.icon(entry.icon_name, theme.accent))
        self.info_button.setIcon(self._theme.icon("mdi6.help-circle-outline", theme.muted))
        self._show_mode()

    def _show_mode(self, _mode: str = "") -> None:
        icon_name, label = _MODES[self._theme.mode]
        following = _MODES[self._theme.next_mode()][1]
        self.theme_button.setIcon(self._theme.icon(icon_name, self._theme.theme.muted))
        self.theme_button.setText(label)
        self.theme_button.setToolTip(f"Colours: {label.lower()}. Press for {following.lower()}. (Ctrl+T)")
        self.theme_button.setAccessibleName(f"Colours: {label}")


def _rail_button(text: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setAccessibleName(text)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setIconSize(QSize(26, 26))
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
