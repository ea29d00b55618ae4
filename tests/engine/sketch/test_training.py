"""Training as a job: the loss falls, settings do what they say, and the best model is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.data.sketches import load_dataset
from engine.runtime.checkpoint import read_header
from engine.runtime.job import Arrays, Command, Edit, Event, Metrics
from engine.sketch.batches import Augmentation, Batch, BatchSource
from engine.sketch.evaluation import held_out_loss, pool_of
from engine.sketch.run import SketchRun
from engine.sketch.sampling import sample_sheet
from engine.sketch.sketch_model import load_model
from tests.helpers.sketch_runs import curve, held_out, model_file, tiny, trained


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("mode", ["vae", "decoder"])
def test_loss_falls_on_what_is_learned_and_on_what_is_held_out(
    mode: str, precision: str, drawings: Path, tmp_path: Path
) -> None:
    events, _ = trained(tiny(drawings, mode=mode, precision=precision, steps=60, save_every=20), tmp_path)
    losses = [values["L_R"] for values in curve(events).values()]
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.3
    measured = list(held_out(events).values())
    assert len(measured) == 3 and measured[2] < measured[1] < measured[0]


@pytest.mark.parametrize("cell", ["layer_norm", "hyper"])
def test_other_cells_train_too(cell: str, drawings: Path, tmp_path: Path) -> None:
    events, _ = trained(tiny(drawings, decoder_cell=cell, steps=3), tmp_path)
    assert all(np.isfinite(list(values.values())).all() for values in curve(events).values())
    assert load_model(model_file(tmp_path)).module.config.decoder_cell == cell


def test_figures_follow_their_schedules(drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, steps=4, rate_decay=0.5, final_rate=0.001, kl_decay=0.5, kl_start=0.1, kl_weight=2.0)
    events, _ = trained(config, tmp_path)
    for step, values in curve(events).items():
        assert values["learning_rate"] == pytest.approx(0.009 * 0.5**step + 0.001)
        assert values["w_KL"] == pytest.approx(2 * (1 - 0.9 * 0.5**step))
        assert values["L_R"] == pytest.approx(values["L_s"] + values["L_p"])


@pytest.mark.parametrize("limit", ["clip", "max_norm"])
def test_gradients_are_limited_by_value_and_by_norm(limit: str, drawings: Path, tmp_path: Path) -> None:
    run, free = SketchRun(tiny(drawings, **{limit: 0.0}), tmp_path), SketchRun(tiny(drawings), tmp_path)
    before = [parameter.clone() for parameter in run.model.parameters()]
    run.step()
    free.step()
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))
    # What is told is the norm that the loss asked for.
    assert run.figures()["gradient_norm"] == free.figures()["gradient_norm"] > 0


@pytest.mark.parametrize("limit", ["clip", "max_norm"])
def test_gradients_within_the_limits_stay(limit: str, drawings: Path, tmp_path: Path) -> None:
    run = SketchRun(tiny(drawings, **{"clip": 1e6, "max_norm": 1e6, limit: 0.01}), tmp_path)
    run.step()
    gradients = torch.cat([p.grad.flatten() for p in run.model.parameters() if p.grad is not None])
    reached = gradients.abs().max() if limit == "clip" else gradients.norm()
    assert float(reached) == pytest.approx(0.01, rel=1e-3) and run.figures()["gradient_norm"] > 0.01


def test_divergence_below_its_floor_does_not_pull(drawings: Path, tmp_path: Path) -> None:
    curves = {}
    for floor in (0.0, 5.0):
        for weight in (0.5, 5.0):
            config = tiny(drawings, steps=3, kl_start=1.0, kl_floor=floor, kl_weight=weight)
            events, _ = trained(config, tmp_path / f"{floor}-{weight}")
            curves[floor, weight] = [(values["L_R"], values["L_KL"]) for values in curve(events).values()]
    assert curves[5.0, 0.5] == curves[5.0, 5.0]
    assert curves[0.0, 0.5] != curves[0.0, 5.0]


def test_drawings_are_changed_as_the_settings_say(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Augmentation] = []
    following = BatchSource.next

    def spy(self: BatchSource, how: Augmentation, rng: np.random.Generator) -> Batch:
        asked.append(how)
        return following(self, how, rng)

    monkeypatch.setattr(BatchSource, "next", spy)
    run = SketchRun(tiny(drawings, scale_jitter=0.2, point_drop=0.3, point_noise=4.0), tmp_path)
    run.step()
    assert asked == [Augmentation(0.2, 0.3, 4.0 / run.scale)]


def test_seed_gives_the_run_and_torchs_own_random_state_is_left_alone(drawings: Path, tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    first, _ = trained(tiny(drawings, steps=4), tmp_path / "first")
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(99)
    second, _ = trained(tiny(drawings, steps=4), tmp_path / "second")
    other, _ = trained(tiny(drawings, steps=4, seed=2), tmp_path / "other")
    assert curve(first) == curve(second)
    assert curve(first) != curve(other)


def test_live_edits_count_from_the_next_step(drawings: Path, tmp_path: Path) -> None:
    def at(event: Event) -> Command | None:
        if not isinstance(event, Metrics):
            return None
        return {2: Edit({"learning_rate": 0.002, "kl_weight": 3.0}), 4: Edit({"steps": 5})}.get(event.step)

    events, _ = trained(tiny(drawings, rate_decay=1.0), tmp_path, at)
    rates = {step: values["learning_rate"] for step, values in curve(events).items()}
    assert rates == {1: 0.01, 2: 0.01, 3: 0.002, 4: 0.002, 5: 0.002}
    assert curve(events)[3]["w_KL"] > 4 * curve(events)[2]["w_KL"]


def test_samples_are_a_sheet_of_the_models_drawings_in_the_units_of_the_data(drawings: Path, tmp_path: Path) -> None:
    events, _ = trained(
        tiny(drawings, steps=6, picture_every=3, valid_fraction=0.0), tmp_path
    )
    sheets = [event for event in events if isinstance(event, Arrays)]
    assert [event.step for event in sheets] == [3, 6]
    model = load_model(model_file(tmp_path))
    for event in sheets:
        assert list(event.arrays) == ["samples"]
        sheet = event.arrays["samples"]
        assert sheet.dtype == np.float32 and sheet.ndim == 3
        assert sheet.shape[0] == 9 and 1 <= sheet.shape[1] <= model.longest and sheet.shape[2] == 5
        assert (sheet[..., 2:].sum(axis=2) == 1).all()
    expected = sample_sheet(model.module, 9, seed=1, max_points=model.longest)
    expected[..., :2] *= model.scale_factor
    np.testing.assert_array_equal(sheets[-1].arrays["samples"], expected)


def test_the_model_that_is_kept_is_the_best_and_its_figures_are_true(drawings: Path, tmp_path: Path) -> None:
    edit = [Edit({"learning_rate": 0.9, "max_norm": 1e6})]
    events, result = trained(
        tiny(drawings, steps=16, save_every=2), tmp_path,
        lambda event: edit.pop() if event.step == 10 and edit else None,
    )
    measured = held_out(events)
    best = min(measured, key=lambda step: measured[step])
    assert 2 < best < 16
    header = read_header(model_file(tmp_path))
    assert header.metrics["step"] == best
    assert result["held_out_L_R_decoder"] == header.metrics["held_out_L_R_decoder"] == measured[best]
    model = load_model(model_file(tmp_path))
    valid = load_dataset([drawings], max_points=250, valid_fraction=0.2, test_fraction=0.0).valid
    again = held_out_loss(model.module, pool_of(valid, model.scale_factor), model.longest, padded=False)
    assert again.figures() == pytest.approx({name.removeprefix("held_out_"): v for name, v in result.items()})
