"""How figures are read from the folder of a run."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from engine.experiments.experiment import first_after, last, lowest, spectrum_evenness
from engine.runtime.job import Arrays, Metrics
from engine.runtime.log_lines import metrics_line
from engine.runtime.recorder import Recorder
from engine.runtime.run_folder import RunFolder, create_run
from tests.helpers.tiny_run import TinyConfig


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    made = create_run("tiny", TinyConfig(), tmp_path / "run")
    points = [Metrics(step, 50, 1.0, {"loss": value}) for step, value in enumerate((5.0, 1.0, math.inf, 3.0, 4.0), 1)]
    lines = [*map(metrics_line, points), metrics_line(Metrics(5, 50, 1.0, {"other": 7.0}))]
    (made.path / "metrics.jsonl").write_bytes(b"".join(lines))
    return made


def test_last_is_the_mean_of_the_last_ones(run: RunFolder) -> None:
    assert last("loss")(run) == 4.0 and last("loss", 2)(run) == 3.5 and last("other", 3)(run) == 7.0
    assert math.isnan(last("loss", 3)(run)) and math.isnan(last("nothing")(run))


def test_first_after_counts_its_step(run: RunFolder) -> None:
    assert first_after("loss", 2)(run) == 1.0 and first_after("other", 0)(run) == 7.0
    assert math.isnan(first_after("loss", 6)(run))


def test_lowest_passes_over_what_is_not_finite(run: RunFolder) -> None:
    assert lowest("loss")(run) == 1.0
    assert math.isnan(lowest("nothing")(run))


def test_evenness_is_the_mean_over_the_largest_of_the_newest_spectrum(run: RunFolder) -> None:
    assert math.isnan(spectrum_evenness(0)(run))
    recorder = Recorder(run)
    recorder.record(Arrays(10, {"singular_values/a": np.ones(3, np.float32)}))
    recorder.record(Arrays(20, {
        "samples": np.ones(9, np.float32),
        "singular_values/z": np.array([4, 2, 0], np.float32),
        "singular_values/one": np.array([3], np.float32),
        "singular_values/b": np.zeros(2, np.float32),
    }))  # fmt: skip
    recorder.close("finished")
    assert spectrum_evenness(0)(run) == pytest.approx(0.5)
    assert math.isnan(spectrum_evenness(1)(run)) and math.isnan(spectrum_evenness(2)(run))
