"""Nothing that must arrive is lost on the way, however slow the reader, and the sender never waits for it."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from engine.runtime.channel import (
    BATCH_EVENTS,
    MEMORY_BYTES,
    Batch,
    Ended,
    EventReader,
    EventSender,
    MergeBuffer,
    Message,
)
from engine.runtime.job import Arrays, Event, Heartbeat, Metrics, Note, Stop


def point(step: int) -> Metrics:
    return Metrics(step, 10, 0.5, {"loss": 1.0})


def drained(buffer: MergeBuffer) -> Batch:
    events: Batch = []
    while len(buffer):
        events += buffer.take()
    return events


class Ends:
    """Both ends of a pipe in one process, and what the sender was told."""

    def __init__(self) -> None:
        """Open the pipe and start the sender's threads."""
        ours, theirs = multiprocessing.Pipe()
        self.messages: list[Message] = []
        self.told = threading.Event()
        self.gone = threading.Event()
        self.reader = EventReader(ours)
        self.sender = EventSender(theirs, self._on_message, self.gone.set)

    def _on_message(self, message: Message) -> None:
        self.messages.append(message)
        self.told.set()

    def read_until(self, last: Event | Ended) -> Batch:
        """All events up to `last`; the test's time limit stands over it."""
        events: Batch = []
        while not events or events[-1] != last:
            batch = self.reader.read()
            assert batch is not None
            events += batch
        return events


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.reader.close()
    made.sender.close()


def test_buffer_keeps_order_and_only_the_newest_arrays_of_each_name() -> None:
    buffer = MergeBuffer()
    old, new, other = np.zeros(2), np.ones(2), np.full(2, 7.0)
    both = Arrays(2, {"a": old, "b": other})
    for event in (point(1), both, Note(2, "info", "x"), Heartbeat(3), Arrays(4, {"a": new})):
        buffer.put(event)
    buffer.put(Ended("finished"))
    events = drained(buffer)
    assert [event for event in events if not isinstance(event, Arrays)] == [
        point(1), Note(2, "info", "x"), Ended("finished")]
    shown = {(event.step, name): array for event in events if isinstance(event, Arrays)
             for name, array in event.arrays.items()}
    assert shown.keys() == {(2, "b"), (4, "a")}
    assert shown[4, "a"] is new
    assert events[-1] == Ended("finished")
    buffer.close()


def test_buffer_of_heartbeats_is_empty() -> None:
    buffer = MergeBuffer()
    buffer.put(Heartbeat(1))
    assert len(buffer) == 0
    buffer.close()


def test_long_backlog_leaves_memory_and_comes_back_whole_and_in_order() -> None:
    buffer = MergeBuffer()
    text = "x" * 1000
    count = 3 * MEMORY_BYTES // 1000
    first = count // 2
    for step in range(first):
        buffer.put(Note(step, "info", f"{step}{text}"))
    assert len(buffer._newest) < BATCH_EVENTS
    assert buffer._older._rolled  # type: ignore[attr-defined]
    start = buffer.take()
    for step in range(first, count):
        buffer.put(Note(step, "info", f"{step}{text}"))
    events = start + drained(buffer)
    assert [event.step for event in events if isinstance(event, Note)] == list(range(count))
    buffer.put(point(1))
    assert drained(buffer) == [point(1)]
    assert buffer._older.tell() == 0
    buffer.close()


def test_slow_reader_loses_no_metrics_and_sees_only_the_newest_arrays(ends: Ends) -> None:
    large = np.zeros(1 << 20)  # larger than any pipe's buffer: a sender that waited would wait here for ever
    for step in range(5000):
        ends.sender.put(point(step))
        ends.sender.put(Arrays(step, {"samples": large}))
    ends.sender.put(Ended("finished"))
    events = ends.read_until(Ended("finished"))
    assert [event.step for event in events if isinstance(event, Metrics)] == list(range(5000))
    pictures = [event.step for event in events if isinstance(event, Arrays)]
    assert pictures[-1] == 4999 and len(pictures) < 20


def test_next_batch_waits_until_the_last_one_is_taken(ends: Ends) -> None:
    ends.sender.put(point(1))
    assert ends.reader._connection.poll(10)
    for step in range(2, 50):
        ends.sender.put(point(step))
    first = ends.reader._connection.recv()
    assert ends.reader.read() == []  # nothing more is on its way without a word from the reader
    assert first[0] == point(1)


def test_commands_arrive(ends: Ends) -> None:
    ends.reader.send(Stop())
    assert ends.told.wait(10)
    assert ends.messages == [Stop()]


def test_sender_learns_that_the_reader_is_gone_and_closes_with_events_left(ends: Ends) -> None:
    ends.reader.close()
    assert ends.gone.wait(10)
    ends.sender.put(point(1))
    ends.sender.close()
    assert ends.reader.read() is None


def test_reader_learns_that_the_sender_is_gone() -> None:
    ours, theirs = multiprocessing.Pipe()
    reader = EventReader(ours)
    theirs.close()
    assert reader.read() is None
    reader.send(Stop())
    reader.close()
