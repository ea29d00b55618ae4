"""Pictures of runs, read from their folders beside the UI thread and kept at hand while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject

from engine.runtime.job import Arrays, Job
from engine.runtime.run_folder import RunFolder
from gui.messages import Messages
from gui.services.jobs import LabWorker

DEFAULT_LIMIT = 128 << 20

_Key = tuple[Path, int]


@dataclass(frozen=True)
class _Wanted:
    run: RunFolder
    step: int
    near: tuple[int, ...]
    on_ready: Callable[[Arrays], object]
    on_error: Callable[[BaseException], object]

    @property
    def key(self) -> _Key:
        return self.run.path, self.step


class PictureStore(QObject):
    """Hands out the arrays that runs have kept. One thread reads, one file after the other.

    Of each run only the newest request counts. One that waits is replaced; one whose file is being read is still
    answered, unless a newer one has been: a hand that scrubs faster than the disk reads then sees pictures all the
    same. When nothing is wanted, what is near is read ahead. All methods are for the UI thread, and all callbacks run
    there.
    """

    def __init__(self, messages: Messages, limit: int = DEFAULT_LIMIT, parent: QObject | None = None) -> None:
        """Keep at most `limit` bytes of arrays, of all runs together; `messages` gets errors without a handler."""
        super().__init__(parent)
        self._messages = messages
        self._limit = limit
        self._worker = LabWorker(messages, self)
        self._kept: OrderedDict[_Key, Arrays] = OrderedDict()
        self._bytes = 0
        self._waiting: dict[Path, _Wanted] = {}
        self._reading: _Wanted | None = None
        self._ahead: list[_Wanted] = []

    @property
    def busy(self) -> bool:
        """Whether a file is being read, for a request or ahead of one."""
        return self._worker.busy

    @property
    def memory(self) -> int:
        """Bytes of the arrays that are kept; never more than the limit, except for one picture larger than that."""
        return self._bytes

    def __contains__(self, key: tuple[Path, int]) -> bool:
        """Whether the picture of (folder, step) is at hand."""
        return key in self._kept

    def request(
        self,
        run: RunFolder,
        step: int,
        on_ready: Callable[[Arrays], object],
        near: Sequence[int] = (),
        on_error: Callable[[BaseException], object] | None = None,
    ) -> None:
        """Bring the picture of `step`, which the folder must have; at once when it is at hand.

        `near` are the steps to read ahead afterwards, the likeliest first. A picture that cannot be read goes to
        `on_error`, by default a message.
        """
        wanted = _Wanted(run, step, tuple(near), on_ready, on_error or self._messages.report)
        self._ahead = [each for each in self._ahead if each.run.path != run.path]
        kept = self._kept.get(wanted.key)
        if kept is None:
            self._waiting[run.path] = wanted
        else:
            self._withdraw(run.path)
            self._kept.move_to_end(wanted.key)
            self._look_ahead(wanted, kept)
        self._read_next()
        if kept is not None:
            on_ready(kept)

    def cancel(self, run: RunFolder | None = None) -> None:
        """No answer is wanted any more, of `run` or of any."""
        reading = [] if self._reading is None else [self._reading.run.path]
        for path in [run.path] if run is not None else [*self._waiting, *reading]:
            self._withdraw(path)
        self._ahead = [each for each in self._ahead if run is not None and each.run.path != run.path]

    def forget(self, run: RunFolder, after: int = -1) -> None:
        """Pictures of `run` after step `after` count no longer: it was rewound, or it is not shown any more."""
        for key in [key for key in self._kept if key[0] == run.path and key[1] > after]:
            self._bytes -= _size(self._kept.pop(key))
        # What is being read now may be from before.
        reading = self._reading
        if reading is not None and reading.run.path == run.path and reading.step > after:
            self._worker.cancel()
            self._reading = None
            if reading.on_ready is not _ignore:
                self._waiting.setdefault(run.path, reading)
        self._read_next()

    def shut_down(self) -> bool:
        """Forget everything and leave no thread; see `LabWorker.shut_down`."""
        self._waiting.clear()
        self._ahead.clear()
        self._kept.clear()
        self._bytes = 0
        return self._worker.shut_down()

    # ---- reading

    def _withdraw(self, path: Path) -> None:
        """Nothing that was asked of this run is answered; a file that is being read is kept all the same."""
        self._waiting.pop(path, None)
        if self._reading is not None and self._reading.run.path == path:
            self._reading = replace(self._reading, near=(), on_ready=_ignore, on_error=_ignore)

    def _read_next(self) -> None:
        if self._worker.busy:
            return
        if self._waiting:
            wanted = self._waiting.pop(next(iter(self._waiting)))
        elif self._ahead:
            wanted = self._ahead.pop(0)
        else:
            return
        self._reading = wanted

        def read() -> Job[None, Arrays]:
            yield None
            return wanted.run.arrays(wanted.step)

        self._worker.submit(read, _ignore, self._on_worker_read, self._on_worker_failed)

    def _on_worker_read(self, arrays: Arrays) -> None:
        wanted, self._reading = self._reading, None
        if wanted is None:
            return
        self._keep(wanted.key, arrays)
        newer = self._waiting.get(wanted.run.path)
        if newer is not None and newer.key == wanted.key:
            wanted = self._waiting.pop(wanted.run.path)
        if wanted.run.path not in self._waiting:
            self._look_ahead(wanted, arrays)
        self._read_next()
        wanted.on_ready(arrays)

    def _on_worker_failed(self, error: BaseException) -> None:
        wanted, self._reading = self._reading, None
        self._read_next()
        if wanted is not None and wanted.run.path not in self._waiting:
            wanted.on_error(error)

    def _look_ahead(self, wanted: _Wanted, arrays: Arrays) -> None:
        """Queue what is near, as far as it needs no more than half of the room."""
        room = self._limit // 2 // max(_size(arrays), 1)
        for step in wanted.near[:room]:
            if (wanted.run.path, step) not in self._kept:
                self._ahead.append(_Wanted(wanted.run, step, (), _ignore, _ignore))

    def _keep(self, key: _Key, arrays: Arrays) -> None:
        old = self._kept.pop(key, None)
        self._bytes += _size(arrays) - (0 if old is None else _size(old))
        self._kept[key] = arrays
        while self._bytes > self._limit and len(self._kept) > 1:
            _key, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays.arrays.values())


def _ignore(_value: object) -> None:
    """Nobody waits for it."""
