"""What is asked of a model that finishes a drawing, and what comes back while it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sketch.strokes import Drawing

# Lines near the likeliest ones, but pen states almost as learned: with a cool pen an ending seldom comes to its end.
DEFAULT_TEMPERATURE = 0.3
DEFAULT_PEN_TEMPERATURE = 0.8


@dataclass(frozen=True)
class CompletionRequest:
    """Finish `beginning` (canvas units; empty means: from nothing) `count` times.

    `category` is one of the model's categories or None; `temperature` (tau in the paper, 0 to 1) applies to mixture
    weights and variance, `pen_temperature` to the pen states (the same as `temperature` when None). `seed` makes the
    endings replayable: ending i has random numbers of (seed, i) alone, whatever `count` is, but a bfloat16 product
    rounds otherwise for another number of rows, and endings of another `count` may come out otherwise. `pen_down` says
    that the last stroke is still being drawn, so that an ending goes on from it without lifting the pen. `rank` sorts
    the finished endings by log-likelihood per point. `size` is the box side, in canvas units, of a drawing made from
    nothing.
    """

    beginning: Drawing
    category: str | None = None
    count: int = 9
    temperature: float = DEFAULT_TEMPERATURE
    pen_temperature: float | None = DEFAULT_PEN_TEMPERATURE
    seed: int = 0
    max_points: int = 200
    rank: bool = False
    pen_down: bool = False
    size: float = 400.0
    origin: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class EndingsGrown:
    """New points of all endings, in canvas units. Ending i's points before `first_step` came in earlier events.

    points: float32 [count, steps, 2]. pens: uint8 [count, steps]: 0 the line goes on from this point, 1 the pen lifts
    after it, 2 the drawing had ended (the point is to be ignored, as are all later ones of that ending).
    """

    first_step: int
    points: NDArray[np.float32]
    pens: NDArray[np.uint8]


@dataclass(frozen=True)
class Ending:
    """One finished ending: `strokes` to add to the beginning, in canvas units.

    When `joins` is true the first stroke goes on from the beginning's last point (which it repeats as its first).
    `log_likelihood` is in nats per point, in the model's units; `index` is its number before ranking.
    """

    strokes: Drawing
    joins: bool
    log_likelihood: float
    finished: bool
    index: int


@dataclass(frozen=True)
class Completion:
    """The endings of one request, in the order to show, and the time that it took (s).

    `beginning_share` is the share of the finished drawing's box that the beginning was taken to fill: the fitted scale.
    """

    endings: tuple[Ending, ...]
    beginning_share: float
    beginning_log_likelihood: float
    seconds: float
