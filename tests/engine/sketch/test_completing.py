"""Finished drawings: what is streamed is what is returned, it joins on, and it is judged as a plain loop judges it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from engine.errors import BadDrawingError, UnknownModelError
from engine.runtime.job import drive
from engine.sketch.completing import CHUNK, FIRST_CHUNK
from engine.sketch.completion import Completion, CompletionRequest, Ending, EndingsGrown
from engine.sketch.draw import PEN_END, PEN_LIFTED
from engine.sketch.mixture import Mixture
from engine.sketch.sketch_model import SketchModel, load_model
from engine.sketch.stepping import Stepper
from engine.sketch.strokes import Drawing, make_drawing, scaled
from tests.helpers.tiny_sketch import tiny_checkpoint

BEGINNING = make_drawing([[(100, 100), (160, 180), (240, 90)], [(120, 60), (200, 50), (260, 20), (90, 30)]])
REQUEST = CompletionRequest(
    BEGINNING, "cat", count=5, temperature=0.8, pen_temperature=None, seed=3, max_points=60
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SketchModel:
    """In float32 on every processor, its parameters far enough from their start for endings of several lengths."""
    made = load_model(tiny_checkpoint(tmp_path_factory.mktemp("model") / "model.safetensors"))
    torch.manual_seed(0)
    for parameter in made.module.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.3)
    made.module.output.bias[PEN_END] = -2.0
    made.__dict__["stepper"] = Stepper(made.module, torch.float32)
    return made


def completed(model: SketchModel, request: CompletionRequest) -> tuple[list[EndingsGrown], Completion]:
    events: list[EndingsGrown] = []
    return events, drive(model.complete(request), events.append)


def streamed(events: list[EndingsGrown]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """All points [count, steps, 2] and pens [count, steps], as a window puts them together."""
    expected = 0
    for event in events:
        assert event.first_step == expected
        assert event.points.dtype == np.float32 and event.pens.dtype == np.uint8
        assert event.points.shape == (*event.pens.shape, 2)
        expected += event.pens.shape[1]
    return np.concatenate([e.points for e in events], axis=1), np.concatenate([e.pens for e in events], axis=1)


def strokes_of(points: NDArray[np.float32], pens: NDArray[np.uint8]) -> list[list[NDArray[np.float32]]]:
    """An ending's strokes by a plain loop."""
    strokes: list[list[NDArray[np.float32]]] = [[]]
    for point, pen in zip(points, pens, strict=True):
        if pen == PEN_END:
            break
        strokes[-1].append(point)
        if pen == PEN_LIFTED:
            strokes.append([])
    return [stroke for stroke in strokes if stroke]


def same(mine: Ending, theirs: Ending, atol: float) -> None:
    assert (mine.joins, mine.finished, mine.index) == (theirs.joins, theirs.finished, theirs.index)
    assert len(mine.strokes.strokes) == len(theirs.strokes.strokes)
    for a, b in zip(mine.strokes.strokes, theirs.strokes.strokes, strict=True):
        np.testing.assert_allclose(a, b, atol=atol)
    assert mine.log_likelihood == pytest.approx(theirs.log_likelihood, abs=1e-4)


def with_output(model: SketchModel, bias: dict[int, float]) -> SketchModel:
    """A model that gives the same numbers after every point: zeros but for `bias`, and offsets of no width."""
    module = copy.deepcopy(model.module)
    module.output.weight.zero_()
    module.output.bias.zero_()
    mixtures = module.config.mixtures
    module.output.bias[3 + 3 * mixtures : 3 + 5 * mixtures] = -100.0
    for index, value in bias.items():
        module.output.bias[index] = value
    return replace(model, module=module)


# ---- what is streamed


