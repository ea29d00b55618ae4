"""Deep networks on a small task: what is measured, that SELUs keep their promise, and what every run can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.data.pictures import PictureSet
from engine.gan.networks import MLP
from engine.runtime.checkpoint import load_checkpoint
from engine.runtime.job import Arrays, Command, Event, Heartbeat, Metrics, Rewind, Stop, drive
from engine.studies import depth as depth_module
from engine.studies.config import KINDS, DepthConfig
from engine.studies.depth import DepthRun, activation_statistics, train


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def patterns(monkeypatch: pytest.MonkeyPatch) -> PictureSet:
    """Four noisy patterns to tell apart, in place of the digits."""
    draw = np.random.default_rng(0)
    clean = draw.normal(120, 50, (4, 1, 5, 5))
    labels = draw.integers(4, size=500)
    pictures = np.clip(clean[labels] + draw.normal(0, 20, (500, 1, 5, 5)), 0, 255).astype(np.uint8)
    made = PictureSet("digits", "made up", pictures[:400], labels[:400], pictures[400:], labels[400:], tuple("abcd"))
    monkeypatch.setattr(depth_module, "open_digits", lambda: made)
    return made


def short(**changes: Any) -> DepthConfig:
    """A run that says everything at every step."""
    small = DepthConfig(
        depth=4, width=32, learning_rate=0.05, steps=12, log_every=1, picture_every=1000, measure_every=1000,
        save_every=1000, device="cpu",
    )
    return replace(small, **changes)


def trained(
    config: DepthConfig, run_dir: Path, at: Callable[[Event], Command | None] = lambda _event: None
) -> tuple[list[Event], dict[str, float]]:
    events: list[Event] = []
    result = drive(train(config, run_dir), events.append, lambda: at(events[-1]))
    return events, result


def losses(events: list[Event]) -> dict[int, float]:
    return {e.step: e.values["loss"] for e in events if isinstance(e, Metrics) and "loss" in e.values}


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_loss(kind: str, tmp_path: Path) -> None:
    _, result = trained(short(kind=kind, steps=100, log_every=100), tmp_path)
    assert result["held_out_loss"] < 0.3 and result["held_out_accuracy"] > 0.9


@pytest.mark.parametrize("optimiser", ["adam", "amsgrad", "rmsprop"])
def test_other_optimisers_learn_too(optimiser: str, tmp_path: Path) -> None:
    _, result = trained(short(depth=1, steps=60, log_every=60, optimiser=optimiser, learning_rate=3e-3), tmp_path)
    assert result["held_out_accuracy"] > 0.9


def test_selu_stays_near_zero_and_one_where_relu_does_not(tmp_path: Path) -> None:
    runs = {kind: DepthRun(short(kind=kind, depth=32, width=128), tmp_path).pictures() for kind in ("selu", "relu")}
    assert np.abs(runs["selu"]["layer_means"]).max() < 0.15
    assert np.abs(runs["selu"]["layer_variances"] - 1).max() < 0.35
    assert np.abs(runs["relu"]["layer_means"]).min() > 0.2


def test_the_pictures_show_the_layers_now_and_before(tmp_path: Path) -> None:
    events, result = trained(short(picture_every=6), tmp_path)
    sixth, twelfth = (event.arrays for event in events if isinstance(event, Arrays))
    assert all(array.shape == (4,) and array.dtype == np.float32 for array in twelfth.values())
    before = DepthRun(short(), tmp_path / "new").pictures()
    for name in ("layer_means", "layer_variances"):
        np.testing.assert_array_equal(before[name], before[f"first_{name}"])
        np.testing.assert_array_equal(twelfth[f"first_{name}"], before[name])
        np.testing.assert_array_equal(sixth[f"first_{name}"], before[name])
        assert not np.array_equal(twelfth[name], sixth[name])
    assert result["last_layer_mean"] == twelfth["layer_means"][-1]
    assert result["last_layer_variance"] == twelfth["layer_variances"][-1]


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


def test_the_first_loss_is_that_of_the_first_batch(tmp_path: Path, patterns: PictureSet) -> None:
    config = short()
    events, _ = trained(config, tmp_path / "a")
    run = DepthRun(config, tmp_path / "b")
    draw = torch.Generator().manual_seed(int(np.random.default_rng(config.seed).integers(2**62)))
    digits, labels = patterns.labelled(config.batch_size, draw)
    assert labels is not None
    everything = patterns.indexed(torch.arange(patterns.size))
    rows = ((digits - everything.mean()) / everything.std()).flatten(1)
    expected = F.cross_entropy(run.network(rows), labels).item()
    assert losses(events)[1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["selu", "batch norm"])
def test_it_goes_on_and_rewinds_as_if_nothing_had_been(kind: str, tmp_path: Path) -> None:
    config = short(kind=kind, optimiser="adam", learning_rate=1e-3, save_every=4)
    straight, result = trained(config, tmp_path / "straight")
    trained(config, tmp_path / "cut", lambda event: Stop() if event == Heartbeat(7) else None)
    cut, cut_result = trained(config, tmp_path / "cut")
    assert losses(cut) == {step: loss for step, loss in losses(straight).items() if step > 7}
    assert cut_result == result
    asked = [Rewind(4)]
    back, back_result = trained(
        config, tmp_path / "back", lambda event: asked.pop() if asked and event == Heartbeat(9) else None
    )
    assert losses(back)[12] == losses(straight)[12] and back_result == result


def test_same_seed_same_curve_and_another_another(tmp_path: Path) -> None:
    first, again, other = (
        losses(trained(short(steps=3, seed=seed), tmp_path / str(number))[0]) for number, seed in enumerate((1, 1, 2))
    )
    assert first == again != other


def test_the_model_is_the_network(tmp_path: Path) -> None:
    trained(short(steps=2), tmp_path)
    tensors, header = load_checkpoint(tmp_path / "checkpoints" / "model.safetensors", "depth")
    assert tensors["layer4.weight"].shape == (32, 32) and tensors["output.weight"].shape == (4, 32)
    assert header.config == {"kind": "selu", "depth": 4, "width": 32} and header.data == "made up"
