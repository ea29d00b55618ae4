"""The decoder one point at a time gives what the decoder gives for whole sequences."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.sketch import hyper_cell
from engine.sketch.cells import CELLS
from engine.sketch.config import SketchModelConfig
from engine.sketch.mixture import Mixture
from engine.sketch.model import START_TOKEN, SketchRNN
from engine.sketch.stepping import Stepper, fast_dtype

CONDITIONED = SketchModelConfig(
    encoder_size=8, decoder_size=16, latent_size=4, mixtures=3, class_size=4, categories=("cat", "dog")
)
ALONE = replace(CONDITIONED, mode="decoder", class_size=0, categories=("cat",))
DRAWINGS, STEPS = 3, 20


@pytest.fixture(autouse=True)
def small_hyper_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyper_cell, "HYPER_SIZE", 6)
    monkeypatch.setattr(hyper_cell, "EMBEDDING_SIZE", 3)


def made(config: SketchModelConfig) -> SketchRNN:
    """A model whose parameters are far enough from their start to tell its inputs apart."""
    torch.manual_seed(0)
    model = SketchRNN(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return model


def points() -> NDArray[np.float32]:
    """Stroke-5 [T, B, 5] with the start token first."""
    rng = np.random.default_rng(0)
    made = np.zeros((STEPS, DRAWINGS, 5), np.float32)
    made[..., :2] = rng.normal(0, 1, (STEPS, DRAWINGS, 2))
    np.put_along_axis(made, 2 + rng.integers(0, 3, (STEPS, DRAWINGS, 1)), 1, axis=2)
    made[0] = START_TOKEN
    return made


@torch.no_grad()
def decoded(model: SketchRNN, categories: list[int]) -> Mixture:
    condition = model.condition(None, None, torch.tensor(categories))
    return model.decode(torch.from_numpy(points()), condition)


def close(output: Tensor, mixture: Mixture, atol: float) -> None:
    mine = Mixture.from_output(output)
    for name, expected in vars(mixture).items():
        torch.testing.assert_close(getattr(mine, name), expected, atol=atol, rtol=0, msg=name)


@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("base", [CONDITIONED, ALONE], ids=["conditioned", "alone"])
@pytest.mark.parametrize(("dtype", "atol"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1)], ids=["float32", "bfloat16"])
def test_run_is_decode(kind: str, base: SketchModelConfig, dtype: torch.dtype, atol: float) -> None:
    model, categories = made(replace(base, decoder_cell=kind)), [0, 1, 0]
    stepper = Stepper(model, dtype)
    condition = stepper.condition(categories)
    output, states = stepper.run(points(), condition, stepper.first_state(condition))
    assert output.shape == (STEPS, DRAWINGS, 6 * 3 + 3) and output.dtype == torch.float32
    assert len(states) == STEPS
    close(output, decoded(model, categories), atol)


@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("base", [CONDITIONED, ALONE], ids=["conditioned", "alone"])
def test_run_is_step_after_step_and_goes_on_from_any_of_its_states(kind: str, base: SketchModelConfig) -> None:
    stepper = Stepper(made(replace(base, decoder_cell=kind)), torch.float32)
    condition = stepper.condition([1, 0, 1])
    output, states = stepper.run(points(), condition, stepper.first_state(condition))
    shared, state = stepper.base(condition), stepper.first_state(condition)
    for t in range(STEPS):
        state = stepper.step(points()[t], shared, condition, state)
        torch.testing.assert_close(stepper.output(state), output[t])
        torch.testing.assert_close(state, states[t])
    later, _ = stepper.run(points()[7:], condition, states[6])
    torch.testing.assert_close(later, output[7:])


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_a_step_leaves_what_it_was_given_as_it_was(kind: str) -> None:
    stepper = Stepper(made(replace(CONDITIONED, decoder_cell=kind)), torch.float32)
    condition = stepper.condition([1, 0, 1])
    state, shared, given = stepper.first_state(condition), stepper.base(condition), points()[1]
    before = [part.clone() for part in (*state, shared, condition)]
    stepper.step(given, shared, condition, state)
    stepper.run(points(), condition, state)
    assert all(torch.equal(now, then) for now, then in zip((*state, shared, condition), before, strict=True))
    np.testing.assert_array_equal(given, points()[1])


def test_any_category_is_a_category_of_its_own() -> None:
    model = made(CONDITIONED)
    stepper = Stepper(model, torch.float32)
    first, second, either = stepper.condition([0, 1, model.any_category])
    assert not torch.equal(first, second) and not torch.equal(first, either) and not torch.equal(second, either)


def test_without_the_laid_out_product_the_answer_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(CONDITIONED)
    fast = Stepper(model, torch.bfloat16)
    condition = fast.condition([0, 1, 0])
    state = fast.first_state(condition)
    expected, _ = fast.run(points(), condition, state)
    monkeypatch.setattr(torch.ops, "mkldnn", SimpleNamespace())
    output, _ = Stepper(model, torch.bfloat16).run(points(), condition, state)
    torch.testing.assert_close(output, expected, atol=0.03, rtol=0)


@pytest.mark.parametrize(
    ("able", "dtype"),
    [({}, torch.float32), ({"avx512_bf16": False, "amx_bf16": False}, torch.float32),
     ({"avx512_bf16": True}, torch.bfloat16), ({"amx_bf16": True}, torch.bfloat16)],
)
def test_bfloat16_is_for_processors_that_multiply_it(
    able: dict[str, bool], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert fast_dtype() == dtype
