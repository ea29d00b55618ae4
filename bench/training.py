"""Figures of the trainers: steps a second against plain loops, in the same process and turn by turn."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from bench.figures import Figure, Figures
from bench.plain_gans import CRITIC_WIDTH, LATENTS, WIDTH, PlainGenerator, PlainTrainer, mlp, plain_critic
from engine.data.source import DataChoice, open_source
from engine.gan.config import GanTrainConfig
from engine.gan.presets import PRESETS
from engine.gan.run import GanRun, make_run
from engine.runtime.devices import prepare_cpu_for_training

POINT_STEPS, PICTURE_STEPS = 60, 6
RUNS, WARM_UP = 7, 2


def gan2d_steps_per_s() -> Figure:
    """Steps (one update of critic and generator each) of MLPs 4 x 128 on batches of 256 points, on one thread."""
    with _one_thread():
        run = _run(PRESETS["points"])
        samples = [POINT_STEPS / _seconds(run.step, POINT_STEPS) for _ in range(WARM_UP + RUNS)]
    return Figure.of("training.gan2d_steps_per_s", "steps/s", samples[WARM_UP:])


def gan2d_speedup() -> Figure:
    """The same against a plain loop over the same networks, turn by turn."""
    with _one_thread():
        run = _run(PRESETS["points"])
        plain = PlainTrainer(mlp(2, 2, 128, 4), mlp(2, 1, 128, 4), 2)
        source, noise = open_source(DataChoice("8 gaussians")), torch.Generator().manual_seed(0)
        ratios = _ratios(run.step, lambda: plain.step(source.batch(256, noise)), POINT_STEPS)
    return Figure.of("training.gan2d_speedup", "times", ratios)


def dcgan_speedup() -> Figure:
    """DCGAN on digits of 32 pixels, batch 64, against a plain float32 script with the same networks."""
    return Figure.of("training.dcgan_speedup", "times", _dcgan_ratios())


def _dcgan_ratios() -> list[float]:
    config = replace(
        PRESETS["digits"], network="resize", width=WIDTH, critic_width=CRITIC_WIDTH, latent_size=LATENTS, ema_decay=0.0)
    run = _run(config)
    plain = PlainTrainer(PlainGenerator(), plain_critic(), LATENTS)
    source, noise = open_source(DataChoice("digits", image_size=32)), torch.Generator().manual_seed(0)
    return _ratios(run.step, lambda: plain.step(source.batch(config.batch_size, noise)), PICTURE_STEPS)


def _run(config: GanTrainConfig) -> GanRun:
    prepare_cpu_for_training()
    with tempfile.TemporaryDirectory() as folder:
        return make_run(replace(config, device="cpu"), Path(folder))


def _ratios(ours: Callable[[], None], plain: Callable[[], None], steps: int) -> list[float]:
    _seconds(ours, steps)
    _seconds(plain, steps)
    ratios = []
    for _ in range(RUNS):
        fast = _seconds(ours, steps)
        ratios.append(_seconds(plain, steps) / fast)
    return ratios


def _seconds(step: Callable[[], None], steps: int) -> float:
    started = time.perf_counter()
    for _ in range(steps):
        step()
    return time.perf_counter() - started


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


FIGURES: Figures = {
    "training.gan2d_steps_per_s": gan2d_steps_per_s,
    "training.gan2d_speedup": gan2d_speedup,
    "training.dcgan_speedup": dcgan_speedup,
}
