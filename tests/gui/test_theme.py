"""Readable colours, and when they change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QFrame
from pytestqt.qtbot import QtBot

from engine.errors import SaveError
from gui.palette import contrast, mix, outline, qt_palette
from gui.settings import Settings
from gui.stylesheet import GLYPHS, glyph, glyph_colours, stylesheet
from gui.theme import DARK, LIGHT, Theme, ThemeManager

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def undressed(qapp: QApplication) -> Iterator[QApplication]:
    before = qapp.palette()
    yield qapp
    qapp.setStyleSheet("")
    qapp.setPalette(before)
    QGuiApplication.styleHints().unsetColorScheme()


def linear(colour: str) -> NDArray[np.float64]:
    value = QColor(colour)
    channels = np.array([value.redF(), value.greenF(), value.blueF()])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of linear RGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_agrees_with_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert mix("#000000", "#ffffff", 0.5) == "#808080"


@THEMES
def test_colours_are_hex(theme: Theme) -> None:
    colours = [getattr(theme, field.name) for field in fields(theme) if field.name not in ("name", "series")]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in (*colours, *theme.series))


@THEMES
def test_text_meets_wcag_aa(theme: Theme) -> None:
    grounds = (theme.window, theme.panel, theme.card)
    hovered = mix(theme.card, theme.text, 0.12)
    marked = mix(theme.card, theme.accent, 0.14)
    pairs = [(text, ground) for text in (theme.text, theme.muted) for ground in (*grounds, marked)]
    pairs += [(theme.text, hovered), (theme.accent_text, theme.accent), (theme.ink, theme.paper)]
    pairs += [(mark, ground) for mark in (theme.danger, theme.warning, theme.good, theme.accent) for ground in grounds]
    pairs += [(theme.accent_text, mix(theme.accent, theme.text, share)) for share in (0.18, 0.32)]
    pairs += [(theme.danger, mix(theme.card, theme.danger, 0.12)), (theme.card, theme.text)]
    poor = [(text, ground, contrast(text, ground)) for text, ground in pairs if contrast(text, ground) < 4.5]
    assert poor == []


@THEMES
def test_edges_of_controls_and_curves_stand_out(theme: Theme) -> None:
    for ground in (theme.card, theme.panel):
        assert contrast(outline(theme), ground) >= 3
        assert contrast(theme.accent, ground) >= 3
    for colour in (*theme.series, theme.ghost):
        assert contrast(colour, theme.paper) >= 3
    assert len(theme.series) >= 6


@THEMES
@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
def test_curves_can_be_told_apart(theme: Theme, deficiency: str | None) -> None:
    seen = np.eye(3) if deficiency is None else np.array(DEFICIENCIES[deficiency])
    points = {colour: lab(seen @ linear(colour)) for colour in theme.series}
    near = {pair: float(np.linalg.norm(points[pair[0]] - points[pair[1]])) for pair in combinations(theme.series, 2)}
    assert min(near.values()) > 15, min(near.items(), key=lambda item: item[1])


@THEMES
def test_the_stylesheet_is_complete(theme: Theme) -> None:
    sheet = stylesheet(theme, 10, "/folder")
    assert "$" not in sheet
    stems = set(re.findall(r"url\(/folder/(\w+)\.svg\)", sheet))
    assert stems <= set(glyph_colours(theme))
    assert all(name in GLYPHS for name, _colour in glyph_colours(theme).values())
    assert theme.accent in glyph("dot", theme.accent)


@THEMES
def test_a_chosen_card_has_a_frame_of_its_own(qtbot: QtBot, theme: Theme) -> None:
    card = QFrame()
    qtbot.addWidget(card)
    card.setObjectName("card")
    card.setStyleSheet(stylesheet(theme, 10, "/folder"))
    card.resize(60, 60)
    frames = {}
    for chosen in (False, True):
        card.setProperty("chosen", chosen)
        card.style().unpolish(card)
        card.style().polish(card)
        frames[chosen] = [card.grab().toImage().pixelColor(x, 30).name() for x in range(3)]
    assert frames == {False: [theme.border, theme.card, theme.card], True: [theme.accent, theme.accent, theme.card]}


@THEMES
def test_qt_paints_in_the_same_colours(theme: Theme) -> None:
    palette = qt_palette(theme)
    assert palette.color(QPalette.ColorRole.Window).name() == theme.window
    assert palette.color(QPalette.ColorRole.Text).name() == theme.text
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text).name()
    assert disabled != theme.text


def test_the_mode_is_kept_and_announced(qtbot: QtBot, settings: Settings) -> None:
    manager = ThemeManager(settings)
    heard: list[str] = []
    manager.changed.connect(lambda theme: heard.append(theme.name))
    manager.mode = "dark"
    manager.mode = "dark"
    assert manager.theme == DARK
    assert heard == ["dark"]
    assert ThemeManager(settings).theme == DARK


def test_an_unknown_mode_is_refused_and_a_damaged_one_ignored(qtbot: QtBot, settings: Settings) -> None:
    settings.set("window/theme", "pink")
    manager = ThemeManager(settings)
    assert manager.mode == "system"
    with pytest.raises(ValueError, match="pink"):
        manager.mode = "pink"


def test_the_modes_come_round(qtbot: QtBot, settings: Settings) -> None:
    manager = ThemeManager(settings)
    seen = []
    for _ in range(3):
        manager.mode = manager.next_mode()
        seen.append(manager.mode)
    assert sorted(seen) == ["dark", "light", "system"]
    assert seen[-1] == "system"


def test_system_mode_follows_the_desktop(qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = ThemeManager(settings)
    desktop_changed = QGuiApplication.styleHints().colorSchemeChanged
    monkeypatch.setattr("gui.theme._system_is_dark", lambda: True)
    desktop_changed.emit(Qt.ColorScheme.Dark)
    assert manager.theme == DARK
    assert manager.next_mode() == "light"
    monkeypatch.setattr("gui.theme._system_is_dark", lambda: False)
    desktop_changed.emit(Qt.ColorScheme.Light)
    assert manager.theme == LIGHT
    assert manager.next_mode() == "dark"
    manager.mode = "light"
    monkeypatch.setattr("gui.theme._system_is_dark", lambda: True)
    desktop_changed.emit(Qt.ColorScheme.Dark)
    assert manager.theme == LIGHT


def test_installing_dresses_the_application(undressed: QApplication, settings: Settings) -> None:
    manager = ThemeManager(settings)
    manager.mode = "dark"
    manager.install()
    assert undressed.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    assert DARK.accent in undressed.styleSheet()
    for path in re.findall(r"url\(([^)]+)\)", undressed.styleSheet()):
        assert Path(path).is_file()
    manager.mode = "light"
    assert LIGHT.accent in undressed.styleSheet()


def test_without_room_for_the_marks_the_rest_is_still_dressed(
    undressed: QApplication, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise SaveError("The disk is full.")

    monkeypatch.setattr("gui.theme.write_text", refuse)
    ThemeManager(settings).install()
    assert "QPushButton" in undressed.styleSheet()
