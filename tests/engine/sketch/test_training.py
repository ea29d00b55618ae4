"""Training as a job: it learns, obeys, survives bad steps, and a run that was cut short goes on as if it had not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.data.sketches import Example, load_dataset
from engine.errors import BadFileError, CheckpointError, TrainingError
from engine.runtime.channel import Ended
from engine.runtime.checkpoint import load_checkpoint, load_state, read_header, save_checkpoint, save_state
from engine.runtime.config import to_json
from engine.runtime.job import Arrays, Command, Edit, Event, Heartbeat, Metrics, Note, Saved, Stop, drive
from engine.runtime.run_folder import RunFolder
from engine.runtime.worker import TrainerProcess, run_recorded
from engine.sketch import model as model_module
from engine.sketch import run as run_module
from engine.sketch.batches import Augmentation, Batch, BatchSource, DrawingPool
from engine.sketch.config import SketchTrainConfig
from engine.sketch.evaluation import held_out_loss, pool_of
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.mixture import reconstruction_loss
from engine.sketch.run import SketchRun
from engine.sketch.sampling import sample_sheet
from engine.sketch.sketch_model import load_model
from engine.sketch.strokes import make_drawing
from engine.sketch.training import train
from engine.trainers import TRAINERS
from tests.helpers.tiny_sketch import tiny_checkpoint

TIMES = ("steps_per_s",)  # what a clock measures is no part of the promise
PATIENCE = 180.0  # the child has torch to load, beside whatever else the machine does


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Zigzags of 3 to 7 points called cat, and stairs called dog."""
    folder = tmp_path_factory.mktemp("drawings")
    write(folder / "cat.ndjson", "cat", 30, lambda i, k: (k * 40.0 + i, 200.0 * (k % 2) + i * (k % 3)))
    write(folder / "dog.ndjson", "dog", 30, lambda i, k: (40.0 * (k // 2), 30.0 * ((k + 1) // 2) + i * k))
    return folder


def write(path: Path, word: str, count: int, place: Callable[[int, int], tuple[float, float]], points: int = 0) -> None:
    lines = []
    for i in range(count):
        stroke = [place(i, k) for k in range(points or 3 + i % 5)]
        lines.append(to_ndjson_line(make_drawing([stroke[:2], stroke[1:]], word)))
    path.write_text("".join(lines))


def tiny(data: Path, **changes: Any) -> SketchTrainConfig:
    config = SketchTrainConfig(
        data=(str(data),), valid_fraction=0.2, test_fraction=0.0, encoder_size=8, decoder_size=8, latent_size=2,
        mixtures=2, class_size=2, batch_size=8, steps=12, log_every=1, sample_every=1000, save_every=1000,
        learning_rate=0.01, precision="32-true", device="cpu",
    )
    return replace(config, **changes)


def trained(
    config: SketchTrainConfig, run_dir: Path, at: Callable[[Event], Command | None] = lambda _event: None
) -> tuple[list[Event], dict[str, float]]:
    """All events and the result; `at` gives the command that answers an event."""
    events: list[Event] = []
    result = drive(train(config, run_dir), events.append, lambda: at(events[-1]))
    return events, result


def curve(events: Sequence[Event]) -> dict[int, dict[str, float]]:
    """The training figures of each step."""
    return {
        event.step: {name: value for name, value in event.values.items() if name not in TIMES}
        for event in events
        if isinstance(event, Metrics) and "L_R" in event.values
    }


def stop_at(step: int) -> Callable[[Event], Command | None]:
    return lambda event: Stop() if event.step >= step else None


def notes(events: Sequence[Event]) -> list[tuple[int, str, str]]:
    return [(event.step, event.level, event.text) for event in events if isinstance(event, Note)]


def state_of(run_dir: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    return load_state(run_dir / "checkpoints" / "state.safetensors")


def model_file(run_dir: Path) -> Path:
    return run_dir / "checkpoints" / "model.safetensors"


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], bool]], None]:
    """Makes the loss of each step for whose number (from 1, in steps made) the given function is true not finite."""
    def install(bad: Callable[[int], bool]) -> None:
        made = 0

        def spoiled(*args: Any) -> tuple[Tensor, Tensor]:
            nonlocal made
            made += 1
            offsets, pen = reconstruction_loss(*args)
            return (offsets * float("nan"), pen) if bad(made) else (offsets, pen)

        monkeypatch.setattr(model_module, "reconstruction_loss", spoiled)

    return install


