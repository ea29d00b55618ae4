"""The explanation beside the stage."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from gui.settings import Settings
from gui.theme import DARK, LIGHT, ThemeManager
from gui.widgets.info_panel import InfoPanel


def test_html_is_shown_in_the_colours_of_the_theme(qtbot: QtBot, tmp_path: Path) -> None:
    theme = ThemeManager(Settings(tmp_path / "settings.ini"))
    theme.mode = "light"
    panel = InfoPanel(theme)
    qtbot.addWidget(panel)
    panel.show_html("<h2>Sketch-RNN</h2><p>It <a href='https://arxiv.org/abs/1704.03477'>predicts</a>.</p>")
    assert "It predicts." in panel.browser.toPlainText()
    assert LIGHT.accent in panel.browser.toHtml()
    theme.mode = "dark"
    assert "It predicts." in panel.browser.toPlainText()
    assert DARK.accent in panel.browser.toHtml()
    assert LIGHT.accent not in panel.browser.toHtml()


def test_the_close_button_asks_to_be_closed(qtbot: QtBot, tmp_path: Path) -> None:
    panel = InfoPanel(ThemeManager(Settings(tmp_path / "settings.ini")))
    qtbot.addWidget(panel)
    button = panel.findChild(QToolButton)
    assert button is not None
    with qtbot.waitSignal(panel.closed):
        button.click()
