"""What moves before the person draws."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot

from engine.sketch.strokes import Drawing
from gui.sketch_lab import first_start as module
from gui.sketch_lab.first_start import FirstStart, paper_of
from gui.widgets.stroke_canvas import StrokeCanvas
from gui.widgets.stroke_document import StrokeDocument


@pytest.fixture
def canvas(qtbot: QtBot) -> StrokeCanvas:
    widget = StrokeCanvas(StrokeDocument())
    qtbot.addWidget(widget)
    widget.resize(500, 400)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def start(canvas: StrokeCanvas, monkeypatch: pytest.MonkeyPatch) -> FirstStart:
    monkeypatch.setattr(module, "SECONDS_TO_DRAW", 0.05)
    monkeypatch.setattr(module, "SECONDS_TO_REST", 0.01)
    return FirstStart(canvas, canvas)


@pytest.fixture
def drawn(start: FirstStart) -> list[tuple[Drawing, int]]:
    heard: list[tuple[Drawing, int]] = []
    start.drawn.connect(lambda drawing, number: heard.append((drawing, number)))
    return heard


def test_nothing_moves_before_it_is_started(start: FirstStart, canvas: StrokeCanvas) -> None:
    assert not start.active and start.drawing == Drawing()
    start.stop()
    assert canvas.document.is_empty


def test_one_beginning_after_another_is_drawn_on_the_paper_and_not_into_the_document(
    qtbot: QtBot, start: FirstStart, canvas: StrokeCanvas, drawn: list[tuple[Drawing, int]]
) -> None:
    blank = canvas.grab().toImage()
    start.start()
    assert start.active
    qtbot.waitUntil(lambda: len(drawn) == 4)
    assert [number for _, number in drawn] == [1, 2, 3, 4]
    beginnings = [drawing for drawing, _ in drawn]
    assert beginnings[0] is not beginnings[1]
    assert [s.tolist() for s in beginnings[3].strokes] == [s.tolist() for s in beginnings[0].strokes]
    assert canvas.document.is_empty and not canvas.document.can_undo
    assert canvas.grab().toImage() != blank
    start.stop()


def test_starting_twice_begins_once(qtbot: QtBot, start: FirstStart, drawn: list[tuple[Drawing, int]]) -> None:
    start.start()
    first = start.drawing
    start.start()
    assert start.drawing is first
    start.stop()


def test_stopping_leaves_blank_paper_and_nothing_to_come(
    qtbot: QtBot, start: FirstStart, canvas: StrokeCanvas, drawn: list[tuple[Drawing, int]]
) -> None:
    blank = canvas.grab().toImage()
    start.start()
    qtbot.waitUntil(lambda: drawn != [])
    start.stop()
    assert not start.active and start.drawing == Drawing()
    assert canvas.grab().toImage() == blank


@pytest.mark.parametrize("zoom", [1.0, 0.25, 8.0])
def test_a_beginning_lies_in_the_middle_of_what_is_shown(
    start: FirstStart, canvas: StrokeCanvas, zoom: float
) -> None:
    canvas.zoom_about(QPointF(30, 90), zoom)
    canvas.pan(70, -20)
    start.start()
    points = np.concatenate(start.drawing.strokes)
    shown = canvas.view.box_to_canvas(QRectF(canvas.rect()))
    assert all(shown.contains(QPointF(x, y)) for x, y in points.tolist())
    start.stop()


@pytest.mark.parametrize(("zoom", "dx"), [(1.0, 0.0), (0.1, 12.0), (20.0, -35.0)])
def test_the_paper_is_a_square_in_the_middle_at_any_zoom(canvas: StrokeCanvas, zoom: float, dx: float) -> None:
    canvas.zoom_about(QPointF(250, 200), zoom)
    canvas.pan(dx, 0)
    paper = paper_of(canvas)
    corner = canvas.view.to_widget(QPointF(paper.left, paper.top))
    side = paper.size * canvas.view.zoom
    assert side == pytest.approx(0.62 * 400)
    assert corner.x() + side / 2 == pytest.approx(250, abs=1)
    assert corner.y() + side / 2 == pytest.approx(200, abs=1)
