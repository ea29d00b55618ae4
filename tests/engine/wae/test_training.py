"""Training as a job: every method learns, shows what it should, and goes on as if it had not been interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from engine.data.points import open_toy
from engine.data.source import DataChoice
from engine.errors import CheckpointError, TrainingError
from engine.runtime.checkpoint import load_checkpoint
from engine.runtime.job import (
    Advance,
    Arrays,
    Command,
    Edit,
    Event,
    Heartbeat,
    Metrics,
    Note,
    Phase,
    Rewind,
    Stop,
    drive,
)
from engine.wae import run as run_module
from engine.wae.config import METHODS, WaeTrainConfig
from engine.wae.model import load_autoencoder
from engine.wae.networks import AutoEncoder
from engine.wae.penalties import mmd_penalty, reconstruction_cost
from engine.wae.run import make_run
from engine.wae.training import train
from tests.helpers.tiny_autoencoder import tiny_run

TIMES = ("steps_per_s",)  # what a clock measures is no part of the promise


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)


@pytest.fixture
def real_measures() -> None:
    """For tests that look at the measures, which take a while."""


@pytest.fixture(autouse=True)
def quick_measures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests have a measure that takes no time."""
    if "real_measures" not in request.fixturenames:
        monkeypatch.setattr(run_module, "measure", lambda stage, source: {"reconstruction_error": 0.0})


class Bars:
    """A `PictureSource`: a bright bar at one of four places, the class."""

    name, provenance, problems = "drawings", "made up", ()
    class_names, class_count, size = ("a", "b", "c", "d"), 4, 0
    modes, spread = None, 0.0

    def __init__(self, choice: DataChoice) -> None:
        """Bars of the size and colour of the choice."""
        self.shape = (3 if choice.colour else 1, choice.image_size, choice.image_size)

    def batch(self, count: int, generator: Generator) -> Tensor:
        return self.labelled(count, generator)[0]

    def labelled(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        labels = torch.randint(4, (count,), generator=generator)
        made = -torch.ones(count, *self.shape)
        for picture, label in zip(made, labels.tolist(), strict=True):
            picture[:, 7 * label : 7 * label + 5] = 1
        return made, labels

    def held_out(self, count: int) -> tuple[Tensor, Tensor]:
        return self.labelled(min(count, 40), Generator().manual_seed(5))

    def indexed(self, indices: Tensor) -> Tensor:
        raise NotImplementedError


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "open_pictures", Bars)


def bars_run(**changes: object) -> WaeTrainConfig:
    made = tiny_run(
        data="drawings", network="conv", width=4, depth=2, norm="batch", latent_size=3, precision="bf16-mixed",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def trained(
    config: WaeTrainConfig, run_dir: Path, at: Callable[[Event], Command | None] = lambda _event: None
) -> tuple[list[Event], dict[str, float]]:
    """All events and the result; `at` gives the command that answers an event."""
    events: list[Event] = []
    result = drive(train(config, run_dir), events.append, lambda: at(events[-1]))
    return events, result


def curve(events: Sequence[Event], figure: str = "") -> dict[int, dict[str, float]]:
    """The training figures of each step, or one of them."""
    return {
        event.step: {k: v for k, v in event.values.items() if k not in TIMES and figure in ("", k)}
        for event in events
        if isinstance(event, Metrics) and "loss" in event.values
    }


def series(events: Sequence[Event], figure: str) -> list[float]:
    return [values[figure] for values in curve(events).values()]


def assert_same(found: NDArray[np.generic], expected: NDArray[np.generic]) -> None:
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), atol=1e-5)


def stop_at(step: int) -> Callable[[Event], Command | None]:
    return lambda event: Stop() if isinstance(event, Heartbeat) and event.step >= step else None


# ---- learning


@pytest.mark.usefixtures("real_measures")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_a_toy_in_seconds(method: str, tmp_path: Path) -> None:
    weight = 0.02 if method == "vae" else 1.0
    config = tiny_run(method=method, penalty_weight=weight, steps=250, learning_rate=5e-3, batch_size=64)
    events, final = trained(config, tmp_path)
    reconstruction = series(events, "reconstruction")
    assert np.mean(reconstruction[-20:]) < 0.15 * np.mean(reconstruction[:3])
    assert final["reconstruction_error"] < 0.3
    _, header = load_checkpoint(tmp_path / "checkpoints" / "model.safetensors", "wae")
    assert {name: header.metrics[name] for name in final} == final


