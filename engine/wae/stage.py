"""What there is to see of an auto-encoder while it learns, from the same latents and held-out examples each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.pictures import to_pixels
from engine.data.source import DataSource, Extent
from engine.wae.networks import AutoEncoder

if TYPE_CHECKING:  # it takes a second to import, which opening a model should not cost
    from lightning_fabric import Fabric

Shown = dict[str, NDArray[np.generic]]

PICTURES, POINTS = 64, 1024
CODES = 1000
RECONSTRUCTED = 32
PATHS, PATH_STEPS = 4, 8
POINT_PATHS, POINT_PATH_STEPS = 8, 24
GRID, GRID_REACH = 21, 2.5  # lines of the latent grid each way, and how far it reaches in prior deviations
AT_ONCE = 250


class Stage:
    """Holds the latents and examples of a run; every array of it is on the CPU and in the form that a run shows."""

    def __init__(
        self, source: DataSource, extent: Extent | None, model: AutoEncoder, seed: int, fabric: Fabric
    ) -> None:
        """`extent` is the part of the plane to show, for points."""
        self._model = model
        self._fabric = fabric
        self._extent = extent
        self._seed = seed
        config = model.config
        generator = torch.Generator().manual_seed(seed)
        self.prior_sigma = config.prior_sigma
        self._noise = torch.randn(CODES, config.latent_size, generator=torch.Generator().manual_seed(seed + 2))
        self.prior = self.prior_sigma * torch.randn(CODES, config.latent_size, generator=generator)
        self._latents = self.prior_sigma * torch.randn(
            PICTURES if model.pictures else POINTS, config.latent_size, generator=generator
        )
        self.examples, self.labels = source.held_out(CODES)
        self._shown = self.examples[: RECONSTRUCTED if model.pictures else CODES]

    def pictures(self) -> Shown:
        """Everything, for the time line."""
        with self._looking():
            means, codes = self._encode(self.examples)
            return self._common(means) | self._codes(codes, self.labels) | self._paths(means)

    def glimpse(self, codes: Tensor | None, labels: Tensor | None) -> Shown:
        """What may be shown several times a second, with the codes [n, d] and classes of the last batch."""
        with self._looking():
            means, _ = self._encode(self._shown)
            shown = self._common(means)
        return shown | (self._codes(codes, labels) if codes is not None else {})

    def held_out_codes(self) -> tuple[Tensor, Tensor]:
        """Of `examples`: the means of Q(z | x), and a draw of each [n, d], which are draws of Q_Z."""
        with self._looking():
            return self._encode(self.examples)

    def samples(self, count: int) -> Tensor:
        """Samples [count, *shape] as the data is, on the CPU, from the same latents each time."""
        generator = torch.Generator().manual_seed(self._seed + 1)
        return self.decoded(self.prior_sigma * torch.randn(count, self.prior.shape[1], generator=generator))

    def decoded(self, latent: Tensor) -> Tensor:
        """G(z) [n, *shape] as the data is, on the CPU."""
        with self._looking():
            return self._decode(latent)

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Without batch statistics, gradients or any effect on the training."""
        self._model.eval()
        try:
            with torch.no_grad(), self._fabric.autocast():
                yield
        finally:
            self._model.train()

    def _common(self, codes: Tensor) -> Shown:
        shown = {
            "samples": showable(self._decode(self._latents)),
            "data": showable(self._shown),
            "reconstructions": showable(self._decode(codes[: len(self._shown)])),
        }
        if self._extent is not None:
            shown["extent"] = np.array(self._extent, np.float32)
            if self._model.config.latent_size == 2:
                shown["warp"] = self._warp()
        return shown

    def _codes(self, codes: Tensor, labels: Tensor | None) -> Shown:
        shown: Shown = {"latents": codes.cpu().numpy(), "prior": self.prior.numpy()}
        return shown if labels is None else {**shown, "labels": labels.numpy()}

    def _paths(self, codes: Tensor) -> Shown:
        """Straight lines between the codes of held-out examples, decoded."""
        rows, columns = (PATHS, PATH_STEPS) if self._model.pictures else (POINT_PATHS, POINT_PATH_STEPS)
        rows = min(rows, len(codes) // 2)
        share = torch.linspace(0, 1, columns, device=codes.device)[None, :, None]
        lines = torch.lerp(codes[:rows, None], codes[rows : 2 * rows, None], share)
        made = showable(self._decode(lines.flatten(0, 1)))
        return {"interpolations": made.reshape(rows, columns, *made.shape[1:])}

    def _warp(self) -> NDArray[np.generic]:
        line = torch.linspace(-GRID_REACH, GRID_REACH, GRID) * self.prior_sigma
        grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=2)
        return self._decode(grid.view(-1, 2)).view(GRID, GRID, 2).numpy()

    def _encode(self, data: Tensor) -> tuple[Tensor, Tensor]:
        device = self._fabric.device
        means, draws = [], []
        for part, noise in zip(torch.split(data, AT_ONCE), torch.split(self._noise[: len(data)], AT_ONCE), strict=True):
            encoded = self._model.encode(part.to(device))
            means.append(encoded.mean)
            draws.append(encoded.sample(noise.to(device)))
        return torch.cat(means), torch.cat(draws)

    def _decode(self, latent: Tensor) -> Tensor:
        device = self._fabric.device
        return torch.cat([self._model.decode(part.to(device)).cpu() for part in torch.split(latent, AT_ONCE)])


def showable(data: Tensor) -> NDArray[np.generic]:
    """Points [n, 2] as they are; pictures [n, C, H, W] in [-1, 1] as uint8 [n, H, W] or [n, H, W, 3]."""
    return data.numpy() if data.dim() == 2 else to_pixels(data)
