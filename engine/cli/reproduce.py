"""`reproduce NAME`: make the runs of a ready experiment, one after the other, and tell what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from engine import paths
from engine.cli.parse import parse
from engine.cli.report import Progress, say_json
from engine.cli.training import record_run, stop_on_interrupt
from engine.errors import TrainingError
from engine.experiments.experiment import Experiment, PlannedRun
from engine.experiments.reproduce import folder_of, markdown, results, verdict_on
from engine.runtime.atomic import write_text
from engine.runtime.config import from_json
from engine.runtime.run_folder import RunFolder, create_run, open_run
from engine.trainers import trainer


@dataclass(frozen=True)
class Options:
    """Run a ready experiment again; runs that have ended are kept, one that was interrupted goes on."""

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(help="The experiment, or 'all' that have a claim.")]
    out: Annotated[Path | None, tyro.conf.arg(help="The folder for the runs (among your runs when left out).")] = None
    table: Annotated[Path | None, tyro.conf.arg(help="Also write what was found to this Markdown file.")] = None
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


def reproduce(args: Sequence[str], prog: str) -> None:
    """Make what is missing of the runs, and print the tables."""
    from engine.experiments.ready import EXPERIMENTS

    options = parse(Options, prog, args)
    claims = [each for each in EXPERIMENTS.values() if each.claim]
    wanted = claims if options.name == "all" else [each for each in claims if each.name == options.name]
    if not wanted:
        known = ", ".join(each.name for each in claims)
        raise TrainingError(f"There is no experiment called {options.name!r}; known are: {known}.")
    sections, told = [], {}
    for experiment in wanted:
        root = (options.out or paths.runs()) / f"reproduce-{experiment.name}"
        stopped = _run(experiment, root)
        found = results(experiment, root)
        verdict = verdict_on(experiment, found)
        told[experiment.name] = {"runs": found, "agrees": None if verdict is None else verdict.agrees}
        sections.append(markdown(experiment, found))
        print(sections[-1])
        if stopped:
            return
    if options.table is not None:
        write_text(options.table, "\n".join(sections))
    if options.json:
        say_json(told)


def _made_as(planned: PlannedRun, run: RunFolder) -> RunFolder:
    """The run that is there; raises `TrainingError` when it was made with other settings than are planned now."""
    known = trainer(planned.trainer)
    if run.trainer != known.name or from_json(known.config_class(), run.config()) != planned.config:
        raise TrainingError(
            f"{run.path} holds a run with other settings than {planned.label!r} has now; remove it, or choose another "
            "folder with --out.")
    return run


def _run(experiment: Experiment, root: Path) -> bool:
    """Make the runs that have not ended; whether the person has stopped one."""
    progress = Progress()
    for number, planned in enumerate(experiment.runs, start=1):
        path = folder_of(root, planned.label)
        progress.say(f"{experiment.name}: {planned.label} ({number} of {len(experiment.runs)})")
        if not (path / "config.json").exists():
            create_run(planned.trainer, planned.config, path)
        elif _made_as(planned, open_run(path)).state == "finished":
            continue
        with stop_on_interrupt() as next_command:
            record_run(trainer(planned.trainer), planned.config, path, next_command, progress)
        progress.end()
        if open_run(path).state != "finished":
            return True
    return False
