"""Overlap is the area that two boxes share, counted pixel by pixel; shifts are its inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.capsules.overlap import BOX, overlap_of, shifts_for, tinted, two_coloured


@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 0), (0, -7), (4, 4), (-19, 5), (20, 1), (25, 2)])
def test_overlap_is_counted_in_pixels(x: int, y: int) -> None:
    ground = np.zeros((80, 80), int)
    ground[30 : 30 + BOX, 30 : 30 + BOX] += 1
    ground[30 + y : 30 + y + BOX, 30 + x : 30 + x + BOX] += 1
    assert overlap_of(x, y) == pytest.approx((ground == 2).sum() / BOX**2)


@given(st.floats(0, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_shifts_lead_to_their_overlap(overlap: float, x: float, y: float) -> None:
    found = shifts_for(overlap, (x, y))
    assert overlap_of(*found) == pytest.approx(overlap, abs=1e-6)
    assert found[0] * x >= -1e-9 and found[1] * y >= -1e-9


def test_no_overlap_of_more_than_all() -> None:
    with pytest.raises(ValueError, match=r"not at 1\.5"):
        shifts_for(1.5, (1, 0))


def test_colours_say_whose_ink_it_is() -> None:
    first, second = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    first[0], second[:, 0] = 1, 1
    made = two_coloured(first, second, ((200, 100, 0), (0, 50, 250)))
    assert made.shape == (12, 12, 3) and made[1, 7].tolist() == [200, 100, 0] and made[7, 1].tolist() == [0, 50, 250]
    assert made[0, 0].tolist() == [255, 255, 255] and made[1, 1].tolist() == [40, 40, 40] and not made[6, 6].any()
    np.testing.assert_array_equal(tinted(first, (200, 100, 0))[0, 0], [200, 100, 0])
