"""What was recorded is on disk at once, whole, and stays when the disk is full."""

from __future__ import annotations

import errno
import json
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from engine.errors import SaveError, TrainingError
from engine.runtime import recorder as recorder_module
from engine.runtime.job import Arrays, Event, Heartbeat, Metrics, Note, Saved
from engine.runtime.recorder import Recorder
from engine.runtime.run_folder import MAX_ARRAYS, RunFolder, create_run, open_run
from tests.helpers.standin_trainer import StandinConfig


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return create_run("standin", StandinConfig(), tmp_path)


def point(step: int, loss: float = 0.5) -> Metrics:
    return Metrics(step, 9, 1.5, {"loss": loss, "rate": 0.1})


def board_values(run: RunFolder) -> list[tuple[int, str]]:
    values = []
    for path in sorted(run.path.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(path)).Load():
            values += [(event.step, value.tag) for value in event.summary.value]
    return values


def test_every_event_is_on_disk_before_the_recorder_is_closed(run: RunFolder) -> None:
    recorder = Recorder(run)
    samples = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    events: list[Event] = [point(1), Note(2, "warning", "Schüttelt."), Arrays(3, {"samples": samples}), point(4),
                           Saved(4, "x"), Heartbeat(5)]
    for event in events:
        recorder.record(event)
    reader = open_run(run.path)
    assert reader.state == "running"
    assert reader.metrics() == [point(1), point(4)]
    assert reader.follow_notes() == [Note(2, "warning", "Schüttelt.")]
    np.testing.assert_array_equal(reader.arrays(3).arrays["samples"], samples)
    assert board_values(run) == [(1, "loss"), (1, "rate"), (4, "loss"), (4, "rate")]
    recorder.close("finished")
    assert reader.state == "finished"


def test_closing_leaves_no_thread(run: RunFolder) -> None:
    before = threading.active_count()
    recorder = Recorder(run)
    assert threading.active_count() == before + 1
    recorder.close("stopped")
    assert threading.active_count() == before


def test_what_is_not_finite_is_written_as_strict_json(run: RunFolder) -> None:
    recorder = Recorder(run)
    recorder.record(point(1, math.inf))
    recorder.close("finished")
    line = json.loads((run.path / "metrics.jsonl").read_text(), parse_constant=lambda word: pytest.fail(word))
    assert line["values"]["loss"] is None
    assert math.isnan(run.metrics()[0].values["loss"])


def test_a_line_cut_by_a_kill_is_removed_on_resume(run: RunFolder) -> None:
    whole = json.dumps({"step": 1, "total_steps": 9, "seconds": 1.5, "values": {"loss": 0.5}}) + "\n"
    (run.path / "metrics.jsonl").write_text(whole + '{"step": 2, "tot' + "x" * 10_000)
    (run.path / "notes.jsonl").write_text("cut")
    recorder = Recorder(run)
    recorder.record(point(2))
    recorder.record(Note(2, "info", "Back."))
    recorder.close("finished")
    assert [p.step for p in run.metrics()] == [1, 2]
    assert len((run.path / "metrics.jsonl").read_text().splitlines()) == 2
    assert run.follow_notes() == [Note(2, "info", "Back.")]


def test_two_recorders_do_not_share_a_run(run: RunFolder) -> None:
    recorder = Recorder(run)
    with pytest.raises(TrainingError, match="another process"):
        Recorder(run)
    assert run.state == "running"
    recorder.close("finished")


def test_the_heartbeat_is_renewed_without_any_event(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "BEAT_SECONDS", 0.001)
    beats = threading.Semaphore(0)
    write_status = RunFolder.write_status

    def counted(self: RunFolder, state: str, text: str = "") -> None:
        write_status(self, state, text)
        beats.release()

    monkeypatch.setattr(RunFolder, "write_status", counted)
    recorder = Recorder(run)
    assert all(beats.acquire(timeout=10) for _ in range(4))
    recorder.close("finished")
    assert run.state == "finished"


def test_old_arrays_are_thinned_and_the_newest_stay(run: RunFolder) -> None:
    recorder = Recorder(run)
    steps = range(10, 10 + 10 * 3 * MAX_ARRAYS, 10)
    for step in steps:
        recorder.record(Arrays(step, {"samples": np.zeros(1, np.int8)}))
    recorder.close("finished")
    kept = run.array_steps()
    assert len(kept) <= MAX_ARRAYS
    assert kept[0] == steps[0]
    assert kept[-MAX_ARRAYS // 2 :] == list(steps[-MAX_ARRAYS // 2 :])


def test_arrays_of_objects_are_not_kept(run: RunFolder) -> None:
    recorder = Recorder(run)
    recorder.record(Arrays(1, {"odd": np.array([{}], object), "good": np.array([[1.0]])}))
    recorder.close("finished")
    assert run.arrays(1).arrays.keys() == {"good"}


class FullFile:
    """Takes `room` bytes more, then answers as a full disk does: with a short write, then with an error."""

    def __init__(self, file: Any, room: int) -> None:
        """Stand before `file`."""
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = data[: self._room]
        self._room -= len(taken)
        written: int = self._file.write(taken)
        return written

    def truncate(self, size: int) -> None:
        self._file.truncate(size)

    def seek(self, offset: int) -> None:
        self._file.seek(offset)


@pytest.mark.parametrize("log", ["_metrics", "_board"])
def test_full_disk_is_a_save_error_and_the_files_stay_whole(run: RunFolder, log: str) -> None:
    recorder = Recorder(run)
    recorder.record(point(1))
    appended = getattr(recorder, log)
    appended = getattr(appended, "_log", appended)
    plain = appended._file
    appended._file = FullFile(plain, room=15)
    with pytest.raises(SaveError, match="Make room on the disk"):
        recorder.record(point(2))
    text = (run.path / "metrics.jsonl").read_text()
    assert text.endswith("\n") and all(json.loads(line) for line in text.splitlines())
    assert board_values(run) == [(1, "loss"), (1, "rate")]
    appended._file = plain
    recorder.record(point(3))
    recorder.close("finished")
    assert run.metrics()[0].step == 1 and run.metrics()[-1].step == 3
    assert [step for step, _ in board_values(run)] == [1, 1, 3, 3]


def test_a_folder_that_cannot_be_written_is_a_save_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError):
        Recorder(RunFolder(tmp_path / "file"))
