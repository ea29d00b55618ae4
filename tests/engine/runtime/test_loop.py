"""Every training run can be stepped, slowed down, edited, rewound, forked, stopped and resumed on the same curve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import CheckpointError
from engine.runtime.checkpoint_history import MAX_CHECKPOINTS, CheckpointHistory, thinned
from engine.runtime.job import (
    Advance,
    Arrays,
    Changed,
    Command,
    Edit,
    Event,
    Glimpse,
    Heartbeat,
    Metrics,
    Note,
    Phase,
    Rewind,
    Rewound,
    Saved,
    Stop,
    Watch,
    drive,
)
from tests.helpers.tiny_run import TinyConfig, train

CONFIG = TinyConfig()


def trained(
    config: TinyConfig, run_dir: Path, answer: Callable[[Event], Command | None] = lambda _event: None
) -> list[Event]:
    events: list[Event] = []

    def keep(event: Event) -> None:
        events.append(event)

    drive(train(config, run_dir), keep, lambda: answer(events[-1]))
    return events


def losses(events: list[Event]) -> dict[int, float]:
    return {e.step: e.values["loss"] for e in events if isinstance(e, Metrics) and "loss" in e.values}


def of(kind: type[Any], events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def at_heartbeat(step: int, *commands: Command) -> Callable[[Event], Command | None]:
    queue = list(commands)
    return lambda event: queue.pop(0) if queue and isinstance(event, Heartbeat) and event.step >= step else None


def test_a_run_learns_shows_and_saves(tmp_path: Path) -> None:
    events = trained(replace(CONFIG, steps=200), tmp_path)
    assert len(losses(events)) == 200 and losses(events)[200] < 0.1 * losses(events)[1]
    assert [event.step for event in of(Arrays, events)] == list(range(5, 201, 5))
    assert [event.step for event in of(Saved, events)] == list(range(5, 201, 5))
    measured = [e.step for e in of(Metrics, events) if "error" in e.values]
    assert measured[:2] == [5, 10] and measured[-1] == 200
    assert isinstance(events[-1], Heartbeat)


def test_every_step_ends_with_a_heartbeat(tmp_path: Path) -> None:
    events = trained(CONFIG, tmp_path)
    beats = [index for index, event in enumerate(events) if isinstance(event, Heartbeat)]
    assert [events[index].step for index in beats] == list(range(21))


def test_a_stopped_run_goes_on_with_the_same_curve(tmp_path: Path) -> None:
    whole = losses(trained(CONFIG, tmp_path / "whole"))
    first = losses(trained(CONFIG, tmp_path / "halves", at_heartbeat(7, Stop())))
    second = trained(CONFIG, tmp_path / "halves")
    assert max(first) == 7 and of(Note, second)[0].text == "Going on from step 7."
    assert {**first, **losses(second)} == whole


@pytest.mark.parametrize("kind", [Metrics, Arrays, Saved, Heartbeat])
def test_a_stop_is_obeyed_at_any_event_and_may_be_said_until_the_end(kind: type[Event], tmp_path: Path) -> None:
    said: list[Event] = []

    def answer(event: Event) -> Command | None:
        if isinstance(event, kind) and event.step == 5:
            said.append(event)
        return Stop() if said else None

    events = trained(CONFIG, tmp_path, answer)
    assert max(losses(events)) == 5 and len(of(Saved, events)) == 1
    assert of(Note, trained(CONFIG, tmp_path, lambda _event: Stop()))[0].text == "Going on from step 5."
    assert min(losses(trained(CONFIG, tmp_path))) == 6


def test_a_finished_run_does_nothing_more_until_it_gets_more_steps(tmp_path: Path) -> None:
    result = drive(train(CONFIG, tmp_path))
    events: list[Event] = []
    assert drive(train(CONFIG, tmp_path), events.append) == result and not losses(events)
    assert list(losses(trained(replace(CONFIG, steps=22), tmp_path))) == [21, 22]


def test_an_abandoned_run_has_only_what_was_saved(tmp_path: Path) -> None:
    job = train(CONFIG, tmp_path)
    for event in job:
        if event.step == 7:
            break
    job.close()
    assert of(Note, trained(CONFIG, tmp_path))[0].text == "Going on from step 5."


def test_minutes_end_a_run_and_count_across_resumes(tmp_path: Path) -> None:
    config = replace(CONFIG, minutes=1e-9)
    first = trained(config, tmp_path)
    assert list(losses(first)) == [1] and of(Saved, first)
    assert not losses(trained(config, tmp_path))
    longer = trained(replace(config, minutes=0.0, steps=4), tmp_path)
    seconds = [event.seconds for event in of(Metrics, first + longer)]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert list(losses(longer)) == [2, 3, 4]


def test_parts_can_be_taken_alone_and_count_with_the_last(tmp_path: Path) -> None:
    commands = at_heartbeat(2, Advance("slope"), Advance("slope"), Advance("offset"), Advance("step"), Stop())
    events = trained(CONFIG, tmp_path, commands)
    after = events[[isinstance(e, Heartbeat) and e.step == 2 for e in events].index(True) + 1 :]
    shown = [(type(event).__name__, event.step) for event in after if isinstance(event, Metrics | Glimpse)]
    assert shown[:8] == [
        ("Metrics", 2), ("Glimpse", 2), ("Metrics", 2), ("Glimpse", 2), ("Metrics", 3), ("Glimpse", 3), ("Metrics", 4),
        ("Glimpse", 4),
    ]


def test_slow_motion_tells_each_moment_and_comes_to_the_same_weights(tmp_path: Path) -> None:
    slow = at_heartbeat(1, *[Advance("phase")] * 9)
    events = trained(CONFIG, tmp_path / "slow", slow)
    told = [(event.part, event.name) for event in of(Phase, events)]
    moments = ("sample", "score", "gradient", "update")
    assert told == [(part, name) for part in ("slope", "offset") for name in moments]
    assert losses(events) == losses(trained(CONFIG, tmp_path / "fast"))


def test_a_step_begun_in_slow_motion_is_finished_by_going_on(tmp_path: Path) -> None:
    events = trained(CONFIG, tmp_path / "slow", at_heartbeat(1, *[Advance("phase")] * 3))
    assert len(of(Phase, events)) == 3
    assert losses(events) == losses(trained(CONFIG, tmp_path / "fast"))


def test_edits_count_from_the_next_step_and_bad_ones_change_nothing(tmp_path: Path) -> None:
    commands = at_heartbeat(3, Edit({"learning_rate": 0.0}), Edit({"seed": 4}), Edit({"learning_rate": -1.0}))
    events = trained(CONFIG, tmp_path, commands)
    assert of(Changed, events) == [Changed(3, {"learning_rate": 0.0}, "Changed: learning_rate = 0.0.")]
    assert [note.level for note in of(Note, events)] == ["warning", "warning"]
    slopes = {event.step: event.arrays["samples"].item() for event in of(Arrays, events)}
    assert slopes[5] == slopes[20]


def test_the_answer_to_a_command_is_followed_by_a_heartbeat_so_that_a_paused_run_stays(tmp_path: Path) -> None:
    events = trained(CONFIG, tmp_path, at_heartbeat(3, Edit({"learning_rate": 0.1}), Watch(1e6)))
    index = next(i for i, event in enumerate(events) if isinstance(event, Changed))
    assert events[index - 1 : index + 3] == [Heartbeat(3), events[index], Heartbeat(3), Heartbeat(3)]


def test_rewinding_undoes_steps_and_edits(tmp_path: Path) -> None:
    whole = losses(trained(CONFIG, tmp_path / "whole"))
    edit = Edit({"learning_rate": 0.9})
    events = trained(CONFIG, tmp_path / "back", at_heartbeat(11, edit, Rewind(10)))
    assert of(Rewound, events) == [Rewound(10)]
    assert of(Changed, events)[1].settings["learning_rate"] == CONFIG.learning_rate
    rewound = events[events.index(Rewound(10)) :]
    assert losses(rewound) == {step: loss for step, loss in whole.items() if step > 10}


def test_rewinding_to_a_step_that_is_not_kept_is_refused(tmp_path: Path) -> None:
    events = trained(CONFIG, tmp_path, at_heartbeat(11, Rewind(4)))
    assert "no checkpoint of step 4" in of(Note, events)[0].text
    assert losses(events) == losses(trained(CONFIG, tmp_path / "other"))


def test_rewinding_forgets_later_checkpoints(tmp_path: Path) -> None:
    trained(CONFIG, tmp_path, at_heartbeat(16, Rewind(5), Stop()))
    assert CheckpointHistory(tmp_path).steps() == [5]
    assert of(Note, trained(CONFIG, tmp_path))[0].text == "Going on from step 5."


def test_nobody_watches_until_asked(tmp_path: Path) -> None:
    assert not of(Glimpse, trained(CONFIG, tmp_path / "alone"))
    events = trained(replace(CONFIG, steps=50), tmp_path / "watched", at_heartbeat(5, Watch(1e-6)))
    assert of(Glimpse, events)
    assert losses(events) == losses(trained(replace(CONFIG, steps=50), tmp_path / "unwatched"))


def test_a_state_of_another_shape_is_refused(tmp_path: Path) -> None:
    trained(CONFIG, tmp_path)
    path = tmp_path / "checkpoints" / "state.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(CheckpointError):
        trained(CONFIG, tmp_path)


def test_checkpoints_are_thinned_from_the_old_end(tmp_path: Path) -> None:
    trained(replace(CONFIG, steps=200), tmp_path)
    steps = CheckpointHistory(tmp_path).steps()
    assert len(steps) <= MAX_CHECKPOINTS and steps[0] == 5 and steps[-5:] == [180, 185, 190, 195, 200]
    assert thinned([1, 2, 3, 4, 5, 6], 5) == [2] and thinned([1, 2], 5) == []


def test_global_random_numbers_are_left_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    trained(CONFIG, tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
