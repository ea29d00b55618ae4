"""Fork a run: a new folder that goes on from a checkpoint of another, with everything measured up to there."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.errors import CheckpointError, SaveError
from engine.runtime.atomic import write_bytes
from engine.runtime.checkpoint import load_state_numbers
from engine.runtime.checkpoint_history import STATE_FILE, CheckpointHistory, clone_file
from engine.runtime.config import from_json
from engine.runtime.job import Note
from engine.runtime.log_lines import metrics_line, note_line
from engine.runtime.run_folder import RunFolder, create_run
from engine.trainers import Trainer
from engine.trainers import trainer as find_trainer


def fork_run(source: RunFolder, step: int, path: Path | None = None) -> RunFolder:
    """A new run in `path` (one among the person's runs when None) that stands where `source` stood at `step`.

    It has the settings of that time, the curves, notes, pictures and checkpoints up to it; resume it to go on. `source`
    may be training meanwhile. Raises `CheckpointError` when there is no such checkpoint or it is damaged,
    `TrainingError` when its settings are not known here, `SaveError` when the folder cannot be written or is not empty;
    no half of a fork is left then.
    """
    history = CheckpointHistory(source.path)
    if step not in history.steps():
        raise CheckpointError(f"{source.name} has no checkpoint of step {step}; choose another one.")
    known = find_trainer(source.trainer)
    config = _settings_at(source, history.path(step), known)
    if path is not None and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SaveError(f"{path} holds something already; choose a new folder for the fork.")
    fork = create_run(known.name, config, path)
    try:
        _fill(fork, source, step)
    except BaseException:
        shutil.rmtree(fork.path, ignore_errors=True)
        raise
    return fork


def _settings_at(source: RunFolder, state: Path, known: Trainer) -> Any:
    """The configuration of the time when the state was written."""
    live = load_state_numbers(state).get("live")
    if not isinstance(live, dict):
        raise CheckpointError(f"{state.name} is not the state of a run; choose another step.")
    return from_json(known.config_class(), {**source.config(), **live})


def _fill(fork: RunFolder, source: RunFolder, step: int) -> None:
    theirs, ours = CheckpointHistory(source.path), CheckpointHistory(fork.path)
    # Held first, since a run that is going on may thin its checkpoints out at any moment.
    clone_file(theirs.path(step), ours.path(step))
    _clone_all((theirs.path(kept), ours.path(kept)) for kept in theirs.steps() if kept < step)
    _clone_all((source.array_path(kept), fork.array_path(kept)) for kept in source.array_steps() if kept <= step)
    points = [point for point in source.metrics() if point.step <= step]
    notes = [note for note in RunFolder(source.path).follow_notes() if note.step <= step]
    origin = Note(step, "info", f"Forked from {source.name} at step {step}.")
    write_bytes(fork.path / "metrics.jsonl", b"".join(map(metrics_line, points)))
    write_bytes(fork.path / "notes.jsonl", b"".join(map(note_line, [*notes, origin])))
    # The state comes last: a fork that was interrupted begins anew instead of going on from half of it.
    clone_file(ours.path(step), fork.path / "checkpoints" / STATE_FILE)
    fork.write_status("stopped")


def _clone_all(pairs: Iterable[tuple[Path, Path]]) -> None:
    for source, target in pairs:
        with suppress(CheckpointError):  # thinned out since it was listed
            clone_file(source, target)
