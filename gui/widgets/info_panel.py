"""The panel beside the stage that answers "What am I looking at?"."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QTextBrowser, QToolButton, QVBoxLayout, QWidget

from gui.theme import Theme, ThemeManager


class InfoPanel(QFrame):
    """Shows HTML in the colours of the theme: `h2`, `h3`, `p`, `a`, `code`, and the classes `equation` and `source`."""

    closed = Signal()

    def __init__(self, theme: ThemeManager, parent: QWidget | None = None) -> None:
        """An empty panel."""
        super().__init__(parent)
        self.setObjectName("infoPanel")
        self._theme = theme
        self._html = ""
        heading = QLabel("What am I looking at?")
        heading.setProperty("role", "title")
        self._close = QToolButton()
        self._close.setProperty("role", "flat")
        self._close.setToolTip("Close this panel (F1)")
        self._close.setAccessibleName("Close the panel")
        self._close.clicked.connect(self.closed)
        self.browser = QTextBrowser()
        self.browser.setOpenExternalLinks(True)
        self.browser.setAccessibleName("What am I looking at?")
        top = QHBoxLayout()
        top.addWidget(heading, 1)
        top.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 10, 12)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.browser, 1)
        self.setMinimumWidth(260)
        self._on_theme_changed(theme.theme)
        theme.changed.connect(self._on_theme_changed)

    def show_html(self, html: str) -> None:
        """Show `html` from its beginning."""
        self._html = html
        self._render()

    def _on_theme_changed(self, theme: Theme) -> None:
        self._close.setIcon(self._theme.icon("mdi6.close", theme.muted))
        self._render()

    def _render(self) -> None:
        # A document takes its stylesheet only while HTML is set.
        self.browser.document().setDefaultStyleSheet(_document_style(self._theme.theme))
        self.browser.setHtml(f"<body>{self._html}</body>")


def _document_style(theme: Theme) -> str:
    return f"""
body {{ color: {theme.text}; }}
p, li {{ line-height: 140%; }}
h2 {{ font-size: large; font-weight: 600; margin-top: 4px; margin-bottom: 6px; }}
h3 {{ font-size: medium; font-weight: 600; margin-top: 14px; margin-bottom: 4px; }}
a {{ color: {theme.accent}; }}
code {{ color: {theme.muted}; }}
.equation {{ color: {theme.text}; background-color: {theme.card}; margin: 10px 0px; font-family: serif;
    font-size: large; text-align: center; }}
.source {{ color: {theme.muted}; font-size: small; }}
"""
