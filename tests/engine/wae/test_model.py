"""A model file as the program uses it: what goes in comes out in the right form, and nothing in a file is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CheckpointError
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from engine.wae.model import AutoEncoderModel, _model_config, load_autoencoder
from engine.wae.networks import WaeModelConfig
from tests.helpers.tiny_autoencoder import tiny_autoencoder, tiny_config, tiny_points_config

COLOURED = tiny_config(shape=(3, 32, 32))
HEADER = CheckpointHeader("wae", "any", {**vars(tiny_config()), "shape": [1, 28, 28]})


def made(tmp_path: Path, config: WaeModelConfig) -> AutoEncoderModel:
    return load_autoencoder(tiny_autoencoder(tmp_path / "model.safetensors", config))


def pictures(*shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


# ---- what it does


@pytest.mark.parametrize(
    ("config", "examples"),
    [
        (tiny_config(), pictures(5, 28, 28)),
        (COLOURED, pictures(5, 32, 32, 3)),
        (tiny_config(network="mlp", norm="none", variational=True), pictures(5, 28, 28)),
        (tiny_points_config(), np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)),
    ],
    ids=["grey", "colour", "fully connected", "points"],
)
def test_examples_come_back_in_the_form_they_went_in(
    config: WaeModelConfig, examples: np.ndarray[Any, np.dtype[Any]], tmp_path: Path
) -> None:
    model = made(tmp_path, config)
    codes = model.encode(examples)
    assert codes.shape == (5, config.latent_size) and codes.dtype == np.float32
    for found in (model.reconstruct(examples), model.decode(codes), model.sample(model.latents(5, seed=1))):
        assert found.shape == examples.shape and found.dtype == examples.dtype


def test_bytes_and_floats_of_a_picture_have_the_same_code(tmp_path: Path) -> None:
    model = made(tmp_path, COLOURED)
    bytes_ = pictures(3, 32, 32, 3)
    floats = bytes_.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(model.encode(bytes_), model.encode(floats), atol=1e-5)


def test_many_examples_are_as_one_at_a_time(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points_config())
    examples = np.random.default_rng(0).normal(size=(600, 2)).astype(np.float32)
    one_by_one = np.concatenate([model.encode(examples[i : i + 1]) for i in range(0, 600, 97)])
    np.testing.assert_allclose(model.encode(examples)[::97], one_by_one, atol=1e-5)
    assert model.decode(model.encode(examples)).shape == (600, 2)
    assert model.encode(examples[:0]).shape == model.decode(np.zeros((0, 2), np.float32)).shape == (0, 2)


def test_latents_are_replayed_by_their_seed_and_follow_the_prior(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points_config(prior_sigma=0.5))
    assert np.array_equal(model.latents(6, seed=2), model.latents(6, seed=2))
    assert not np.array_equal(model.latents(6, seed=2), model.latents(6, seed=3))
    assert model.latents(4000, 1).std() == pytest.approx(0.5, rel=0.05)
    assert model.latent_reach == 1.25


def test_a_path_is_straight_in_the_codes(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points_config())
    start, end = np.array([0, 1], np.float32), np.array([2, -3], np.float32)
    codes = np.array([[0, 1], [1, -1], [2, -3]], np.float32)
    np.testing.assert_allclose(
        np.asarray(model.interpolate(start, end, 3), np.float64), np.asarray(model.decode(codes), np.float64), atol=1e-6
    )


@pytest.mark.parametrize(
    "examples",
    [pictures(5, 32, 32), pictures(5, 28, 28, 3), pictures(28, 28), np.zeros((5, 28, 28), np.float32),
     np.zeros((5, 2), np.float32)],
    ids=["size", "colour", "single", "float without channels", "points"],
)
def test_examples_of_another_shape_are_refused(examples: np.ndarray[Any, np.dtype[Any]], tmp_path: Path) -> None:
    model = made(tmp_path, tiny_config())
    with pytest.raises(ValueError, match="shape"):
        model.encode(examples)


def test_codes_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\[n, 3\]"):
        made(tmp_path, tiny_config()).decode(np.zeros((5, 2), np.float32))


# ---- what is in a file


def test_model_is_what_its_file_says(tmp_path: Path) -> None:
    path = tiny_autoencoder(tmp_path / "my digits.safetensors", tiny_config(prior_sigma=2.0, variational=True))
    model = load_autoencoder(path)
    assert (model.name, model.method, model.shape) == ("my digits", "vae", (1, 28, 28))
    assert (model.latent_size, model.prior_sigma) == (3, 2.0)
    tensors, _ = load_checkpoint(path, "wae")
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, tensors[name])
    assert not model.module.training and not any(p.requires_grad for p in model.module.parameters())
    assert 0 < model.parameter_count < sum(tensor.numel() for tensor in tensors.values())


def spoiled(path: Path, change: Callable[[dict[str, torch.Tensor], CheckpointHeader], CheckpointHeader]) -> Path:
    tensors, header = load_checkpoint(path, "wae")
    header = change(tensors, header)
    save_checkpoint(path, tensors, header)
    return path


def config_with(**changes: Any) -> Callable[[dict[str, torch.Tensor], CheckpointHeader], CheckpointHeader]:
    return lambda _tensors, header: replace(header, config={**header.config, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [1, 28, 29]}, {"shape": [2, 28, 28]}, {"shape": [1, 10**9, 10**9]}, {"shape": [2]}, {"shape": "2"},
        {"shape": [1, 28.0, 28]}, {"shape": []}, {"latent_size": 0}, {"latent_size": 10**9}, {"latent_size": True},
        {"latent_size": 3.0}, {"width": -1}, {"width": 10**12}, {"depth": 0}, {"depth": 6}, {"filter_size": 1},
        {"filter_size": 99}, {"prior_sigma": 0}, {"prior_sigma": float("inf")}, {"prior_sigma": float("nan")},
        {"variational": 1}, {"network": "transformer"}, {"network": ["conv"]}, {"activation": "crelu"},
        {"norm": "layer"}, {"extra": 1},
    ],
    ids=str,
)
def test_configuration_that_makes_no_sense_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    path = spoiled(tiny_autoencoder(tmp_path / "model.safetensors"), config_with(**changes))
    with pytest.raises(CheckpointError, match="does not understand"):
        load_autoencoder(path)


def test_missing_setting_is_refused(tmp_path: Path) -> None:
    def without_width(_tensors: dict[str, torch.Tensor], header: CheckpointHeader) -> CheckpointHeader:
        return replace(header, config={k: v for k, v in header.config.items() if k != "width"})

    with pytest.raises(CheckpointError, match="does not understand"):
        load_autoencoder(spoiled(tiny_autoencoder(tmp_path / "model.safetensors"), without_width))


@pytest.mark.parametrize(
    "changes", [{"width": 8}, {"latent_size": 4}, {"variational": True}, {"norm": "none"}], ids=str
)
def test_tensors_that_do_not_fit_the_configuration_are_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    path = spoiled(tiny_autoencoder(tmp_path / "model.safetensors"), config_with(**changes))
    with pytest.raises(CheckpointError, match="do not fit"):
        load_autoencoder(path)


def test_model_that_would_fill_the_memory_is_refused_before_it_is_built(tmp_path: Path) -> None:
    path = spoiled(tiny_autoencoder(tmp_path / "model.safetensors"), config_with(width=8192, depth=5))
    with pytest.raises(CheckpointError, match="too large"):
        load_autoencoder(path)


@pytest.mark.parametrize("part", ["weight", "running_var"])
def test_numbers_that_are_not_finite_are_refused(part: str, tmp_path: Path) -> None:
    def with_nan(tensors: dict[str, torch.Tensor], header: CheckpointHeader) -> CheckpointHeader:
        next(tensor for name, tensor in tensors.items() if name.endswith(part)).view(-1)[0] = float("nan")
        return header

    with pytest.raises(CheckpointError, match="not finite"):
        load_autoencoder(spoiled(tiny_autoencoder(tmp_path / "model.safetensors"), with_nan))


def test_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = spoiled(tiny_autoencoder(tmp_path / "model.safetensors"), lambda _, header: replace(header, kind="gan"))
    with pytest.raises(CheckpointError, match="gan model"):
        load_autoencoder(path)


@pytest.mark.parametrize("said", ["", "magic", 5, ["vae"]])
def test_method_that_is_not_known_is_none(said: Any, tmp_path: Path) -> None:
    path = spoiled(
        tiny_autoencoder(tmp_path / "model.safetensors"), lambda _, header: replace(header, extra={"method": said})
    )
    assert load_autoencoder(path).method == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(WaeModelConfig.__dataclass_fields__, JSON)))
def test_any_json_gives_a_configuration_or_a_sentence(changes: dict[str, Any]) -> None:
    try:
        config = _model_config(replace(HEADER, config={**HEADER.config, **changes}))
    except CheckpointError:
        return
    assert config.width <= 8192 and config.depth <= 8 and config.latent_size <= 8192
