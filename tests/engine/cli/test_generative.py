"""`sample` and `evaluate` for GANs and auto-encoders."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from engine import paths
from engine.data.digits import open_digits
from engine.data.points import open_toy
from engine.evaluation import sample_measures
from engine.evaluation.classifier import load_classifier
from engine.evaluation.frechet import feature_statistics
from engine.explore.generative_model import open_generative_model
from engine.explore.sheet import picture_sheet
from engine.runtime.arrays import read_arrays
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from engine.runtime.run_folder import open_run
from tests.helpers.commands import command, refusal
from tests.helpers.tiny_autoencoder import tiny_autoencoder, tiny_points_config
from tests.helpers.tiny_classifier import write_tiny_classifier
from tests.helpers.tiny_gan import tiny_gan, tiny_points

POINT_FIGURES = {"modes", "good_samples", "kl_grid", "js_grid", "sliced_wasserstein", "mmd"}
DIGIT_FIGURES = {"frechet", "inception", "inception_spread"}
CODE_FIGURES = {"reconstruction_error", "latent_mmd"}
SAID = {"model", "data", "samples", "seed"}


def in_catalog(write: Callable[..., Path], config: object = None) -> Path:
    """A model called zoo."""
    return write(paths.models() / "zoo.safetensors", config)


def points(path: Path) -> Path:
    return tiny_gan(path, tiny_points())


# ---- sample


@pytest.mark.parametrize(("kind", "write"), [("gan", tiny_gan), ("wae", tiny_autoencoder)])
def test_a_sheet_of_pictures(kind: str, write: Callable[..., Path], tmp_path: Path) -> None:
    path = in_catalog(write)
    out = tmp_path / "new" / "a.png"
    done = command("sample", kind, "--model", "zoo", "--out", out, "--count", 6, "--columns", 2, "--seed", 4, "--json")
    assert done.status == 0
    assert done.values == {"model": "zoo", "samples": 6, "written_to": str(out), "seed": 4}
    model = open_generative_model(path)
    expected = picture_sheet(model.sample(model.latents(6, 4)).astype(np.uint8), 2)
    with Image.open(out) as image:
        assert np.array_equal(np.asarray(image), expected)
        assert (image.info["model"], image.info["seed"]) == ("zoo", "4")


@pytest.mark.parametrize("write", [tiny_gan, points], ids=["pictures", "points"])
def test_arrays_hold_samples_and_their_latents(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(tmp_path / "model.safetensors")
    assert command("sample", "gan", "--model", path, "--out", tmp_path / "a.npz", "--count", 5).status == 0
    arrays = read_arrays(tmp_path / "a.npz")
    model = open_generative_model(path)
    assert np.array_equal(arrays["latents"], model.latents(5, 0))
    assert np.array_equal(arrays["samples"], model.sample(model.latents(5, 0)))


def test_points_as_a_table(tmp_path: Path) -> None:
    path = points(tmp_path / "model.safetensors")
    assert command("sample", "gan", "--model", path, "--out", tmp_path / "a.csv", "--count", 5).status == 0
    header, *rows = csv.reader((tmp_path / "a.csv").read_text().splitlines())
    model = open_generative_model(path)
    assert header == ["x", "y"]
    assert np.array_equal(np.array(rows, np.float64).astype(np.float32), model.sample(model.latents(5, 0)))


@pytest.mark.parametrize(
    ("write", "name", "more", "sentence"),
    [
        (points, "a.png", (), "makes points, not pictures; write them to a .csv or .npz file"),
        (tiny_gan, "a.csv", (), "makes pictures, not points; write them to a .png or .npz file"),
        (tiny_gan, "a.gif", (), "choose a file ending in .png, .csv or .npz"),
        (tiny_gan, "a.png", ("--count", 0), "Between 1 and 10,000 samples"),
        (tiny_gan, "a.png", ("--count", 10_001), "Between 1 and 10,000 samples"),
        (tiny_gan, "a.npz", ("--count", 100_001), "Between 1 and 100,000 samples"),
        (tiny_gan, "a.png", ("--columns", -1), "A sheet has 0 columns"),
        (tiny_gan, "a.png", ("--seed", -1), "A seed lies between 0 and"),
        (tiny_gan, "a.png", ("--seed", 2**64), "A seed lies between 0 and"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(
    write: Callable[..., Path], name: str, more: tuple[object, ...], sentence: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "model.safetensors")
    assert sentence in refusal("sample", "gan", "--model", path, "--out", tmp_path / name, *more)
    assert not (tmp_path / name).exists()


# ---- evaluate


def evaluated(kind: str, path: Path, *more: object) -> dict[str, object]:
    done = command("evaluate", kind, "--model", path, "--count", 200, "--json", *more)
    assert done.status == 0, done.err
    return done.values


def test_points_of_a_gan_are_measured_against_what_it_was_trained_on(tmp_path: Path) -> None:
    path = points(tmp_path / "model.safetensors")
    values = evaluated("gan", path, "--seed", 3)
    assert set(values) == SAID | POINT_FIGURES and values["data"] == "8 gaussians"
    model = open_generative_model(path)
    expected = sample_measures.sample_measures(open_toy("8 gaussians"), model.generated(model.latents(200, 3)))
    assert {name: values[name] for name in POINT_FIGURES} == pytest.approx(expected)


def test_points_may_be_compared_with_other_data(tmp_path: Path) -> None:
    values = evaluated("gan", points(tmp_path / "model.safetensors"), "--data", "spiral")
    assert values["data"] == "spiral" and set(values) == SAID | POINT_FIGURES - {"modes", "good_samples"}


@pytest.fixture
def quick_classifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of a few channels, and a hundred real digits."""
    write_tiny_classifier(tmp_path / "classifier.safetensors")
    classifier = load_classifier(tmp_path / "classifier.safetensors")
    real = feature_statistics(classifier.features(open_digits().held_out(100)[0]).numpy())
    monkeypatch.setattr(sample_measures, "digit_classifier", lambda: classifier)
    monkeypatch.setattr(sample_measures, "real_digits", lambda: real)


