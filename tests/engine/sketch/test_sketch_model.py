"""A model file as the program uses it: judged against torch.distributions, and nothing in a file is believed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from engine.errors import BadDrawingError, CheckpointError, UnknownModelError
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from engine.runtime.job import drive
from engine.sketch.mixture import Mixture
from engine.sketch.sketch_model import SketchModel, load_model
from engine.sketch.strokes import Drawing, make_drawing, quickdraw_preprocess, scaled, to_stroke3
from tests.helpers.tiny_sketch import LONGEST, SCALE_FACTOR, tiny_checkpoint, tiny_magenta

DRAWING = make_drawing([[(0, 0), (100, 40), (30, 90)], [(10, 10), (80, 200)], [(50, 50)]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "model.safetensors")


@pytest.fixture
def model(path: Path) -> SketchModel:
    made = load_model(path)
    torch.manual_seed(0)
    for parameter in made.module.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.3)
    return made


# ---- what is in a file


@pytest.mark.parametrize("mode", ["vae", "decoder"])
@pytest.mark.parametrize("categories", [("cat",), ("cat", "dog", "fish")])
def test_model_is_what_its_file_says(mode: str, categories: tuple[str, ...], tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "my animals.safetensors", categories=categories, mode=mode)
    model = load_model(path)
    assert (model.name, model.categories, model.has_encoder) == ("my animals", categories, mode == "vae")
    assert (model.scale_factor, model.box, model.longest) == (SCALE_FACTOR, 255.0, LONGEST)
    tensors, _ = load_checkpoint(path, "sketch")
    assert model.parameter_count == sum(tensor.numel() for tensor in tensors.values())
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, tensors[name])
    assert not model.module.training and not any(p.requires_grad for p in model.module.parameters())


def test_file_in_half_precision_is_used_in_full(path: Path) -> None:
    tensors, header = load_checkpoint(path, "sketch")
    save_checkpoint(path, tensors, header, torch.float16)
    model = load_model(path)
    assert {parameter.dtype for parameter in model.module.parameters()} == {torch.float32}


def test_published_weights_are_a_model_too(tmp_path: Path) -> None:
    model = load_model(tiny_magenta(tmp_path / "palm_tree.gen.json"))
    assert (model.name, model.categories, model.longest) == ("palm tree", ("palm tree",), LONGEST)
    assert not model.has_encoder


# ---- categories


def test_category_has_its_place_and_none_is_any(model: SketchModel) -> None:
    assert [model.category_index(category) for category in ("cat", "dog", None)] == [0, 1, 2]
    with pytest.raises(UnknownModelError, match="'fish'"):
        model.category_index("fish")


def test_model_of_one_category_takes_every_word(tmp_path: Path) -> None:
    model = load_model(tiny_checkpoint(tmp_path / "cat.safetensors", categories=("cat",)))
    assert {model.category_index(category) for category in ("cat", "fish", None)} == {1}


# ---- likelihood


def plain_log_likelihood(model: SketchModel, drawing: Drawing, category: int) -> float:
    stroke3 = to_stroke3(quickdraw_preprocess(drawing))
    condition = model.module.condition(None, None, torch.tensor([category]))
    state, before = model.module.first_state(condition), torch.tensor([[0.0, 0, 1, 0, 0]])
    total = 0.0
    for row in [*stroke3, None]:
        state = model.module.decoder.step(before, state, condition)
        at = Mixture.from_output(model.module.output(state[0])[0].double())
        pens = at.pen_logits.log_softmax(dim=0)
        if row is None:
            total += float(pens[2])
            break
        sigma_x, sigma_y = at.log_sigma_x.exp(), at.log_sigma_y.exp()
        across = at.rho * sigma_x * sigma_y
        covariance = torch.stack([sigma_x**2, across, across, sigma_y**2], dim=1).view(-1, 2, 2)
        components = MultivariateNormal(torch.stack([at.mu_x, at.mu_y], dim=1), covariance)
        density: Callable[[Tensor], Tensor] = MixtureSameFamily(Categorical(logits=at.logits), components).log_prob
        x, y = row[:2] / SCALE_FACTOR
        total += float(density(torch.tensor([x, y], dtype=torch.float64))) + float(pens[int(row[2])])
        before = torch.tensor([[x, y, 1 - row[2], row[2], 0.0]])
    return total / len(stroke3)


@pytest.mark.parametrize("category", ["cat", "dog", None])
def test_log_likelihood_is_that_of_a_plain_loop(category: str | None, model: SketchModel) -> None:
    index = model.category_index(category)
    for drawing in (DRAWING, make_drawing([[(0, 0), (1, 1)]]), make_drawing([[(3, 4)]])):
        expected = plain_log_likelihood(model, drawing, index)
        assert model.log_likelihood(drawing, category) == pytest.approx(expected, rel=1e-4)


def test_log_likelihood_knows_no_size_or_place(model: SketchModel) -> None:
    expected = model.log_likelihood(DRAWING, "cat")
    for factor, shift in ((2.0, (0.0, 0.0)), (0.125, (64.0, -32.0)), (16.0, (1024.0, 512.0))):
        assert model.log_likelihood(scaled(DRAWING, factor, shift), "cat") == pytest.approx(expected)


@pytest.mark.parametrize(
    "drawing",
    [Drawing(), Drawing((np.zeros((0, 2), np.float32),)), Drawing((np.array([[0, 0], [np.nan, 1]], np.float32),)),
     Drawing((np.zeros((30_000, 2), np.float32),))],
    ids=["empty", "empty stroke", "nan", "endless"],
)
def test_drawing_without_a_likelihood_is_refused(drawing: Drawing, model: SketchModel) -> None:
    with pytest.raises(BadDrawingError):
        model.log_likelihood(drawing)


# ---- sampling


def test_samples_take_the_categories_in_turn_and_are_replayed_by_their_seed(model: SketchModel) -> None:
    made = drive(model.sample(6, seed=2))
    assert [drawing.word for drawing in made] == ["cat", "dog"] * 3
    again = drive(model.sample(6, seed=2))
    for mine, theirs in zip(again, made, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(mine.strokes, theirs.strokes, strict=True))
    assert {drawing.word for drawing in drive(model.sample(3, category="dog"))} == {"dog"}
    with pytest.raises(UnknownModelError):
        drive(model.sample(3, category="fish"))


def test_samples_are_in_the_units_of_the_data(model: SketchModel) -> None:
    twice = SketchModel(model.module, model.header, 2 * model.scale_factor, model.box, model.longest)
    for mine, theirs in zip(drive(twice.sample(4)), drive(model.sample(4)), strict=True):
        np.testing.assert_allclose(np.concatenate(mine.strokes), 2 * np.concatenate(theirs.strokes), rtol=1e-5)


def test_samples_of_a_model_of_one_category_bear_its_name(tmp_path: Path) -> None:
    model = load_model(tiny_checkpoint(tmp_path / "cat.safetensors", categories=("cat",)))
    assert {drawing.word for drawing in drive(model.sample(4))} == {"cat"}


# ---- damaged files


def refused(path: Path, tensors: dict[str, Tensor], header: CheckpointHeader) -> None:
    save_checkpoint(path, tensors, header)
    with pytest.raises(CheckpointError) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


VALUES: dict[str, list[Any]] = {
    "mode": ["", "encoder", 3], "decoder_cell": ["gru", None],
    "encoder_size": [0, -8, 2**40, 8.0, True, "8", None, 9], "decoder_size": [0, -8, 2**40, 8192, 9],
    "latent_size": [0, 5], "mixtures": [0, 3, math.nan], "class_size": [-1, 0, 5],
    "recurrent_keep": [0, 0.0, -0.5, 1.5, math.nan, math.inf, "1", True],
    "categories": [None, "cat", ["cat", 3], ["cat"], ["a"] * 10_001],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in VALUES.items() for value in values], ids=lambda v: str(v)[:12]
)
def test_shape_that_no_model_has_is_refused(name: str, value: Any, path: Path) -> None:
    tensors, header = load_checkpoint(path, "sketch")
    refused(path, tensors, replace(header, config={**header.config, name: value}))


def test_settings_too_few_or_too_many_are_refused(path: Path) -> None:
    tensors, header = load_checkpoint(path, "sketch")
    refused(path, tensors, replace(header, config={}))
    refused(path, tensors, replace(header, config={**header.config, "depth": 3}))


@pytest.mark.parametrize("name", ["scale_factor", "longest", "box"])
@pytest.mark.parametrize("value", [None, 0, -1, "9", True, math.nan, math.inf, 1e9, []])
def test_size_that_no_drawing_has_is_refused(name: str, value: Any, path: Path) -> None:
    tensors, header = load_checkpoint(path, "sketch")
    refused(path, tensors, replace(header, extra={**header.extra, name: value}))


def test_model_too_large_to_open_is_refused_before_memory_is_taken(path: Path) -> None:
    tensors, header = load_checkpoint(path, "sketch")
    largest = {"decoder_size": 8192, "encoder_size": 8192, "decoder_cell": "hyper"}
    save_checkpoint(path, tensors, replace(header, config={**header.config, **largest}))
    with pytest.raises(CheckpointError, match="too large"):
        load_model(path)


def test_tensors_that_do_not_fit_are_refused(path: Path) -> None:
    tensors, header = load_checkpoint(path, "sketch")
    bias = tensors["output.bias"]
    refused(path, {name: tensor for name, tensor in tensors.items() if name != "output.bias"}, header)
    refused(path, {**tensors, "output.more": bias}, header)
    refused(path, {**tensors, "output.bias": bias[:-1]}, header)
    refused(path, {**tensors, "output.bias": bias.to(torch.int64)}, header)
    for value in (math.nan, math.inf):
        refused(path, {**tensors, "output.bias": torch.full_like(bias, value)}, header)


def test_model_of_another_kind_is_refused(path: Path) -> None:
    tensors, header = load_checkpoint(path, "sketch")
    refused(path, tensors, replace(header, kind="sound"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("sound") / "model.safetensors")


@given(data=st.data())
def test_any_change_of_the_header_gives_a_model_or_a_sentence(data: st.DataObject, sound: Path) -> None:
    tensors, header = load_checkpoint(sound, "sketch")
    config, extra = dict(header.config), dict(header.extra)
    for part in data.draw(st.lists(st.sampled_from([config, extra]), min_size=1, max_size=3)):
        part[data.draw(st.sampled_from(sorted(part)))] = data.draw(JSON)
    path = sound.with_name("changed.safetensors")
    save_checkpoint(path, tensors, replace(header, config=config, extra=extra))
    try:
        model = load_model(path)
    except CheckpointError:
        return
    assert math.isfinite(model.log_likelihood(DRAWING))
