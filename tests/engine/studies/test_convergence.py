"""Adam's wrong way and AMSGrad's right one, against both written out; and what every run can do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import CheckpointError
from engine.runtime.checkpoint import load_checkpoint
from engine.runtime.fork import fork_run
from engine.runtime.job import Advance, Arrays, Command, Event, Heartbeat, Metrics, Phase, Rewind, Stop, drive
from engine.runtime.run_folder import create_run
from engine.studies.config import ConvergenceConfig
from engine.studies.convergence import MOST_POINTS, ConvergenceRun, Trajectory, train


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)


def short(**changes: Any) -> ConvergenceConfig:
    """A run that says everything at every step."""
    small = ConvergenceConfig(steps=60, log_every=1, picture_every=1000, measure_every=1000, save_every=20)
    return replace(small, **changes)


def trained(
    config: ConvergenceConfig, run_dir: Path, at: Callable[[Event], Command | None] = lambda _event: None
) -> list[Event]:
    events: list[Event] = []
    drive(train(config, run_dir), events.append, lambda: at(events[-1]))
    return events


def curve(events: list[Event], figure: str = "x") -> dict[int, float]:
    return {e.step: e.values[figure] for e in events if isinstance(e, Metrics) and figure in e.values}


def plain_run(kind: str, steep: list[bool], rate: float, c: float = 3.0) -> tuple[list[float], list[float]]:
    """x and the average regret after each step."""
    x, second, largest, regret = 0.0, 0.0, 0.0, 0.0
    beta2 = 1 / (1 + c**2)
    positions, regrets = [], []
    for step, is_steep in enumerate(steep, start=1):
        gradient = c if is_steep else -1.0
        regret += gradient * x - gradient * -1.0
        second = beta2 * second + (1 - beta2) * gradient**2
        largest = max(largest, second) if kind == "amsgrad" else second
        x -= rate / math.sqrt(step) * gradient / math.sqrt(largest / (1 - beta2**step))
        x = min(1.0, max(-1.0, x))
        positions.append(x)
        regrets.append(regret / step)
    return positions, regrets


@pytest.mark.parametrize("kind", ["adam", "amsgrad"])
@pytest.mark.parametrize("functions", ["online", "stochastic"])
def test_a_run_is_the_plain_algorithm(kind: str, functions: str, tmp_path: Path) -> None:
    if functions == "online":
        steep = [step % 3 == 1 for step in range(1, 61)]
    else:
        steep = (np.random.default_rng(5).random(60) < 1 / 3).tolist()
    events = trained(short(optimiser=kind, functions=functions, learning_rate=0.3, seed=5), tmp_path)
    positions, regrets = plain_run(kind, steep, 0.3)
    np.testing.assert_allclose(list(curve(events).values()), positions, atol=1e-4)
    np.testing.assert_allclose(list(curve(events, "average_regret").values()), regrets, atol=1e-4)


@pytest.mark.parametrize("functions", ["online", "stochastic"])
def test_adam_goes_to_the_worst_point_and_amsgrad_to_the_best(functions: str, tmp_path: Path) -> None:
    for kind, least, most in (("adam", 1.7, 2.0), ("amsgrad", 0.0, 0.3)):
        config = short(optimiser=kind, functions=functions, steps=700, log_every=700, save_every=700)
        assert least <= drive(train(config, tmp_path / kind))["distance_to_best"] <= most


@pytest.mark.parametrize("functions", ["online", "stochastic"])
def test_it_goes_on_rewinds_and_forks_as_if_nothing_had_been(functions: str, tmp_path: Path) -> None:
    config = short(functions=functions)
    straight = trained(config, tmp_path / "straight")
    folder = create_run("convergence", config, tmp_path / "cut")
    trained(config, folder.path, lambda event: Stop() if event == Heartbeat(30) else None)
    cut = trained(config, folder.path)
    assert curve(cut) == {step: x for step, x in curve(straight).items() if step > 30}
    assert curve(cut, "average_regret")[60] == curve(straight, "average_regret")[60]
    fork = fork_run(folder, 20, tmp_path / "fork")
    assert curve(trained(config, fork.path))[60] == curve(straight)[60]
    asked = [Rewind(20)]
    back = trained(config, tmp_path / "back", lambda e: asked.pop() if asked and e == Heartbeat(45) else None)
    assert curve(back)[60] == curve(straight)[60]
    way = np.array([(0, 0.0), *curve(straight).items()], np.float32)
    for name in ("straight", "cut", "fork", "back"):
        np.testing.assert_array_equal(ConvergenceRun(config, tmp_path / name).pictures()["trajectory"], way)


def test_one_step_at_a_time(tmp_path: Path) -> None:
    asked: list[Command] = [Advance("phase"), Advance("phase"), Advance(), Stop()]
    events = trained(short(), tmp_path, lambda e: asked.pop(0) if isinstance(e, Heartbeat) and asked else None)
    assert [event.name for event in events if isinstance(event, Phase)] == ["sample", "score"]
    assert list(curve(events)) == [1]


def test_the_trajectory_is_what_was_told(tmp_path: Path) -> None:
    events = trained(short(picture_every=60), tmp_path)
    told = next(event.arrays["trajectory"] for event in events if isinstance(event, Arrays))
    np.testing.assert_array_equal(told, np.array([(0, 0.0), *curve(events).items()], np.float32))


def test_a_long_trajectory_is_thinned_evenly_and_ends_now() -> None:
    path = Trajectory(0.5)
    for step in range(1, 10 * MOST_POINTS + 2):
        path.add(step, step / 7)
    points = path.array(10 * MOST_POINTS + 1, 3.25)
    assert MOST_POINTS / 2 <= len(points) <= MOST_POINTS + 1
    assert points[0].tolist() == [0, 0.5] and points[-1].tolist() == [10 * MOST_POINTS + 1, 3.25]
    gaps = {later - earlier for earlier, later in pairwise(points[:-1, 0].tolist())}
    assert gaps == {16}
    np.testing.assert_allclose(points[1:-1, 1], points[1:-1, 0] / 7, rtol=1e-6)
    other = Trajectory(0.0)
    other.load_state_dict(path.state_dict())
    other.add(10 * MOST_POINTS + 2, 1.0)
    path.add(10 * MOST_POINTS + 2, 1.0)
    np.testing.assert_array_equal(other.array(1, 0.0), path.array(1, 0.0))
    with pytest.raises(ValueError, match="no trajectory"):
        other.load_state_dict({"points": torch.zeros(MOST_POINTS + 1, 2), "every": torch.tensor(1)})


def test_a_state_of_something_else_is_refused(tmp_path: Path) -> None:
    trained(short(steps=1), tmp_path)
    state = tmp_path / "checkpoints" / "state.safetensors"
    state.write_bytes(state.read_bytes().replace(b"kept.trajectory.points", b"kept.trajectory.pointz"))
    with pytest.raises(CheckpointError, match="damaged"):
        trained(short(), tmp_path)


def test_the_model_is_the_number(tmp_path: Path) -> None:
    events = trained(short(), tmp_path)
    tensors, header = load_checkpoint(tmp_path / "checkpoints" / "model.safetensors", "convergence")
    assert tensors["x"].item() == pytest.approx(curve(events)[60])
    assert header.metrics["step"] == 60 and "--steps 60" in header.command
