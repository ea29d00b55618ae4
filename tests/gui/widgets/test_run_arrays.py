"""Arrays of anybody's files are read as what they are, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.typing import NDArray

from gui.widgets import run_arrays as read
from tests.helpers.stage_arrays import digits, picture_arrays, plan_arrays, plane_arrays

ANY_ARRAY: st.SearchStrategy[NDArray[np.generic]] = arrays_of.arrays(
    st.sampled_from([np.dtype(kind) for kind in ("f4", "f8", "u1", "i8", "?", "c8", "U2")]),
    arrays_of.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5),
)


def test_points_are_rows_of_two_numbers() -> None:
    found = read.points(plane_arrays(), "samples")
    assert found is not None and found.shape == (50, 2) and found.dtype == np.float64
    assert read.points(picture_arrays(), "latents", None) is not None
    assert read.points(picture_arrays(), "latents") is None
    assert read.points({}, "samples") is None


def test_number_of_points_and_of_pictures_is_bounded() -> None:
    many = read.points({"data": np.zeros((read.MAX_POINTS + 5, 2), np.float32)}, "data")
    assert many is not None and len(many) == read.MAX_POINTS
    pictures = read.pictures({"data": np.zeros((read.MAX_PICTURES + 5, 2, 2), np.uint8)}, "data")
    assert pictures is not None and len(pictures) == read.MAX_PICTURES


@pytest.mark.parametrize("corners", [[0, 0, 0, 1], [1, -1, 0, 1], [0, np.nan, 0, 1], [0, 1, 0], [0, np.inf, 0, 1]])
def test_an_extent_without_area_is_none(corners: list[float]) -> None:
    assert read.extent({"extent": np.array(corners, np.float32)}) is None


def test_the_plan_belongs_to_its_points() -> None:
    assert read.plan(plan_arrays()) is not None
    assert read.plan(plan_arrays() | {"plan_data": np.zeros((5, 2), np.float32)}) is None
    assert read.plan({"plan": np.zeros((3, 3), np.float32)}) is None


def test_rows_of_pictures_stay_whole() -> None:
    found = read.picture_rows({"rows": digits(12).reshape(3, 4, 8, 8)}, "rows")
    assert found is not None
    np.testing.assert_array_equal(found[0], digits(12))
    assert found[1] == 4
    many = read.picture_rows({"rows": np.zeros((400, 3, 2, 2), np.uint8)}, "rows")
    assert many is not None and len(many[0]) == read.MAX_PICTURES // 3 * 3


def test_singular_values_by_layer_largest_first() -> None:
    arrays = {"singular_values/a": np.array([1.0, np.nan, 3.0]), "other": np.ones(3), "singular_values/b": np.ones(0)}
    found = read.singular_values(arrays)
    assert list(found) == ["a"] and found["a"].tolist() == [3.0, 1.0]


def test_rows_that_cannot_be_drawn_are_told_apart() -> None:
    places = np.array([[0, 1], [np.nan, 0], [0, np.inf], [1e30, 0]])
    assert read.finite_rows(places).tolist() == [True, False, False, False]


@given(ANY_ARRAY)
def test_whatever_comes_is_refused_or_sound(array: NDArray[np.generic]) -> None:
    names = ("samples", "extent", "critic_map", "warp", "plan", "plan_data", "plan_samples", "singular_values/a")
    arrays = dict.fromkeys(names, array)
    for found in (read.points(arrays, "samples"), read.points(arrays, "samples", None)):
        assert found is None or (found.ndim == 2 and found.size)
    pictures = read.pictures(arrays, "samples")
    assert pictures is None or (pictures.dtype == np.uint8 and pictures.shape[3:] in ((), (3,)))
    heat, lattice = read.plane_map(arrays, "critic_map"), read.lattice(arrays, "warp")
    assert heat is None or np.isfinite(heat).all()
    assert lattice is None or lattice.shape[2] == 2
    for anything in (read.extent(arrays), read.plan(arrays), read.picture_rows(arrays, "samples"),
                     read.values(arrays, "extent"), read.labels(arrays, 3)):
        assert anything is None or len(anything)
    assert set(read.singular_values(arrays)) <= {"a"}
