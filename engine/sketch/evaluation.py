"""Held-out loss of a model, exactly as the paper defines it, and the likelihood of single drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.sketches import Example
from engine.sketch.batches import DrawingPool, to_batch
from engine.sketch.model import SketchRNN

BATCH = 100


@dataclass(frozen=True)
class HeldOutLoss:
    """Means over drawings. `L_R` is with z from the encoder (NaN without one), `L_R_decoder` without any z."""

    L_R: float
    L_KL: float
    L_R_decoder: float
    drawings: int
    points: int

    def figures(self) -> dict[str, float]:
        """The losses by name, without those that this model does not have."""
        found = {"L_R": self.L_R, "L_KL": self.L_KL, "L_R_decoder": self.L_R_decoder}
        return {name: value for name, value in found.items() if value == value}


def pool_of(examples: Sequence[Example], scale: float) -> DrawingPool:
    """The examples normalised by `scale`, ready for batches."""
    return DrawingPool([e.stroke3 for e in examples], [e.category for e in examples], scale)


@torch.no_grad()
def losses_per_drawing(
    model: SketchRNN,
    pool: DrawingPool,
    longest: int,
    *,
    padded: bool = True,
    encode: bool = False,
    categories: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """L_R and L_KL of each drawing of `pool` [n] (eq. 9 and 10), divided by N_max = `longest` and N_z.

    `padded` computes every drawing to N_max points, as in the paper, so that L_p covers the points after the end; else
    only the first of those counts. `encode` takes z from the encoder's posterior (noise of a fixed seed); else z is
    left out. `categories` stands in for the pool's own.
    """
    reconstruction, divergence = np.zeros(len(pool)), np.zeros(len(pool))
    noise = torch.Generator().manual_seed(0)
    given_categories = pool.categories if categories is None else categories
    for indices in pool.sorted_batches(BATCH):
        batch = to_batch([pool.drawings[i] for i in indices], given_categories[indices], longest, padded)
        points, labels = torch.from_numpy(batch.points), torch.from_numpy(batch.categories)
        device = model.output.weight.device
        points, labels = points.to(device), labels.to(device)
        latent = given = None
        if encode and model.has_encoder:
            posterior = model.encoder(points[1:], torch.from_numpy(batch.lengths).to(device))
            latent = posterior.sample(torch.randn(posterior.mean.shape, generator=noise).to(device))
            given = torch.ones(len(indices), device=device)
            per_drawing = -0.5 * (1 + posterior.log_variance - posterior.mean.square() - posterior.log_variance.exp())
            divergence[indices] = per_drawing.mean(dim=1).cpu().numpy()
        mixture = model.decode(points[:-1], model.condition(latent, given, labels))
        target = points[1:]
        offsets = mixture.log_density(target[..., 0], target[..., 1])
        offsets = torch.where(target[..., 4] < 0.5, offsets, offsets.new_zeros(()))
        pens = mixture.pen_log_probability(target[..., 2:])
        if not padded:
            counted = torch.arange(len(target)).unsqueeze(1) <= torch.from_numpy(batch.lengths)
            pens = torch.where(counted.to(device), pens, pens.new_zeros(()))
        total = -(offsets + pens).sum(dim=0) / longest
        reconstruction[indices] = total.cpu().numpy()
    return reconstruction, divergence


def held_out_loss(model: SketchRNN, pool: DrawingPool, longest: int, *, padded: bool = True) -> HeldOutLoss:
    """The mean losses over a pool; see `losses_per_drawing`."""
    without, _ = losses_per_drawing(model, pool, longest, padded=padded)
    encoded, divergence = np.array([np.nan]), np.array([np.nan])
    if model.has_encoder:
        encoded, divergence = losses_per_drawing(model, pool, longest, padded=padded, encode=True)
    return HeldOutLoss(
        L_R=float(encoded.mean()),
        L_KL=float(divergence.mean()),
        L_R_decoder=float(without.mean()),
        drawings=len(pool),
        points=int(pool.lengths.sum()),
    )
