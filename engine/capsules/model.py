"""Trained capsule networks, and those they are compared with, for the app and the command line: NumPy in and out.

Pictures are float32 [n, S, S] in [0, 1]. Everything is computed on the CPU; many pictures in bfloat16, as in training,
which is two to three times as fast and gave the same answers to all 10,000 test digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.capsules.baselines import Cnn, CnnConfig
from engine.capsules.config import CNN_KIND, KIND
from engine.capsules.network import DECODERS, KERNEL, CapsNet, CapsNetConfig
from engine.capsules.perturbation import swept
from engine.capsules.routing import predictions, route, routed
from engine.data.affine import padded, transformed
from engine.data.placement import Placement
from engine.errors import CheckpointError
from engine.runtime.building import take_numbers, without_numbers
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint, read_header

Array = NDArray[np.float32]
ConfigT = TypeVar("ConfigT", CapsNetConfig, CnnConfig)

MAX_ITERATIONS = 10
_AT_ONCE = 100
_MANY = 64
_LARGEST = {"image_size": 64, "channels": 512, "primary_types": 128, "primary_size": 64, "class_count": 100,
            "capsule_size": 64, "routings": MAX_ITERATIONS}  # fmt: skip


@dataclass(frozen=True)
class RoutingDetails:
    """Every iteration of routing one picture; r iterations, i children, j parents, d numbers in a parent.

    primary: the children u_i [i, p]. logits b_ij, couplings c_ij, agreement: [r, i, j]. outputs v_j: [r, j, d]. Child
    number t * grid^2 + y * grid + x is of type t at (y, x) of the grid.
    """

    primary: Array
    logits: Array
    couplings: Array
    agreement: Array
    outputs: Array

    @property
    def lengths(self) -> Array:
        """Of the digit capsules after each iteration, [r, j]."""
        found: Array = np.linalg.norm(self.outputs, axis=2)
        return found


class _Model:
    """What both kinds have in common."""

    def __init__(self, module: nn.Module, header: CheckpointHeader, side: int, class_count: int) -> None:
        self.header = header
        self.side = side
        self.class_names = _class_names(header, class_count)
        self.parameter_count = sum(parameter.numel() for parameter in module.parameters())

    @property
    def name(self) -> str:
        """The name in its file."""
        return self.header.name

    @property
    def class_count(self) -> int:
        """Classes that it tells apart."""
        return len(self.class_names)

    @property
    def data(self) -> str:
        """One of `engine.capsules.config.DATA_NAMES`: what it learned from."""
        return str(self.header.extra.get("data", ""))


class CapsuleModel(_Model):
    """A CapsNet from a checkpoint. Its methods are for one thread at a time."""

    def __init__(self, module: CapsNet, header: CheckpointHeader) -> None:
        """`load_capsules` makes one from a file."""
        super().__init__(module, header, module.config.image_size, module.config.class_count)
        self.module = module

    @property
    def capsule_size(self) -> int:
        """Numbers in a digit capsule."""
        return self.module.config.capsule_size

    @property
    def routings(self) -> int:
        """Iterations of routing in training."""
        return self.module.config.routings

    @property
    def grid(self) -> int:
        """Positions of primary capsules along a side."""
        return self.module.config.grid

    @property
    def can_reconstruct(self) -> bool:
        """Whether it has a decoder."""
        return self.module.config.decoder != "none"

    @torch.inference_mode()
    def capsules(self, pictures: Array, iterations: int = 0) -> Array:
        """The digit capsules v_j, [n, j, d], after `iterations` of routing; 0: as many as in training."""
        with _quickly(len(pictures)):
            parts = [
                routed(self.module.primary_capsules(part), self.module.weight, iterations or self.routings)
                for part in self._batches(pictures)
            ]
        return _numpy(torch.cat(parts)) if parts else np.empty((0, self.class_count, self.capsule_size), np.float32)

    @torch.inference_mode()
    def scores(self, pictures: Array) -> Array:
        """Lengths of the digit capsules, [n, j]: how present each class is, from 0 to 1."""
        found: Array = np.linalg.norm(self.capsules(pictures), axis=2)
        return found

    @torch.inference_mode()
    def details(self, picture: Array, iterations: int = 0) -> RoutingDetails:
        """Routing of one picture [S, S], iteration by iteration; 0: as many as in training."""
        (batch,) = self._batches(picture[None])
        primary = self.module.primary_capsules(batch)
        done = route(predictions(primary, self.module.weight), iterations or self.routings)
        stacked = [
            _numpy(torch.stack([getattr(each, name)[0] for each in done]))
            for name in ("logits", "couplings", "agreement", "outputs")
        ]
        return RoutingDetails(_numpy(primary[0].T), *stacked)

    @torch.inference_mode()
    def reconstruct(self, capsules: Array, classes: Sequence[int]) -> Array:
        """Pictures [n, S, S] from capsules [n, d], each that of one of `classes` [n]. Needs `can_reconstruct`."""
        chosen = torch.tensor(list(classes), dtype=torch.int64)
        full = torch.zeros(len(chosen), self.class_count, self.capsule_size)
        full[torch.arange(len(chosen)), chosen] = torch.from_numpy(np.asarray(capsules, np.float32))
        return _numpy(self.module.reconstruct(full, chosen)[:, 0])

    @torch.inference_mode()
    def sweep(self, capsule: Array, shown: int, offsets: Sequence[float]) -> Array:
        """The paper's figure 4: each number of the capsule [d] of class `shown` changed, [d, offsets, S, S]."""
        capsules = torch.zeros(self.class_count, self.capsule_size)
        capsules[shown] = torch.from_numpy(np.asarray(capsule, np.float32))
        return _numpy(swept(self.module, capsules, shown, offsets)[:, :, 0])

    def _batches(self, pictures: Array) -> list[Tensor]:
        return _batches(pictures, self.side)


