"""Sketch-RNNs of a few units with random weights, as files: a checkpoint of ours and one as Magenta publishes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.sketch.config import SketchModelConfig, SketchTrainConfig
from engine.sketch.draw import PEN_END
from engine.sketch.model import SketchRNN

LONGEST = 24
SCALE_FACTOR = 40.0
UNITS, MIXTURES = 8, 2
RARELY = -6.0  # as a logit of the end of the drawing: random weights would end most of them at once


def tiny_checkpoint(
    path: Path, *, categories: Sequence[str] = ("cat", "dog"), mode: str = "vae", seed: int = 0
) -> Path:
    """Write a model of `categories` to `path`, named after the file; a `mode` of "decoder" has no encoder."""
    config = SketchModelConfig(
        mode=mode,
        encoder_size=8,
        decoder_size=UNITS,
        latent_size=4,
        mixtures=MIXTURES,
        class_size=4 if len(categories) > 1 else 0,
        recurrent_keep=1.0,
        categories=tuple(categories),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SketchRNN(config)
    model.output.bias.data[PEN_END] = RARELY
    training = SketchTrainConfig()
    header = CheckpointHeader(
        kind="sketch",
        name=path.stem,
        config={**asdict(config), "categories": list(categories)},
        data="made up",
        extra={
            "scale_factor": SCALE_FACTOR,
            "longest": LONGEST,
            "box": 255.0,
            "training": {"valid_fraction": training.valid_fraction, "test_fraction": training.test_fraction},
        },
    )
    save_checkpoint(path, model.state_dict(), header)
    return path


def tiny_magenta(path: Path) -> Path:
    """Write a decoder-only model as Magenta's web models are written (`NAME.gen.json`), named after the file."""
    rng = np.random.default_rng(0)
    outputs = 6 * MIXTURES + 3
    shapes = [[UNITS, outputs], [outputs], [5, 4 * UNITS], [UNITS, 4 * UNITS], [4 * UNITS]]
    blobs = []
    for shape in shapes:
        # One unit of the stored numbers is 10 / 32767.
        values = rng.normal(0, 0.4, shape)
        if shape == [outputs]:
            values[PEN_END] = RARELY
        blobs.append(base64.b64encode((values * 32767 / 10).astype("<i2").tobytes()).decode())
    name = path.name.removesuffix(".gen.json")
    header = {"name": name, "scale_factor": SCALE_FACTOR, "max_seq_len": LONGEST}
    path.write_text(json.dumps([header, shapes, blobs]))
    return path
