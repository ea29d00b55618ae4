"""`train NAME` for every trainer: the same job that the app runs in a child process, here in this one."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal

import tyro

from engine.cli.parse import config_of, parse, with_options
from engine.cli.report import Progress, report
from engine.errors import TrainingError
from engine.runtime.config import check
from engine.runtime.job import Command, Event, Metrics, Note, Saved, Stop, drive
from engine.runtime.run_folder import create_run, open_run
from engine.runtime.worker import run_recorded
from engine.trainers import Trainer, trainer


def train(name: str, args: Sequence[str], prog: str) -> None:
    """Train with the trainer called `name` until its end; Ctrl+C saves first."""
    known = trainer(name)
    config_class = known.config_class()
    presets = known.presets()
    more: list[tuple[str, Any, Any]] = [
        ("preset", Annotated[Literal[tuple(presets)], tyro.conf.arg(help="Settings to start from; other options win.")],
         next(iter(presets))),
        ("out", Annotated[Path | None, tyro.conf.arg(help="The run's folder; a run that is there goes on.")], None),
        ("json", Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")], False),
    ]
    options_class = with_options(config_class, f"Train{name.capitalize()}", more)
    options_class.__doc__ = f"Train {known.title_in_sentence}."
    preset = _preset_named(args, list(presets))
    values = {entry.name: getattr(presets[preset], entry.name) for entry in dataclasses.fields(config_class)}
    default = options_class(**values, preset=preset)
    options: Any = parse(options_class, prog, args, default)
    config: Any = config_of(config_class, options)
    check(config)
    if options.out is None and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TrainingError("Several processes train in one run folder; say which with --out.")
    progress = Progress()
    with stop_on_interrupt() as next_command:
        if int(os.environ.get("RANK", "0")) > 0:
            # Only the first process of a group writes and speaks; the others take part in the steps.
            drive(known.job(config, options.out), next_command=next_command)
            return
        if options.out is not None and (options.out / "config.json").exists():
            folder = open_run(options.out)
            if folder.trainer != name:
                raise TrainingError(f"{options.out} holds a run of the trainer {folder.trainer!r}; choose another one.")
        else:
            folder = create_run(name, config, options.out)
        progress.say(f"Run folder: {folder.path}")
        figures = record_run(known, config, folder.path, next_command, progress)
    progress.end()
    report(f"Trained {config.name}.", {"run": str(folder.path), **figures}, options.json)


def record_run(
    known: Trainer, config: Any, path: Path, next_command: Callable[[], Command | None], progress: Progress
) -> dict[str, float]:
    """`run_recorded`, with its figures and notes on the terminal."""
    return run_recorded(known, config, path, next_command, lambda event: _show(progress, event))


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], Command | None]]:
    """What to ask the job for: a stop after Ctrl+C or a polite end of the process; a second one does not wait."""
    asked = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: Stop() if asked.is_set() else None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _preset_named(args: Sequence[str], presets: list[str]) -> str:
    for word, following in zip(args, [*args[1:], ""], strict=True):
        if word == "--preset" and following in presets:
            return following
        if word.startswith("--preset=") and word.partition("=")[2] in presets:
            return word.partition("=")[2]
    return presets[0]


def _show(progress: Progress, event: Event) -> None:
    if isinstance(event, Metrics):
        figures = "  ".join(f"{name} {value:.4g}" for name, value in event.values.items())
        progress.show(f"step {event.step} of {event.total_steps}  {figures}")
    elif isinstance(event, Note):
        progress.say(event.text)
    elif isinstance(event, Saved):
        progress.show(f"saved at step {event.step}")
