"""AMSGrad against Adam where Adam goes the wrong way (Reddi et al. 2018, sections 3 and 5).

The function of step t is C x on some steps and -x on the others, for x in [-1, 1]; on average it rises with x, so that
x = -1 is best. Adam's second moment shrinks the step of the rare large gradient and is forgotten when the small ones
come, and x goes to +1. AMSGrad keeps the largest second moment and goes to -1.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.gan.optimisers import make_optimiser
from engine.runtime.job import Arrays, Event, Heartbeat, Job, Metrics, Stop

STEEPNESS = 3.0  # C
BETA2 = 1 / (1 + STEEPNESS**2)  # section 3, with beta1 = 0
METRICS_EVERY = 50


@dataclass(frozen=True)
class ConvergenceResult:
    """x before each step and the average regret R_t / t after it, float32 [steps], by optimiser ("adam", "amsgrad")."""

    positions: dict[str, NDArray[np.float32]]
    regrets: dict[str, NDArray[np.float32]]


def slopes(stochastic: bool, steps: int, seed: int) -> NDArray[np.float32]:
    """The slope of each step's function, float32 [steps].

    Online: C where t mod 3 = 1 (t from 1), else -1 (section 3). Stochastic: C with probability 1/3, else -1 (section 3,
    theorem 3, with the same mean slope of (C - 2) / 3).
    """
    steep = np.random.default_rng(seed).random(steps) < 1 / 3 if stochastic else np.arange(1, steps + 1) % 3 == 1
    return np.where(steep, STEEPNESS, -1.0).astype(np.float32)


def compare_convergence(
    stochastic: bool = False, steps: int = 3000, rate: float = 0.5, seed: int = 0
) -> Job[Event, ConvergenceResult]:
    """Both optimisers on the same functions from x = 0, with learning rate `rate` / sqrt(t) and projection to [-1, 1].

    Yields `Metrics` ("adam_x", "amsgrad_x", "adam_regret", "amsgrad_regret": the average regret against x = -1) and
    `Heartbeat`s; at the end, `Arrays` of the result ("adam_x", ...).
    """
    slope = slopes(stochastic, steps, seed)
    runs = {kind: _Run(kind, rate) for kind in ("adam", "amsgrad")}
    started = time.perf_counter()
    done = 0
    for step in range(1, steps + 1):
        for run in runs.values():
            run.step(step, float(slope[step - 1]))
        done = step
        event: Event = Heartbeat(step)
        if step % METRICS_EVERY == 0 or step == steps:
            values = {f"{kind}_x": run.position for kind, run in runs.items()}
            values |= {f"{kind}_regret": run.regret / step for kind, run in runs.items()}
            event = Metrics(step, steps, time.perf_counter() - started, values)
        if isinstance((yield event), Stop):
            break
    result = ConvergenceResult(
        {kind: np.asarray(run.positions, np.float32) for kind, run in runs.items()},
        {kind: np.asarray(run.regrets, np.float32) for kind, run in runs.items()},
    )
    yield Arrays(
        done,
        {f"{kind}_x": path for kind, path in result.positions.items()}
        | {f"{kind}_regret": path for kind, path in result.regrets.items()},
    )
    return result


class _Run:
    """One optimiser with its x and its regret so far."""

    def __init__(self, kind: str, rate: float) -> None:
        self.positions: list[float] = []
        self.regrets: list[float] = []
        self.regret = 0.0
        self._rate = rate
        self._x = nn.Parameter(torch.zeros(()))
        self._x.grad = torch.zeros(())
        self._optimiser = make_optimiser(kind, [self._x], rate, beta1=0.0, beta2=BETA2)

    @property
    def position(self) -> float:
        return self._x.item()

    @torch.no_grad()
    def step(self, step: int, slope: float) -> None:
        assert self._x.grad is not None
        self.positions.append(self.position)
        self.regret += slope * (self.position + 1)
        self.regrets.append(self.regret / step)
        self._x.grad.fill_(slope)
        self._optimiser.param_groups[0]["lr"] = self._rate / math.sqrt(step)
        self._optimiser.step()
        self._x.clamp_(-1, 1)
