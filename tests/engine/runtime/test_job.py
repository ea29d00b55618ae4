"""Driving a job: events out, commands in, its result at the end."""

from collections.abc import Generator

import pytest

from engine.runtime.job import Command, Edit, Event, Heartbeat, Job, Stop, drive


def counting(steps: int, received: list[Command | None]) -> Job[Event, str]:
    """Yields a heartbeat a step and notes what it is sent; stops when it is told to."""
    for step in range(steps):
        command = yield Heartbeat(step)
        received.append(command)
        if isinstance(command, Stop):
            return f"stopped at {step}"
    return "finished"


def test_events_come_in_order_and_the_result_at_the_end() -> None:
    seen: list[Event] = []
    received: list[Command | None] = []
    assert drive(counting(3, received), seen.append) == "finished"
    assert seen == [Heartbeat(0), Heartbeat(1), Heartbeat(2)]
    assert received == [None, None, None]


def test_a_command_is_sent_after_the_event_that_it_answers() -> None:
    received: list[Command | None] = []
    edit = Edit({"rate": 0.5})
    commands = iter([None, edit, None, Stop(), None])
    assert drive(counting(9, received), next_command=lambda: next(commands)) == "stopped at 3"
    assert received == [None, edit, None, Stop()]


def test_a_job_without_events_gives_its_result() -> None:
    asked: list[None] = []
    assert drive(counting(0, []), next_command=lambda: asked.append(None)) == "finished"
    assert not asked


def test_an_error_in_a_job_reaches_the_caller() -> None:
    def failing() -> Job[Event, None]:
        yield Heartbeat(0)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        drive(failing())


def test_an_event_handler_that_raises_leaves_the_job_to_its_owner() -> None:
    closed: list[bool] = []

    def careful() -> Generator[Event, Command | None, None]:
        try:
            yield Heartbeat(0)
        finally:
            closed.append(True)

    job = careful()

    def refuse(_event: Event) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        drive(job, refuse)
    assert not closed
    job.close()
    assert closed
