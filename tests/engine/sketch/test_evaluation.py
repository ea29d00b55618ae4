"""Held-out losses against the paper's sums, written as loops over drawings and points with torch.distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from engine.data.sketches import Example
from engine.sketch import evaluation
from engine.sketch.batches import DrawingPool
from engine.sketch.config import SketchModelConfig
from engine.sketch.evaluation import held_out_loss, losses_per_drawing, pool_of
from engine.sketch.model import SketchRNN

CONFIG = SketchModelConfig(
    encoder_size=8, decoder_size=8, latent_size=3, mixtures=3, class_size=4, recurrent_keep=0.5,
    categories=("cat", "dog"),
)
LENGTHS = (4, 9, 1, 6, 9, 2, 5)
LONGEST = 9
SCALE = 30.0


def made(config: SketchModelConfig = CONFIG) -> SketchRNN:
    torch.manual_seed(0)
    model = SketchRNN(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return model


def examples() -> list[Example]:
    rng = np.random.default_rng(0)
    found = []
    for index, length in enumerate(LENGTHS):
        stroke3 = rng.normal(0, SCALE, (length, 3)).astype(np.float32)
        stroke3[:, 2] = rng.random(length) < 0.3
        stroke3[-1, 2] = 1
        found.append(Example(stroke3, index % 3))  # the third is none of the model's categories
    return found


def density(output: Tensor, offset: Tensor) -> float:
    """log p(dx, dy) of eq. 2 from the numbers of the last layer."""
    logits, mu_x, mu_y, sigma_x, sigma_y, rho = output[3:].double().reshape(6, -1)
    sigma_x, sigma_y, rho = sigma_x.exp(), sigma_y.exp(), rho.tanh()
    across = rho * sigma_x * sigma_y
    covariance = torch.stack([sigma_x**2, across, across, sigma_y**2], dim=1).view(-1, 2, 2)
    components = MultivariateNormal(torch.stack([mu_x, mu_y], dim=1), covariance)
    log_prob: Callable[[Tensor], Tensor] = MixtureSameFamily(Categorical(logits=logits), components).log_prob
    return float(log_prob(offset.double()))


@torch.no_grad()
def written_plainly(
    model: SketchRNN, example: Example, category: int, points: int, latent: Tensor | None = None
) -> float:
    """L_R = L_s + L_p of one drawing (eq. 9): L_s over its N_s points, L_p over the first `points`, both by N_max."""
    stroke3, length = example.stroke3, len(example.stroke3)
    target = torch.zeros(LONGEST, 5)
    target[:, 4] = 1
    for i in range(length):
        target[i] = torch.tensor([*stroke3[i, :2] / SCALE, 1 - stroke3[i, 2], stroke3[i, 2], 0])
    condition = model.condition(
        latent, None if latent is None else torch.ones(1), torch.tensor([category])
    )
    state, before = model.first_state(condition), torch.tensor([[0.0, 0, 1, 0, 0]])
    total = 0.0
    for i in range(points):
        state = model.decoder.step(before, state, condition if model.condition_size else None)
        output = model.output(model.decoder.output(state))[0]
        if i < length:
            total -= density(output, target[i, :2])
        total -= float(output[:3].double().log_softmax(dim=0)[int(target[i, 2:].argmax())])
        before = target[i : i + 1]
    return total / LONGEST


def plain(
    model: SketchRNN, padded: bool, categories: list[int] | None = None, latents: Tensor | None = None
) -> list[float]:
    found = []
    for index, example in enumerate(examples()):
        points = LONGEST if padded else min(len(example.stroke3) + 1, LONGEST)
        category = example.category if categories is None else categories[index]
        found.append(
            written_plainly(model, example, category, points, None if latents is None else latents[index : index + 1])
        )
    return found


@pytest.fixture
def pool() -> DrawingPool:
    return pool_of(examples(), SCALE)


@pytest.mark.parametrize("padded", [True, False], ids=["padded", "cut"])
@pytest.mark.parametrize(
    "config",
    [CONFIG, replace(CONFIG, mode="decoder"), replace(CONFIG, mode="decoder", class_size=0, categories=("cat",))],
    ids=["vae", "decoder", "one-category"],
)
def test_reconstruction_is_the_papers(config: SketchModelConfig, padded: bool, pool: DrawingPool) -> None:
    model = made(config)
    mine, divergence = losses_per_drawing(model, pool, LONGEST, padded=padded)
    np.testing.assert_allclose(mine, plain(model, padded), rtol=1e-4)
    assert not divergence.any()


@pytest.mark.parametrize("padded", [True, False], ids=["padded", "cut"])
def test_loss_of_a_drawing_does_not_depend_on_the_others(
    padded: bool, pool: DrawingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = made()
    together, _ = losses_per_drawing(model, pool, LONGEST, padded=padded)
    monkeypatch.setattr(evaluation, "BATCH", 2)
    in_pairs, _ = losses_per_drawing(model, pool, LONGEST, padded=padded)
    np.testing.assert_allclose(in_pairs, together, rtol=1e-5)


def test_divergence_and_loss_with_z_are_the_papers(pool: DrawingPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With noise of zero, z is the mean of the posterior."""
    model = made()
    monkeypatch.setattr(torch, "randn", lambda shape, generator: torch.zeros(shape))
    mine, divergence = losses_per_drawing(model, pool, LONGEST, encode=True)
    means = []
    for index, example in enumerate(examples()):
        length = len(example.stroke3)
        points = torch.zeros(length, 1, 5)
        points[:, 0, :2] = torch.from_numpy(example.stroke3[:, :2] / SCALE)
        points[:, 0, 2] = torch.from_numpy(1 - example.stroke3[:, 2])
        points[:, 0, 3] = torch.from_numpy(example.stroke3[:, 2])
        with torch.no_grad():
            posterior = model.encoder(points, torch.tensor([length]))
        means.append(posterior.mean)
        pairs = zip(posterior.mean[0].tolist(), posterior.log_variance[0].tolist(), strict=True)
        # Eq. 10, over the N_z = 3 dimensions.
        expected = -sum(1 + s - mu**2 - math.exp(s) for mu, s in pairs) / (2 * 3)
        assert divergence[index] == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(mine, plain(model, True, latents=torch.cat(means)), rtol=1e-4)