# ---- learning


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("mode", ["vae", "decoder"])
def test_loss_falls_on_what_is_learned_and_on_what_is_held_out(
    mode: str, precision: str, drawings: Path, tmp_path: Path
) -> None:
    events, _ = trained(tiny(drawings, mode=mode, precision=precision, steps=60, save_every=20), tmp_path)
    losses = [values["L_R"] for values in curve(events).values()]
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.3
    held_out = [
        event.values["held_out_L_R_decoder"]
        for event in events
        if isinstance(event, Metrics) and "held_out_L_R_decoder" in event.values
    ]
    assert len(held_out) == 3 and held_out[2] < held_out[1] < held_out[0]


@pytest.mark.parametrize("cell", ["layer_norm", "hyper"])
def test_other_cells_train_too(cell: str, drawings: Path, tmp_path: Path) -> None:
    events, _ = trained(tiny(drawings, decoder_cell=cell, steps=3), tmp_path)
    assert all(np.isfinite(list(values.values())).all() for values in curve(events).values())
    assert load_model(model_file(tmp_path)).module.config.decoder_cell == cell


def test_every_step_has_an_event(drawings: Path, tmp_path: Path) -> None:
    events, _ = trained(tiny(drawings, steps=10, log_every=4, save_every=5), tmp_path)
    assert [event.step for event in events if isinstance(event, Metrics) and "L_R" in event.values] == [1, 4, 8]
    assert [event.step for event in events if isinstance(event, Heartbeat)] == [2, 3, 6, 7, 9]
    assert [event.step for event in events if isinstance(event, Saved)] == [5, 10]


def test_figures_follow_their_schedules(drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, steps=4, rate_decay=0.5, final_rate=0.001, kl_decay=0.5, kl_start=0.1, kl_weight=2.0)
    events, _ = trained(config, tmp_path)
    for step, values in curve(events).items():
        assert values["learning_rate"] == pytest.approx(0.009 * 0.5**step + 0.001)
        assert values["w_KL"] == pytest.approx(2 * (1 - 0.9 * 0.5**step))
        assert values["L_R"] == pytest.approx(values["L_s"] + values["L_p"])


@pytest.mark.parametrize("limit", ["clip", "max_norm"])
def test_gradients_are_limited_by_value_and_by_norm(limit: str, drawings: Path, tmp_path: Path) -> None:
    run = SketchRun(tiny(drawings, **{limit: 0.0}), tmp_path)
    before = [parameter.clone() for parameter in run.model.parameters()]
    assert run.step() is not None
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))


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


def test_the_model_that_is_kept_is_the_best_and_its_figures_are_true(drawings: Path, tmp_path: Path) -> None:
    edit = [Edit({"learning_rate": 0.9, "max_norm": 1e6})]
    events, result = trained(
        tiny(drawings, steps=16, save_every=2), tmp_path,
        lambda event: edit.pop() if event.step == 10 and edit else None,
    )
    measured = {
        event.step: event.values["held_out_L_R_decoder"]
        for event in events
        if isinstance(event, Metrics) and "held_out_L_R_decoder" in event.values
    }
    best = min(measured, key=lambda step: measured[step])
    assert 2 < best < 16
    header = read_header(model_file(tmp_path))
    assert header.metrics["step"] == best
    assert result["held_out_L_R_decoder"] == header.metrics["held_out_L_R_decoder"] == measured[best]
    model = load_model(model_file(tmp_path))
    valid = load_dataset([drawings], max_points=250, valid_fraction=0.2, test_fraction=0.0).valid
    again = held_out_loss(model.module, pool_of(valid, model.scale_factor), model.longest, padded=False)
    assert again.figures() == pytest.approx({name.removeprefix("held_out_"): v for name, v in result.items()})


