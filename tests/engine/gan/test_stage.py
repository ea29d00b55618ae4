"""What is shown of a GAN is what it says: the critic at the places of its map, the push on each sample, the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import norm

from engine.gan import examples
from engine.gan.objectives import OBJECTIVES
from engine.gan.run import GanRun, make_run
from engine.gan.stage import WARP_SHARE
from tests.helpers.tiny_gan_run import stripes, tiny_gan, tiny_picture_gan


def shown(run: GanRun) -> dict[str, NDArray[Any]]:
    return dict(run.pictures())


def judged(run: GanRun, x: NDArray[Any]) -> NDArray[Any]:
    """The critic's raw output."""
    critic = run.critic.eval()
    with torch.no_grad():
        out: NDArray[Any] = critic(torch.from_numpy(np.asarray(x, np.float32))).numpy()
    return out


def test_points_are_shown_with_the_critic_s_map(tmp_path: Path) -> None:
    run = make_run(tiny_gan(ema_decay=0.5), tmp_path)
    seen = shown(run)
    count, side = len(seen["samples"]), len(seen["critic_map"])
    assert {name: array.shape for name, array in seen.items() if "/" not in name} == {
        "data": (count, 2), "samples": (count, 2), "warp": (24, 24, 2), "extent": (4,), "critic_map": (side, side),
        "gradients": (count, 2),
    }
    spectra = {name: array.shape for name, array in seen.items() if "/" in name}
    assert spectra == {f"singular_values/layers.{layer}": (size,) for layer, size in (
        ("layer1", 2), ("layer2", 16), ("output", 1))}
    assert {array.dtype for array in seen.values()} == {np.dtype(np.float32)}
    assert seen.keys() - run.glimpse().keys() == spectra.keys()
    assert np.array_equal(seen["data"], run.source.held_out(count)[0].numpy())


def test_the_critic_s_map_goes_from_edge_to_edge_with_row_0_at_the_bottom(tmp_path: Path) -> None:
    run = make_run(tiny_gan(), tmp_path)
    seen = shown(run)
    x0, x1, y0, y1 = seen["extent"]
    side = len(seen["critic_map"])
    for row, column in ((0, 0), (0, side - 1), (side - 1, 0), (side - 1, side - 1), (3, 20)):
        place = [x0 + (x1 - x0) * column / (side - 1), y0 + (y1 - y0) * row / (side - 1)]
        assert seen["critic_map"][row, column] == pytest.approx(judged(run, np.array([place]))[0, 0], abs=1e-5)


@pytest.mark.parametrize("objective", ["minimax", "non-saturating", "wasserstein"])
def test_arrows_point_down_the_generator_s_loss(objective: str, tmp_path: Path) -> None:
    run = make_run(tiny_gan(objective=objective), tmp_path)
    run.step()
    seen = shown(run)

    def loss(points: NDArray[Any]) -> NDArray[Any]:
        out = torch.from_numpy(judged(run, points)).double()
        return np.array([float(OBJECTIVES[objective].generator_loss(one)) for one in out])

    step = 1e-2
    at = seen["samples"].astype(np.float64)
    slopes = np.stack([(loss(at + move) - loss(at - move)) / (2 * step) for move in step * np.eye(2)], axis=1)
    # Where the critic's kinks lie within the step, the difference quotient says something else.
    agree = np.isclose(seen["gradients"], -slopes, rtol=0.05, atol=1e-3).all(axis=1)
    assert agree.mean() > 0.9


def test_gradient_norms_are_those_of_the_critic_at_the_samples(tmp_path: Path) -> None:
    run = make_run(tiny_gan(objective="wasserstein"), tmp_path)
    run.step()
    expected = np.linalg.norm(shown(run)["gradients"], axis=1)  # a Wasserstein generator's loss is minus the critic
    assert run.figures()["gradient_norm"] == pytest.approx(float(expected.mean()), rel=1e-5)


@pytest.mark.parametrize(("size", "kind"), [(2, "normal"), (3, "normal"), (2, "uniform"), (1, "normal")])
def test_the_warped_grid_has_even_shares_of_the_latents(size: int, kind: str, tmp_path: Path) -> None:
    run = make_run(tiny_gan(latent_size=size, latent_kind=kind), tmp_path)
    warp = shown(run)["warp"]
    shares = np.linspace((1 - WARP_SHARE) / 2, (1 + WARP_SHARE) / 2, 24)
    line = norm.ppf(shares) if kind == "normal" else 2 * shares - 1
    assert warp.shape == (24, 1 if size == 1 else 24, 2)
    for row, column in ((0, 0), (5, 0), (23, warp.shape[1] - 1)):
        latent = np.zeros((1, size), np.float32)
        latent[0, :2] = [line[row], line[column]][:size]
        with torch.no_grad():
            expected = run.generator.eval()(torch.from_numpy(latent))[0].numpy()
        np.testing.assert_allclose(warp[row, column], expected, atol=1e-5)


def test_a_transport_run_shows_its_plan_instead(tmp_path: Path) -> None:
    seen = shown(make_run(tiny_gan(objective="optimal transport", sinkhorn_regularisation=0.1), tmp_path))
    assert not {"critic_map", "gradients", "gradient_norms"} & seen.keys()
    assert np.array_equal(seen["plan_data"], seen["data"][:48])
    assert np.array_equal(seen["plan_samples"], seen["samples"][:48])
    np.testing.assert_allclose(seen["plan"].sum(axis=0), 1 / 48, atol=1e-4)
    np.testing.assert_allclose(seen["plan"].sum(axis=1), 1 / 48, atol=1e-3)


@pytest.mark.parametrize(("channels", "ambient"), [(1, "off"), (3, "ambient"), (1, "unmeasure")])
def test_pictures_are_shown(
    channels: int, ambient: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stripes(channels=channels)
    monkeypatch.setattr(examples, "open_source", lambda _choice: made)
    run = make_run(tiny_picture_gan(ambient=ambient, colour=channels == 3), tmp_path)
    seen = shown(run)
    one = (28, 28) if channels == 1 else (28, 28, 3)
    expected = {"samples": (64, *one), "data": (12, *one), "interpolations": (6, 8, *one)}
    if ambient != "off":
        expected |= {"measured_data": (40, *one), "measured_samples": (64, *one)}
    pictures = {name: array for name, array in seen.items() if array.dtype == np.uint8}
    assert {name: array.shape for name, array in pictures.items()} == expected
    assert seen["gradient_norms"].shape == (64,) and seen["gradient_norms"].dtype == np.float32
    glimpse = dict(run.glimpse())
    assert len(glimpse["samples"]) == 36 and not {"interpolations", "gradient_norms"} & glimpse.keys()
    assert np.array_equal(glimpse["samples"], seen["samples"][:36])


def test_a_shown_path_ends_where_its_latents_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "open_source", lambda _choice: stripes())
    for kind in ("normal", "uniform"):
        seen = shown(make_run(tiny_picture_gan(latent_kind=kind), tmp_path / kind))["interpolations"].astype(int)
        steps = np.abs(np.diff(seen, axis=1)).mean(axis=(2, 3))
        assert steps.max() < np.abs(seen[:, -1] - seen[:, 0]).mean(axis=(1, 2)).max()
        assert len(np.unique(seen[:, 0].reshape(6, -1), axis=0)) == 6
