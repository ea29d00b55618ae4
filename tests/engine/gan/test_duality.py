"""The duality gap is small at an equilibrium and large away from it."""

import copy

import pytest
import torch
from torch import Tensor, nn

from engine.gan.duality import duality_gap


class Shift(nn.Module):
    """A generator that adds a learned number to its latents."""

    def __init__(self, by: float) -> None:
        """Starting from `by`."""
        super().__init__()
        self.by = nn.Parameter(torch.tensor(by))

    def forward(self, latents: Tensor) -> Tensor:
        return latents + self.by


def critic() -> nn.Linear:
    """One that cannot tell anything from anything, on a line."""
    network = nn.Linear(1, 1)
    nn.init.zeros_(network.weight)
    nn.init.zeros_(network.bias)
    return network


def random(count: int, seed: int) -> Tensor:
    return torch.randn(count, 1, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("objective", ["minimax", "non-saturating", "hinge"])
def test_gap_is_near_zero_for_the_data_itself_and_grows_with_the_distance(objective: str) -> None:
    real, latents = random(2000, 0), random(2000, 1)
    gaps = [duality_gap(Shift(by), critic(), objective, real, latents, rate=0.02) for by in (0.0, 1.0, 3.0)]
    assert abs(gaps[0]) < 0.02
    assert gaps[0] + 0.1 < gaps[1] < gaps[2]


def test_gap_also_tells_what_the_generator_could_gain() -> None:
    real = random(2000, 0)
    partial = critic()
    nn.init.ones_(partial.weight)
    gap = duality_gap(Shift(0.0), partial, "minimax", real, random(2000, 1), steps=20, rate=0.1)
    assert gap > 0.5


def test_networks_stay_as_they_are() -> None:
    made = nn.Sequential(Shift(1.0), nn.BatchNorm1d(1))
    judge = nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    before = copy.deepcopy([made.state_dict(), judge.state_dict()])
    duality_gap(made, judge, "minimax", random(20, 0), random(20, 1), steps=3)
    for old, network in zip(before, (made, judge), strict=True):
        assert all(torch.equal(value, old[name]) for name, value in network.state_dict().items())
        assert all(weight.requires_grad and weight.grad is None for weight in network.parameters())
