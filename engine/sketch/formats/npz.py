"""Drawings in NumPy's .npz: the published Sketch-RNN files, and plain arrays of stroke-3.

A published file holds the arrays train, valid and test, each a pickled array of objects whose entries are int16 or
float stroke-3 [N, 3]. Nothing in it is trusted: sizes are bounded before anything is decompressed, the .npy headers are
matched against one pattern, and the pickle is read by `engine.sketch.formats.unpickle`. Source: the data of Ha and Eck
2018 and numpy.lib.format.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadFileError
from engine.runtime.arrays import check_directory, read_header
from engine.sketch.formats.result import ReadResult
from engine.sketch.formats.unpickle import read_object_array
from engine.sketch.strokes import MAX_POINTS, Drawing, from_stroke3

MAX_BYTES = 512 * 2**20  # of the file, and of all its arrays decompressed; the largest published file has some 100 MB
MAX_ENTRIES = 64
MAX_ARRAYS = 200_000
MAX_TOTAL_POINTS = 20_000_000

_PARTS = {"train": "train", "valid": "valid", "validation": "valid", "val": "valid", "test": "test"}

NOT_STROKES = "An array is not stroke-3: three numbers a row."
NOT_FINITE = "A drawing has offsets that are not ordinary numbers."
EMPTY = "A drawing is empty."
TOO_LONG = f"A drawing has more than {MAX_POINTS:,} points."
BEYOND = f"A drawing comes after the first {MAX_ARRAYS:,} drawings or {MAX_TOTAL_POINTS:,} points."


@dataclass(frozen=True)
class _Part:
    """What may be stroke-3 in one array of the file, and the name of its part ("" if it is none of the usual)."""

    name: str
    arrays: list[NDArray[np.number] | None]


def read_npz(path: Path, limit: int | None = None) -> ReadResult:
    """Drawings of an .npz file: train, valid, test, then others; a limit is shared among them in proportion.

    Coordinates are in the file's own units and begin at 0, 0; each drawing's word is the file's name. Raises
    `BadFileError` when the file is damaged, too large, unsafe or without a single drawing.
    """
    order = ["train", "valid", "test", ""]
    parts = sorted(_parts(path), key=lambda part: order.index(part.name))
    total = sum(len(part.arrays) for part in parts)
    wanted = total if limit is None else min(limit, total)
    word = path.stem.replace("_", " ")
    drawings: list[Drawing] = []
    splits: list[str] = []
    skipped: Counter[str] = Counter()
    points = seen = 0
    for part in parts:
        # Rounding the running total keeps the shares' sum at `wanted`.
        seen += len(part.arrays)
        share = round(wanted * seen / total) - len(drawings) - sum(skipped.values())
        for array in part.arrays[: max(share, 0)]:
            # Asked first: one large array named a million times would else be looked at a million times.
            problem = BEYOND if len(drawings) >= MAX_ARRAYS or points > MAX_TOTAL_POINTS else _problem(array)
            if problem is not None or array is None:
                skipped[problem or NOT_STROKES] += 1
                continue
            points += len(array)
            drawings.append(from_stroke3(array, word=word))
            splits.append(part.name)
    if not drawings and wanted:
        raise BadFileError(f"{path.name} holds no drawings; a file of Sketch-RNN has arrays of three numbers a row.")
    published = bool(drawings) and all(splits)
    return ReadResult(drawings, dict(skipped), splits if published else (), simplified=published)


def _problem(array: NDArray[np.number] | None) -> str | None:
    """Why an array is no drawing, or None."""
    if array is None or array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "iuf":
        return NOT_STROKES
    if len(array) == 0:
        return EMPTY
    if len(array) >= MAX_POINTS:
        return TOO_LONG
    # Sums of whole numbers cannot overflow in float64, and a path that is short keeps every coordinate small.
    length = float(np.abs(array, dtype=np.float64).sum())
    return None if math.isfinite(length) and length < 1e7 else NOT_FINITE


def _parts(path: Path) -> list[_Part]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFileError(f"{path.name} is larger than {MAX_BYTES >> 20} MB; split it into smaller files.")
        check_directory(path)
        with zipfile.ZipFile(path) as archive:
            return [_read_part(archive, info, path.name) for info in _checked_entries(archive, path.name)]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise BadFileError(f"{path.name} is not a whole .npz file; download or export it again.") from error
    except OSError as error:
        raise BadFileError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _checked_entries(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    entries = [info for info in archive.infolist() if info.filename.endswith(".npy")]
    if len(entries) > MAX_ENTRIES or sum(info.file_size for info in entries) > MAX_BYTES:
        raise BadFileError(f"{name} holds far more than the arrays of a file of drawings; it was not read.")
    # bzip2 and LZMA are never written by NumPy, and an LZMA header can ask for gigabytes.
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in entries):
        raise BadFileError(f"{name} is compressed in a way NumPy does not use; export it again with numpy.savez.")
    return entries


def _read_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> _Part:
    with archive.open(info) as file:
        data = file.read(info.file_size)
    part = _PARTS.get(info.filename.removesuffix(".npy").lower(), "")
    header = read_header(data, name)
    if header.is_object:
        return _Part(part, _object_arrays(data[header.start :], name))
    return _Part(part, _numeric_arrays(header.array(data), name))


def _object_arrays(data: bytes, name: str) -> list[NDArray[np.number] | None]:
    found = read_object_array(data, name)
    # NumPy turns a list of arrays of one length into a block of Python numbers instead of an array of arrays.
    if len(found.shape) == 3 and all(isinstance(entry, int | float) for entry in found.entries):
        return _numeric_arrays(np.array(found.entries, np.float64).reshape(found.shape), name)
    return [entry if isinstance(entry, np.ndarray) else None for entry in found.entries]


def _numeric_arrays(array: NDArray[np.number], name: str) -> list[NDArray[np.number] | None]:
    if array.ndim == 3 and len(array) > MAX_ARRAYS:
        raise BadFileError(f"{name} holds more than {MAX_ARRAYS:,} drawings; split it into smaller files.")
    return list(array) if array.ndim == 3 and array.shape[2] == 3 else [array]