@pytest.mark.usefixtures("quick_classifier")
def test_digits_of_a_gan_are_scored_by_the_classifier(tmp_path: Path) -> None:
    values = evaluated("gan", tiny_gan(tmp_path / "model.safetensors"))
    assert set(values) == SAID | DIGIT_FIGURES and values["data"] == "digits"


@pytest.mark.usefixtures("quick_classifier")
def test_an_auto_encoder_is_also_measured_by_its_codes(tmp_path: Path) -> None:
    path = tiny_autoencoder(tmp_path / "model.safetensors")
    values = evaluated("wae", path, "--data", "digits")
    assert set(values) == SAID | DIGIT_FIGURES | CODE_FIGURES
    model = open_generative_model(path)
    examples, _ = open_digits().held_out(200)
    decoded = model.generated(model.encode(examples.numpy()))
    assert values["reconstruction_error"] == pytest.approx(((decoded - examples) / 2).square().mean().item())


def test_codes_of_a_variational_encoder_are_drawn(tmp_path: Path) -> None:
    means, draws = (
        evaluated("wae", tiny_autoencoder(tmp_path / f"{name}.safetensors", config), "--data", "8 gaussians")
        for name, config in (("ae", tiny_points_config()), ("vae", tiny_points_config(variational=True)))
    )
    assert set(means) == set(draws) == SAID | POINT_FIGURES | CODE_FIGURES
    # Draws around the means of an untrained encoder fill a prior of about the same width better than means alone.
    assert means["latent_mmd"] > draws["latent_mmd"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--count", 9), "Between 10 and 100,000 samples"),
        (("--data", "digits"), "makes points of the plane, and digits are grey pictures"),
        (("--data", "drawn density"), "There is no drawn density yet"),
        (("--data", "drawn density", "--data-path", "missing.npz"), "There is no file or folder 'missing.npz'"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused(more: tuple[object, ...], sentence: str, tmp_path: Path) -> None:
    path = points(tmp_path / "model.safetensors")
    assert sentence in refusal("evaluate", "gan", "--model", path, *more).splitlines()[-1]


def test_a_model_that_does_not_name_its_data_needs_to_be_told(tmp_path: Path) -> None:
    path = points(tmp_path / "model.safetensors")
    tensors, header = load_checkpoint(path, "gan")
    save_checkpoint(path, tensors, replace(header, extra={}))
    assert "does not say what it was trained on; choose the data" in refusal("evaluate", "gan", "--model", path)


# ---- both


@pytest.mark.parametrize(("verb", "more"), [("sample", ("--out", "a.png")), ("evaluate", ())])
def test_models_that_are_not_there_broken_or_of_another_kind_are_refused(
    verb: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    in_catalog(tiny_gan)
    assert "known models are: zoo." in refusal(verb, "gan", "--model", "unicorn", *more)
    assert "known models are: none." in refusal(verb, "wae", "--model", "zoo", *more)
    other = tiny_autoencoder(tmp_path / "other.safetensors")
    assert "holds a wae model; a gan model is needed" in refusal(verb, "gan", "--model", other, *more)
    other.write_bytes(other.read_bytes()[:-1])
    assert "damaged or cut short" in refusal(verb, "wae", "--model", other, *more)


# ---- from a run


@pytest.fixture
def denormals() -> Iterator[None]:
    """Training sets how the whole process treats them."""
    yield
    torch.set_flush_denormal(False)


@pytest.mark.usefixtures("denormals")
@pytest.mark.parametrize(("kind", "preset"), [("gan", "points"), ("wae", "wae-mmd-points")])
def test_a_run_opens_in_tensorboard_and_its_model_is_sampled_and_measured(
    kind: str, preset: str, tmp_path: Path
) -> None:
    done = command(
        "train", kind, "--preset", preset, "--width", 8, "--critic-width", 8, "--depth", 1, "--batch-size", 16,
        "--steps", 4, "--log-every", 2, "--measure-every", 4, "--data", "25 gaussians", "--name", "grid",
        "--device", "cpu", "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.status == 0, done.err
    board = EventAccumulator(str(tmp_path / "run")).Reload()
    loss = "generator_loss" if kind == "gan" else "loss"
    assert [event.step for event in board.Scalars(loss)] == [1, 2, 4]
    assert [event.step for event in board.Scalars("modes")] == [4]
    points = {event.step: event.values[loss] for event in open_run(tmp_path / "run").metrics() if loss in event.values}
    assert [event.value for event in board.Scalars(loss)] == pytest.approx(list(points.values()))
    model = tmp_path / "run" / "checkpoints" / "model.safetensors"
    assert command("sample", kind, "--model", model, "--out", tmp_path / "a.csv").status == 0
    values = evaluated(kind, model)
    assert (values["model"], values["data"]) == ("grid", "25 gaussians")
