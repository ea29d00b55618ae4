"""A few examples of each kind of data, for people who choose what to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.runtime.job import Job

_SEED = 1


@dataclass(frozen=True)
class Preview:
    """Examples of the data called `data`: points, float32 [n, 2], or pictures, uint8 [n, H, W] or [n, H, W, 3]."""

    data: str
    examples: NDArray[np.generic]


def previews(names: Sequence[str], count: int = 400, most_pictures: int = 24) -> Job[Preview, None]:
    """Yield a `Preview` of each kind of data in `names`, except those that need a file or cannot be opened."""
    # Data comes with torch, which takes a second to load and belongs on the worker that runs this.
    from torch import Generator

    from engine.data.pictures import to_pixels
    from engine.data.source import DataChoice, open_source

    for name in names:
        try:
            source = open_source(DataChoice(data=name))
        except EngineError:
            continue
        generator = Generator().manual_seed(_SEED)
        if source.shape == (2,):
            yield Preview(name, source.batch(count, generator).numpy())
        else:
            yield Preview(name, to_pixels(source.batch(most_pictures, generator)))
