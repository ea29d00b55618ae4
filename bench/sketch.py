"""Figures of the Sketch engine: finishing a drawing, and training."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from bench.baselines import OneByOneSampler, PaddedTrainer
from bench.drawings import beginning, long_drawings
from bench.figures import Figure, Figures
from engine import paths
from engine.runtime.devices import prepare_cpu_for_training
from engine.sketch.batches import Augmentation, BatchSource, DrawingPool
from engine.sketch.completing import complete
from engine.sketch.completion import CompletionRequest
from engine.sketch.config import SketchModelConfig
from engine.sketch.fitting import ScaleFitter
from engine.sketch.model import DropRates, SketchRNN, TrainingBatch
from engine.sketch.sketch_model import SketchModel, load_model
from engine.sketch.strokes import Drawing

MODEL = "doodles"
CATEGORY = "rabbit"
ENDINGS, POINTS = 9, 100
NEVER = -1e9
RUNS, WARM_UP = 30, 5
TRAIN_RUNS, TRAIN_STEPS, TRAIN_WARM_UP = 5, 12, 20
LONGEST, BATCH = 250, 100


def endless_model() -> SketchModel:
    """The shipped model with an end state that is never chosen, so that every ending has all its points."""
    model = load_model(paths.SHIPPED_MODELS / f"{MODEL}.safetensors")
    model.module.output.bias[2] = NEVER
    return model


def nine_endings_ms() -> Figure:
    """Pen-up of a third stroke to the last of nine times a hundred points; the two strokes before were seen before."""
    model = endless_model()
    return Figure.of("sketch.nine_endings_ms", "ms", [1e3 * s for s in repeated(lambda i: _nine(model, i))])


def nine_endings_speedup() -> Figure:
    """The same against nine endings sampled one after another by a plain loop over the module, turn by turn."""
    model = endless_model()
    plain = OneByOneSampler(model.module, model.category_index(CATEGORY))
    points = _points(model)
    ratios = []
    for run in range(WARM_UP + RUNS // 3):
        fast = _nine(model, run)
        started = time.perf_counter()
        for _ in range(ENDINGS):
            plain.finish(points, POINTS, temperature=0.4)
        ratios.append((time.perf_counter() - started) / fast)
    return Figure.of("sketch.nine_endings_speedup", "times", ratios[WARM_UP:])


def train_speedup() -> Figure:
    """Steps a second of the trainer's step against a loop over torch.nn.LSTM that pads every batch to 250 points."""
    prepare_cpu_for_training()
    drawings = long_drawings(2_000, LONGEST, seed=0)
    ours = _OurStep(drawings)
    plain = PaddedTrainer(drawings, LONGEST, BATCH)
    _seconds(plain.step, 2)
    ratios = []
    for _ in range(TRAIN_RUNS):
        ours.begin_anew()
        fast = _seconds(ours.step, TRAIN_STEPS)
        slow = _seconds(plain.step, TRAIN_STEPS // 4)
        ratios.append(slow / fast)
    return Figure.of("sketch.train_speedup", "times", ratios)


def train_steps_per_s() -> Figure:
    """The trainer's own steps a second, for those who plan a run."""
    prepare_cpu_for_training()
    ours = _OurStep(long_drawings(2_000, LONGEST, seed=0))
    rates = []
    for _ in range(TRAIN_RUNS):
        ours.begin_anew()
        rates.append(1 / _seconds(ours.step, TRAIN_STEPS))
    return Figure.of("sketch.train_steps_per_s", "1/s", rates)


def repeated(measure: Callable[[int], float]) -> list[float]:
    """Samples of `measure`, which is given the number of the run, after a warm-up."""
    return [measure(run) for run in range(WARM_UP + RUNS)][WARM_UP:]


def _nine(model: SketchModel, seed: int) -> float:
    """Seconds from pen-up to the last point."""
    drawing = beginning()
    fitter = ScaleFitter(model.stepper, model.scale_factor, model.box)
    category = model.category_index(CATEGORY)
    fitter.fit(Drawing(drawing.strokes[:-1]), category, pen_down=False, whole_size=400.0)
    request = CompletionRequest(drawing, category=CATEGORY, count=ENDINGS, max_points=POINTS, seed=seed)
    started = last = time.perf_counter()
    for _event in complete(model.stepper, fitter, category, request):
        last = time.perf_counter()
    return last - started


def _points(model: SketchModel) -> torch.Tensor:
    """The same beginning as the plain loop is given it: stroke-5 [T, 1, 5] with the start token, already scaled."""
    fitted = model.fitter.fit(beginning(), model.category_index(CATEGORY), pen_down=False, whole_size=400.0)
    return torch.from_numpy(fitted.points).unsqueeze(1)


class _OurStep:
    """What the trainer does in a step, on one process and without Fabric's bookkeeping."""

    def __init__(self, drawings: list[np.ndarray[tuple[int, int], np.dtype[np.float32]]]) -> None:
        torch.manual_seed(0)
        config = SketchModelConfig(encoder_size=256, decoder_size=512, class_size=0, recurrent_keep=0.9)
        self._model = SketchRNN(config)
        self._optimiser = torch.optim.Adam(self._model.parameters(), lr=1e-3, foreach=True)
        pool = DrawingPool(drawings, [0] * len(drawings), scale=1.0)
        self._batches = BatchSource(pool, None, BATCH, 0.0)
        self._rng = np.random.default_rng(0)
        self._noise = torch.Generator().manual_seed(0)
        # A run's memory grows until it has seen its longest drawings; what a run of hours pays is the time after that.
        for _ in range(TRAIN_WARM_UP):
            self.step()

    def begin_anew(self) -> None:
        """Take the same batches again from here on, so that runs can be compared."""
        self._rng = np.random.default_rng(0)

    def step(self) -> None:
        """One step in bfloat16 where the trainer would use it, augmentation and batch building included."""
        batch = self._batches.next(Augmentation(0.15, 0.1, 0.01), self._rng)
        given = TrainingBatch(*map(torch.from_numpy, (batch.points, batch.lengths, batch.categories)))
        with torch.autocast("cpu", torch.bfloat16):
            losses = self._model(given, DropRates(0.5, 0.0), LONGEST, self._noise)
        (losses.offsets + losses.pen + 0.5 * losses.divergence).backward()
        torch.nn.utils.clip_grad_value_(self._model.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)


def _seconds(act: Callable[[], None], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - started) / times


FIGURES: Figures = {
    "sketch.nine_endings_ms": nine_endings_ms,
    "sketch.nine_endings_speedup": nine_endings_speedup,
    "sketch.train_speedup": train_speedup,
    "sketch.train_steps_per_s": train_steps_per_s,
}
