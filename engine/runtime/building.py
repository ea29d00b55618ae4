"""Building a network whose numbers come from a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_DRAWS = ("normal_", "uniform_", "kaiming_uniform_", "kaiming_normal_")


@contextmanager
def without_numbers() -> Iterator[None]:
    """Modules made within have shapes and take no memory; load a state with `assign=True` to use them.

    Nor does it draw random numbers: for a meta tensor torch loads its compiler to do so, which takes a second.
    """
    with torch.device("meta"), _NoRandomNumbers():
        yield


class _NoRandomNumbers(TorchFunctionMode):
    """Leaves new tensors as they are, under each name by which a draw may come: torch.nn.init's and the tensor's."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__name__", "") in _DRAWS:
            return args[0] if args else given["tensor"]
        return func(*args, **given)
