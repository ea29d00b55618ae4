"""Capsule networks, and the networks they are compared with, that have learned nothing, as files, in no time."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from engine.capsules.baselines import Cnn, CnnConfig
from engine.capsules.config import CNN_KIND, KIND
from engine.capsules.network import CapsNet, CapsNetConfig
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint

TINY = CapsNetConfig(channels=8, primary_types=2)


def tiny_capsules(path: Path, **config: Any) -> Path:
    """Write a CapsNet, always with the same weights, named after the file; `config` replaces fields of `TINY`."""
    wanted = replace(TINY, **config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = CapsNet(wanted)
    data = "two digits" if wanted.image_size == 36 else "digits"
    header = CheckpointHeader(KIND, path.stem, asdict(wanted), data="made up", extra={"data": data})
    save_checkpoint(path, network.state_dict(), header)
    return path


def tiny_cnn(path: Path, image_size: int = 16) -> Path:
    """Write a matched convolutional network for small pictures, always with the same weights, named after the file."""
    config = CnnConfig(image_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Cnn(config)
    header = CheckpointHeader(CNN_KIND, path.stem, asdict(config), data="made up", extra={"data": "digits"})
    save_checkpoint(path, network.state_dict(), header)
    return path
