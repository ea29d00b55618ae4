"""The scale of a beginning: the likeliest of a plain loop, the same with and without what was remembered."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from engine.errors import BadDrawingError
from engine.sketch.cells import State
from engine.sketch.fitting import CACHE_SIZE, MAX_BEGINNING, POINTS_TO_JUDGE, SHARES, FittedBeginning, ScaleFitter
from engine.sketch.mixture import Mixture
from engine.sketch.model import START_TOKEN, SketchRNN
from engine.sketch.sketch_model import load_model
from engine.sketch.stepping import Stepper
from engine.sketch.strokes import Drawing, make_drawing, quickdraw_epsilon_at, scaled, simplify, to_stroke3
from tests.helpers.tiny_sketch import SCALE_FACTOR, tiny_checkpoint

BOX = 255.0
SIZE = 400.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SketchRNN:
    """One that tells the scales apart: its parameters are far from their start."""
    module = load_model(tiny_checkpoint(tmp_path_factory.mktemp("model") / "model.safetensors")).module
    torch.manual_seed(1)
    for parameter in module.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.5)
    return module


class Counted(Stepper):
    """A stepper that knows how many points it was fed, of all drawings."""

    fed = 0

    def run(self, points: NDArray[np.float32], condition: Tensor, state: State) -> tuple[Tensor, list[State]]:
        self.fed += points.shape[0]
        return super().run(points, condition, state)


@pytest.fixture
def stepper(model: SketchRNN) -> Counted:
    return Counted(model, torch.float32)


@pytest.fixture
def fitter(stepper: Stepper) -> ScaleFitter:
    return ScaleFitter(stepper, SCALE_FACTOR, BOX)


def scribble(points: int, seed: int = 0, size: float = 120.0) -> Drawing:
    """Zigzags of five points, whose corners are so sharp that simplifying keeps them all."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, size, (points, 2))
    places[:, 1] = places[:, 1] * 0.2 + 0.8 * size * (np.arange(points) % 2)
    return make_drawing([places[start : start + 5] for start in range(0, points, 5)])


def same(mine: FittedBeginning, theirs: FittedBeginning, atol: float = 1e-5) -> None:
    assert mine.units == theirs.units and mine.share == theirs.share
    np.testing.assert_array_equal(mine.points, theirs.points)
    for a, b in zip(mine.state, theirs.state, strict=True):
        torch.testing.assert_close(a, b, atol=atol, rtol=atol)
    assert mine.log_likelihood == pytest.approx(theirs.log_likelihood, abs=1e-4)


@torch.no_grad()
def log_likelihood(model: SketchRNN, points: NDArray[np.float32], category: int) -> float:
    """log p of stroke-5 [N + 1, 5] in model units, point by point with torch.distributions."""
    given = torch.from_numpy(points).unsqueeze(1)
    mixture = model.decode(given, model.condition(None, None, torch.tensor([category])))
    total = 0.0
    for t in range(len(points) - 1):
        values = {name: part[t, 0].double() for name, part in vars(mixture).items()}
        at = Mixture(**values)
        sigma_x, sigma_y, across = at.log_sigma_x.exp(), at.log_sigma_y.exp(), at.rho
        across = across * sigma_x * sigma_y
        covariance = torch.stack([sigma_x**2, across, across, sigma_y**2], dim=1).view(-1, 2, 2)
        components = MultivariateNormal(torch.stack([at.mu_x, at.mu_y], dim=1), covariance)
        density: Callable[[Tensor], Tensor] = MixtureSameFamily(Categorical(logits=at.logits), components).log_prob
        total += float(density(torch.from_numpy(points[t + 1, :2]).double()))
        total += float(at.pen_logits.log_softmax(dim=0)[int(points[t + 1, 2:].argmax())])
    return total


def by_a_loop(model: SketchRNN, drawing: Drawing, category: int, judged: int | None = None) -> tuple[float, float]:
    """The likeliest units per canvas unit, and the log-likelihood per point in model units (of `judged` points)."""
    left, top, right, bottom = drawing.box()
    largest = 2 ** (math.floor(2 * math.log2(BOX / max(right - left, bottom - top))) / 2)
    stroke3 = to_stroke3(simplify(drawing, quickdraw_epsilon_at(largest / 2)))[:judged]
    best = (-math.inf, 0.0, 0.0)
    for share in (1, 2**-0.5, 1 / 2, 2**-1.5, 1 / 4, 2**-2.5):
        factor = largest * share / SCALE_FACTOR
        points = np.zeros((len(stroke3) + 1, 5), np.float32)
        points[0] = START_TOKEN
        points[1:, :2] = stroke3[:, :2] * factor
        points[1:, 2], points[1:, 3] = 1 - stroke3[:, 2], stroke3[:, 2]
        found = log_likelihood(model, points, category)
        # In the units of the canvas, where a density is larger by the square of the factor at each point.
        best = max(best, (found + 2 * len(stroke3) * math.log(factor), largest * share, found / len(stroke3)))
    return best[1], best[2]


