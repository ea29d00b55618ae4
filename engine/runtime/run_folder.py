"""A run folder: the settings of a training run and all that it measured, readable while another process writes it.

`config.json` {"trainer", "config", "version", "command"} · `metrics.jsonl` and `notes.jsonl`, one JSON object per
event · `status.json`, the heartbeat of the process that trains · `arrays/STEP.npz` · TensorBoard events ·
`checkpoints/`, which the trainer writes itself. `Recorder` fills it; this module makes, finds and reads it, and trusts
nothing in it.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from engine import paths
from engine.errors import BadFileError, CheckpointError, SaveError
from engine.runtime.arrays import read_arrays
from engine.runtime.atomic import write_text
from engine.runtime.checkpoint_history import CheckpointHistory
from engine.runtime.config import command_line, to_json
from engine.runtime.job import Arrays, Metrics, Note
from engine.runtime.log_lines import as_metrics, as_note

FORMAT_VERSION = 1
MAX_JSON_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 16
MAX_LOG_BYTES = 1 << 28
MAX_ARRAYS = 256
MAX_RUNS = 1000
BEAT_SECONDS = 10.0
STALE_SECONDS = 60.0
ENDINGS = ("finished", "stopped", "failed", "interrupted")

EventT = TypeVar("EventT")


class RunFolder:
    """One run on disk. Reading never changes it, and a damaged file gives a `CheckpointError` with a sentence."""

    def __init__(self, path: Path) -> None:
        """Look at `path`; nothing is read yet. Use `create_run` or `open_run`."""
        self.path = path
        self._metrics = _LineReader(path / "metrics.jsonl")
        self._notes = _LineReader(path / "notes.jsonl")

    @property
    def name(self) -> str:
        """The folder's name: date, time and the name in the configuration."""
        return self.path.name

    @property
    def trainer(self) -> str:
        """The name of the trainer that made the run."""
        return str(self._settings()["trainer"])

    @property
    def command(self) -> str:
        """The command line that makes the same run again."""
        return str(self._settings().get("command", ""))

    @property
    def model_path(self) -> Path:
        """Where the trainer leaves the model that the catalog can take in (it may not exist yet)."""
        return self.path / "checkpoints" / "model.safetensors"

    @property
    def state(self) -> str:
        """"running", "finished", "stopped", "failed" or "interrupted" (its process died without a word)."""
        try:
            status = _read_json(self.path / "status.json")
            state, host, pid, beat = status["state"], status["host"], int(status["pid"]), float(status["heartbeat"])
        except (CheckpointError, KeyError, TypeError, ValueError):
            return "interrupted"
        if state == "running" and time.time() - beat < STALE_SECONDS and (host != socket.gethostname() or _alive(pid)):
            return "running"
        return state if state in ENDINGS else "interrupted"

    def config(self) -> dict[str, Any]:
        """The run's configuration as JSON values; make the dataclass with `engine.runtime.config.from_json`."""
        config: dict[str, Any] = self._settings()["config"]
        return config

    def metrics(self) -> list[Metrics]:
        """Every measured point. Where a run went back to an older checkpoint, the later measurement counts."""
        points: list[Metrics] = []
        for point in _parsed(_LineReader(self._metrics.path), as_metrics):
            while points and _replaces(point, points[-1]):
                points.pop()
            points.append(point)
        return points

    def follow(self) -> list[Metrics]:
        """The points written since the last call (all of them at the first); a line still being written waits."""
        return _parsed(self._metrics, as_metrics)

    def follow_notes(self) -> list[Note]:
        """The notes written since the last call."""
        return _parsed(self._notes, as_note)

    def array_steps(self) -> list[int]:
        """The steps of which arrays are kept, ascending."""
        return sorted(int(p.stem) for p in (self.path / "arrays").glob("*.npz") if re.fullmatch(r"\d{1,15}", p.stem))

    def array_path(self, step: int) -> Path:
        """The file of the arrays of a step."""
        return self.path / "arrays" / f"{step}.npz"

    def arrays(self, step: int) -> Arrays:
        """The arrays kept of a step. Raises `CheckpointError` when the file is damaged, too large or not numeric."""
        try:
            return Arrays(step, read_arrays(self.array_path(step)))
        except BadFileError as error:
            raise CheckpointError(str(error)) from error

    def checkpoint_steps(self) -> list[int]:
        """The steps that the run can be rewound to or forked from, ascending."""
        return CheckpointHistory(self.path).steps()

    def write_config(self, trainer: str, config: Any) -> None:
        """Put the configuration into config.json; raises `SaveError`."""
        settings = {
            "trainer": trainer,
            "config": to_json(config),
            "version": FORMAT_VERSION,
            "command": command_line(trainer, config),
        }
        self._write_settings(settings)

    def change_config(self, changes: Mapping[str, Any]) -> None:
        """Put changed settings into config.json, so that a resumed run keeps them; raises `SaveError`."""
        settings = self._settings()
        settings["config"] = {**settings["config"], **changes}
        self._write_settings(settings)

    def write_status(self, state: str, text: str = "") -> None:
        """Say that this process is in `state` now; raises `SaveError`."""
        status = {
            "state": state, "text": text, "pid": os.getpid(), "host": socket.gethostname(), "heartbeat": time.time(),
        }
        write_text(self.path / "status.json", json.dumps(status))

    def _write_settings(self, settings: Mapping[str, Any]) -> None:
        write_text(self.path / "config.json", json.dumps(settings, indent=1))

    def _settings(self) -> dict[str, Any]:
        settings = _read_json(self.path / "config.json")
        if not isinstance(settings.get("trainer"), str) or not isinstance(settings.get("config"), dict):
            raise CheckpointError(f"{self.path} is not a run folder: its config.json names no trainer.")
        if settings.get("version") != FORMAT_VERSION:
            raise CheckpointError(f"{self.name} was written by another version of the program and cannot be read.")
        return settings


