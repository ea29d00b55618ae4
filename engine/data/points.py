"""Toys in the plane: mixtures on a circle and a grid, rings, spirals, and a density that a person drew.

Each toy is a normal distribution around places: around a few centres, or around a curve. So its density is known, and
so is the probability of each cell of a grid. Sources: 8 Gaussians on a circle, Metz et al. 2017 (Unrolled GAN),
appendix; 25 on a grid, Srivastava et al. 2017 (VEEGAN), at half their scale; swiss roll, Gulrajani et al. 2017
(WGAN-GP), authors' gan_toy; rings and two spirals after Grathwohl et al. 2019 (FFJORD), with normal noise alone.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Generator, Tensor

from engine.data.source import Extent
from engine.errors import BadFileError, TrainingError
from engine.runtime.arrays import read_arrays
from engine.runtime.atomic import write_file

EXTENT: Extent = (-3.0, 3.0, -3.0, 3.0)
MAX_DENSITY_SIDE = 1024

_CIRCLE_RADIUS, _CIRCLE_SIGMA = 2.0, 0.02
_GRID_STEP, _GRID_SIGMA = 1.0, 0.025
_RING_RADII, _RING_SIGMA = (0.8, 1.6, 2.4), 0.05
_SPIRAL_RADIUS, _SPIRAL_TURNS, _SPIRAL_START, _SPIRAL_SIGMA = 2.5, 1.5, 0.1, 0.06
_ROLL_SCALE, _ROLL_SIGMA = 1 / 7.5, 0.25 / 7.5

_NODES_PER_SIGMA = 4  # the sum over nodes is then within a thousandth of the integral along the curve
_CHUNK = 1 << 22  # distances that log_density computes at once
_BLOCK = 1024  # held-out points of one generator
_HELD_OUT_SEED = 0x7E57


class _Plane(ABC):
    """What all points of the plane have in common."""

    shape = (2,)
    class_names: tuple[str, ...] = ()
    class_count = 0
    size = 0
    problems: tuple[str, ...] = ()
    extent = EXTENT
    modes: NDArray[np.float32] | None = None
    spread = 0.0

    def __init__(self, name: str, provenance: str, seed: int) -> None:
        self.name = name
        self.provenance = provenance
        self._seed = seed

    @abstractmethod
    def batch(self, count: int, generator: Generator) -> Tensor:
        """Fresh points, float32 [count, 2]."""

    def labelled(self, count: int, generator: Generator) -> tuple[Tensor, None]:
        """Fresh points; there are no classes."""
        return self.batch(count, generator), None

    def held_out(self, count: int) -> tuple[Tensor, None]:
        """Points that depend on the source's seed alone; fewer of them are the first ones of more."""
        blocks = []
        for block in range(-(-count // _BLOCK)):
            # Hashed, since a generator heeds the lowest 32 bits of its seed alone.
            mixed = np.random.SeedSequence([self._seed % 2**64, _HELD_OUT_SEED, block]).generate_state(1)
            blocks.append(self.batch(_BLOCK, Generator().manual_seed(int(mixed[0]))))
        return torch.cat([*blocks, torch.empty(0, 2)])[:count], None


@dataclass(frozen=True)
class _Places:
    """Places that points lie around: equally likely `nodes` float64 [k, 2] and noise `sigma` in each direction.

    `draw(count, generator)` gives float64 [count, 2]: the same places without the steps between the nodes.
    """

    nodes: NDArray[np.float64]
    sigma: float
    draw: Callable[[int, Generator], Tensor]
    are_modes: bool


class Toy(_Plane):
    """A `PlaneSource`: normal noise around places."""

    def __init__(self, name: str, places: _Places, seed: int) -> None:
        """Use `open_toy`."""
        super().__init__(name, f"{name}: points drawn from a known density", seed)
        self._places = places
        if places.are_modes:
            self.modes = places.nodes.astype(np.float32)
            self.spread = places.sigma

    def batch(self, count: int, generator: Generator) -> Tensor:
        """Fresh points, float32 [count, 2]."""
        places = self._places.draw(count, generator)
        noise = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        return (places + self._places.sigma * noise).float()

    def log_density(self, points: Tensor) -> Tensor:
        """Natural logarithm of the density at points [n, 2], float64 [n]."""
        nodes, variance = torch.from_numpy(self._places.nodes), self._places.sigma**2
        parts = torch.tensor_split(points.double(), len(points) * len(nodes) // _CHUNK + 1)
        # |x - node|^2 = |x|^2 - 2 x node + |node|^2 as a product of matrices; float64 has digits to spare.
        lengths = nodes.square().sum(dim=1)
        inner = (torch.logsumexp(torch.addmm(-0.5 * lengths, part, nodes.T) / variance, dim=1) for part in parts)
        logs = torch.cat(list(inner)) - 0.5 * points.double().square().sum(dim=1) / variance
        return logs - math.log(2 * math.pi * variance * len(nodes))

    def grid_density(self, extent: Extent, size: int) -> NDArray[np.float64]:
        """Mean density of each cell [size, size], row 0 at y0, from the probability of each cell."""
        x0, x1, y0, y1 = extent
        x, y = self._places.nodes.T
        across = _normal_shares(x, self._places.sigma, np.linspace(x0, x1, size + 1))
        up = _normal_shares(y, self._places.sigma, np.linspace(y0, y1, size + 1))
        return np.asarray(up @ across.T / (len(x) * _cell_area(extent, size)), np.float64)


class DrawnDensity(_Plane):
    """A `PlaneSource`: the squares of a person's drawing, with points spread evenly inside each."""

    def __init__(self, density: NDArray[np.generic], seed: int = 0) -> None:
        """A density [n, n] in any unit, row 0 at the bottom of `EXTENT`.

        Raises `BadFileError` when it is no square of numbers of 0 or more with something above 0.
        """
        super().__init__("drawn density", "drawn density: points drawn from a density that a person drew", seed)
        heights = _checked(density)
        self._shares = heights / heights.sum()
        self._side = len(heights)
        x0, x1, y0, y1 = EXTENT
        self._corner = torch.tensor([x0, y0], dtype=torch.float64)
        self._cell = torch.tensor([x1 - x0, y1 - y0], dtype=torch.float64) / self._side
        # Only squares that hold something, so that no rounding can choose an empty one.
        self._filled = torch.from_numpy(np.flatnonzero(self._shares))
        self._up_to = torch.from_numpy(self._shares.ravel())[self._filled].cumsum(0)

    def batch(self, count: int, generator: Generator) -> Tensor:
        """Fresh points, float32 [count, 2]."""
        drawn = torch.rand(count, generator=generator, dtype=torch.float64) * self._up_to[-1]
        found = torch.searchsorted(self._up_to, drawn, right=True).clamp_(max=len(self._up_to) - 1)
        cell = self._filled[found]
        inside = torch.rand(count, 2, generator=generator, dtype=torch.float64)
        place = torch.stack([cell % self._side, cell // self._side], dim=1) + inside
        return (self._corner + self._cell * place).float()

    def log_density(self, points: Tensor) -> Tensor:
        """Natural logarithm of the density at points [n, 2], float64 [n]; minus infinity where nothing was drawn."""
        place = ((points.double() - self._corner) / self._cell).floor().nan_to_num(nan=-1.0)
        is_inside = ((place >= 0) & (place < self._side)).all(dim=1)
        column, row = place.clamp(0, self._side - 1).long().T
        density = torch.from_numpy(self._shares)[row, column] / self._cell.prod()
        return torch.where(is_inside, density, 0.0).log()

    def grid_density(self, extent: Extent, size: int) -> NDArray[np.float64]:
        """Mean density of each cell [size, size], row 0 at y0, from the squares that it overlaps."""
        x0, x1, y0, y1 = extent
        across = _even_shares(EXTENT[:2], self._side, np.linspace(x0, x1, size + 1))
        up = _even_shares(EXTENT[2:], self._side, np.linspace(y0, y1, size + 1))
        return np.asarray(up @ self._shares @ across.T / _cell_area(extent, size), np.float64)


def open_toy(name: str, seed: int = 0) -> Toy:
    """The toy called `name`; raises `TrainingError` when there is none."""
    if name not in _TOYS:
        raise TrainingError(f"There is no toy called {name!r}; choose one of {', '.join(_TOYS)}.")
    return Toy(name, _TOYS[name](), seed)


def open_drawn(path: Path, seed: int = 0) -> DrawnDensity:
    """The density in an .npz file that `save_density` wrote; raises `BadFileError`."""
    arrays = read_arrays(path)
    if "density" not in arrays:
        raise BadFileError(f"{path.name} holds no density; choose a file that was saved from the drawing of one.")
    return DrawnDensity(arrays["density"], seed)


def save_density(path: Path, density: NDArray[np.generic]) -> None:
    """Write a density [n, n] in any unit, row 0 at the bottom, so that its largest number is 1.

    Raises `BadFileError` as `DrawnDensity` does, and `SaveError` when the file cannot be written.
    """
    heights = _checked(density).astype(np.float32)
    write_file(path, lambda file: np.savez_compressed(file, density=heights))


def _checked(density: NDArray[np.generic]) -> NDArray[np.float64]:
    """The density with a maximum of 1."""
    if density.ndim != 2 or density.shape[0] != density.shape[1] or not 2 <= len(density) <= MAX_DENSITY_SIDE:
        raise BadFileError(f"A density is a square of 2 to {MAX_DENSITY_SIDE} cells a side; this one is not.")
    with np.errstate(over="ignore"):  # a number of more than 64 bits becomes infinite, and is refused
        heights = density.astype(np.float64)
    if not (np.isfinite(heights).all() and (heights >= 0).all()):
        raise BadFileError("A density holds numbers of 0 or more and no others; this one does not.")
    if not heights.any():
        raise BadFileError("This density is empty; draw something first.")
    return np.asarray(heights / heights.max(), np.float64)


def _cell_area(extent: Extent, size: int) -> float:
    x0, x1, y0, y1 = extent
    return (x1 - x0) * (y1 - y0) / size**2


def _normal_shares(centres: NDArray[np.float64], sigma: float, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability [cells, k] that a normal number around each centre lies between two neighbouring edges."""
    return np.diff(ndtr((edges[:, None] - centres) / sigma), axis=0)


def _even_shares(ends: tuple[float, float], side: int, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share [cells, side] of each of `side` equal parts between two ends that lies between two neighbouring edges."""
    low, high = ends
    parts = (edges[:, None] - low) / (high - low) * side - np.arange(side)
    return np.diff(np.clip(parts, 0, 1), axis=0)


def _centres(nodes: NDArray[np.float64], sigma: float) -> _Places:
    places = torch.from_numpy(nodes)

    def draw(count: int, generator: Generator) -> Tensor:
        return places[torch.randint(len(places), (count,), generator=generator)]

    return _Places(nodes, sigma, draw, are_modes=True)


def _curves(curve: Callable[[Tensor, Tensor], Tensor], number: int, sigma: float, speed: float) -> _Places:
    """Equally likely curves, each a map of a uniform u in 0..1 and of its number; `speed` is the most of |dx/du|."""
    count = math.ceil(speed * _NODES_PER_SIGMA / sigma)
    middles = ((torch.arange(count, dtype=torch.float64) + 0.5) / count).repeat(number)
    nodes = curve(middles, torch.arange(number).repeat_interleave(count)).numpy()

    def draw(count: int, generator: Generator) -> Tensor:
        u = torch.rand(count, generator=generator, dtype=torch.float64)
        return curve(u, torch.randint(number, (count,), generator=generator))

    return _Places(nodes, sigma, draw, are_modes=False)


def _polar(radius: Tensor, angle: Tensor) -> Tensor:
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


def _circle() -> _Places:
    angles = np.arange(8) * (math.pi / 4)
    return _centres(_CIRCLE_RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1), _CIRCLE_SIGMA)


def _grid() -> _Places:
    steps = _GRID_STEP * np.arange(-2.0, 3.0)
    return _centres(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2), _GRID_SIGMA)


def _rings() -> _Places:
    radii = torch.tensor(_RING_RADII, dtype=torch.float64)
    speed = 2 * math.pi * max(_RING_RADII)
    return _curves(lambda u, ring: _polar(radii[ring], 2 * math.pi * u), len(radii), _RING_SIGMA, speed)


def _spiral() -> _Places:
    """Two arms, evenly filled: radius and angle grow with s, whose square is uniform."""
    start, sweep = _SPIRAL_START**2, 2 * math.pi * _SPIRAL_TURNS

    def arm(u: Tensor, number: Tensor) -> Tensor:
        s = (start + (1 - start) * u).sqrt()
        return _polar(_SPIRAL_RADIUS * s, sweep * s + math.pi * number)

    # |dx/ds| = radius sqrt(1 + (sweep s)^2) and ds/du = (1 - start) / 2 s: the product is largest at the start.
    speed = _SPIRAL_RADIUS * math.hypot(1, sweep * _SPIRAL_START) * (1 - start) / (2 * _SPIRAL_START)
    return _curves(arm, 2, _SPIRAL_SIGMA, speed)


def _swiss_roll() -> _Places:
    def roll(u: Tensor, _number: Tensor) -> Tensor:
        angle = 1.5 * math.pi * (1 + 2 * u)
        return _polar(_ROLL_SCALE * angle, angle)

    speed = 3 * math.pi * _ROLL_SCALE * math.hypot(1, 4.5 * math.pi)
    return _curves(roll, 1, _ROLL_SIGMA, speed)


_TOYS: dict[str, Callable[[], _Places]] = {
    "8 gaussians": _circle,
    "25 gaussians": _grid,
    "rings": _rings,
    "spiral": _spiral,
    "swiss roll": _swiss_roll,
}
