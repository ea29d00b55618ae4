"""GANs and auto-encoders open by the same door and answer to the same names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CheckpointError
from engine.explore.generative_model import open_generative_model
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from tests.helpers.tiny_autoencoder import tiny_autoencoder
from tests.helpers.tiny_gan import tiny_gan


@pytest.mark.parametrize(("write", "encodes"), [(tiny_gan, False), (tiny_autoencoder, True)], ids=["gan", "wae"])
def test_every_kind_samples_and_goes_from_one_latent_to_another(write: object, encodes: bool, tmp_path: Path) -> None:
    model = open_generative_model(write(tmp_path / "tiny.safetensors"))  # type: ignore[operator]
    assert (model.name, model.shape, model.latent_size) == ("tiny", (1, 28, 28), 3)
    z = model.latents(4, seed=0)
    z.setflags(write=False)  # as arrays are that go from thread to thread
    samples = model.sample(z)
    assert samples.shape == (4, 28, 28) and samples.dtype == np.uint8
    assert model.generated(z).shape == (4, 1, 28, 28)
    way = model.interpolate(z[0], z[1], 3)
    assert np.array_equal(way[[0, -1]], samples[:2])
    assert model.latent_reach > 0 and model.parameter_count > 0
    assert model.can_encode == encodes
    if encodes:
        samples.setflags(write=False)
        assert model.encode(samples).shape == (4, 3)


def test_another_kind_is_refused(tmp_path: Path) -> None:
    path = tiny_gan(tmp_path / "other.safetensors")
    tensors, header = load_checkpoint(path, "gan")
    save_checkpoint(path, tensors, replace(header, kind="sketch"))
    with pytest.raises(CheckpointError, match="holds a sketch model; a GAN or an auto-encoder"):
        open_generative_model(path)
