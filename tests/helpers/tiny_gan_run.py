"""GANs that take no time: settings of small runs, and a set of pictures made up of stripes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.data.pictures import PictureSet
from engine.gan.config import GanTrainConfig

SMALL: dict[str, Any] = {
    "width": 16, "critic_width": 16, "depth": 2, "batch_size": 32, "steps": 12, "log_every": 1, "picture_every": 1000,
    "measure_every": 1000, "save_every": 1000, "device": "cpu",
}
# One step of the run is then w - rate * gradient, and nothing else.
PLAIN: dict[str, Any] = {"optimiser": "sgd", "beta1": 0.0}


def tiny_gan(**changes: Any) -> GanTrainConfig:
    """A run on points with a figure at every step."""
    return replace(GanTrainConfig(**SMALL), **changes)


def tiny_picture_gan(**changes: Any) -> GanTrainConfig:
    """A run on pictures, for tests in which `open_source` gives `stripes`."""
    wanted = {"data": "pictures", "data_path": "stripes", "batch_size": 8, "latent_size": 3, "image_size": 28}
    return tiny_gan(**(wanted | changes))


def stripes(count: int = 40, kept: int = 12, channels: int = 1, side: int = 28) -> PictureSet:
    """Pictures with a bright bar, each somewhere else."""
    rng = np.random.default_rng(0)

    def drawn(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        made = rng.integers(0, 60, (number, channels, side, side), np.uint8)
        for picture, top in zip(made, rng.integers(0, side - 4, number), strict=True):
            picture[:, top : top + 4] += 190
        return made

    pictures, test = drawn(count), drawn(kept)
    return PictureSet("pictures", "made up", pictures, np.zeros(count, np.int64), test, np.zeros(kept, np.int64))
