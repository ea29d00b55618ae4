"""`reproduce`: the runs of an experiment are made in order, kept, gone on with, and told in a table."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import paths
from engine.cli import reproduce as module
from engine.cli.training import record_run
from engine.experiments import ready
from engine.experiments.experiment import Column, Experiment, PlannedRun, Results, Verdict, last
from engine.runtime.job import Event, Heartbeat
from engine.runtime.run_folder import RunFolder, create_run, open_run
from engine.runtime.worker import run_recorded
from engine.trainers import TRAINERS, Trainer
from tests.helpers.commands import command, refusal
from tests.helpers.tiny_run import TinyConfig

TINY = Trainer(
    "tiny", "Tiny", "tests.helpers.tiny_run:TinyConfig", "tests.helpers.tiny_run:train", "tests.helpers.tiny_run:NONE")


def judged(found: Results) -> Verdict:
    slow, fast = found["slow, by 0.01"]["error"], found["fast"]["error"]
    return Verdict(fast < slow, f"Errors of {slow:.3g} and {fast:.3g}.")


def experiment(*columns: Column, name: str = "race", claim: str = "fast is better") -> Experiment:
    return Experiment(
        name, "Who is nearer?", "Two speeds.", ("claim",),
        (PlannedRun("slow, by 0.01", "tiny", TinyConfig(learning_rate=0.01)), PlannedRun("fast", "tiny", TinyConfig())),
        claim, "Nobody 2020, eq. 1", (Column("error", last("error"), "low"), *columns), judged,
    )


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def know(*experiments: Experiment) -> None:
        monkeypatch.setattr(ready, "EXPERIMENTS", {each.name: each for each in experiments})

    monkeypatch.setitem(TRAINERS, "tiny", TINY)
    know(experiment(), experiment(name="starter", claim=""))
    return know


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders of the runs that were trained, in order."""
    names: list[str] = []

    def noted(known: Trainer, config: Any, path: Path, *more: Any) -> Mapping[str, float]:
        names.append(path.name)
        return record_run(known, config, path, *more)

    monkeypatch.setattr(module, "record_run", noted)
    return names


def last_words(*args: object) -> str:
    """The sentence with which a command gives up that had begun."""
    done = command(*args)
    assert done.status == 1
    return done.err.splitlines()[-1]


def errors(root: Path) -> list[float]:
    return [last("error")(open_run(root / name)) for name in ("slow-by-0.01", "fast")]


def test_runs_are_made_in_order_and_told(made: list[str], tmp_path: Path) -> None:
    done = command("reproduce", "race", "--out", tmp_path, "--table", tmp_path / "found.md")
    assert done.status == 0 and made == ["slow-by-0.01", "fast"]
    slow, fast = errors(tmp_path / "reproduce-race")
    assert fast < slow
    assert done.out.splitlines() == [
        "### Who is nearer?", "", "**Claim** (Nobody 2020, eq. 1): fast is better", "", "| run | error |", "|---|---|",
        f"| slow, by 0.01 | {slow:.4g} |", f"| fast | {fast:.4g} |", "",
        f"**Agrees.** Errors of {slow:.3g} and {fast:.3g}.", "",
    ]
    assert (tmp_path / "found.md").read_text() == done.out.removesuffix("\n")
    assert "race: slow, by 0.01 (1 of 2)" in done.err and "race: fast (2 of 2)" in done.err


def test_finished_runs_are_kept(made: list[str], tmp_path: Path) -> None:
    first = command("reproduce", "race", "--out", tmp_path)
    second = command("reproduce", "race", "--out", tmp_path)
    assert made == ["slow-by-0.01", "fast"] and second.out == first.out


def test_an_interrupted_run_goes_on_where_it_was(made: list[str], tmp_path: Path) -> None:
    command("reproduce", "race", "--out", tmp_path / "straight")
    path = tmp_path / "cut" / "reproduce-race" / "slow-by-0.01"
    create_run("tiny", TinyConfig(learning_rate=0.01), path)

    def die(event: Event) -> None:
        if event == Heartbeat(13):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_recorded(TINY, TinyConfig(learning_rate=0.01), path, on_event=die)
    assert open_run(path).state == "interrupted"
    done = command("reproduce", "race", "--out", tmp_path / "cut")
    assert "Going on from step 10." in done.err and made[2:] == ["slow-by-0.01", "fast"]
    assert errors(tmp_path / "cut" / "reproduce-race") == errors(tmp_path / "straight" / "reproduce-race")


