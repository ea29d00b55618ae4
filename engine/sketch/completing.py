"""Finishing a drawing: the beginning runs through the decoder once, then all endings grow in one batch."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import BadDrawingError
from engine.runtime.job import Job
from engine.sketch.completion import Completion, CompletionRequest, Ending, EndingsGrown
from engine.sketch.draw import PEN_END, PEN_LIFTED, PointSource
from engine.sketch.fitting import FittedBeginning, ScaleFitter
from engine.sketch.mixture import Mixture
from engine.sketch.sampling import Step, sample_steps
from engine.sketch.stepping import Stepper
from engine.sketch.strokes import Drawing, make_drawing

# The first points go out at once, so that ink appears while the rest is still being computed.
FIRST_CHUNK = 4
CHUNK = 16
MAX_ENDINGS = 64


def complete(
    stepper: Stepper, fitter: ScaleFitter, category: int, request: CompletionRequest
) -> Job[EndingsGrown, Completion]:
    """Grow `request.count` endings, yielding new points as they come; returns the finished endings.

    Raises `BadDrawingError` when the beginning or a number of the request is out of range.
    """
    started = time.perf_counter()
    request = _checked(request)
    fitted = fitter.fit(request.beginning, category, request.pen_down, request.size)
    condition = stepper.condition([category] * request.count)
    state = tuple(part.expand(request.count, -1).contiguous() for part in fitted.state)
    pen_tau = request.temperature if request.pen_temperature is None else request.pen_temperature
    source = PointSource(request.seed, request.count, request.max_points)
    per_unit = fitter.scale_factor / fitted.units
    last = np.tile(_last_point(request), (request.count, 1)).astype(np.float64)
    taken: list[Step] = []
    sent = 0
    for step in sample_steps(stepper, condition, state, source, request.max_points, request.temperature, pen_tau):
        taken.append(step)
        if len(taken) - sent >= (CHUNK if sent else FIRST_CHUNK):
            yield (grown := _chunk(taken[sent:], sent, last, per_unit))
            sent, last = len(taken), grown.points[:, -1].astype(np.float64)
    if sent < len(taken):
        yield _chunk(taken[sent:], sent, last, per_unit)
    endings = _endings(request, fitted, taken, per_unit)
    if request.rank:
        endings.sort(key=lambda ending: -ending.log_likelihood)
    return Completion(
        endings=tuple(endings),
        beginning_share=fitted.share,
        beginning_log_likelihood=fitted.log_likelihood,
        seconds=time.perf_counter() - started,
    )


def _checked(request: CompletionRequest) -> CompletionRequest:
    if not 1 <= request.count <= MAX_ENDINGS:
        raise BadDrawingError(f"Between 1 and {MAX_ENDINGS} endings can be asked for, not {request.count}.")
    if not 1 <= request.max_points <= 1_000:
        raise BadDrawingError(f"An ending may have between 1 and 1,000 points, not {request.max_points}.")
    for tau in (request.temperature, request.pen_temperature):
        if tau is not None and not 0 <= tau <= 2:
            raise BadDrawingError(f"A temperature lies between 0 and 2, not at {tau}.")
    if request.seed < 0:
        raise BadDrawingError(f"A seed is 0 or larger, not {request.seed}.")
    if not 0 < request.size < 1e7 or not all(abs(corner) < 1e7 for corner in request.origin):
        raise BadDrawingError("The place of the drawing is not given in ordinary numbers.")
    return replace(request, beginning=make_drawing(request.beginning.strokes, request.beginning.word))


def _last_point(request: CompletionRequest) -> NDArray[np.float32]:
    """Where the endings go on from: the beginning's last point, or near the middle of the box."""
    if request.beginning.point_count:
        return np.asarray(request.beginning.strokes[-1][-1], np.float32)
    return np.asarray([corner + request.size / 2 for corner in request.origin], np.float32)


def _chunk(steps: list[Step], first: int, last: NDArray[np.float64], per_unit: float) -> EndingsGrown:
    offsets = np.stack([step.offsets for step in steps], axis=1).astype(np.float64) * per_unit
    pens = np.stack([step.pens for step in steps], axis=1)
    offsets[pens == PEN_END] = 0
    points = last[:, None] + offsets.cumsum(axis=1)
    return EndingsGrown(first, points.astype(np.float32), pens.astype(np.uint8))


def _endings(request: CompletionRequest, fitted: FittedBeginning, taken: list[Step], per_unit: float) -> list[Ending]:
    start = np.tile(_last_point(request), (request.count, 1)).astype(np.float64)
    whole = _chunk(taken, 0, start, per_unit)
    likelihoods = _log_likelihoods(taken)
    joins = bool(request.beginning.point_count) and request.pen_down
    endings = []
    for index in range(request.count):
        strokes, finished = _strokes(whole.points[index], whole.pens[index], start[index] if joins else None)
        endings.append(Ending(Drawing(strokes), joins and bool(strokes), likelihoods[index], finished, index))
    return endings


def _strokes(
    points: NDArray[np.float32], pens: NDArray[np.uint8], joined_to: NDArray[np.float64] | None
) -> tuple[tuple[NDArray[np.float32], ...], bool]:
    """The strokes of one ending, and whether the model ended it itself."""
    ends = np.flatnonzero(pens == PEN_END)
    count = int(ends[0]) if len(ends) else len(pens)
    kept = points[:count]
    lifts = np.flatnonzero(pens[:count] == PEN_LIFTED) + 1
    pieces = [piece for piece in np.split(kept, lifts) if len(piece)]
    if joined_to is not None and pieces:
        pieces[0] = np.concatenate([joined_to[None].astype(np.float32), pieces[0]])
    return tuple(pieces), bool(len(ends))


@torch.no_grad()
def _log_likelihoods(taken: list[Step]) -> list[float]:
    """Nats per point of each ending at temperature 1, the end included."""
    mixture = Mixture.from_output(torch.stack([step.output for step in taken]))
    offsets = torch.from_numpy(np.stack([step.offsets for step in taken]))
    pens = np.stack([step.pens for step in taken])
    before_end = torch.from_numpy(pens != PEN_END)
    density = torch.where(before_end, mixture.log_density(offsets[..., 0], offsets[..., 1]), 0.0)
    one_hot = torch.from_numpy(np.eye(3, dtype=np.float32)[pens])
    # The first end state counts (the model chose to stop there), the ones after it were not drawn.
    counted = torch.from_numpy(np.concatenate([np.ones_like(pens[:1], bool), pens[:-1] != PEN_END]))
    pen = torch.where(counted, mixture.pen_log_probability(one_hot), 0.0)
    return ((density + pen).sum(dim=0) / counted.sum(dim=0)).tolist()
