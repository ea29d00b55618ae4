"""Arrays of plain numbers come back as they were saved; whatever else a file holds is refused with a sentence."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import BadFileError
from engine.runtime.arrays import MAX_ARRAYS, MAX_BYTES, read_arrays


def saved(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", ">i4", "float16", "<f8", "int64"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 3)])
def test_numbers_of_every_kind_read_back(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    found = read_arrays(saved(tmp_path / "a.npz", one=array, two=array + array))
    np.testing.assert_array_equal(found["one"], array)
    assert found["one"].dtype == array.dtype and found["one"].shape == shape and set(found) == {"one", "two"}


def test_the_order_of_columns_and_compression_make_no_difference(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    np.savez_compressed(tmp_path / "a.npz", a=array)
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npz")["a"], array)


@pytest.mark.parametrize("array", [np.array([{}], object), np.array(["text"]), np.zeros(2, "c8"), np.zeros(3, "f4,i2")])
def test_anything_but_plain_numbers_is_refused(tmp_path: Path, array: object) -> None:
    with pytest.raises(BadFileError, match="damaged"):
        read_arrays(saved(tmp_path / "a.npz", a=array))


def test_files_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    (tmp_path / "long.npz").write_bytes(b"")
    with (tmp_path / "long.npz").open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(MAX_BYTES + 1))
    with zipfile.ZipFile(tmp_path / "many.npz", "w") as archive:
        for index in range(MAX_ARRAYS + 1):
            archive.writestr(f"{index}.npy", b"")
    for name in ("long", "bomb", "many"):
        with pytest.raises(BadFileError, match="too large"):
            read_arrays(tmp_path / f"{name}.npz")
    with zipfile.ZipFile(tmp_path / "crowd.npz", "w") as archive:
        for index in range(2000):
            archive.writestr(f"{index}.npy", b"")
    with pytest.raises(BadFileError, match="far more arrays"):
        read_arrays(tmp_path / "crowd.npz")


def test_compression_that_numpy_does_not_use_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", b"x" * 100)
    with pytest.raises(BadFileError, match="damaged"):
        read_arrays(tmp_path / "a.npz")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="There is no file"):
        read_arrays(tmp_path / "none.npz")
    with pytest.raises(BadFileError, match="damaged"):
        read_arrays(tmp_path)


def whole() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, density=np.arange(64.0).reshape(8, 8))
    return buffer.getvalue()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(
    st.binary(max_size=300),
    st.integers(0, len(whole()) - 1).map(lambda cut: whole()[:cut]),
    st.tuples(st.integers(0, len(whole()) - 1), st.binary(min_size=1, max_size=4)).map(
        lambda edit: whole()[: edit[0]] + edit[1] + whole()[edit[0] + len(edit[1]) :]
    ),
))  # fmt: skip
@example(b"PK\x05\x06" + bytes(18))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(data)
    try:
        found = read_arrays(tmp_path / "a.npz")
    except BadFileError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert all(array.dtype.kind in "biuf" for array in found.values())
