"""Which colours the app wears, and when they change."""

from __future__ import annotations

import contextlib
from pathlib import Path

import qtawesome
from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from engine.errors import SaveError
from engine.runtime.atomic import write_text
from gui.palette import DARK, LIGHT, Theme, mix, qt_palette
from gui.settings import Settings
from gui.stylesheet import glyph, glyph_colours, stylesheet

__all__ = ["DARK", "LIGHT", "MODES", "Theme", "ThemeManager"]

MODES = ("system", "light", "dark")
_KEY = "window/theme"


class ThemeManager(QObject):
    """Holds the current theme and, once `install` was called, dresses the whole application in it."""

    changed = Signal(object)
    mode_changed = Signal(str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        """Take the mode from `settings`; a running QGuiApplication is needed."""
        super().__init__(parent)
        self._settings = settings
        self._installed = False
        self._glyphs: QTemporaryDir | None = None
        saved = settings.get(_KEY, "system")
        self._mode = saved if saved in MODES else "system"
        self._system_dark = _system_is_dark()
        self._theme = self._wanted()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)

    @property
    def theme(self) -> Theme:
        """The colours in use now."""
        return self._theme

    @property
    def mode(self) -> str:
        """One of `MODES`; "system" follows the desktop."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode not in MODES:
            raise ValueError(f"The theme mode is {mode!r}; it must be one of {', '.join(MODES)}.")
        self._mode = mode
        self._settings.set(_KEY, mode)
        if self._installed:
            self._tell_desktop()
        self._refresh()
        self.mode_changed.emit(mode)

    def next_mode(self) -> str:
        """The mode after this one. The order is such that leaving "system" is a visible change."""
        away, back = ("light", "dark") if self._system_dark else ("dark", "light")
        return {"system": away, away: back, back: "system"}[self._mode]

    def install(self) -> None:
        """Dress the application: Fusion style, palette, stylesheet; again whenever the theme changes."""
        self._installed = True
        self._tell_desktop()
        QApplication.setStyle("Fusion")
        self._dress()

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """A qtawesome icon such as "mdi6.draw" in `colour` ("#rrggbb"), by default the colour of text."""
        usual = colour if colour is not None else self._theme.text
        faint = mix(self._theme.muted, self._theme.card, 0.45)
        icon: QIcon = qtawesome.icon(name, color=usual, color_disabled=faint)
        return icon

    def _on_system_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        self._refresh()

    def _wanted(self) -> Theme:
        if self._mode == "system":
            return DARK if self._system_dark else LIGHT
        return DARK if self._mode == "dark" else LIGHT

    def _refresh(self) -> None:
        if self._mode == "system":
            # In the other modes Qt answers with what it was told, not with what the desktop wears.
            self._system_dark = _system_is_dark()
        wanted = self._wanted()
        if wanted == self._theme:
            return
        self._theme = wanted
        if self._installed:
            self._dress()
        self.changed.emit(wanted)

    def _tell_desktop(self) -> None:
        """Ask for matching title bars and native dialogs."""
        hints = QGuiApplication.styleHints()
        if self._mode == "system":
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(Qt.ColorScheme.Dark if self._mode == "dark" else Qt.ColorScheme.Light)

    def _dress(self) -> None:
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        app.setPalette(qt_palette(self._theme))
        app.setStyleSheet(stylesheet(self._theme, app.font().pointSizeF(), self._write_glyphs()))

    def _write_glyphs(self) -> str:
        """Stylesheets take images from files only; a disk without room costs the marks, not the app."""
        if self._glyphs is None:
            self._glyphs = QTemporaryDir()
        folder = Path(self._glyphs.path()) / self._theme.name
        if self._glyphs.isValid() and not folder.exists():
            with contextlib.suppress(SaveError):
                for stem, (name, colour) in glyph_colours(self._theme).items():
                    write_text(folder / f"{stem}.svg", glyph(name, colour))
        return folder.as_posix()


def _system_is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
