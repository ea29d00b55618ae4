"""Training in a child process of its own, and the loop that records a run, which the command line uses as well."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import EngineError, SaveError, TrainingError
from engine.runtime.atomic import write_text
from engine.runtime.channel import Ended, EventReader, EventSender, Message, Pause, Resume, Taken
from engine.runtime.config import from_json
from engine.runtime.job import Command, Edit, Event, Heartbeat, Stop, drive
from engine.runtime.recorder import Recorder
from engine.runtime.run_folder import RunFolder
from engine.trainers import Trainer

NICENESS = 5
ERROR_FILE = "error.txt"


def run_recorded(
    trainer: Trainer,
    config: Any,
    run_dir: Path,
    next_command: Callable[[], Command | None] = lambda: None,
    on_event: Callable[[Event], None] = lambda _event: None,
) -> dict[str, float]:
    """Train in this process: record each event in `run_dir`, then hand it to `on_event`; return the final metrics.

    `run_dir` may be new, or a run to go on with. Under torchrun only the first process records. Raises what the trainer
    raises, `SaveError` when the disk is full and `TrainingError` when another process is training in this folder.
    """
    if os.environ.get("RANK", "0") != "0":
        return drive(trainer.job(config, run_dir), on_event, next_command)
    folder = RunFolder(run_dir)
    recorder = Recorder(folder)
    end, reason = "interrupted", ""
    stopped = False

    def record(event: Event) -> None:
        recorder.record(event)
        on_event(event)

    def obey() -> Command | None:
        nonlocal stopped
        command = next_command()
        stopped = stopped or isinstance(command, Stop)
        return command

    try:
        folder.write_config(trainer.name, config)
        result = drive(trainer.job(config, run_dir), record, obey)
        end = "stopped" if stopped else "finished"
        return result
    except Exception as error:
        end, reason = "failed", str(error)
        raise
    finally:
        # On a full disk the status stays "running" without a process, which reads as "interrupted".
        with suppress(SaveError):
            recorder.close(end, reason)


class TrainerProcess:
    """A child process that trains. The parent polls it; killing either of the two leaves a run that can be resumed."""

    def __init__(self, trainer: Trainer, config_json: Mapping[str, Any], run_dir: Path) -> None:
        """Start training `trainer` with these settings in `run_dir` (new, or a run to go on with).

        Raises `TrainingError` when the system starts no further process.
        """
        # Spawned, not forked: a copy of a process with a window, threads and perhaps CUDA would not work.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_train_in_child, args=(trainer, dict(config_json), str(run_dir), theirs), name=trainer.name
        )
        try:
            self._process.start()
        except OSError as error:
            ours.close()
            raise TrainingError(f"The training process cannot be started: {error.strerror}.") from error
        finally:
            theirs.close()
        self._reader: EventReader | None = EventReader(ours)
        # At its exit Python waits for the child, which waits for the pipe to close; so the pipe is closed before that.
        atexit.register(self.close)

    @property
    def is_alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid or 0

    def send(self, command: Command) -> None:
        """Pass a command to the job: `Stop` arrives at its next yield, others at the end of a step, paused or not."""
        self._tell(command)

    def pause(self) -> None:
        """Take no further step after the one going on, but those that an `Advance` asks for."""
        self._tell(Pause())

    def resume(self) -> None:
        """Go on after a pause."""
        self._tell(Resume())

    def poll(self) -> list[Event | Ended]:
        """What has happened since the last call, without waiting. The last event of all is an `Ended`."""
        if self._reader is None:
            return []
        # Asked before reading: what a dead child has sent is in the pipe by now, so an empty pipe then is the end.
        exit_code = self._process.exitcode
        batch = self._reader.read()
        if batch and isinstance(batch[-1], Ended):
            self.close()
        elif not batch and exit_code is not None:
            self.close()
            text = f"The training process was killed (exit code {exit_code}). The run can be resumed."
            return [Ended("killed", text)]
        return batch or []

    def close(self) -> None:
        """Look no further; a child that is still training stops and saves."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
            atexit.unregister(self.close)

    def join(self, timeout: float | None = None) -> None:
        """Wait for the child to end."""
        self._process.join(timeout)

    def terminate(self) -> None:
        """Kill the child at once; what it has recorded and its last checkpoint stay."""
        self._process.kill()

    def _tell(self, message: Message) -> None:
        if self._reader is not None:
            self._reader.send(message)


class _Orders:
    """What the parent wants, collected by the listening thread and asked for by the training thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._commands: deque[Command] = deque()
        self._paused = False
        self._stop = False
        self._stopped = False
        self._between_steps = False

    def take_in(self, message: Message) -> None:
        with self._changed:
            if isinstance(message, Pause | Resume):
                self._paused = isinstance(message, Pause)
            elif isinstance(message, Stop):
                self._stop = True
            elif not isinstance(message, Taken):
                self._line_up(message)
            self._changed.notify_all()

    def saw(self, event: Event) -> None:
        """The job has yielded `event`; at the end of a step it may be made to wait."""
        self._between_steps = isinstance(event, Heartbeat)

    def next_command(self) -> Command | None:
        """The next command for the job; waits here while paused."""
        with self._changed:
            if self._between_steps:
                self._changed.wait_for(lambda: self._stop or self._commands or not self._paused)
            if self._stop:
                # Said at every yield until the job ends: at the yield of an answer a job need not listen.
                self._stopped = True
                return Stop()
            return self._commands.popleft() if self._between_steps and self._commands else None

    @property
    def stopped(self) -> bool:
        """Whether the job has been given a stop."""
        return self._stopped

    def _line_up(self, command: Command) -> None:
        last = self._commands[-1] if self._commands else None
        # Only the last position of a slider that is dragged counts.
        if isinstance(command, Edit) and isinstance(last, Edit) and last.changes.keys() == command.changes.keys():
            self._commands.pop()
        self._commands.append(command)


def _train_in_child(trainer: Trainer, config_json: dict[str, Any], run_dir: str, connection: Connection) -> None:
    """The child's main function: train, and tell the parent how it ended."""
    _be_a_good_neighbour()
    orders = _Orders()
    # Without a parent nobody watches any more: save and stop.
    sender = EventSender(connection, orders.take_in, lambda: orders.take_in(Stop()))
    # Logging out ends processes politely first, and that is time enough to save.
    signal.signal(signal.SIGTERM, lambda _number, _frame: orders.take_in(Stop()))
    try:
        config = from_json(trainer.config_class(), config_json)

        def tell(event: Event) -> None:
            sender.put(event)
            orders.saw(event)

        result = run_recorded(trainer, config, Path(run_dir), orders.next_command, tell)
        ended = Ended("stopped" if orders.stopped else "finished", result=result)
    except EngineError as error:
        ended = Ended("failed", str(error))
    except Exception as error:
        ended = Ended("failed", _unexpected(error, Path(run_dir)))
    sender.put(ended)
    sender.close()


def _be_a_good_neighbour() -> None:
    """Leave the processor to the window when it wants it, and interrupts from the keyboard to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Read by Torch when it is imported, which only the trainer does: one core stays free for the window.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))


def _unexpected(error: Exception, run_dir: Path) -> str:
    what = f"The training failed unexpectedly ({type(error).__name__}: {str(error)[:200]})."
    try:
        write_text(run_dir / ERROR_FILE, traceback.format_exc())
    except SaveError:
        return what
    return f"{what} The details are in {run_dir / ERROR_FILE}."
