"""Endings as they grow: what has come, and how much of it is shown."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sketch.completion import Completion, CompletionRequest, EndingsGrown
from engine.sketch.strokes import Drawing, Points, make_drawing
from gui.sketch_lab.growth import POINTS_PER_SECOND, Growth, split_strokes
from tests.helpers.standin_session import FIRST_POINTS, POINTS, endings

LINE = make_drawing([[[0, 0], [100, 0]]])


def lists(strokes: list[Points]) -> list[list[list[float]]]:
    return [stroke.tolist() for stroke in strokes]


def grown(count: int = 2, rank: bool = False, joins: bool = False) -> tuple[Growth, Completion]:
    """All points have come and none is shown."""
    first, rest, completion = endings(CompletionRequest(LINE, count=count, rank=rank, pen_down=joins))
    growth = Growth(LINE, count, joins)
    growth.add(first)
    growth.add(rest)
    return growth, completion


def chunk(points: list[list[float]], pens: list[int]) -> EndingsGrown:
    """New points of a single ending."""
    return EndingsGrown(0, np.asarray([points], np.float32), np.asarray([pens], np.uint8))


def test_nothing_has_come_and_nothing_is_shown_at_first() -> None:
    growth = Growth(LINE, 3, False)
    assert growth.strokes(0) == [] and growth.strokes(2, everything=True) == []
    assert growth.box(1) == LINE.box()
    assert growth.all_shown
    growth.advance(10)
    assert growth.shown == 0


def test_points_are_shown_at_the_pace_of_a_hand_and_never_more_than_have_come() -> None:
    growth = Growth(LINE, 2, False)
    first, rest, _ = endings(CompletionRequest(LINE, count=2))
    growth.add(first)
    growth.advance(1 / POINTS_PER_SECOND)
    assert lists(growth.strokes(1)) == [[[102, 0]]]
    growth.advance(100)
    assert growth.shown == FIRST_POINTS
    growth.add(rest)
    assert growth.shown == FIRST_POINTS
    growth.advance(1 / POINTS_PER_SECOND)
    assert lists(growth.strokes(1)) == [[[102, 0], [104, 0], [106, 0]]]


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    growth, _ = grown()
    growth.advance(2 / POINTS_PER_SECOND)
    growth.advance(-5)
    assert growth.shown == pytest.approx(2)


def test_everything_can_be_had_before_it_is_shown() -> None:
    growth, _ = grown()
    assert growth.strokes(0) == []
    assert lists(growth.strokes(0, everything=True)) == [[[101, 0], [102, 0], [103, 0], [104, 0]], [[105, 0], [106, 0]]]
    growth.show_all()
    assert growth.shown == POINTS
    assert lists(growth.strokes(0)) == lists(growth.strokes(0, everything=True))


def test_all_is_shown_when_what_has_come_is() -> None:
    growth, _ = grown()
    growth.advance(2 / POINTS_PER_SECOND)
    states = [growth.all_shown]
    growth.show_all()
    states.append(growth.all_shown)
    assert states == [False, True]


def test_what_comes_after_the_longest_ending_is_not_waited_for() -> None:
    growth = Growth(LINE, 1, False)
    growth.add(chunk([[1, 1], [2, 2], [2, 2], [2, 2]], [0, 1, 2, 2]))
    growth.finish(endings(CompletionRequest(LINE, count=1))[2])
    growth.advance(2 / POINTS_PER_SECOND)
    assert growth.all_shown
    assert lists(growth.strokes(0, everything=True)) == [[[1, 1], [2, 2]]]


def test_ranking_moves_the_endings_to_other_places_once_it_is_known() -> None:
    growth, completion = grown(count=3, rank=True)
    growth.show_all()
    assert growth.index_at(0) == 0 and growth.log_likelihood(0) is None
    first, box = lists(growth.strokes(0)), growth.box(0)
    growth.finish(completion)
    assert [growth.index_at(place) for place in range(3)] == [2, 1, 0]
    assert growth.log_likelihood(2) == -1.0
    assert lists(growth.strokes(2)) == first and growth.box(2) == box


def test_the_box_holds_the_beginning_and_all_that_has_come() -> None:
    growth, _ = grown()
    assert growth.box(0) == (0, 0, 106, 0)
    assert growth.box(1) == (0, 0, 112, 0)
    growth.add(EndingsGrown(POINTS, np.full((2, 1, 2), 500, np.float32), np.zeros((2, 1), np.uint8)))
    assert growth.box(0) == (0, 0, 500, 500)


def test_an_ending_that_joins_begins_at_the_last_point_of_the_beginning() -> None:
    growth, _ = grown(joins=True)
    growth.show_all()
    first, second = growth.strokes(0)
    assert first[0].tolist() == [100, 0] and second[0].tolist() == [105, 0]
    assert growth.ink_between(0, 0, 1)[0].tolist() == [[100, 0], [101, 0]]


def test_nothing_joins_an_empty_beginning() -> None:
    growth = Growth(Drawing(), 1, True)
    growth.add(chunk([[1, 1]], [0]))
    assert not growth.joins
    assert lists(growth.strokes(0, everything=True)) == [[[1, 1]]]


def test_new_ink_goes_on_from_the_point_before_unless_the_pen_was_lifted() -> None:
    growth, _ = grown()
    assert lists(growth.ink_between(0, 2, 3)) == [[[102, 0], [103, 0]]]
    assert lists(growth.ink_between(0, 4, 6)) == [[[105, 0], [106, 0]]]
    assert lists(growth.ink_between(0, 3, 5)) == [[[103, 0], [104, 0]], [[105, 0]]]


def test_an_ending_that_is_over_adds_no_ink() -> None:
    growth = Growth(LINE, 1, False)
    growth.add(chunk([[1, 1], [1, 1], [1, 1]], [1, 2, 2]))
    assert growth.ink_between(0, 1, 3) == []
    assert growth.ink_between(0, 2, 3) == []


@given(st.lists(st.sampled_from([0, 0, 1, 2]), max_size=12), st.booleans())
def test_splitting_keeps_every_point_before_the_end_in_its_order(pens: list[int], joined: bool) -> None:
    points = np.arange(2 * len(pens), dtype=np.float32).reshape(-1, 2)
    joint = np.asarray([-1, -1], np.float32) if joined else None
    strokes = split_strokes(points, np.asarray(pens, np.uint8), joint)
    count = pens.index(2) if 2 in pens else len(pens)
    together = np.concatenate(strokes) if strokes else np.zeros((0, 2), np.float32)
    expected = points[:count] if joint is None or not count else np.concatenate([joint[None], points[:count]])
    assert np.array_equal(together, expected)
    assert len(strokes) == pens[:count].count(1) + bool(count and pens[count - 1] != 1)
    assert all(len(stroke) for stroke in strokes)


@given(
    st.lists(st.sampled_from([0, 0, 1, 2]), min_size=1, max_size=12), st.lists(st.integers(1, 4), max_size=12)
)
def test_ink_added_bit_by_bit_is_the_whole_ending(pens: list[int], parts: list[int]) -> None:
    if 2 in pens:
        pens[pens.index(2) :] = [2] * (len(pens) - pens.index(2))  # no ending goes on after its end
    points = np.arange(2 * len(pens), dtype=np.float32).reshape(-1, 2)
    growth = Growth(LINE, 1, True)
    growth.add(EndingsGrown(0, points[None], np.asarray([pens], np.uint8)))
    bounds = [0, *np.cumsum(parts).tolist()]
    bounds = [bound for bound in bounds if bound < len(pens)] + [len(pens)]

    def segments(strokes: list[Points]) -> set[tuple[float, ...]]:
        return {(*a.tolist(), *b.tolist()) for s in strokes for a, b in itertools.pairwise(s)}

    bits: set[tuple[float, ...]] = set()
    for first, last in itertools.pairwise(bounds):
        bits |= segments(growth.ink_between(0, first, last))
    assert bits == segments(growth.strokes(0, everything=True))
