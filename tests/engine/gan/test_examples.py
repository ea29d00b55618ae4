"""What a critic takes for real: the data, or the one measurement that each training picture ever had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from engine.errors import EngineError, TrainingError
from engine.gan import examples as module
from engine.gan.examples import Examples, open_data
from engine.gan.measurements import MEASUREMENT_NAMES
from engine.gan.run import make_run
from tests.helpers.tiny_gan_run import stripes, tiny_gan, tiny_picture_gan

PICTURES = stripes()
EVERY = torch.arange(PICTURES.size)
DIM = {"ambient": "ambient", "measurement_strength": 0.6, "measurement_noise": 0.1}


def rows(batch: Tensor) -> list[bytes]:
    return [example.numpy().tobytes() for example in batch]


@pytest.mark.parametrize("measurement", MEASUREMENT_NAMES)
def test_a_picture_has_one_measurement_for_ever(measurement: str) -> None:
    config = tiny_picture_gan(**DIM, measurement=measurement)
    made = Examples(PICTURES, config)
    known = rows(made.measured(EVERY))
    assert len(set(known)) == PICTURES.size
    assert rows(Examples(PICTURES, config).measured(EVERY)) == known
    order = torch.randperm(PICTURES.size, generator=Generator().manual_seed(3))
    assert rows(made.measured(order)) == [known[int(index)] for index in order]
    for seed in (1, 2):
        batch = made.batch(24, Generator().manual_seed(seed))
        assert batch.shape == (24, *made.critic_shape) and set(rows(batch)) <= set(known)
    assert rows(Examples(PICTURES, replace(config, seed=2)).measured(EVERY)) != known


def test_measurements_of_neighbours_are_independent() -> None:
    made = Examples(PICTURES, tiny_picture_gan(ambient="ambient", measurement_strength=0.5))
    seen = (made.measured(EVERY) > -1).flatten(1).float()
    likeness = torch.corrcoef(seen - (PICTURES.indexed(EVERY) > -1).flatten(1).float())
    likeness.fill_diagonal_(0)
    assert likeness.abs().max() < 0.25
    assert 0.45 < 1 - float(seen.mean()) < 0.55


@pytest.mark.parametrize("measurement", MEASUREMENT_NAMES)
def test_every_measurement_trains(measurement: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "open_source", lambda _choice: PICTURES)
    run = make_run(tiny_picture_gan(**DIM, measurement=measurement), tmp_path)
    before = [parameter.detach().clone() for parameter in run.generator.parameters()]
    for _ in range(3):
        run.step()
        assert not run.step_was_bad
    assert all(not torch.equal(a, b) for a, b in zip(before, run.generator.parameters(), strict=True))
    assert run.fakes(5).shape == run.reals(5).shape == (5, *run.examples.critic_shape)
    shown = run.pictures()
    assert shown["measured_data"].shape == (40, 28, 28) and shown["measured_samples"].shape == (64, 28, 28)


def test_samples_are_measured_otherwise_each_time_and_the_data_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "open_source", lambda _choice: PICTURES)
    run = make_run(tiny_picture_gan(ambient="ambient"), tmp_path)
    white = torch.ones(4, 1, 28, 28)
    assert not torch.equal(run.as_seen(white, run.noise), run.as_seen(white, run.noise))
    ignoring = make_run(tiny_picture_gan(ambient="ignore"), tmp_path)
    assert ignoring.as_seen(white, ignoring.noise) is white


def test_ignore_takes_measured_pictures_for_real_ones() -> None:
    ambient, ignoring = (Examples(PICTURES, tiny_picture_gan(ambient=how)) for how in ("ambient", "ignore"))
    same = [made.batch(30, Generator().manual_seed(1)) for made in (ambient, ignoring)]
    assert torch.equal(*same) and not ignoring.measures_samples and ambient.measures_samples


@pytest.mark.parametrize("measurement", ["block-pixels", "block-patch", "convolve-noise"])
def test_unmeasured_pictures_are_nearer_to_the_truth(measurement: str) -> None:
    config = tiny_picture_gan(
        ambient="unmeasure", measurement=measurement, measurement_strength=0.5, measurement_noise=0.02)
    made = Examples(PICTURES, config)
    assert not made.measures_samples and made.critic_shape == PICTURES.shape
    truth, damaged = PICTURES.indexed(EVERY), made.measured(EVERY)
    batch = made.batch(400, Generator().manual_seed(0))
    restored = dict(zip(rows(batch), batch, strict=True))
    assert len(restored) == PICTURES.size
    errors = torch.cdist(torch.stack(list(restored.values())).flatten(1), truth.flatten(1)).amin(dim=1)
    assert float(errors.mean()) < 0.97 * float((damaged - truth).flatten(1).norm(dim=1).mean())


def test_a_chosen_method_unmeasures() -> None:
    found = [
        Examples(PICTURES, tiny_picture_gan(ambient="unmeasure", unmeasure_method=method)).batch(8, Generator())
        for method in ("quickest", "blur", "biharmonic")
    ]
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])


def test_unmeasured_pictures_are_a_fixed_part_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNMEASURED", 10)
    monkeypatch.setattr(module, "_CHUNK", 4)
    batch = Examples(PICTURES, tiny_picture_gan(ambient="unmeasure")).batch(200, Generator().manual_seed(0))
    assert len(set(rows(batch))) == 10


# ---- refusals


def refused(changes: dict[str, Any], tmp_path: Path) -> str:
    with pytest.raises(EngineError) as refusal:
        make_run(tiny_gan(**changes), tmp_path / "run")
    sentence = str(refusal.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


@pytest.mark.parametrize(("changes", "words"), [
    ({"network": "dcgan"}, "Points of the plane need networks of the kind mlp"),
    ({"ambient": "ambient"}, "Only pictures can be measured"),
    ({"data": "digits", "image_size": 30}, "choose 28, 32 or 64"),
    ({"data": "pictures"}, "Choose a folder of pictures"),
    ({"data": "drawings"}, "Choose a file or folder of drawings"),
    ({"data": "drawn density"}, "no drawn density yet"),
])  # fmt: skip
def test_data_that_cannot_be_opened_is_refused(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refused(changes, tmp_path)


@pytest.mark.parametrize("data", ["pictures", "drawings", "drawn density"])
def test_a_place_that_is_not_there_is_named(data: str, tmp_path: Path) -> None:
    assert "nowhere" in refused({"data": data, "data_path": str(tmp_path / "nowhere")}, tmp_path)


@pytest.mark.parametrize(("changes", "words"), [
    ({"ambient": "ignore", "measurement": "gaussian-projection"}, "no pictures of the same size"),
    ({"ambient": "unmeasure", "measurement": "gaussian-projection"}, "Nothing is known that undoes"),
    ({"ambient": "unmeasure", "unmeasure_method": "wiener"}, "cannot be undone by 'wiener'"),
    ({"ambient": "ambient", "measurement": "pad-rotate-project", "network": "dcgan"}, "or mlp"),
])  # fmt: skip
def test_measurements_that_lead_nowhere_are_refused(
    changes: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "open_source", lambda _choice: PICTURES)
    assert words in refused({"data": "pictures", "image_size": 28, **changes}, tmp_path)


def test_a_folder_with_broken_files_trains_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(12):
        Image.fromarray(rng.integers(0, 255, (30, 30), np.uint8)).save(folder / f"{index}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    run = make_run(
        tiny_gan(data="pictures", data_path=str(folder), image_size=28, batch_size=4, ambient="ambient"),
        tmp_path / "run")
    run.step()
    assert any("1 of 13 files could not be read: broken.png" in note for note in run.opening_notes)
    shown = run.pictures()
    assert len(shown["measured_data"]) == run.source.size < 12 and len(shown["samples"]) == 64


def test_a_folder_of_broken_files_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert "broken.png" in refused({"data": "pictures", "data_path": str(tmp_path), "image_size": 28}, tmp_path)


def test_points_are_opened_with_the_run_s_seed() -> None:
    first, second = (open_data(tiny_gan(seed=seed)).held_out(5)[0] for seed in (1, 2))
    assert not torch.equal(first, second)


def test_an_unknown_kind_of_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no data called 'unicorns'"):
        make_run(tiny_gan(data="unicorns"), tmp_path)
