"""Writes a run's events into its folder as they come, so that killing the process loses nothing that was measured."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import SaveError, TrainingError
from engine.runtime.atomic import write_file
from engine.runtime.checkpoint_history import thinned
from engine.runtime.job import Arrays, Changed, Event, Metrics, Note, Rewound
from engine.runtime.log_lines import metrics_line, note_line
from engine.runtime.run_folder import BEAT_SECONDS, MAX_ARRAYS, RunFolder


class Recorder:
    """Records one run. Use it from the thread that trains; a thread of its own keeps the heartbeat fresh."""

    def __init__(self, folder: RunFolder) -> None:
        """Open the folder's logs for appending.

        Raises `TrainingError` when another process is training in this folder now, `SaveError` when the disk refuses.
        """
        if folder.state == "running":
            raise TrainingError(f"The run {folder.name} is going on in another process; stop it there first.")
        self._folder = folder
        self._metrics = _AppendLog(folder.path / "metrics.jsonl", lines=True)
        self._notes = _AppendLog(folder.path / "notes.jsonl", lines=True)
        self._board = _BoardLog(folder.path)
        folder.write_status("running")
        self._closing = threading.Event()
        self._beat = threading.Thread(target=self._keep_beating, name="run heartbeat", daemon=True)
        self._beat.start()

    def record(self, event: Event) -> None:
        """Write `event`; what is only for whoever watches, `Saved` and `Heartbeat` leave no trace of their own.

        Raises `SaveError` when the disk does not take it; every file then ends with its last whole record.
        """
        if isinstance(event, Metrics):
            self._metrics.append(metrics_line(event))
            self._board.append(event)
        elif isinstance(event, Note):
            self._notes.append(note_line(event))
        elif isinstance(event, Changed):
            self._folder.change_config(event.settings)
            self._notes.append(note_line(Note(event.step, "edit", event.text)))
        elif isinstance(event, Arrays):
            self._keep_arrays(event)
        elif isinstance(event, Rewound):
            self._notes.append(note_line(Note(event.step, "rewind", f"Back at step {event.step}.")))
            for step in self._folder.array_steps():
                if step > event.step:
                    self._folder.array_path(step).unlink(missing_ok=True)

    def close(self, state: str, text: str = "") -> None:
        """Close every file and say how the run ended: "finished", "stopped", "failed" or "interrupted"."""
        self._closing.set()
        self._beat.join()
        for log in (self._metrics, self._notes, self._board):
            log.close()
        self._folder.write_status(state, text)

    def _keep_arrays(self, event: Arrays) -> None:
        plain = {name: array for name, array in event.arrays.items() if array.dtype.kind in "biuf"}
        path = self._folder.array_path(event.step)
        write_file(path, lambda file: np.savez_compressed(
            file, allow_pickle=False, **{name: np.ascontiguousarray(array) for name, array in plain.items()}))
        for step in thinned(self._folder.array_steps(), MAX_ARRAYS):
            self._folder.array_path(step).unlink(missing_ok=True)

    def _keep_beating(self) -> None:
        while not self._closing.wait(BEAT_SECONDS):
            # A full disk is reported by `record`; here it would only be reported twice.
            with suppress(SaveError):
                self._folder.write_status("running")


class _AppendLog:
    """A file that grows by whole records: a record that does not fit on the disk leaves no trace."""

    def __init__(self, path: Path, *, lines: bool = False) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Renaming a copy into place for each record would rewrite the whole log, so this is the one kind of file
            # that is not written by engine.runtime.atomic.
            self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
            self._size = self._whole_lines() if lines else os.fstat(self._file.fileno()).st_size
            self._file.truncate(self._size)
            self._file.seek(self._size)
        except OSError as error:
            raise SaveError(f"{path} cannot be written: {error.strerror}. Choose another place for it.") from error

    def append(self, record: bytes) -> None:
        written = 0
        try:
            while written < len(record):
                written += self._file.write(record[written:]) or 0
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._size)
                self._file.seek(self._size)
            raise SaveError(
                f"{self._path.name} could not be written: {error.strerror}. Make room on the disk, then resume the run."
            ) from error
        self._size += written

    def close(self) -> None:
        self._file.close()

    def _whole_lines(self) -> int:
        """The size up to the last whole line: a process that was killed may have left half of one."""
        size = os.fstat(self._file.fileno()).st_size
        while size > 0:
            start = max(0, size - 4096)
            self._file.seek(start)
            end = self._file.read(size - start).rfind(b"\n")
            if end >= 0:
                return start + end + 1
            size = start
        return 0


class _BoardLog:
    """A TensorBoard event file, written record by record with the package's own framing and messages."""

    def __init__(self, folder: Path) -> None:
        # Imported here: TensorBoard takes a while to load and is wanted by a run that records alone.
        from tensorboard.compat.proto.event_pb2 import Event as BoardEvent
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._summary, self._writer = BoardEvent, Summary, RecordWriter
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
        self._log = _AppendLog(folder / name)
        self._put(BoardEvent(wall_time=time.time(), file_version="brain.Event:2"))

    def append(self, event: Metrics) -> None:
        values = [self._summary.Value(tag=name, simple_value=float(value)) for name, value in event.values.items()]
        self._put(self._event(wall_time=time.time(), step=event.step, summary=self._summary(value=values)))

    def close(self) -> None:
        self._log.close()

    def _put(self, message: Any) -> None:
        # The framing's header, body and checksum come in one write, so a record is in the file whole or not at all.
        self._writer(_Sink(self._log)).write(message.SerializeToString())


class _Sink:
    """The part of a file that TensorBoard's framing needs, over an append log."""

    def __init__(self, log: _AppendLog) -> None:
        self._log = log

    def write(self, data: bytes) -> None:
        self._log.append(data)
