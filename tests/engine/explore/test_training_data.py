"""The data of a model is what its file says, as long as it is there and is what the model makes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.data.points import save_density
from engine.data.source import DATA_NAMES, DataChoice
from engine.errors import TrainingError
from engine.explore.training_data import data_choice, open_training_data
from engine.gan.model import GanModel, load_gan
from engine.gan.networks import NetworkConfig
from engine.runtime.checkpoint import CheckpointHeader
from tests.helpers.tiny_gan import tiny_gan, tiny_pictures, tiny_points


def made(tmp_path: Path, config: NetworkConfig, **training: Any) -> GanModel:
    return load_gan(tiny_gan(tmp_path / "model.safetensors", config, **training))


def pictures(folder: Path) -> Path:
    folder.mkdir()
    for index in range(4):
        Image.fromarray(np.full((40, 40, 3), 60 * index, np.uint8)).save(folder / f"{index}.png")
    return folder


def test_points_are_those_of_the_run_with_its_seed(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points(), data="rings", seed=5)
    assert data_choice(model.header) == DataChoice("rings", seed=5)
    assert open_training_data(model).name == "rings"


def test_pictures_have_the_size_of_the_model(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_pictures(shape=(1, 64, 64)), data="digits", image_size=28)
    assert open_training_data(model).shape == (1, 64, 64)


def test_pictures_may_have_moved_and_keep_their_colours(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_pictures(shape=(3, 32, 32)), data="pictures", data_path=str(tmp_path / "before"))
    with pytest.raises(TrainingError, match=r"no file or folder '.*before'"):
        open_training_data(model)
    source = open_training_data(model, data_path=str(pictures(tmp_path / "now")))
    assert source.shape == (3, 32, 32) and source.size + len(source.held_out(9)[0]) == 4


def test_another_data_set_may_be_asked_for(tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points(), data="rings")
    assert open_training_data(model, "spiral").name == "spiral"
    save_density(tmp_path / "drawn.npz", np.ones((4, 4)))
    assert open_training_data(model, "drawn density", str(tmp_path / "drawn.npz")).name == "drawn density"


@pytest.mark.parametrize(
    ("config", "data", "sentence"),
    [(tiny_points(), "digits", "makes points of the plane, and digits are grey pictures of 28 pixels"),
     (tiny_pictures(), "rings", "makes grey pictures of 28 pixels, and rings are points of the plane"),
     (tiny_pictures(shape=(3, 32, 32)), "digits", "makes coloured pictures of 32 pixels, and digits are grey")],
    ids=["points", "pictures", "colours"],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(
    config: NetworkConfig, data: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=sentence):
        open_training_data(made(tmp_path, config), data)


@pytest.mark.parametrize("training", [None, {}, {"data": "unicorns"}, {"data": 5}, {"seed": True}, ["rings"]], ids=str)
def test_a_file_that_says_nothing_useful_needs_to_be_told(training: Any, tmp_path: Path) -> None:
    model = made(tmp_path, tiny_points())
    silent = replace(model, header=replace(model.header, extra={"training": training}))
    if training == {}:  # then everything has its default
        assert open_training_data(silent).name == "8 gaussians"
        return
    with pytest.raises(TrainingError, match="does not say what it was trained on"):
        open_training_data(silent)
    assert open_training_data(silent, "rings").name == "rings"


def test_a_path_that_is_no_plain_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # a read would wait for ever
    for path in (str(tmp_path / "pipe"), "/dev/zero", "\0", "\x1b[2J"):
        model = made(tmp_path, tiny_points(), data="drawn density", data_path=path)
        with pytest.raises(TrainingError, match="There is no file or folder") as refused:
            open_training_data(model)
        assert str(refused.value).isprintable()


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(DATA_NAMES)


@given(st.dictionaries(st.sampled_from([*DataChoice.__dataclass_fields__]), VALUES))
def test_any_header_gives_a_choice_or_none(training: dict[str, Any]) -> None:
    choice = data_choice(CheckpointHeader("gan", "any", {}, extra={"training": training}))
    assert choice is None or choice.data in DATA_NAMES


def test_a_seed_out_of_all_bounds_is_a_seed(tmp_path: Path) -> None:
    for seed in (-(2**80), 2**80):
        model = made(tmp_path, tiny_points(), data="rings", seed=seed)
        assert open_training_data(model).held_out(10)[0].shape == (10, 2)
