"""One process of a group that torchrun starts: trains as the command line does, and notes what it has at each save.

Usage: torchrun ... -m tests.helpers.group_member FOLDER -- WORDS OF A COMMAND -- WORDS OF THE NEXT ...
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from engine.__main__ import main
from engine.runtime.training_run import TrainingRun


def watched(folder: Path) -> None:
    """Let every save append a line to FOLDER/RANK.jsonl: the step, what was learnt and the random numbers to come."""
    save = TrainingRun.save

    def noted(run: TrainingRun, measures: Mapping[str, float]) -> None:
        tensors = {name: tensor for name, tensor in run._tensors().items() if not name.startswith("random.")}
        weights = b"".join(tensors[name].detach().numpy().tobytes() for name in sorted(tensors))
        random = json.dumps(run.rng.bit_generator.state).encode() + run.noise.get_state().numpy().tobytes()
        line = {
            "step": run.step_count,
            "weights": hashlib.sha256(weights).hexdigest(),
            "random": hashlib.sha256(random).hexdigest(),
        }
        with (folder / f"{os.environ['RANK']}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        save(run, measures)

    TrainingRun.save = noted  # type: ignore[assignment,method-assign]  # to look on, nothing else changes


def run(args: Sequence[str]) -> int:
    """Run the commands; returns the first status that is not 0."""
    watched(Path(args[0]))
    for divider, words in groupby(args[1:], lambda word: word == "--"):
        if not divider and (status := main(list(words))):
            return status
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
