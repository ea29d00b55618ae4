"""Arrays as runs show them, for tests of the stages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Named = dict[str, NDArray[np.generic]]


def plane_arrays(count: int = 50) -> Named:
    """A 2-D GAN: data left, samples right, a critic that rises to the left."""
    generator = np.random.default_rng(0)
    axis = np.linspace(-2, 2, 9, dtype=np.float32)
    return {
        "data": (generator.normal(0, 0.1, (count, 2)) - np.array([1, 0])).astype(np.float32),
        "samples": (generator.normal(0, 0.1, (count, 2)) + np.array([1, 0])).astype(np.float32),
        "extent": np.array([-2, 2, -2, 2], np.float32),
        "critic_map": np.repeat(-axis[None], 9, axis=0),
        "gradients": np.tile(np.array([-0.1, 0.0], np.float32), (count, 1)),
        "warp": np.stack(np.meshgrid(axis, axis), axis=-1).astype(np.float32),
        "singular_values/body.0": np.array([3.0, 1.0, 0.1], np.float32),
        "gradient_norms": np.abs(generator.normal(1, 0.2, count)).astype(np.float32),
    }


def plan_arrays(count: int = 6) -> Named:
    """What an OT-GAN adds: a plan that matches each of `count` data with one sample."""
    places = np.linspace(-1, 1, count, dtype=np.float32)
    return {
        "plan": (np.eye(count) / count).astype(np.float32),
        "plan_data": np.stack([places, np.full(count, -1.5, np.float32)], axis=1),
        "plan_samples": np.stack([places, np.full(count, 1.5, np.float32)], axis=1),
    }


def digits(count: int = 12, side: int = 8, colour: bool = False) -> NDArray[np.uint8]:
    """Pictures of a single grey each, from black to white."""
    greys = np.linspace(0, 255, count).astype(np.uint8)
    shape = (count, side, side, 3) if colour else (count, side, side)
    return np.ascontiguousarray(np.broadcast_to(greys.reshape(-1, *[1] * (len(shape) - 1)), shape))


def picture_arrays() -> Named:
    """An image auto-encoder, an AmbientGAN and a critic in one."""
    generator = np.random.default_rng(1)
    latents = generator.normal(0, 1, (60, 4)) * [0.1, 2.0, 0.2, 1.0]
    return {
        "samples": digits(),
        "data": digits(),
        "reconstructions": 255 - digits(),
        "interpolations": digits(12).reshape(3, 4, 8, 8),
        "measured_data": digits(9),
        "measured_samples": digits(9),
        "latents": latents.astype(np.float32),
        "prior": generator.normal(0, 1, (60, 4)).astype(np.float32),
        "labels": np.arange(60) % 10,
        "singular_values/body.0": np.array([3.0, 1.0, 0.1], np.float32),
        "gradient_norms": np.array([0.5, 1.0, 1.5], np.float32),
    }


def layer_arrays(depth: int = 8) -> Named:
    """A deep network whose variances have grown with the layers."""
    layers = np.arange(depth, dtype=np.float32)
    return {
        "layer_means": 0.05 * np.sin(layers), "layer_variances": 1 + 0.1 * layers,
        "first_layer_means": np.zeros(depth, np.float32), "first_layer_variances": np.ones(depth, np.float32),
    }


def trajectory_arrays(steps: int = 300) -> Named:
    """x on its way from 0 to the worst place."""
    taken = np.arange(steps + 1, dtype=np.float32)
    return {"trajectory": np.stack([taken, 1 - np.exp(-taken / 60)], axis=1)}
