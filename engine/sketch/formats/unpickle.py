"""NumPy's pickled arrays of arrays, read without Python's unpickler.

`np.save` writes an array of objects as a pickle, a small program that may name and call any function of the machine
that runs it. Here its opcodes are interpreted over plain values: only the calls by which NumPy rebuilds an array of
numbers are known (under the names of NumPy 1 and 2, in the encodings of Python 2 and 3), and nothing is ever imported
or called by name. Source: PEP 307, PEP 3154 and the opcode list in the standard library's `pickletools`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadFileError

_RECONSTRUCT = "reconstruct an array"
_ARRAY = "the type of arrays"
_DTYPE = "the type of numbers"
_ENCODE = "encode text"
_BYTES = "the type of bytes"
_KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): _ARRAY,
    ("numpy", "dtype"): _DTYPE,
    ("_codecs", "encode"): _ENCODE,  # how Python 3 writes bytes for Python 2
    ("__builtin__", "bytes"): _BYTES,
    ("builtins", "bytes"): _BYTES,
}
_NUMBERS = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})
_OBJECTS = frozenset({"O", "O4", "O8"})
MAX_OPCODES = 20_000_000  # an array of 20 points takes some 30, and the largest published file has 100,000 arrays


@dataclass(frozen=True)
class _Name:
    """A name of `_KNOWN` on the stack: compared, never called."""

    meaning: str


@dataclass
class _Dtype:
    code: str
    order: str = "<"


@dataclass
class _Array:
    """An array under construction; BUILD gives it numbers, or the shape and entries of an array of objects."""

    numbers: NDArray[np.number] | None = None
    shape: tuple[int, ...] = ()
    entries: list[Any] | None = None


@dataclass(frozen=True)
class ObjectArray:
    """An array of objects: its shape and, in C order, its entries. Whatever is neither array nor number is None."""

    shape: tuple[int, ...]
    entries: tuple[NDArray[np.number] | float | None, ...]


def read_object_array(data: bytes, name: str) -> ObjectArray:
    """The array of objects pickled in `data`; `name` is the file to speak of.

    Raises `BadFileError` when the pickle is damaged or asks for anything but arrays of numbers.
    """
    try:
        top = _Machine(data, name).run()
        if not isinstance(top, _Array) or top.entries is None or len(top.entries) != math.prod(top.shape):
            raise BadFileError(f"{name} holds no list of drawings where one was expected; export it again.")
        return ObjectArray(top.shape, tuple(_entry(entry) for entry in top.entries))
    except (LookupError, ValueError, TypeError, OverflowError, struct.error) as error:
        raise BadFileError(f"{name} is damaged: its arrays cannot be rebuilt. Download or export it again.") from error


def _entry(value: object) -> NDArray[np.number] | float | None:
    if isinstance(value, _Array):
        return value.numbers
    return value if isinstance(value, int | float) else None


class _Machine:
    """The stack, the memo and the handlers of the opcodes that pickled arrays are made of."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._at = 0
        self._encoded = 0
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}  # not a list: its length would be the largest index, any 32-bit number
        push = self._stack.append
        self._handlers: dict[int, Callable[[], object]] = {
            0x80: lambda: self._take(1),  # PROTO
            0x95: lambda: self._take(8),  # FRAME
            ord("("): lambda: self._marks.append(len(self._stack)),
            ord("N"): lambda: push(None),
            0x88: lambda: push(True),
            0x89: lambda: push(False),
            ord("K"): lambda: push(self._take(1)[0]),
            ord("M"): lambda: push(self._unsigned(2)),
            ord("J"): lambda: push(int.from_bytes(self._take(4), "little", signed=True)),
            0x8A: lambda: push(int.from_bytes(self._take(self._unsigned(1)), "little", signed=True)),
            ord("G"): lambda: push(struct.unpack(">d", self._take(8))[0]),
            ord("U"): lambda: push(self._take(self._unsigned(1))),  # strings of Python 2 are bytes
            ord("T"): lambda: push(self._take(self._unsigned(4))),
            ord("C"): lambda: push(self._take(self._unsigned(1))),
            ord("B"): lambda: push(self._take(self._unsigned(4))),
            0x8E: lambda: push(self._take(self._unsigned(8))),
            0x8C: lambda: push(str(self._take(self._unsigned(1)), "utf-8")),
            ord("X"): lambda: push(str(self._take(self._unsigned(4)), "utf-8")),
            0x8D: lambda: push(str(self._take(self._unsigned(8)), "utf-8")),
            ord("]"): lambda: push([]),
            ord("a"): lambda: self._extend([self._stack.pop()]),
            ord("e"): lambda: self._extend(self._to_mark()),
            ord(")"): lambda: push(()),
            ord("t"): lambda: push(tuple(self._to_mark())),
            0x85: lambda: self._tuple(1),
            0x86: lambda: self._tuple(2),
            0x87: lambda: self._tuple(3),
            ord("q"): lambda: self._remember(self._unsigned(1)),
            ord("r"): lambda: self._remember(self._unsigned(4)),
            0x94: lambda: self._remember(len(self._memo)),
            ord("h"): lambda: push(self._memo[self._unsigned(1)]),
            ord("j"): lambda: push(self._memo[self._unsigned(4)]),
            ord("c"): lambda: self._name_of(self._line(), self._line()),
            0x93: self._stack_global,
            ord("R"): self._reduce,
            ord("b"): self._build,
        }

    def run(self) -> object:
        """What stands on the stack at STOP."""
        data, handlers = self._data, self._handlers
        count = 0
        while (opcode := data[self._at]) != ord("."):
            self._at += 1
            count += 1
            if count > MAX_OPCODES:
                raise BadFileError(f"{self._name} holds far more than drawings do; it was not read.")
            handler = handlers.get(opcode)
            if handler is None:
                raise BadFileError(
                    f"{self._name} holds more than arrays of numbers; it was not read, as such a file can run programs."
                )
            handler()
        return self._stack[-1]

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise ValueError("the pickle ends early")
        self._at += count
        return taken

    def _unsigned(self, width: int) -> int:
        return int.from_bytes(self._take(width), "little")

    def _line(self) -> str:
        end = self._data.index(b"\n", self._at, self._at + 200)
        return str(self._take(end + 1 - self._at)[:-1], "ascii")

    def _to_mark(self) -> list[Any]:
        mark = self._marks.pop()
        taken = self._stack[mark:]
        del self._stack[mark:]
        return taken

    def _tuple(self, count: int) -> None:
        if len(self._stack) < count:
            raise ValueError("the pickle takes more than is there")
        taken = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._stack.append(taken)

    def _extend(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise TypeError("only lists grow")
        target.extend(values)

    def _remember(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def _name_of(self, module: str, attribute: str) -> None:
        meaning = _KNOWN.get((module, attribute))
        if meaning is None:
            raise BadFileError(
                f"{self._name} asks for {module[:60]}.{attribute[:60]}; it was not read, as that may be unsafe."
            )
        self._stack.append(_Name(meaning))

    def _stack_global(self) -> None:
        attribute, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(module, str) and isinstance(attribute, str)):
            raise TypeError("a name is not text")
        self._name_of(module, attribute)

    def _reduce(self) -> None:
        arguments, called = self._stack.pop(), self._stack.pop()
        meaning = called.meaning if isinstance(called, _Name) else ""
        match meaning, arguments:
            case "reconstruct an array", (_Name(meaning="the type of arrays"), *_):
                self._stack.append(_Array())
            case "the type of numbers", (code, *_) if _text(code) in _NUMBERS | _OBJECTS:
                self._stack.append(_Dtype(_text(code)))
            case "encode text", (str() as text, "latin1"):
                self._encoded += len(text)
                # The same text encoded over and over would fill the memory from a small file.
                if self._encoded > len(self._data):
                    raise ValueError("more text than there is")
                self._stack.append(text.encode("latin1"))
            case "the type of bytes", ():
                self._stack.append(b"")
            case _:
                raise BadFileError(f"{self._name} holds arrays of something other than numbers; it was not read.")

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, _Dtype):
            target.order = {"<": "<", ">": ">", "=": "<", "|": "<"}[_text(state[1])]
            return
        if not isinstance(target, _Array):
            raise TypeError("only arrays and their types have a state")
        _version, shape, dtype, fortran, content = state
        if not isinstance(dtype, _Dtype) or not all(type(side) is int and side >= 0 for side in shape):
            raise TypeError("an array's state is not one")
        if dtype.code in _OBJECTS:
            if not isinstance(content, list) or (fortran and len(shape) > 1):
                raise TypeError("an array of objects has no list")
            target.shape, target.entries = tuple(shape), content
        else:
            numbers = np.frombuffer(content, dtype.order + dtype.code)
            target.numbers = numbers.reshape(shape, order="F" if fortran else "C")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin1")
    return value if isinstance(value, str) else ""
