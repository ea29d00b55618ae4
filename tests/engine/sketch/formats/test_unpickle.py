"""The reader of pickled arrays: what NumPy writes comes back, and nothing else is even named."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadFileError
from engine.sketch.formats import unpickle
from engine.sketch.formats.unpickle import read_object_array

ARRAYS: list[np.ndarray] = [
    np.array([[1, -2, 0], [300, 4, 1]], np.int16),
    np.array([[0.5, 1e-3, 0], [2, 3, 1], [4, 5, 1]], np.float32),
    np.asfortranarray(np.arange(12, dtype=np.float64).reshape(4, 3)),
    np.arange(6).reshape(2, 3).astype(">i4"),
    np.zeros((0, 3), np.uint8),
]


def pickled(arrays: list[np.ndarray], protocol: int) -> bytes:
    box = np.empty(len(arrays), dtype=object)
    box[:] = arrays
    return pickle.dumps(box, protocol)


def python2_pickle(array: np.ndarray) -> bytes:
    """What NumPy under Python 2 wrote for a list of one int16 array: byte strings, and types named once."""
    raw = array.astype("<i2").tobytes()

    def reconstruct() -> bytes:
        return b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"

    def dtype(code: bytes, order: bytes, flags: int) -> bytes:
        unset = b"J" + struct.pack("<i", -1)
        return (
            b"cnumpy\ndtype\nU" + bytes([len(code)]) + code + b"K\x00K\x01\x87R(K\x03U\x01" + order
            + b"NNN" + unset + unset + b"K" + bytes([flags]) + b"tb"
        )  # fmt: skip

    rows, columns = array.shape
    inner = (
        reconstruct() + b"(K\x01K" + bytes([rows]) + b"K" + bytes([columns]) + b"\x86" + dtype(b"i2", b"<", 0)
        + b"\x89T" + struct.pack("<I", len(raw)) + raw + b"tb"
    )  # fmt: skip
    return b"\x80\x02" + reconstruct() + b"(K\x01K\x01\x85" + dtype(b"O8", b"|", 63) + b"\x89](" + inner + b"etb."


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_reads_what_numpy_writes(protocol: int) -> None:
    found = read_object_array(pickled(ARRAYS, protocol), "some.npz")
    assert found.shape == (len(ARRAYS),)
    for entry, expected in zip(found.entries, ARRAYS, strict=True):
        assert isinstance(entry, np.ndarray)
        assert entry.dtype == expected.dtype
        np.testing.assert_array_equal(entry, expected)


def test_reads_the_names_of_numpy_1() -> None:
    data = pickled(ARRAYS[:1], 2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    np.testing.assert_array_equal(read_object_array(data, "old.npz").entries[0], ARRAYS[0])


def test_reads_the_byte_strings_of_python_2() -> None:
    data = python2_pickle(ARRAYS[0])
    np.testing.assert_array_equal(pickle.loads(data, encoding="latin1")[0], ARRAYS[0])
    np.testing.assert_array_equal(read_object_array(data, "old.npz").entries[0], ARRAYS[0])


def test_keeps_numbers_and_drops_other_entries() -> None:
    box = np.empty(3, dtype=object)
    box[:] = [7, "text", None]
    assert read_object_array(pickle.dumps(box, 4), "odd.npz").entries == (7, None, None)


class _Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.path}'",)


@pytest.mark.parametrize("protocol", [2, 4])
def test_refuses_a_command_and_does_not_run_it(tmp_path: Path, protocol: int) -> None:
    victim = tmp_path / "touched"
    box = np.empty(1, dtype=object)
    box[0] = _Attack(victim)
    data = pickle.dumps(box, protocol)
    with pytest.raises(BadFileError, match=r"evil\.npz asks for (posix|nt)\.system"):
        read_object_array(data, "evil.npz")
    assert not victim.exists()
    pickle.loads(data)
    assert victim.exists()  # or the file above would have proved nothing


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02cbuiltins\neval\n.",
        b"\x80\x02cnumpy\nload\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x04load\x93.",
        b"\x80\x02(cnumpy\nndarray\nK\x03i__builtin__\neval\n.",  # INST
        b"\x80\x02cnumpy\nndarray\nK\x09\x85R.",  # calling a known type with other arguments
        b"\x80\x02cnumpy\ndtype\nX\x05\x00\x00\x00(9,)i\x85R.",
        b"\x80\x02P0\n.",  # a persistent id
    ],
)
def test_refuses_every_other_name_call_and_opcode(data: bytes) -> None:
    with pytest.raises(BadFileError):
        read_object_array(data, "evil.npz")


def test_a_far_memo_index_takes_no_memory() -> None:
    data = b"\x80\x02Nr\xff\xff\xff\xff" + pickled(ARRAYS[:1], 2)[2:]
    assert len(read_object_array(data, "memo.npz").entries) == 1


def test_refuses_text_encoded_over_and_over() -> None:
    encode = b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"
    data = b"\x80\x02X" + struct.pack("<I", 4000) + b"a" * 4000 + b"q\x00" + encode * 50 + b"."
    with pytest.raises(BadFileError, match="damaged"):
        read_object_array(data, "bomb.npz")


def test_refuses_endless_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickle, "MAX_OPCODES", 100)
    with pytest.raises(BadFileError, match="far more"):
        read_object_array(b"\x80\x02" + b"N" * 101 + b".", "long.npz")


@given(st.data(), st.sampled_from([2, 3, 4]))
def test_damaged_bytes_give_an_array_or_a_bad_file(data: st.DataObject, protocol: int) -> None:
    whole = bytearray(pickled(ARRAYS, protocol))
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        read_object_array(bytes(whole[:cut]), "damaged.npz")
    except BadFileError as error:
        assert "damaged.npz" in str(error)


@given(st.binary(max_size=300))
def test_any_bytes_give_an_array_or_a_bad_file(data: bytes) -> None:
    with pytest.raises(BadFileError):
        read_object_array(b"\x80\x02" + data, "noise.npz")
