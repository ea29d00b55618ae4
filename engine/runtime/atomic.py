"""Files are written whole or not at all: to a temporary neighbour first, flushed to disk, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from engine.errors import SaveError


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place.

    Raises `SaveError` when the folder or disk does not allow it; the old file then stays as it was.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner can read; what a person saves follows the usual rules.
        os.chmod(temporary, 0o666 & ~_UMASK)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        reason = error.strerror or str(error)
        text = f"{path.name} could not be saved in {path.parent}: {reason}. The old file is unchanged."
        raise SaveError(text) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` into `path`, whole or not at all; see `write_file`."""
    write_file(path, lambda file: file.write(data))


def write_text(path: Path, text: str) -> None:
    """Put UTF-8 `text` into `path`, whole or not at all; see `write_file`."""
    write_bytes(path, text.encode())


def _current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _current_umask()
