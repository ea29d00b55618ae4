"""Training as a job: it learns what it should, shows it, and refuses what does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from engine.capsules import run as run_module
from engine.capsules.config import PRESETS, CapsuleTrainConfig
from engine.capsules.examples import Examples, open_pictures
from engine.capsules.losses import margin_loss
from engine.capsules.model import load_capsules, load_cnn, load_recogniser
from engine.capsules.network import CapsNet
from engine.capsules.run import make_run
from engine.errors import BadFileError, CheckpointError, EngineError, TrainingError
from engine.runtime.config import check, to_json
from engine.runtime.job import Arrays
from tests.helpers.tiny_capsule_run import SMALL, TWO, curve, model_file, shapes, small_run, trained

Small = Callable[..., CapsuleTrainConfig]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Settings of a run on a small file."""
    return partial(small_run, tmp_path)


# ---- learning


def test_capsules_learn_and_the_model_is_as_good_as_it_says(small: Small, tmp_path: Path) -> None:
    config = small(steps=60, learning_rate=5e-3, shift=0, ema_decay=0.9, batch_size=20, valid_count=12)
    events, final = trained(config, tmp_path / "run")
    figures = curve(events)
    assert figures[60]["accuracy"] > 0.9 > 0.7 > figures[1]["accuracy"]
    assert figures[60]["margin_loss"] < 0.2 * figures[1]["margin_loss"]
    for values in figures.values():
        assert values["loss"] == pytest.approx(values["margin_loss"] + 0.0005 * values["reconstruction"], rel=1e-5)
    model = load_capsules(model_file(tmp_path / "run"))
    assert {name: model.header.metrics[name] for name in final} == final
    batch = Examples(open_pictures(config), config).valid(0, 12)
    scores = torch.from_numpy(model.scores(batch.pictures[:, 0].numpy()))
    assert final["valid_accuracy"] == float((scores.argmax(1) == batch.classes[:, 0]).double().mean()) > 0.9
    wanted = margin_loss(scores, F.one_hot(batch.classes[:, 0], 4).float())
    assert final["valid_margin_loss"] == pytest.approx(float(wanted), abs=1e-3)  # weights are kept in 16 bits
    assert model.class_names == ("0", "1", "2", "3") and model.data == "file"
    assert model.header.extra["training"] == to_json(config)


def test_the_network_beside_learns_too(small: Small, tmp_path: Path) -> None:
    config = small(network="matched-cnn", steps=25, shift=0, ema_decay=0.0)
    events, final = trained(config, tmp_path / "run")
    losses = [values["loss"] for values in curve(events).values()]
    assert losses[0] == pytest.approx(math.log(4), abs=0.1) and losses[-1] < 0.7 * losses[0]
    assert set(final) == {"valid_accuracy"}
    assert load_recogniser(model_file(tmp_path / "run")).scores(np.zeros((1, 20, 20), np.float32)).shape == (1, 4)
    assert load_cnn(model_file(tmp_path / "run")).module.config.matched


@pytest.mark.parametrize("changes", [{}, {"decoder": "convolutions"}, {"decoder": "none"}, {"every_gradient": True}])
def test_two_digits_run_in_every_form(changes: dict[str, Any], tmp_path: Path) -> None:
    config = CapsuleTrainConfig(**(SMALL | TWO | {"steps": 2, "picture_every": 2} | changes))
    events, final = trained(config, tmp_path)
    (shown,) = [event.arrays for event in events if isinstance(event, Arrays)]
    found = {name: (array.shape, array.dtype.name) for name, array in shown.items()}
    wanted: dict[str, object] = {"data": ((10, 36, 36), "uint8")}
    if config.decoder != "none":
        wanted |= {"reconstructions": ((10, 36, 36), "uint8"), "sweep": ((16, 11, 36, 36), "uint8")}
    assert found == wanted
    assert ("reconstruction_error" in final) == (config.decoder != "none")
    assert load_capsules(model_file(tmp_path)).data == "two digits"


def test_two_digits_are_right_when_both_are() -> None:
    scores = torch.tensor([[0.1, 0.9, 0.8], [0.1, 0.9, 0.8], [0.7, 0.9, 0.1]])
    assert run_module._right(scores, torch.tensor([[2, 1], [0, 1], [1, 0]])).tolist() == [True, False, True]
    assert run_module._right(scores, torch.tensor([[1], [2], [1]])).tolist() == [True, False, True]


