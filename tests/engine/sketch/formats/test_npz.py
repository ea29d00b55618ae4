"""The .npz reader: the published layout, plain arrays, limits, and files that mean harm."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import BadFileError
from engine.sketch.formats import npz
from engine.sketch.formats.npz import read_npz
from engine.sketch.strokes import to_stroke3

Array = np.ndarray


def objects(arrays: list[Array]) -> Array:
    box = np.empty(len(arrays), dtype=object)
    box[:] = arrays
    return box


def strokes(seed: int, points: int, dtype: type = np.int16) -> Array:
    rng = np.random.default_rng(seed)
    out: Array = rng.integers(-50, 50, (points, 3)).astype(dtype)
    out[:, 2] = rng.random(points) < 0.3
    out[0, 0] = 3  # the first row is no dot
    out[-1, 2] = 1
    return out


def saved(path: Path, **arrays: Array) -> Path:
    np.savez_compressed(path, allow_pickle=True, **arrays)
    return path


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_reads_the_published_layout(tmp_path: Path, dtype: type) -> None:
    train = [strokes(i, 5 + i, dtype) for i in range(6)]
    valid, test = [strokes(10, 4, dtype)], [strokes(20, 7, dtype), strokes(21, 3, dtype)]
    path = saved(
        tmp_path / "school_bus.npz", test=objects(test), train=objects(train), valid=np.array(valid, dtype=object)
    )
    result = read_npz(path)
    assert result.splits == ["train"] * 6 + ["valid"] + ["test"] * 2
    assert result.simplified and not result.skipped
    assert {drawing.word for drawing in result.drawings} == {"school bus"}
    for drawing, expected in zip(result.drawings, [*train, *valid, *test], strict=True):
        np.testing.assert_allclose(to_stroke3(drawing), expected, atol=1e-4)


def test_a_limit_is_shared_among_the_parts(tmp_path: Path) -> None:
    parts = {name: objects([strokes(i, 4 + i % 3) for i in range(n)]) for name, n in [("train", 80), ("test", 20)]}
    result = read_npz(saved(tmp_path / "a.npz", **parts), limit=10)
    assert result.splits == ["train"] * 8 + ["test"] * 2


def test_a_limit_of_none_at_all_gives_none(tmp_path: Path) -> None:
    assert read_npz(saved(tmp_path / "a.npz", train=objects([strokes(0, 4)])), limit=0).drawings == []


def test_reads_plain_numbers_as_drawings_of_no_part(tmp_path: Path) -> None:
    one, many = strokes(0, 9, np.float32), np.stack([strokes(i, 6, np.float32) for i in range(3)])
    result = read_npz(saved(tmp_path / "mine.npz", one=one, many=np.asfortranarray(many)))
    assert len(result.drawings) == 4
    assert result.splits == () and not result.simplified
    np.testing.assert_allclose(to_stroke3(result.drawings[0]), one, atol=1e-4)
    np.testing.assert_allclose(to_stroke3(result.drawings[3]), many[2], atol=1e-4)


def test_leaves_out_what_is_no_drawing_and_counts_why(tmp_path: Path) -> None:
    long = np.ones((20_001, 3), np.int16)
    bad = np.array([[np.nan, 0, 1.0]])
    far = np.array([[1e30, 0, 1.0]])
    train = objects([strokes(0, 4), np.zeros((5, 2)), np.zeros((0, 3)), long, bad, far, strokes(1, 4)])
    result = read_npz(saved(tmp_path / "mixed.npz", train=train, labels=np.arange(5)))
    assert len(result.drawings) == 2
    assert result.skipped == {npz.NOT_STROKES: 2, npz.EMPTY: 1, npz.TOO_LONG: 1, npz.NOT_FINITE: 2}
    assert result.splits == ["train", "train"]


def test_counts_what_comes_after_the_last_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "MAX_ARRAYS", 3)
    result = read_npz(saved(tmp_path / "many.npz", train=objects([strokes(i, 4 + i) for i in range(5)])))
    assert len(result.drawings) == 3
    assert result.skipped == {npz.BEYOND: 2}


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"images": np.zeros((4, 28, 28), np.uint8)}, "no drawings"),
        ({"names": np.array(["a", "b"])}, "other than numbers"),
        ({"rows": np.zeros(3, [("x", "f4")])}, "other than numbers"),
    ],
)
def test_says_what_a_file_without_drawings_lacks(tmp_path: Path, arrays: dict[str, Array], says: str) -> None:
    with pytest.raises(BadFileError, match=says):
        read_npz(saved(tmp_path / "other.npz", **arrays))


def test_refuses_a_missing_file_and_a_file_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="cannot be read"):
        read_npz(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(BadFileError, match="not a whole"):
        read_npz(tmp_path / "text.npz")


class _Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.path}'",)


def test_refuses_a_file_that_runs_a_command(tmp_path: Path) -> None:
    victim = tmp_path / "touched"
    box = np.empty(1, dtype=object)
    box[0] = _Attack(victim)
    with pytest.raises(BadFileError, match=r"system"):
        read_npz(saved(tmp_path / "evil.npz", train=box))
    assert not victim.exists()


def test_refuses_a_zip_bomb_before_unpacking_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "bomb.npz", train=np.zeros((100_000, 3), np.int16))
    assert path.stat().st_size < 5_000
    monkeypatch.setattr(npz, "MAX_BYTES", 50_000)
    with pytest.raises(BadFileError, match="far more"):
        read_npz(path)


def test_refuses_too_many_entries(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="far more"):
        read_npz(saved(tmp_path / "many.npz", **{f"a{i}": strokes(i, 3) for i in range(65)}))
    with zipfile.ZipFile(tmp_path / "long.npz", "w") as archive:
        for i in range(700):
            archive.writestr(f"{i:0100}.txt", b"")
    with pytest.raises(BadFileError, match="far more"):
        read_npz(tmp_path / "long.npz")


def test_refuses_a_compression_that_can_ask_for_gigabytes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, strokes(0, 5))
    with zipfile.ZipFile(tmp_path / "lzma.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("train.npy", buffer.getvalue())
    with pytest.raises(BadFileError, match="compressed"):
        read_npz(tmp_path / "lzma.npz")


def with_npy_header(path: Path, header: bytes, body: bytes = bytes(30)) -> Path:
    """An archive of one array whose header is written by hand."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body)
    return path


