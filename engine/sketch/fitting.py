"""How large is a beginning meant to be?

A model has only seen whole drawings that fill a box, of 255 units for Quick, Draw!'s. The first strokes of a person
fill any part of that box, and a network that is fed them at the wrong scale has never seen anything like them. So
several scales are tried in one batch, and the one under which the beginning is most likely is kept. Offsets at scale s
have the density p(s * offset) * s^2 per point in the person's own units, which makes the likelihoods comparable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import BadDrawingError
from engine.sketch.cells import State
from engine.sketch.mixture import Mixture
from engine.sketch.model import START_TOKEN
from engine.sketch.stepping import Stepper
from engine.sketch.strokes import Drawing, quickdraw_epsilon_at, simplify, to_stroke3

# Shares of the box that the beginning may fill.
SHARES = tuple(2 ** (-step / 2) for step in range(6))
# Beginnings are judged by their first points; more would change little and cost time at every pen-up.
POINTS_TO_JUDGE = 40
CACHE_SIZE = 8
MAX_BEGINNING = 2_000


@dataclass(frozen=True)
class FittedBeginning:
    """A beginning as the decoder sees it. `units` is the units of its data per canvas unit that were chosen.

    share: what the beginning fills of the box at that scale. state: after the last point [1, H] each. points: stroke-5
    [N + 1, 5] with the start token, model units.
    log_likelihood: nats per point in model units (0 for an empty beginning).
    """

    units: float
    share: float
    points: NDArray[np.float32]
    state: State
    log_likelihood: float


@dataclass
class _Track:
    """Steps already made for several scales at once: outputs and states after each point, to go on from."""

    key: tuple[int, float]
    stroke3: NDArray[np.float32]  # canvas units
    outputs: list[Tensor]
    states: list[State]


class ScaleFitter:
    """Fits and remembers: strokes that were already there at the last pen-up are not run again."""

    def __init__(self, stepper: Stepper, scale_factor: float, box: float) -> None:
        """For the model of `stepper`, whose data fills a box of `box` units and is divided by `scale_factor`."""
        self._stepper, self.scale_factor, self._box = stepper, scale_factor, box
        self._tracks: list[_Track] = []

    def fit(self, beginning: Drawing, category: int, pen_down: bool, whole_size: float) -> FittedBeginning:
        """The beginning at its most likely scale; one of a single point, or none, as if `whole_size` were the box.

        Raises `BadDrawingError` when it has more than `MAX_BEGINNING` corners, before the network sees any.
        """
        left, top, right, bottom = beginning.box()
        extent = max(right - left, bottom - top)
        if extent < 1e-3 * whole_size:
            units = self._box / whole_size
            stroke3 = _stroke3(beginning, units, pen_down)
            return self._at_scales(stroke3, (units,), category, extent)
        # Half octaves: the scale, and with it what is remembered, stays the same while the drawing grows a little.
        largest = 2 ** (math.floor(2 * math.log2(self._box / extent)) / 2)
        stroke3 = _stroke3(beginning, largest * SHARES[2], pen_down)
        scales = tuple(largest * share for share in SHARES)
        if len(stroke3) <= POINTS_TO_JUDGE:
            return self._at_scales(stroke3, scales, category, extent)
        units = self._at_scales(stroke3[:POINTS_TO_JUDGE], scales, category, extent).units
        return self._at_scales(stroke3, (units,), category, extent)

    def _at_scales(
        self, stroke3: NDArray[np.float32], scales: tuple[float, ...], category: int, extent: float
    ) -> FittedBeginning:
        stepper = self._stepper
        points = np.zeros((len(stroke3) + 1, len(scales), 5), np.float32)
        points[0] = START_TOKEN
        per_unit = np.asarray(scales, np.float32) / np.float32(self.scale_factor)
        points[1:, :, :2] = stroke3[:, None, :2] * per_unit[:, None]
        points[1:, :, 2] = 1 - stroke3[:, None, 2]
        points[1:, :, 3] = stroke3[:, None, 2]
        condition = stepper.condition([category] * len(scales))
        key = (category, hash(scales))
        track = self._track(key, stroke3)
        known = len(track.outputs)
        if known < len(points):
            state = track.states[-1] if known else stepper.first_state(condition)
            outputs, states = stepper.run(points[known:], condition, state)
            track = _Track(key, stroke3, track.outputs + list(outputs), track.states + states)
        self._remember(track)
        scores = np.zeros(len(scales))
        if len(stroke3):
            mixture = Mixture.from_output(torch.stack(track.outputs[:-1]))
            target = torch.from_numpy(points[1:])
            offsets = mixture.log_density(target[..., 0], target[..., 1]).double()
            pens = mixture.pen_log_probability(target[..., 2:]).double()
            scores = (offsets + pens).sum(dim=0).numpy()
        jacobian = 2 * len(stroke3) * np.log(per_unit)
        best = int(np.argmax(scores + jacobian))
        return FittedBeginning(
            units=scales[best],
            share=extent * scales[best] / self._box,
            points=points[:, best],
            state=tuple(part[best : best + 1] for part in track.states[-1]),
            log_likelihood=float(scores[best]) / max(len(stroke3), 1),
        )

    def _track(self, key: tuple[int, float], stroke3: NDArray[np.float32]) -> _Track:
        """The longest remembered run over a part of these points with which they begin (start token included)."""
        best = _Track(key, stroke3[:0], [], [])
        for track in self._tracks:
            if track.key != key:
                continue
            length = min(len(track.stroke3), len(stroke3))
            same = np.all(track.stroke3[:length] == stroke3[:length], axis=1)
            shared = length if same.all() else int(np.argmin(same))
            if shared + 1 > len(best.outputs):
                best = _Track(key, stroke3[:shared], track.outputs[: shared + 1], track.states[: shared + 1])
        return best

    def _remember(self, track: _Track) -> None:
        self._tracks.insert(0, track)
        del self._tracks[CACHE_SIZE:]


def _stroke3(beginning: Drawing, units: float, pen_down: bool) -> NDArray[np.float32]:
    """Stroke-3 in canvas units, simplified as the model's data was, at `units` of its units per canvas unit."""
    stroke3 = to_stroke3(simplify(beginning, quickdraw_epsilon_at(units)))
    if len(stroke3) > MAX_BEGINNING:
        raise BadDrawingError(f"The beginning has more than {MAX_BEGINNING:,} corners; start a simpler drawing.")
    if pen_down and len(stroke3):
        stroke3[-1, 2] = 0
    return stroke3
