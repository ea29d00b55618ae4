"""Checkpoints come back as they were written, and a file that is not one is refused with a sentence."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import CheckpointError, SaveError
from engine.runtime import checkpoint
from engine.runtime.checkpoint import (
    CheckpointHeader,
    load_checkpoint,
    load_state,
    read_header,
    save_checkpoint,
    save_state,
)

TENSORS = {
    "weight": torch.linspace(-3, 3, 12).reshape(3, 4),
    "count": torch.tensor([1, 2, 3]),
    "empty": torch.zeros(0, 5),
}
HEADER = CheckpointHeader(
    kind="sketch",
    name="Katze 猫",
    config={"size": 8, "words": ["a", "b"]},
    data="made up",
    metrics={"L_R": 0.5, "step": 3.0},
    command="python -m engine",
    extra={"scale": 2.5, "inner": {"x": None}},
)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, TENSORS, HEADER)
    return path


def framed(text: bytes, body: bytes = b"") -> bytes:
    """The bytes of a safetensors file: the length of its header, the header, the numbers."""
    return struct.pack("<Q", len(text)) + text + body


def with_header(changes: dict[str, Any], tensors: dict[str, Any] | None = None, body: bytes = b"") -> bytes:
    """A file whose own header is a good one but for `changes`."""
    values = {
        "kind": "sketch", "name": "cat", "config": {}, "data": "", "metrics": {}, "command": "", "version": 1,
        "extra": {}, **changes,
    }  # fmt: skip
    metadata = {"morphospace": json.dumps(values)}
    return framed(json.dumps({"__metadata__": metadata, **(tensors or {})}).encode(), body)


@contextmanager
def disk_of(limit: int) -> Iterator[None]:
    """A system that takes no more than `limit` bytes into any one file."""
    import resource  # which Windows does not have

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_tensors_and_header_come_back_as_they_were(whole: Path) -> None:
    tensors, header = load_checkpoint(whole, "sketch")
    assert header == HEADER == read_header(whole)
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype and tensors[name].shape == tensor.shape
        torch.testing.assert_close(tensors[name], tensor, rtol=0, atol=0)


def test_half_precision_on_disk_is_single_precision_in_memory(whole: Path) -> None:
    small = whole.with_name("half.safetensors")
    tensors = {"weight": torch.rand(64, 64), "count": torch.tensor([2**40 + 1])}
    save_checkpoint(whole, tensors, HEADER)
    save_checkpoint(small, tensors, HEADER, torch.float16)
    assert whole.stat().st_size - small.stat().st_size == pytest.approx(64 * 64 * 2, abs=16)
    found, _ = load_checkpoint(small, "sketch")
    assert found["weight"].dtype == torch.float32
    torch.testing.assert_close(found["weight"], tensors["weight"].half().float(), rtol=0, atol=0)
    assert found["count"].item() == 2**40 + 1


def test_tensors_that_share_memory_are_each_written_whole(whole: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    save_checkpoint(whole, {"all": base, "turned": base.T, "row": base[1]}, HEADER)
    found, _ = load_checkpoint(whole, "sketch")
    torch.testing.assert_close(found["turned"], base.T)
    torch.testing.assert_close(found["row"], base[1])


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    numbers = {"step": 7, "random": {"state": 2**127 + 1}, "best": None, "rate": 1e-5}
    save_state(path, {"noise": torch.arange(5, dtype=torch.uint8), "half": torch.ones(2).half()}, numbers)
    tensors, found = load_state(path)
    assert found == numbers
    assert tensors["half"].dtype == torch.float16 and tensors["noise"].tolist() == [0, 1, 2, 3, 4]


def test_a_state_is_no_model_and_a_model_is_no_state(whole: Path) -> None:
    with pytest.raises(CheckpointError, match="not a checkpoint of Morphospace"):
        load_state(whole)
    save_state(whole, TENSORS, {"step": 1})
    with pytest.raises(CheckpointError, match="not a checkpoint of Morphospace"):
        read_header(whole)


def test_a_model_of_another_kind_is_named(whole: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model\.safetensors holds a sketch model; a melody model is needed"):
        load_checkpoint(whole, "melody")


def test_a_newer_version_is_named(whole: Path) -> None:
    whole.write_bytes(with_header({"version": 2}))
    with pytest.raises(CheckpointError, match="newer"):
        read_header(whole)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.safetensors", tmp_path):
        for read in (read_header, load_state):
            with pytest.raises(CheckpointError):
                read(path)


@pytest.mark.parametrize(
    "header",
    [
        {"name": None},
        {"kind": 3},
        {"config": []},
        {"version": "1"},
        {"extra": None},
        {"unknown": 1},
        {"metrics": [1]},
        {"metrics": {"L_R": 10**400}},
    ],
)
def test_a_header_of_wrong_types_is_refused(whole: Path, header: dict[str, Any]) -> None:
    whole.write_bytes(with_header(header))
    with pytest.raises(CheckpointError, match="does not understand"):
        read_header(whole)


def test_figures_that_are_no_numbers_are_left_out(whole: Path) -> None:
    whole.write_bytes(with_header({"metrics": {"good": 1, "text": "2", "list": [3]}}))
    assert read_header(whole).metrics == {"good": 1.0}


@pytest.mark.parametrize("name", ["", "   ", "\ud800", "a\nb", "\x1b[31mred", "x" * 100_000])
def test_a_name_is_made_fit_to_be_shown(whole: Path, name: str) -> None:
    whole.write_bytes(with_header({"name": name}))
    shown = read_header(whole).name
    assert shown and shown.isprintable() and shown == shown.strip() and len(shown) <= 200


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        framed(b""),
        framed(b"{"),
        framed(b"[]"),
        framed(b"null"),
        framed(b"{}"),
        framed(b'{"__metadata__": 5}'),
        framed(b'{"__metadata__": {"morphospace": 5}}'),
        framed(b'{"__metadata__": {"morphospace": "[]"}}'),
        framed(b'{"__metadata__": {"morphospace": "\xff"}}'),
        framed(b"[" * 100_000),
        framed(json.dumps({"__metadata__": {"morphospace": "[" * 100_000}}).encode()),
        framed(b'{"__metadata__": {"morphospace": "%s"}}' % (b"9" * 5000)),
        b"PK\x03\x04" + b"\0" * 100,
        b"\x80\x02}q\x00." + b"\0" * 100,
    ],
)
def test_what_is_no_checkpoint_is_refused(whole: Path, data: bytes) -> None:
    whole.write_bytes(data)
    for read in (read_header, load_state):
        with pytest.raises(CheckpointError, match=r"model\.safetensors"):
            read(whole)


@pytest.mark.parametrize(
    "tensor",
    [
        {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [2**62], "data_offsets": [0, 2**64 - 1]},
        {"dtype": "F32", "shape": [4], "data_offsets": [0, 1600]},
        {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]},
        {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": [400], "data_offsets": [0, 16]},
        {"dtype": "F32", "shape": "4", "data_offsets": [0, 16]},
        {"dtype": "object", "shape": [4], "data_offsets": [0, 16]},
        {"dtype": "F6_E3M2", "shape": [16], "data_offsets": [0, 12]},
        {"shape": [4], "data_offsets": [0, 16]},
        "text",
        None,
    ],
)
def test_tensors_that_are_not_there_are_refused(whole: Path, tensor: Any) -> None:
    whole.write_bytes(with_header({}, {"weight": tensor}, bytes(16)))
    with pytest.raises(CheckpointError, match=r"model\.safetensors is damaged or cut short"):
        load_checkpoint(whole, "sketch")


@pytest.mark.parametrize("dtype", ["F4", "F8_E4M3"])
def test_packed_numbers_are_refused(whole: Path, dtype: str) -> None:
    count = 32 if dtype == "F4" else 16
    tensor = {"dtype": dtype, "shape": [count], "data_offsets": [0, 16]}
    whole.write_bytes(with_header({}, {"weight": tensor}, bytes(16)))
    with pytest.raises(CheckpointError, match="number format"):
        load_checkpoint(whole, "sketch")


def test_tensors_that_overlap_are_refused(whole: Path) -> None:
    same = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    whole.write_bytes(with_header({}, {f"w{i}": same for i in range(1000)}, bytes(16)))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(whole, "sketch")


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 2**32, checkpoint.MAX_HEADER_BYTES + 1, 1_000_000])
def test_a_promised_length_takes_no_memory(whole: Path, length: int) -> None:
    whole.write_bytes(struct.pack("<Q", length) + whole.read_bytes()[8:])
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match="cut short"):
            load_checkpoint(whole, "sketch")
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_a_header_beyond_its_bound_is_not_read(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "MAX_HEADER_BYTES", 100)
    with pytest.raises(CheckpointError):
        read_header(whole)


def test_a_file_beyond_its_bound_is_not_read(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "MAX_FILE_BYTES", whole.stat().st_size - 1)
    with pytest.raises(CheckpointError, match="by its size"):
        read_header(whole)


def test_a_file_cut_anywhere_is_refused(whole: Path) -> None:
    data = whole.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    places = {0, 1, 7, 8, 9, 10, end - 1, end, end + 1, len(data) - 1, *range(0, len(data), 97)}
    for place in sorted(places):
        whole.write_bytes(data[:place])
        with pytest.raises(CheckpointError, match=r"model\.safetensors"):
            load_checkpoint(whole, "sketch")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_give_a_model_or_a_refusal(whole: Path, data: st.DataObject) -> None:
    save_checkpoint(whole, TENSORS, HEADER)
    changed = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        byte = data.draw(st.one_of(st.sampled_from(b'0123456789-eE.[]{},:"\\nulF'), st.integers(0, 255)))
        changed[data.draw(st.integers(0, len(changed) - 1))] = byte
    whole.write_bytes(changed)
    with suppress(CheckpointError):
        read_header(whole)
    with suppress(CheckpointError):
        tensors, _ = load_checkpoint(whole, "sketch")
        # The tensors lie beside one another in the file, so they take no more than it, even widened to float32.
        assert sum(tensor.numel() for tensor in tensors.values()) <= len(changed)


words = st.text(max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["kind", "name", "config", "metrics", "version", "extra", "new"]), json_values))
def test_any_header_is_read_or_refused(whole: Path, values: dict[str, Any]) -> None:
    whole.write_bytes(with_header(values))
    with suppress(CheckpointError):
        header = read_header(whole)
        assert all(isinstance(value, float) for value in header.metrics.values())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
def test_a_full_disk_leaves_the_old_checkpoint_whole(whole: Path) -> None:
    before = whole.read_bytes()
    large = {"weight": torch.zeros(10_000)}
    with disk_of(4096):
        with pytest.raises(SaveError, match=r"model\.safetensors could not be saved"):
            save_checkpoint(whole, large, HEADER)
        with pytest.raises(SaveError):
            save_state(whole, large, {"step": 1})
    assert whole.read_bytes() == before
    assert [path.name for path in whole.parent.iterdir()] == ["model.safetensors"]
