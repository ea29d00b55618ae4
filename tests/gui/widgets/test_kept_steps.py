"""Which pictures there are, of one run and of all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gui.widgets.kept_steps import MAX_STEP, KeptSteps, nearest, newest

STEPS = st.lists(st.integers(0, 50))


@given(STEPS, STEPS, st.integers(-5, 60))
def test_union_and_newest_equal_the_plain_definition(first: list[int], second: list[int], at: int) -> None:
    kept = KeptSteps()
    kept.set(first, "a")
    for step in second:
        kept.add(step, "b")
    assert kept.union == sorted({*first, *second})
    for run, steps in (("a", first), ("b", second)):
        assert kept.at(at, run) == max((step for step in steps if step <= at), default=None)


@given(st.sets(st.integers(0, 50)), st.integers(0, 60))
def test_nearest_is_the_closest(steps: set[int], at: int) -> None:
    found = nearest(sorted(steps), at)
    assert (found is None) == (not steps)
    assert found is None or abs(found - at) == min(abs(step - at) for step in steps)


def test_a_run_goes_back_or_away_without_the_other() -> None:
    kept = KeptSteps()
    kept.set([1, 5, 9], "a")
    kept.set([1, 9], "b")
    kept.rewind(5, "a")
    assert kept.union == [1, 5, 9] and kept.at(9, "a") == 5
    kept.remove("b")
    assert kept.union == [1, 5] and kept.runs == ["a"]
    kept.rewind(0, "unknown")
    kept.remove("unknown")


def test_steps_that_no_signal_can_carry_are_left_out() -> None:
    kept = KeptSteps()
    kept.set([-1, 0, MAX_STEP, MAX_STEP + 1])
    kept.add(10**14)
    kept.add(-3)
    assert kept.union == [0, MAX_STEP]


def test_near_looks_ahead_in_the_direction_of_travel() -> None:
    kept = KeptSteps()
    kept.set(range(0, 100, 10), "a")
    assert kept.near(50, "a", 3) == [60, 70, 80, 40]
    assert kept.near(50, "a", 3, forward=False) == [40, 30, 20, 60]
    assert kept.near(90, "a", 3) == [80]
    assert kept.near(0, "a", 2, forward=False) == [10]
    assert kept.near(50, "unknown", 3) == []


def test_newest_of_nothing_is_none() -> None:
    assert newest([], 3) is None and newest([4], 3) is None and newest([3], 3) == 3