# ---- coming back


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("mode", ["vae", "decoder"])
def test_resumed_run_is_the_uninterrupted_one(mode: str, precision: str, drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, mode=mode, precision=precision, rate_decay=0.9, kl_decay=0.9)
    whole, _ = trained(config, tmp_path / "whole")
    first, _ = trained(config, tmp_path / "cut", stop_at(5))
    second, _ = trained(config, tmp_path / "cut")
    assert list(curve(first)) == [1, 2, 3, 4, 5] and list(curve(second)) == [6, 7, 8, 9, 10, 11, 12]
    assert notes(second) == [(5, "info", "Going on from step 5.")]
    assert curve(first) | curve(second) == curve(whole)
    (tensors, numbers), (expected, expected_numbers) = state_of(tmp_path / "cut"), state_of(tmp_path / "whole")
    assert tensors.keys() == expected.keys()
    assert {name.split(".")[0] for name in tensors} == {"model", "optimiser", "random"}
    assert all(torch.equal(tensors[name], expected[name]) for name in tensors)
    assert numbers["random.numpy"] == expected_numbers["random.numpy"]
    assert numbers["step"] == expected_numbers["step"] == 12


def test_finished_run_started_again_does_nothing_and_with_more_steps_goes_on(drawings: Path, tmp_path: Path) -> None:
    _, result = trained(tiny(drawings, steps=4), tmp_path)
    events, again = trained(tiny(drawings, steps=4), tmp_path)
    assert curve(events) == {} and again == result
    events, _ = trained(tiny(drawings, steps=6), tmp_path)
    assert list(curve(events)) == [5, 6]


def test_training_time_counts_across_resumes(drawings: Path, tmp_path: Path) -> None:
    first, _ = trained(tiny(drawings, steps=2), tmp_path)
    second, _ = trained(tiny(drawings, steps=4), tmp_path)
    seconds = [event.seconds for event in first + second if isinstance(event, Metrics) and "L_R" in event.values]
    assert seconds == sorted(seconds) and seconds[0] > 0


@pytest.mark.parametrize(
    "change", [{"mode": "decoder"}, {"decoder_size": 9}, {"decoder_cell": "layer_norm"}, {"mixtures": 3}], ids=str
)
def test_run_folder_of_another_shape_is_refused(change: dict[str, Any], drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings, steps=1), tmp_path)
    before = state_of(tmp_path)
    with pytest.raises(CheckpointError, match="another shape"):
        trained(tiny(drawings, steps=2, **change), tmp_path)
    with pytest.raises(CheckpointError, match="other categories"):
        trained(tiny(drawings / "cat.ndjson", steps=2), tmp_path)
    assert before[1] == state_of(tmp_path)[1]


def test_damaged_state_is_refused_with_a_sentence(drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings, steps=1), tmp_path)
    tensors, numbers = state_of(tmp_path)
    path = tmp_path / "checkpoints" / "state.safetensors"
    for left_out in ("random.torch", "optimiser.0.exp_avg", "model.output.bias"):
        save_state(path, {name: tensor for name, tensor in tensors.items() if name != left_out}, numbers)
        with pytest.raises(CheckpointError, match="damaged"):
            trained(tiny(drawings, steps=2), tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        trained(tiny(drawings, steps=2), tmp_path)


def test_killed_child_leaves_a_run_that_goes_on_as_if_it_had_not_been(drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, steps=10_000_000, save_every=5)
    process = TrainerProcess(TRAINERS["sketch"], to_json(config), tmp_path / "run")
    events: list[Event | Ended] = []
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()

    def until(condition: Callable[[], bool]) -> None:
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain: {events[-3:]}"
            pause.wait(0.01)
            events.extend(process.poll())

    try:
        until(lambda: any(isinstance(event, Saved) for event in events))
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: isinstance(events[-1], Ended))
    finally:
        process.close()
        process.terminate()
        process.join(PATIENCE)
    ended = events[-1]
    assert isinstance(ended, Ended) and ended.kind == "killed"
    folder = RunFolder(tmp_path / "run")
    assert folder.state == "interrupted"
    saved = int(state_of(folder.path)[1]["step"])
    assert saved % 5 == 0
    assert len([point for point in folder.metrics() if "L_R" in point.values]) >= saved
    finished = replace(config, steps=saved + 3)
    resumed: list[Event] = []
    run_recorded(TRAINERS["sketch"], finished, folder.path, on_event=resumed.append)
    assert notes(resumed) == [(saved, "info", f"Going on from step {saved}.")]
    assert list(curve(resumed)) == [saved + 1, saved + 2, saved + 3]
    assert folder.state == "finished"
    recorded = curve(folder.metrics())
    assert list(recorded) == list(range(1, saved + 4))
    uninterrupted, _ = trained(finished, tmp_path / "whole")
    assert recorded == curve(uninterrupted)


