"""What the stages read from a run's arrays. They may come from a file of anybody's, so shapes and sizes are checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

NamedArrays = Mapping[str, NDArray[np.generic]]

MAX_POINTS = 20_000
MAX_PICTURES = 1024
MAX_SIDE = 1024  # pixels of a picture, cells of a map
MAX_PLAN = 1024
MAX_DIMENSIONS = 4096
MAX_LAYERS = 12
LARGEST = 1e9  # that can be drawn
SINGULAR_VALUES = "singular_values/"


def points(arrays: NamedArrays, name: str, dimensions: int | None = 2) -> NDArray[np.float64] | None:
    """Array `name` as float64 [n, dimensions], or [n, any] for None; None when it is missing or no such thing.

    Rows that are not finite stay, so that rows of several arrays still belong together.
    """
    found = _numbers(arrays, name, 2)
    if found is None or not found.shape[1] or found.shape[1] > MAX_DIMENSIONS:
        return None
    if dimensions is not None and found.shape[1] != dimensions:
        return None
    return np.asarray(found[:MAX_POINTS], np.float64)


def extent(arrays: NamedArrays) -> tuple[float, float, float, float] | None:
    """The part of the plane a run speaks of: x0, x1, y0, y1."""
    found = _numbers(arrays, "extent", 1)
    if found is None or found.shape != (4,):
        return None
    x0, x1, y0, y1 = map(float, found)
    return (x0, x1, y0, y1) if np.isfinite(found).all() and x1 > x0 and y1 > y0 else None


def plane_map(arrays: NamedArrays, name: str) -> NDArray[np.float64] | None:
    """A map over the plane, float64 [rows, columns], row 0 at the bottom; values that are not finite become 0."""
    found = _numbers(arrays, name, 2)
    if found is None or min(found.shape) < 2 or max(found.shape) > MAX_SIDE:
        return None
    return np.nan_to_num(np.asarray(found, np.float64), posinf=0.0, neginf=0.0)


def lattice(arrays: NamedArrays, name: str) -> NDArray[np.float64] | None:
    """The image of a regular grid, float64 [rows, columns, 2]."""
    found = _numbers(arrays, name, 3)
    if found is None or found.shape[2] != 2 or min(found.shape[:2]) < 2 or max(found.shape[:2]) > 256:
        return None
    return np.asarray(found, np.float64)


def plan(arrays: NamedArrays) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """The transport plan [m, k] with its data [m, 2] and its samples [k, 2]."""
    mass = _numbers(arrays, "plan", 2)
    data, samples = points(arrays, "plan_data"), points(arrays, "plan_samples")
    if mass is None or data is None or samples is None or max(mass.shape) > MAX_PLAN:
        return None
    if mass.shape != (len(data), len(samples)) or not mass.size:
        return None
    return np.nan_to_num(np.asarray(mass, np.float64), posinf=0.0, neginf=0.0), data, samples


def pictures(arrays: NamedArrays, name: str) -> NDArray[np.uint8] | None:
    """Pictures, uint8 [n, H, W] or [n, H, W, 3], at most `MAX_PICTURES`."""
    found = arrays.get(name)
    if found is None or found.dtype != np.uint8 or not found.size:
        return None
    if found.ndim not in (3, 4) or (found.ndim == 4 and found.shape[3] != 3) or max(found.shape[1:3]) > MAX_SIDE:
        return None
    return np.asarray(found[:MAX_PICTURES], np.uint8)


def picture_rows(arrays: NamedArrays, name: str) -> tuple[NDArray[np.uint8], int] | None:
    """Rows of pictures, uint8 [rows, columns, H, W(, 3)], as pictures one after the other and the number of columns."""
    found = arrays.get(name)
    if found is None or found.dtype != np.uint8 or not found.size or found.ndim not in (4, 5):
        return None
    flat = pictures({name: found.reshape(-1, *found.shape[2:])}, name)
    if flat is None:
        return None
    columns = found.shape[1]
    return flat[: max(len(flat) // columns, 1) * columns], columns


def labels(arrays: NamedArrays, count: int) -> NDArray[np.int64] | None:
    """A class for each of `count` points, or None."""
    found = arrays.get("labels")
    if found is None or found.dtype.kind not in "iu" or found.ndim != 1 or len(found) < count:
        return None
    return np.asarray(found[:count], np.int64)


def values(arrays: NamedArrays, name: str) -> NDArray[np.float64] | None:
    """A list of numbers, float64 [n], those that are finite."""
    found = _numbers(arrays, name, 1)
    if found is None:
        return None
    kept = np.asarray(found[:MAX_POINTS], np.float64)
    kept = kept[np.isfinite(kept)]
    return kept if kept.size else None


def layers(arrays: NamedArrays, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """A number for each layer, as the layers' places, counted from 1, and their numbers; those that are finite."""
    found = _numbers(arrays, name, 1)
    if found is None:
        return None
    kept = np.asarray(found[:MAX_DIMENSIONS], np.float64)
    finite = np.flatnonzero(np.abs(kept) < LARGEST)
    return (finite.astype(np.float64) + 1, kept[finite]) if finite.size else None


def singular_values(arrays: NamedArrays) -> dict[str, NDArray[np.float64]]:
    """Layer -> its singular values, largest first."""
    found: dict[str, NDArray[np.float64]] = {}
    for name in arrays:
        if name.startswith(SINGULAR_VALUES) and len(found) < MAX_LAYERS:
            kept = values(arrays, name)
            if kept is not None:
                found[name.removeprefix(SINGULAR_VALUES)] = np.sort(kept)[::-1]
    return found


def finite_rows(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows hold numbers that can be drawn."""
    return np.asarray((np.abs(places) < LARGEST).all(axis=-1), np.bool_)  # false for what is not a number, too


def _numbers(arrays: NamedArrays, name: str, dimensions: int) -> NDArray[np.generic] | None:
    found = arrays.get(name)
    if found is None or found.ndim != dimensions or found.dtype.kind not in "iuf" or not found.size:
        return None
    return found
