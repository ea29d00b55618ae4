"""Run folders are made, found and read, and hostile ones are refused with a sentence."""

from __future__ import annotations

import io
import json
import math
import os
import socket
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CheckpointError, SaveError
from engine.runtime.config import from_json
from engine.runtime.run_folder import MAX_JSON_BYTES, MAX_LOG_BYTES, RunFolder, create_run, list_runs, open_run
from tests.helpers.standin_trainer import StandinConfig


@pytest.fixture
def run() -> RunFolder:
    return create_run("standin", StandinConfig(name="Häuser & Bäume", steps=7))


def metrics_line(step: int, loss: float | None = 0.5) -> str:
    return json.dumps({"step": step, "total_steps": 9, "seconds": 1.0, "values": {"loss": loss}}) + "\n"


def write_status(run: RunFolder, **changes: object) -> None:
    status = {"state": "running", "pid": os.getpid(), "host": socket.gethostname(), "heartbeat": time.time()}
    (run.path / "status.json").write_text(json.dumps(status | changes))


def test_new_run_is_named_by_date_and_name_and_reads_back(run: RunFolder) -> None:
    assert run.name.startswith(time.strftime("%Y-")) and run.name.endswith("-hauser-baume")
    opened = open_run(run.path)
    assert opened.trainer == "standin"
    assert from_json(StandinConfig, opened.config()) == StandinConfig(name="Häuser & Bäume", steps=7)
    assert opened.command == "python -m engine train standin --steps 7 --name 'Häuser & Bäume'"


def test_two_runs_of_the_same_second_get_two_folders() -> None:
    runs = {create_run("standin", StandinConfig()).path for _ in range(3)}
    assert len(runs) == 3


def test_runs_are_made_under_the_persons_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MORPHOSPACE_HOME", str(tmp_path))
    made = create_run("standin", StandinConfig())
    assert made.path.parent == tmp_path / "runs"
    assert [run.path for run in list_runs()] == [made.path]


def test_a_run_is_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    assert create_run("standin", StandinConfig(), tmp_path / "mine").path == tmp_path / "mine"
    assert open_run(tmp_path / "mine").trainer == "standin"


def test_a_place_that_is_a_file_is_a_save_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="could not be saved"):
        create_run("standin", StandinConfig(), tmp_path / "file" / "run")
    monkeypatch.setenv("MORPHOSPACE_HOME", str(tmp_path / "file"))
    with pytest.raises(SaveError, match="Choose another place"):
        create_run("standin", StandinConfig())