def test_an_interrupt_stops_with_what_is_there_and_the_rest_is_made_later(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_progress: object, event: Event) -> None:
        if event == Heartbeat(13):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("engine.cli.training._show", interrupt)
    stopped = command("reproduce", "race", "--out", tmp_path, "--table", tmp_path / "found.md")
    assert stopped.status == 0 and made == ["slow-by-0.01"]
    assert "gree" not in stopped.out and not (tmp_path / "found.md").exists()
    assert open_run(tmp_path / "reproduce-race" / "slow-by-0.01").state == "stopped"
    monkeypatch.setattr("engine.cli.training._show", lambda *_args: None)
    assert "**Agrees.**" in command("reproduce", "race", "--out", tmp_path).out
    assert made == ["slow-by-0.01", "slow-by-0.01", "fast"]


def test_a_claim_that_does_not_hold_is_told_so(known: Callable[..., None], tmp_path: Path) -> None:
    other = experiment()
    known(Experiment(**{**vars(other), "verdict": lambda _found: Verdict(False, "It was the other way round.")}))
    assert "**Does not agree.** It was the other way round." in command("reproduce", "race", "--out", tmp_path).out


def test_a_figure_that_is_missing_gives_a_dash_and_no_verdict(known: Callable[..., None], tmp_path: Path) -> None:
    known(experiment(Column("nothing", last("nothing")), Column("elsewhere", last("error"), trainer="other")))
    out = command("reproduce", "race", "--out", tmp_path).out
    assert "| run | error | nothing | elsewhere |" in out and out.count("| – | – |") == 2 and "gree" not in out


def test_a_run_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    command("reproduce", "race", "--out", tmp_path)
    (tmp_path / "reproduce-race" / "fast" / "config.json").write_text("{")
    assert "config.json is damaged" in last_words("reproduce", "race", "--out", tmp_path)


def test_a_run_that_goes_on_elsewhere_is_left_alone(tmp_path: Path) -> None:
    folder = create_run("tiny", TinyConfig(learning_rate=0.01), tmp_path / "reproduce-race" / "slow-by-0.01")
    folder.write_status("running")
    assert "is going on in another process" in last_words("reproduce", "race", "--out", tmp_path)


def test_all_claims_are_made_among_the_person_s_runs(made: list[str], known: Callable[..., None]) -> None:
    known(experiment(), experiment(name="again"), experiment(name="starter", claim=""))
    done = command("reproduce", "all")
    assert done.out.count("### Who is nearer?") == 2 and len(made) == 4
    assert sorted(path.name for path in paths.runs().iterdir()) == ["reproduce-again", "reproduce-race"]


@pytest.mark.parametrize("name", ["unicorn", "starter"])
def test_an_unknown_name_is_refused_and_makes_nothing(name: str, tmp_path: Path) -> None:
    sentence = refusal("reproduce", name, "--out", tmp_path)
    assert f"no experiment called '{name}'; known are: race." in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = command("reproduce", "race", "--out", tmp_path / "runs", "--table", tmp_path / "file" / "found.md")
    assert done.status == 1 and "could not be saved" in done.err
    assert RunFolder(tmp_path / "runs" / "reproduce-race" / "fast").state == "finished"


def test_a_run_of_other_settings_is_not_taken_for_the_planned_one(tmp_path: Path, made: list[str]) -> None:
    folder = create_run("tiny", TinyConfig(learning_rate=0.02), tmp_path / "reproduce-race" / "slow-by-0.01")
    run_recorded(TINY, TinyConfig(learning_rate=0.02), folder.path)
    said = last_words("reproduce", "race", "--out", tmp_path)
    assert "other settings than 'slow, by 0.01' has now" in said and "--out" in said
    assert made == [] and open_run(folder.path).config()["learning_rate"] == 0.02
