"""What was learned of each category, and leaving out the others."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import CheckpointError
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from engine.sketch.batches import DrawingPool
from engine.sketch.categories import CategoryGain, category_gains, with_categories
from engine.sketch.evaluation import losses_per_drawing
from engine.sketch.sketch_model import SketchModel, load_model
from tests.helpers.tiny_sketch import LONGEST, tiny_checkpoint

NAMES = ("ant", "bee", "cat")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "zoo.safetensors", categories=NAMES)


@pytest.fixture
def model(path: Path) -> SketchModel:
    return load_model(path)


def pool(categories: list[int]) -> DrawingPool:
    rng = np.random.default_rng(0)
    drawings = [np.column_stack([rng.normal(size=(6, 2)), np.zeros(6)]).astype(np.float32) for _ in categories]
    return DrawingPool(drawings, categories, 1.0)


def test_gain_is_the_loss_without_the_category_less_the_loss_with_it(model: SketchModel) -> None:
    drawings = pool([0, 2, 2, 3, 2])
    gains = category_gains(model.module, drawings, LONGEST)
    assert list(gains) == ["ant", "cat"] and [gain.drawings for gain in gains.values()] == [1, 3]
    # One drawing at a time, by the slow way.
    differences, losses = [], []
    for index in (1, 2, 4):
        alone = DrawingPool([drawings.drawings[index]], [2], 1.0)
        told, _ = losses_per_drawing(model.module, alone, LONGEST, padded=False)
        untold, _ = losses_per_drawing(model.module, alone, LONGEST, padded=False, categories=np.array([3]))
        differences.append(float(untold[0] - told[0]))
        losses.append(float(told[0]))
    mean = sum(differences) / 3
    spread = math.sqrt(sum((each - mean) ** 2 for each in differences) / 2)
    assert gains["cat"].gain == pytest.approx(mean, abs=1e-6)
    assert gains["cat"].error == pytest.approx(spread / math.sqrt(3), abs=1e-6)
    assert gains["cat"].L_R_decoder == pytest.approx(sum(losses) / 3, abs=1e-6)
    assert math.isinf(gains["ant"].error)


def test_a_category_is_learned_when_its_gain_is_beyond_its_error() -> None:
    assert CategoryGain(5, 0.2, 0.02, 0.01).is_learned
    assert not CategoryGain(5, 0.2, 0.01, 0.02).is_learned
    assert not CategoryGain(1, 0.2, 9.0, math.inf).is_learned


def test_fewer_categories_leave_the_others_as_they_were(path: Path, tmp_path: Path, model: SketchModel) -> None:
    tensors, header = with_categories(*load_checkpoint(path, "sketch"), ["cat", "ant"])
    save_checkpoint(tmp_path / "small.safetensors", tensors, header)
    small = load_model(tmp_path / "small.safetensors")
    assert small.categories == ("ant", "cat")
    for before, after in (("ant", "ant"), ("cat", "cat"), (None, None)):
        conditions = [
            each.module.condition(None, None, torch.tensor([each.category_index(name)]))
            for each, name in ((model, before), (small, after))
        ]
        assert torch.equal(*conditions)


def test_no_category_left_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="none of the categories"):
        with_categories(*load_checkpoint(path, "sketch"), ["zebra"])
    single = tiny_checkpoint(tmp_path / "single.safetensors", categories=("cat",))
    with pytest.raises(CheckpointError, match="none of the categories"):
        with_categories(*load_checkpoint(single, "sketch"), ["cat"])