def test_list_leaves_out_what_is_no_run_and_puts_the_newest_first(tmp_path: Path) -> None:
    for name in ("2024-01-01-a", "2025-01-01-b"):
        RunFolder(tmp_path / name).write_config("standin", StandinConfig())
    (tmp_path / "notes").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "config.json").write_text("{")
    assert [run.name for run in list_runs(tmp_path)] == ["2025-01-01-b", "2024-01-01-a"]


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", '{"trainer": 3, "config": {}, "version": 1}', '{"trainer": "x", "config": [], "version": 1}',
    '{"trainer": "x", "config": {}, "version": 99}', "[" * 100_000, " " * (MAX_JSON_BYTES + 1), "\x00\xff",
])
def test_a_config_that_is_none_is_refused(run: RunFolder, text: str) -> None:
    (run.path / "config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CheckpointError):
        open_run(run.path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="Choose a run folder"):
        open_run(tmp_path / "nowhere")


def test_cut_last_line_waits_until_it_is_whole(run: RunFolder) -> None:
    path = run.path / "metrics.jsonl"
    assert run.follow() == []
    path.write_text(metrics_line(1) + metrics_line(2)[:20])
    assert [point.step for point in run.follow()] == [1]
    assert [point.step for point in run.metrics()] == [1]
    assert run.follow() == []
    with path.open("a") as file:
        file.write(metrics_line(2)[20:] + metrics_line(3))
    assert [point.step for point in run.follow()] == [2, 3]
    assert [point.step for point in run.metrics()] == [1, 2, 3]


def test_lines_that_are_no_metrics_are_left_out(run: RunFolder) -> None:
    bad = ["nonsense", "[]", "3", '{"step": 1}', '{"step": "x", "total_steps": 1, "seconds": 1, "values": {}}',
           '{"step": 1, "total_steps": 1, "seconds": 1, "values": [1]}', "[" * 50_000, '"' + "x" * 70_000 + '"', "\x00"]
    (run.path / "metrics.jsonl").write_text("\n".join(bad) + "\n" + metrics_line(5, None))
    (point,) = run.metrics()
    assert point.step == 5 and math.isnan(point.values["loss"])


def test_after_going_back_the_later_measurement_counts(run: RunFolder) -> None:
    (run.path / "metrics.jsonl").write_text("".join(map(metrics_line, (10, 20, 30, 40, 20, 30))))
    assert [point.step for point in run.metrics()] == [10, 20, 30]


def test_points_of_one_step_with_different_names_all_stay(run: RunFolder) -> None:
    (run.path / "metrics.jsonl").write_text(metrics_line(10) + metrics_line(10).replace("loss", "held_out_loss"))
    assert [list(point.values) for point in run.metrics()] == [["loss"], ["held_out_loss"]]


def test_a_log_that_was_made_anew_is_read_anew(run: RunFolder) -> None:
    path = run.path / "metrics.jsonl"
    path.write_text(metrics_line(1) + metrics_line(2))
    run.follow()
    path.write_text(metrics_line(9))
    assert [point.step for point in run.follow()] == [9]


def test_a_log_of_absurd_size_is_refused(run: RunFolder) -> None:
    with (run.path / "metrics.jsonl").open("wb") as file:
        file.truncate(MAX_LOG_BYTES + 1)
    with pytest.raises(CheckpointError, match="too large"):
        run.metrics()


def test_state_is_running_only_with_a_live_process_and_a_fresh_heartbeat(run: RunFolder) -> None:
    assert run.state == "interrupted"
    write_status(run)
    assert run.state == "running"
    write_status(run, heartbeat=time.time() - 3600)
    assert run.state == "interrupted"
    write_status(run, host="elsewhere", pid=1)
    assert run.state == "running"
    # No process has this number: it lies above what the system hands out.
    write_status(run, pid=2**30)
    assert run.state == "interrupted"


@pytest.mark.parametrize(("state", "shown"), [
    ("finished", "finished"), ("stopped", "stopped"), ("failed", "failed"), ("dancing", "interrupted"),
])
def test_state_after_the_end(run: RunFolder, state: str, shown: str) -> None:
    run.write_status(state)
    assert run.state == shown


def test_a_damaged_status_reads_as_interrupted(run: RunFolder) -> None:
    write_status(run, pid="many")
    assert run.state == "interrupted"


def write_member(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("samples.npy", data)


def npy(array: np.ndarray, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=pickled)
    return file.getvalue()


def test_arrays_read_back(run: RunFolder) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    write_member(run.path / "arrays" / "20.npz", npy(array))
    write_member(run.path / "arrays" / "3.npz", npy(array))
    (run.path / "arrays" / "x.npz").write_text("")
    assert run.array_steps() == [3, 20]
    assert run.arrays(20).step == 20
    np.testing.assert_array_equal(run.arrays(20).arrays["samples"], array)


@pytest.mark.parametrize("data", [
    npy(np.array([{}], object), pickled=True),
    npy(np.zeros(3, np.float32))[:-1],
    npy(np.zeros(3, np.float32)) + b"x",
    npy(np.zeros(3, np.float32)).replace(b"(3,)", b"(10**10,)"),
    npy(np.zeros(30, np.float32)).replace(b"(30,), ", b"(1<<9,)"),
    npy(np.array(["text"])),
    b"",
])
def test_arrays_that_are_not_plain_numbers_are_refused(run: RunFolder, data: bytes) -> None:
    write_member(run.path / "arrays" / "1.npz", data)
    with pytest.raises(CheckpointError, match="damaged"):
        run.arrays(1)


def test_an_archive_that_unpacks_to_too_much_is_refused(run: RunFolder) -> None:
    path = run.path / "arrays" / "1.npz"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples.npy", bytes(1 << 27))
    with pytest.raises(CheckpointError, match="too large"):
        run.arrays(1)
    path.write_bytes(b"no archive")
    with pytest.raises(CheckpointError, match="damaged"):
        run.arrays(1)
