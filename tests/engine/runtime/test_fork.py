"""A fork stands where its source stood, and leaves the source alone whatever happens."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import CheckpointError, EngineError, SaveError
from engine.runtime import fork
from engine.runtime.checkpoint_history import CheckpointHistory
from engine.runtime.fork import fork_run
from engine.runtime.job import Edit, Event, Heartbeat
from engine.runtime.run_folder import RunFolder, create_run
from engine.runtime.worker import run_recorded
from engine.trainers import TRAINERS, Trainer
from tests.helpers.tiny_run import TinyConfig

TINY = Trainer(
    "tiny", "Tiny", "tests.helpers.tiny_run:TinyConfig", "tests.helpers.tiny_run:train", "tests.helpers.tiny_run:NONE")


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAINERS, "tiny", TINY)


@pytest.fixture
def source(tmp_path: Path) -> RunFolder:
    """20 steps, checkpoints and pictures at 5, 10, 15 and 20, and another learning rate from step 12 on."""
    run = create_run("tiny", TinyConfig(), tmp_path / "source")
    train(run, lambda event: Edit({"learning_rate": 0.01}) if event == Heartbeat(12) else None)
    return run


def train(run: RunFolder, at: Callable[[Event], Edit | None] = lambda _event: None) -> None:
    events: list[Event] = []
    left = [12]

    def command() -> Edit | None:
        wanted = at(events[-1]) if left else None
        if wanted is not None:
            left.clear()
        return wanted

    run_recorded(TINY, TinyConfig(**run.config()), run.path, command, events.append)


def losses(run: RunFolder) -> dict[int, float]:
    return {point.step: point.values["loss"] for point in run.metrics() if "loss" in point.values}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_fork_has_everything_up_to_its_step_and_nothing_later(source: RunFolder, tmp_path: Path) -> None:
    before = contents(source.path)
    made = fork_run(source, 10, tmp_path / "fork")
    assert contents(source.path) == before
    assert losses(made) == {step: loss for step, loss in losses(source).items() if step <= 10}
    assert made.array_steps() == made.checkpoint_steps() == [5, 10]
    assert made.arrays(10).arrays["samples"] == source.arrays(10).arrays["samples"]
    assert made.config()["learning_rate"] == 0.05 and source.config()["learning_rate"] == 0.01
    assert (made.state, made.trainer) == ("stopped", "tiny")
    assert [note.text for note in made.follow_notes()][-1] == "Forked from source at step 10."
    assert all(note.step <= 10 for note in RunFolder(made.path).follow_notes())


def test_a_fork_after_an_edit_keeps_the_edit(source: RunFolder, tmp_path: Path) -> None:
    made = fork_run(source, 15, tmp_path / "fork")
    assert made.config()["learning_rate"] == 0.01
    train(made)
    assert losses(made) == losses(source)


def test_a_fork_and_its_source_do_not_write_into_each_other(source: RunFolder, tmp_path: Path) -> None:
    made = fork_run(source, 10, tmp_path / "fork")
    before = contents(source.path)
    train(made)
    assert contents(source.path) == before
    assert losses(made).keys() == losses(source).keys() and losses(made)[20] != losses(source)[20]
    shutil.rmtree(source.path)
    assert fork_run(made, 20, tmp_path / "again").checkpoint_steps() == [5, 10, 15, 20]


def test_a_fork_of_a_rewound_run_has_the_newer_measurements(source: RunFolder, tmp_path: Path) -> None:
    again = fork_run(source, 15, tmp_path / "again")
    lines = (again.path / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    twice = [*lines, *(line.replace(b'"loss": ', b'"loss": 9') for line in lines[5:] if b'"loss"' in line)]
    (again.path / "metrics.jsonl").write_bytes(b"".join(twice))
    made = fork_run(again, 10, tmp_path / "fork")
    assert losses(made) == {step: loss for step, loss in losses(again).items() if step <= 10}
    assert len((made.path / "metrics.jsonl").read_bytes().splitlines()) == len(made.metrics())


def test_a_run_can_be_forked_while_it_goes_on(tmp_path: Path) -> None:
    run = create_run("tiny", TinyConfig(), tmp_path / "source")
    made: list[RunFolder] = []

    def fork_on_the_way(event: Event) -> None:
        if event == Heartbeat(12):
            assert run.state == "running"
            made.append(fork_run(RunFolder(run.path), 10, tmp_path / "fork"))

    run_recorded(TINY, TinyConfig(), run.path, on_event=fork_on_the_way)
    train(made[0])
    assert losses(made[0]) == losses(run)


def test_checkpoints_that_are_thinned_out_meanwhile_are_left_out(
    source: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = CheckpointHistory.steps
    monkeypatch.setattr(CheckpointHistory, "steps", lambda self: sorted({*listed(self), 3}))
    assert listed(CheckpointHistory(fork_run(source, 10, tmp_path / "fork").path)) == [5, 10]


def test_a_step_that_is_not_there_is_refused(source: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="source has no checkpoint of step 7; choose another one"):
        fork_run(source, 7, tmp_path / "fork")
    assert not (tmp_path / "fork").exists()


@pytest.mark.parametrize("damage", [b"", b"no state", b"\x08\x00\x00\x00\x00\x00\x00\x00{\"a\":1}"])
def test_a_damaged_state_is_refused_and_makes_nothing(damage: bytes, source: RunFolder, tmp_path: Path) -> None:
    CheckpointHistory(source.path).path(10).write_bytes(damage)
    with pytest.raises(CheckpointError):
        fork_run(source, 10, tmp_path / "fork")
    assert not (tmp_path / "fork").exists()


def test_a_damaged_log_is_left_out_line_by_line(source: RunFolder, tmp_path: Path) -> None:
    with (source.path / "metrics.jsonl").open("ab") as file:
        file.write(b"{\n[]\n{\"step\": 3}\n\xff\xfe\n")
    assert losses(fork_run(source, 10, tmp_path / "fork")).keys() == set(range(1, 11))


@pytest.mark.parametrize("at", ["clone", "write"])
def test_a_full_disk_leaves_no_half_a_fork_and_the_source_as_it_was(
    at: str, source: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(source.path)

    def full(*_args: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def refused(*_args: object) -> None:
        raise SaveError("metrics.jsonl could not be saved.")

    if at == "clone":
        monkeypatch.setattr(os, "link", full)
        monkeypatch.setattr(shutil, "copyfile", full)
    else:
        monkeypatch.setattr(fork, "write_bytes", refused)
    with pytest.raises(SaveError, match=r"No space left on device|could not be saved"):
        fork_run(source, 10, tmp_path / "fork")
    assert contents(source.path) == before and not (tmp_path / "fork").exists()


def test_a_folder_that_holds_something_is_not_overwritten(source: RunFolder, tmp_path: Path) -> None:
    before = contents(source.path)
    for taken in (source.path, source.path / "config.json"):
        with pytest.raises(EngineError, match="holds something already"):
            fork_run(source, 10, taken)
    assert contents(source.path) == before


def test_without_a_place_a_fork_is_among_the_person_s_runs(source: RunFolder) -> None:
    first, second = (fork_run(source, 5) for _ in range(2))
    assert first.path != second.path and first.path.parent == second.path.parent
