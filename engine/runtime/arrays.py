"""Plain numeric arrays in NumPy's .npz, read as if the file were hostile.

Every size is bounded before anything is allocated, nothing is unpickled, and the header of an array, which NumPy
evaluates as Python, is matched against one pattern. Source: numpy.lib.format.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadFileError

MAX_ARRAYS = 200
MAX_BYTES = 1 << 26  # of the file, and of all its arrays decompressed
MAX_DIRECTORY_BYTES = 1 << 16
MAX_HEADER_BYTES = 10_000

_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?)([biufO]\d{0,2})', 'fortran_order': (True|False), 'shape': \(([\dL, ]{0,60})\), \}[ \n]*"
)
# NotImplementedError and RuntimeError: zipfile's answers to unknown compression and to encryption.
_BAD_ARCHIVE = (
    OSError, ValueError, TypeError, EOFError, OverflowError, NotImplementedError, RuntimeError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class ArrayHeader:
    """What the beginning of an .npy file says; the numbers begin at byte `start`."""

    order: str
    code: str
    fortran: bool
    shape: tuple[int, ...]
    start: int

    @property
    def is_object(self) -> bool:
        """Whether a pickle follows instead of numbers."""
        return self.code.startswith("O")

    def array(self, data: bytes) -> NDArray[np.number]:
        """The numbers of the whole file `data`, read-only; raises `ValueError` or `TypeError` when they do not fit."""
        dtype = np.dtype((self.order or "<") + self.code)
        numbers = np.frombuffer(data, dtype, count=math.prod(self.shape), offset=self.start)
        return numbers.reshape(self.shape, order="F" if self.fortran else "C")


def read_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of an .npz file by name, read-only.

    Raises `BadFileError` when the file is missing, damaged, too large, or holds anything but plain numbers.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFileError(f"{path} is too large to be read.")
        check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_ARRAYS or sum(member.file_size for member in members) > MAX_BYTES:
                raise BadFileError(f"{path} is too large to be read.")
            return {member.filename.removesuffix(".npy"): _read_member(archive, member) for member in members}
    except FileNotFoundError as error:
        raise BadFileError(f"There is no file {path}.") from error
    except _BAD_ARCHIVE as error:
        raise BadFileError(f"{path} is damaged: its arrays cannot be read.") from error


def check_directory(path: Path) -> None:
    """Refuse an archive whose list of files is long, before `zipfile` builds an object for each of its lines.

    Raises `BadFileError`, and `OSError` when the file cannot be read.
    """
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 2**16 - 22, 0))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise BadFileError(f"{path.name} is damaged: it is not a whole .npz file; download or export it again.")
    (directory_bytes,) = struct.unpack_from("<I", tail, end + 12)
    if directory_bytes > MAX_DIRECTORY_BYTES or tail[max(end - 20, 0) : end].startswith(b"PK\x06\x07"):
        raise BadFileError(f"{path.name} holds far more arrays than is usual; it was not read.")


def read_header(data: bytes, name: str) -> ArrayHeader:
    """The header of the .npy file `data`; `name` is the file to speak of. Raises `BadFileError`."""
    width = 2 if data[6:7] == b"\x01" else 4
    length = int.from_bytes(data[8 : 8 + width], "little")
    start = 8 + width + length
    if data[:6] != b"\x93NUMPY" or length > MAX_HEADER_BYTES or len(data) < start:
        raise BadFileError(f"{name} is damaged: it holds something that is not a NumPy array.")
    match = _HEADER.fullmatch(data[8 + width : start])
    if match is None:
        raise BadFileError(f"{name} is damaged or of another kind: it holds an array of something other than numbers.")
    order, code, fortran, sides = (group.decode("ascii") for group in match.groups())
    shape = tuple(int(side.strip().rstrip("L")) for side in sides.split(",") if side.strip())
    return ArrayHeader(order.replace("|", "<"), code, fortran == "True", shape, start)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.number]:
    # NumPy writes no other kinds, and an LZMA header can ask for gigabytes.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("compressed in a way NumPy does not use")
    data = archive.read(member)
    header = read_header(data, str(archive.filename))
    if header.is_object:
        raise ValueError("not a plain numeric array")
    array = header.array(data)
    if header.start + array.nbytes != len(data):
        raise ValueError("more bytes than the header says")
    return array
