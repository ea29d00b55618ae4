"""A training process can be watched, paused, edited, stopped and killed, and its run can always be resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import paths
from engine.errors import SaveError, TrainingError
from engine.runtime.channel import Ended
from engine.runtime.config import to_json
from engine.runtime.job import Arrays, Changed, Command, Edit, Event, Heartbeat, Metrics, Note, Saved, Stop
from engine.runtime.recorder import Recorder
from engine.runtime.run_folder import RunFolder
from engine.runtime.worker import TrainerProcess, run_recorded
from tests.helpers.standin_trainer import STANDIN, StandinConfig

PATIENCE = 30.0
ENDLESS = StandinConfig(steps=10_000_000, wait=0.001)


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        pause.wait(0.005)


class Watched:
    """A training process and all that it has told."""

    def __init__(self, config: Any, run_dir: Path) -> None:
        """Start it."""
        self.folder = RunFolder(run_dir)
        self.events: list[Event | Ended] = []
        values = config if isinstance(config, dict) else to_json(config)
        self.process = TrainerProcess(STANDIN, values, run_dir)

    def poll(self) -> None:
        self.events += self.process.poll()

    def until(self, condition: Callable[[], Any]) -> None:
        def polled() -> Any:
            self.poll()
            return condition()

        wait_until(polled)

    def end(self) -> Ended:
        self.until(lambda: self.events and isinstance(self.events[-1], Ended))
        self.process.join(PATIENCE)
        ended = self.events[-1]
        assert isinstance(ended, Ended) and not self.process.is_alive
        return ended

    def steps(self) -> list[int]:
        return [event.step for event in self.events if isinstance(event, Metrics)]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    started: list[Watched] = []

    def start(config: Any, name: str = "run") -> Watched:
        started.append(Watched(config, tmp_path / name))
        return started[-1]

    yield start
    for each in started:
        each.process.close()
        each.process.terminate()
        each.process.join(PATIENCE)


Watch = Callable[..., Watched]


def test_finished_run_tells_everything_and_records_it(watch: Watch) -> None:
    watched = watch(StandinConfig(steps=30))
    ended = watched.end()
    assert ended == Ended("finished", "", {"loss": 1 / 30})
    assert watched.steps() == list(range(1, 31))
    assert any(isinstance(event, Saved) for event in watched.events)
    assert any(isinstance(event, Arrays) for event in watched.events)
    assert not any(isinstance(event, Heartbeat) for event in watched.events)
    assert watched.folder.state == "finished"
    assert [point.step for point in watched.folder.metrics()] == watched.steps()
    assert watched.process.poll() == []


def test_stop_saves_and_the_run_goes_on_from_there(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(watched.steps)
    watched.process.send(Stop())
    assert watched.end().kind == "stopped"
    assert watched.folder.state == "stopped"
    saved = next(event.step for event in watched.events if isinstance(event, Saved))
    again = watch(replace(ENDLESS, steps=saved + 5))
    assert again.end().kind == "finished"
    assert Note(saved, "info", f"Going on from step {saved}.") in again.events
    assert [point.step for point in again.folder.metrics()] == list(range(1, saved + 6))


def test_killed_child_ends_as_killed_and_stays_resumable(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(lambda: len(watched.steps()) > 20)
    os.kill(watched.process.pid, signal.SIGKILL)
    ended = watched.end()
    assert ended.kind == "killed" and "can be resumed" in ended.text
    assert watched.folder.state == "interrupted"
    recorded = [point.step for point in watched.folder.metrics()]
    assert recorded[: len(watched.steps())] == watched.steps()
    again = watch(replace(ENDLESS, steps=50))
    assert again.end().kind == "finished"
    assert [point.step for point in again.folder.metrics()] == list(range(1, 51))


def test_a_polite_end_from_the_system_saves(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(watched.steps)
    os.kill(watched.process.pid, signal.SIGTERM)
    assert watched.end().kind == "stopped"
    assert any(isinstance(event, Saved) for event in watched.events)


PARENT = """
import sys, time
from pathlib import Path
from engine.runtime.config import to_json
from engine.runtime.worker import TrainerProcess
from tests.helpers.standin_trainer import STANDIN, StandinConfig

if __name__ == "__main__":
    process = TrainerProcess(STANDIN, to_json(StandinConfig(steps=10_000_000, wait=0.001)), Path(sys.argv[1]))
    while not process.poll():
        pass
    if sys.argv[2] == "paused":
        process.pause()
    print(process.pid, flush=True)
    if sys.argv[2] == "exits":
        sys.exit()
    time.sleep(600)