@pytest.mark.parametrize("shape", ["(1000000000, 0, 3)", "(99999999999999999999, 3)", "(7, 3)", "(300001, 1, 3)"])
def test_refuses_a_header_that_promises_too_much(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '<i2', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    with pytest.raises(BadFileError):
        read_npz(with_npy_header(tmp_path / "header.npz", header))


@pytest.mark.parametrize("kind", ["<i16", "<b8", "<f3", "|u99", "<c8", "|V8", "<M8[ns]", "<U4"])
def test_refuses_numbers_of_a_kind_that_no_drawing_has(tmp_path: Path, kind: str) -> None:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': (1, 3), }}\n".encode()
    with pytest.raises(BadFileError, match=r"header\.npz"):
        read_npz(with_npy_header(tmp_path / "header.npz", header, bytes(1000)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.from_regex(r"[<>|=]?[biufO]\d{0,2}", fullmatch=True), st.from_regex(r"[\dL, ]{0,30}", fullmatch=True))
def test_any_array_header_gives_drawings_or_a_bad_file(tmp_path: Path, kind: str, shape: str) -> None:
    header = f"{{'descr': '{kind}', 'fortran_order': True, 'shape': ({shape}), }}\n".encode()
    try:
        assert read_npz(with_npy_header(tmp_path / "header.npz", header)).drawings
    except BadFileError as error:
        assert "header.npz" in str(error)


def test_a_drawing_of_one_point_is_a_dot(tmp_path: Path) -> None:
    dot = np.array([[0, 0, 1]], np.int16)
    (drawing,) = read_npz(saved(tmp_path / "dot.npz", train=objects([dot]))).drawings
    assert [stroke.tolist() for stroke in drawing.strokes] == [[[0, 0]]]


def test_a_drawing_of_fifty_thousand_points_is_left_out(tmp_path: Path) -> None:
    long = np.ones((50_000, 3), np.float32)
    result = read_npz(saved(tmp_path / "long.npz", train=objects([long, strokes(0, 4)])))
    assert len(result.drawings) == 1 and result.skipped == {npz.TOO_LONG: 1}
    with pytest.raises(BadFileError, match="no drawings"):
        read_npz(saved(tmp_path / "long.npz", drawing=long))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.booleans())
def test_damaged_bytes_give_drawings_or_a_bad_file(tmp_path: Path, data: st.DataObject, compressed: bool) -> None:
    path = tmp_path / "damaged.npz"
    write = np.savez_compressed if compressed else np.savez
    write(path, train=objects([strokes(1, 5), strokes(2, 3)]), other=strokes(3, 4, np.float32))
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(len(whole) // 2, len(whole)))])
    try:
        assert read_npz(path).drawings
    except BadFileError as error:
        assert "damaged.npz" in str(error)
