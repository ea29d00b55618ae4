"""Sampling drawings from a decoder: many at once, point by point (Ha and Eck 2018, section 3.2 and eq. 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.runtime.job import Job, drive
from engine.sketch.cells import State
from engine.sketch.completion import DEFAULT_PEN_TEMPERATURE, DEFAULT_TEMPERATURE
from engine.sketch.draw import PEN_DOWN, PEN_END, PointSource
from engine.sketch.model import START_TOKEN, SketchRNN
from engine.sketch.stepping import Stepper

SAMPLES_AT_ONCE = 128


@dataclass(frozen=True)
class Step:
    """One more point of each drawing: offsets [B, 2] (model units), pens [B] and the output they were drawn from."""

    offsets: NDArray[np.float32]
    pens: NDArray[np.int64]
    output: Tensor


@dataclass(frozen=True)
class Sampled:
    """Progress of `sample_drawings`: how many drawings are done."""

    done: int
    total: int


def sample_steps(
    stepper: Stepper,
    condition: Tensor,
    state: State,
    source: PointSource,
    steps: int,
    tau: float,
    pen_tau: float,
) -> Iterator[Step]:
    """Up to `steps` more points of B drawings whose decoder is in `state` (conditions [B, C]).

    A drawing that has ended keeps the pen state `PEN_END`; the iterator ends when all have.
    """
    base = stepper.base(condition)
    ended = np.zeros(len(condition), bool)
    rows = np.arange(len(condition))
    for step in range(steps):
        output = stepper.output(state)
        offsets, pens = source.draw(step, output.numpy(), tau, pen_tau)
        pens[ended] = PEN_END
        ended = pens == PEN_END
        yield Step(offsets, pens, output)
        if ended.all() or step + 1 == steps:
            return
        points = np.zeros((len(rows), 5), np.float32)
        points[:, :2] = offsets
        points[rows, 2 + pens] = 1
        state = stepper.step(points, base, condition, state)


def sample_drawings(
    stepper: Stepper,
    categories: Sequence[int],
    *,
    seed: int,
    tau: float,
    pen_tau: float,
    max_points: int,
) -> Job[Sampled, list[NDArray[np.float32]]]:
    """One drawing from nothing for each of `categories`; returns stroke-3 arrays in model units.

    Drawing i depends on (seed, i) and its category alone. A drawing that has not ended by `max_points` is cut there.
    """
    made: list[NDArray[np.float32]] = []
    for first in range(0, len(categories), SAMPLES_AT_ONCE):
        group = list(categories[first : first + SAMPLES_AT_ONCE])
        condition = stepper.condition(group)
        start = np.tile(np.asarray(START_TOKEN, np.float32), (1, len(group), 1))
        _, states = stepper.run(start, condition, stepper.first_state(condition))
        source = PointSource(seed, len(group), max_points, first)
        taken = list(sample_steps(stepper, condition, states[-1], source, max_points, tau, pen_tau))
        offsets = np.stack([step.offsets for step in taken])
        pens = np.stack([step.pens for step in taken])
        made += [_stroke3(offsets[:, i], pens[:, i]) for i in range(len(group))]
        yield Sampled(len(made), len(categories))
    return made


def sample_sheet(model: SketchRNN, count: int, seed: int, max_points: int) -> NDArray[np.float32]:
    """`count` drawings of evenly chosen categories at the usual temperatures, stroke-5 [count, T, 5] in model units."""
    # On the CPU whatever the model trains on: a step is far too small a piece of work for anything else.
    stepper = Stepper(_on_cpu(model), torch.float32)
    known = len(model.config.categories)
    chosen = [(i * known) // count for i in range(count)] if known else [0] * count
    drawings = drive(_usual(stepper, chosen, seed, max_points))
    length = max(1, *(len(drawing) for drawing in drawings))
    sheet = np.zeros((count, length, 5), np.float32)
    sheet[:, :, 4] = 1
    for row, drawing in enumerate(drawings):
        sheet[row, : len(drawing), :2] = drawing[:, :2]
        sheet[row, : len(drawing), 2] = 1 - drawing[:, 2]
        sheet[row, : len(drawing), 3] = drawing[:, 2]
        sheet[row, : len(drawing), 4] = 0
    return sheet


def typical_size(model: SketchRNN, max_points: int) -> float:
    """The longer side of what the model draws, in model units: the median of some at the usual temperatures."""
    known = max(1, len(model.config.categories))
    categories = [i % known for i in range(32)]
    stepper = Stepper(model, torch.float32)
    job = _usual(stepper, categories, 0, max_points)
    sides = [np.ptp(np.cumsum(drawing[:, :2], axis=0), axis=0).max() for drawing in drive(job) if len(drawing) > 1]
    return float(np.median(sides)) if sides else 1.0


def _usual(
    stepper: Stepper, categories: Sequence[int], seed: int, max_points: int
) -> Job[Sampled, list[NDArray[np.float32]]]:
    tau, pen_tau = DEFAULT_TEMPERATURE, DEFAULT_PEN_TEMPERATURE
    return sample_drawings(stepper, categories, seed=seed, tau=tau, pen_tau=pen_tau, max_points=max_points)


def _on_cpu(model: SketchRNN) -> SketchRNN:
    if model.output.weight.device.type == "cpu":
        return model
    copy = SketchRNN(model.config)
    copy.load_state_dict({name: tensor.cpu() for name, tensor in model.state_dict().items()})
    return copy


def _stroke3(offsets: NDArray[np.float32], pens: NDArray[np.int64]) -> NDArray[np.float32]:
    ends = np.flatnonzero(pens == PEN_END)
    count = int(ends[0]) if len(ends) else len(pens)
    lifted = pens[:count] != PEN_DOWN
    if count:
        lifted[-1] = True
    return np.concatenate([offsets[:count], lifted[:, None]], axis=1, dtype=np.float32)


