"""GANs of a few units with random weights, as files, and settings of runs that take no time."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.gan.networks import NetworkConfig, make_generator
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint


def tiny_points(**changes: Any) -> NetworkConfig:
    """A small generator of points."""
    return replace(NetworkConfig(width=8, critic_width=8, depth=2), **changes)


def tiny_pictures(**changes: Any) -> NetworkConfig:
    """A small convolutional generator of grey pictures."""
    pictures = NetworkConfig(
        architecture="dcgan", shape=(1, 28, 28), latent_size=3, width=4, critic_width=4, norm="batch"
    )
    return replace(pictures, **changes)


def tiny_gan(
    path: Path, config: NetworkConfig | None = None, latent_kind: str = "normal", **training: object
) -> Path:
    """Write a model to `path`, named after the file; `training` is what its header says of its training."""
    config = config or tiny_pictures()
    data = "8 gaussians" if len(config.shape) == 1 else "digits"
    header = CheckpointHeader(
        kind="gan", name=path.stem, data="made up",
        config={**asdict(config), "shape": list(config.shape), "latent_kind": latent_kind},
        extra={"data": data, "training": {"data": data, **training}},
    )
    save_checkpoint(path, make_generator(config, seed=1).state_dict(), header)
    return path