# ---- which scale


@pytest.mark.parametrize("category", [0, 1, 2])
def test_scale_is_the_likeliest_of_a_plain_loop(category: int, model: SketchRNN, fitter: ScaleFitter) -> None:
    chosen = set()
    for seed in range(8):
        drawing = scribble(3 + 4 * seed, seed, size=20.0 * (1 + seed))
        fitted = fitter.fit(drawing, category, False, SIZE)
        units, likelihood = by_a_loop(model, drawing, category)
        assert fitted.units == pytest.approx(units)
        assert fitted.log_likelihood == pytest.approx(likelihood, abs=1e-4)
        left, top, right, bottom = drawing.box()
        assert fitted.share == pytest.approx(max(right - left, bottom - top) * units / BOX)
        chosen.add(round(fitted.share, 1))
    assert len(chosen) > 1


def test_beginning_is_simplified_as_the_data_was_in_the_middle_of_the_scales(fitter: ScaleFitter) -> None:
    for size in (30.0, 100.0, 330.0):
        rough = np.random.default_rng(0).uniform(0, 0.06 * size, 120)
        line = make_drawing([np.stack([np.linspace(0, size, 120), rough], axis=1)])
        largest = 2 ** (math.floor(2 * math.log2(BOX / size)) / 2)
        kept, *others = (
            len(to_stroke3(simplify(line, quickdraw_epsilon_at(largest * SHARES[share])))) for share in (2, 1, 3)
        )
        assert kept not in others
        assert len(fitter.fit(line, 0, False, SIZE).points) == 1 + kept


def test_scales_fill_the_box_from_whole_to_a_sixth_and_no_further() -> None:
    assert SHARES[0] == 1 and 0.17 < SHARES[-1] < 0.18
    np.testing.assert_allclose(np.divide(SHARES[1:], SHARES[:-1]), 0.5**0.5)


def test_state_and_points_are_what_the_network_saw(model: SketchRNN, fitter: ScaleFitter) -> None:
    drawing = scribble(12, 3)
    fitted = fitter.fit(drawing, 1, False, SIZE)
    assert fitted.points[0].tolist() == list(START_TOKEN)
    moved = np.cumsum(fitted.points[1:, :2], axis=0) * SCALE_FACTOR / fitted.units + drawing.strokes[0][0]
    np.testing.assert_allclose(moved, np.concatenate(drawing.strokes)[1:], atol=1e-3)
    assert np.flatnonzero(fitted.points[1:, 3]).tolist() == [3, 8, 10]
    with torch.no_grad():
        condition = model.condition(None, None, torch.tensor([1]))
        state = model.first_state(condition)
        for point in torch.from_numpy(fitted.points):
            state = model.decoder.step(point.unsqueeze(0), state, condition)
    for mine, theirs in zip(fitted.state, state, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-5)


def test_stroke_still_being_drawn_is_not_lifted_at_its_end(fitter: ScaleFitter) -> None:
    lifted, down = (fitter.fit(scribble(10), 0, pen_down, SIZE) for pen_down in (False, True))
    assert lifted.points[-1, 2:].tolist() == [0, 1, 0]
    assert down.points[-1, 2:].tolist() == [1, 0, 0]


def test_long_beginning_is_judged_by_its_first_points(model: SketchRNN, fitter: ScaleFitter) -> None:
    for seed in range(2):
        # The first points are small and the later ones large, so that all together would be of another scale.
        whole = Drawing((*scribble(45, seed, 25.0).strokes, *scribble(30, seed + 50, 300.0).strokes))
        fitted = fitter.fit(whole, 0, False, SIZE)
        expected = by_a_loop(model, whole, 0, POINTS_TO_JUDGE)[0]
        assert fitted.units == pytest.approx(expected) and by_a_loop(model, whole, 0)[0] != pytest.approx(expected)
        count = len(fitted.points) - 1
        assert count > POINTS_TO_JUDGE
        assert fitted.log_likelihood == pytest.approx(log_likelihood(model, fitted.points, 0) / count, abs=1e-4)


@settings(max_examples=25)
@given(exponent=st.integers(-6, 6), seed=st.integers(0, 30), points=st.integers(2, 60))
def test_drawing_twice_as_large_is_the_same_to_the_network(
    exponent: int, seed: int, points: int, model: SketchRNN
) -> None:
    fitter = ScaleFitter(Stepper(model, torch.float32), SCALE_FACTOR, BOX)
    drawing = scribble(points, seed)
    plain = fitter.fit(drawing, 0, False, SIZE)
    grown = fitter.fit(scaled(drawing, 2.0**exponent), 0, False, SIZE * 2.0**exponent)
    assert grown.units * 2.0**exponent == pytest.approx(plain.units)
    assert grown.share == pytest.approx(plain.share)
    np.testing.assert_array_equal(grown.points, plain.points)
    assert grown.log_likelihood == plain.log_likelihood


