"""What a run does by itself: it clips, skips bad steps, comes back from them, and keeps the best model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.errors import TrainingError
from engine.runtime.checkpoint import load_state, read_header
from engine.runtime.job import Command, Edit, Event, Heartbeat, Metrics, Note, Rewind, Rewound, drive
from tests.helpers.tiny_run import TinyConfig, TinyRun, train

CONFIG = TinyConfig()
MODEL = Path("checkpoints", "model.safetensors")


def trained(
    config: TinyConfig, run_dir: Path, answer: Callable[[Event], Command | None] = lambda _event: None
) -> tuple[list[Event], dict[str, float]]:
    events: list[Event] = []
    result = drive(train(config, run_dir), events.append, lambda: answer(events[-1]))
    return events, result


def losses(events: list[Event]) -> dict[int, float]:
    return {e.step: e.values["loss"] for e in events if isinstance(e, Metrics) and "loss" in e.values}


def errors(events: list[Event]) -> dict[int, float]:
    return {e.step: e.values["error"] for e in events if isinstance(e, Metrics) and "error" in e.values}


def warnings(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note) and event.level == "warning"]


def at_heartbeats(*orders: tuple[int, Command]) -> Callable[[Event], Command | None]:
    """Each of the commands in its turn, at the first heartbeat of its step or a later one."""
    queue = list(orders)
    return lambda e: queue.pop(0)[1] if queue and isinstance(e, Heartbeat) and e.step >= queue[0][0] else None


def well_again_after(count: int) -> Callable[[Event], Command | None]:
    """Gradients are finite again once so many steps were bad."""
    seen: list[Event] = []

    def answer(event: Event) -> Command | None:
        if isinstance(event, Note) and event.level == "warning":
            seen.append(event)
            return Edit({"explode_at": 0}) if len(seen) == count else None
        return None

    return answer


# ---- one update


def test_gradients_are_clipped_after_their_norm_is_noted(tmp_path: Path) -> None:
    run = TinyRun(CONFIG, tmp_path)
    before = run.slope.weight.detach().clone()
    gradient = torch.full((1, 1), 4.0)
    run.slope.weight.grad = gradient
    assert run.update("slope", gradient.zero_)
    assert run.gradient_norms["slope"] == 4.0
    assert torch.equal(run.slope.weight, before)


def test_a_gradient_that_is_not_finite_is_neither_clipped_nor_followed(tmp_path: Path) -> None:
    run = TinyRun(CONFIG, tmp_path)
    before = run.slope.weight.detach().clone()
    run.slope.weight.grad = torch.full((1, 1), float("nan"))
    assert not run.update("slope", lambda: pytest.fail("there is nothing to clip"))
    assert torch.equal(run.slope.weight, before) and run.step_was_bad


# ---- bad steps


def test_bad_steps_are_skipped_then_undone_at_half_the_rate(tmp_path: Path) -> None:
    warnings: list[str] = []

    def answer(event: Event) -> Command | None:
        if isinstance(event, Note) and event.level == "warning":
            warnings.append(event.text)
        return edits.pop() if edits and len(warnings) == 3 and isinstance(event, Heartbeat) else None

    edits = [Edit({"explode_at": 0})]
    events, _ = trained(replace(CONFIG, explode_at=13), tmp_path, answer)
    assert "skipped" in warnings[0] and "back to step 10 with 0.5" in warnings[2]
    assert max(losses(events)) == 20


def test_a_run_that_never_recovers_gives_up_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="lower learning rate"):
        trained(replace(CONFIG, steps=10_000, explode_at=7), tmp_path)


def test_without_a_checkpoint_bad_steps_are_only_skipped(tmp_path: Path) -> None:
    events, _ = trained(replace(CONFIG, explode_at=1), tmp_path, well_again_after(5))
    assert len(warnings(events)) == 5 and all("was skipped" in text for text in warnings(events))
    assert "(5 so far)" in warnings(events)[-1]
    assert min(losses(events)) == 6


def test_rates_are_halved_each_time_also_without_a_checkpoint_in_between(tmp_path: Path) -> None:
    events, _ = trained(replace(CONFIG, explode_at=7), tmp_path, well_again_after(6))
    back = [text for text in warnings(events) if "back to step 5" in text]
    assert len(back) == 2 and "with 0.5 of" in back[0] and "with 0.25 of" in back[1]
    run = TinyRun(CONFIG, tmp_path)
    assert run.rate("slope") == 0.25 * CONFIG.learning_rate and run.skipped == 6


def test_other_random_numbers_follow_where_bad_steps_were_undone(tmp_path: Path) -> None:
    events, _ = trained(replace(CONFIG, explode_at=13), tmp_path / "bad", well_again_after(3))
    plain, _ = trained(CONFIG, tmp_path / "plain")
    assert losses(events)[10] == losses(plain)[10] and losses(events)[11] != losses(plain)[11]


# ---- the model that is kept


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny run keeps the model with the smallest error."""
    monkeypatch.setattr(
        TinyRun, "is_better", lambda run, found: found["error"] <= run.model_measures.get("error", float("inf"))
    )


