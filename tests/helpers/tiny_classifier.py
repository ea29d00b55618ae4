"""A digit classifier that has learned nothing, in no time."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.evaluation.classifier import KIND, DigitNet
from engine.evaluation.config import ClassifierModelConfig
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint

TINY = ClassifierModelConfig(channels=2, feature_size=5)


def tiny_net() -> DigitNet:
    """Always the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return DigitNet(TINY)


def write_tiny_classifier(path: Path, **header: Any) -> None:
    """A checkpoint; `header` replaces fields of its header."""
    fields = {"kind": KIND, "name": "tiny", "config": asdict(TINY), **header}
    save_checkpoint(path, tiny_net().state_dict(), CheckpointHeader(**fields))
