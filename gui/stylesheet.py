"""The one stylesheet of the app, made from a `Theme`.

Widgets ask for a special look by the dynamic property `role`: buttons may be "primary", "danger", "flat" or, small in
a row of a form, "row"; labels may be "heading", "title", "muted" or "value".
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from gui.palette import Theme, mix, outline

GLYPHS: Mapping[str, str] = {
    "check": '<path d="M3.2 8.4 6.6 11.6 12.8 4.8" {stroke}/>',
    "dash": '<path d="M4 8H12" {stroke}/>',
    "dot": '<circle cx="8" cy="8" r="3.6" fill="{colour}"/>',
    "down": '<path d="M4.2 6.2 8 10 11.8 6.2" {stroke}/>',
    "up": '<path d="M4.2 9.8 8 6 11.8 9.8" {stroke}/>',
    "right": '<path d="M6.2 4.2 10 8 6.2 11.8" {stroke}/>',
    "close": '<path d="M4.4 4.4 11.6 11.6M11.6 4.4 4.4 11.6" {stroke}/>',
}
"""The small marks inside controls, as SVG shapes in a box of 16 by 16."""


def glyph(name: str, colour: str) -> str:
    """One of `GLYPHS` as an SVG document drawn in `colour`."""
    stroke = f'stroke="{colour}" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" fill="none"'
    shape = GLYPHS[name].format(stroke=stroke, colour=colour)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">{shape}</svg>'


def glyph_colours(theme: Theme) -> dict[str, tuple[str, str]]:
    """File stem -> (glyph, colour) of every mark that `stylesheet` refers to."""
    faint = mix(theme.muted, theme.card, 0.55)
    return {
        "check": ("check", theme.accent_text),
        "dash": ("dash", theme.accent_text),
        "dot": ("dot", theme.accent_text),
        "menucheck": ("check", theme.text),
        "down": ("down", theme.muted),
        "up": ("up", theme.muted),
        "right": ("right", theme.muted),
        "close": ("close", theme.muted),
        "downfaint": ("down", faint),
        "upfaint": ("up", faint),
    }


def stylesheet(theme: Theme, base_size: float, glyphs: str) -> str:
    """The stylesheet for `theme`; `base_size` is the app's font size in points, `glyphs` the folder of the marks."""
    return Template(_SHEET).substitute(
        vars(theme),
        glyphs=glyphs,
        outline=outline(theme),
        hover=mix(theme.card, theme.text, 0.06),
        pressed=mix(theme.card, theme.text, 0.12),
        faint=mix(theme.muted, theme.card, 0.45),
        sunken=mix(theme.card, theme.text, 0.1),
        accent_hover=mix(theme.accent, theme.text, 0.18),
        accent_pressed=mix(theme.accent, theme.text, 0.32),
        accent_soft=mix(theme.card, theme.accent, 0.14),
        danger_soft=mix(theme.card, theme.danger, 0.12),
        thumb=mix(theme.border, theme.text, 0.25),
        small=f"{base_size - 1:g}pt",
        title=f"{base_size + 1:g}pt",
        heading=f"{base_size + 5:g}pt",
    )


