"""The configuration describes itself, its defaults are in its ranges, and the paper's preset is the paper's model."""

from __future__ import annotations

from dataclasses import Field, fields, replace
from typing import Any, get_type_hints

import pytest

from engine.errors import TrainingError
from engine.runtime.config import check, edited, from_json, to_json
from engine.sketch.cells import CELLS
from engine.sketch.config import PRESETS, SketchModelConfig, SketchTrainConfig, model_config

FIELDS = fields(SketchTrainConfig)
GROUPS = {"Data", "Model", "Loss", "Optimiser", "Run"}
NUMBERS = [entry for entry in FIELDS if get_type_hints(SketchTrainConfig)[entry.name] in (int, float)]


def named(entry: Field[Any]) -> str:
    return entry.name


def with_value(name: str, value: Any) -> SketchTrainConfig:
    changes: Any = {name: value}
    return replace(SketchTrainConfig(), **changes)


@pytest.mark.parametrize("entry", FIELDS, ids=named)
def test_setting_says_what_it_means(entry: Field[Any]) -> None:
    assert entry.metadata["group"] in GROUPS
    assert len(entry.metadata["help"]) > 10 and entry.metadata["help"].endswith(".")


@pytest.mark.parametrize("entry", NUMBERS, ids=named)
def test_number_has_a_range_that_holds_its_default_and_is_kept(entry: Field[Any]) -> None:
    low, high = entry.metadata["low"], entry.metadata["high"]
    assert low <= entry.default <= high
    for value in (low, high):
        check(with_value(entry.name, value))
    for value in (low - 1, high + 1, float("nan")):
        with pytest.raises(TrainingError, match=entry.name):
            check(with_value(entry.name, value))


@pytest.mark.parametrize("entry", [entry for entry in FIELDS if entry.metadata["choices"]], ids=named)
def test_choice_holds_its_default_and_nothing_else(entry: Field[Any]) -> None:
    assert entry.default in entry.metadata["choices"]
    with pytest.raises(TrainingError, match=entry.name):
        check(with_value(entry.name, "something else"))


def test_every_cell_may_be_chosen() -> None:
    (cell,) = (entry for entry in FIELDS if entry.name == "decoder_cell")
    assert set(cell.metadata["choices"]) == set(CELLS)


def test_what_shapes_the_model_or_the_data_does_not_change_in_a_run() -> None:
    live = {entry.name for entry in FIELDS if entry.metadata["live"]}
    assert live == {
        "scale_jitter", "point_drop", "point_noise", "kl_weight", "kl_floor", "latent_drop", "class_drop",
        "learning_rate", "rate_decay", "clip", "max_norm", "steps", "minutes",
    }
    assert edited(SketchTrainConfig(), {"learning_rate": 1}).learning_rate == 1.0
    with pytest.raises(TrainingError, match="decoder_size"):
        edited(SketchTrainConfig(), {"decoder_size": 64})


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_preset_is_sound_and_survives_being_written(name: str) -> None:
    check(PRESETS[name])
    assert from_json(SketchTrainConfig, to_json(PRESETS[name])) == PRESETS[name]


def test_paper_preset_has_the_sizes_of_section_4() -> None:
    paper = PRESETS["paper"]
    assert paper.mode == "vae"
    assert (paper.encoder_size, paper.decoder_cell, paper.decoder_size) == (512, "hyper", 2048)
    assert (paper.latent_size, paper.mixtures, paper.recurrent_keep) == (128, 20, 0.9)
    assert (paper.batch_size, paper.learning_rate, paper.clip) == (100, 0.001, 1.0)


def test_first_preset_is_the_default() -> None:
    assert next(iter(PRESETS.values())) == SketchTrainConfig()


def test_model_config_takes_over_every_size() -> None:
    config = SketchTrainConfig(
        mode="decoder", encoder_size=9, decoder_size=10, decoder_cell="hyper", latent_size=3, mixtures=4, class_size=5,
        recurrent_keep=0.7,
    )
    words = ("cat", "dog")
    assert model_config(config, words) == SketchModelConfig("decoder", 9, 10, "hyper", 3, 4, 5, 0.7, words)
    assert model_config(config, ("cat",)).class_size == 0