# ---- bad steps


def test_step_without_a_finite_loss_changes_nothing_and_is_counted(
    drawings: Path, tmp_path: Path, spoil: Callable[[Callable[[int], bool]], None]
) -> None:
    spoil(lambda step: step in (2, 4))
    run = SketchRun(tiny(drawings), tmp_path)
    assert run.step() is not None
    before = [parameter.clone() for parameter in run.model.parameters()]
    assert run.step() is None
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))
    assert run.step() is not None
    assert not all(torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))


def test_skipped_steps_are_told(
    drawings: Path, tmp_path: Path, spoil: Callable[[Callable[[int], bool]], None]
) -> None:
    spoil(lambda step: step in (2, 4, 5))
    events, _ = trained(tiny(drawings, steps=6), tmp_path)
    assert [(step, level) for step, level, _ in notes(events)] == [(2, "warning"), (4, "warning"), (5, "warning")]
    assert "(3 so far)" in notes(events)[-1][2]
    assert {step: values["skipped"] for step, values in curve(events).items()} == {1: 0, 3: 1, 6: 3}


def test_three_bad_steps_in_a_row_go_back_to_the_last_checkpoint_at_half_the_rate(
    drawings: Path, tmp_path: Path, spoil: Callable[[Callable[[int], bool]], None]
) -> None:
    spoil(lambda step: step in (6, 7, 8))
    config = tiny(drawings, steps=10, save_every=4, rate_decay=1.0)
    taken: list[Event] = []
    seen: list[dict[str, Tensor]] = []

    def look(event: Event) -> None:
        taken.append(event)
        if isinstance(event, Saved):
            seen.append(state_of(tmp_path)[0])

    drive(train(config, tmp_path), look)
    step, level, text = notes(taken)[-1]
    assert (step, level) == (8, "warning")
    assert "back to step 4 with 0.5 of the learning rate" in text
    later = taken[[isinstance(event, Note) for event in taken].index(True) + 3 :]
    assert list(curve(later)) == [5, 6, 7, 8, 9, 10]
    assert {values["learning_rate"] for values in curve(later).values()} == {0.005}
    assert {values["skipped"] for values in curve(later).values()} == {3.0}
    # The parameters and the optimiser are those of step 4; the random numbers are others, or the same would follow.
    assert all(torch.equal(seen[0][name], seen[1][name]) for name in seen[0] if name != "random.torch")
    assert not torch.equal(seen[0]["random.torch"], seen[1]["random.torch"])
    resumed, _ = trained(replace(config, steps=11), tmp_path)
    assert curve(resumed)[11]["learning_rate"] == 0.005


def test_rate_is_halved_each_time_also_without_a_checkpoint_in_between(
    drawings: Path, tmp_path: Path, spoil: Callable[[Callable[[int], bool]], None]
) -> None:
    spoil(lambda step: 5 < step < 12)
    events, _ = trained(tiny(drawings, steps=8, save_every=5, rate_decay=1.0), tmp_path)
    back = [text for _, _, text in notes(events) if "back to step 5" in text]
    assert len(back) == 2 and "with 0.5 of" in back[0] and "with 0.25 of" in back[1]
    assert curve(events)[7]["learning_rate"] == 0.0025