def test_noise_of_z_is_the_same_each_time_and_is_there(pool: DrawingPool, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made()
    first, _ = losses_per_drawing(model, pool, LONGEST, encode=True)
    torch.manual_seed(7)
    second, _ = losses_per_drawing(model, pool, LONGEST, encode=True)
    np.testing.assert_array_equal(first, second)
    monkeypatch.setattr(torch, "randn", lambda shape, generator: torch.zeros(shape))
    without, _ = losses_per_drawing(model, pool, LONGEST, encode=True)
    assert not np.isclose(first, without, rtol=1e-6).any()


def test_other_categories_may_be_asked_for(pool: DrawingPool) -> None:
    model = made()
    swapped: NDArray[np.int64] = np.array([1, 0, 2, 1, 0, 2, 1])
    mine, _ = losses_per_drawing(model, pool, LONGEST, categories=swapped)
    np.testing.assert_allclose(mine, plain(model, True, swapped.tolist()), rtol=1e-4)
    own, _ = losses_per_drawing(model, pool, LONGEST)
    differs = ~np.isclose(mine, own, rtol=1e-6)
    assert differs.tolist() == [swapped[i] != i % 3 for i in range(len(LENGTHS))]


def test_held_out_figures_are_means(pool: DrawingPool) -> None:
    model = made()
    loss = held_out_loss(model, pool, LONGEST)
    without, _ = losses_per_drawing(model, pool, LONGEST)
    encoded, divergence = losses_per_drawing(model, pool, LONGEST, encode=True)
    assert pytest.approx(encoded.mean()) == loss.L_R and pytest.approx(divergence.mean()) == loss.L_KL
    assert loss.L_R_decoder == pytest.approx(without.mean())
    assert (loss.drawings, loss.points) == (len(LENGTHS), sum(LENGTHS))
    assert loss.figures() == {"L_R": loss.L_R, "L_KL": loss.L_KL, "L_R_decoder": loss.L_R_decoder}
    cut = held_out_loss(model, pool, LONGEST, padded=False)
    assert cut.L_R_decoder == pytest.approx(np.mean(plain(model, False)), rel=1e-4)
    assert cut.L_R_decoder < loss.L_R_decoder


def test_decoder_alone_has_one_figure(pool: DrawingPool) -> None:
    loss = held_out_loss(made(replace(CONFIG, mode="decoder")), pool, LONGEST)
    assert math.isnan(loss.L_R) and math.isnan(loss.L_KL)
    assert set(loss.figures()) == {"L_R_decoder"}
