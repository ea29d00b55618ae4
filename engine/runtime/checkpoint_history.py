"""The states of a run that are kept to go back to: `checkpoints/history/STEP.safetensors` beside the newest one."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import CheckpointError, SaveError

STATE_FILE = "state.safetensors"
MODEL_FILE = "model.safetensors"
MAX_CHECKPOINTS = 16


class CheckpointHistory:
    """Files by step in a run's folder; the newest state has its own name and is one of them."""

    def __init__(self, run_dir: Path) -> None:
        """Look at the run in `run_dir`; nothing is read yet."""
        self._folder = run_dir / "checkpoints" / "history"

    def path(self, step: int) -> Path:
        """Where the state of a step is, if it is kept."""
        return self._folder / f"{step}.safetensors"

    def steps(self) -> list[int]:
        """The steps of which the state is kept, ascending."""
        files = self._folder.glob("*.safetensors")
        return sorted(int(path.stem) for path in files if re.fullmatch(r"\d{1,15}", path.stem))

    def keep(self, state: Path, step: int) -> None:
        """Keep a state that was just written; when there are many, the older half loses every second one.

        Raises `SaveError`.
        """
        clone_file(state, self.path(step))
        for old in thinned(self.steps(), MAX_CHECKPOINTS):
            _remove(self.path(old))

    def go_back(self, step: int, state: Path) -> None:
        """Make the state of `step` the newest one again. Raises as `clone_file` does."""
        clone_file(self.path(step), state)
        for later in self.steps():
            if later > step:
                _remove(self.path(later))


def thinned(steps: Sequence[int], most: int) -> list[int]:
    """What to leave out of ascending `steps` once there are more than `most`.

    The newer half stays whole and the older half loses every second one, again and again; the first always stays.
    """
    return list(steps[1 : len(steps) // 2 : 2]) if len(steps) > most else []


def clone_file(source: Path, target: Path) -> None:
    """`target` becomes the same file as `source`, a copy where the disk has no links.

    Raises `CheckpointError` when `source` is not there (any more), `SaveError` when the disk does not take it. Every
    file of a run is replaced whole and never written into, so two names of one file do not disturb each other.
    """
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch.unlink(missing_ok=True)
        try:
            os.link(source, scratch)
        except OSError:
            shutil.copyfile(source, scratch)
        os.replace(scratch, target)
        # Renaming one name of a file onto another of its names does nothing, so the scratch name may still be there.
        scratch.unlink(missing_ok=True)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
        if not source.exists():
            raise CheckpointError(f"{source} is not there any more; choose another step.") from error
        raise SaveError(f"{target} cannot be written: {error.strerror}. Make room, then try again.") from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(f"{path} cannot be removed: {error.strerror}. Close what holds it, then try again.") from error
