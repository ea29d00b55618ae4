"""Adam's wrong way and AMSGrad's right one, against both written out."""

import math

import numpy as np
import pytest

from engine.gan.convergence_study import BETA2, STEEPNESS, compare_convergence, slopes
from engine.runtime.job import Arrays, Event, Heartbeat, Metrics, Stop, drive


def plain_positions(kind: str, steps: int, rate: float) -> list[float]:
    x, second, largest = 0.0, 0.0, 0.0
    positions = []
    for step in range(1, steps + 1):
        positions.append(x)
        gradient = STEEPNESS if step % 3 == 1 else -1.0
        second = BETA2 * second + (1 - BETA2) * gradient**2
        largest = max(largest, second) if kind == "amsgrad" else second
        x -= rate / math.sqrt(step) * gradient / math.sqrt(largest / (1 - BETA2**step))
        x = min(1.0, max(-1.0, x))
    return positions


@pytest.mark.parametrize("kind", ["adam", "amsgrad"])
def test_positions_are_those_of_the_plain_algorithm(kind: str) -> None:
    result = drive(compare_convergence(steps=60, rate=0.3))
    np.testing.assert_allclose(result.positions[kind], plain_positions(kind, 60, 0.3), atol=1e-4)


@pytest.mark.parametrize("stochastic", [False, True])
def test_adam_goes_to_the_worst_point_and_amsgrad_to_the_best(stochastic: bool) -> None:
    result = drive(compare_convergence(stochastic, steps=1500))
    assert result.positions["adam"][-1] > 0.8
    assert result.positions["amsgrad"][-1] < -0.8
    assert result.regrets["adam"][-1] > 0.5 > 0.1 > result.regrets["amsgrad"][-1]


def test_average_regret_is_against_minus_one() -> None:
    result = drive(compare_convergence(steps=30))
    slope = slopes(False, 30, 0)
    losses = np.cumsum(slope * result.positions["adam"]) - np.cumsum(slope * -1)
    np.testing.assert_allclose(result.regrets["adam"], losses / np.arange(1, 31), rtol=1e-4)


def test_slopes_have_the_stated_mean() -> None:
    assert slopes(False, 6, 0).tolist() == [3, -1, -1, 3, -1, -1]
    drawn = slopes(True, 100_000, 0)
    assert set(drawn.tolist()) == {3, -1}
    assert float(drawn.mean()) == pytest.approx(1 / 3, abs=0.02)
    assert np.array_equal(slopes(True, 50, 1), slopes(True, 50, 1))
    assert not np.array_equal(slopes(True, 50, 1), slopes(True, 50, 2))


def test_every_step_is_an_event_and_a_stop_returns_what_there_is() -> None:
    events: list[Event] = []
    drive(compare_convergence(steps=60), events.append)
    assert [type(event) for event in events] == [Heartbeat] * 49 + [Metrics] + [Heartbeat] * 9 + [Metrics, Arrays]
    stopped = drive(compare_convergence(steps=60), next_command=Stop)
    assert len(stopped.positions["adam"]) == len(stopped.regrets["amsgrad"]) == 1
