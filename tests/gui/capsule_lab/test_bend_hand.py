"""The hand writes bends and locks; motions stay within their range, begin where the capsule is, and end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from gui.capsule_lab.bend_hand import BendHand
from gui.capsule_lab.bend_motion import Sweep, Wander
from gui.capsule_lab.subject import SubjectModel

UNBENT = np.array([0.5, -0.25, 0.0], np.float32)
LOW, HIGH = UNBENT - 0.25, UNBENT + 0.25


@pytest.fixture
def hand(qtbot: QtBot) -> Iterator[BendHand]:
    subject = SubjectModel()
    made = BendHand(subject)
    made.take(UNBENT)
    yield made
    made.stop()


def bends(hand: BendHand) -> tuple[float, ...]:
    return hand._subject.subject.bends


def locks(hand: BendHand) -> dict[int, float]:
    return hand._subject.subject.locks


def motion(hand: BendHand) -> object:
    return hand.motion


def test_a_bend_is_what_is_added(hand: BendHand) -> None:
    hand.bend({1: 0.0, 2: 0.1})
    assert bends(hand) == (0.0, 0.25, 0.1)
    np.testing.assert_allclose(hand.capsule, [0.5, 0.0, 0.1], atol=1e-6)
    hand.bend({1: -0.2501, 2: 0.0})
    assert bends(hand) == ()


def test_a_lock_keeps_a_number_where_it_is_whatever_the_picture_is(hand: BendHand) -> None:
    hand.bend({0: 0.75})
    hand.toggle_lock(0)
    assert locks(hand) == {0: 0.75}
    hand.take(np.array([-1.0, 0.0, 0.0], np.float32))
    assert hand.capsule[0] == 0.75
    hand.bend({0: 0.25})
    assert hand.capsule[0] == 0.25
    hand.toggle_lock(0)
    assert not locks(hand) and bends(hand)[0] == 1.25 and hand.capsule[0] == 0.25


def test_reset_takes_bend_and_lock_away(hand: BendHand) -> None:
    hand.bend({0: 0.75, 1: 0.0})
    hand.toggle_lock(0)
    hand.reset(0)
    assert not locks(hand) and bends(hand) == (0.0, 0.25, 0.0)
    hand.toggle_lock(2)
    hand.reset_all()
    assert not locks(hand) and bends(hand) == ()


def test_a_random_bend_leaves_locked_numbers_alone_and_is_another_each_time(hand: BendHand) -> None:
    hand.toggle_lock(1)
    seen = []
    for _time in range(2):
        hand.bend_at_random(LOW, HIGH)
        assert hand.capsule[1] == UNBENT[1] and ((hand.capsule >= LOW - 1e-4) & (hand.capsule <= HIGH + 1e-4)).all()
        assert hand.capsule[0] != UNBENT[0] and hand.capsule[2] != UNBENT[2]
        seen.append(hand.capsule)
    assert not np.array_equal(seen[0], seen[1])


def test_wandering_goes_on_until_the_hand_moves(qtbot: QtBot, hand: BendHand) -> None:
    hand.toggle_lock(1)
    hand.wander(LOW, HIGH)
    assert isinstance(motion(hand), Wander)
    qtbot.waitUntil(lambda: hand.capsule[0] != UNBENT[0] and hand.capsule[2] != UNBENT[2])
    assert hand.capsule[1] == UNBENT[1]
    hand.bend({0: 0.6})
    assert motion(hand) is None and not hand._timer.isActive()


def test_a_motion_ends_when_the_capsule_is_gone(hand: BendHand) -> None:
    hand.sweep(0, 0.25, 0.75)
    assert isinstance(motion(hand), Sweep)
    hand.take(None)
    assert motion(hand) is None and not hand._timer.isActive()
    hand.bend({0: 1.0})
    hand.sweep(0, 0.25, 0.75)
    hand.wander(LOW, HIGH)
    hand.toggle_lock(0)
    assert motion(hand) is None and bends(hand) == () and not locks(hand)


def test_a_sweep_ends_where_it_began(hand: BendHand) -> None:
    hand.sweep(2, -0.25, 0.25)
    for _frame in range(200):
        hand._on_timer_timeout()
    assert motion(hand) is None and bends(hand) == ()


@given(st.floats(-0.5, 0.5), st.floats(-1.0, 0.0), st.floats(0.02, 1.0))
def test_a_sweep_reaches_both_ends(start: float, low: float, width: float) -> None:
    sweep = Sweep(4, start, low, low + width)
    frames = list(itertools.takewhile(lambda frame: frame is not None, map(sweep.at, itertools.count())))
    path = np.array([frame[4] for frame in frames if frame is not None])
    assert path.min() >= low - 1e-9 and path.max() <= low + width + 1e-9
    assert path[0] == pytest.approx(path[-1], abs=1e-9) and path[0] == pytest.approx(np.clip(start, low, low + width))
    assert path.min() < low + 0.05 * width and path.max() > low + 0.95 * width
    assert np.abs(np.diff(path)).max() < 0.1 * width


@given(st.integers(0, 50), st.floats(-0.3, 0.3))
def test_wandering_is_smooth_and_begins_where_the_capsule_is(seed: int, start: float) -> None:
    wander = Wander([start, 0.1, 0.0], [-0.25] * 3, [0.25] * 3, [0, 2], seed)
    path = np.array([[wander.at(frame)[index] for index in (0, 2)] for frame in range(900)])
    assert set(wander.at(0)) == {0, 2}
    np.testing.assert_allclose(path[0], [start, 0.0], atol=1e-9)
    assert np.abs(path).max() <= max(0.2, abs(start)) + 1e-9
    assert np.abs(np.diff(path, axis=0)).max() < 0.01 and np.ptp(path, axis=0).min() > 0.3
