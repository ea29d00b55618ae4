"""Deep networks on a small task: what is measured, and that SELUs keep their promise."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.gan.depth_study import KINDS, activation_statistics, train_at_depth
from engine.gan.networks import MLP
from engine.runtime.job import Arrays, Event, Heartbeat, Metrics, Stop, drive


def task() -> tuple[Tensor, Tensor]:
    """Four noisy patterns to tell apart."""
    draw = torch.Generator().manual_seed(0)
    patterns = torch.randn(4, 1, 5, 5, generator=draw)
    labels = torch.randint(4, (400,), generator=draw)
    return patterns[labels] + 0.5 * torch.randn(400, 1, 5, 5, generator=draw), labels


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_loss(kind: str) -> None:
    result = drive(train_at_depth(kind, 4, *task(), steps=100, width=32, rate=0.05))
    assert result.loss < 0.3 and result.accuracy > 0.9
    assert result.means.shape == result.variances.shape == (2, 4)


def test_selu_stays_near_zero_and_one_where_relu_does_not() -> None:
    results = {kind: drive(train_at_depth(kind, 32, *task(), steps=0, width=128)) for kind in ("selu", "relu")}
    assert np.abs(results["selu"].means[0]).max() < 0.15
    assert np.abs(results["selu"].variances[0] - 1).max() < 0.35
    assert np.abs(results["relu"].means[0]).min() > 0.2


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_statistics_are_those_of_a_pass_in_training_mode(norm: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MLP(6, 3, width=7, depth=2, activation="relu", norm=norm)
    inputs = torch.randn(50, 6, generator=torch.Generator().manual_seed(1))
    before = [value.clone() for value in network.buffers()]
    means, variances = activation_statistics(network, inputs)
    assert all(torch.equal(old, new) for old, new in zip(before, network.buffers(), strict=True))
    hidden = inputs
    for index in range(2):
        layer = network.get_submodule(f"layer{index + 1}")
        assert isinstance(layer, nn.Linear)
        hidden = hidden @ layer.weight.t() + layer.bias
        if norm == "batch":
            hidden = (hidden - hidden.mean(dim=0)) / (hidden.var(dim=0, correction=0) + 1e-5).sqrt()
        hidden = F.relu(hidden)
        assert means[index] == pytest.approx(hidden.mean().item(), rel=1e-4)
        assert variances[index] == pytest.approx(hidden.var(correction=0).item(), rel=1e-4)


def test_events_and_stop() -> None:
    events: list[Event] = []
    drive(train_at_depth("selu", 2, *task(), steps=21, width=8), events.append)
    assert [type(event) for event in events] == [Arrays] + [Heartbeat] * 19 + [Metrics, Metrics, Arrays]
    assert [event.step for event in events if isinstance(event, Arrays)] == [0, 21]
    events.clear()
    drive(train_at_depth("selu", 2, *task(), steps=21, width=8), events.append, Stop)
    assert [type(event) for event in events] == [Arrays, Arrays]


def test_same_seed_same_result_and_another_another() -> None:
    first, again, other = (
        drive(train_at_depth("relu", 2, *task(), steps=5, width=8, seed=seed)).loss for seed in (1, 1, 2)
    )
    assert first == again != other


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="selu, relu, batch_norm"):
        drive(train_at_depth("elu", 2, *task()))