def test_without_a_checkpoint_bad_steps_are_skipped(
    drawings: Path, tmp_path: Path, spoil: Callable[[Callable[[int], bool]], None]
) -> None:
    spoil(lambda step: step < 6)
    events, _ = trained(tiny(drawings, steps=7), tmp_path)
    assert [step for step, _, _ in notes(events)] == [1, 2, 3, 4, 5]
    assert list(curve(events)) == [6, 7]


def test_run_whose_loss_stays_bad_is_given_up(
    drawings: Path, tmp_path: Path, spoil: Callable[[Callable[[int], bool]], None]
) -> None:
    spoil(lambda step: step > 2)
    with pytest.raises(TrainingError, match="lower learning rate"):
        trained(tiny(drawings, steps=1000, save_every=2), tmp_path)
    assert all(tensor.isfinite().all() for tensor in load_checkpoint(model_file(tmp_path), "sketch")[0].values())


# ---- commands


def test_live_edits_count_from_the_next_step(drawings: Path, tmp_path: Path) -> None:
    def at(event: Event) -> Command | None:
        if not isinstance(event, Metrics):
            return None
        return {2: Edit({"learning_rate": 0.002, "kl_weight": 3.0}), 4: Edit({"steps": 5})}.get(event.step)

    events, _ = trained(tiny(drawings, rate_decay=1.0), tmp_path, at)
    rates = {step: values["learning_rate"] for step, values in curve(events).items()}
    assert rates == {1: 0.01, 2: 0.01, 3: 0.002, 4: 0.002, 5: 0.002}
    assert curve(events)[3]["w_KL"] > 4 * curve(events)[2]["w_KL"]
    assert notes(events) == [
        (2, "info", "Changed: learning_rate = 0.002, kl_weight = 3.0."), (4, "info", "Changed: steps = 5.")
    ]


@pytest.mark.parametrize(
    "changes", [{"batch_size": 4}, {"learning_rate": 7.0}, {"warmth": 1.0}, {"steps": "many"}], ids=str
)
def test_refused_edit_is_answered_and_changes_nothing(changes: Any, drawings: Path, tmp_path: Path) -> None:
    plain, _ = trained(tiny(drawings, steps=4), tmp_path / "plain")
    events, _ = trained(
        tiny(drawings, steps=4), tmp_path / "edited",
        lambda event: Edit(changes) if isinstance(event, Metrics) and event.step == 2 else None,
    )
    (note,) = notes(events)
    assert note[:2] == (2, "warning") and next(iter(changes)) in note[2]
    assert curve(events) == curve(plain)


def test_each_of_several_edits_in_a_row_is_answered(drawings: Path, tmp_path: Path) -> None:
    edits = [Edit({"learning_rate": rate}) for rate in (0.004, 5.0, 0.002)]
    config = tiny(drawings, steps=2, rate_decay=1.0)
    events, _ = trained(config, tmp_path, lambda _event: edits.pop(0) if edits else None)
    assert [level for _, level, _ in notes(events)] == ["info", "warning", "info"]
    assert curve(events)[2]["learning_rate"] == 0.002


@pytest.mark.parametrize("kind", [Metrics, Arrays, Saved])
def test_stop_at_any_of_the_events_of_a_step_is_obeyed(kind: type[Event], drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, sample_every=2, save_every=2)
    events, _ = trained(
        config, tmp_path, lambda event: Stop() if isinstance(event, kind) and event.step == 2 else None
    )
    assert list(curve(events)) == [1, 2] and state_of(tmp_path)[1]["step"] == 2


def test_stop_saves_and_may_be_said_at_every_event_until_the_end(drawings: Path, tmp_path: Path) -> None:
    events, result = trained(tiny(drawings), tmp_path, stop_at(3))
    assert list(curve(events)) == [1, 2, 3]
    assert events[-1] == Saved(3, str(tmp_path / "checkpoints" / "state.safetensors"))
    assert state_of(tmp_path)[1]["step"] == 3
    assert result and read_header(model_file(tmp_path)).metrics["step"] == 3


