"""Draws the next point from the decoder's output, for many drawings at once, each with random numbers of its own."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

PEN_DOWN, PEN_LIFTED, PEN_END = 0, 1, 2


class PointSource:
    """Random numbers for `count` drawings of up to `steps` points: drawing i depends on (seed, first + i) alone."""

    def __init__(self, seed: int, count: int, steps: int, first: int = 0) -> None:
        """Draw all numbers at once: two uniform ones and two normal ones for each point of each drawing."""
        uniforms = np.empty((steps, 2, count), np.float32)
        normals = np.empty((steps, count, 2), np.float32)
        for i in range(count):
            rng = np.random.default_rng([seed, first + i])
            uniforms[:, :, i] = rng.random((steps, 2), np.float32)
            normals[:, i] = rng.standard_normal((steps, 2), np.float32)
        self._uniforms, self._normals = uniforms, normals
        self._rows = np.arange(count)

    def draw(
        self, step: int, output: NDArray[np.float32], tau: float, pen_tau: float
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Offsets [B, 2] and pen states [B] from `output` [B, 6 M + 3] (eq. 8: logits over tau, variance times tau).

        A temperature of 0 takes the most probable component, its mean and the most probable pen state.
        """
        mixtures = (output.shape[1] - 3) // 6
        pen = _choose(output[:, :3], pen_tau, self._uniforms[step, 0])
        component = _choose(output[:, 3 : 3 + mixtures], tau, self._uniforms[step, 1])
        # [B, 5]: mu_x, mu_y, log sigma_x, log sigma_y, atanh rho of the chosen component.
        chosen = output[:, 3 + mixtures :].reshape(len(output), 5, mixtures)[self._rows, :, component]
        sigma = np.exp(chosen[:, 2:4]) * math.sqrt(max(tau, 0.0))
        rho = np.tanh(chosen[:, 4])
        first, second = self._normals[step].T
        offsets = np.empty((len(output), 2), np.float32)
        offsets[:, 0] = chosen[:, 0] + sigma[:, 0] * first
        offsets[:, 1] = chosen[:, 1] + sigma[:, 1] * (rho * first + np.sqrt(1 - rho * rho) * second)
        return offsets, pen


def _choose(logits: NDArray[np.float32], tau: float, uniform: NDArray[np.float32]) -> NDArray[np.int64]:
    """One index per row, drawn from softmax(logits / tau) by the inverse of its cumulative sum."""
    if tau < 1e-3:
        return np.asarray(logits.argmax(axis=1), np.int64)
    weights = np.exp((logits - logits.max(axis=1, keepdims=True)) / np.float32(tau))
    cumulative = weights.cumsum(axis=1)
    return np.asarray((cumulative < (uniform * cumulative[:, -1])[:, None]).sum(axis=1), np.int64)