@pytest.mark.parametrize("pen_down", [False, True])
def test_streamed_points_are_the_endings(pen_down: bool, model: SketchModel) -> None:
    events, completion = completed(model, replace(REQUEST, pen_down=pen_down))
    points, pens = streamed(events)
    assert points.shape[0] == len(completion.endings) == 5
    for ending in completion.endings:
        expected = strokes_of(points[ending.index], pens[ending.index])
        mine = list(ending.strokes.strokes)
        if pen_down:
            np.testing.assert_array_equal(mine[0][0], BEGINNING.strokes[-1][-1])
            mine[0] = mine[0][1:]
        assert ending.joins == pen_down
        assert [len(stroke) for stroke in mine] == [len(stroke) for stroke in expected]
        np.testing.assert_allclose(np.concatenate(mine), np.concatenate(expected), atol=1e-3)
        assert ending.finished == (PEN_END in pens[ending.index])
    assert len({ending.finished for ending in completion.endings}) == 2


def test_first_points_come_at_once_and_the_rest_in_larger_pieces(model: SketchModel) -> None:
    events, _ = completed(model, replace(REQUEST, max_points=50))
    assert [event.pens.shape[1] for event in events] == [FIRST_CHUNK, CHUNK, CHUNK, 50 - FIRST_CHUNK - 2 * CHUNK]
    events, _ = completed(model, replace(REQUEST, max_points=FIRST_CHUNK))
    assert [event.pens.shape[1] for event in events] == [FIRST_CHUNK]


def test_nothing_is_drawn_after_an_end(model: SketchModel) -> None:
    events, _ = completed(model, replace(REQUEST, count=20))
    points, pens = streamed(events)
    for row in range(20):
        ends = np.flatnonzero(pens[row] == PEN_END)
        if len(ends):
            assert (pens[row, ends[0] :] == PEN_END).all()
            assert (points[row, ends[0] :] == points[row, ends[0]]).all()
    assert (pens == PEN_END).any()


# ---- against plain loops


def test_likelihoods_are_those_of_a_plain_loop(model: SketchModel) -> None:
    """The whole drawing, beginning and ending, goes through the model again; each point of the ending is judged."""
    events, completion = completed(model, REQUEST)
    points, pens = streamed(events)
    fitted = model.fitter.fit(BEGINNING, 0, False, REQUEST.size)
    for ending in completion.endings:
        row = ending.index
        count = int((pens[row] != PEN_END).sum())
        made = np.zeros((count + ending.finished, 5), np.float32)
        path = np.concatenate([BEGINNING.strokes[-1][-1:], points[row, :count]])
        made[:count, :2] = np.diff(path, axis=0) * fitted.units / model.scale_factor
        made[np.arange(count), 2 + pens[row, :count]] = 1
        made[count:, 4] = 1
        sequence = torch.from_numpy(np.concatenate([fitted.points, made])).unsqueeze(1)
        with torch.no_grad():
            mixture = model.module.decode(sequence, model.module.condition(None, None, torch.tensor([0])))
        total = 0.0
        for step in range(len(made)):
            total += judged(mixture, len(fitted.points) - 1 + step, made[step])
        assert ending.log_likelihood == pytest.approx(total / len(made), abs=2e-3)


def judged(mixture: Mixture, step: int, point: NDArray[np.float32]) -> float:
    """log p of a stroke-5 point; of the end, of its pen state alone."""
    at = Mixture(**{name: part[step, 0].double() for name, part in vars(mixture).items()})
    pen = float(at.pen_logits.log_softmax(dim=0)[int(point[2:].argmax())])
    if point[4]:
        return pen
    sigma_x, sigma_y = at.log_sigma_x.exp(), at.log_sigma_y.exp()
    across = at.rho * sigma_x * sigma_y
    covariance = torch.stack([sigma_x**2, across, across, sigma_y**2], dim=1).view(-1, 2, 2)
    components = MultivariateNormal(torch.stack([at.mu_x, at.mu_y], dim=1), covariance)
    density: Callable[[Tensor], Tensor] = MixtureSameFamily(Categorical(logits=at.logits), components).log_prob
    return pen + float(density(torch.from_numpy(point[:2]).double()))


def test_beginning_is_judged_too(model: SketchModel) -> None:
    _, completion = completed(model, REQUEST)
    fitted = model.fitter.fit(BEGINNING, 0, False, REQUEST.size)
    assert completion.beginning_share == fitted.share
    assert completion.beginning_log_likelihood == pytest.approx(fitted.log_likelihood)
    assert completion.seconds > 0


