"""What a training run learns from: one protocol for points of the plane and for pictures, and a door that opens them.

Points have the shape (2,) and are drawn afresh for each batch. Pictures have the shape (C, H, W), float32 in [-1, 1],
and are drawn with replacement. Every random number comes from the generator that is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import TrainingError

if TYPE_CHECKING:  # the names here are part of configurations, which are looked up without torch
    from torch import Generator, Tensor

Extent = tuple[float, float, float, float]  # x0, x1, y0, y1

POINT_NAMES = ("8 gaussians", "25 gaussians", "rings", "spiral", "swiss roll", "drawn density")
PICTURE_NAMES = ("digits", "drawings", "pictures")
DATA_NAMES = POINT_NAMES + PICTURE_NAMES
IMAGE_SIZES = (28, 32, 64)


@dataclass(frozen=True)
class DataChoice:
    """Which data a run learns from.

    data: one of `DATA_NAMES`. data_path: the file or folder of a drawn density, of drawings or of pictures. image_size:
    side in pixels, one of `IMAGE_SIZES`. colour: three channels (of "pictures"; the others are grey). seed: decides the
    held-out points of the plane.
    """

    data: str = "8 gaussians"
    data_path: str = ""
    image_size: int = 28
    colour: bool = False
    seed: int = 0


class DataSource(Protocol):
    """Examples to learn from, and examples kept apart."""

    @property
    def name(self) -> str:
        """One of `DATA_NAMES`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example: (2,) for points, (C, H, W) for pictures."""

    @property
    def provenance(self) -> str:
        """Where the data comes from and its licence, for people and checkpoints."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the labels stand for; empty if there are none."""

    @property
    def class_count(self) -> int:
        """Number of classes, 0 if there are none."""

    @property
    def size(self) -> int:
        """Number of training examples; 0 means that there is no end of them."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What was left out of the data and why, one sentence each."""

    @property
    def modes(self) -> NDArray[np.float32] | None:
        """Centres [k, 2] of a mixture's parts, where the data has such."""

    @property
    def spread(self) -> float:
        """Standard deviation of a mode in each direction; 0.0 if there are no modes."""

    def batch(self, count: int, generator: Generator) -> Tensor:
        """`count` training examples, float32 [count, *shape]."""

    def labelled(self, count: int, generator: Generator) -> tuple[Tensor, Tensor | None]:
        """The same draw as `batch`, with int64 labels [count] where there are classes."""

    def held_out(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The first `count` examples that no batch contains (fewer if there are fewer), the same ones each time."""


class PlaneSource(DataSource, Protocol):
    """Points of the plane, whose density is known."""

    @property
    def extent(self) -> Extent:
        """The part of the plane to show."""

    def log_density(self, points: Tensor) -> Tensor:
        """Natural logarithm of the density at points [n, 2], float64 [n]."""

    def grid_density(self, extent: Extent, size: int) -> NDArray[np.float64]:
        """Mean density of each cell of a grid [size, size], row 0 at y0; times a cell's area it is a probability."""


class PictureSource(DataSource, Protocol):
    """Pictures, all of one size and kept in memory."""

    def indexed(self, indices: Tensor) -> Tensor:
        """The training pictures at int64 `indices` in 0..size, float32 [n, C, H, W]; always the same for an index."""


def open_source(choice: DataChoice) -> DataSource:
    """The data of a choice, read from disk where it has to be; pictures and drawings may take a while.

    Raises `TrainingError` when the choice makes no sense and `BadFileError` when its file or folder cannot be used.
    """
    if choice.data in POINT_NAMES:
        return open_plane(choice)
    if choice.data in PICTURE_NAMES:
        return open_pictures(choice)
    raise TrainingError(f"There is no data called {choice.data!r}; choose one of {', '.join(DATA_NAMES)}.")


def open_plane(choice: DataChoice) -> PlaneSource:
    """`open_source` for the names among `POINT_NAMES`."""
    # Each kind is imported when it is asked for: Pillow and the drawing formats take a while to load.
    from engine.data.points import open_drawn, open_toy

    if choice.data == "drawn density":
        if not choice.data_path:
            raise TrainingError("There is no drawn density yet; draw one, or choose the file of one (.npz).")
        return open_drawn(Path(choice.data_path), choice.seed)
    return open_toy(choice.data, choice.seed)


def open_pictures(choice: DataChoice) -> PictureSource:
    """`open_source` for the names among `PICTURE_NAMES`."""
    if choice.image_size not in IMAGE_SIZES:
        raise TrainingError(f"Pictures of {choice.image_size} pixels are not supported; choose 28, 32 or 64.")
    if choice.data == "digits":
        from engine.data.digits import open_digits

        return open_digits(choice.image_size)
    if choice.data == "drawings":
        if not choice.data_path:
            raise TrainingError("Choose a file or folder of drawings (.ndjson, .npz or .svg) to learn from.")
        from engine.data.drawings import open_drawings

        return open_drawings(Path(choice.data_path), choice.image_size)
    if not choice.data_path:
        raise TrainingError("Choose a folder of pictures to learn from.")
    from engine.data.images import open_images

    return open_images(Path(choice.data_path), choice.image_size, choice.colour)
