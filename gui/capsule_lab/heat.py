"""Heat over a digit: colours that keep their order for every eye, laid where primary capsules look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.capsules.votes import FIELD, STRIDE

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]

# Stops of a ramp from night blue over red to yellow whose lightness only rises, and of one between two colours that
# people with a colour vision deficiency tell apart, dark in the middle.
_NIGHT, _VIOLET, _RED, _ORANGE, _PALE = (12, 8, 38), (90, 22, 105), (200, 66, 72), (249, 153, 32), (252, 240, 160)
_RAMP = np.array([_NIGHT, _VIOLET, _RED, _ORANGE, _PALE], np.float32)
_TWO_WAYS = np.array([(120, 190, 255), (30, 100, 190), (16, 18, 26), (190, 90, 20), (255, 190, 90)], np.float32)
_INK = 0.55  # of the digit's brightness that is left below
_HEAT = 0.72  # of the heat's colour over it
_LEAST = 1e-6  # of a scale, so that equal values have a colour
_GLOW = 40.0  # what ink adds to the heat


@dataclass(frozen=True)
class Scale:
    """From which value to which colours go; `two_ways` where the middle is what is neither much nor little."""

    low: float
    high: float
    two_ways: bool

    @property
    def is_flat(self) -> bool:
        """Whether all values are the same, but for what rounding does."""
        return self.high - self.low <= 2.1 * _LEAST

    @classmethod
    def of(cls, values: Array, centre: float | None) -> Scale:
        """From 0 to the largest value, or as far to both sides of `centre` as any value is."""
        if centre is None:
            return cls(0.0, max(float(values.max()), _LEAST), False)
        most = max(float(np.abs(values - centre).max()), _LEAST)
        return cls(centre - most, centre + most, True)


def coloured(values: Array, scale: Scale) -> NDArray[np.float32]:
    """Colours [..., 3], from 0 to 255, of values."""
    stops = _TWO_WAYS if scale.two_ways else _RAMP
    place = np.clip((values - scale.low) / (scale.high - scale.low), 0, 1) * (len(stops) - 1)
    first = np.minimum(place.astype(np.int64), len(stops) - 2)
    part = (place - first)[..., None]
    made: NDArray[np.float32] = stops[first] * (1 - part) + stops[first + 1] * part
    return made


def heat_picture(picture: Array, heat: Array, scale: Scale) -> Pixels:
    """A digit [S, S] in [0, 1] with heat [grid, grid] over it, each number where its capsule looks: [2 S, 2 S, 3].

    A capsule's field is much wider than its step; its number fills the middle of the field, one step wide.
    """
    side, grid = len(picture), len(heat)
    made = np.repeat(np.repeat(picture * (255 * _INK), 2, axis=0), 2, axis=1)[..., None].repeat(3, axis=2)
    # The middle of the first field is FIELD / 2; its step begins half a step before. In half pixels all is whole.
    start = FIELD - STRIDE
    cells = np.repeat(np.repeat(coloured(heat, scale), 2 * STRIDE, axis=0), 2 * STRIDE, axis=1)
    area = slice(start, min(start + 2 * STRIDE * grid, 2 * side))
    length = area.stop - area.start
    made[area, area] += (cells[:length, :length] - made[area, area]) * _HEAT
    # What is inked stays to be seen through the heat.
    made[area, area] += np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)[area, area, None] * _GLOW
    pixels: Pixels = np.clip(np.rint(made), 0, 255).astype(np.uint8)
    return pixels