# ---- replay


def test_ending_depends_on_seed_and_number_alone(model: SketchModel) -> None:
    _, five = completed(model, REQUEST)
    _, again = completed(model, REQUEST)
    _, twelve = completed(model, replace(REQUEST, count=12))
    _, other = completed(model, replace(REQUEST, seed=4))
    for index in range(5):
        same(again.endings[index], five.endings[index], 0)
        same(twelve.endings[index], five.endings[index], 0.05)
        first, second = five.endings[index].strokes.strokes[0], other.endings[index].strokes.strokes[0]
        assert not np.array_equal(first[0], second[0])


def test_at_temperature_zero_all_endings_are_the_same(model: SketchModel) -> None:
    _, completion = completed(model, replace(REQUEST, temperature=0.0, pen_temperature=0.0))
    for ending in completion.endings[1:]:
        same(replace(ending, index=0), completion.endings[0], 1e-3)


def test_pen_temperature_is_the_temperature_unless_it_is_said(model: SketchModel) -> None:
    _, default = completed(model, REQUEST)
    _, said = completed(model, replace(REQUEST, pen_temperature=REQUEST.temperature))
    _, other = completed(model, replace(REQUEST, pen_temperature=0.0))
    for index in range(5):
        same(said.endings[index], default.endings[index], 0)
    first = [ending.strokes.strokes[0][0] for ending in default.endings]
    np.testing.assert_array_equal(first, [ending.strokes.strokes[0][0] for ending in other.endings])
    assert [e.strokes.point_count for e in default.endings] != [e.strokes.point_count for e in other.endings]


def test_category_counts(model: SketchModel) -> None:
    endings = [completed(model, replace(REQUEST, category=category))[1] for category in ("cat", "dog", None)]
    firsts = {tuple(each.endings[0].strokes.strokes[0][0].tolist()) for each in endings}
    assert len(firsts) == 3
    with pytest.raises(UnknownModelError, match="fish"):
        completed(model, replace(REQUEST, category="fish"))


def test_ranking_is_by_likelihood_and_keeps_the_numbers(model: SketchModel) -> None:
    _, plain = completed(model, replace(REQUEST, count=9))
    _, ranked = completed(model, replace(REQUEST, count=9, rank=True))
    assert [ending.index for ending in plain.endings] == list(range(9))
    likelihoods = [ending.log_likelihood for ending in ranked.endings]
    assert likelihoods == sorted(likelihoods, reverse=True)
    assert [e.index for e in ranked.endings] != list(range(9))
    for ending in ranked.endings:
        same(ending, plain.endings[ending.index], 0)


# ---- where it goes on


@settings(max_examples=20)
@given(exponent=st.integers(-4, 5), pen_down=st.booleans(), seed=st.integers(0, 20))
def test_drawing_of_another_size_has_the_same_endings_of_that_size(
    exponent: int, pen_down: bool, seed: int, model: SketchModel
) -> None:
    factor = 2.0**exponent
    request = replace(REQUEST, pen_down=pen_down, seed=seed, count=2)
    _, plain = completed(model, request)
    grown = replace(request, beginning=scaled(BEGINNING, factor), size=REQUEST.size * factor)
    _, other = completed(model, grown)
    assert other.beginning_share == plain.beginning_share
    for mine, theirs in zip(other.endings, plain.endings, strict=True):
        same(mine, replace(theirs, strokes=scaled(theirs.strokes, factor)), 0.01 * factor)


def test_drawing_moved_has_its_endings_moved(model: SketchModel) -> None:
    _, plain = completed(model, REQUEST)
    _, other = completed(model, replace(REQUEST, beginning=scaled(BEGINNING, 1.0, (512.0, -256.0))))
    for mine, theirs in zip(other.endings, plain.endings, strict=True):
        same(mine, replace(theirs, strokes=scaled(theirs.strokes, 1.0, (512.0, -256.0))), 0.05)


