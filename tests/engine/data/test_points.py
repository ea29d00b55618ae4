"""Toys: what is drawn follows the density that is told, and a drawn density survives its file."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from numpy.typing import NDArray
from scipy import integrate, stats
from torch import Generator

from engine.data.points import EXTENT, MAX_DENSITY_SIDE, DrawnDensity, Toy, open_drawn, open_toy, save_density
from engine.data.source import POINT_NAMES, PlaneSource
from engine.errors import BadFileError, TrainingError

TOYS = [name for name in POINT_NAMES if name != "drawn density"]
HOUSE = np.array([[4.0, 0.0, 0.0], [1.0, 0.0, 2.0], [0.0, 0.0, 1.0]])


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def every_source() -> list[PlaneSource]:
    return [*(open_toy(name) for name in TOYS), DrawnDensity(HOUSE)]


@pytest.mark.parametrize("source", every_source(), ids=POINT_NAMES)
def test_points_follow_their_density(source: PlaneSource) -> None:
    count, cells = 40_000, 24
    points = source.batch(count, seeded()).numpy()
    assert points.shape == (count, 2) and points.dtype == np.float32
    drawn, _, _ = np.histogram2d(points[:, 1], points[:, 0], cells, ((-3, 3), (-3, 3)))
    wanted = source.grid_density(EXTENT, cells) * (6 / cells) ** 2 * count
    # Rare cells are put together, as the chi-squared test asks.
    rare = wanted < 8
    assert drawn[rare].sum() == pytest.approx(wanted[rare].sum(), abs=4 * wanted[rare].sum() ** 0.5 + 1)
    observed, expected = drawn[~rare], wanted[~rare]
    assert stats.chisquare(observed, expected / expected.sum() * observed.sum()).pvalue > 1e-3
    assert wanted.sum() == pytest.approx(count, rel=1e-3)


@pytest.mark.parametrize("source", every_source(), ids=POINT_NAMES)
def test_the_density_of_a_cell_is_the_mean_of_that_of_its_points(source: PlaneSource) -> None:
    extent, cells, fine = (-2.6, 2.9, -3.0, 2.0), 5, 150
    x0, x1, y0, y1 = extent
    x = x0 + (np.arange(cells * fine) + 0.5) / (cells * fine) * (x1 - x0)
    y = y0 + (np.arange(cells * fine) + 0.5) / (cells * fine) * (y1 - y0)
    grid = source.grid_density(extent, cells)
    for row, column in np.argwhere(grid > 0.3 * grid.max())[:3]:
        xs, ys = x[column * fine : (column + 1) * fine], y[row * fine : (row + 1) * fine]
        points = torch.from_numpy(np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)[::11])
        mean = float(source.log_density(points).exp().mean())
        assert mean == pytest.approx(grid[row, column], rel=0.08)


def test_a_mixture_has_the_density_of_scipy_s() -> None:
    source = open_toy("8 gaussians")
    assert source.modes is not None and source.spread == 0.02
    np.testing.assert_allclose(np.hypot(*source.modes.T), 2, rtol=1e-6)
    points = source.batch(50, seeded()).numpy().astype(float)
    parts = [stats.multivariate_normal(mode, source.spread**2).pdf(points) for mode in source.modes.astype(float)]
    found = source.log_density(torch.from_numpy(points))
    np.testing.assert_allclose(found, np.log(np.mean(parts, axis=0)), atol=1e-4)


def test_rings_have_the_density_of_rice() -> None:
    """The distance from the middle is Rice distributed, and every direction is equally likely."""
    radii = np.linspace(0.6, 2.6, 30)
    points = torch.from_numpy(np.stack([radii * math.cos(0.3), radii * math.sin(0.3)], axis=1))
    exact = np.mean([stats.rice(ring / 0.05, scale=0.05).pdf(radii) for ring in (0.8, 1.6, 2.4)], axis=0)
    np.testing.assert_allclose(open_toy("rings").log_density(points).exp(), exact / (2 * math.pi * radii), rtol=1e-6)


def arm(u: float) -> tuple[float, float]:
    s = math.sqrt(0.01 + 0.99 * u)
    return 2.5 * s, 3 * math.pi * s


def roll(u: float) -> tuple[float, float]:
    angle = 1.5 * math.pi * (1 + 2 * u)
    return angle / 7.5, angle


@pytest.mark.parametrize(
    ("name", "curve", "turns", "sigma"),
    [("spiral", arm, (0.0, math.pi), 0.06), ("swiss roll", roll, (0.0,), 0.25 / 7.5)],
)
def test_a_curve_has_the_density_of_its_integral(
    name: str, curve: Callable[[float], tuple[float, float]], turns: tuple[float, ...], sigma: float
) -> None:
    places = torch.cat([open_toy(name).batch(5, seeded(1)).double(), torch.tensor([[0.2, 0.05], [-0.2, -0.1]])])

    def along(u: float, x: float, y: float, turn: float) -> float:
        radius, angle = curve(u)
        square = (x - radius * math.cos(angle + turn)) ** 2 + (y - radius * math.sin(angle + turn)) ** 2
        return math.exp(-square / (2 * sigma**2)) / (2 * math.pi * sigma**2)

    exact = [
        np.mean([integrate.quad(along, 0, 1, (*place.tolist(), turn), limit=500)[0] for turn in turns])
        for place in places
    ]
    np.testing.assert_allclose(open_toy(name).log_density(places).exp(), exact, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "count"), [("8 gaussians", 8), ("25 gaussians", 25), ("rings", 0), ("spiral", 0)])
def test_mixtures_tell_their_modes(name: str, count: int) -> None:
    source = open_toy(name)
    assert (0 if source.modes is None else len(source.modes)) == count
    assert (source.spread > 0) == (count > 0)


@pytest.mark.parametrize("source", every_source(), ids=POINT_NAMES)
def test_a_generator_decides_the_points_and_the_seed_those_held_out(source: PlaneSource) -> None:
    first = source.batch(20, seeded(3))
    assert torch.equal(first, source.batch(20, seeded(3)))
    assert not torch.equal(first, source.batch(20, seeded(4)))
    points, labels = source.labelled(20, seeded(3))
    assert torch.equal(points, first) and labels is None
    kept, labels = source.held_out(1500)
    assert kept.shape == (1500, 2) and labels is None
    assert torch.equal(source.held_out(30)[0], kept[:30]) and len(source.held_out(0)[0]) == 0
    assert source.shape == (2,) and source.size == 0 and source.class_count == 0 and not source.class_names
    assert source.provenance.startswith(source.name) and not source.problems


def test_other_seeds_hold_out_other_points_and_no_points_repeat() -> None:
    kept = [open_toy("rings", seed).held_out(2048)[0] for seed in (-1, 0, 1, 2**62)]
    assert len(torch.unique(torch.cat(kept), dim=0)) == 4 * 2048


def test_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    for source in every_source():
        source.batch(5, seeded())
        source.held_out(5)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_unknown_toy_is_refused() -> None:
    with pytest.raises(TrainingError, match="no toy called 'moons'; choose one of 8 gaussians"):
        open_toy("moons")


def test_a_drawing_keeps_its_place_and_its_shares(tmp_path: Path) -> None:
    save_density(tmp_path / "house.npz", HOUSE)
    source = open_drawn(tmp_path / "house.npz")
    np.testing.assert_allclose(source.grid_density(EXTENT, 3) * 4, HOUSE / 8)
    corner = torch.tensor([[-2.5, -2.5], [2.5, 2.5], [2.9, -0.9], [0.0, 0.0], [3.5, 0.0], [math.nan, 0.0]])
    np.testing.assert_allclose(source.log_density(corner).exp(), [4 / 32, 1 / 32, 2 / 32, 0, 0, 0])


def test_a_square_that_is_empty_is_never_drawn_from() -> None:
    sparse = np.zeros((64, 64))
    sparse[0, 63] = 1e-300
    sparse[63, 0] = 1.0
    source = DrawnDensity(sparse)
    points = source.batch(5000, seeded())
    assert (points[:, 0] <= -3 + 6 / 64).all() and (points[:, 1] >= 3 - 6 / 64).all()
    assert torch.isfinite(source.log_density(points)).all()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numpy_st.arrays(
    st.sampled_from(["f2", "f4", "f8", "u1", "i8", "?", "longdouble"]),
    st.tuples(st.integers(0, 5), st.integers(0, 5)) | st.tuples(st.integers(1, 4)),
))  # fmt: skip
def test_any_array_is_a_density_or_refused(tmp_path: Path, density: NDArray[np.generic]) -> None:
    np.savez(tmp_path / "any.npz", density=density)
    try:
        source = open_drawn(tmp_path / "any.npz")
    except BadFileError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
        return
    points = source.batch(64, seeded())
    assert torch.isfinite(source.log_density(points)).all()
    assert source.grid_density(EXTENT, 7).sum() * (6 / 7) ** 2 == pytest.approx(1)
    save_density(tmp_path / "again.npz", density)
    assert torch.allclose(open_drawn(tmp_path / "again.npz").batch(64, seeded()), points, atol=6)


@pytest.mark.parametrize(
    ("density", "says"),
    [
        (np.zeros((3, 3)), "empty"),
        (np.full((3, 3), np.nan), "0 or more"),
        (np.array([[1.0, -1e-9], [0, 0]]), "0 or more"),
        (np.array([[1.0, np.inf], [0, 0]]), "0 or more"),
        (np.ones((3, 4)), "square"),
        (np.ones((1, 1)), "square"),
        (np.ones((MAX_DENSITY_SIDE + 1,) * 2, np.uint8), "square"),
    ],
)
def test_what_is_no_density_is_neither_saved_nor_read(tmp_path: Path, density: NDArray[np.generic], says: str) -> None:
    np.savez(tmp_path / "bad.npz", density=density)
    with pytest.raises(BadFileError, match=says):
        open_drawn(tmp_path / "bad.npz")
    with pytest.raises(BadFileError, match=says):
        save_density(tmp_path / "saved.npz", density)
    assert not (tmp_path / "saved.npz").exists()


def test_a_file_of_other_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", picture=np.ones((3, 3)))
    with pytest.raises(BadFileError, match="holds no density"):
        open_drawn(tmp_path / "other.npz")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
def test_a_file_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    save_density(tmp_path / "house.npz", HOUSE)
    whole = (tmp_path / "house.npz").read_bytes()
    (tmp_path / "house.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(BadFileError, match="damaged"):
        open_drawn(tmp_path / "house.npz")


def test_a_toy_is_drawn_within_its_extent() -> None:
    for name in TOYS:
        source: Toy = open_toy(name)
        assert source.batch(5000, seeded()).abs().max() < 3