def test_commands_at_the_first_event_of_a_resumed_run_are_obeyed(drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, rate_decay=1.0)
    trained(config, tmp_path, stop_at(2))
    events, _ = trained(config, tmp_path, lambda _event: Stop())
    assert curve(events) == {} and state_of(tmp_path)[1]["step"] == 2
    edit = [Edit({"learning_rate": 0.003})]
    events, _ = trained(config, tmp_path, lambda _event: edit.pop() if edit else None)
    assert notes(events)[1] == (2, "info", "Changed: learning_rate = 0.003.")
    assert curve(events)[3]["learning_rate"] == 0.003


def test_abandoned_run_has_only_what_was_saved(drawings: Path, tmp_path: Path) -> None:
    job = train(tiny(drawings, save_every=2), tmp_path)
    for event in job:
        if event.step == 3:
            break
    job.close()
    assert state_of(tmp_path)[1]["step"] == 2


def test_minutes_end_a_run_and_stay_over_when_it_is_resumed(drawings: Path, tmp_path: Path) -> None:
    config = tiny(drawings, minutes=1e-9)
    events, _ = trained(config, tmp_path)
    assert list(curve(events)) == [1] and isinstance(events[-1], Saved)
    assert curve(trained(config, tmp_path)[0]) == {}
    edit = [Edit({"minutes": 1e-9})]
    events, _ = trained(
        replace(config, minutes=0.0), tmp_path, lambda event: edit.pop() if event.step == 3 and edit else None
    )
    assert list(curve(events)) == [2, 3]


# ---- samples


def test_samples_are_a_sheet_of_the_models_drawings_in_the_units_of_the_data(drawings: Path, tmp_path: Path) -> None:
    events, _ = trained(
        tiny(drawings, steps=6, sample_every=3, valid_fraction=0.0), tmp_path
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


# ---- data and starts


def test_model_file_says_what_it_is(drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings, steps=2, name="zigzags"), tmp_path)
    header = read_header(model_file(tmp_path))
    assert (header.kind, header.name) == ("sketch", "zigzags")
    assert "60 drawings of 2 files, 2 categories" in header.data
    assert header.extra["training"]["valid_fraction"] == 0.2 and header.extra["box"] == 255.0
    assert header.command.startswith("python -m engine train sketch --data ") and "--steps 2" in header.command
    model = load_model(model_file(tmp_path))
    train_part = load_dataset([drawings], max_points=250, valid_fraction=0.2, test_fraction=0.0).train
    assert model.categories == ("cat", "dog") and model.longest == max(len(e.stroke3) for e in train_part)
    spread = np.concatenate([example.stroke3[:, :2].ravel() for example in train_part]).std(dtype=np.float64)
    assert model.scale_factor == pytest.approx(float(spread))


def test_decoder_alone_has_no_latent(drawings: Path, tmp_path: Path) -> None:
    events, result = trained(tiny(drawings, steps=2, mode="decoder"), tmp_path)
    assert all(values["L_KL"] == 0 and values["w_KL"] == 0 for values in curve(events).values())
    assert set(result) == {"held_out_L_R_decoder"}
    assert not load_model(model_file(tmp_path)).has_encoder


def test_one_category_needs_no_vector_for_it(drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings / "cat.ndjson", steps=2), tmp_path)
    model = load_model(model_file(tmp_path))
    assert model.categories == ("cat",) and model.module.config.class_size == 0


