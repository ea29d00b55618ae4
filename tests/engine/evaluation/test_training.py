"""Training of the digit classifier as a job: it learns, keeps its best weights, and goes on as if not interrupted."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.data.digits import open_digits
from engine.evaluation import training
from engine.evaluation.classifier import load_classifier
from engine.evaluation.config import ClassifierTrainConfig
from engine.evaluation.training import ClassifierRun, train
from engine.runtime.checkpoint import load_checkpoint
from engine.runtime.job import Arrays, Event, Metrics, drive

TINY = ClassifierTrainConfig(
    valid_count=200, channels=4, feature_size=32, batch_size=64, learning_rate=0.01, steps=30, log_every=10,
    picture_every=15, measure_every=10, save_every=10, name="tiny", precision="32-true", device="cpu",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(training, "open_digits", _digits)
    yield
    torch.set_flush_denormal(False)


@functools.cache
def _digits() -> object:
    return open_digits()


def _train(config: ClassifierTrainConfig, run_dir: Path) -> list[Event]:
    events: list[Event] = []
    drive(train(config, run_dir), events.append)
    return events


def test_it_learns_and_shows_what_it_should(tmp_path: Path) -> None:
    plain = dataclasses.replace(TINY, steps=40, picture_every=20, rotation=0.0, shift=0.0, stretch=0.0)
    events = _train(plain, tmp_path)
    figures = [dict(event.values) for event in events if isinstance(event, Metrics)]
    losses = [figure["loss"] for figure in figures if "loss" in figure]
    accuracies = [figure["valid_accuracy"] for figure in figures if "valid_accuracy" in figure]
    assert losses[-1] < losses[0]
    assert len(accuracies) == 4 and accuracies[-1] > 0.5
    shown = [event.arrays for event in events if isinstance(event, Arrays)]
    assert len(shown) == 2
    for arrays in shown:
        assert set(arrays) == {"data", "samples"}
        assert all(array.dtype == np.uint8 and array.shape == (64, 28, 28) for array in arrays.values())
    assert np.array_equal(shown[0]["data"], shown[1]["data"])


def test_what_is_kept_aside_is_neither_learned_from_nor_of_the_test_set(tmp_path: Path) -> None:
    run, other = ClassifierRun(TINY, tmp_path), ClassifierRun(dataclasses.replace(TINY, seed=5), tmp_path)
    assert len(run._valid) == 200 and len(run._train) == 59_800
    assert sorted([*run._valid, *run._train]) == list(range(60_000))
    assert np.array_equal(run._valid, other._valid)


def test_the_model_is_the_one_that_did_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ClassifierRun(TINY, tmp_path)
    run.step()
    run.save(run.measures())
    before = load_checkpoint(run.model_path, "classifier")
    run.step()
    worse = (torch.full((200,), 9.0), torch.zeros(200, dtype=torch.bool))
    with monkeypatch.context() as patch:
        patch.setattr(run, "_judged", lambda _indices: worse)
        run.save(run.measures())
    tensors, header = load_checkpoint(run.model_path, "classifier")
    assert header.metrics["step"] == 1 and header.metrics["valid_loss"] == before[1].metrics["valid_loss"]
    assert all(torch.equal(tensors[name], before[0][name]) for name in tensors)
    again = ClassifierRun(TINY, tmp_path)
    better = (torch.zeros(200), torch.ones(200, dtype=torch.bool))
    again.write_model(tmp_path / "again.safetensors", {})
    rewritten, _ = load_checkpoint(tmp_path / "again.safetensors", "classifier")
    assert all(torch.equal(tensors[name], rewritten[name]) for name in tensors)
    monkeypatch.setattr(again, "_judged", lambda _indices: better)
    again.save(again.measures())
    assert load_checkpoint(again.model_path, "classifier")[1].metrics["step"] == 2


def test_its_figures_are_those_of_the_file_that_it_writes(tmp_path: Path) -> None:
    run = ClassifierRun(TINY, tmp_path)
    for _ in range(10):
        run.step()
    measures = run.measures()
    run.save(measures)
    classifier = load_classifier(run.model_path)
    digits, labels = run._digits(run._valid)
    answers = classifier.probabilities(digits)
    # The file holds half precision.
    assert classifier.accuracy == measures["valid_accuracy"]
    accuracy = float((answers.argmax(dim=1) == labels).float().mean())
    assert accuracy == pytest.approx(measures["valid_accuracy"], abs=0.02)
    loss = -answers.gather(1, labels[:, None]).log().mean()
    assert float(loss) == pytest.approx(measures["valid_loss"], rel=0.01)


def test_a_run_that_goes_on_makes_the_same_steps(tmp_path: Path) -> None:
    whole = ClassifierRun(TINY, tmp_path)
    for _ in range(3):
        whole.step()
    whole.save(whole.measures())
    going_on = ClassifierRun(TINY, tmp_path)
    for run in (whole, going_on):
        for _ in range(3):
            run.step()
    assert going_on.step_count == 6
    for mine, theirs in zip(going_on._network.parameters(), whole._network.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_step_size_rises_and_falls(tmp_path: Path) -> None:
    run = ClassifierRun(dataclasses.replace(TINY, steps=20, warm_up=0.25), tmp_path)
    rates = []
    for _ in range(20):
        rates.append(run.learning_rates()["classifier"])
        run.step()
    assert rates[4] == max(rates) == TINY.learning_rate
    assert rates[:5] == sorted(rates[:5]) and rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)
