"""Figures of the capsule engine: what follows a hand, and training and inference against a plain script."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.figures import Figure, Figures
from bench.plain_capsnet import PlainCapsNet, PlainCapsuleTrainer
from engine import paths
from engine.capsules.config import KIND, OFFSETS, PRESETS, CapsuleTrainConfig
from engine.capsules.examples import Examples, open_pictures
from engine.capsules.model import CapsuleModel, load_capsules
from engine.capsules.network import CapsNet, CapsNetConfig
from engine.capsules.run import make_run
from engine.data.digits import open_digits
from engine.runtime.checkpoint import CheckpointHeader
from engine.runtime.devices import prepare_cpu_for_training

MODEL = "digits-capsnet"
SHOWN = 7
BATCH, THREADS = 100, 2
RUNS, WARM_UP = 30, 5
RATIOS, TRAIN_STEPS, INFER_STEPS = 5, 3, 3


def slider_compute_ms() -> Figure:
    """From sixteen numbers of which one was changed to the picture redrawn."""
    model = paper_model()
    capsule = _capsule(model)

    def bend(run: int) -> None:
        bent = capsule.copy()
        bent[run % len(bent)] += 0.25
        model.reconstruct(bent[None], [SHOWN])

    return _milliseconds("capsules.slider_compute_ms", bend)


def forward_details_ms() -> Figure:
    """One picture through the network, with what every iteration of routing did."""
    model = paper_model()
    pictures = _pictures(WARM_UP + RUNS)
    return _milliseconds("capsules.forward_details_ms", lambda run: model.details(pictures[run]))


def sweep_grid_ms() -> Figure:
    """The paper's figure: each of 16 numbers at 11 places, 176 pictures."""
    model = paper_model()
    capsule = _capsule(model)
    return _milliseconds("capsules.sweep_grid_ms", lambda _: model.sweep(capsule, SHOWN, OFFSETS))


def infer_speedup() -> Figure:
    """Lengths of the capsules of a batch of 100 digits against the plain network, on two threads, turn by turn."""
    torch.set_num_threads(THREADS)
    model, pictures = paper_model(), _pictures(BATCH)
    plain, given = PlainCapsNet().eval(), torch.from_numpy(pictures)[:, None]

    @torch.no_grad()
    def slow() -> None:
        plain(given).norm(dim=-1)

    def fast() -> None:
        model.scores(pictures)

    _seconds(fast, INFER_STEPS)
    _seconds(slow, 1)
    ratios = []
    for _ in range(RATIOS):
        seconds = _seconds(fast, INFER_STEPS)
        ratios.append(_seconds(slow, INFER_STEPS) / seconds)
    return Figure.of("capsules.infer_speedup", "times", ratios)


def train_speedup() -> Figure:
    """The trainer's steps with the paper's network, drawing its batches of 100 included, against the plain loop.

    On two threads, turn by turn. Weights are not averaged, since the plain loop averages none. The plain loop has a
    process of its own, as a script has: `prepare_cpu_for_training` changes the memory of a whole process.
    """
    torch.set_num_threads(THREADS)
    prepare_cpu_for_training()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_train_plainly, args=(there,), daemon=True)
    child.start()
    there.close()  # so that a child that ends is noticed here

    def plain_seconds(steps: int) -> float:
        here.send(steps)
        return float(here.recv())

    with tempfile.TemporaryDirectory() as folder:
        run = make_run(_config(), Path(folder))
        _seconds(run.step, TRAIN_STEPS)
        plain_seconds(1)
        ratios = []
        for _ in range(RATIOS):
            fast = _seconds(run.step, TRAIN_STEPS)
            ratios.append(plain_seconds(TRAIN_STEPS) / fast)
    here.send(0)
    child.join()
    return Figure.of("capsules.train_speedup", "times", ratios)


def _train_plainly(connection: Connection) -> None:
    """In a process of its own: as many steps as are asked for, and how many seconds they took, until 0 are."""
    torch.set_num_threads(THREADS)
    examples, draws = Examples(open_pictures(_config()), _config()), torch.Generator().manual_seed(0)
    plain = PlainCapsuleTrainer(PlainCapsNet())

    def step() -> None:
        batch = examples.batch(BATCH, draws)
        plain.step(batch.pictures, batch.classes[:, 0])

    while steps := connection.recv():
        connection.send(_seconds(step, steps))


def _config() -> CapsuleTrainConfig:
    return replace(PRESETS["paper"], batch_size=BATCH, ema_decay=0.0, device="cpu")


def paper_model() -> CapsuleModel:
    """The shipped model of digits; where it is not there, the paper's network before it has learned."""
    path = paths.SHIPPED_MODELS / f"{MODEL}.safetensors"
    if path.is_file():
        return load_capsules(path)
    config = CapsNetConfig()
    return CapsuleModel(CapsNet(config).eval(), CheckpointHeader(KIND, "untrained", asdict(config)))


def _capsule(model: CapsuleModel) -> NDArray[np.float32]:
    found: NDArray[np.float32] = model.capsules(_pictures(1))[0, SHOWN]
    return found


def _pictures(count: int) -> NDArray[np.float32]:
    """The first test digits, float32 [count, 28, 28]; the very first is a seven."""
    return open_digits().kept[:count, 0].astype(np.float32) / np.float32(255)


def _milliseconds(name: str, act: Callable[[int], object]) -> Figure:
    samples = []
    for run in range(WARM_UP + RUNS):
        started = time.perf_counter()
        act(run)
        samples.append(1e3 * (time.perf_counter() - started))
    return Figure.of(name, "ms", samples[WARM_UP:])


def _seconds(act: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        act()
    return time.perf_counter() - started


# Training comes last, for its settings of the allocator would stay on for what follows.
FIGURES: Figures = {
    "capsules.slider_compute_ms": slider_compute_ms,
    "capsules.forward_details_ms": forward_details_ms,
    "capsules.sweep_grid_ms": sweep_grid_ms,
    "capsules.infer_speedup": infer_speedup,
    "capsules.train_speedup": train_speedup,
}
