"""How a picture lies on its ground, and the ranges of affNIST. Knows no torch, so that a window can show it at once.

Source of the ranges: T. Tieleman, "affNIST" (2013): rotation up to 20 degrees, shear up to 0.2, each axis scaled by 0.8
to 1.2, and any place in the frame that holds the whole digit.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

MAX_ROTATION, MAX_SHEAR, LEAST_SCALE, MOST_SCALE = 20.0, 0.2, 0.8, 1.2


@dataclass(frozen=True)
class Placement:
    """Rotation in degrees counter-clockwise; shear; scale; shift in pixels along x (right) and y (down)."""

    rotation: float = 0.0
    shear: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    @property
    def amounts(self) -> tuple[float, ...]:
        """The six numbers in the order of the fields, as `engine.data.affine.transformed` takes them."""
        return astuple(self)
