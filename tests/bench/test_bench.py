"""The frame of the measurements: figures, choosing them, and the file they are written to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bench.__main__ as program
from bench.figures import Figure

MODULE = """
from bench.figures import Figure

def broken():
    raise RuntimeError("no clock")

FIGURES = {
    "speed.a": lambda: Figure.of("speed.a", "ms", [3.0, 1.0, 2.0]),
    "speed.b": lambda: Figure.of("speed.b", "/s", [7.0]),
    "broken": broken,
}
"""


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table names one module, which is importable by child processes."""
    (tmp_path / "some_figures.py").write_text(MODULE)
    root = Path(program.__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    monkeypatch.setattr(program, "MODULES", ("some_figures",))


def test_figure_is_the_median_and_the_spread() -> None:
    figure = Figure.of("latency", "ms", [5, 1, 2, 30])
    assert figure == Figure("latency", 3.5, "ms", 1.0, 30.0, 4)
    assert str(figure).split() == ["latency", "3.5", "ms", "(1", "to", "30,", "4", "runs)"]
    with pytest.raises(ValueError, match="no samples of latency"):
        Figure.of("latency", "ms", [])


def test_a_percentile_has_the_spread_of_six_parts() -> None:
    samples = [float(value) for part in (1, 5, 3, 2, 4, 6) for value in (0, part, 0)]
    assert Figure.at("late", "ms", samples, 100.0) == Figure("late", 6.0, "ms", 1.0, 6.0, 6)
    assert Figure.at("late", "ms", samples, 50.0) == Figure("late", 0.0, "ms", 0.0, 0.0, 6)


@pytest.mark.usefixtures("measured")
def test_figures_are_printed_and_written_with_the_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.json"
    assert program.main(["--only", "speed", "--json", str(target)]) == 0
    written = json.loads(target.read_text())
    assert [Figure(**each) for each in written["figures"]] == [
        Figure("speed.a", 2.0, "ms", 1.0, 3.0, 3),
        Figure("speed.b", 7.0, "/s", 7.0, 7.0, 1),
    ]
    assert {"cpu", "cores", "memory_gib", "python", "torch"} <= written["machine"].keys()
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["speed.a", "speed.b"]


@pytest.mark.usefixtures("measured")
def test_a_figure_that_cannot_be_measured_fails_the_run_and_keeps_the_others(capfd: pytest.CaptureFixture[str]) -> None:
    assert program.main([]) == 1
    told = capfd.readouterr()
    assert "speed.b" in told.out and "no clock" in told.err


@pytest.mark.usefixtures("measured")
def test_a_prefix_of_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--only", "colour"]) == 1
    assert "'colour'" in capsys.readouterr().err
