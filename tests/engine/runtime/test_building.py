"""A module made without numbers takes those of a file, if they are its own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.errors import CheckpointError
from engine.runtime import building
from engine.runtime.building import take_numbers, without_numbers


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 2 * 2, 2))


def numbers() -> dict[str, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return network().state_dict()


def bare() -> nn.Sequential:
    with without_numbers():
        return network()


def test_a_bare_module_has_no_numbers_and_draws_none() -> None:
    before = torch.get_rng_state()
    assert all(tensor.is_meta for tensor in bare().state_dict().values())
    assert torch.equal(torch.get_rng_state(), before)


def test_it_answers_like_the_one_whose_numbers_it_takes() -> None:
    module, original, data = bare(), network(), torch.linspace(-1, 1, 96).view(2, 3, 4, 4)
    original.load_state_dict(numbers())
    take_numbers(module, numbers(), "a file")
    torch.testing.assert_close(module(data), original.eval()(data))
    assert not module.training and not any(p.requires_grad for p in module.parameters())
    weight = module.get_parameter("0.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", ["3.weight", "1.running_var"])
def test_numbers_that_are_not_finite_are_refused(name: str) -> None:
    tensors = numbers()
    tensors[name].view(-1)[-1] = float("inf")
    with pytest.raises(CheckpointError, match="a file holds numbers that are not finite"):
        take_numbers(bare(), tensors, "a file")


@pytest.mark.parametrize(
    "change",
    [{"3.weight": torch.zeros(2, 15)}, {"3.weight": torch.zeros(2, 16, dtype=torch.int64)}, {"new": torch.zeros(1)},
     {"1.running_var": torch.ones(4, dtype=torch.bool)}, {"1.running_var": torch.ones(())}],
    ids=["shape", "whole numbers", "too many", "truth values", "single"],
)  # fmt: skip
def test_tensors_of_another_module_are_refused(change: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match="The tensors of a file do not fit"):
        take_numbers(bare(), numbers() | change, "a file")


def test_missing_tensors_are_refused() -> None:
    with pytest.raises(CheckpointError, match="do not fit"):
        take_numbers(bare(), {}, "a file")


def test_a_module_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MAX_PARAMETERS", 100)
    with pytest.raises(CheckpointError, match="too large"):
        take_numbers(bare(), numbers(), "a file")
