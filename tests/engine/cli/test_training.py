"""`train sketch`: a run is made, goes on, stops when asked, and may be shared by a group of processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import paths
from engine.cli import training
from engine.cli.report import Progress
from engine.runtime.job import Event, Metrics
from engine.runtime.run_folder import RunFolder, list_runs, open_run
from engine.sketch.config import SketchTrainConfig
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.sketch_model import load_model
from engine.sketch.strokes import make_drawing
from engine.trainers import TRAINERS
from tests.helpers.commands import command, refusal
from tests.helpers.standin_trainer import STANDIN

TINY = (
    "--encoder-size", "8", "--decoder-size", "8", "--latent-size", "2", "--mixtures", "2", "--class-size", "2",
    "--batch-size", "4", "--log-every", "1", "--valid-fraction", "0.3", "--name", "zoo", "--device", "cpu",
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "zoo.ndjson"
    rng = np.random.default_rng(0)
    drawings = [make_drawing([rng.integers(0, 256, (6, 2)).astype(float)], word) for word in ("cat", "dog") * 15]
    path.write_text("".join(map(to_ndjson_line, drawings)))
    return path


def train(data: Path, *more: object) -> tuple[object, ...]:
    return ("train", "sketch", "--data", data, *TINY, *more)


def steps(folder: RunFolder) -> list[int]:
    return [point.step for point in folder.metrics() if "L_R" in point.values]


def test_a_run_is_made_where_it_is_wanted(data: Path, tmp_path: Path) -> None:
    done = command(*train(data, "--steps", 5, "--out", tmp_path / "my-run", "--json"))
    assert done.status == 0
    run = open_run(tmp_path / "my-run")
    assert done.values["run"] == str(run.path)
    assert run.state == "finished" and steps(run) == [1, 2, 3, 4, 5]
    assert np.isfinite(done.values["held_out_L_R_decoder"])
    model = load_model(tmp_path / "my-run" / "checkpoints" / "model.safetensors")
    assert model.name == "zoo" and model.categories == ("cat", "dog")


def test_the_same_command_goes_on_with_the_run(data: Path, tmp_path: Path) -> None:
    args = ("--out", tmp_path / "my-run")
    assert command(*train(data, "--steps", 3, *args)).status == 0
    done = command(*train(data, "--steps", 6, *args))
    assert done.status == 0 and "Going on from step 3." in done.err
    assert steps(open_run(tmp_path / "my-run")) == [1, 2, 3, 4, 5, 6]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["my-run"]
    again = command(*train(data, "--steps", 6, *args, "--json"))
    assert again.status == 0 and again.values["run"] == str(tmp_path / "my-run")
    assert steps(open_run(tmp_path / "my-run")) == [1, 2, 3, 4, 5, 6]


def test_without_a_place_a_run_is_made_among_the_person_s(data: Path) -> None:
    done = command(*train(data, "--steps", 1, "--json"))
    (run,) = list_runs()
    assert done.values["run"] == str(run.path) and run.path.parent == paths.runs()


def test_the_preset_gives_the_sizes_and_options_win(data: Path, tmp_path: Path) -> None:
    for words in (("--preset", "paper"), ("--preset=paper",)):
        done = command(*train(data, "--steps", 1, "--out", tmp_path / words[0], *words))
        assert done.status == 0
        config = open_run(tmp_path / words[0]).config()
        assert config["decoder_cell"] == "hyper" and config["decoder_size"] == 8


def test_an_interrupted_run_is_saved_and_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = training._show

    def press(progress: Progress, event: Event) -> None:
        show(progress, event)
        if isinstance(event, Metrics) and event.step == 3 and "L_R" in event.values:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(training, "_show", press)
    args = train(data, "--steps", 100, "--out", tmp_path / "run")
    assert command(*args).status == 0
    assert open_run(tmp_path / "run").state == "stopped"
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.setattr(training, "_show", show)
    done = command(*args, "--steps", 5)
    assert "Going on from step 3." in done.err and steps(open_run(tmp_path / "run")) == [1, 2, 3, 4, 5]


def test_a_second_interrupt_does_not_wait(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def press_twice(_progress: Progress, _event: Event) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(training, "_show", press_twice)
    done = command(*train(data, "--steps", 100, "--out", tmp_path / "run"))
    assert done.status == 130 and done.err.endswith("Stopped.\n")
    assert open_run(tmp_path / "run").state == "interrupted"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--steps", "0"), "steps is 0; it must lie between"),
        (("--learning-rate", "nan"), "learning_rate is nan"),
        (("--data",), "Choose the drawings to learn from"),
        (("--data", "missing.ndjson"), "There is no file or folder missing.ndjson"),
        (("--max-points", "2"), "No drawing could be used"),
        (("--initial", "missing.safetensors"), "missing.safetensors cannot be read"),
    ],
)
def test_what_cannot_be_trained_is_refused(data: Path, tmp_path: Path, more: tuple[str, ...], says: str) -> None:
    done = command(*train(data, "--out", tmp_path / "run", *more))
    assert done.status == 1 and done.out == ""
    assert says in done.err.splitlines()[-1] and "Traceback" not in done.err


def test_a_setting_out_of_range_makes_no_run(data: Path, tmp_path: Path) -> None:
    refusal(*train(data, "--out", tmp_path / "run", "--batch-size", 0))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("more", [("--steps", "many"), ("--mode", "gan"), ("--unknown", "1"), ("--preset", "unicorn")])
def test_wrong_options_are_wrong_usage_and_make_nothing(data: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    done = command(*train(data, "--out", tmp_path / "run", *more))
    assert done.status == 2 and done.out == "" and not (tmp_path / "run").exists()


def test_the_help_says_meaning_range_and_source() -> None:
    out = " ".join(command("train", "sketch", "--help").out.replace("│", " ").split())
    assert "w_KL, the weight of the Kullback-Leibler term. [0 to 10] (eq. 10)" in out


def test_a_run_of_another_model_is_refused_and_stays(data: Path, tmp_path: Path) -> None:
    args = train(data, "--steps", 2, "--out", tmp_path / "run")
    assert command(*args).status == 0
    state = (tmp_path / "run" / "checkpoints" / "state.safetensors").read_bytes()
    done = command(*args, "--decoder-size", 16)
    assert done.status == 1 and "holds networks of another shape" in done.err
    assert (tmp_path / "run" / "checkpoints" / "state.safetensors").read_bytes() == state


def test_a_run_of_another_trainer_is_refused_and_stays(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRAINERS, "standin", STANDIN)
    assert command("train", "standin", "--out", tmp_path / "run").status == 0
    before = (tmp_path / "run" / "config.json").read_bytes()
    assert "holds a run of the trainer 'standin'" in refusal(*train(data, "--out", tmp_path / "run"))
    assert (tmp_path / "run" / "config.json").read_bytes() == before


def test_a_damaged_run_folder_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{")
    assert "config.json is damaged" in refusal(*train(data, "--out", tmp_path / "run"))


def test_a_place_that_is_a_file_is_refused(data: Path) -> None:
    sentence = refusal(*train(data, "--out", data))
    assert "zoo.ndjson" in sentence


def test_a_group_needs_to_be_told_its_folder(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(*_args: object) -> dict[str, float]:
        raise AssertionError("it would wait for the others")

    monkeypatch.setattr(training, "run_recorded", begun)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "say which with --out" in refusal(*train(data))


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch was built without groups of processes")
def test_a_group_of_processes_trains_one_model_in_step(data: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    new = train(data, "--steps", 3, "--save-every", 2, "--out", tmp_path / "run", "--json")
    longer = train(data, "--steps", 6, "--save-every", 2, "--out", tmp_path / "run", "--json")
    # Each process has a clock of its own, and the first to see the time over must not leave the other waiting.
    timed = train(data, "--minutes", 0.001, "--out", tmp_path / "timed", "--json")
    words = [str(word) for args in (new, longer, timed) for word in ("--", *args)]
    program = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "tests.helpers.group_member", str(notes), *words,
    ]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        program, cwd=paths.ROOT, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Traceback" not in done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [report["run"] for report in reports] == [str(tmp_path / "run")] * 2 + [str(tmp_path / "timed")]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["notes", "run", "timed"]
    run = open_run(tmp_path / "run")
    assert run.state == "finished" and steps(run) == [1, 2, 3, 4, 5, 6]
    first, second = (
        [json.loads(line) for line in (notes / f"{rank}.jsonl").read_text().splitlines()] for rank in (0, 1)
    )
    assert [line["step"] for line in first][:4] == [2, 3, 4, 6]
    assert len(first) == len(second)
    for ours, theirs in zip(first, second, strict=True):
        assert ours["step"] == theirs["step"] and ours["weights"] == theirs["weights"]
        assert ours["random"] != theirs["random"]  # or both would learn from the same drawings
    # The timed run takes the same steps anew, as many as there is time for, so only the first four must differ.
    assert len({line["weights"] for line in first[:4]}) == 4


def test_every_setting_is_an_option() -> None:
    out = command("train", "sketch", "--help").out
    assert [name for name in SketchTrainConfig.__dataclass_fields__ if f"--{name.replace('_', '-')}" not in out] == []
