"""The settings keep to their ranges, and the presets are what they are called."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

import pytest

from engine.errors import TrainingError
from engine.gan.config import GanTrainConfig
from engine.runtime.config import check, edited
from engine.wae.config import METHODS, PRESETS, WaeTrainConfig
from engine.wae.run import model_config


def test_what_shapes_networks_or_data_does_not_change_in_a_run() -> None:
    live = {entry.name for entry in fields(WaeTrainConfig) if entry.metadata["live"]}
    assert live == {"penalty_weight", "learning_rate", "critic_rate", "steps", "minutes"}
    with pytest.raises(TrainingError, match="latent_size"):
        edited(WaeTrainConfig(), {"latent_size": 2})


def test_settings_that_gans_have_too_are_called_the_same() -> None:
    ours, theirs = get_type_hints(WaeTrainConfig), get_type_hints(GanTrainConfig)
    shared = {
        "data", "data_path", "image_size", "colour", "steps", "minutes", "log_every", "picture_every", "measure_every",
        "save_every", "seed", "name", "precision", "device",
    }
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_make_sense(name: str) -> None:
    preset = PRESETS[name]
    check(preset)
    if name.removesuffix("-points") in METHODS:
        assert preset.method == name.removesuffix("-points")
    channels = 3 if preset.colour else 1
    shape = (2,) if name.endswith("points") else (channels, preset.image_size, preset.image_size)
    assert model_config(preset, shape).shape == shape


def test_paper_presets_have_the_sizes_of_appendix_c() -> None:
    digits, faces = PRESETS["paper"], PRESETS["paper-faces"]
    assert (digits.latent_size, digits.prior_sigma, digits.penalty_weight) == (8, 1.0, 10.0)
    assert (faces.latent_size, faces.penalty_weight) == (64, 100.0)
    assert faces.prior_sigma**2 == pytest.approx(2.0)
    for preset, side in ((digits, 4), (faces, 5)):
        assert (preset.width, preset.depth, preset.filter_size) == (128, 4, side)
        assert (preset.critic_width, preset.critic_depth, preset.batch_size) == (512, 4, 100)
        assert (preset.learning_rate, preset.critic_rate, preset.beta1) == (1e-3, 5e-4, 0.5)
