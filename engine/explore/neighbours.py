"""Which training pictures a sample is closest to: whether a generator invents, or repeats what it has seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.pictures import Pixels, from_pixels, to_pixels
from engine.data.source import PictureSource
from engine.runtime.job import Job

MAX_BYTES = 16 * 2**20  # of training pictures, as float32, that are compared at once


@dataclass(frozen=True)
class Compared:
    """So many of all training pictures have been looked at."""

    done: int
    total: int


@dataclass(frozen=True)
class Neighbours:
    """The k nearest training pictures of each of n samples, nearest first.

    pictures: uint8 [n, k, H, W] or [n, k, H, W, 3]. distances: float32 [n, k], the root of the mean squared difference
    of the pixels, from 0 to 1. indices: int64 [n, k], of the pictures in their source.
    """

    pictures: Pixels
    distances: NDArray[np.float32]
    indices: NDArray[np.int64]


def nearest_pictures(samples: Pixels, source: PictureSource, k: int) -> Job[Compared, Neighbours]:
    """Search all of a source's training pictures for the nearest ones of samples, uint8 [n, H, W] or [n, H, W, 3].

    Fewer than `k` are found where there are fewer. Raises `ValueError` for samples of another form than the source's.
    """
    wanted = from_pixels(samples)
    if wanted.shape[1:] != source.shape:
        raise ValueError(f"pictures of the shape {source.shape} are needed, not {samples.shape}")
    queries = wanted.flatten(1)
    most = min(k, source.size)
    found = torch.empty(len(samples), 0)
    where = torch.empty(len(samples), 0, dtype=torch.int64)
    at_once = max(1, MAX_BYTES // (4 * queries.shape[1]))
    for start in range(0, source.size, at_once):
        indices = torch.arange(start, min(start + at_once, source.size))
        pictures = source.indexed(indices).flatten(1)
        # |x - y|^2 = |x|^2 - 2 x y + |y|^2, of which |x|^2 changes no order.
        close = torch.addmm(pictures.square().sum(dim=1), queries, pictures.T, alpha=-2)
        found = torch.cat([found, close], dim=1)
        where = torch.cat([where, indices.expand(len(samples), -1)], dim=1)
        found, order = found.topk(min(most, found.shape[1]), dim=1, largest=False)
        where = where.gather(1, order)
        yield Compared(int(indices[-1]) + 1, source.size)
    return _looked_at(queries, where, source)


def _looked_at(queries: Tensor, where: Tensor, source: PictureSource) -> Neighbours:
    """The pictures found, with exact distances: the difference of large squares above is rough for close ones."""
    data = source.indexed(where.flatten()).view(*where.shape, *source.shape)
    distances = (data.flatten(2) - queries[:, None]).square().mean(dim=2).sqrt() / 2
    distances, order = distances.sort(dim=1, stable=True)
    where = where.gather(1, order)
    data = torch.stack([row[places] for row, places in zip(data, order, strict=True)])
    pictures = to_pixels(data.flatten(0, 1))
    return Neighbours(
        pictures.reshape(*where.shape, *pictures.shape[1:]),
        np.asarray(distances.numpy(), np.float32),
        np.asarray(where.numpy(), np.int64),
    )

