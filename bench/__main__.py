"""Measure: `python -m bench [--only PREFIX] [--json FILE]`, one line for each figure.

Each module of figures is measured in a child process of its own, so that what one has loaded or warmed up does not
touch the next.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from bench.figures import Figure, Figures
from bench.machine import machine
from engine.runtime.atomic import write_text

MODULES = (
    "bench.sketch", "bench.training", "bench.capsules", "bench.transport", "bench.app", "bench.training_app",
    "bench.capsules_app",
)


def main(args: Sequence[str] | None = None) -> int:
    """Measure what the arguments name; returns 1 when something could not be measured."""
    asked = _parser().parse_args(args)
    if asked.module:
        return _measure(asked.module, asked.only)
    figures: list[Figure] = []
    failed = False
    for module in MODULES:
        found, status = _measured_aside(module, asked.only)
        figures += found
        failed |= status != 0
    if not figures:
        print(f"No figure was measured whose name begins with {asked.only!r}.", file=sys.stderr)
    elif asked.json:
        content = {"machine": machine(), "figures": [asdict(figure) for figure in figures]}
        write_text(Path(asked.json), json.dumps(content, indent=2) + "\n")
    return 1 if failed or not figures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the engine and the app.")
    parser.add_argument("--only", metavar="PREFIX", default="", help="only figures whose name begins like this")
    parser.add_argument("--json", metavar="FILE", help="also write the figures and the machine to a file")
    parser.add_argument("--module", help=argparse.SUPPRESS)  # what the child process is asked for
    return parser


def _measured_aside(module: str, only: str) -> tuple[list[Figure], int]:
    """The figures of a module, each printed as it comes from a child process, and the child's exit status."""
    figures = []
    command = [sys.executable, "-m", "bench", "--module", module, "--only", only]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            figure = Figure(**json.loads(line))
            figures.append(figure)
            print(figure, flush=True)
    return figures, child.returncode


def _measure(module: str, only: str) -> int:
    """In the child: measure a module's figures and print each as a line of JSON."""
    figures: Figures = import_module(module).FIGURES
    for name, measure in figures.items():
        if name.startswith(only):
            print(json.dumps(asdict(measure())), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
