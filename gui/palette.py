"""The two sets of colours, and the arithmetic that keeps them readable."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette


@dataclass(frozen=True)
class Theme:
    """Colours as "#rrggbb", named by what they are for.

    `ink`, `paper`, `ghost` and `grid` belong to drawings and plots: the person's strokes, the ground, the network's
    strokes and helper lines. `series` tells curves apart, also for people with a colour vision deficiency.
    """

    name: str  # "light" or "dark"
    window: str
    panel: str
    card: str
    border: str
    text: str
    muted: str
    accent: str
    accent_text: str
    ink: str
    paper: str
    ghost: str
    grid: str
    danger: str
    warning: str
    good: str
    series: tuple[str, ...]


LIGHT = Theme(
    name="light",
    window="#f1f2f6",
    panel="#f8f9fb",
    card="#ffffff",
    border="#dcdfe8",
    text="#1a1e2b",
    muted="#565e72",
    accent="#3a55d4",
    accent_text="#ffffff",
    ink="#1a1e2b",
    paper="#ffffff",
    ghost="#7d87a1",
    grid="#e7e9f0",
    danger="#b3261e",
    warning="#855400",
    good="#1b7443",
    series=("#0072a7", "#e62e01", "#007767", "#e04281", "#899138", "#3a3a8b"),
)

DARK = Theme(
    name="dark",
    window="#13151c",
    panel="#181b24",
    card="#1f232e",
    border="#323848",
    text="#e8ebf3",
    muted="#a0a9bd",
    accent="#8aa5ff",
    accent_text="#0d1226",
    ink="#eef1f8",
    paper="#191c25",
    ghost="#7480a0",
    grid="#2a2f3d",
    danger="#ff8d85",
    warning="#f0b94f",
    good="#6fd39a",
    series=("#56b3e9", "#ff893a", "#21bb87", "#e08ab7", "#efe06d", "#998aff"),
)


def mix(first: str, second: str, share: float) -> str:
    """The colour `share` (0 to 1) of the way from `first` to `second`, in sRGB values."""
    a, b = QColor(first), QColor(second)
    pairs = zip((a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in pairs)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2.1 defines it."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    value = QColor(colour)
    channels = (value.redF(), value.greenF(), value.blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def outline(theme: Theme) -> str:
    """The edge of things to press or fill in: at least 3:1 against cards and panels, as WCAG asks of controls."""
    return mix(theme.border, theme.text, 0.42)


def qt_palette(theme: Theme) -> QPalette:
    """The same colours for what Qt paints without the stylesheet."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.card,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.card,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.danger,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.ToolTipBase: theme.text,
        QPalette.ColorRole.ToolTipText: theme.card,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.accent_text,
        QPalette.ColorRole.Accent: theme.accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.LinkVisited: theme.accent,
        QPalette.ColorRole.Light: mix(theme.card, "#ffffff", 0.5),
        QPalette.ColorRole.Midlight: theme.panel,
        QPalette.ColorRole.Mid: theme.border,
        QPalette.ColorRole.Dark: mix(theme.border, theme.text, 0.3),
        QPalette.ColorRole.Shadow: "#000000",
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    faint = QColor(mix(theme.muted, theme.card, 0.45))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, QColor(theme.border))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Accent, QColor(theme.border))
    return palette
