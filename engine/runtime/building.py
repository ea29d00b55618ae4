"""Building a network whose numbers come from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from engine.errors import CheckpointError

MAX_PARAMETERS = 200_000_000

_DRAWS = ("normal_", "uniform_", "kaiming_uniform_", "kaiming_normal_")


@contextmanager
def without_numbers() -> Iterator[None]:
    """Modules made within have shapes and take no memory; load a state with `assign=True` to use them.

    Nor does it draw random numbers: for a meta tensor torch loads its compiler to do so, which takes a second.
    """
    with torch.device("meta"), _NoRandomNumbers():
        yield


def take_numbers(module: nn.Module, tensors: Mapping[str, Tensor], file_name: str) -> None:
    """Fill a module that was made `without_numbers` with the tensors of a file, and prepare it for use, not training.

    Filters are kept with the channels last, as networks here are trained, whatever their layout in the file.
    Raises `CheckpointError` when the module is too large, the tensors are not its own, or a number is not finite.
    """
    if sum(parameter.numel() for parameter in module.parameters()) > MAX_PARAMETERS:
        raise CheckpointError(f"{file_name} describes a model that is too large to open.")
    wanted = {name: tensor.dtype for name, tensor in module.state_dict().items()}
    misfit = CheckpointError(f"The tensors of {file_name} do not fit the model that its header describes.")
    if wanted != {name: tensor.dtype for name, tensor in tensors.items()}:
        raise misfit
    try:
        module.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise misfit from error
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise CheckpointError(f"{file_name} holds numbers that are not finite; its training went wrong.")
    module.requires_grad_(False).eval()
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


class _NoRandomNumbers(TorchFunctionMode):
    """Leaves new tensors as they are, under each name by which a draw may come: torch.nn.init's and the tensor's."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__name__", "") in _DRAWS:
            return args[0] if args else given["tensor"]
        return func(*args, **given)
