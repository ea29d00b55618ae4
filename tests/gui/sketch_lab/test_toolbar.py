"""The row above the paper follows the canvas and the document, and they follow it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gui.settings import Settings
from gui.sketch_lab.toolbar import PNG_SIZES, CanvasToolbar
from gui.theme import ThemeManager
from gui.widgets.canvas_tools import Tool
from gui.widgets.stroke_canvas import StrokeCanvas
from gui.widgets.stroke_document import StrokeDocument

LINE = [[0.0, 0.0], [900.0, 0.0]]


@pytest.fixture
def canvas(qtbot: QtBot) -> StrokeCanvas:
    widget = StrokeCanvas(StrokeDocument())
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def theme(qtbot: QtBot, tmp_path: Path) -> ThemeManager:
    made = ThemeManager(Settings(tmp_path / "settings.ini"))
    made.mode = "light"
    return made


@pytest.fixture
def toolbar(qtbot: QtBot, canvas: StrokeCanvas, theme: ThemeManager) -> CanvasToolbar:
    made = CanvasToolbar(canvas, canvas.document, theme)
    qtbot.addWidget(made)
    return made


def checked(toolbar: CanvasToolbar) -> list[Tool]:
    return [tool for tool, button in toolbar.tool_buttons.items() if button.isChecked()]


def entries(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions()]


def test_a_button_takes_its_tool(toolbar: CanvasToolbar, canvas: StrokeCanvas) -> None:
    assert checked(toolbar) == [Tool.PEN]
    for tool, button in toolbar.tool_buttons.items():
        button.click()
        assert canvas.tool is tool and checked(toolbar) == [tool]


def test_a_tool_taken_elsewhere_is_shown(toolbar: CanvasToolbar, canvas: StrokeCanvas) -> None:
    for tool in (Tool.ERASER, Tool.HAND, Tool.PEN):
        canvas.set_tool(tool)
        assert checked(toolbar) == [tool]


def test_history_and_export_are_offered_when_there_is_something(
    toolbar: CanvasToolbar, canvas: StrokeCanvas
) -> None:
    def offered() -> list[bool]:
        return [each.isEnabled() for each in (toolbar.undo, toolbar.redo, toolbar.clear, toolbar.export)]

    document = canvas.document
    assert offered() == [False, False, False, False]
    document.add_stroke(LINE)
    assert offered() == [True, False, True, True]
    toolbar.undo.click()
    assert document.is_empty and offered() == [False, True, False, False]
    toolbar.redo.click()
    toolbar.clear.click()
    assert document.is_empty and offered() == [True, False, False, False]


def test_the_whole_drawing_is_shown(toolbar: CanvasToolbar, canvas: StrokeCanvas) -> None:
    canvas.resize(300, 200)
    canvas.document.add_stroke(LINE)
    toolbar.fit.click()
    assert canvas.view.zoom < 300 / 900


def test_files_are_asked_for_by_signal(toolbar: CanvasToolbar, canvas: StrokeCanvas, qtbot: QtBot) -> None:
    canvas.document.add_stroke(LINE)
    with qtbot.waitSignal(toolbar.open_requested):
        toolbar.open.click()
    asked: list[tuple[str, int]] = []
    toolbar.export_requested.connect(lambda kind, size: asked.append((kind, size)))
    menu = toolbar.export.menu()
    for action in menu.actions():
        if action.menu() is None:
            action.trigger()
    assert asked == [("svg", -1), ("animated", -1), ("ndjson", -1)]
    (pictures,) = [each for each in menu.findChildren(QMenu) if each.title() == "PNG picture"]
    assert entries(pictures) == [*(f"{size} pixels…" for size in PNG_SIZES), "Another size…"]
    asked.clear()
    for action in pictures.actions():
        action.trigger()
    assert asked == [*(("png", size) for size in PNG_SIZES), ("png", 0)]


def test_icons_change_with_the_theme(toolbar: CanvasToolbar, theme: ThemeManager) -> None:
    before = toolbar.undo.icon().pixmap(20, 20).toImage()
    theme.mode = "dark"
    assert toolbar.undo.icon().pixmap(20, 20).toImage() != before


def test_every_button_has_a_name_and_says_what_it_does(toolbar: CanvasToolbar) -> None:
    buttons = [child for child in toolbar.children() if isinstance(child, QToolButton)]
    assert len(buttons) == 10
    for button in buttons:
        assert button.toolTip().endswith(".") and not button.icon().isNull()
    names = [button.accessibleName() for button in buttons]
    assert len(set(names)) == 10 and all(names)


def test_buttons_come_before_the_rest_of_the_row(toolbar: CanvasToolbar) -> None:
    toolbar.resize(1000, 40)
    toolbar.show()
    widgets = [child for child in toolbar.children() if isinstance(child, QWidget) and child.isVisible()]
    assert max(widget.geometry().right() for widget in widgets) < 500
