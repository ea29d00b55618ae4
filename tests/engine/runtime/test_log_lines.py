"""Lines of a run's logs: what is written is what is read, and nothing else gets in."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.job import Metrics, Note
from engine.runtime.log_lines import MAX_VALUES, NOTE_LEVELS, as_metrics, as_note, metrics_line, note_line

STEPS = st.integers(0, 10**12)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=4)


@given(
    STEPS, STEPS, st.floats(0, 1e9), st.dictionaries(st.text(max_size=4), st.floats(allow_infinity=False), max_size=4))
def test_a_measurement_comes_back(step: int, total: int, seconds: float, values: dict[str, float]) -> None:
    line = metrics_line(Metrics(step, total, seconds, values))
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    found = as_metrics(json.loads(line))
    assert (found.step, found.total_steps, found.seconds) == (step, total, seconds)
    assert found.values.keys() == values.keys()
    assert all(found.values[name] == value or math.isnan(value) for name, value in values.items())


def test_what_is_not_finite_is_null() -> None:
    line = json.loads(metrics_line(Metrics(1, 2, 3.0, {"a": math.inf, "b": -math.inf, "c": math.nan, "d": 1})))
    assert line["values"] == {"a": None, "b": None, "c": None, "d": 1.0}
    assert math.isnan(as_metrics(line).values["a"])


@given(STEPS, st.sampled_from(NOTE_LEVELS), st.text())
def test_a_note_comes_back(step: int, level: str, text: str) -> None:
    line = note_line(Note(step, level, text))
    assert line.count(b"\n") == 1
    assert as_note(json.loads(line)) == Note(step, level, text)


@given(st.dictionaries(st.sampled_from(["step", "total_steps", "seconds", "values", "level", "text"]), JSON))
def test_any_other_object_is_refused_or_harmless(line: dict[str, Any]) -> None:
    refusals = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
    for read in (as_metrics, as_note):
        try:
            found = read(line)
        except refusals:
            continue
        assert isinstance(found.step, int)
        if isinstance(found, Note):
            assert found.level in NOTE_LEVELS
        else:
            assert all(isinstance(value, float) for value in found.values.values())


def test_levels_and_numbers_of_values_are_bounded() -> None:
    assert as_note({"step": 1, "level": "fatal", "text": "x"}).level == "info"
    many = {"step": 1, "total_steps": 2, "seconds": 0, "values": {str(i): i for i in range(10 * MAX_VALUES)}}
    assert len(as_metrics(many).values) == MAX_VALUES


@pytest.mark.parametrize("step", [math.inf, math.nan, "x", None])
def test_a_step_that_is_no_number_is_refused(step: Any) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        as_metrics({"step": step, "total_steps": 2, "seconds": 0, "values": {}})
