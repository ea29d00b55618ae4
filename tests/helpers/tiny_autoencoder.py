"""Auto-encoders of a few units with random weights, as files, and settings of runs that take seconds."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.wae.config import PRESETS, WaeTrainConfig
from engine.wae.networks import AutoEncoder, WaeModelConfig


def tiny_config(**changes: Any) -> WaeModelConfig:
    """A small convolutional auto-encoder of grey pictures, or what the changes make of it."""
    return replace(WaeModelConfig(latent_size=3, width=4, depth=2), **changes)


def tiny_points_config(**changes: Any) -> WaeModelConfig:
    """A small auto-encoder of points."""
    points = WaeModelConfig(shape=(2,), latent_size=2, network="mlp", width=8, depth=1, norm="none")
    return replace(points, **changes)


def tiny_autoencoder(path: Path, config: WaeModelConfig | None = None, seed: int = 0) -> Path:
    """Write a model to `path`, named after the file."""
    config = config or tiny_config()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoEncoder(config)
    header = CheckpointHeader(
        kind="wae", name=path.stem, config={**asdict(config), "shape": list(config.shape)}, data="made up",
        extra={"method": "vae" if config.variational else "wae-mmd"},
    )
    save_checkpoint(path, model.state_dict(), header)
    return path


def tiny_run(**changes: Any) -> WaeTrainConfig:
    """A run on points that says everything at every step and takes no time."""
    small = replace(
        PRESETS["wae-mmd-points"], encoder="deterministic", penalty_weight=1.0, width=16, depth=2, critic_width=16,
        critic_depth=1, batch_size=32, steps=12,
        log_every=1, picture_every=1000, measure_every=1000, save_every=1000, device="cpu",
    )
    return replace(small, **changes)
