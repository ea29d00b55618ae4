"""The canvas under a tablet's pen, and files dropped on it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QInputDevice,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.widgets.canvas_tools import Tool
from gui.widgets.stroke_canvas import StrokeCanvas
from gui.widgets.stroke_document import StrokeDocument

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def canvas(qtbot: QtBot) -> StrokeCanvas:
    widget = StrokeCanvas(StrokeDocument())
    widget.accepted_suffixes = frozenset({".svg", ".ndjson", ".npz"})
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@dataclass
class Stylus:
    """A pen on a tablet, telling a canvas what it does."""

    canvas: StrokeCanvas
    end: QPointingDevice.PointerType = QPointingDevice.PointerType.Pen

    def __post_init__(self) -> None:
        """Register the pen as a device."""
        self.device = QPointingDevice(
            "pen",
            1,
            QInputDevice.DeviceType.Stylus,
            self.end,
            QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
            1,
            1,
        )

    def tell(self, kind: QEvent.Type, x: float, y: float, pressure: float) -> None:
        at = QPointF(x, y)
        button = NONE if kind == QEvent.Type.TabletMove else LEFT
        down = NONE if kind == QEvent.Type.TabletRelease else LEFT
        where = self.canvas.mapToGlobal(at)
        event = QTabletEvent(kind, self.device, at, where, pressure, 0, 0, 0, 0, 0, NO_KEY, button, down)
        self.canvas.tabletEvent(event)

    def draw(self, *points: tuple[float, float, float]) -> None:
        self.tell(QEvent.Type.TabletPress, *points[0])
        for point in points[1:]:
            self.tell(QEvent.Type.TabletMove, *point)
        self.tell(QEvent.Type.TabletRelease, *points[-1])


def test_pen_draws_wider_where_it_is_pressed(canvas: StrokeCanvas) -> None:
    Stylus(canvas).draw((20, 100, 0.0), (200, 100, 0.0), (220, 100, 1.0), (380, 100, 1.0))
    assert len(canvas.document.strokes) == 1
    image = canvas.grab().toImage()
    thin, thick = (sum(QColor(image.pixelColor(x, y)).lightness() < 128 for y in range(90, 110)) for x in (100, 320))
    assert 0 < thin < thick


def test_mouse_events_that_repeat_the_pen_are_not_drawn(canvas: StrokeCanvas) -> None:
    pen = Stylus(canvas)
    pen.tell(QEvent.Type.TabletPress, 20.0, 20.0, 0.5)
    QTest.mousePress(canvas, LEFT, NO_KEY, QPoint(200, 200))  # a palm on the screen
    QTest.mouseMove(canvas, QPoint(250, 250))
    pen.tell(QEvent.Type.TabletMove, 60.0, 20.0, 0.5)
    QTest.mouseRelease(canvas, LEFT, NO_KEY, QPoint(250, 250))
    pen.tell(QEvent.Type.TabletRelease, 60.0, 20.0, 0.0)
    at = QPointF(20, 20)
    double = QMouseEvent(QEvent.Type.MouseButtonPress, at, canvas.mapToGlobal(at), LEFT, LEFT, NO_KEY, pen.device)
    canvas.mousePressEvent(double)
    assert canvas.live_stroke() is None
    assert [stroke.tolist() for stroke in canvas.document.strokes] == [[[20, 20], [60, 20]]]


def test_other_end_of_the_pen_erases(canvas: StrokeCanvas) -> None:
    canvas.document.add_stroke([[20, 100], [380, 100]])
    Stylus(canvas, QPointingDevice.PointerType.Eraser).draw((200, 80, 0.5), (200, 120, 0.5))
    assert len(canvas.document.strokes) == 2
    assert canvas.tool is Tool.PEN


def is_drag_taken(canvas: StrokeCanvas, data: QMimeData) -> bool:
    action, at = Qt.DropAction.CopyAction, QPoint(5, 5)
    with warnings.catch_warnings():
        # The constructor of before Qt 6.12, which has no other.
        warnings.simplefilter("ignore", DeprecationWarning)
        enter = QDragEnterEvent(at, action, data, LEFT, NO_KEY)
    enter.ignore()
    canvas.dragEnterEvent(enter)
    return enter.isAccepted()


def test_drop_of_drawings_tells_their_paths(qtbot: QtBot, canvas: StrokeCanvas, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.SVG", "notes.txt", "b.npz", "c.ndjson")])
    action = Qt.DropAction.CopyAction
    assert is_drag_taken(canvas, data)
    with qtbot.waitSignal(canvas.files_dropped) as told:
        canvas.dropEvent(QDropEvent(QPointF(5, 5), action, data, LEFT, NO_KEY))
    assert told.args == [[tmp_path / "a.SVG", tmp_path / "b.npz", tmp_path / "c.ndjson"]]


def test_drop_of_other_files_is_not_taken(canvas: StrokeCanvas, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "notes.txt")), QUrl("https://example.org/a.svg")])
    assert not is_drag_taken(canvas, data)
