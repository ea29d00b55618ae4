"""Runs `python -m engine ...` in this process and catches what it says."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from engine.__main__ import main


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def values(self) -> dict[str, Any]:
        """The JSON object on the last line of stdout."""
        found = json.loads(self.out.splitlines()[-1], parse_constant=_refused)
        assert isinstance(found, dict)
        return found


def command(*args: object) -> Done:
    """Run the command with these words."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            status = main([str(word) for word in args])
        except SystemExit as end:  # how tyro ends after --help and wrong options
            status = int(end.code or 0)
    return Done(status, out.getvalue(), err.getvalue())


def refusal(*args: object) -> str:
    """The one sentence with which the command refuses."""
    done = command(*args)
    assert done.status == 1 and done.out == ""
    sentence = done.err.removesuffix("\n")
    assert sentence.endswith(".") and "\n" not in sentence, done.err
    return sentence


def _refused(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
