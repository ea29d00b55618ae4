"""Fork a run: a new folder that goes on from a checkpoint of another, with everything measured up to there."""

from __future__ import annotations

from pathlib import Path

from engine.errors import CheckpointError
from engine.runtime.atomic import write_bytes
from engine.runtime.checkpoint import load_state_numbers
from engine.runtime.checkpoint_history import STATE_FILE, CheckpointHistory, clone_file
from engine.runtime.config import from_json
from engine.runtime.job import Note
from engine.runtime.log_lines import metrics_line, note_line
from engine.runtime.run_folder import RunFolder, create_run
from engine.trainers import trainer as find_trainer


def fork_run(source: RunFolder, step: int, path: Path | None = None) -> RunFolder:
    """A new run in `path` (one among the person's runs when None) that stands where `source` stood at `step`.

    It has the settings of that time, the curves, notes, pictures and checkpoints up to it; resume it to go on. Raises
    `CheckpointError` when there is no such checkpoint, `SaveError` when the folder cannot be written.
    """
    history = CheckpointHistory(source.path)
    if step not in history.steps():
        raise CheckpointError(f"{source.name} has no checkpoint of step {step}; choose another one.")
    known = find_trainer(source.trainer)
    live = load_state_numbers(history.path(step)).get("live", {})
    config = from_json(known.config_class(), {**source.config(), **(live if isinstance(live, dict) else {})})
    fork = create_run(known.name, config, path)
    for kept in history.steps():
        if kept <= step:
            clone_file(history.path(kept), CheckpointHistory(fork.path).path(kept))
    for kept in source.array_steps():
        if kept <= step:
            clone_file(source.array_path(kept), fork.array_path(kept))
    points = [point for point in source.metrics() if point.step <= step]
    notes = [note for note in RunFolder(source.path).follow_notes() if note.step <= step]
    write_bytes(fork.path / "metrics.jsonl", b"".join(map(metrics_line, points)))
    origin = Note(step, "info", f"Forked from {source.name} at step {step}.")
    write_bytes(fork.path / "notes.jsonl", b"".join(map(note_line, [*notes, origin])))
    # The state comes last: a fork that was interrupted begins anew instead of going on from half of it.
    clone_file(history.path(step), fork.path / "checkpoints" / STATE_FILE)
    fork.write_status("stopped")
    return fork
