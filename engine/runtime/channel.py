"""The way of events from the training process to the program that watches it.

The child must never wait for a slow reader, and no metrics may be lost. So the child fills a `MergeBuffer`, a thread of
its own sends what lies there in batches, and each batch waits until the reader has taken the one before: what piles up
meanwhile merges (only the newest arrays stay) and, when it is long, moves out of memory into a temporary file.
"""

from __future__ import annotations

import pickle
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from engine.runtime.job import Arrays, Command, Event, Glimpse, Heartbeat

BATCH_EVENTS = 500
MEMORY_BYTES = 4 << 20


@dataclass(frozen=True)
class Ended:
    """The run is over: "finished", "stopped", "failed" (`text` says why) or "killed" (without a word of its own)."""

    kind: str
    text: str = ""
    result: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """From the reader: the last batch has been taken, send the next one."""


@dataclass(frozen=True)
class Pause:
    """From the reader: take no further step for now."""


@dataclass(frozen=True)
class Resume:
    """From the reader: go on after a pause."""


Message = Command | Taken | Pause | Resume
Batch = list[Event | Ended]


class MergeBuffer:
    """What has not been sent yet. Most events stay in order; only the newest arrays of each name and glimpse stay.

    Not thread-safe by itself; `EventSender` guards it.
    """

    def __init__(self) -> None:
        """An empty buffer."""
        self._newest: Batch = []
        self._arrays: dict[str, tuple[int, NDArray[np.generic]]] = {}
        self._glimpse: Glimpse | None = None
        # Older events, whole batches of them, first in first out. Pickled by this process for itself alone.
        self._older = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 (lives as long as the buffer)
        self._older_sizes: deque[int] = deque()
        self._read_at = 0

    def __len__(self) -> int:
        """How many batches wait."""
        return len(self._older_sizes) + bool(self._newest or self._arrays or self._glimpse)

    def put(self, event: Event | Ended) -> None:
        """Add an event; a heartbeat is not passed on."""
        if isinstance(event, Heartbeat):
            return
        if isinstance(event, Arrays):
            self._arrays |= {name: (event.step, array) for name, array in event.arrays.items()}
            return
        if isinstance(event, Glimpse):
            self._glimpse = event
            return
        self._newest.append(event)
        if len(self._newest) >= BATCH_EVENTS:
            packed = pickle.dumps(self._newest)
            self._older.seek(0, 2)
            self._older.write(packed)
            self._older_sizes.append(len(packed))
            self._newest = []

    def take(self) -> Batch:
        """Remove and return the oldest batch; the newest one brings the arrays with it."""
        if self._older_sizes:
            return self._take_older()
        arrays: dict[int, dict[str, NDArray[np.generic]]] = {}
        for name, (step, array) in self._arrays.items():
            arrays.setdefault(step, {})[name] = array
        shown: Batch = [Arrays(step, named) for step, named in sorted(arrays.items())]
        shown += [self._glimpse] if self._glimpse is not None else []
        # The end of the run, if it is here, has to stay the last event.
        batch, self._newest, self._arrays, self._glimpse = shown + self._newest, [], {}, None
        return batch

    def _take_older(self) -> Batch:
        self._older.seek(self._read_at)
        packed = self._older.read(self._older_sizes.popleft())
        self._read_at += len(packed)
        if not self._older_sizes:
            self._older.seek(0)
            self._older.truncate()
            self._read_at = 0
        batch: Batch = pickle.loads(packed)
        return batch

    def close(self) -> None:
        """Give the temporary file back."""
        self._older.close()


class EventSender:
    """The child's end of the pipe: `put` never waits; two threads send batches and listen to the reader."""

    def __init__(
        self, connection: Connection, on_message: Callable[[Message], None], on_gone: Callable[[], None]
    ) -> None:
        """Start both threads. `on_message` gets commands, `on_gone` is called once when the reader no longer exists."""
        self._connection = connection
        self._on_message = on_message
        self._on_gone = on_gone
        self._buffer = MergeBuffer()
        self._changed = threading.Condition()
        self._reader_ready = True
        self._gone = False
        self._closing = False
        self._threads = [
            threading.Thread(target=self._send_batches, name="event sender", daemon=True),
            threading.Thread(target=self._listen, name="command listener", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, event: Event | Ended) -> None:
        """Hand over an event; returns at once. Without a reader it is dropped: the run folder has it."""
        with self._changed:
            if not self._gone:
                self._buffer.put(event)
                self._changed.notify_all()

    def close(self) -> None:
        """Wait until the reader has everything and has closed its end, or no longer exists; then close this end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._connection.close()
        self._buffer.close()

    def _send_batches(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._gone or self._done() or (self._reader_ready and len(self._buffer)))
                if self._gone or self._done():
                    return
                batch = self._buffer.take()
                self._reader_ready = False
            try:
                self._connection.send(batch)
            except OSError:
                self._lose_reader()

    def _done(self) -> bool:
        return self._closing and self._reader_ready and not len(self._buffer)

    def _listen(self) -> None:
        try:
            while True:
                message: Message = self._connection.recv()
                if isinstance(message, Taken):
                    with self._changed:
                        self._reader_ready = True
                        self._changed.notify_all()
                else:
                    self._on_message(message)
        except (EOFError, OSError):
            self._lose_reader()

    def _lose_reader(self) -> None:
        with self._changed:
            first, self._gone = not self._gone, True
            self._changed.notify_all()
        if first:
            self._on_gone()


class EventReader:
    """The parent's end of the pipe. `read` never waits."""

    def __init__(self, connection: Connection) -> None:
        """Read from and write to the parent's end of a duplex pipe."""
        self._connection = connection

    def read(self) -> Batch | None:
        """The next batch, or nothing when none has come; None when the child's end is closed and all is read."""
        try:
            if not self._connection.poll():
                return []
            batch: Batch = self._connection.recv()
        except (EOFError, OSError):
            return None
        self.send(Taken())
        return batch

    def send(self, message: Message) -> None:
        """Tell the child; a child that no longer exists is noticed by `read`."""
        with suppress(OSError):
            self._connection.send(message)

    def close(self) -> None:
        """Close this end; a child that is alive then stops and saves."""
        self._connection.close()
