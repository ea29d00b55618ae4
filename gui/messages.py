"""The one door through which the app speaks to the person. Nothing here is modal."""

from __future__ import annotations

import contextlib
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from engine import paths
from engine.errors import EngineError, SaveError
from engine.runtime.atomic import write_text

Action = tuple[str, Callable[[], object]]
"""A button in a message: its label, and what pressing it does."""

_MOST_KEPT = 200
_LONGEST_LOG = 256_000


@dataclass(frozen=True)
class Message:
    """One sentence for the person; `level` is "info", "warning" or "error", `number` counts from 1."""

    number: int
    level: str
    text: str
    action: Action | None = None


class Messages(QObject):
    """Takes messages from anywhere, on any thread, and hands them to the window by `posted`, on its own thread."""

    posted = Signal(object)
    _taken = Signal(object)

    def __init__(self, parent: QObject | None = None, log: Path | None = None) -> None:
        """`log` is where tracebacks go, by default `log.txt` in the person's folder."""
        super().__init__(parent)
        self._log = log
        self._last_details = ""
        self._history: deque[Message] = deque(maxlen=_MOST_KEPT)
        self._count = 0
        # Called directly on the own thread, and by way of the event loop from any other.
        self._taken.connect(self._on_taken)

    @property
    def history(self) -> tuple[Message, ...]:
        """What was said so far, oldest first; only the newest 200 are kept."""
        return tuple(self._history)

    def info(self, text: str, action: Action | None = None) -> None:
        """Something good or neutral; it fades by itself."""
        self._taken.emit(Message(0, "info", text, action))

    def warning(self, text: str) -> None:
        """Something that the person should know; it stays a little longer."""
        self._taken.emit(Message(0, "warning", text))

    def error(self, text: str) -> None:
        """Something that did not work; it stays until closed."""
        self._taken.emit(Message(0, "error", text))

    def report(self, error: BaseException) -> None:
        """Show what an exception means to the person.

        An `EngineError` is its own sentence. Anything else is a mistake in the program: one general sentence, with the
        traceback in the log file and behind "Copy details".
        """
        if isinstance(error, EngineError):
            self.error(str(error))
            return
        details = "".join(traceback.format_exception(error))
        written = self._write_log(details)
        text = "Something went wrong inside Morphospace. Your work is still here"
        text += f"; the details are in {self._log_path()}." if written else "."
        copy: Action = ("Copy details", lambda: QGuiApplication.clipboard().setText(details))
        self._taken.emit(Message(0, "error", text, copy))

    def _on_taken(self, message: Message) -> None:
        self._count += 1
        numbered = replace(message, number=self._count)
        self._history.append(numbered)
        self.posted.emit(numbered)

    def _log_path(self) -> Path:
        return self._log if self._log is not None else paths.home() / "log.txt"

    def _write_log(self, details: str) -> bool:
        if details == self._last_details:
            # A mistake in painting returns with every frame.
            return True
        path = self._log_path()
        before = ""
        with contextlib.suppress(OSError):
            before = path.read_text(encoding="utf-8", errors="replace")[-_LONGEST_LOG:]
        try:
            write_text(path, f"{before}{datetime.now():%Y-%m-%d %H:%M:%S}\n{details}\n")
        except SaveError:
            return False
        self._last_details = details
        return True