"""


@pytest.mark.parametrize("manner", ["killed", "paused", "exits"])
def test_child_saves_and_stops_when_its_parent_dies(tmp_path: Path, manner: str) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    folder = RunFolder(tmp_path / "run")
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT)}
    with subprocess.Popen(
        [sys.executable, str(script), str(folder.path), manner], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) > 0
        if manner != "exits":
            parent.kill()
        parent.wait(PATIENCE)
    wait_until(lambda: folder.state == "stopped")
    assert (folder.path / "checkpoints" / "state.json").exists()


def test_pause_really_pauses_and_resume_goes_on(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(watched.steps)
    watched.process.pause()
    # Without a further step the folder stops growing; a run that is not paused makes hundreds in this time.
    seen = [-1]

    def quiet() -> bool:
        threading.Event().wait(0.3)
        seen.append(len(watched.folder.metrics()))
        return seen[-1] == seen[-2]

    watched.until(quiet)
    watched.process.send(Edit({"rate": 0.25}))
    assert quiet() and watched.folder.state == "running"
    watched.poll()
    steps = len(watched.steps())
    watched.process.resume()
    watched.until(lambda: len(watched.steps()) > steps + 5)
    assert any(isinstance(event, Metrics) and event.values["rate"] == 0.25 for event in watched.events)


def test_stop_ends_a_paused_run(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(watched.steps)
    watched.process.pause()
    watched.process.send(Stop())
    assert watched.end().kind == "stopped"


def test_edits_arrive_all_of_them_and_a_resumed_run_keeps_them(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(watched.steps)
    for changes in ({"rate": 0.5}, {"kind": "rough"}, {"shuffle": False}, {"rate": 7.0}):
        watched.process.send(Edit(changes))
    watched.until(lambda: len([event for event in watched.events if isinstance(event, Note | Changed)]) == 5)
    answers = [event for event in watched.events if isinstance(event, Note | Changed)][1:]
    assert [type(answer) for answer in answers] == [Changed, Note, Changed, Note]
    assert "cannot be changed" in answers[1].text and "between" in answers[3].text
    config = watched.folder.config()
    assert (config["rate"], config["kind"], config["shuffle"]) == (0.5, "smooth", False)


def test_engine_error_comes_over_as_its_sentence(watch: Watch) -> None:
    watched = watch(StandinConfig(data=("missing",)))
    assert watched.end() == Ended("failed", "The file 'missing' does not exist; choose another one.")
    assert watched.folder.state == "failed"
    assert not (watched.folder.path / "error.txt").exists()


def test_unknown_field_is_refused_with_its_name(watch: Watch) -> None:
    ended = watch(to_json(StandinConfig()) | {"momentum": 0.9}).end()
    assert ended.kind == "failed" and "'momentum'" in ended.text


def test_unexpected_error_is_one_sentence_and_leaves_its_traceback(watch: Watch) -> None:
    watched = watch(StandinConfig(fail_at=3))
    ended = watched.end()
    assert ended.kind == "failed" and "ValueError: no such luck" in ended.text and "\n" not in ended.text
    assert "Traceback" in (watched.folder.path / "error.txt").read_text()
    assert [point.step for point in watched.folder.metrics()] == [1, 2]


def test_second_process_leaves_a_going_run_alone(watch: Watch) -> None:
    first = watch(ENDLESS)
    first.until(first.steps)
    assert "another process" in watch(ENDLESS).end().text
    assert first.folder.state == "running"


def test_recorded_in_this_process_each_event_is_on_disk_before_it_is_seen(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")

    def on_event(event: Event) -> None:
        if isinstance(event, Metrics):
            assert folder.metrics()[-1] == event

    assert run_recorded(STANDIN, StandinConfig(steps=4), folder.path, on_event=on_event) == {"loss": 0.25}
    assert folder.state == "finished" and folder.trainer == "standin"


def test_recorded_in_this_process_stop_is_obeyed(tmp_path: Path) -> None:
    run_recorded(STANDIN, ENDLESS, tmp_path / "run", next_command=Stop)
    assert RunFolder(tmp_path / "run").state == "stopped"


def test_interrupt_from_the_keyboard_leaves_an_interrupted_run(tmp_path: Path) -> None:
    def interrupt() -> Command | None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_recorded(STANDIN, ENDLESS, tmp_path / "run", next_command=interrupt)
    assert RunFolder(tmp_path / "run").state == "interrupted"


def test_full_disk_ends_the_run_and_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Recorder.record

    def full_at_three(self: Recorder, event: Event) -> None:
        if event.step == 3 and isinstance(event, Metrics):
            raise SaveError("No room.")
        record(self, event)

    monkeypatch.setattr(Recorder, "record", full_at_three)
    with pytest.raises(SaveError):
        run_recorded(STANDIN, ENDLESS, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    assert folder.state == "failed"
    assert [point.step for point in folder.metrics()] == [1, 2]


def test_only_the_first_process_under_torchrun_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    steps: list[int] = []
    run_recorded(STANDIN, StandinConfig(steps=3), tmp_path / "run", on_event=lambda event: steps.append(event.step))
    assert steps and not (tmp_path / "run" / "metrics.jsonl").exists()


def test_process_that_cannot_be_started_is_a_training_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    with pytest.raises(TrainingError, match="cannot be started"):
        TrainerProcess(STANDIN, {}, tmp_path / "run")


def test_child_is_nice_and_leaves_a_core_to_the_window(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(watched.steps)
    assert os.getpriority(os.PRIO_PROCESS, watched.process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5


def test_status_names_the_process_that_trains(watch: Watch) -> None:
    watched = watch(ENDLESS)
    watched.until(watched.steps)
    assert json.loads((watched.folder.path / "status.json").read_text())["pid"] == watched.process.pid
