"""The whole model: what depends on what, and that every part learns."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.sketch import hyper_cell
from engine.sketch.cells import CELLS
from engine.sketch.config import PRESETS, SketchModelConfig, model_config
from engine.sketch.mixture import Mixture
from engine.sketch.model import START_TOKEN, DropRates, Encoder, LossTerms, Posterior, SketchRNN, TrainingBatch

SMALL = SketchModelConfig(
    encoder_size=7, decoder_size=9, latent_size=6, mixtures=3, class_size=4, categories=("cat", "fish")
)
DECODER = replace(SMALL, mode="decoder", class_size=0, categories=("cat",))
LENGTHS = [3, 5, 1]
STEPS = 6
KEEP_ALL = DropRates()


@pytest.fixture
def small_hyper_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyper_cell, "HYPER_SIZE", 6)
    monkeypatch.setattr(hyper_cell, "EMBEDDING_SIZE", 3)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(config: SketchModelConfig, seed: int = 0) -> SketchRNN:
    """A model whose parameters are far enough from their start to tell its inputs apart."""
    torch.manual_seed(seed)
    model = SketchRNN(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return model


def batch(seed: int = 0, steps: int = STEPS) -> TrainingBatch:
    points = torch.zeros(steps + 1, len(LENGTHS), 5)
    points[0] = torch.tensor(START_TOKEN)
    for row, length in enumerate(LENGTHS):
        points[1 : length + 1, row, :2] = torch.randn(length, 2, generator=generator(seed))
        points[1 : length + 1, row, 2] = 1
        points[length, row, 2:4] = torch.tensor([0.0, 1.0])
        points[length + 1 :, row, 4] = 1
    return TrainingBatch(points, torch.tensor(LENGTHS), torch.tensor([0, 1, 0]))


def same(mine: Mixture, theirs: Mixture) -> bool:
    return all(torch.allclose(getattr(mine, name), getattr(theirs, name), atol=1e-6) for name in vars(mine))


def losses(model: SketchRNN, rates: DropRates = KEEP_ALL, seed: int = 0, categories: Tensor | None = None) -> LossTerms:
    given = batch() if categories is None else batch()._replace(categories=categories)
    return model.forward(given, rates, STEPS, generator(seed))


# ---- shapes


@pytest.mark.usefixtures("small_hyper_cell")
@pytest.mark.parametrize("kind", sorted(CELLS))
def test_shapes(kind: str) -> None:
    model = made(replace(SMALL, decoder_cell=kind))
    given = batch()
    posterior = model.encoder(given.points[1:], given.lengths)
    assert posterior.mean.shape == posterior.log_variance.shape == (3, 6)
    condition = model.condition(posterior.mean, torch.ones(3), given.categories)
    assert condition.shape == (3, 6 + 1 + 4)
    mixture = model.decode(given.points[:-1], condition)
    assert mixture.logits.shape == mixture.rho_hat.shape == (STEPS, 3, 3)
    assert mixture.pen_logits.shape == (STEPS, 3, 3)
    assert all(term.shape == () and torch.isfinite(term) for term in losses(model))


def test_the_paper_preset_has_the_papers_sizes() -> None:
    config = model_config(PRESETS["paper"], ("cat",))
    with torch.device("meta"):
        model = SketchRNN(config)
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    inputs = 5 + 128 + 1
    assert shapes["encoder.forward_cell.weight_hh"] == shapes["encoder.backward_cell.weight_hh"] == (4 * 512, 512)
    assert shapes["encoder.mean.weight"] == (128, 1024)
    assert shapes["decoder.weight_ih"] == (4 * 2048, inputs)
    assert shapes["decoder.weight_hh"] == (4 * 2048, 2048)
    assert shapes["decoder.hyper.weight_ih"] == (4 * 256, inputs + 2048)
    assert shapes["decoder.hyper.weight_hh"] == (4 * 256, 256)
    assert shapes["decoder.scale"] == (8, 32, 2048)
    assert shapes["decoder.shift"] == (4, 32, 2048)
    assert shapes["initial.weight"] == (2 * 2048, 129)
    assert shapes["output.weight"] == (6 * 20 + 3, 2048)
    assert config.recurrent_keep == 0.9


# ---- encoder


def test_posterior_does_not_see_the_padding() -> None:
    model, given = made(SMALL), batch()
    exact = model.encoder(given.points[1:], given.lengths)
    longer = torch.cat([given.points[1:], torch.randn(4, 3, 5)])
    for row, length in enumerate(LENGTHS):
        longer[length:STEPS, row] = 7.0
    padded = model.encoder(longer, given.lengths)
    torch.testing.assert_close(padded.mean, exact.mean)
    torch.testing.assert_close(padded.log_variance, exact.log_variance)
    alone = model.encoder(given.points[1:4, :1], given.lengths[:1])
    torch.testing.assert_close(alone.mean, exact.mean[:1])


def test_posterior_sees_every_point_and_their_order() -> None:
    model, given = made(SMALL), batch()
    points = given.points[1:].clone().requires_grad_()
    torch.autograd.backward(model.encoder(points, given.lengths).mean.sum())
    assert points.grad is not None
    assert torch.equal(points.grad.abs().sum(2) > 0, torch.arange(STEPS).unsqueeze(1) < given.lengths)
    turned = given.points[1:4, :1].flip(0)
    forwards, backwards = (model.encoder(x, given.lengths[:1]).mean for x in (given.points[1:4, :1], turned))
    assert not torch.allclose(forwards, backwards)


def test_the_two_directions_read_from_both_ends() -> None:
    encoder = Encoder(SMALL)
    encoder.backward_cell.load_state_dict(encoder.forward_cell.state_dict())
    with torch.no_grad():
        encoder.mean.weight[:, 7:] = encoder.mean.weight[:, :7]
    points = torch.randn(5, 2, 5)
    lengths = torch.tensor([5, 5])
    torch.testing.assert_close(encoder(points, lengths).mean, encoder(points.flip(0), lengths).mean)


def test_the_loss_is_in_full_precision_under_autocast() -> None:
    model = made(SMALL)
    exact = losses(model)
    with torch.autocast("cpu", torch.bfloat16):
        coarse = losses(model)
    for mine, theirs in zip(coarse, exact, strict=True):
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine, theirs, rtol=0.05, atol=0.02)
    assert coarse.offsets != exact.offsets


def test_sample_is_mean_plus_noise_times_deviation() -> None:
    mean, log_variance, noise = torch.randn(3, 2, 6).unbind()
    expected = mean + noise * log_variance.exp().sqrt()
    torch.testing.assert_close(Posterior(mean, log_variance).sample(noise), expected)


# ---- conditioning


def test_without_z_the_output_does_not_depend_on_the_encoder() -> None:
    model = made(SMALL)
    before = losses(model, DropRates(latent=1.0))
    kept = losses(model, DropRates(latent=0.0))
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.add_(0.5)
    after, changed = losses(model, DropRates(latent=1.0)), losses(model, DropRates(latent=0.0))
    assert torch.equal(before.offsets, after.offsets) and torch.equal(before.pen, after.pen)
    assert not torch.allclose(kept.offsets, changed.offsets)


def test_leaving_z_out_is_the_same_as_never_having_it() -> None:
    model, labels = made(SMALL), torch.tensor([0, 1, 0])
    dropped = model.condition(torch.randn(3, 6), torch.zeros(3), labels)
    assert torch.equal(dropped, model.condition(None, None, labels))
    mixed = model.condition(torch.ones(3, 6), torch.tensor([1.0, 0.0, 1.0]), labels)
    assert mixed[:, :7].tolist() == [[1.0] * 7, [0.0] * 7, [1.0] * 7]


def test_without_its_category_a_drawing_is_of_any() -> None:
    model = made(SMALL)
    other = torch.tensor([1, 0, 1])
    any_of_them = torch.full((3,), model.any_category)
    dropped = losses(model, DropRates(category=1.0))
    assert dropped == losses(model, DropRates(category=1.0), categories=other)
    assert dropped == losses(model, categories=any_of_them)
    assert losses(model).offsets != losses(model, categories=other).offsets


@pytest.mark.parametrize("rates", [DropRates(latent=0.3), DropRates(category=0.3)])
def test_drop_rates_are_chances_per_drawing(rates: DropRates, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(SMALL)
    count = 4000
    seen: list[tuple[Tensor, Tensor]] = []
    condition = model.condition

    def spy(latent: Tensor, given: Tensor, categories: Tensor) -> Tensor:
        seen.append((given, categories))
        return condition(latent, given, categories)

    monkeypatch.setattr(model, "condition", spy)
    given = batch()
    wide = TrainingBatch(given.points[:3, :1].expand(-1, count, -1), torch.full((count,), 2), torch.zeros(count).long())
    model(wide, rates, STEPS, generator())
    (latent_given, categories), = seen
    assert float((latent_given == 0).float().mean()) == pytest.approx(rates.latent, abs=0.03)
    assert float((categories == model.any_category).float().mean()) == pytest.approx(rates.category, abs=0.03)


# ---- decoder


@pytest.mark.usefixtures("small_hyper_cell")
@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("base", [SMALL, DECODER], ids=["vae", "decoder"])
def test_decode_is_step_after_step(kind: str, base: SketchModelConfig) -> None:
    model, given = made(replace(base, decoder_cell=kind)), batch()
    latent = torch.randn(3, 6) if model.has_encoder else None
    condition = model.condition(latent, torch.ones(3) if model.has_encoder else None, given.categories)
    whole = model.decode(given.points[:-1], condition)
    state = model.first_state(condition)
    for t in range(STEPS):
        state = model.decoder.step(given.points[t], state, condition if model.condition_size else None)
        point = Mixture.from_output(model.output(model.decoder.output(state)))
        assert same(point, Mixture(**{name: part[t] for name, part in vars(whole).items()}))


def test_a_point_does_not_change_what_comes_before_it() -> None:
    model, given = made(SMALL), batch()
    condition = model.condition(None, None, given.categories)
    changed = given.points[:-1].clone()
    changed[4] += 1
    before, after = model.decode(given.points[:-1], condition), model.decode(changed, condition)
    assert torch.equal(before.logits[:4], after.logits[:4])
    assert not torch.allclose(before.logits[4:], after.logits[4:])


def test_first_state_is_tanh_of_a_linear_map_of_the_condition() -> None:
    model = made(SMALL)
    condition = torch.randn(3, model.condition_size)
    h, c = model.first_state(condition)
    expected = torch.tanh(condition @ model.initial.weight.T + model.initial.bias)
    torch.testing.assert_close(torch.cat([h, c], dim=1), expected)


def test_decoder_alone_has_no_encoder_and_starts_at_zero() -> None:
    model = made(DECODER)
    assert not [name for name, _ in model.named_parameters() if not name.startswith(("decoder.", "output."))]
    condition = model.condition(None, None, torch.zeros(3, dtype=torch.long))
    assert condition.shape == (3, 0)
    assert not any(part.any() for part in model.first_state(condition))
    terms = losses(model)
    assert float(terms.divergence) == 0 and torch.isfinite(terms.offsets + terms.pen)


# ---- learning


@pytest.mark.usefixtures("small_hyper_cell")
@pytest.mark.parametrize("kind", sorted(CELLS))
@pytest.mark.parametrize("base", [SMALL, DECODER], ids=["vae", "decoder"])
def test_gradients_reach_every_parameter(kind: str, base: SketchModelConfig) -> None:
    model = made(replace(base, decoder_cell=kind))
    terms = losses(model, DropRates(0.0, 0.5), seed=3)
    torch.autograd.backward(terms.offsets + terms.pen + terms.divergence)
    untouched = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not untouched
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.usefixtures("small_hyper_cell")
@pytest.mark.parametrize("kind", sorted(CELLS))
def test_a_few_steps_of_adam_lower_the_loss(kind: str) -> None:
    torch.manual_seed(0)
    model = SketchRNN(replace(SMALL, decoder_cell=kind))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    history = []
    for step in range(25):
        terms = losses(model, seed=step)
        total = terms.offsets + terms.pen + 0.1 * terms.divergence
        optimiser.zero_grad()
        torch.autograd.backward(total)
        optimiser.step()
        history.append(float(total.detach()))
    assert history[-1] < history[0] - 0.3


def test_seeds_reproduce_weights_and_losses() -> None:
    first, second, other = made(SMALL, seed=1), made(SMALL, seed=1), made(SMALL, seed=2)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    rates = DropRates(0.5, 0.5)
    assert losses(first, rates, seed=5) == losses(second, rates, seed=5)
    assert losses(first, rates, seed=5) != losses(first, rates, seed=6)
    assert losses(first, rates, seed=5) != losses(other, rates, seed=5)


def test_a_pass_leaves_torchs_global_random_state_alone() -> None:
    model = made(SMALL)
    before = torch.random.get_rng_state()
    losses(model)
    assert torch.equal(torch.random.get_rng_state(), before)
