"""How commands speak: progress on stderr, a report on stdout and, on request, one JSON object as its last line."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from typing import Any

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_UPDATES = 0.1


class Progress:
    """One line on stderr that is rewritten on a terminal and repeated now and then elsewhere."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self._terminal = sys.stderr.isatty()
        self._last = 0.0
        self._open = False

    def show(self, text: str) -> None:
        """Show `text` if enough time has passed since the last one."""
        now = time.monotonic()
        if now - self._last < (SECONDS_BETWEEN_UPDATES if self._terminal else SECONDS_BETWEEN_LINES):
            return
        self._last = now
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            self._open = True
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self.end()
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line that was being rewritten."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False


def report(title: str, values: Mapping[str, Any], as_json: bool) -> None:
    """The end report: a title and aligned values; with `as_json` again as one JSON object on the last line."""
    print(title)
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        if isinstance(value, Mapping):
            print(f"  {name}:" if value else f"  {name:<{width}}  none")
            for key, inner in value.items():
                print(f"    {inner}  {key}")
        else:
            print(f"  {name:<{width}}  {_shown(value)}")
    if as_json:
        say_json(values)


def say_json(values: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout."""
    print(json.dumps(_plain(dict(values)), allow_nan=False))


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