def create_run(trainer: str, config: Any, path: Path | None = None) -> RunFolder:
    """A new run in the folder `path`, or in one among the person's runs, named by date, time and `config.name`.

    Raises `SaveError` when the folder cannot be made or written to.
    """
    run = RunFolder(_new_folder(trainer, config) if path is None else path)
    run.write_config(trainer, config)
    return run


def _new_folder(trainer: str, config: Any) -> Path:
    root = paths.runs()
    stem = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{_slug(str(getattr(config, 'name', trainer)))}"
    for number in range(1, MAX_RUNS):
        candidate = root / (stem if number == 1 else f"{stem}-{number}")
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise SaveError(f"No run folder can be made in {root}: {error.strerror}. Choose another place.") from error
        return candidate
    raise SaveError(f"{root} holds too many runs of this name; delete some of them.")


def open_run(path: Path) -> RunFolder:
    """The run in the folder `path`, finished or going on; raises `CheckpointError` when it is not a run folder."""
    run = RunFolder(path)
    run.config()
    return run


def list_runs(root: Path | None = None) -> list[RunFolder]:
    """The readable runs under `root` (the person's runs when None), newest first, at most `MAX_RUNS`."""
    root = paths.runs() if root is None else root
    found: list[RunFolder] = []
    for config_file in sorted(root.glob("*/config.json"), reverse=True)[:MAX_RUNS]:
        try:
            found.append(open_run(config_file.parent))
        except CheckpointError:
            continue
    return found


class _LineReader:
    """Reads the whole lines that were added to a growing file since the last time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def lines(self) -> list[bytes]:
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > MAX_LOG_BYTES:
                    raise CheckpointError(f"{self.path} is too large to be read ({size >> 20} MB).")
                if size < self._offset:
                    # The file was made anew, so it is read anew.
                    self._offset = 0
                file.seek(self._offset)
                return self._whole_lines(file)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CheckpointError(f"{self.path} cannot be read: {error.strerror}.") from error

    def _whole_lines(self, file: BinaryIO) -> list[bytes]:
        text = file.read(MAX_LOG_BYTES)
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [line for line in whole.split(b"\n") if 0 < len(line) <= MAX_LINE_BYTES]


def _parsed(reader: _LineReader, make: Callable[[Mapping[str, Any]], EventT]) -> list[EventT]:
    """What `make` gives for each line; lines that are not such an object are left out."""
    made: list[EventT] = []
    for line in reader.lines():
        try:
            made.append(make(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            continue
    return made


def _replaces(new: Metrics, old: Metrics) -> bool:
    """Whether `new` measures again what `old` measured; one step may have several points of different names."""
    return old.step > new.step or (old.step == new.step and not old.values.keys().isdisjoint(new.values))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_JSON_BYTES + 1)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}. Choose a run folder.") from error
    if len(text) > MAX_JSON_BYTES:
        raise CheckpointError(f"{path} is too large for a file of settings.")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: it is not JSON.") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} is damaged: it does not hold an object.")
    return values


def _alive(pid: int) -> bool:
    if os.name == "nt":
        # There a signal of 0 would end the process; the heartbeat alone decides.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "run"
