"""Every configuration to start from is allowed, builds and takes a step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.gan import examples
from engine.gan.config import GanTrainConfig
from engine.gan.dcgan import DCGANCritic
from engine.gan.presets import PRESETS
from engine.gan.run import TransportRun, make_run, network_config
from engine.runtime.config import check, from_json, to_json
from tests.helpers.tiny_gan_run import stripes


def small(config: GanTrainConfig) -> GanTrainConfig:
    """The same with networks and batches that take no time."""
    return replace(
        config, width=4, critic_width=4, batch_size=8, sinkhorn_iterations=5, device="cpu",
        critic_steps=min(2, config.critic_steps), generator_steps=min(2, config.generator_steps),
    )


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_takes_a_step(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = PRESETS[name]
    check(config)
    assert from_json(GanTrainConfig, to_json(config)) == config
    if config.data == "digits":
        pictures = stripes(side=config.image_size)
        monkeypatch.setattr(examples, "open_source", lambda _choice: pictures)
    run = make_run(small(config), tmp_path)
    run.step()
    assert isinstance(run, TransportRun) == (config.objective == "optimal transport")
    figures = run.figures()
    assert run.step_count == 1 and run.skipped == 0 and np.isfinite(list(figures.values())).all()
    assert ("gradient_penalty" in figures) == (config.penalty_weight > 0)


def test_the_first_preset_is_the_default() -> None:
    assert next(iter(PRESETS.values())) == GanTrainConfig()


def test_the_paper_s_critic_compares_pictures_by_32_768_numbers() -> None:
    config = network_config(PRESETS["paper-ot"], (1, 32, 32))
    with torch.device("meta"):
        critic = DCGANCritic(config.shape, config.critic_outputs, config.critic_width, "crelu", "none", 0.0)
        assert critic(torch.empty(2, 1, 32, 32)).shape == (2, 32_768)
