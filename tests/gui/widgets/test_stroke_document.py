"""The document: edits, their refusal, and undo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadDrawingError
from engine.sketch.strokes import MAX_POINTS, make_drawing
from gui.widgets.stroke_document import HISTORY, StrokeDocument

LINE = [[0.0, 0.0], [100.0, 0.0]]
DOWN = [[50.0, -40.0], [50.0, 40.0]]


def lists(document: StrokeDocument) -> list[list[list[float]]]:
    return [stroke.tolist() for stroke in document.strokes]


def test_new_document_is_empty_and_has_nothing_to_undo() -> None:
    document = StrokeDocument()
    assert document.is_empty
    assert not document.can_undo
    assert not document.can_redo
    document.undo()
    document.redo()
    document.clear()
    assert document.revision == 0


def test_add_stroke_tells_and_can_be_undone_and_redone() -> None:
    document = StrokeDocument()
    seen: list[int] = []
    document.changed.connect(lambda: seen.append(document.revision))
    document.add_stroke(LINE)
    document.add_stroke(DOWN)
    document.undo()
    assert lists(document) == [LINE]
    assert document.redo_text == "stroke"
    document.redo()
    assert lists(document) == [LINE, DOWN]
    assert seen == [1, 2, 3, 4]


def test_new_edit_forgets_what_was_undone() -> None:
    document = StrokeDocument()
    document.add_stroke(LINE)
    document.undo()
    document.add_stroke(DOWN)
    assert not document.can_redo
    assert lists(document) == [DOWN]


def test_several_strokes_are_one_step() -> None:
    document = StrokeDocument()
    document.add_strokes([LINE, DOWN], "ending of cat")
    assert len(document.strokes) == 2
    assert document.undo_text == "ending of cat"
    document.undo()
    assert document.is_empty


def test_joining_ending_continues_the_last_stroke_without_doubling_its_point() -> None:
    document = StrokeDocument()
    document.add_stroke(DOWN)
    document.add_stroke(LINE)
    document.add_strokes([[[100, 0], [100, 50]], [[7, 7], [8, 8]]], "ending", joins=True)
    assert lists(document) == [DOWN, [[0, 0], [100, 0], [100, 50]], [[7, 7], [8, 8]]]
    document.undo()
    assert lists(document) == [DOWN, LINE]


def test_joining_ending_on_empty_paper_begins_a_stroke() -> None:
    document = StrokeDocument()
    document.add_strokes([LINE], "ending", joins=True)
    assert lists(document) == [LINE]


@pytest.mark.parametrize(
    "stroke",
    [
        np.zeros((50_000, 2)),
        [[0.0, float("nan")], [1.0, 1.0]],
        [[float("inf"), 0.0]],
        [[1.0, 2.0, 3.0]],
        [["a", "b"]],
    ],
)
def test_bad_stroke_is_refused_and_nothing_changes(stroke: object) -> None:
    document = StrokeDocument()
    document.add_stroke(LINE)
    document.undo()
    with pytest.raises(BadDrawingError):
        document.add_stroke(stroke)  # type: ignore[arg-type]
    assert document.is_empty
    assert document.can_redo
    assert document.revision == 2


def test_strokes_that_are_too_much_together_are_refused() -> None:
    document = StrokeDocument()
    half = np.random.default_rng(0).random((MAX_POINTS // 2, 2))
    document.add_stroke(half)
    document.add_stroke(half)
    with pytest.raises(BadDrawingError, match="start a new drawing"):
        document.add_stroke(LINE)
    assert document.drawing().point_count == MAX_POINTS


def test_arrays_cannot_be_written_to_and_are_not_the_callers() -> None:
    document = StrokeDocument()
    mine = np.array(LINE, np.float32)
    document.add_stroke(mine)
    mine[:] = 9
    assert lists(document) == [LINE]
    document.add_strokes([[[200, 0]]], "ending", joins=True)
    document.erase([[50, 0]], 5)
    for stroke in document.strokes:
        with pytest.raises(ValueError, match="read-only"):
            stroke[0] = 1


def test_remove_strokes_ignores_positions_that_do_not_exist() -> None:
    document = StrokeDocument()
    document.add_strokes([LINE, DOWN, LINE], "three")
    document.remove_strokes([0, 2, 17])
    assert lists(document) == [DOWN]
    revision = document.revision
    document.remove_strokes([5])
    assert document.revision == revision


def test_eraser_splits_a_stroke_it_crosses_and_undo_joins_it_again() -> None:
    document = StrokeDocument()
    document.add_stroke(LINE)
    document.add_stroke([[0, 300], [100, 300]])
    far = document.strokes[1]
    document.erase(DOWN, 10)
    left, right, untouched = document.strokes
    assert left[0].tolist() == [0, 0]
    assert left[-1, 0] == pytest.approx(40, abs=2.6)
    assert left[-1, 0] < 40
    assert right[0, 0] == pytest.approx(60, abs=2.6)
    assert right[0, 0] > 60
    assert right[-1].tolist() == [100, 0]
    assert untouched is far
    document.undo()
    assert lists(document)[0] == LINE


def test_eraser_takes_short_strokes_and_dots_whole() -> None:
    document = StrokeDocument()
    document.add_strokes([[[48, 0], [52, 0]], [[50, 3]], [[90, 3]]], "bits")
    document.erase(DOWN, 10)
    assert lists(document) == [[[90, 3]]]


def test_eraser_that_touches_nothing_is_no_step() -> None:
    document = StrokeDocument()
    document.add_stroke(LINE)
    document.erase([[0, 50], [100, 50]], 10)
    assert document.undo_text == "stroke"
    assert document.revision == 1


@given(
    st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=1, max_size=12),
    st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=1, max_size=4),
    st.floats(0.5, 40),
)
def test_what_the_eraser_leaves_is_out_of_its_reach(stroke: list[object], path: list[object], radius: float) -> None:
    document = StrokeDocument()
    document.add_stroke(stroke)  # type: ignore[arg-type]
    document.erase(path, radius)  # type: ignore[arg-type]
    track = np.asarray(path, np.float64)
    for left in document.strokes:
        for point in left:
            assert np.hypot(*(track - point).T).min() > radius - 1e-3


def test_replace_is_one_step_and_keeps_the_word() -> None:
    document = StrokeDocument()
    document.add_stroke(LINE)
    document.replace(make_drawing([DOWN], "cat"), "open cat.svg")
    assert lists(document) == [DOWN]
    assert document.drawing().word == "cat"
    document.undo()
    assert lists(document) == [LINE]
    assert document.drawing().word == ""


def test_clear_can_be_undone() -> None:
    document = StrokeDocument()
    document.add_strokes([LINE, DOWN], "two")
    document.clear()
    assert document.is_empty
    document.undo()
    assert lists(document) == [LINE, DOWN]


def test_history_is_bounded() -> None:
    document = StrokeDocument()
    for i in range(HISTORY + 5):
        document.add_stroke([[i, 0]])
    while document.can_undo:
        document.undo()
    assert len(document.strokes) == 5
