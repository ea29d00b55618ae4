"""A GAN's file as the program uses it: samples in the right form, and nothing in a file is believed."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.data.pictures import to_pixels
from engine.errors import CheckpointError
from engine.gan.latents import between
from engine.gan.model import GanModel, _network_config, load_gan
from engine.gan.networks import NetworkConfig, make_generator
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from tests.helpers.tiny_gan import tiny_gan, tiny_pictures, tiny_points

HEADER = CheckpointHeader(
    "gan", "any", {**vars(tiny_pictures()), "shape": [1, 28, 28], "latent_kind": "normal"}
)
EVERY_KIND = [
    (tiny_pictures(), (28, 28)),
    (tiny_pictures(shape=(3, 64, 64), norm="none"), (64, 64, 3)),
    (tiny_pictures(architecture="resize", shape=(1, 32, 32)), (32, 32)),
    (tiny_pictures(architecture="mlp", shape=(3, 32, 32), activation="selu", norm="none"), (32, 32, 3)),
    (tiny_points(), (2,)),
]


def made(tmp_path: Path, config: NetworkConfig, latent_kind: str = "normal") -> GanModel:
    return load_gan(tiny_gan(tmp_path / "model.safetensors", config, latent_kind))


# ---- what it does


@pytest.mark.parametrize(("config", "form"), EVERY_KIND)
def test_samples_are_the_generator_s_in_the_form_that_is_shown(
    config: NetworkConfig, form: tuple[int, ...], tmp_path: Path
) -> None:
    model = made(tmp_path, config)
    z = model.latents(5, seed=3)
    assert z.shape == (5, config.latent_size) and z.dtype == np.float32
    with torch.no_grad():
        expected = make_generator(config, seed=1).eval()(torch.from_numpy(z))
    torch.testing.assert_close(model.generated(z), expected, atol=1e-5, rtol=1e-5)
    samples = model.sample(z)
    assert samples.shape == (5, *form) and samples.dtype == (np.float32 if form == (2,) else np.uint8)
    wanted = expected.numpy() if form == (2,) else to_pixels(expected)
    assert np.abs(samples.astype(np.float64) - wanted.astype(np.float64)).max() <= (1e-5 if form == (2,) else 1)


def test_model_is_what_its_file_says(tmp_path: Path) -> None:
    path = tiny_gan(tmp_path / "my digits.safetensors")
    model = load_gan(path)
    assert (model.name, model.shape, model.latent_size) == ("my digits", (1, 28, 28), 3)
    assert model.header.extra["data"] == "digits" and not model.can_encode
    tensors, _ = load_checkpoint(path, "gan")
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, tensors[name])
    assert not model.module.training and not any(p.requires_grad for p in model.module.parameters())
    assert 0 < model.parameter_count < sum(tensor.numel() for tensor in tensors.values())
    with pytest.raises(ValueError, match="no encoder"):
        model.encode(model.sample(model.latents(1, 0)))


def test_many_samples_are_as_one_at_a_time(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points())
    z = model.latents(600, seed=0)
    one_by_one = np.concatenate([model.sample(z[i : i + 1]) for i in range(0, 600, 97)])
    np.testing.assert_allclose(model.sample(z)[::97].astype(np.float64), one_by_one.astype(np.float64), atol=1e-5)
    assert model.sample(z[:0]).shape == (0, 2)


def test_latents_are_of_the_model_s_kind(tmp_path: Path) -> None:
    uniform, normal = (made(tmp_path, tiny_points(), kind) for kind in ("uniform", "normal"))
    assert np.abs(uniform.latents(500, 0)).max() <= 1 < np.abs(normal.latents(500, 0)).max()
    assert (uniform.latent_reach, normal.latent_reach) == (1.0, 2.5)
    assert np.array_equal(normal.latents(6, seed=2), normal.latents(6, seed=2))
    assert not np.array_equal(normal.latents(6, seed=2), normal.latents(6, seed=3))


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_a_path_goes_as_its_latents_do(kind: str, tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points(), kind)
    start, end = model.latents(2, 0)
    way = between(torch.from_numpy(start[None]), torch.from_numpy(end[None]), 5, kind)[0].numpy()
    assert np.array_equal(model.interpolate(start, end, 5), model.sample(way))


@pytest.mark.parametrize("shape", [(5, 3), (2,), (5, 2, 1)])
def test_latents_of_another_shape_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"latents \[n, 2\]"):
        made(tmp_path, tiny_points()).sample(np.zeros(shape, np.float32))


# ---- what is in a file


def spoiled(path: Path, **changes: Any) -> Path:
    """The same file with other settings in its header."""
    tensors, header = load_checkpoint(path, "gan")
    save_checkpoint(path, tensors, replace(header, config={**header.config, **changes}))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [1, 28, 29]}, {"shape": [2, 28, 28]}, {"shape": [1, 10**9, 10**9]}, {"shape": "2"}, {"shape": []},
        {"shape": [1, 28.0, 28]}, {"shape": [2]}, {"shape": [3]}, {"latent_size": 0}, {"latent_size": 10**9},
        {"latent_size": True}, {"latent_size": 3.0}, {"width": -1}, {"width": 10**12}, {"critic_width": 0},
        {"depth": 0}, {"depth": 65}, {"architecture": "transformer"}, {"architecture": ["mlp"]},
        {"activation": "crelu"}, {"critic_activation": ""}, {"norm": "layer"}, {"critic_norm": None},
        {"critic_outputs": -1}, {"critic_dropout": float("nan")}, {"critic_dropout": 0.5}, {"latent_kind": "cauchy"},
        {"latent_kind": ["normal"]}, {"extra": 1},
    ],
    ids=str,
)  # fmt: skip
def test_configuration_that_makes_no_sense_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    path = spoiled(tiny_gan(tmp_path / "model.safetensors"), **changes)
    with pytest.raises(CheckpointError, match="does not understand"):
        load_gan(path)


@pytest.mark.parametrize("name", ["width", "latent_kind", "shape"])
def test_missing_setting_is_refused(name: str, tmp_path: Path) -> None:
    path = tiny_gan(tmp_path / "model.safetensors")
    tensors, header = load_checkpoint(path, "gan")
    config = {key: value for key, value in header.config.items() if key != name}
    save_checkpoint(path, tensors, replace(header, config=config))
    with pytest.raises(CheckpointError, match="does not understand"):
        load_gan(path)


@pytest.mark.parametrize(
    "changes", [{"width": 8}, {"latent_size": 4}, {"norm": "none"}, {"architecture": "mlp"}, {"shape": [1, 64, 64]}],
    ids=str,
)
def test_tensors_that_do_not_fit_the_configuration_are_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="do not fit"):
        load_gan(spoiled(tiny_gan(tmp_path / "model.safetensors"), **changes))


@pytest.mark.parametrize(
    "changes",
    [{"width": 8192, "shape": [3, 64, 64]}, {"architecture": "mlp", "width": 8192, "depth": 64, "norm": "none"}],
    ids=["convolutions", "layers"],
)
def test_model_that_would_fill_the_memory_is_refused_before_it_is_built(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="too large"):
        load_gan(spoiled(tiny_gan(tmp_path / "model.safetensors"), **changes))


def test_file_that_is_cut_short_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    whole = tiny_gan(tmp_path / "whole.safetensors", tiny_points()).read_bytes()
    path = tmp_path / "cut.safetensors"
    for length in (0, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            load_gan(path)


def test_header_that_promises_more_than_the_file_has_is_refused(tmp_path: Path) -> None:
    path = tiny_gan(tmp_path / "model.safetensors", tiny_points())
    path.write_bytes((2**60).to_bytes(8, "little") + path.read_bytes()[8:])
    with pytest.raises(CheckpointError):
        load_gan(path)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tiny_gan(tmp_path / "model.safetensors")
    tensors, header = load_checkpoint(path, "gan")
    tensors["project.weight"][0, 0] = float("nan")
    save_checkpoint(path, tensors, header)
    with pytest.raises(CheckpointError, match="not finite"):
        load_gan(path)


def test_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tiny_gan(tmp_path / "model.safetensors")
    tensors, header = load_checkpoint(path, "gan")
    save_checkpoint(path, tensors, replace(header, kind="wae"))
    with pytest.raises(CheckpointError, match="wae model"):
        load_gan(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = [*(entry.name for entry in fields(NetworkConfig)), "latent_kind"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=2))
def test_any_json_gives_a_configuration_or_a_sentence(changes: dict[str, Any]) -> None:
    try:
        network, _ = _network_config(replace(HEADER, config={**HEADER.config, **changes}))
    except CheckpointError:
        return
    assert max(network.width, network.latent_size) <= 8192 and network.depth <= 64