_SHEET = """
QMainWindow, QDialog { background: $window; }
QWidget { color: $text; }
QWidget:disabled { color: $faint; }
QLabel { background: transparent; }
QLabel[role="heading"] { font-size: $heading; font-weight: 600; }
QLabel[role="title"] { font-size: $title; font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="value"] { font-weight: 600; }
QToolTip { background: $text; color: $card; border: none; padding: 6px 9px; }

QFrame#rail { background: $panel; border: none; border-right: 1px solid $border; }
QFrame#rail QToolButton {
    background: transparent; border: 2px solid transparent; border-radius: 12px; padding: 8px 2px 7px 2px;
    color: $muted; font-size: $small; }
QFrame#rail QToolButton:hover { background: $hover; color: $text; }
QFrame#rail QToolButton:checked { background: $accent_soft; color: $text; font-weight: 600; }
QFrame#rail QToolButton:focus { border-color: $accent; }
QFrame#infoPanel { background: $panel; border: none; border-left: 1px solid $border; }
QFrame#infoPanel QTextBrowser { background: transparent; border: 2px solid transparent; padding: 0; }
QFrame#infoPanel QTextBrowser:focus { border-color: $accent; }
QFrame#statusBar { background: $panel; border: none; border-top: 1px solid $border; }
QFrame#statusBar QLabel { color: $muted; font-size: $small; }
QFrame#statusBar QLabel#busy { color: $accent; }
QFrame#card { background: $card; border: 1px solid $border; border-radius: 12px; }
QFrame#card[chosen="true"] { border: 2px solid $accent; }
QFrame#card QToolButton#cardHeader {
    background: transparent; border: 2px solid transparent; border-radius: 6px; padding: 2px 4px; font-weight: 600; }
QFrame#card QToolButton#cardHeader:hover { background: $hover; }
QFrame#card QToolButton#cardHeader:focus { border-color: $accent; }
QFrame#toast { background: $card; border: 1px solid $outline; border-radius: 12px; }
QFrame#toast[level="warning"] { border-color: $warning; }
QFrame#toast[level="error"] { border-color: $danger; }

QPushButton, QToolButton {
    background: $card; border: 1px solid $outline; border-radius: 8px; padding: 6px 14px; min-height: 18px; }
QToolButton { padding: 5px 8px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $pressed; }
QPushButton:checked, QToolButton:checked { background: $accent_soft; border-color: $accent; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; padding: 5px 13px; }
QToolButton:focus { padding: 4px 7px; }
QPushButton:disabled, QToolButton:disabled { background: transparent; border-color: $border; color: $faint; }
QPushButton[role="primary"] {
    background: $accent; border-color: $accent; color: $accent_text; font-weight: 600; }
QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:pressed { background: $accent_pressed; border-color: $accent_pressed; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled { background: $sunken; border-color: $sunken; color: $faint; }
QPushButton[role="danger"] { color: $danger; border-color: $danger; }
QPushButton[role="danger"]:hover { background: $danger_soft; }
QPushButton[role="danger"]:disabled { color: $faint; border-color: $border; }
QPushButton[role="flat"], QToolButton[role="flat"] { background: transparent; border-color: transparent; }
QPushButton[role="flat"]:hover, QToolButton[role="flat"]:hover { background: $hover; }
QPushButton[role="flat"]:checked, QToolButton[role="flat"]:checked { background: $accent_soft; }
QPushButton[role="flat"]:focus, QToolButton[role="flat"]:focus { border-color: $accent; }
QPushButton[role="row"] {
    background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 0;
    min-height: 18px; max-height: 18px; min-width: 18px; max-width: 18px; }
QPushButton[role="row"]:hover { background: $hover; }
QPushButton[role="row"]:focus { border: 1px solid $accent; padding: 0; }
QPushButton[role="row"]:disabled { background: transparent; border-color: transparent; }
QPushButton::menu-indicator, QToolButton::menu-indicator {
    image: url($glyphs/down.svg); width: 12px; height: 12px;
    subcontrol-origin: padding; subcontrol-position: right center; right: 4px; }

QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
    background: $card; border: 1px solid $outline; border-radius: 8px; padding: 4px 9px; min-height: 20px;
    selection-background-color: $accent; selection-color: $accent_text; }
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { background: $hover; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border: 2px solid $accent; padding: 3px 8px; background: $card; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled, QPlainTextEdit:disabled, QTextEdit:disabled {
    background: transparent; border-color: $border; color: $faint; }
QComboBox { padding-right: 26px; combobox-popup: 0; }
QComboBox:focus { padding-right: 25px; }
QComboBox::drop-down { border: none; width: 24px; subcontrol-origin: padding; subcontrol-position: right center; }
QComboBox::down-arrow { image: url($glyphs/down.svg); width: 14px; height: 14px; }
QComboBox::down-arrow:disabled { image: url($glyphs/downfaint.svg); }
QComboBox QAbstractItemView { background: $card; border: 1px solid $outline; border-radius: 0; padding: 4px; }
QComboBox QAbstractItemView::item { min-height: 22px; }
QAbstractSpinBox { padding: 4px 0; qproperty-alignment: AlignCenter; }
QAbstractSpinBox:focus { padding: 3px 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: 22px; border: none; background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; border-top-right-radius: 7px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; border-bottom-right-radius: 7px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $pressed; }
QAbstractSpinBox::up-arrow { image: url($glyphs/up.svg); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url($glyphs/down.svg); width: 12px; height: 12px; }
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off { image: url($glyphs/upfaint.svg); }
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off { image: url($glyphs/downfaint.svg); }

QCheckBox, QRadioButton { spacing: 8px; background: transparent; border: 2px solid transparent; border-radius: 6px; }
QCheckBox:focus, QRadioButton:focus { border-color: $accent; }
QCheckBox::indicator, QRadioButton::indicator {
    width: 16px; height: 16px; border: 1px solid $outline; border-radius: 5px; background: $card; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $accent; background: $hover; }
QCheckBox::indicator:checked, QCheckBox::indicator:indeterminate, QRadioButton::indicator:checked {
    background: $accent; border-color: $accent; }
QCheckBox::indicator:checked { image: url($glyphs/check.svg); }
QCheckBox::indicator:indeterminate { image: url($glyphs/dash.svg); }
QRadioButton::indicator:checked { image: url($glyphs/dot.svg); }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $border; background: $sunken; }

QSlider { background: transparent; border: none; min-height: 22px; }
QSlider:vertical { min-height: 60px; min-width: 22px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $thumb; }
QSlider::groove:vertical { width: 4px; border-radius: 2px; background: $thumb; }
QSlider::sub-page:horizontal, QSlider::add-page:vertical { background: $accent; border-radius: 2px; }
QSlider::sub-page:disabled, QSlider::add-page:vertical:disabled { background: $thumb; }
QSlider::handle { background: $card; border: 2px solid $accent; border-radius: 9px; width: 14px; height: 14px; }
QSlider::handle:horizontal { margin: -7px 0; }
QSlider::handle:vertical { margin: 0 -7px; }
QSlider::handle:hover { background: $accent_soft; }
QSlider::handle:pressed, QSlider::handle:focus { background: $accent; border-color: $text; }
QSlider::handle:disabled { background: $card; border-color: $thumb; }

QTabWidget::pane { border: none; border-top: 1px solid $border; background: transparent; top: -1px; padding-top: 8px; }
QTabBar { background: transparent; }
QTabBar::tab {
    background: transparent; color: $muted; padding: 7px 14px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; border-bottom-color: $outline; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar:focus { outline: none; }
QTabBar::tab:selected:focus { background: $accent_soft; }
QTabBar::tab:disabled { color: $faint; }
QTabBar QToolButton { background: $card; border: none; border-radius: 0; padding: 0; }

QMenu { background: $card; border: 1px solid $outline; padding: 5px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 6px; }
QMenu::item:selected { background: $accent_soft; }
QMenu::item:disabled { color: $faint; background: transparent; }
QFrame[role="separator"] { color: $border; background: $border; border: none; max-width: 1px; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 6px; }
QMenu::indicator:checked { image: url($glyphs/menucheck.svg); }
QMenu::right-arrow { image: url($glyphs/right.svg); width: 12px; height: 12px; right: 6px; }

QAbstractItemView {
    background: $card; alternate-background-color: $panel; border: 1px solid $border; border-radius: 8px; outline: none;
    selection-background-color: $accent_soft; selection-color: $text; }
QAbstractItemView:focus { border: 1px solid $accent; }
QAbstractItemView::item { padding: 4px 6px; border-radius: 6px; color: $text; }
QAbstractItemView::item:hover { background: $hover; }
QAbstractItemView::item:selected { background: $accent_soft; color: $text; }
QAbstractItemView::item:disabled { color: $faint; }
QHeaderView::section {
    background: $panel; color: $muted; border: none; border-bottom: 1px solid $border; padding: 5px 8px; }
QTableView QTableCornerButton::section { background: $panel; border: none; border-bottom: 1px solid $border; }
QTreeView::branch:closed:has-children { image: url($glyphs/right.svg); }
QTreeView::branch:open:has-children { image: url($glyphs/down.svg); }

QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget#scrolled { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: $thumb; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $outline; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar {
    background: $sunken; border: none; border-radius: 4px; min-height: 8px; max-height: 8px; color: transparent; }
QProgressBar::chunk { background: $accent; border-radius: 4px; }
QProgressBar::chunk:disabled { background: $thumb; }
QSplitter::handle { background: transparent; }
QSplitter::handle:horizontal { width: 7px; }
QSplitter::handle:vertical { height: 7px; }
QSplitter::handle:hover { background: $accent_soft; }
QSplitter::handle:pressed { background: $accent; }
QGroupBox { border: 1px solid $border; border-radius: 10px; margin-top: 9px; padding-top: 10px; background: $card; }
QGroupBox::title { subcontrol-origin: margin; left: 12px; padding: 0 4px; color: $muted; }
"""
