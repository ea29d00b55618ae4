"""Sampling: against a plain loop over the whole model, and every drawing replayable by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.runtime.job import drive
from engine.sketch import sampling
from engine.sketch.completion import DEFAULT_PEN_TEMPERATURE, DEFAULT_TEMPERATURE
from engine.sketch.config import SketchModelConfig
from engine.sketch.draw import PEN_DOWN, PEN_END, PEN_LIFTED, PointSource
from engine.sketch.mixture import Mixture
from engine.sketch.model import START_TOKEN, SketchRNN
from engine.sketch.sampling import Sampled, sample_drawings, sample_sheet, sample_steps, typical_size
from engine.sketch.sketch_model import load_model
from engine.sketch.stepping import Stepper
from tests.helpers.tiny_sketch import tiny_checkpoint

Array = NDArray[np.float32]

LONGEST = 30


@pytest.fixture
def model(tmp_path: Path) -> SketchRNN:
    """One whose parameters are far enough from their start for drawings of several lengths."""
    module = load_model(tiny_checkpoint(tmp_path / "model.safetensors")).module
    torch.manual_seed(0)
    for parameter in module.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.3)
    module.output.bias[PEN_END] = -1.5
    return module


def drawings(
    model: SketchRNN, categories: Sequence[int], seed: int = 0, tau: float = 1.0, pen_tau: float = 1.0,
    on_event: Callable[[Sampled], None] = lambda _event: None,
) -> list[Array]:
    job = sample_drawings(
        Stepper(model, torch.float32), categories, seed=seed, tau=tau, pen_tau=pen_tau, max_points=LONGEST
    )
    return drive(job, on_event)


def steady(pen: int, step: tuple[float, float] = (1.0, 0.0)) -> SketchRNN:
    """A model that draws the same offset with the same pen state for ever."""
    model = SketchRNN(SketchModelConfig(mode="decoder", decoder_size=8, mixtures=2, class_size=0, categories=("line",)))
    model.requires_grad_(False)
    model.output.weight.zero_()
    model.output.bias.copy_(torch.tensor([0, 0, 0, 0, 0, step[0], step[0], step[1], step[1], *[-20.0] * 4, 0, 0]))
    model.output.bias[pen] = 100
    return model


# ---- against plain loops


def test_at_temperature_zero_each_point_is_the_likeliest_after_the_ones_before(model: SketchRNN) -> None:
    for category in (0, 1, model.any_category):
        points = [torch.tensor(START_TOKEN)]
        rows = []
        condition = model.condition(None, None, torch.tensor([category]))
        while len(points) <= LONGEST:
            mixture = model.decode(torch.stack(points).unsqueeze(1), condition)
            pen = int(mixture.pen_logits[-1, 0].argmax())
            best = int(mixture.logits[-1, 0].argmax())
            x, y = float(mixture.mu_x[-1, 0, best]), float(mixture.mu_y[-1, 0, best])
            if pen == PEN_END:
                break
            rows.append([x, y, float(pen == PEN_LIFTED)])
            points.append(torch.tensor([x, y, float(pen == PEN_DOWN), float(pen == PEN_LIFTED), 0.0]))
        rows[-1][2] = 1
        for seed in (0, 1):
            (made,) = drawings(model, [category], seed, tau=0, pen_tau=0)
            np.testing.assert_allclose(made, rows, atol=1e-4)


def test_every_point_is_drawn_from_the_models_answer_to_the_points_before(model: SketchRNN) -> None:
    stepper = Stepper(model, torch.float32)
    condition = stepper.condition([0, 1, 0])
    start = np.tile(np.asarray(START_TOKEN, np.float32), (1, 3, 1))
    _, states = stepper.run(start, condition, stepper.first_state(condition))
    steps = list(sample_steps(stepper, condition, states[-1], PointSource(4, 3, LONGEST), LONGEST, 1.0, 1.0))
    points = np.zeros((len(steps), 3, 5), np.float32)
    points[0] = START_TOKEN
    for t, step in enumerate(steps[:-1]):
        points[t + 1, :, :2] = step.offsets
        points[t + 1, np.arange(3), 2 + step.pens] = 1
    with torch.no_grad():
        expected = model.decode(torch.from_numpy(points), condition)
    mine = Mixture.from_output(torch.stack([step.output for step in steps]))
    alive = torch.from_numpy(np.stack([np.zeros(3, np.int64), *(step.pens for step in steps[:-1])]) != PEN_END)
    for name, value in vars(expected).items():
        torch.testing.assert_close(getattr(mine, name)[alive], value[alive], atol=1e-4, rtol=1e-4)


# ---- replay


def test_seed_replays_a_drawing_whatever_is_sampled_beside_it(model: SketchRNN) -> None:
    nine = drawings(model, [0, 1, 0, 1, 1, 0, 0, 1, 0], seed=3)
    assert len({len(drawing) for drawing in nine}) > 3
    three = drawings(model, [0, 1, 0], seed=3)
    for mine, theirs in zip(three, nine[:3], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    for mine, theirs in zip(drawings(model, [0, 1, 0], seed=3), three, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    other = drawings(model, [0, 1, 0], seed=5)
    assert not any(np.array_equal(mine, theirs) for mine, theirs in zip(other, nine[:3], strict=True))


def test_many_are_made_in_groups_that_do_not_show(model: SketchRNN, monkeypatch: pytest.MonkeyPatch) -> None:
    categories = [0, 1, 0, 1, 1, 0, 1, 1]
    whole = drawings(model, categories, seed=5)
    monkeypatch.setattr(sampling, "SAMPLES_AT_ONCE", 3)
    told: list[Sampled] = []
    grouped = drawings(model, categories, seed=5, on_event=told.append)
    assert told == [Sampled(3, 8), Sampled(6, 8), Sampled(8, 8)]
    for mine, theirs in zip(grouped, whole, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_pen_temperature_is_of_the_pen_alone(model: SketchRNN) -> None:
    hot, cold = drawings(model, [0] * 20, tau=0.5, pen_tau=2.0), drawings(model, [0] * 20, tau=0.5, pen_tau=0.05)
    both = [(a, b) for a, b in zip(hot, cold, strict=True) if len(a) and len(b)]
    assert len(both) > 10
    for mine, theirs in both:
        np.testing.assert_allclose(mine[0, :2], theirs[0, :2], atol=1e-6)
    # This model mostly lifts the pen; the hotter, the more evenly its states come.
    assert np.concatenate(hot)[:, 2].mean() < 0.8 < np.concatenate(cold)[:, 2].mean()


# ---- ends


def test_drawing_ends_where_the_model_ends_it_or_at_the_longest(model: SketchRNN) -> None:
    made = drawings(model, [0] * 40, seed=1)
    lengths = [len(drawing) for drawing in made]
    assert max(lengths) == LONGEST and min(lengths) < LONGEST
    assert all(drawing[-1, 2] == 1 for drawing in made if len(drawing))
    assert all(np.isin(drawing[:, 2], (0, 1)).all() for drawing in made)


@pytest.mark.parametrize(
    ("pen", "rows"),
    [
        (PEN_DOWN, [[1, 0, 0]] * (LONGEST - 1) + [[1, 0, 1]]),
        (PEN_LIFTED, [[1, 0, 1]] * LONGEST),
        (PEN_END, [[1, 0, 1]]),
    ],
)
def test_pens_become_stroke3(pen: int, rows: list[list[float]]) -> None:
    (made,) = drawings(steady(pen), [0])
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, np.reshape(rows, (-1, 3)), atol=1e-6)


def test_what_has_ended_stays_ended_and_the_last_end_ends_all(model: SketchRNN) -> None:
    stepper = Stepper(model, torch.float32)
    condition = stepper.condition([0, 1, 0, 1])
    state = stepper.first_state(condition)
    pens = np.stack([
        step.pens for step in sample_steps(stepper, condition, state, PointSource(2, 4, 200), 200, 1.0, 1.0)
    ])
    ended = pens == PEN_END
    assert (np.diff(ended.astype(int), axis=0) >= 0).all()
    assert len(pens) < 200 and ended[-1].all() and not ended[-2].all()


def test_asking_for_nothing_gives_nothing(model: SketchRNN) -> None:
    assert drawings(model, []) == []


# ---- sheets and sizes


def test_sheet_is_stroke5_of_evenly_chosen_categories(model: SketchRNN) -> None:
    sheet = sample_sheet(model, 9, seed=2, max_points=LONGEST)
    assert sheet.shape[0] == 9 and sheet.shape[2] == 5 and sheet.shape[1] <= LONGEST
    assert (sheet[..., 2:].sum(axis=2) == 1).all() and np.isin(sheet[..., 2:], (0, 1)).all()
    ended = sheet[..., 4] == 1
    assert (np.diff(ended.astype(int), axis=1) >= 0).all() and (sheet[ended][:, :2] == 0).all()
    expected = drawings(
        model, [0] * 5 + [1] * 4, seed=2, tau=DEFAULT_TEMPERATURE, pen_tau=DEFAULT_PEN_TEMPERATURE
    )
    for row, drawing in zip(sheet, expected, strict=True):
        kept = row[row[:, 4] == 0]
        np.testing.assert_allclose(kept[:, [0, 1, 3]], drawing, atol=1e-5)
    np.testing.assert_array_equal(sheet, sample_sheet(model, 9, seed=2, max_points=LONGEST))


def test_even_a_model_that_would_draw_nothing_draws_a_point() -> None:
    sheet = sample_sheet(steady(PEN_END), 4, seed=0, max_points=LONGEST)
    assert sheet.shape == (4, 1, 5) and (sheet[..., 4] == 0).all()


def test_typical_size_is_the_longer_side() -> None:
    # Of n points the first is where the drawing begins, so that n - 1 steps are to be seen.
    assert typical_size(steady(PEN_DOWN, (1.0, 0.5)), 11) == pytest.approx(10)
    assert typical_size(steady(PEN_DOWN, (0.5, -2.0)), 11) == pytest.approx(20)
    assert typical_size(steady(PEN_END), 11) == 1
