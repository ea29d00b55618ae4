"""The state of any torch optimiser as a flat dictionary of tensors, and back, checked against its parameters."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Its state as `INDEX.KEY` -> tensor, such as `0.exp_avg`; keys without a value are left out."""
    return {
        f"{index}.{key}": torch.as_tensor(value)
        for index, values in optimiser.state_dict()["state"].items()
        for key, value in values.items()
        if value is not None
    }


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Take on what `optimiser_tensors` gave for an optimiser of the same parameters; raises `ValueError` otherwise.

    Each tensor is laid out in memory as its parameter is: torch's fused kernels walk through both side by side, and
    would mix up the values of a parameter that is kept with its channels last.
    """
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    grouped: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        number = int(index)
        if not 0 <= number < len(parameters) or tensor.shape not in (torch.Size([]), parameters[number].shape):
            raise ValueError(f"{name} does not belong to this optimiser")
        if tensor.dim():
            tensor = torch.empty_like(parameters[number], dtype=tensor.dtype).copy_(tensor)
        grouped.setdefault(number, {})[key] = tensor
    if len({frozenset(values) for values in grouped.values()}) > 1:
        raise ValueError("the state of some parameters is incomplete")
    state = optimiser.state_dict()
    state["state"] = grouped
    optimiser.load_state_dict(state)
