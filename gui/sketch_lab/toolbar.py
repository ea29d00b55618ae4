"""The row above the paper: tools, history, view, files."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from gui.theme import ThemeManager
from gui.widgets.canvas_tools import Tool
from gui.widgets.stroke_canvas import StrokeCanvas
from gui.widgets.stroke_document import StrokeDocument

_TOOLS = (
    (Tool.PEN, "mdi6.pencil", "Pen (B): draw; the network goes on at every pen-up."),
    (Tool.ERASER, "mdi6.eraser", "Eraser (E): rub out parts of strokes; endings grow from what is left."),
    (Tool.SELECT, "mdi6.cursor-default", "Select (V): choose strokes; Delete removes them."),
    (Tool.HAND, "mdi6.hand-back-right-outline", "Hand (H, or hold Space): move the paper; the wheel zooms."),
)
PNG_SIZES = (512, 1024, 2048, 4096)


class CanvasToolbar(QWidget):
    """Buttons for `canvas` and `document`; files are asked for by signal."""

    open_requested = Signal()
    export_requested = Signal(str, int)  # "png", "svg", "animated", "ndjson"; the picture's size, 0 to ask, -1 no size

    def __init__(
        self, canvas: StrokeCanvas, document: StrokeDocument, theme: ThemeManager, parent: QWidget | None = None
    ) -> None:
        """Buttons that follow the state of both."""
        super().__init__(parent)
        self._canvas, self._document, self._theme = canvas, document, theme
        self._icons: list[tuple[QToolButton, str]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._tools = QButtonGroup(self)
        self.tool_buttons: dict[Tool, QToolButton] = {}
        for tool, icon, tip in _TOOLS:
            button = self._button(icon, tip)
            button.setCheckable(True)
            button.setChecked(tool is canvas.tool)
            button.clicked.connect(partial(canvas.set_tool, tool))
            self._tools.addButton(button)
            self.tool_buttons[tool] = button
            row.addWidget(button)
        row.addWidget(_separator())
        self.undo = self._button("mdi6.undo", "Undo the last stroke (Ctrl+Z).")
        self.undo.clicked.connect(document.undo)
        self.redo = self._button("mdi6.redo", "Bring back what was undone (Ctrl+Shift+Z).")
        self.redo.clicked.connect(document.redo)
        self.clear = self._button("mdi6.trash-can-outline", "Empty paper; can be undone.")
        self.clear.clicked.connect(document.clear)
        self.fit = self._button("mdi6.fit-to-screen-outline", "Show the whole drawing.")
        self.fit.clicked.connect(canvas.fit)
        for button in (self.undo, self.redo, self.clear, self.fit):
            row.addWidget(button)
        row.addWidget(_separator())
        self.open = self._button("mdi6.folder-open-outline", "Open a drawing: .svg, .ndjson or .npz (Ctrl+O).")
        self.open.clicked.connect(self.open_requested)
        self.export = self._button("mdi6.export-variant", "Save the drawing as SVG, PNG, ndjson or an animation.")
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.export.setMenu(self._export_menu())
        row.addWidget(self.open)
        row.addWidget(self.export)
        row.addStretch(1)
        canvas.tool_changed.connect(self._on_tool_changed)
        document.changed.connect(self._on_document_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_document_changed()
        self._on_theme_changed()

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("SVG with true paths…", lambda: self.export_requested.emit("svg", -1))
        pictures = menu.addMenu("PNG picture")
        for size in PNG_SIZES:
            pictures.addAction(f"{size} pixels…", partial(self.export_requested.emit, "png", size))
        pictures.addAction("Another size…", lambda: self.export_requested.emit("png", 0))
        menu.addAction("SVG that draws itself…", lambda: self.export_requested.emit("animated", -1))
        menu.addAction("Quick, Draw! ndjson…", lambda: self.export_requested.emit("ndjson", -1))
        return menu

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "flat")
        button.setIconSize(QSize(20, 20))
        button.setFixedSize(34, 34)
        button.setToolTip(tip)
        button.setAccessibleName(tip.split(" (")[0].split(":")[0].rstrip("."))
        self._icons.append((button, icon))
        return button

    def _on_tool_changed(self, tool: Tool) -> None:
        with QSignalBlocker(self._tools):
            self.tool_buttons[tool].setChecked(True)

    def _on_document_changed(self) -> None:
        self.undo.setEnabled(self._document.can_undo)
        self.redo.setEnabled(self._document.can_redo)
        self.clear.setEnabled(not self._document.is_empty)
        self.export.setEnabled(not self._document.is_empty)

    def _on_theme_changed(self, _theme: object = None) -> None:
        for button, icon in self._icons:
            button.setIcon(self._theme.icon(icon))


def _separator() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.VLine)
    line.setFixedHeight(22)
    line.setProperty("role", "separator")
    return line
