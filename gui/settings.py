"""What the app remembers between two starts: an INI file in the person's own folder."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QSettings

from engine import paths

ValueT = TypeVar("ValueT", bool, int, float, str, bytes)


class Settings:
    """Typed access to `settings.ini`; what cannot be read as the wanted type counts as never written."""

    def __init__(self, path: Path | None = None) -> None:
        """Open `path`, by default `settings.ini` in the person's folder; a missing or damaged file reads as empty."""
        self.path = path if path is not None else paths.home() / "settings.ini"
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)
        if self._store.status() == QSettings.Status.FormatError:
            # Half of a damaged file is worse than none: the next write replaces it whole.
            self._store.clear()

    def get(self, key: str, default: ValueT) -> ValueT:
        """The value of `key`, or `default` when there is none or it is not of the type of `default`."""
        raw = self._store.value(key)
        if not isinstance(raw, str):
            return default
        try:
            value: ValueT = _PARSERS[type(default)](raw)
        except ValueError:
            return default
        return value

    def set(self, key: str, value: bool | int | float | str | bytes) -> None:
        """Remember `value` under `key` ("group/name")."""
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, bytes):
            text = value.hex()
        else:
            text = str(value)
        self._store.setValue(key, text)

    def save(self) -> bool:
        """Write to disk now and say whether that worked; Qt also does so from time to time."""
        self._store.sync()
        return self._store.status() == QSettings.Status.NoError


def _bool(raw: str) -> bool:
    if raw not in ("true", "false"):
        raise ValueError(raw)
    return raw == "true"


def _finite(raw: str) -> float:
    value = float(raw)
    if not math.isfinite(value):
        raise ValueError(raw)
    return value


_PARSERS: dict[type, Callable[[str], Any]] = {
    bool: _bool,
    int: int,
    float: _finite,
    str: str,
    bytes: bytes.fromhex,
}