def test_from_nothing_starts_in_the_middle_of_the_place_asked_for(model: SketchModel) -> None:
    request = replace(REQUEST, beginning=Drawing(), size=300.0, origin=(1000.0, 2000.0), pen_down=True)
    events, completion = completed(model, request)
    streamed(events)
    assert not any(ending.joins for ending in completion.endings)
    assert completion.beginning_log_likelihood == 0
    _, at_zero = completed(model, replace(request, origin=(0.0, 0.0)))
    for mine, theirs in zip(completion.endings, at_zero.endings, strict=True):
        same(mine, replace(theirs, strokes=scaled(theirs.strokes, 1.0, (1000.0, 2000.0))), 0.01)
    # A model that never moves stays where it starts.
    points, _ = streamed(completed(with_output(model, {PEN_LIFTED: 100.0}), replace(request, max_points=3))[0])
    assert (points == (1150, 2150)).all()


@pytest.mark.parametrize("pen_down", [False, True])
def test_one_point_is_a_beginning(pen_down: bool, model: SketchModel) -> None:
    request = replace(REQUEST, beginning=make_drawing([[(30, 40)]]), pen_down=pen_down)
    _, completion = completed(model, request)
    for ending in completion.endings:
        assert ending.joins == pen_down
        if pen_down:
            assert ending.strokes.strokes[0][0].tolist() == [30, 40]


def test_ending_of_a_model_that_would_stop_at_once_is_one_point(model: SketchModel) -> None:
    events, completion = completed(with_output(model, {PEN_END: 1e4}), replace(REQUEST, pen_down=True))
    (pens,) = (event.pens for event in events)
    assert pens.shape == (5, 2) and (pens[:, 0] != PEN_END).all() and (pens[:, 1] == PEN_END).all()
    for ending in completion.endings:
        assert [len(stroke) for stroke in ending.strokes.strokes] == [2] and ending.joins and ending.finished


# ---- what is refused


def zigzag(points: int) -> Drawing:
    """A drawing none of whose points is on the line between its neighbours; not checked, as a window might make it."""
    places = np.stack([np.arange(points) * 40.0, 1e5 * (np.arange(points) % 2)], axis=1).astype(np.float32)
    return Drawing((places,))


NAN = Drawing((np.array([[0, 0], [1, np.nan]], np.float32),))


@pytest.mark.parametrize(
    "change",
    [
        {"count": 0}, {"count": 65}, {"max_points": 0}, {"max_points": 1001}, {"temperature": -0.1},
        {"temperature": 2.1}, {"temperature": float("nan")}, {"pen_temperature": float("inf")}, {"seed": -1},
        {"size": 0.0}, {"size": float("nan")}, {"size": float("inf")}, {"origin": (0.0, float("nan"))},
    ],
    ids=str,
)
def test_number_out_of_range_is_refused(change: dict[str, Any], model: SketchModel) -> None:
    with pytest.raises(BadDrawingError):
        completed(model, replace(REQUEST, **change))


@pytest.mark.parametrize(
    ("beginning", "match"),
    [
        (NAN, "ordinary numbers"),
        (Drawing((np.full((3, 2), np.inf, np.float32),)), "ordinary numbers"),
        (Drawing((np.zeros((3, 3), np.float32),)), "not a list"),
        (zigzag(2_100), "2,000 corners"),
        (zigzag(50_000), "20,000 points"),
    ],
    ids=["nan", "infinite", "three columns", "corners", "points"],
)
def test_beginning_that_cannot_be_used_is_refused_and_leaves_no_trace(
    beginning: Drawing, match: str, model: SketchModel
) -> None:
    with pytest.raises(BadDrawingError, match=match):
        completed(model, replace(REQUEST, beginning=beginning))
    _, completion = completed(model, REQUEST)
    assert all(np.isfinite(stroke).all() for ending in completion.endings for stroke in ending.strokes.strokes)


def test_many_points_with_few_corners_are_no_matter(model: SketchModel) -> None:
    smooth = np.linspace((0, 0), (300, 200), 15_000)
    _, completion = completed(model, replace(REQUEST, beginning=make_drawing([smooth])))
    assert len(completion.endings) == 5