@pytest.mark.parametrize("factor", [0.37, 0.8, 1.1, 1.3, 1.9, 7.7])
def test_scales_tried_of_a_drawing_of_any_size_are_within_half_an_octave(factor: float, fitter: ScaleFitter) -> None:
    """The scales lie on a grid of half octaves; the largest fills between 0.71 and all of the box."""
    fitted = fitter.fit(scaled(scribble(20), factor), 0, False, SIZE * factor)
    steps = 2 * math.log2(fitted.units)
    assert steps == pytest.approx(round(steps))
    assert SHARES[-1] * 2**-0.5 < fitted.share <= 1


def test_point_or_nothing_is_taken_to_be_of_a_drawing_of_the_size_asked_for(fitter: ScaleFitter) -> None:
    nothing = fitter.fit(Drawing(), 0, False, SIZE)
    assert nothing.points.tolist() == [list(START_TOKEN)]
    assert (nothing.units, nothing.share, nothing.log_likelihood) == (BOX / SIZE, 0.0, 0.0)
    point = fitter.fit(make_drawing([[(30, 40)]]), 0, False, SIZE)
    assert point.points[1:].tolist() == [[0, 0, 0, 1, 0]] and point.units == BOX / SIZE


def test_more_corners_than_a_drawing_has_are_refused_before_the_network_sees_any(
    stepper: Counted, fitter: ScaleFitter
) -> None:
    with pytest.raises(BadDrawingError, match="2,000 corners"):
        fitter.fit(scribble(MAX_BEGINNING + 2, size=1e6), 0, False, SIZE)
    assert stepper.fed == 0
    fitter.fit(scribble(MAX_BEGINNING, size=1e6), 0, False, SIZE)


# ---- what is remembered


def test_remembering_changes_nothing(model: SketchRNN) -> None:
    """A drawing that grows, is undone, goes on otherwise, and changes its category."""
    remembering = ScaleFitter(Stepper(model, torch.float32), SCALE_FACTOR, BOX)
    whole, other = scribble(60), scribble(40, 9)
    history = [(Drawing(whole.strokes[:n]), 0, n % 2 == 0) for n in (1, 2, 3, 3, 5, 4, 9, 12, 2)]
    history += [(Drawing((*whole.strokes[:3], *other.strokes[:n])), 1, False) for n in (1, 4, 2)]
    history += [(Drawing(), 0, False), (other, 0, True), (whole, 2, False), (whole, 0, False), (Drawing(), 1, False)]
    for drawing, category, pen_down in history * 2:
        fresh = ScaleFitter(Stepper(model, torch.float32), SCALE_FACTOR, BOX)
        same(remembering.fit(drawing, category, pen_down, SIZE), fresh.fit(drawing, category, pen_down, SIZE))


@settings(max_examples=15)
@given(st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(0, 1), st.booleans()), min_size=2, max_size=14
))
def test_remembering_changes_nothing_whatever_is_asked(
    model: SketchRNN, asked: list[tuple[int, int, int, bool]]
) -> None:
    remembering = ScaleFitter(Stepper(model, torch.float32), SCALE_FACTOR, BOX)
    for seed, strokes, category, pen_down in asked:
        drawing = Drawing(scribble(60, seed).strokes[:strokes])
        fresh = ScaleFitter(Stepper(model, torch.float32), SCALE_FACTOR, BOX)
        same(remembering.fit(drawing, category, pen_down, SIZE), fresh.fit(drawing, category, pen_down, SIZE))


def test_points_that_were_there_before_are_not_run_again(stepper: Counted, fitter: ScaleFitter) -> None:
    corner = make_drawing([[(0, 0), (200, 200), (0, 100)]]).strokes
    begun = Drawing((*corner, *scribble(20).strokes))
    fitter.fit(begun, 0, False, SIZE)
    first = stepper.fed
    assert first == 1 + 22
    fitter.fit(begun, 0, False, SIZE)
    assert stepper.fed == first
    fitter.fit(Drawing((*begun.strokes, *scribble(5, 1).strokes)), 0, False, SIZE)
    assert stepper.fed == first + 5
    fitter.fit(Drawing((*begun.strokes, *scribble(5, 2).strokes)), 0, False, SIZE)
    assert stepper.fed == first + 10
    fitter.fit(begun, 1, False, SIZE)
    assert stepper.fed == first + 10 + 23


def test_only_the_last_beginnings_are_remembered(stepper: Counted, fitter: ScaleFitter) -> None:
    for seed in range(CACHE_SIZE + 1):
        fitter.fit(scribble(10, seed), 0, False, SIZE)
    before = stepper.fed
    fitter.fit(scribble(10, CACHE_SIZE), 0, False, SIZE)
    assert stepper.fed == before
    fitter.fit(scribble(10, 0), 0, False, SIZE)
    assert stepper.fed > before
