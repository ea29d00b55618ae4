"""The canvas under mouse, pen, wheel and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.errors import BadDrawingError
from gui.widgets.canvas_tools import Tool
from gui.widgets.canvas_view import DefaultColors
from gui.widgets.stroke_canvas import StrokeCanvas
from gui.widgets.stroke_document import StrokeDocument

LEFT, MIDDLE, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
NO_KEY, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def canvas(qtbot: QtBot) -> StrokeCanvas:
    widget = StrokeCanvas(StrokeDocument())
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.setFocus()
    return widget


def press(canvas: StrokeCanvas, *points: tuple[int, int], shift: bool = False) -> None:
    """Press at the first point and move along the others, without letting go."""
    QTest.mousePress(canvas, LEFT, SHIFT if shift else NO_KEY, QPoint(*points[0]))
    for point in points[1:]:
        QTest.mouseMove(canvas, QPoint(*point))


def drag(canvas: StrokeCanvas, *points: tuple[int, int], shift: bool = False) -> None:
    press(canvas, *points, shift=shift)
    QTest.mouseRelease(canvas, LEFT, SHIFT if shift else NO_KEY, QPoint(*points[-1]))


def stroke_count(canvas: StrokeCanvas) -> int:
    return len(canvas.document.strokes)


def color_at(canvas: StrokeCanvas, x: int, y: int) -> str:
    return canvas.grab().toImage().pixelColor(x, y).name()


def test_mouse_draws_a_stroke_and_tells_in_order(canvas: StrokeCanvas) -> None:
    told: list[str] = []
    canvas.stroke_started.connect(lambda: told.append("started"))
    canvas.stroke_moved.connect(lambda: told.append("moved"))
    canvas.document.changed.connect(lambda: told.append("changed"))
    canvas.stroke_finished.connect(lambda: told.append("finished"))
    assert canvas.live_stroke() is None
    press(canvas, (20, 30), (60, 30), (60, 90))
    live = canvas.live_stroke()
    assert live is not None
    assert live.tolist() == [[20, 30], [60, 30], [60, 90]]
    assert canvas.document.is_empty
    QTest.mouseRelease(canvas, LEFT, NO_KEY, QPoint(60, 90))
    assert canvas.live_stroke() is None
    assert canvas.document.strokes[0].tolist() == live.tolist()
    assert told == ["started", "moved", "moved", "changed", "finished"]
    assert color_at(canvas, 60, 60) == canvas.colors.ink


def test_points_closer_than_a_pixel_are_dropped(canvas: StrokeCanvas) -> None:
    canvas._begin(canvas._pen, QPointF(10, 10), None, False)
    for x in (10.4, 10.9, 11.0, 11.5, 14.0):
        canvas._point(QPointF(x, 10), None)
    live = canvas.live_stroke()
    assert live is not None
    assert live[:, 0].tolist() == [10, 11, 14]


def test_ink_under_the_pen_looks_as_it_will_when_settled(canvas: StrokeCanvas) -> None:
    t = np.linspace(0, 6, 150)
    points = [(round(200 + 15 * a * np.cos(3 * a)), round(150 + 15 * a * np.sin(3 * a))) for a in t]
    press(canvas, *points)
    live = canvas.grab().toImage()
    QTest.mouseRelease(canvas, LEFT, NO_KEY, QPoint(*points[-1]))
    settled = canvas.grab().toImage()
    live_bits, settled_bits = (np.frombuffer(image.constBits(), np.uint8).astype(int) for image in (live, settled))
    assert np.abs(live_bits - settled_bits).max() < 60
    assert (live_bits < 60).sum() > 1000


def test_escape_drops_the_stroke(qtbot: QtBot, canvas: StrokeCanvas) -> None:
    press(canvas, (20, 30), (60, 30))
    with qtbot.waitSignal(canvas.stroke_cancelled):
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.live_stroke() is None
    QTest.mouseRelease(canvas, LEFT, NO_KEY, QPoint(60, 30))
    assert canvas.document.is_empty
    assert color_at(canvas, 40, 30) == canvas.colors.paper


def test_undo_and_redo_by_key(canvas: StrokeCanvas) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    drag(canvas, (20, 30), (60, 30))
    assert color_at(canvas, 40, 30) == canvas.colors.ink
    QTest.keyClick(canvas, Qt.Key.Key_Z, control)
    assert canvas.document.is_empty
    assert color_at(canvas, 40, 30) == canvas.colors.paper
    QTest.keyClick(canvas, Qt.Key.Key_Z, control | SHIFT)
    assert len(canvas.document.strokes) == 1


def test_undo_in_the_middle_of_a_stroke_drops_that_stroke(canvas: StrokeCanvas) -> None:
    drag(canvas, (20, 30), (60, 30))
    press(canvas, (20, 90), (60, 90))
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert canvas.live_stroke() is None
    assert len(canvas.document.strokes) == 1


def test_full_drawing_refuses_the_stroke_with_a_sentence(qtbot: QtBot, canvas: StrokeCanvas) -> None:
    canvas.document.add_stroke(np.random.default_rng(0).random((20_000, 2)) * 300)
    with qtbot.waitSignals([canvas.refused, canvas.stroke_cancelled]):
        drag(canvas, (20, 30), (60, 30))
    assert len(canvas.document.strokes) == 1


@pytest.mark.parametrize(
    ("key", "tool"),
    [(Qt.Key.Key_E, Tool.ERASER), (Qt.Key.Key_V, Tool.SELECT), (Qt.Key.Key_H, Tool.HAND)],
)
def test_keys_change_the_tool(qtbot: QtBot, canvas: StrokeCanvas, key: Qt.Key, tool: Tool) -> None:
    with qtbot.waitSignal(canvas.tool_changed) as told:
        QTest.keyClick(canvas, key)
    assert told.args == [tool]
    QTest.keyClick(canvas, Qt.Key.Key_B)
    assert canvas.tool is Tool.PEN


def test_eraser_shows_at_once_and_is_one_step(canvas: StrokeCanvas) -> None:
    drag(canvas, (20, 100), (380, 100))
    drag(canvas, (20, 200), (380, 200))
    canvas.set_tool(Tool.ERASER)
    press(canvas, (200, 60), (200, 150), (200, 240))
    assert color_at(canvas, 200, 100) == canvas.colors.paper
    assert stroke_count(canvas) == 2
    QTest.mouseRelease(canvas, LEFT, NO_KEY, QPoint(200, 240))
    assert stroke_count(canvas) == 4
    canvas.document.undo()
    assert color_at(canvas, 200, 100) == canvas.colors.ink


def test_escape_brings_back_what_was_rubbed_out(canvas: StrokeCanvas) -> None:
    drag(canvas, (20, 100), (380, 100))
    canvas.set_tool(Tool.ERASER)
    press(canvas, (200, 60), (200, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, NO_KEY, QPoint(200, 150))
    assert len(canvas.document.strokes) == 1
    assert color_at(canvas, 200, 100) == canvas.colors.ink


def test_click_selects_shift_adds_and_delete_removes(canvas: StrokeCanvas) -> None:
    for y in (50, 100, 150):
        drag(canvas, (20, y), (380, y))
    canvas.set_tool(Tool.SELECT)
    drag(canvas, (200, 52))
    assert canvas.selection() == [0]
    assert color_at(canvas, 100, 50) == canvas.colors.accent
    drag(canvas, (200, 148), shift=True)
    assert canvas.selection() == [0, 2]
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert [stroke[0, 1] for stroke in canvas.document.strokes] == [100]
    assert canvas.selection() == []
    drag(canvas, (200, 250))
    assert canvas.selection() == []


def test_rubber_band_selects_what_it_touches_though_no_point_lies_inside(canvas: StrokeCanvas) -> None:
    drag(canvas, (20, 50), (380, 50))
    drag(canvas, (20, 250), (380, 250))
    drag(canvas, (390, 20), (390, 280))
    canvas.set_tool(Tool.SELECT)
    drag(canvas, (150, 30), (200, 70), (250, 80))
    assert canvas.selection() == [0]
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selection() == []


def test_wheel_zooms_and_keeps_the_point_under_the_cursor(qtbot: QtBot, canvas: StrokeCanvas) -> None:
    at = QPointF(130, 70)
    canvas.pan(11, -7)
    before = canvas.view.to_canvas(at)
    wheel = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, 240), NONE, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False
    )
    with qtbot.waitSignal(canvas.view_changed):
        canvas.wheelEvent(wheel)
    after = canvas.view.to_canvas(at)
    assert canvas.view.zoom > 1.4
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_zoom_stays_within_limits_and_keys_reset_it(canvas: StrokeCanvas) -> None:
    for _ in range(60):
        QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view.zoom == 40
    for _ in range(60):
        QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.view.zoom == 0.05
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.view.zoom == 1
    assert canvas.view.origin == QPointF(0, 0)


def test_strokes_drawn_zoomed_in_lie_under_the_pointer(canvas: StrokeCanvas) -> None:
    canvas.zoom_about(QPointF(100, 100), 4)
    drag(canvas, (100, 100), (180, 100))
    assert canvas.document.strokes[0].tolist() == [[100, 100], [120, 100]]
    assert color_at(canvas, 140, 100) == canvas.colors.ink


def test_fit_shows_the_whole_drawing(canvas: StrokeCanvas) -> None:
    canvas.document.add_stroke([[1000, 1000], [3000, 1000], [3000, 2500]])
    canvas.fit()
    box = [canvas.view.to_widget(QPointF(*corner)) for corner in ((1000, 1000), (3000, 2500))]
    assert all(canvas.rect().contains(point.toPoint()) for point in box)
    assert box[0].x() + box[1].x() == pytest.approx(canvas.width())


@pytest.mark.parametrize("how", ["middle", "space", "hand"])
def test_paper_is_panned_and_its_picture_is_as_if_painted_anew(canvas: StrokeCanvas, how: str) -> None:
    drag(canvas, (50, 60), (200, 90), (390, 280))
    canvas.grab()
    button = MIDDLE if how == "middle" else LEFT
    if how == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    elif how == "hand":
        canvas.set_tool(Tool.HAND)
    QTest.mousePress(canvas, button, NO_KEY, QPoint(100, 100))
    QTest.mouseMove(canvas, QPoint(60, 85))
    QTest.mouseRelease(canvas, button, NO_KEY, QPoint(60, 85))
    if how == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view.origin == QPointF(-40, -15)
    assert len(canvas.document.strokes) == 1
    scrolled = canvas.grab().toImage()
    canvas.set_theme(canvas.colors)
    assert canvas.grab().toImage() == scrolled


def test_ghost_is_shown_without_painting_settled_ink_again(canvas: StrokeCanvas) -> None:
    drag(canvas, (20, 50), (380, 50))
    canvas.grab()
    painted = canvas._layer.paint_count
    ghost = [np.array([[20, 100], [380, 100]], np.float32)]
    for share in (0.25, 0.5, 1.0):
        canvas.set_ghost(ghost, progress=share)
        assert color_at(canvas, 20 + round(350 * share), 100) == canvas.colors.ghost
        assert (color_at(canvas, 370, 100) == canvas.colors.ghost) == (share == 1.0)
    canvas.set_ghost(ghost, "accent")
    assert color_at(canvas, 200, 100) == canvas.colors.accent
    canvas.set_ghost(None)
    assert color_at(canvas, 200, 100) == canvas.colors.paper
    assert canvas._layer.paint_count == painted
    with pytest.raises(BadDrawingError):
        canvas.set_ghost([np.array([[np.nan, 0]], np.float32)])


def test_adding_and_taking_back_strokes_leaves_the_picture_as_if_painted_anew(canvas: StrokeCanvas) -> None:
    rng = np.random.default_rng(3)
    for _ in range(12):
        canvas.document.add_stroke(rng.uniform(0, 300, (8, 2)))
        canvas.grab()
    canvas.document.remove_strokes([2, 7])
    canvas.grab()
    canvas.document.undo()
    canvas.grab()
    canvas.document.erase([[0, 0], [300, 300]], 12)
    patched = canvas.grab().toImage()
    canvas.set_theme(canvas.colors)
    assert canvas.grab().toImage() == patched


def test_demo_and_hint_leave_as_a_stroke_begins(canvas: StrokeCanvas) -> None:
    bare = canvas.grab().toImage()
    canvas.set_hint("Draw the beginning of something…")
    assert canvas.grab().toImage() != bare
    canvas.set_demo([np.array([[20, 40], [380, 40]], np.float32)])
    assert color_at(canvas, 200, 40) == canvas.colors.muted
    assert canvas.document.is_empty
    press(canvas, (20, 200), (90, 200))
    assert color_at(canvas, 200, 40) == canvas.colors.paper


class Themes(QObject):
    """Stands in for the manager of themes."""

    changed = Signal()

    def __init__(self) -> None:
        """Dark blue paper."""
        super().__init__()
        self.theme = DefaultColors(paper="#102030")


def test_colours_follow_the_theme(qtbot: QtBot) -> None:
    themes = Themes()
    canvas = StrokeCanvas(StrokeDocument(), themes)
    qtbot.addWidget(canvas)
    assert color_at(canvas, 13, 13) == "#102030"
    themes.theme = DefaultColors(paper="#405060")
    themes.changed.emit()
    assert color_at(canvas, 13, 13) == "#405060"


def test_large_drawing_is_shown_at_every_zoom(canvas: StrokeCanvas) -> None:
    t = np.linspace(0, 200, 20_000)
    canvas.document.add_stroke(np.stack([200 + t * np.cos(t), 150 + t * np.sin(t)], axis=1))
    for factor in (0.1, 4.0, 30.0):
        canvas.zoom_about(QPointF(200, 150), factor)
        assert QColor(color_at(canvas, 200, 150)).lightness() < 80
