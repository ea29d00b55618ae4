"""A few examples of data, for people who choose what to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.source import DataChoice, open_source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEED = 1


def examples(choice: DataChoice, points: int = 400, pictures: int = 24) -> NDArray[np.generic]:
    """The same few examples each time: points, float32 [n, 2], or pictures, uint8 [n, H, W] or [n, H, W, 3].

    Raises `TrainingError` or `BadFileError` when the data cannot be opened. Loads torch, which takes a second.
    """
    from torch import Generator

    from engine.data.pictures import to_pixels

    source = open_source(choice)
    generator = Generator().manual_seed(_SEED)
    if source.shape == (2,):
        return source.batch(points, generator).numpy()
    return to_pixels(source.batch(pictures, generator))