def test_the_error_of_two_digits_is_the_sum_of_both(tmp_path: Path) -> None:
    run = make_run(CapsuleTrainConfig(**(SMALL | TWO | {"precision": "32-true"})), tmp_path)
    batch = run._examples.valid(0, 6)
    _, figures = run._losses(batch)
    network = run._network
    assert isinstance(network, CapsNet)
    capsules = network.capsules(batch.pictures).detach()
    wanted = 0.0
    for n in range(len(batch.pictures)):
        for part in range(2):
            redrawn = network.reconstruct(capsules[n : n + 1], batch.classes[n : n + 1, part])
            wanted += float((redrawn[0] - batch.parts[n, part]).detach().square().sum()) / len(batch.pictures)
    assert float(figures["reconstruction"]) == pytest.approx(wanted, rel=1e-5)


# ---- what does not fit


@pytest.mark.parametrize("changes", [{"channels": 9}, {"capsule_size": 5}, {"decoder": "none"}, {"image_size": 24}])
def test_networks_of_another_shape_do_not_fit_a_state(changes: dict[str, Any], small: Small, tmp_path: Path) -> None:
    trained(small(steps=1), tmp_path / "run")
    with pytest.raises(CheckpointError, match="another shape"):
        make_run(small(**changes), tmp_path / "run")


def test_a_state_of_another_network_or_a_damaged_one_is_refused(small: Small, tmp_path: Path) -> None:
    trained(small(steps=1), tmp_path / "run")
    with pytest.raises(CheckpointError, match="another shape"):
        make_run(small(network="matched-cnn"), tmp_path / "run")
    path = tmp_path / "run" / "checkpoints" / "state.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError):
        make_run(small(), tmp_path / "run")


def folder_of(path: Path, *classes: str) -> Path:
    images, _ = shapes(24)
    for number, image in enumerate(images):
        target = path / classes[number % len(classes)]
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(target / f"{number}.png")
    return path


def test_a_folder_of_pictures_has_a_class_for_each_folder(tmp_path: Path) -> None:
    path = folder_of(tmp_path / "mine", "cats", "dogs", "eels")
    config = CapsuleTrainConfig(**(SMALL | {"data": "pictures", "data_path": str(path), "steps": 1}))
    trained(config, tmp_path / "run")
    assert load_capsules(model_file(tmp_path / "run")).class_names == ("cats", "dogs", "eels")


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"data_path": ""}, TrainingError, "Choose an .npz file"),
        ({"data": "pictures", "data_path": ""}, TrainingError, "Choose a folder"),
        ({"data_path": "nowhere.npz"}, BadFileError, "no file"),
        ({"data": "two digits"}, TrainingError, "image_size of 36"),
        ({"data": "digits"}, TrainingError, "28 pixels"),
        ({"decoder": "convolutions", "image_size": 22}, TrainingError, "4 divides"),
        ({"routings": 0}, TrainingError, "routings"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    changes: dict[str, Any], kind: type[EngineError], sentence: str, small: Small, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=sentence):
        trained(small(**changes), tmp_path / "run")


def test_one_class_leaves_nothing_to_learn(small: Small, tmp_path: Path) -> None:
    one = tmp_path / "one.npz"
    np.savez(one, images=shapes(12)[0], labels=np.full(12, 3))
    with pytest.raises(TrainingError, match="One class"):
        trained(small(data_path=str(one)), tmp_path / "run")
    folder = folder_of(tmp_path / "flat", ".")
    with pytest.raises(TrainingError, match="no folder for each class"):
        trained(small(data="pictures", data_path=str(folder)), tmp_path / "run")


def test_two_pictures_are_enough_to_run(small: Small, tmp_path: Path) -> None:
    few = tmp_path / "few.npz"
    np.savez(few, images=shapes(2)[0], labels=np.arange(2))
    _, final = trained(small(data_path=str(few), steps=1), tmp_path / "run")
    assert final["valid_accuracy"] in (0.0, 1.0)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_make_sense(name: str) -> None:
    preset = PRESETS[name]
    check(preset)
    if preset.network == "capsnet":
        run_module.network_config(preset, 10)
    assert (preset.image_size == 36) == (preset.data == "two digits") == name.startswith("two-digits")