def kept_error(run_dir: Path) -> float:
    return read_header(run_dir / MODEL).metrics["error"]


WORSE = Edit({"learning_rate": 50.0})


def test_the_newest_model_is_kept_where_none_is_better(tmp_path: Path) -> None:
    events, result = trained(CONFIG, tmp_path, at_heartbeats((11, WORSE)))
    assert result == {"error": errors(events)[20]} and kept_error(tmp_path) == result["error"]
    assert errors(events)[20] > errors(events)[10]


@pytest.mark.usefixtures("judged")
def test_the_best_model_is_kept_and_its_measures_are_the_result(tmp_path: Path) -> None:
    events, result = trained(CONFIG, tmp_path, at_heartbeats((11, WORSE)))
    best = min(errors(events).values())
    assert errors(events)[10] == best < errors(events)[20]
    assert result == {"error": best} and kept_error(tmp_path) == best
    later, result = trained(replace(CONFIG, steps=25, learning_rate=50.0), tmp_path)
    assert errors(later) and result == {"error": best} and kept_error(tmp_path) == best


@pytest.mark.usefixtures("judged")
def test_the_best_model_stays_when_only_what_followed_it_is_undone(tmp_path: Path) -> None:
    events, result = trained(CONFIG, tmp_path, at_heartbeats((11, WORSE), (16, Rewind(10)), (11, WORSE)))
    best = errors(events[: events.index(Rewound(10))])[10]
    assert result == {"error": best} and kept_error(tmp_path) == best


@pytest.mark.usefixtures("judged")
def test_a_best_model_that_is_undone_gives_way_to_any_other(tmp_path: Path) -> None:
    orders = at_heartbeats((16, Rewind(5)), (5, WORSE), (5, Edit({"steps": 10})))
    events, result = trained(CONFIG, tmp_path, orders)
    back = events.index(Rewound(5))
    undone, counted = errors(events[:back]), errors(events[back:])
    assert undone[15] < undone[5] < counted[10]
    assert result == {"error": counted[10]} and kept_error(tmp_path) == counted[10]


@pytest.mark.usefixtures("judged")
def test_a_run_without_its_model_writes_one(tmp_path: Path) -> None:
    """As a fork begins: with the state of a run, whose best model stays behind."""
    trained(CONFIG, tmp_path)
    (tmp_path / MODEL).unlink()
    events, result = trained(replace(CONFIG, steps=25, learning_rate=50.0), tmp_path)
    assert result == {"error": errors(events)[25]} and kept_error(tmp_path) == result["error"]
    assert load_state(tmp_path / "checkpoints" / "state.safetensors")[1]["model_measures"] == result
