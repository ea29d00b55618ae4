"""What can be seen of a GAN while it learns, as arrays: samples of fixed latents, and what the critic makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from engine.data.pictures import to_pixels
from engine.data.source import POINT_NAMES, PlaneSource
from engine.evaluation.spectra import singular_values
from engine.gan.latents import between
from engine.gan.objectives import OBJECTIVES

if TYPE_CHECKING:
    from engine.gan.run import GanRun

Shown = dict[str, NDArray[np.generic]]

POINTS = 600
MAP_SIDE = 40
WARP_SIDE = 24
WARP_SHARE = 0.98  # of the latents' probability in each dimension, since the normal distribution has no corners
PLAN_POINTS = 48
PICTURES = 64
GLIMPSED_PICTURES = 36
STEPS_BETWEEN = 8
ROWS_BETWEEN = 6


class Stage:
    """Looks at a run from the same latents and examples each time, and leaves its random state alone."""

    def __init__(self, run: GanRun) -> None:
        """Draw what stays the same."""
        self._run = run
        self._is_plane = run.source.name in POINT_NAMES
        noise = self._noise()
        self._latents = run.latents(POINTS if self._is_plane else PICTURES, noise)
        self._ends = run.latents(2 * ROWS_BETWEEN, noise)
        self._data = run.source.held_out(len(self._latents))[0].to(run.device)
        if self._is_plane:
            self._extent = np.asarray(cast(PlaneSource, run.source).extent, np.float32)
            self._grid = _grid(self._extent, MAP_SIDE).to(run.device)
            self._warp = _latent_grid(run.config.latent_size, run.config.latent_kind).to(run.device)

    def pictures(self) -> Shown:
        """Everything there is to see."""
        with self._looking():
            if self._is_plane:
                return self._plane() | self._spectra()
            return self._images(PICTURES) | {"interpolations": self._between()} | self._spectra() | self._norms()

    def glimpse(self) -> Shown:
        """What changes visibly from one moment to the next."""
        with self._looking():
            return self._plane() if self._is_plane else self._images(GLIMPSED_PICTURES)

    def samples(self, count: int) -> Tensor:
        """Samples [count, *shape], on the CPU, from latents of a seed of their own."""
        run = self._run
        noise = torch.Generator(device=run.device).manual_seed(run.config.seed + 1)
        with self._looking():
            return torch.cat([self._sampled(z) for z in torch.split(run.latents(count, noise), 500)]).float().cpu()

    def gradient_norms(self) -> Tensor:
        """The norm of the critic's gradient at samples of fixed latents, [n]."""
        with self._looking():
            return self._norms_at(self._latents)

    # ---- parts

    def _plane(self) -> Shown:
        run = self._run
        samples = self._sampled(self._latents)
        shown: dict[str, Tensor] = {
            "data": self._data, "samples": samples, "warp": self._sampled(self._warp).view(*_warp_shape(self._warp), 2),
        }
        data, made = self._data[:PLAN_POINTS], samples[:PLAN_POINTS]
        plan = run.plan(data, made)
        if plan is not None:
            shown |= {"plan": plan, "plan_data": data, "plan_samples": made}
        else:
            with run.fabric.autocast():
                shown["critic_map"] = run.critic(self._grid)[:, 0].view(MAP_SIDE, MAP_SIDE)
            shown["gradients"] = -self._gradient(samples, of_loss=True)
        return {**{name: tensor.float().cpu().numpy() for name, tensor in shown.items()}, "extent": self._extent}

    def _images(self, count: int) -> Shown:
        run = self._run
        samples = self._sampled(self._latents[:count])
        shown: Shown = {"samples": to_pixels(samples.float()), "data": to_pixels(self._data[:count])}
        measurement = run.examples.measurement
        if measurement is not None:
            again = measurement.apply(samples.float(), measurement.draw(count, self._noise()))
            real = run.examples.measured(torch.arange(min(count, run.source.size))).to(run.device)
            shown["measured_data"] = to_pixels(measurement.picture(real).clamp(-1, 1))
            shown["measured_samples"] = to_pixels(measurement.picture(again).clamp(-1, 1))
        return shown

    def _between(self) -> NDArray[np.uint8]:
        """Rows of samples on the way from one latent to another, uint8 [rows, steps, H, W(, 3)]."""
        first, last = self._ends.chunk(2)
        on_way = between(first, last, STEPS_BETWEEN, self._run.config.latent_kind)
        pixels = to_pixels(self._sampled(on_way.flatten(0, 1)).float())
        return pixels.reshape(ROWS_BETWEEN, STEPS_BETWEEN, *pixels.shape[1:])

    def _spectra(self) -> Shown:
        return {f"singular_values/{name}": values for name, values in singular_values(self._run.critic).items()}

    def _norms(self) -> Shown:
        if self._run.config.objective == "optimal transport":
            return {}
        return {"gradient_norms": self._norms_at(self._latents).float().cpu().numpy()}

    def _norms_at(self, latents: Tensor) -> Tensor:
        fake = self._run.as_seen(self._sampled(latents), self._noise())
        norms: Tensor = torch.linalg.vector_norm(self._gradient(fake).flatten(1), dim=1)
        return norms

    def _noise(self) -> torch.Generator:
        """The same random numbers each time, and none of the run's own."""
        return torch.Generator(device=self._run.device).manual_seed(self._run.config.seed)

    def _sampled(self, latents: Tensor) -> Tensor:
        with self._run.fabric.autocast():
            samples: Tensor = self._run.sampler(latents)
        return samples

    def _gradient(self, data: Tensor, *, of_loss: bool = False) -> Tensor:
        """The gradient of the critic's output at each of `data`, or of the generator's loss for each sample."""
        with torch.enable_grad(), self._run.fabric.autocast():
            at = data.detach().float().requires_grad_()
            out = self._run.critic(at)
            total = OBJECTIVES[self._run.config.objective].generator_loss(out) * len(at) if of_loss else out.sum()
            (gradient,) = torch.autograd.grad(total, at)
        return gradient

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Without gradients, batch statistics or power iterations, which looking must not change."""
        run = self._run
        networks = (run.generator, run.critic, run.sampler)
        before = [network.training for network in networks]
        for network in networks:
            network.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            for network, training in zip(networks, before, strict=True):
                network.train(training)


def _grid(extent: NDArray[np.float32], side: int) -> Tensor:
    """A grid over the extent from edge to edge, [side * side, 2], row 0 at the bottom."""
    x0, x1, y0, y1 = (float(edge) for edge in extent)
    shares = torch.linspace(0, 1, side)
    y, x = torch.meshgrid(y0 + shares * (y1 - y0), x0 + shares * (x1 - x0), indexing="ij")
    return torch.stack([x, y], dim=-1).view(-1, 2)


def _latent_grid(size: int, kind: str) -> Tensor:
    """A regular grid over the first two dimensions of the latents, the others 0; [rows * columns, size].

    Between two lines lies the same share of the latents' probability.
    """
    shares = np.linspace((1 - WARP_SHARE) / 2, (1 + WARP_SHARE) / 2, WARP_SIDE)
    line = torch.from_numpy(ndtri(shares) if kind == "normal" else 2 * shares - 1).float()
    if size == 1:
        return line[:, None]
    grid = torch.zeros(WARP_SIDE * WARP_SIDE, size)
    grid[:, :2] = torch.cartesian_prod(line, line)
    return grid


def _warp_shape(grid: Tensor) -> tuple[int, int]:
    return WARP_SIDE, len(grid) // WARP_SIDE