@pytest.mark.usefixtures("real_measures")
def test_penalty_brings_the_codes_to_the_prior_and_a_plain_auto_encoder_leaves_them(tmp_path: Path) -> None:
    found = {}
    for method in ("wae-mmd", "ae"):
        config = tiny_run(method=method, steps=250, learning_rate=5e-3, batch_size=64, prior_sigma=0.5)
        _, found[method] = trained(config, tmp_path / method)
    assert found["wae-mmd"]["latent_mmd"] < 0.3 < 0.6 < found["ae"]["latent_mmd"]


@pytest.mark.usefixtures("bars")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_pictures(method: str, tmp_path: Path) -> None:
    cost = "cross-entropy" if method == "vae" else "squared"
    events, _ = trained(bars_run(method=method, steps=40, cost=cost, learning_rate=5e-3, image_size=32), tmp_path)
    losses = series(events, "reconstruction")
    assert np.mean(losses[-5:]) < 0.6 * losses[0]


@pytest.mark.parametrize("optimiser", ["adam", "amsgrad", "rmsprop", "sgd"])
def test_every_optimiser_learns(optimiser: str, tmp_path: Path) -> None:
    events, _ = trained(tiny_run(method="ae", optimiser=optimiser, steps=40), tmp_path)
    losses = series(events, "loss")
    assert losses[-1] < losses[0]


def test_first_loss_is_that_of_networks_and_batches_of_the_seed_written_plainly(tmp_path: Path) -> None:
    config = tiny_run(steps=1, penalty_weight=3.0)
    events, _ = trained(config, tmp_path)
    rng, noise = np.random.default_rng(config.seed), Generator().manual_seed(config.seed)
    data = open_toy("8 gaussians", config.seed).batch(32, Generator().manual_seed(int(rng.integers(2**62))))
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        model = AutoEncoder(run_module.model_config(config, (2,)))
    codes = model.encode(data).mean
    penalty = mmd_penalty(codes, torch.randn(32, 2, generator=noise), 1.0, "imq", "seven")
    reconstruction = reconstruction_cost(data, model.decode(codes), "squared")
    (found,) = curve(events).values()
    assert found["penalty"] == pytest.approx(penalty.item(), rel=1e-4)
    assert found["reconstruction"] == pytest.approx(reconstruction.item(), rel=1e-4)
    assert found["loss"] == pytest.approx((reconstruction + 3 * penalty).item(), rel=1e-4)


def test_an_example_is_encoded_once_in_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0
    encode = AutoEncoder.encode

    def counted(self: AutoEncoder, data: Tensor) -> object:
        nonlocal made
        made += self.training
        return encode(self, data)

    monkeypatch.setattr(AutoEncoder, "encode", counted)
    for method in METHODS:
        made = 0
        trained(tiny_run(method=method, steps=3), tmp_path / method)
        assert made == 3


def test_critic_learns_from_its_own_loss_alone(tmp_path: Path) -> None:
    frozen = tiny_run(method="wae-gan", critic_rate=0.0, steps=3)
    run = make_run(frozen, tmp_path)
    assert isinstance(run, run_module.WaeGanRun)
    before = [parameter.clone() for parameter in run._critic.parameters()]
    run.step()
    assert all(torch.equal(a, b) for a, b in zip(before, run._critic.parameters(), strict=True))
    run.config = replace(frozen, critic_rate=0.01)
    run.step()
    assert not all(torch.equal(a, b) for a, b in zip(before, run._critic.parameters(), strict=True))


# ---- going on


@pytest.mark.parametrize("optimiser", ["adam", "amsgrad", "rmsprop", "sgd"])
def test_stopped_run_goes_on_along_the_same_curve(optimiser: str, tmp_path: Path) -> None:
    config = tiny_run(optimiser=optimiser, picture_every=3, measure_every=4)
    straight, _ = trained(config, tmp_path / "straight")
    first, _ = trained(config, tmp_path / "cut", stop_at(5))
    second, _ = trained(config, tmp_path / "cut")
    assert curve(first) | curve(second) == curve(straight)
    assert min(curve(second)) == 6


