"""Pictures come off the UI thread, the newest request counts, and memory is bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.errors import CheckpointError
from engine.runtime.job import Arrays
from engine.runtime.run_folder import RunFolder
from gui.messages import Messages
from gui.services.picture_store import PictureStore

SIZE = 800  # bytes of one picture


class SlowRun(RunFolder):
    """A folder whose pictures are made up, and read only when they are let through."""

    def __init__(self, path: Path) -> None:
        """A run that reads at once until `hold`."""
        super().__init__(path)
        self.read: list[int] = []
        self.open = threading.Event()
        self.open.set()
        self.reading = threading.Event()
        self.version = 0.0
        self.holds_at: int | None = None

    def hold(self) -> None:
        """Let reads wait for `open`."""
        self.open.clear()
        self.reading.clear()

    def arrays(self, step: int) -> Arrays:
        """A picture that says its step."""
        self.read.append(step)
        if step == self.holds_at:
            self.open.clear()
        self.reading.set()
        version = self.version
        assert self.open.wait(10)
        if step < 0:
            raise CheckpointError("No such picture.")
        return Arrays(step, {"samples": np.full(SIZE // 8, step + version)})


@pytest.fixture
def messages(tmp_path: Path) -> Messages:
    return Messages(log=tmp_path / "log.txt")


@pytest.fixture
def store(messages: Messages, qtbot: QtBot) -> Iterator[PictureStore]:
    made = PictureStore(messages, limit=10 * SIZE)
    yield made
    assert made.shut_down()


@pytest.fixture
def run(tmp_path: Path) -> SlowRun:
    return SlowRun(tmp_path / "a")


def steps_of(arrays: list[Arrays]) -> list[int]:
    return [each.step for each in arrays]


def test_it_reads_what_a_run_folder_holds(store: PictureStore, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "arrays").mkdir()
    np.savez_compressed(tmp_path / "arrays" / "7.npz", samples=np.arange(6, dtype=np.float32).reshape(3, 2))
    got: list[Arrays] = []
    store.request(RunFolder(tmp_path), 7, got.append)
    assert got == []
    qtbot.waitUntil(lambda: bool(got))
    np.testing.assert_array_equal(got[0].arrays["samples"], [[0, 1], [2, 3], [4, 5]])


def test_what_is_at_hand_comes_at_once(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    got: list[Arrays] = []
    store.request(run, 1, got.append)
    qtbot.waitUntil(lambda: bool(got))
    store.request(run, 1, got.append)
    assert steps_of(got) == [1, 1] and run.read == [1]


def test_fast_scrubbing_skips_what_waits_but_still_shows_something(
    store: PictureStore, run: SlowRun, qtbot: QtBot
) -> None:
    run.hold()
    got: list[Arrays] = []
    for step in range(5):
        store.request(run, step, got.append)
    run.open.set()
    qtbot.waitUntil(lambda: not store.busy)
    assert steps_of(got) == [0, 4] and run.read == [0, 4]


def test_an_older_answer_never_follows_a_newer_one(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    got: list[Arrays] = []
    store.request(run, 1, got.append)
    qtbot.waitUntil(lambda: not store.busy)
    run.hold()
    store.request(run, 2, got.append)
    qtbot.waitUntil(run.reading.is_set)
    store.request(run, 1, got.append)
    run.open.set()
    qtbot.waitUntil(lambda: not store.busy)
    assert steps_of(got) == [1, 1]
    assert (run.path, 2) in store


def test_asking_again_for_what_is_being_read_reads_it_once(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    run.hold()
    first: list[Arrays] = []
    second: list[Arrays] = []
    store.request(run, 1, first.append)
    store.request(run, 1, second.append)
    run.open.set()
    qtbot.waitUntil(lambda: not store.busy)
    assert run.read == [1] and first == [] and steps_of(second) == [1]


def test_runs_do_not_push_each_other_aside(store: PictureStore, run: SlowRun, qtbot: QtBot, tmp_path: Path) -> None:
    other = SlowRun(tmp_path / "b")
    run.hold()
    got: list[str] = []
    store.request(run, 1, lambda arrays: got.append(f"a{arrays.step}"))
    store.request(other, 2, lambda arrays: got.append(f"b{arrays.step}"))
    store.request(run, 3, lambda arrays: got.append(f"a{arrays.step}"))
    run.open.set()
    qtbot.waitUntil(lambda: not store.busy)
    assert got == ["a1", "b2", "a3"]


def test_what_is_near_is_read_ahead_after_what_is_wanted(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    got: list[Arrays] = []
    store.request(run, 5, got.append, near=[6, 7, 4])
    qtbot.waitUntil(lambda: not store.busy)
    assert run.read == [5, 6, 7, 4] and steps_of(got) == [5]
    store.request(run, 6, got.append, near=[7, 8])
    assert steps_of(got) == [5, 6]
    qtbot.waitUntil(lambda: not store.busy)
    assert run.read == [5, 6, 7, 4, 8]


def test_reading_ahead_takes_half_of_the_room_at_most(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    store.request(run, 0, lambda _arrays: None, near=range(1, 50))
    qtbot.waitUntil(lambda: not store.busy)
    assert len(run.read) == 6


def test_a_new_request_comes_before_reading_ahead(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    got: list[Arrays] = []
    run.holds_at = 1
    store.request(run, 0, got.append, near=[1, 2, 3])
    qtbot.waitUntil(lambda: run.read == [0, 1])
    store.request(run, 9, got.append)
    run.open.set()
    qtbot.waitUntil(lambda: not store.busy)
    assert run.read == [0, 1, 9]


def test_memory_is_bounded_and_the_least_used_goes_first(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    for step in range(10):
        store.request(run, step, lambda _arrays: None)
        qtbot.waitUntil(lambda: not store.busy)
    store.request(run, 0, lambda _arrays: None)
    store.request(run, 10, lambda _arrays: None)
    qtbot.waitUntil(lambda: not store.busy)
    assert store.memory == 10 * SIZE
    assert (run.path, 0) in store and (run.path, 1) not in store


def test_one_picture_larger_than_the_room_is_still_shown(messages: Messages, run: SlowRun, qtbot: QtBot) -> None:
    store = PictureStore(messages, limit=SIZE // 2)
    got: list[Arrays] = []
    for step in (1, 2):
        store.request(run, step, got.append, near=[3])
        qtbot.waitUntil(lambda: not store.busy)
    assert steps_of(got) == [1, 2] and store.memory == SIZE
    assert store.shut_down()


def test_cancelled_requests_are_not_answered(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    got: list[Arrays] = []
    run.hold()
    store.request(run, 1, got.append, near=[8])
    store.request(run, 2, got.append)
    store.cancel(run)
    run.open.set()
    qtbot.waitUntil(lambda: not store.busy)
    assert got == [] and run.read == [1]
    store.request(run, 3, got.append)
    store.cancel()
    qtbot.waitUntil(lambda: not store.busy)
    assert got == []


def test_after_a_rewind_later_pictures_are_read_anew(store: PictureStore, run: SlowRun, qtbot: QtBot) -> None:
    got: list[Arrays] = []
    for step in (1, 2):
        store.request(run, step, got.append)
        qtbot.waitUntil(lambda: not store.busy)
    run.version = 0.5
    store.forget(run, after=1)
    assert (run.path, 1) in store and (run.path, 2) not in store and store.memory == SIZE
    store.request(run, 2, got.append)
    qtbot.waitUntil(lambda: not store.busy)
    assert got[-1].arrays["samples"][0] == 2.5


def test_a_picture_that_is_being_read_at_a_rewind_is_read_anew(
    store: PictureStore, run: SlowRun, qtbot: QtBot
) -> None:
    got: list[Arrays] = []
    run.hold()
    store.request(run, 2, got.append)
    qtbot.waitUntil(run.reading.is_set)
    run.version = 0.5
    store.forget(run, after=1)
    run.open.set()
    qtbot.waitUntil(lambda: not store.busy)
    assert [each.arrays["samples"][0] for each in got] == [2.5]


def test_a_picture_that_cannot_be_read_is_told(
    store: PictureStore, run: SlowRun, messages: Messages, qtbot: QtBot
) -> None:
    errors: list[BaseException] = []
    store.request(run, -1, lambda _arrays: None)
    qtbot.waitUntil(lambda: not store.busy)
    assert [message.text for message in messages.history] == ["No such picture."]
    store.request(run, -1, lambda _arrays: None, on_error=errors.append)
    qtbot.waitUntil(lambda: not store.busy)
    assert [str(error) for error in errors] == ["No such picture."]
    got: list[Arrays] = []
    store.request(run, 1, got.append, near=[-1])
    qtbot.waitUntil(lambda: not store.busy)
    assert len(got) == 1 and len(messages.history) == 1
