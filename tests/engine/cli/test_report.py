"""How commands speak: reports for people, JSON for programs, and progress that does not flood."""

from __future__ import annotations

import json
import math

import pytest

from engine.cli import report as reports
from engine.cli.report import Progress, report


def test_the_last_line_is_one_json_object_without_nan(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"loss": math.nan, "far": -math.inf, "list": [1.5, math.inf], "inner": {"a": math.nan, "b": "猫\n"}}
    report("Done.", values, as_json=True)
    out = capsys.readouterr().out
    assert json.loads(out.splitlines()[-1]) == {
        "loss": None, "far": None, "list": [1.5, None], "inner": {"a": None, "b": "猫\n"},
    }  # fmt: skip
    assert out.splitlines()[0] == "Done."


def test_without_being_asked_there_is_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    report("Done.", {"loss": 0.123456, "names": ["a", "b"], "skipped": {}, "reasons": {"too long": 2}}, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "Done.", "  loss     0.1235", "  names    a, b", "  skipped  none", "  reasons:", "    2  too long",
    ]  # fmt: skip


class Clock:
    """Stands in for the time."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(reports, "time", made)
    return made


def test_progress_in_a_file_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    progress = Progress()
    for step in range(100):
        progress.show(f"step {step}")
        clock.now += 1
    progress.say("a note")
    progress.end()
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines() == [*(f"step {step}" for step in range(0, 100, 5)), "a note"]


def test_progress_on_a_terminal_is_one_line_that_changes(
    capsys: pytest.CaptureFixture[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = Progress()
    progress.show("step 1")
    progress.show("step 2")  # too soon
    clock.now += 1
    progress.show("step 3")
    progress.say("a note")
    progress.end()
    assert capsys.readouterr().err == "\r\x1b[Kstep 1\r\x1b[Kstep 3\na note\n"