@pytest.mark.usefixtures("bars")
@pytest.mark.parametrize("method", METHODS)
def test_stopped_run_on_pictures_goes_on_along_the_same_curve(method: str, tmp_path: Path) -> None:
    config = bars_run(method=method, steps=8, colour=True)
    straight, _ = trained(config, tmp_path / "straight")
    first, _ = trained(config, tmp_path / "cut", stop_at(4))
    second, _ = trained(config, tmp_path / "cut")
    assert curve(first) | curve(second) == curve(straight)
    ours, theirs = (
        load_checkpoint(tmp_path / name / "checkpoints" / "model.safetensors", "wae")[0] for name in ("cut", "straight")
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.usefixtures("real_measures")
def test_looking_and_measuring_change_nothing(tmp_path: Path) -> None:
    seldom, _ = trained(tiny_run(method="vae"), tmp_path / "seldom")
    often, _ = trained(tiny_run(method="vae", picture_every=1, measure_every=4, save_every=1), tmp_path / "often")
    assert curve(often) == curve(seldom)


def test_seed_decides_the_run(tmp_path: Path) -> None:
    runs = [curve(trained(tiny_run(seed=seed), tmp_path / str(i))[0]) for i, seed in enumerate((1, 1, 2))]
    assert runs[0] == runs[1] != runs[2]


def test_other_networks_do_not_fit_a_state(tmp_path: Path) -> None:
    trained(tiny_run(steps=2), tmp_path)
    with pytest.raises(CheckpointError, match="another shape"):
        make_run(tiny_run(steps=4, width=8), tmp_path)


# ---- commands


def test_live_settings_act_from_the_next_step(tmp_path: Path) -> None:
    edits = iter([Edit({"penalty_weight": 7.0})])

    def at(event: Event) -> Command | None:
        return next(edits, None) if isinstance(event, Heartbeat) and event.step == 3 else None

    events, _ = trained(tiny_run(steps=6), tmp_path, at)
    for step, values in curve(events).items():
        weight = 7.0 if step > 3 else 1.0
        assert values["loss"] == pytest.approx(values["reconstruction"] + weight * values["penalty"], rel=1e-5)


def test_wae_gan_takes_the_parts_of_a_step_and_goes_back(tmp_path: Path) -> None:
    commands: Iterator[Command] = iter([
        Advance("critic"), Advance("critic"), Rewind(0), Advance("generator"), Advance("step"), Advance("critic"),
        Stop(),
    ])
    config = tiny_run(method="wae-gan", steps=1000, save_every=1)
    make_run(config, tmp_path).save({})
    events, _ = trained(config, tmp_path, lambda event: next(commands, None) if isinstance(event, Heartbeat) else None)
    assert [event.step for event in events if isinstance(event, Heartbeat)][-1] == 2
    assert not [event for event in events if isinstance(event, Note) and event.level == "warning"]


@pytest.mark.parametrize(("method", "parts"), [("wae-mmd", ["step"]), ("wae-gan", ["critic", "generator"])])
def test_slow_motion_tells_the_moments_of_a_step(method: str, parts: list[str], tmp_path: Path) -> None:
    moments = 4 * len(parts)
    made = 0

    def at(event: Event) -> Command | None:
        nonlocal made
        if not isinstance(event, Heartbeat):
            return None
        made += 1
        return Advance("phase") if made <= moments else Stop()

    events, _ = trained(tiny_run(method=method), tmp_path, at)
    told = [(event.part, event.name) for event in events if isinstance(event, Phase)]
    assert told == [(part, name) for part in parts for name in ("sample", "score", "gradient", "update")]


# ---- what is seen


def test_points_are_shown(tmp_path: Path) -> None:
    events, _ = trained(tiny_run(steps=2, picture_every=2), tmp_path)
    (shown,) = [event.arrays for event in events if isinstance(event, Arrays)]
    shapes = {name: array.shape for name, array in shown.items()}
    assert shapes == {
        "samples": (1024, 2), "data": (1000, 2), "reconstructions": (1000, 2), "extent": (4,), "warp": (21, 21, 2),
        "latents": (1000, 2), "prior": (1000, 2), "interpolations": (8, 24, 2),
    }
    assert {array.dtype for array in shown.values()} == {np.dtype(np.float32)}


@pytest.mark.usefixtures("bars")
@pytest.mark.parametrize("colour", [False, True])
def test_pictures_are_shown(colour: bool, tmp_path: Path) -> None:
    events, _ = trained(bars_run(steps=2, picture_every=2, colour=colour), tmp_path)
    (shown,) = [event.arrays for event in events if isinstance(event, Arrays)]
    one = (28, 28, 3) if colour else (28, 28)
    assert {name: (array.shape, array.dtype.name) for name, array in shown.items()} == {
        "samples": ((64, *one), "uint8"), "data": ((32, *one), "uint8"), "reconstructions": ((32, *one), "uint8"),
        "interpolations": ((4, 8, *one), "uint8"), "latents": ((40, 3), "float32"), "prior": ((1000, 3), "float32"),
        "labels": ((40,), "int64"),
    }
    first = shown["data"][0] if not colour else shown["data"][0][..., 0]
    assert set(np.unique(first)) == {0, 255}


@pytest.mark.usefixtures("bars")
def test_glimpse_shows_the_codes_of_the_last_batch_and_their_classes(tmp_path: Path) -> None:
    run = make_run(bars_run(), tmp_path)
    assert "latents" not in run.glimpse()
    run.step()
    seen = run.glimpse()
    assert seen["latents"].shape == (32, 3) and seen["labels"].shape == (32,)
    assert run.model.training


def test_shown_ends_of_a_path_are_the_reconstructions(tmp_path: Path) -> None:
    shown = make_run(tiny_run(), tmp_path).pictures()
    assert_same(shown["interpolations"][:, 0], shown["reconstructions"][:8])
    assert_same(shown["interpolations"][:, -1], shown["reconstructions"][8:16])


def test_saved_model_is_the_one_that_was_seen(tmp_path: Path) -> None:
    config = tiny_run(steps=5, name="a ring")
    trained(config, tmp_path)
    shown = make_run(config, tmp_path).pictures()
    model = load_autoencoder(tmp_path / "checkpoints" / "model.safetensors")
    assert (model.name, model.method) == ("a ring", "wae-mmd")
    assert_same(model.reconstruct(shown["data"]), shown["reconstructions"])
    assert_same(model.decode(model.encode(shown["data"])), shown["reconstructions"])
    assert "8 gaussians" in model.header.data and "--width 16" in model.header.command


# ---- settings that do not fit


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"network": "conv"}, "choose the network mlp"), ({"cost": "cross-entropy"}, "choose another cost")],
)
def test_points_do_not_fit_everything(changes: dict[str, str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=sentence):
        trained(tiny_run(**changes), tmp_path)


@pytest.mark.usefixtures("bars")
def test_pictures_are_not_halved_to_nothing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="5 times"):
        trained(bars_run(depth=6), tmp_path)


def test_papers_schedule_halves_and_then_takes_a_fifth(tmp_path: Path) -> None:
    run = make_run(tiny_run(rate_schedule="paper", steps=10, learning_rate=1e-3, critic_rate=1e-4), tmp_path)
    rates = []
    for _ in range(10):
        rates.append(run.learning_rates()["autoencoder"])
        run.step()
    assert rates == pytest.approx([1e-3] * 3 + [5e-4] * 2 + [1e-4] * 5)


def test_random_encoder_draws_its_codes_and_is_not_held_by_a_divergence(tmp_path: Path) -> None:
    run = make_run(tiny_run(encoder="gaussian"), tmp_path)
    means, codes = run._stage.held_out_codes()
    assert means.shape == codes.shape and not torch.allclose(means, codes, atol=0.1)
    events, _ = trained(tiny_run(encoder="gaussian", method="ae", steps=2), tmp_path / "ae")
    assert all("penalty" not in values for values in curve(events).values())
