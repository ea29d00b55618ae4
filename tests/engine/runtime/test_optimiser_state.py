"""The state of an optimiser as plain tensors: an optimiser that takes it on makes the very same steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from engine.runtime.optimiser_state import load_optimiser, optimiser_tensors

Maker = Callable[[list[nn.Parameter]], torch.optim.Optimizer]
OPTIMISERS: dict[str, Maker] = {
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.1, fused=True),
    "amsgrad": lambda parameters: torch.optim.Adam(parameters, lr=0.1, amsgrad=True, fused=True),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=0.1, fused=True),
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, fused=True),
    "rmsprop": lambda parameters: torch.optim.RMSprop(parameters, lr=0.1, foreach=True),
}


def _parameters() -> list[nn.Parameter]:
    """A kernel that is kept with its channels last, and a vector."""
    kernel = torch.linspace(-1, 1, 5 * 4 * 3 * 3).view(5, 4, 3, 3).contiguous(memory_format=torch.channels_last)
    return [nn.Parameter(kernel), nn.Parameter(torch.ones(5))]


def _steps(optimiser: torch.optim.Optimizer, parameters: list[nn.Parameter], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(3):
        for parameter in parameters:
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.grad = torch.empty_like(parameter).copy_(noise)
        optimiser.step()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_it_goes_on_as_if_it_had_not_been_interrupted(name: str) -> None:
    parameters = _parameters()
    optimiser = OPTIMISERS[name](parameters)
    _steps(optimiser, parameters, 0)
    # As a file gives them back: copies that are contiguous.
    tensors = optimiser_tensors(optimiser)
    saved = {key: value.clone(memory_format=torch.contiguous_format) for key, value in tensors.items()}
    others = [nn.Parameter(parameter.detach().clone()) for parameter in parameters]
    going_on = OPTIMISERS[name](others)
    load_optimiser(going_on, saved)
    _steps(optimiser, parameters, 1)
    _steps(going_on, others, 1)
    for mine, theirs in zip(others, parameters, strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    "changed", [{"2.exp_avg": torch.zeros(5)}, {"1.exp_avg": torch.zeros(6)}, {"x.step": torch.ones(())}]
)
def test_a_state_of_other_parameters_is_refused(changed: dict[str, Tensor]) -> None:
    optimiser = OPTIMISERS["adam"](_parameters())
    with pytest.raises(ValueError):
        load_optimiser(optimiser, changed)


def test_a_state_that_lacks_something_is_refused() -> None:
    parameters = _parameters()
    optimiser = OPTIMISERS["adam"](parameters)
    _steps(optimiser, parameters, 0)
    tensors = optimiser_tensors(optimiser)
    del tensors["0.exp_avg"]
    with pytest.raises(ValueError):
        load_optimiser(optimiser, tensors)
