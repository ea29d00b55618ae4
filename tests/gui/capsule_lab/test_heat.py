"""Heat keeps the order of its values for every eye, and lies where its capsules look."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.capsules.votes import field_of
from gui.capsule_lab.heat import Scale, coloured, heat_picture

Array = NDArray[np.float32]
# What is left of a colour for an eye without one of the cones (Vienot, Brettel and Mollon 1999), on linear light.
_LMS = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
_PROTAN = np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]])
_DEUTAN = np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]])
LIGHTNESS = np.array([0.2126, 0.7152, 0.0722])


def linear(colours: Array) -> NDArray[np.float64]:
    """sRGB from 0 to 255 as linear light from 0 to 1."""
    shares = colours.astype(np.float64) / 255
    light: NDArray[np.float64] = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return light


def seen_without(cone: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64]:
    seen: NDArray[np.float64] = np.clip(light @ (np.linalg.inv(_LMS) @ cone @ _LMS).T, 0, 1)
    return seen


def test_a_scale_goes_from_nought_or_to_both_sides_of_its_middle() -> None:
    assert Scale.of(np.array([0.5, 2.0, 1.0], np.float32), None) == Scale(0.0, 2.0, False)
    assert Scale.of(np.array([-1.0, 3.0], np.float32), 0.0) == Scale(-3.0, 3.0, True)
    both = Scale.of(np.array([0.05, 0.2], np.float32), 0.1)
    assert both.low == pytest.approx(0, abs=1e-7) and both.high == pytest.approx(0.2) and not both.is_flat


def test_equal_values_have_a_flat_scale_and_a_colour() -> None:
    for centre in (0.0, 0.1, 1.0):
        scale = Scale.of(np.full(3, centre, np.float32), centre)
        assert scale.is_flat
        assert np.isfinite(coloured(np.full(3, centre, np.float32), scale)).all()
    assert np.isfinite(coloured(np.zeros(3, np.float32), Scale.of(np.zeros(3, np.float32), None))).all()


def test_more_is_lighter_for_every_eye() -> None:
    made = linear(coloured(np.linspace(0, 2, 200, dtype=np.float32), Scale(0.0, 2.0, False)))
    for light in (made, seen_without(_PROTAN, made), seen_without(_DEUTAN, made)):
        assert (np.diff(light @ LIGHTNESS) > 0).all()


def test_both_ways_are_lighter_away_from_the_middle_and_told_apart_by_every_eye() -> None:
    values = np.linspace(-3, 3, 201, dtype=np.float32)
    made = linear(coloured(values, Scale(-3.0, 3.0, True)))
    for light in (made, seen_without(_PROTAN, made), seen_without(_DEUTAN, made)):
        lightness = light @ LIGHTNESS
        assert (np.diff(lightness[:101]) < 0).all() and (np.diff(lightness[100:]) > 0).all()
        # As far to either side, the one is bluer than red, the other redder than blue.
        blueness = light[:, 2] - light[:, 0]
        assert (blueness[:90] > 0.02).all() and (blueness[-90:] < 0).all()


def test_colours_are_between_their_stops_and_stop_at_the_ends() -> None:
    scale = Scale(0.0, 4.0, False)
    made = coloured(np.array([-9, 0, 0.5, 1, 4, 9], np.float32), scale)
    np.testing.assert_allclose(made[0], made[1])
    np.testing.assert_allclose(made[2], (made[1] + made[3]) / 2, rtol=1e-6)
    np.testing.assert_allclose(made[4], made[5])
    assert coloured(np.zeros((2, 3), np.float32), scale).shape == (2, 3, 3)


@pytest.mark.parametrize(("side", "grid"), [(28, 6), (36, 10), (20, 2)])
def test_every_cell_lies_in_the_middle_of_what_its_capsule_sees(side: int, grid: int) -> None:
    for y, x in ((0, 0), (grid - 1, grid - 2), (grid // 2, 1)):
        heat = np.zeros((grid, grid), np.float32)
        heat[y, x] = 1.0
        made = heat_picture(np.zeros((side, side), np.float32), heat, Scale(0.0, 1.0, False))
        assert made.shape == (2 * side, 2 * side, 3) and made.dtype == np.uint8
        light = made.astype(int).sum(axis=2)
        rows, columns = np.nonzero(light == light.max())
        assert len(rows) == 16  # one step of two pixels, each twice as large
        top, left, bottom, right = field_of(y, x)
        # A half pixel's middle is at (index + 0.5) / 2.
        assert (rows.mean() + 0.5) / 2 == (top + bottom) / 2
        assert (columns.mean() + 0.5) / 2 == (left + right) / 2


def test_the_digit_is_seen_through_and_around_the_heat() -> None:
    digit = np.zeros((28, 28), np.float32)
    digit[2, 2] = digit[14, 14] = 1
    made = heat_picture(digit, np.zeros((6, 6), np.float32), Scale(0.0, 1.0, False)).astype(int)
    cold = made[30, 32]  # heat without ink
    assert (made[4:6, 4:6] == made[4, 4]).all() and made[4, 4, 0] == made[4, 4, 1] == made[4, 4, 2] > 100
    assert not made[:4, :4].any()  # no heat where no capsule has its middle
    assert (made[28:30, 28:30] > cold + 30).all()
    warm = heat_picture(digit, np.ones((6, 6), np.float32), Scale(0.0, 1.0, False)).astype(int)
    assert (warm[30, 32] - cold).sum() > 300 and (warm[28, 28] >= warm[30, 32]).all()
    assert (warm[4, 4] == made[4, 4]).all()
