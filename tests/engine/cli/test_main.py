"""`python -m engine`: the commands there are, and the statuses they end with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine import paths
from engine.__main__ import commands
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from tests.helpers.commands import command

COMMANDS = [" ".join(words) for words in commands()]


def python(program: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program], cwd=paths.ROOT, env={**os.environ, **variables}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_help_lists_every_command() -> None:
    done = command("--help")
    assert done.status == 0 and done.err == ""
    assert [line for line in COMMANDS if f"  {line} " not in done.out] == []


@pytest.mark.parametrize("args", [(), ("unicorn",), ("train",), ("train", "unicorn"), ("--unknown",), ("",)])
def test_what_is_no_command_is_wrong_usage(args: tuple[str, ...]) -> None:
    done = command(*args)
    assert done.status == 2 and done.out == "" and done.err.startswith("usage: python -m engine COMMAND")


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_explains_itself(words: str) -> None:
    done = command(*words.split(), "--help")
    assert done.status == 0 and f"python -m engine {words}" in done.out and "--json" in done.out


@pytest.mark.parametrize("words", COMMANDS)
def test_an_option_that_is_not_known_is_wrong_usage(words: str) -> None:
    done = command(*words.split(), "--unicorn")
    assert done.status == 2 and done.out == "" and done.err


def test_an_interrupt_is_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.catalog.models", interrupted)
    done = command("models")
    assert done.status == 130 and done.err == "Stopped.\n"


def test_a_process_of_its_own_speaks_in_any_encoding() -> None:
    header = CheckpointHeader("sketch", "猫", {"categories": ["\ud800"]})
    save_checkpoint(paths.models() / "cat.safetensors", {"w": torch.zeros(1)}, header)
    done = python(["-m", "engine", "models", "--json"], PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stderr == ""
    assert "猫" in json.loads(done.stdout.splitlines()[-1])


def test_a_process_of_its_own_ends_with_the_status(tmp_path: Path) -> None:
    done = python(["-m", "engine", "convert", str(tmp_path / "none.gen.json")])
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "none.gen.json cannot be read: No such file or directory.\n"


def test_help_does_not_load_torch() -> None:
    program = (
        "import sys; from engine.__main__ import main\n"
        "try: main(['train', 'sketch', '--help'])\n"
        "except SystemExit: pass\n"
        "print({'torch'} & sys.modules.keys())"
    )
    assert python(["-c", program]).stdout.splitlines()[-1] == "set()"
