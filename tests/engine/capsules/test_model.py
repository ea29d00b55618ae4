"""A model file as the program uses it: what it computes, and that nothing in a file is believed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.capsules.model import _config, load_capsules, load_cnn, load_recogniser, placed
from engine.capsules.network import CapsNetConfig
from engine.data.placement import Placement
from engine.errors import CheckpointError
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from tests.helpers.tiny_capsules import TINY, tiny_capsules, tiny_cnn

PICTURES = np.random.default_rng(0).random((5, 28, 28), np.float32)


@pytest.mark.parametrize("decoder", ["dense", "convolutions", "none"])
def test_a_file_opens_as_what_it_is(decoder: str, tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "my digits.safetensors", decoder=decoder))
    assert (model.name, model.side, model.grid, model.routings, model.capsule_size) == ("my digits", 28, 6, 3, 16)
    assert model.class_names == tuple("0123456789") and model.can_reconstruct == (decoder != "none")
    assert not model.module.training and not any(p.requires_grad for p in model.module.parameters())
    assert model.scores(PICTURES).shape == (5, 10) and model.scores(PICTURES[:0]).shape == (0, 10)
    other = load_recogniser(tiny_cnn(tmp_path / "cnn.safetensors"))
    small = PICTURES[:, :16, :16]
    assert other.scores(small).shape == (5, 10) and other.scores(small[:0]).shape == (0, 10)


def test_many_pictures_are_as_one_at_a_time(tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "a.safetensors"))
    many = np.random.default_rng(0).random((130, 28, 28), np.float32)
    one_by_one = np.concatenate([model.capsules(many[i : i + 1]) for i in range(0, 130, 43)])
    np.testing.assert_allclose(model.capsules(many)[::43], one_by_one, atol=0.01)  # many are computed in bfloat16


@pytest.mark.parametrize("iterations", [0, 1, 2, 5])
def test_details_end_where_the_capsules_are(iterations: int, tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "a.safetensors"))
    details = model.details(PICTURES[0], iterations)
    count = iterations or 3
    assert details.primary.shape == (72, 8) and details.couplings.shape == (count, 72, 10)
    np.testing.assert_allclose(details.outputs[-1], model.capsules(PICTURES[:1], iterations)[0], atol=1e-6)
    np.testing.assert_allclose(details.lengths[-1], np.linalg.norm(details.outputs[-1], axis=1), atol=1e-6)
    np.testing.assert_allclose(details.couplings.sum(axis=2), 1, atol=1e-5)


def test_a_sweep_is_made_of_reconstructions(tmp_path: Path) -> None:
    model = load_capsules(tiny_capsules(tmp_path / "a.safetensors"))
    capsule = model.capsules(PICTURES[:1])[0, 4]
    sheet = model.sweep(capsule, 4, [-0.25, 0.0, 0.25])
    assert sheet.shape == (16, 3, 28, 28)
    bent = capsule.copy()
    bent[9] += 0.25
    np.testing.assert_allclose(sheet[9, 2], model.reconstruct(bent[None], [4])[0], atol=1e-6)


@pytest.mark.parametrize("shape", [(28, 28), (5, 27, 28), (5, 1, 28, 28)])
def test_pictures_of_another_shape_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pictures"):
        load_capsules(tiny_capsules(tmp_path / "a.safetensors")).scores(np.zeros(shape, np.float32))


def test_a_picture_is_placed() -> None:
    made = placed(PICTURES[0], [Placement(), Placement(shift_x=4, shift_y=-4)], 36)
    np.testing.assert_allclose(made[0, 4:32, 4:32], PICTURES[0], atol=1e-4)
    np.testing.assert_allclose(made[1, :28, 8:], PICTURES[0], atol=1e-4)


# ---- what is in a file


def rewritten(path: Path, **header: Any) -> Path:
    tensors, old = load_checkpoint(path, "capsules")
    save_checkpoint(path, tensors, CheckpointHeader(**(asdict(old) | header)))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"channels": 0}, {"channels": 9}, {"channels": 10**9}, {"channels": 8.0}, {"channels": True},
        {"image_size": 16}, {"image_size": 2**40}, {"image_size": 30}, {"primary_types": 128, "primary_size": 64},
        {"decoder": "magic"}, {"decoder": "none"}, {"decoder": "convolutions"}, {"routings": 0}, {"routings": 1000},
        {"class_count": 100, "primary_types": 128, "primary_size": 64, "capsule_size": 64, "image_size": 64},
        {"extra": 1}, {"class_count": None}, {"decoder": "convolutions", "image_size": 26},
    ],
    ids=str,
)
def test_a_header_that_does_not_fit_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    path = rewritten(tiny_capsules(tmp_path / "a.safetensors"), config={**asdict(TINY), **changes})
    with pytest.raises(CheckpointError) as caught:
        load_capsules(path)
    assert "\n" not in str(caught.value)


@given(st.dictionaries(st.sampled_from([*asdict(TINY)]), st.one_of(st.integers(), st.text(), st.none(), st.floats())))
def test_any_configuration_is_taken_or_refused(changes: dict[str, Any]) -> None:
    header = CheckpointHeader("capsules", "any", {**asdict(TINY), **changes})
    try:
        config = _config(header, CapsNetConfig)
    except CheckpointError:
        return
    assert asdict(config) == header.config and 1 <= config.channels <= 512 and 1 <= config.routings <= 10


def test_damaged_files_and_those_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tiny_capsules(tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="cnn"):
        load_cnn(path)
    with pytest.raises(CheckpointError, match="capsules"):
        load_capsules(tiny_cnn(tmp_path / "b.safetensors"))
    tensors, header = load_checkpoint(path, "capsules")
    save_checkpoint(path, {**tensors, "weight": tensors["weight"] * torch.nan}, header)
    with pytest.raises(CheckpointError, match="not finite"):
        load_capsules(path)
    path.write_bytes(path.read_bytes()[:-10])
    for load in (load_capsules, load_recogniser):
        with pytest.raises(CheckpointError):
            load(path)


@pytest.mark.parametrize("names", [None, 3, ["a"], [1] * 10, ["a", None] * 5])
def test_strange_class_names_become_numbers(names: Any, tmp_path: Path) -> None:
    path = rewritten(tiny_capsules(tmp_path / "a.safetensors"), extra={"class_names": names})
    assert load_capsules(path).class_names == tuple("0123456789")