def test_extra_drawings_have_their_share_of_each_batch_and_are_never_held_out(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = tmp_path / "extra.ndjson"
    write(extra, "cat", 12, lambda i, k: (20.0 * k, (90.0 + i) * (k % 2)), points=11)
    with extra.open("a") as file:
        file.write(to_ndjson_line(make_drawing([[(0, 0), (90, 90), (0, 50)]], "unknown")))
    taken: list[Batch] = []
    following = BatchSource.next

    def spy(self: BatchSource, *args: Any) -> Batch:
        taken.append(following(self, *args))
        return taken[-1]

    monkeypatch.setattr(BatchSource, "next", spy)
    pools: list[int] = []

    def counted(examples: Sequence[Example], scale: float) -> DrawingPool:
        pools.append(len(examples))
        return pool_of(examples, scale)

    monkeypatch.setattr(run_module, "pool_of", counted)
    config = tiny(drawings, steps=5, extra_data=(str(extra),), extra_share=0.25, point_drop=0.0)
    trained(config, tmp_path / "run")
    valid, extra_pool, main = pools
    assert extra_pool == 12 and valid + main == 60
    for batch in taken:
        assert (batch.lengths >= 11).sum() == 2 and len(batch.lengths) == 8
        assert set(batch.categories[batch.lengths >= 11]) == {0}
    header = read_header(model_file(tmp_path / "run"))
    assert header.extra["longest"] >= 11
    assert "for training also 12 drawings" in header.data
    alone = read_header(model_file(tmp_path / "run")).extra["scale_factor"]
    trained(tiny(drawings, steps=1), tmp_path / "without")
    assert read_header(model_file(tmp_path / "without")).extra["scale_factor"] == alone


def test_start_from_another_model_draws_as_it_does(drawings: Path, tmp_path: Path) -> None:
    """At the first step the density of a drawing, in the units of the data, is that of the model started from."""
    source_path = tiny_checkpoint(tmp_path / "source.safetensors", categories=("cat",), mode="decoder")
    config = tiny(drawings / "cat.ndjson", mode="decoder", decoder_size=8, initial=str(source_path))
    run = SketchRun(config, tmp_path / "run")
    source = load_model(source_path)
    assert run.scale != pytest.approx(source.scale_factor, rel=0.01)
    given = np.random.default_rng(0).normal(0, 40, (10, 3)).astype(np.float32)
    given[:, 2] = [0, 0, 1] * 3 + [1]
    densities = []
    for module, scale in ((run.model, run.scale), (source.module, source.scale_factor)):
        points = torch.from_numpy(replace(source, scale_factor=scale).as_points(given))
        with torch.no_grad():
            mixture = module.decode(points[:-1], module.condition(None, None, torch.tensor([0])))
        offsets = mixture.log_density(points[1:, :, 0], points[1:, :, 1]) - 2 * np.log(scale)
        densities.append((offsets[:-1], mixture.pen_logits.log_softmax(dim=-1)))
    torch.testing.assert_close(densities[0], densities[1], rtol=1e-4, atol=1e-4)
    trained(replace(config, steps=1), tmp_path / "run")
    assert "decoder started from source (made up)" in read_header(model_file(tmp_path / "run")).data


def test_start_from_a_model_that_does_not_fit_is_refused(drawings: Path, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "source.safetensors", categories=("cat",), mode="decoder")
    tensors, header = load_checkpoint(path, "sketch")

    def refused(match: str, **changes: Any) -> None:
        config = tiny(drawings, initial=str(path), **changes)
        with pytest.raises(TrainingError, match=match):
            SketchRun(config, tmp_path / "run")

    refused("another shape", decoder_size=16)
    refused("another shape", mixtures=5)
    refused("another shape", decoder_cell="layer_norm")
    save_checkpoint(path, {name: t for name, t in tensors.items() if name != "decoder.weight_ih"}, header)
    refused("another shape")
    save_checkpoint(path, tensors, replace(header, extra={}))
    refused("scale factor")
    path.write_bytes(b"no model")
    with pytest.raises(CheckpointError):
        SketchRun(tiny(drawings, initial=str(path)), tmp_path / "run")


def test_data_that_cannot_be_used_is_refused_with_a_sentence(drawings: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Choose the drawings"):
        trained(replace(tiny(drawings), data=()), tmp_path)
    with pytest.raises(BadFileError, match="no file or folder"):
        trained(tiny(tmp_path / "nowhere"), tmp_path)
    with pytest.raises(TrainingError, match="No drawing could be used"):
        trained(tiny(drawings, max_points=2), tmp_path)
    with pytest.raises(TrainingError, match="batch_size"):
        trained(tiny(drawings, batch_size=0), tmp_path)
    assert not (tmp_path / "checkpoints").exists()
