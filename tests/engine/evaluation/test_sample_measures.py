"""Which figures samples get, by the data that they are compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from engine.data.digits import open_digits
from engine.data.pictures import PictureSet
from engine.data.points import open_toy
from engine.evaluation import reference, sample_measures
from engine.evaluation.classifier import DigitClassifier, digit_classifier, load_classifier
from engine.evaluation.frechet import FeatureStatistics, feature_statistics, frechet_distance
from engine.evaluation.inception import inception_score
from tests.helpers.tiny_classifier import write_tiny_classifier

POINTS = {"kl_grid", "js_grid", "sliced_wasserstein", "mmd"}


def _points(name: str, count: int = 600) -> Tensor:
    return open_toy(name).batch(count, Generator().manual_seed(0))


def test_points_of_the_data_itself_score_well_and_others_do_not() -> None:
    source = open_toy("8 gaussians")
    good = sample_measures.sample_measures(source, _points("8 gaussians"))
    bad = sample_measures.sample_measures(source, _points("8 gaussians") + 0.5)
    assert set(good) == set(bad) == POINTS | {"modes", "good_samples"}
    assert good["modes"] == 8 and good["good_samples"] > 0.95
    assert bad["modes"] < 8 and bad["good_samples"] < 0.1
    for name in POINTS:
        assert good[name] < bad[name], name


def test_points_without_modes_have_no_modes_to_cover() -> None:
    assert set(sample_measures.sample_measures(open_toy("spiral"), _points("spiral"))) == POINTS


def test_points_that_are_not_finite_have_the_figures_that_count_them() -> None:
    samples = _points("8 gaussians")
    samples[0] = torch.nan
    found = sample_measures.sample_measures(open_toy("8 gaussians"), samples)
    assert set(found) == {"modes", "good_samples", "kl_grid", "js_grid"}
    assert np.isfinite(list(found.values())).all()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[DigitClassifier, FeatureStatistics]:
    """A classifier and a number of real digits that take no time."""
    write_tiny_classifier(tmp_path / "tiny.safetensors")
    classifier = load_classifier(tmp_path / "tiny.safetensors")
    real = feature_statistics(classifier.features(open_digits().held_out(500)[0]).numpy())
    monkeypatch.setattr(sample_measures, "digit_classifier", lambda: classifier)
    monkeypatch.setattr(sample_measures, "real_digits", lambda: real)
    return classifier, real


def test_digits_are_scored_by_the_classifier(tiny: tuple[DigitClassifier, FeatureStatistics]) -> None:
    classifier, real = tiny
    source = open_digits(32)
    samples = source.batch(200, Generator().manual_seed(0))
    found = sample_measures.sample_measures(source, samples)
    made = feature_statistics(classifier.features(samples).numpy())
    score = inception_score(classifier.probabilities(samples).numpy())
    assert found == {
        "frechet": frechet_distance(real, made), "inception": score.mean, "inception_spread": score.std,
    }
    noise = torch.rand(200, 1, 32, 32, generator=Generator().manual_seed(0)) * 2 - 1
    assert sample_measures.sample_measures(source, noise)["frechet"] > found["frechet"]
    assert sample_measures.sample_measures(source, torch.full_like(noise, torch.nan)) == {}


def test_pictures_of_a_folder_are_compared_by_their_pixels_also_with_a_single_one() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 1, 28, 28), np.uint8)
    labels = np.zeros(20, np.int64)
    many, single = (
        PictureSet("pictures", "made up", pixels[:10], labels[:10], pixels[10 : 10 + kept], labels[10 : 10 + kept])
        for kept in (10, 1)
    )
    samples = torch.zeros(12, 1, 28, 28)
    assert set(sample_measures.sample_measures(many, samples)) == {"sliced_wasserstein", "mmd"}
    assert set(sample_measures.sample_measures(single, samples)) == {"sliced_wasserstein"}


def test_real_digits_are_the_test_digits_seen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "TEST_DIGITS", 50)
    reference.real_digits.cache_clear()
    try:
        found = reference.real_digits()
        assert reference.real_digits() is found
        digits, _ = open_digits().held_out(50)
        np.testing.assert_allclose(found.mean, digit_classifier().features(digits).numpy().mean(axis=0), rtol=1e-5)
    finally:
        reference.real_digits.cache_clear()
