"""Stroke formats survive round trips, and the geometry does what it says."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import BadDrawingError
from engine.sketch.strokes import (
    MAX_POINTS,
    Drawing,
    align_to_box,
    from_stroke3,
    from_stroke5,
    make_drawing,
    quickdraw_preprocess,
    resample,
    scale_factor,
    scaled,
    simplify,
    to_stroke3,
    to_stroke5,
)

# Whole numbers up to 1024: sums of their offsets are exact in float32, so that round trips can be compared exactly.
POINT = st.tuples(st.integers(0, 1024), st.integers(0, 1024))
DRAWINGS = st.lists(st.lists(POINT, min_size=1, max_size=12), max_size=6).map(make_drawing)
STROKES = st.lists(st.tuples(st.floats(-500, 500, width=32), st.floats(-500, 500, width=32)), min_size=1, max_size=25)
STROKE3 = st.lists(
    st.tuples(st.floats(-100, 100, width=32), st.floats(-100, 100, width=32), st.booleans()), max_size=30
).map(lambda rows: np.array(rows, np.float32).reshape(-1, 3))


quick = settings(deadline=None, max_examples=60)


def lists(drawing: Drawing) -> list[list[list[float]]]:
    return [stroke.tolist() for stroke in drawing.strokes]


def farthest(points: NDArray[np.floating], line: NDArray[np.floating]) -> float:
    """The largest distance of any of `points` from a polyline, measured segment by segment."""
    points, line = points.astype(float), line.astype(float)
    nearest = np.hypot(*(points - line[0]).T)
    for a, b in pairwise(line):
        squared = np.dot(b - a, b - a)
        t = np.clip((points - a) @ (b - a) / squared, 0, 1) if squared > 0 else np.zeros(len(points))
        nearest = np.minimum(nearest, np.hypot(*(points - a - t[:, None] * (b - a)).T))
    return float(nearest.max())


# ---- drawings


def test_a_drawing_knows_its_points_and_box() -> None:
    drawing = make_drawing([[[3, 4], [1, 9]], [], [[-2, 5]]], "cat")
    assert drawing.word == "cat" and drawing.point_count == 3 and len(drawing.strokes) == 2
    assert all(stroke.dtype == np.float32 for stroke in drawing.strokes)
    assert drawing.box() == (-2, 4, 3, 9)
    assert Drawing().box() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "stroke",
    [
        [[0, math.nan]],
        [[math.inf, 0]],
        [[1e8, 0]],
        [[0, -1e30]],
        [[10**400, 0]],
        [[1, 2, 3]],
        [1, 2],
        [[1, 2], [3]],
        [["a", "b"]],
        [[None, 1]],
        7,
    ],
    ids=str,
)
def test_what_is_not_a_stroke_is_refused(stroke: Any) -> None:
    with pytest.raises(BadDrawingError):
        make_drawing([[[0, 0], [1, 1]], stroke])


def test_too_many_points_are_refused() -> None:
    half = np.zeros((MAX_POINTS // 2, 2))
    assert make_drawing([half, half]).point_count == MAX_POINTS
    with pytest.raises(BadDrawingError, match="20,000 points"):
        make_drawing([half, half, [[0, 0]]])


# ---- stroke-3 and stroke-5


def test_stroke3_of_a_small_drawing() -> None:
    drawing = make_drawing([[[1, 1], [4, 1], [4, 3]], [[0, 0]]])
    assert to_stroke3(drawing).tolist() == [[3, 0, 0], [0, 2, 1], [-4, -3, 1]]


def test_a_first_dot_keeps_its_row() -> None:
    drawing = make_drawing([[[5, 6]], [[7, 7], [8, 8]]])
    assert to_stroke3(drawing).tolist() == [[0, 0, 1], [2, 1, 0], [1, 1, 1]]
    assert lists(from_stroke3(to_stroke3(drawing), (5, 6))) == lists(drawing)


@quick
@given(DRAWINGS)
def test_drawing_to_stroke3_and_back(drawing: Drawing) -> None:
    first = drawing.strokes[0] if drawing.strokes else np.zeros((1, 2))
    # Two equal points and nothing more cannot be told from a dot.
    assume(len(first) != 2 or (first[0] != first[1]).any())
    stroke3 = to_stroke3(drawing)
    assert stroke3.dtype == np.float32 and stroke3.shape[1] == 3
    assert int(stroke3[:, 2].sum()) == len(drawing.strokes)
    back = from_stroke3(stroke3, tuple(first[0].tolist()), drawing.word)
    assert lists(back) == lists(drawing)


@quick
@given(STROKE3, st.integers(0, 10))
def test_stroke3_to_stroke5_and_back(stroke3: NDArray[np.float32], more: int) -> None:
    stroke5 = to_stroke5(stroke3, len(stroke3) + more)
    assert stroke5.shape == (len(stroke3) + more, 5)
    assert (stroke5[:, 2:].sum(axis=1) == 1).all()
    assert not stroke5[len(stroke3) :, :2].any() and int(stroke5[:, 4].sum()) == more
    assert np.array_equal(from_stroke5(stroke5), stroke3)


def test_stroke5_has_no_room_for_a_longer_drawing() -> None:
    with pytest.raises(BadDrawingError, match="3 points and the model takes 2"):
        to_stroke5(np.zeros((3, 3), np.float32), 2)


def test_stroke5_is_cut_at_its_first_end() -> None:
    stroke5 = np.array([[1, 2, 1, 0, 0], [3, 4, 0, 0, 1], [5, 6, 0, 1, 0]], np.float32)
    assert from_stroke5(stroke5).tolist() == [[1, 2, 0]]


def test_an_open_last_stroke_is_kept() -> None:
    drawing = from_stroke3(np.array([[1, 0, 1], [1, 0, 0], [1, 0, 0]]), (10, 10), "owl")
    assert lists(drawing) == [[[10, 10], [11, 10]], [[12, 10], [13, 10]]] and drawing.word == "owl"


# ---- geometry


@quick
@given(STROKES, st.floats(1, 300))
def test_simplifying_keeps_every_point_within_epsilon(points: list[tuple[float, float]], epsilon: float) -> None:
    drawing = make_drawing([points])
    simple = simplify(drawing, epsilon)
    (before,), (after,) = drawing.strokes, simple.strokes
    assert len(after) <= len(before)
    assert np.array_equal(after[0], before[0]) and np.array_equal(after[-1], before[-1])
    assert {tuple(point) for point in after.tolist()} <= {tuple(point) for point in before.tolist()}
    assert farthest(before, after) <= epsilon + 1e-3


@pytest.mark.parametrize(("height", "kept"), [(0.9, 2), (1.1, 3)])
def test_epsilon_is_the_distance_that_counts(height: float, kept: int) -> None:
    tent = make_drawing([[[0, 0], [5, height], [10, 0]]])
    assert simplify(tent, 1.0).point_count == kept


def test_simplifying_drops_what_lies_on_a_line() -> None:
    line = make_drawing([[[i, 0] for i in range(50)] + [[49, j] for j in range(1, 50)]])
    assert lists(simplify(line, 2.0)) == [[[0, 0], [49, 0], [49, 49]]]


@quick
@given(STROKES, st.floats(0.5, 20))
def test_resampled_points_lie_evenly_on_the_stroke(points: list[tuple[float, float]], spacing: float) -> None:
    drawing = make_drawing([points])
    (before,), (after,) = drawing.strokes, resample(drawing, spacing).strokes
    np.testing.assert_allclose(after[0], before[0], atol=1e-4)
    np.testing.assert_allclose(after[-1], before[-1], atol=1e-3)
    length = float(np.hypot(*np.diff(before.astype(float), axis=0).T).sum())
    if len(before) > 1:
        assert abs(len(after) - 1 - length / spacing) <= 1.001
    assert farthest(after, before) < 1e-3


def test_resampling_a_straight_stroke_spaces_it_evenly() -> None:
    drawing = make_drawing([[[0, 0], [1, 0], [10.5, 0]], [[3, 3]]], "comb")
    resampled = resample(drawing, 2.0)
    assert lists(resampled) == [[[0, 0], [2, 0], [4, 0], [6, 0], [8, 0], [10, 0], [10.5, 0]], [[3, 3]]]
    assert resampled.word == "comb"
    assert lists(resample(make_drawing([[[0, 0], [6, 0]]]), 2.0)) == [[[0, 0], [2, 0], [4, 0], [6, 0]]]


@quick
@given(STROKES, st.floats(10, 1000))
def test_aligned_drawing_fills_its_box(points: list[tuple[float, float]], size: float) -> None:
    drawing = make_drawing([points])
    left, top, right, bottom = align_to_box(drawing, size).box()
    assert left == pytest.approx(0, abs=1e-3 * size) and top == pytest.approx(0, abs=1e-3 * size)
    before = drawing.box()
    if max(before[2] - before[0], before[3] - before[1]) > 0:
        assert max(right, bottom) == pytest.approx(size, rel=1e-3)


def test_alignment_keeps_the_proportions_and_accepts_a_dot() -> None:
    assert align_to_box(make_drawing([[[10, 20], [30, 120]]]), 50.0).box() == pytest.approx((0, 0, 10, 50))
    assert lists(align_to_box(make_drawing([[[7, 9]]]))) == [[[0, 0]]]


def test_alignment_of_a_small_drawing_far_from_the_origin() -> None:
    far = make_drawing([[[1_000_000, 1_000_000], [1_000_001, 1_000_002]]])
    assert align_to_box(far).box() == (0, 0, 127.5, 255)
    assert scaled(far, 127.5, (-127.5e6, -127.5e6)).box() == (0, 0, 127.5, 255)


def test_scaled_multiplies_and_then_moves() -> None:
    drawing = scaled(make_drawing([[[1, 2], [3, 4]]], "cat"), 2.0, (10, -1))
    assert lists(drawing) == [[[12, 3], [16, 7]]] and drawing.word == "cat"
    assert drawing.strokes[0].dtype == np.float32


def test_preprocessing_gives_whole_pixels_of_256() -> None:
    circle = [[500 + 300 * math.cos(a / 50), 400 + 200 * math.sin(a / 50)] for a in range(315)]
    prepared = quickdraw_preprocess(make_drawing([circle]))
    (stroke,) = prepared.strokes
    assert prepared.box() == pytest.approx((0, 0, 255, 170), abs=1)
    assert np.array_equal(stroke, np.round(stroke)) and 8 < len(stroke) < 60


@quick
@given(st.lists(STROKE3, min_size=1, max_size=4))
def test_scale_factor_is_the_standard_deviation_of_all_offsets(drawings: list[NDArray[np.float32]]) -> None:
    offsets = np.concatenate([drawing[:, :2].ravel() for drawing in drawings]).astype(np.float64)
    assume(len(offsets) > 0 and offsets.std() > 1e-3)
    assert scale_factor(drawings) == pytest.approx(float(offsets.std()), rel=1e-6)


def test_scale_factor_of_nothing_is_refused() -> None:
    with pytest.raises(BadDrawingError, match="no drawings"):
        scale_factor([np.zeros((0, 3))])
