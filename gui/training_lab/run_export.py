"""What a run has shown and measured, as files for others: CSV, npz, PNG. Each says which run it is from."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from engine.errors import CheckpointError, SaveError
from engine.runtime.atomic import write_file, write_text
from engine.runtime.job import Arrays
from engine.runtime.run_folder import RunFolder
from gui.services.export import MAX_SIZE, export_image, with_suffix

PROGRAM = "Morphospace"
ABOUT = "about"


def about(run: RunFolder, step: int | None = None) -> dict[str, str]:
    """Where a file comes from: program, run, trainer, step, seed, settings (JSON) and command; for its metadata.

    A run whose settings cannot be read is named, and nothing more is said of it.
    """
    found = {"Software": PROGRAM, "run": run.name}
    if step is not None:
        found["step"] = str(step)
    try:
        config = run.config()
        found["trainer"] = run.trainer
        found["command"] = run.command
    except CheckpointError:
        return found
    if "seed" in config:
        found["seed"] = str(config["seed"])
    found["settings"] = json.dumps(config)
    return found


def export_metrics(run: RunFolder, path: Path) -> Path:
    """Write every figure of `run` as CSV: comment lines that begin with #, then one row for each step.

    Returns the path with its suffix. Raises `CheckpointError` when the run cannot be read and `SaveError` when the file
    cannot be written. It may take a second for a long run: call it beside the UI thread.
    """
    rows: dict[int, dict[str, float]] = {}
    for event in run.metrics():
        rows.setdefault(event.step, {"seconds": event.seconds}).update(event.values)
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    if not rows:
        raise SaveError(f"{run.name} has measured nothing yet; let it train for a while first.")
    file = io.StringIO()
    for key, text in about(run).items():
        file.write(f"# {key}: {' '.join(text.split())}\n")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["step", *names])
    for step, row in rows.items():
        writer.writerow([step, *(_number(row.get(name)) for name in names)])
    path = with_suffix(path, ".csv")
    write_text(path, file.getvalue())
    return path


def export_arrays(arrays: Arrays, path: Path, details: Mapping[str, str]) -> Path:
    """Write named arrays as npz, with `details` as JSON text under the name "about"; see `export_metrics`."""
    path = with_suffix(path, ".npz")
    named = {name: array for name, array in arrays.arrays.items() if name != ABOUT}
    if not named:
        raise SaveError("There are no arrays to export yet; let the run train for a while first.")
    text = np.array(json.dumps({**details, "step": str(arrays.step)}))
    write_file(path, lambda file: np.savez_compressed(file, allow_pickle=False, **{**named, ABOUT: text}))
    return path


def export_picture(picture: QImage, path: Path, details: Mapping[str, str], scale: int = 1) -> Path:
    """Write a picture as PNG, each pixel as a square of `scale` pixels; see `export_metrics`.

    What is drawn with lines and text is better rendered larger by who draws it, and given here with a scale of 1.
    """
    width, height = picture.width() * scale, picture.height() * scale
    if scale < 1 or max(width, height) > MAX_SIZE:
        raise SaveError(f"A picture of {width} x {height} pixels is out of range; choose a scale from 1 on that stays "
                        f"within {MAX_SIZE} pixels.")
    if scale > 1:
        picture = picture.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio,
                                 Qt.TransformationMode.FastTransformation)
    return export_image(picture, path, details)


def _number(value: float | None) -> str:
    return "" if value is None else repr(value) if math.isfinite(value) else "nan"
