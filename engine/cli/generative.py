"""`sample` and `evaluate` for GANs and auto-encoders."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from engine.cli.parse import parse
from engine.cli.report import Progress, report
from engine.data.source import DATA_NAMES
from engine.errors import TrainingError

if TYPE_CHECKING:
    from engine.data.source import DataSource
    from engine.explore.generative_model import GenerativeModel, Latents, Samples

MOST_SAMPLES = 100_000
MOST_ON_A_SHEET = 10_000
FEWEST_MEASURED = 10
MAX_SEED = 10**18


@dataclass(frozen=True)
class SampleGenerative:
    """Make samples of random latents and write them to a file."""

    model: Annotated[str, tyro.conf.arg(help="A model of the catalog, or a .safetensors file.")]
    out: Annotated[
        Path, tyro.conf.arg(help="Where to write: .png (a sheet of pictures), .csv (points), or .npz (both, with z).")
    ]
    count: Annotated[int, tyro.conf.arg(help="How many samples.")] = 64
    columns: Annotated[int, tyro.conf.arg(help="Pictures in a row of the sheet; 0: about as many as rows.")] = 0
    seed: Annotated[int, tyro.conf.arg(help="Seed of the latents z.")] = 0
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


@dataclass(frozen=True)
class EvaluateGenerative:
    """Measure a model's samples against held-out data.

    Points of the plane: modes covered, share of good samples, KL and Jensen-Shannon divergence on a grid, sliced
    Wasserstein distance and MMD. Digits: Fréchet distance and inception score in a digit classifier's features. Other
    pictures: sliced Wasserstein distance and MMD of pixels. Auto-encoders also: reconstruction error, and the MMD of
    codes and prior.
    """

    model: Annotated[str, tyro.conf.arg(help="A model of the catalog, or a .safetensors file.")]
    data: Annotated[
        Literal[DATA_NAMES] | None,  # type: ignore[valid-type]
        tyro.conf.arg(help="What to compare with; left out: what the model was trained on, as its file says."),
    ] = None
    data_path: Annotated[
        str, tyro.conf.arg(help="Where a drawn density, drawings or pictures are now, if not where they were.")
    ] = ""
    count: Annotated[
        int, tyro.conf.arg(help="How many samples; compare figures of equal counts only.")
    ] = 10_000
    seed: Annotated[int, tyro.conf.arg(help="Seed of the latents z.")] = 0
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


def sample_gan(args: Sequence[str], prog: str) -> None:
    """`sample gan`: see `SampleGenerative`."""
    _sample("gan", parse(SampleGenerative, prog, args))


def sample_wae(args: Sequence[str], prog: str) -> None:
    """`sample wae`: see `SampleGenerative`."""
    _sample("wae", parse(SampleGenerative, prog, args))


def evaluate_gan(args: Sequence[str], prog: str) -> None:
    """`evaluate gan`: see `EvaluateGenerative`."""
    _evaluate("gan", parse(EvaluateGenerative, prog, args))


def evaluate_wae(args: Sequence[str], prog: str) -> None:
    """`evaluate wae`: see `EvaluateGenerative`."""
    _evaluate("wae", parse(EvaluateGenerative, prog, args))


def _sample(kind: str, options: SampleGenerative) -> None:
    most = MOST_ON_A_SHEET if options.out.suffix == ".png" else MOST_SAMPLES
    _check(options.count, 1, most, options.seed)
    if options.columns < 0:
        raise TrainingError(f"A sheet has 0 columns (as many as rows) or more, not {options.columns}.")
    model = _open(kind, options.model)
    points = len(model.shape) == 1
    if points and options.out.suffix == ".png":
        raise TrainingError(f"{model.name} makes points, not pictures; write them to a .csv or .npz file.")
    if not points and options.out.suffix == ".csv":
        raise TrainingError(f"{model.name} makes pictures, not points; write them to a .png or .npz file.")
    if options.out.suffix not in (".png", ".csv", ".npz"):
        raise TrainingError(f"{options.out.name} is of no known kind; choose a file ending in .png, .csv or .npz.")
    latents = model.latents(options.count, options.seed)
    _write(model, latents, model.sample(latents), options)
    values = {
        "model": model.name, "samples": options.count, "written_to": str(options.out), "seed": options.seed,
    }
    report(f"Made {options.count} samples with {model.name}.", values, options.json)


def _write(model: GenerativeModel, latents: Latents, samples: Samples, options: SampleGenerative) -> None:
    import numpy as np

    from engine.explore.sheet import picture_sheet, write_png
    from engine.runtime.atomic import write_file, write_text

    if options.out.suffix == ".png":
        about = {"Software": "Morphospace", "model": model.name, "seed": str(options.seed)}
        write_png(options.out, picture_sheet(samples.astype(np.uint8, copy=False), options.columns), about)
    elif options.out.suffix == ".csv":
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows([("x", "y"), *samples.tolist()])
        write_text(options.out, lines.getvalue())
    else:
        write_file(options.out, lambda file: np.savez_compressed(file, samples=samples, latents=latents))


def _evaluate(kind: str, options: EvaluateGenerative) -> None:
    _check(options.count, FEWEST_MEASURED, MOST_SAMPLES, options.seed)
    from engine.explore.training_data import open_training_data

    model = _open(kind, options.model)
    progress = Progress()
    source = open_training_data(model, options.data or "", options.data_path)
    for problem in source.problems:
        progress.say(problem)
    progress.say(f"Comparing {options.count:,} samples of {model.name} with {source.name} that it has not seen")
    figures = _figures(model, source, options)
    values = {"model": model.name, "data": source.name, "samples": options.count, "seed": options.seed, **figures}
    report(f"{model.name} on {source.name}:", values, options.json)


def _figures(model: GenerativeModel, source: DataSource, options: EvaluateGenerative) -> dict[str, float]:
    from engine.evaluation.sample_measures import sample_measures
    from engine.wae.measuring import measure_model
    from engine.wae.model import AutoEncoderModel

    if isinstance(model, AutoEncoderModel):
        return measure_model(model, source, options.count, options.seed)
    return sample_measures(source, model.generated(model.latents(options.count, options.seed)))


def _open(kind: str, name_or_file: str) -> GenerativeModel:
    from engine.explore.generative_model import open_generative_model
    from engine.runtime.catalog import Catalog
    from engine.runtime.checkpoint import read_header

    path = Catalog().find(name_or_file, kind)
    if (found := read_header(path).kind) != kind:
        raise TrainingError(f"{path.name} holds a {found} model; a {kind} model is needed here.")
    return open_generative_model(path)


def _check(count: int, fewest: int, most: int, seed: int) -> None:
    if not fewest <= count <= most:
        raise TrainingError(f"Between {fewest} and {most:,} samples can be asked for here, not {count}.")
    if not 0 <= seed <= MAX_SEED:
        raise TrainingError(f"A seed lies between 0 and a 1 with 18 zeros, not at {seed}.")
