"""Checkpoints: safetensors with a JSON header, written atomically, bounded before anything is read into memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from engine.errors import CheckpointError
from engine.runtime.atomic import write_bytes

FORMAT_VERSION = 1
SUFFIX = ".safetensors"
MAX_FILE_BYTES = 4 * 2**30
MAX_HEADER_BYTES = 4 * 2**20
MAX_NAME_LENGTH = 200
_MODEL_KEY = "morphospace"
_STATE_KEY = "morphospace_state"
_DTYPES = frozenset({
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool, torch.uint8, torch.int8, torch.int16,
    torch.int32, torch.int64,
})


@dataclass(frozen=True)
class CheckpointHeader:
    """What a checkpoint says of itself.

    kind: the engine package it belongs to ("sketch"). config: what builds the model again. data: where its training
    data came from and the licence. command: what trained it. extra: what else the kind needs, such as the scale factor.
    """

    kind: str
    name: str
    config: dict[str, Any]
    data: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    command: str = ""
    version: int = FORMAT_VERSION
    extra: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(
    path: Path, tensors: Mapping[str, torch.Tensor], header: CheckpointHeader, dtype: torch.dtype | None = None
) -> None:
    """Write a model; `dtype` (such as torch.float16) is how floating tensors are stored. Raises `SaveError`."""
    stored = {
        name: _plain(tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor)
        for name, tensor in tensors.items()
    }
    write_bytes(path, save(stored, {_MODEL_KEY: json.dumps(asdict(header))}))


def load_checkpoint(path: Path, kind: str) -> tuple[dict[str, torch.Tensor], CheckpointHeader]:
    """The tensors (floating ones as float32) and the header of a model of `kind`.

    Raises `CheckpointError` with a sentence when the file is damaged or holds a model of another kind.
    """
    header = read_header(path)
    if header.kind != kind:
        raise CheckpointError(f"{path.name} holds a {header.kind} model; a {kind} model is needed here.")
    tensors = {name: t.float() if t.is_floating_point() else t for name, t in _tensors(path).items()}
    return tensors, header


def read_header(path: Path) -> CheckpointHeader:
    """The header alone, without reading the tensors. Raises `CheckpointError`."""
    values = _metadata(path, _MODEL_KEY)
    wanted: dict[str, type | tuple[type, ...]] = {
        "kind": str, "name": str, "config": dict, "data": str, "metrics": dict, "command": str, "version": int,
        "extra": dict,
    }
    if set(values) != set(wanted) or not all(isinstance(values[name], kind) for name, kind in wanted.items()):
        raise CheckpointError(f"{path.name} has a header that this program does not understand.")
    if values["version"] > FORMAT_VERSION:
        raise CheckpointError(f"{path.name} was written by a newer Morphospace; update to open it.")
    try:
        metrics = {str(k): float(v) for k, v in values["metrics"].items() if isinstance(v, int | float)}
    except OverflowError as error:
        raise CheckpointError(f"{path.name} has a header that this program does not understand.") from error
    name = _showable(values["name"]) or _showable(path.stem) or "model"
    return CheckpointHeader(**{**values, "name": name, "metrics": metrics})


def save_state(path: Path, tensors: Mapping[str, torch.Tensor], numbers: Mapping[str, Any]) -> None:
    """Write everything that a run needs to go on: tensors and JSON numbers. Raises `SaveError`."""
    write_bytes(path, save({name: _plain(t) for name, t in tensors.items()}, {_STATE_KEY: json.dumps(dict(numbers))}))


def load_state(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """What `save_state` wrote. Raises `CheckpointError`."""
    numbers = _metadata(path, _STATE_KEY)
    return _tensors(path), numbers


def load_state_numbers(path: Path) -> dict[str, Any]:
    """The numbers of what `save_state` wrote, without reading the tensors. Raises `CheckpointError`."""
    return _metadata(path, _STATE_KEY)


def _showable(name: str) -> str:
    """The name without what breaks lines, terminals and encodings, and not too long for a list."""
    return "".join(sign for sign in name[: 2 * MAX_NAME_LENGTH] if sign.isprintable()).strip()[:MAX_NAME_LENGTH].strip()


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """On the CPU, contiguous and not sharing memory with another tensor, as safetensors asks."""
    return tensor.detach().to("cpu").contiguous().clone()


def _metadata(path: Path, key: str) -> dict[str, Any]:
    """The JSON under `key` in the file's own metadata, every length checked against the file before it is read."""
    try:
        size = path.stat().st_size
        if not 8 < size <= MAX_FILE_BYTES:
            raise CheckpointError(f"{path.name} cannot be a checkpoint by its size; it is cut short or another file.")
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
                raise CheckpointError(f"{path.name} is not a safetensors file, or it is cut short.")
            header = json.loads(file.read(length))
        values = json.loads(header["__metadata__"][key])
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is not a checkpoint of Morphospace.") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path.name} is not a checkpoint of Morphospace.")
    return values


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} is damaged or cut short; its tensors cannot be read.") from error
    # The format knows packed numbers of 4 and 8 bits, with which torch cannot compute.
    if any(tensor.dtype not in _DTYPES for tensor in tensors.values()):
        raise CheckpointError(f"{path.name} holds tensors in a number format that is not used here.")
    return tensors
