"""The results of an experiment, read from the folders of its runs, and the table that tells them."""

from __future__ import annotations

import math
import re
from pathlib import Path

from engine.errors import CheckpointError
from engine.experiments.experiment import Experiment, Results, Verdict
from engine.runtime.run_folder import RunFolder


def folder_of(root: Path, label: str) -> Path:
    """Where the run called `label` belongs under an experiment's folder."""
    return root / re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-")


def results(experiment: Experiment, root: Path) -> Results:
    """The figures of each run that has a folder under `root`."""
    found: dict[str, dict[str, float]] = {}
    for planned in experiment.runs:
        run = RunFolder(folder_of(root, planned.label))
        if run.path.exists():
            found[planned.label] = figures_of(experiment, run)
    return found


def figures_of(experiment: Experiment, run: RunFolder) -> dict[str, float]:
    """The figures of one run by the titles of the columns for its trainer; NaN for one that cannot be read."""
    figures = {}
    for column in experiment.columns:
        try:
            if column.trainer in ("", run.trainer):
                figures[column.title] = column.figure(run)
        except CheckpointError:
            figures[column.title] = math.nan
    return figures


def verdict_on(experiment: Experiment, found: Results) -> Verdict | None:
    """What the results say about the claim; None without a claim, or before all that it needs has been measured."""
    if experiment.verdict is None or any(planned.label not in found for planned in experiment.runs):
        return None
    if any(math.isnan(value) for figures in found.values() for value in figures.values()):
        return None
    return experiment.verdict(found)


def markdown(experiment: Experiment, found: Results) -> str:
    """A section with the claim, a table of all runs and the verdict."""
    titles = [column.title for column in experiment.columns]
    lines = [
        f"### {experiment.title}", "", f"**Claim** ({experiment.source}): {experiment.claim}", "",
        "| run | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|",
    ]
    for label, figures in found.items():
        lines.append(f"| {label} | " + " | ".join(_shown(figures.get(title, math.nan)) for title in titles) + " |")
    verdict = verdict_on(experiment, found)
    if verdict is not None:
        lines += ["", f"**{'Agrees' if verdict.agrees else 'Does not agree'}.** {verdict.found}"]
    return "\n".join([*lines, ""])


def _shown(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"
