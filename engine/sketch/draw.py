"""Draws the next point from the decoder's output, for many drawings at once, each with random numbers of its own."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

PEN_DOWN, PEN_LIFTED, PEN_END = 0, 1, 2
# Far wider than any drawing; weights that ask for more would leave the range of float32.
MOST_LOG_SIGMA = 20.0


class PointSource:
    """Random numbers for `count` drawings of up to `steps` points: drawing i depends on (seed, first + i) alone."""

    def __init__(self, seed: int, count: int, steps: int, first: int = 0) -> None:
        """Draw the normal numbers at once, and those of the choices when the number of components is known."""
        self._rngs = [np.random.default_rng([seed, first + i]) for i in range(count)]
        self._steps = steps
        self._normals = np.stack([rng.standard_normal((steps, 2), np.float32) for rng in self._rngs], axis=1)
        self._gumbels = np.empty((steps, count, 0), np.float32)
        self._rows = np.arange(count)

    def draw(
        self, step: int, output: NDArray[np.float32], tau: float, pen_tau: float
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Offsets [B, 2] and pen states [B] from `output` [B, 6 M + 3] (eq. 8: logits over tau, variance times tau).

        A temperature of 0 takes the most probable component, its mean and the most probable pen state.
        """
        mixtures = (output.shape[1] - 3) // 6
        choices = 3 + mixtures
        if self._gumbels.shape[2] != choices:
            made = [rng.standard_exponential((self._steps, choices), np.float32) for rng in self._rngs]
            self._gumbels = -np.log(np.maximum(np.stack(made, axis=1), np.finfo(np.float32).tiny))
        gumbel = self._gumbels[step]
        pen = _choose(output[:, :3], pen_tau, gumbel[:, :3])
        component = _choose(output[:, 3:choices], tau, gumbel[:, 3:])
        # [B, 5]: mu_x, mu_y, log sigma_x, log sigma_y, atanh rho of the chosen component.
        chosen = output[:, choices:].reshape(len(output), 5, mixtures)[self._rows, :, component]
        sigma = np.exp(np.minimum(chosen[:, 2:4], np.float32(MOST_LOG_SIGMA)))
        sigma *= math.sqrt(max(tau, 0.0))
        rho = np.tanh(chosen[:, 4])
        first, second = self._normals[step].T
        offsets = chosen[:, :2].copy()
        offsets[:, 0] += sigma[:, 0] * first
        offsets[:, 1] += sigma[:, 1] * (rho * first + np.sqrt(1 - rho * rho) * second)
        return offsets, pen


def _choose(logits: NDArray[np.float32], tau: float, gumbel: NDArray[np.float32]) -> NDArray[np.int64]:
    """One index per row, drawn from softmax(logits / tau): the largest of logits + tau * Gumbel noise."""
    return np.asarray((logits + np.float32(tau) * gumbel).argmax(axis=1), np.int64)
