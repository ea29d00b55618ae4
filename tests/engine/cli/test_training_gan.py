"""`train gan`: every objective trains on the command line, and a group of processes trains one GAN in step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine import paths
from engine.gan.config import OBJECTIVE_NAMES
from engine.runtime.run_folder import open_run
from tests.helpers.commands import command

TINY = (
    "--width", "8", "--critic-width", "8", "--depth", "2", "--batch-size", "8", "--log-every", "1",
    "--sinkhorn-iterations", "5", "--device", "cpu",
)  # fmt: skip


def train(path: Path, *more: object) -> tuple[object, ...]:
    return ("train", "gan", *TINY, "--out", path, "--json", *more)


@pytest.mark.parametrize("objective", OBJECTIVE_NAMES)
def test_every_objective_trains_and_goes_on(objective: str, tmp_path: Path) -> None:
    for steps in (2, 4):
        done = command(*train(tmp_path / "run", "--objective", objective, "--steps", steps))
        assert done.status == 0, done.err
    run = open_run(tmp_path / "run")
    shown = [point for point in run.metrics() if "generator_loss" in point.values]
    assert [point.step for point in shown] == [1, 2, 3, 4] and run.state == "finished"
    assert run.config()["objective"] == objective
    assert done.values["sliced_wasserstein"] > 0 and "Going on from step 2." in done.err


def test_settings_that_do_not_fit_are_refused_in_a_sentence(tmp_path: Path) -> None:
    odd = command(*train(tmp_path / "odd", "--objective", "optimal transport", "--batch-size", 7))
    assert odd.status == 1 and "choose an even batch_size of 4 or more." in odd.err.splitlines()[-1]
    convolving = command(*train(tmp_path / "points", "--network", "dcgan"))
    assert convolving.status == 1 and "need networks of the kind mlp" in convolving.err.splitlines()[-1]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch was built without groups of processes")
def test_a_group_of_processes_trains_one_gan_in_step(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    spectral = train(
        tmp_path / "sn", "--objective", "hinge", "--critic-constraint", "spectral norm", "--ema-decay", 0.9,
        "--steps", 4, "--save-every", 2)
    transport = train(
        tmp_path / "ot", "--objective", "optimal transport", "--matching", "random", "--steps", 4, "--save-every", 2)
    words = [str(word) for args in (spectral, transport) for word in ("--", *args)]
    program = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "tests.helpers.group_member", str(notes), *words,
    ]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(program, cwd=paths.ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    first, second = (
        [json.loads(line) for line in (notes / f"{rank}.jsonl").read_text().splitlines()] for rank in (0, 1)
    )
    assert [line["step"] for line in first] == [line["step"] for line in second] == [2, 4, 2, 4]
    assert [line["weights"] for line in first] == [line["weights"] for line in second]
    assert len({line["weights"] for line in first}) == 4
    assert all(ours["random"] != theirs["random"] for ours, theirs in zip(first, second, strict=True))
    assert {open_run(tmp_path / name).state for name in ("sn", "ot")} == {"finished"}