class CnnModel(_Model):
    """A convolutional network from a checkpoint. Its methods are for one thread at a time."""

    def __init__(self, module: Cnn, header: CheckpointHeader) -> None:
        """`load_cnn` makes one from a file."""
        super().__init__(module, header, module.config.image_size, module.config.class_count)
        self.module = module

    @torch.inference_mode()
    def scores(self, pictures: Array) -> Array:
        """Logits, [n, j]."""
        with _quickly(len(pictures)):
            parts = [self.module(part) for part in _batches(pictures, self.side)]
        return _numpy(torch.cat(parts)) if parts else np.empty((0, self.class_count), np.float32)


def load_capsules(path: Path) -> CapsuleModel:
    """A CapsNet from a checkpoint. Raises `CheckpointError` with a sentence."""
    tensors, header = load_checkpoint(path, KIND)
    config = _config(header, CapsNetConfig)
    smallest = 2 * KERNEL - 1
    if config.decoder not in DECODERS or config.image_size < smallest:
        raise _strange(header)
    if config.decoder == "convolutions" and config.image_size % 4:
        raise _strange(header)
    with without_numbers():
        module = CapsNet(config)
    take_numbers(module, tensors, path.name)
    return CapsuleModel(module, header)


def load_cnn(path: Path) -> CnnModel:
    """A convolutional network from a checkpoint. Raises `CheckpointError` with a sentence."""
    tensors, header = load_checkpoint(path, CNN_KIND)
    config = _config(header, CnnConfig)
    if config.image_size < 16:
        raise _strange(header)
    with without_numbers():
        module = Cnn(config)
    take_numbers(module, tensors, path.name)
    return CnnModel(module, header)


def load_recogniser(path: Path) -> CapsuleModel | CnnModel:
    """Either of the two, by what the file says. Raises `CheckpointError` with a sentence."""
    return load_cnn(path) if read_header(path).kind == CNN_KIND else load_capsules(path)


def placed(picture: Array, placements: Sequence[Placement], side: int) -> Array:
    """A picture [h, w] on a ground of `side` pixels, once for each placement: [n, side, side]."""
    ground = padded(torch.from_numpy(np.asarray(picture, np.float32))[None, None], side)
    amounts = torch.tensor([placement.amounts for placement in placements])
    return _numpy(transformed(ground.expand(len(amounts), -1, -1, -1), amounts)[:, 0])


def _quickly(count: int) -> AbstractContextManager[None]:
    """bfloat16 for many pictures; one picture's answer stays exact, so that it moves smoothly under the hand."""
    context: AbstractContextManager[None] = torch.autocast("cpu", torch.bfloat16, enabled=count >= _MANY)
    return context


def _batches(pictures: Array, side: int) -> list[Tensor]:
    if pictures.ndim != 3 or pictures.shape[1:] != (side, side):
        raise ValueError(f"pictures [n, {side}, {side}] are needed, not {list(pictures.shape)}")
    given = torch.from_numpy(np.ascontiguousarray(pictures, np.float32))[:, None]
    return list(torch.split(given, _AT_ONCE)) if len(given) else []


def _config(header: CheckpointHeader, config_class: type[ConfigT]) -> ConfigT:
    values: dict[str, Any] = header.config
    wanted = config_class()
    if set(values) != set(wanted.__dataclass_fields__):
        raise _strange(header)
    for name, value in values.items():
        if type(value) is not type(getattr(wanted, name)):
            raise _strange(header)
        if type(value) is int and not 1 <= value <= _LARGEST[name]:
            raise _strange(header)
    return config_class(**values)


def _strange(header: CheckpointHeader) -> CheckpointError:
    return CheckpointError(f"The model {header.name} has a configuration that this program does not understand.")


def _class_names(header: CheckpointHeader, count: int) -> tuple[str, ...]:
    names = header.extra.get("class_names")
    if isinstance(names, list) and len(names) == count and all(isinstance(name, str) for name in names):
        return tuple(name[:40] for name in names)
    return tuple(str(number) for number in range(count))


def _numpy(tensor: Tensor) -> Array:
    found: Array = tensor.float().numpy()
    return found
