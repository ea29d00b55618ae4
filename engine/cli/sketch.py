"""`sample`, `evaluate` and `prune` for Sketch-RNN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from engine.cli.parse import parse
from engine.cli.report import Progress, report
from engine.errors import BadDrawingError, TrainingError
from engine.runtime.atomic import write_text
from engine.sketch.completion import DEFAULT_PEN_TEMPERATURE, DEFAULT_TEMPERATURE

if TYPE_CHECKING:
    from engine.data.sketches import Example
    from engine.runtime.checkpoint import CheckpointHeader
    from engine.sketch.sketch_model import SketchModel
    from engine.sketch.strokes import Drawing

KIND = "sketch"
MOST_SAMPLES = 100_000
MOST_BEGINNINGS = 1_000


@dataclass(frozen=True)
class SampleSketch:
    """Draw from nothing, or finish drawings, and write the result to a file."""

    model: Annotated[str, tyro.conf.arg(help="A model of the catalog, or a file (.safetensors, .gen.json).")]
    out: Annotated[Path, tyro.conf.arg(help="Where to write: .ndjson (all drawings) or .svg (a sheet of them).")]
    count: Annotated[int, tyro.conf.arg(help="How many drawings, or endings of each beginning (at most 64).")] = 9
    beginning: Annotated[
        Path | None, tyro.conf.arg(help="Finish the drawings of this file (.ndjson, .npz, .svg) instead.")
    ] = None
    strokes: Annotated[int, tyro.conf.arg(help="Only the first strokes of each drawing are a beginning; 0: all.")] = 0
    category: Annotated[str | None, tyro.conf.arg(help="One category; else the model's own in turn.")] = None
    temperature: Annotated[
        float, tyro.conf.arg(help="tau, from 0 (the likeliest) to 1 (as learned) and above.")
    ] = DEFAULT_TEMPERATURE
    pen_temperature: Annotated[
        float, tyro.conf.arg(help="tau of the pen states alone: at low ones a drawing seldom ends by itself.")
    ] = DEFAULT_PEN_TEMPERATURE
    seed: Annotated[int, tyro.conf.arg(help="Drawing i depends on the seed and i alone.")] = 0
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


@dataclass(frozen=True)
class EvaluateSketch:
    """Measure a model on drawings, exactly as the paper defines the losses."""

    model: Annotated[str, tyro.conf.arg(help="A model of the catalog, or a file (.safetensors, .gen.json).")]
    data: Annotated[tuple[Path, ...], tyro.conf.arg(help="Files or folders: .ndjson, .npz, .svg.")]
    part: Annotated[
        Literal["all", "train", "valid", "test"],
        tyro.conf.arg(help="Only this part: the file's own, else as this model's training split its data."),
    ] = "all"
    by_category: Annotated[
        bool, tyro.conf.arg(help="Also, for each category, how much it helps the model to be told the category.")
    ] = False
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


@dataclass(frozen=True)
class PruneSketch:
    """Write a model that knows only the categories of which it has learned something.

    These are the categories whose held-out drawings it expects more when it is told the category: by more than the
    standard error of the difference in L_R.
    """

    model: Annotated[str, tyro.conf.arg(help="A model of the catalog, or a .safetensors file.")]
    data: Annotated[tuple[Path, ...], tyro.conf.arg(help="The drawings of its training; only held-out ones count.")]
    out: Annotated[Path, tyro.conf.arg(help="The .safetensors file to write.")]
    keep: Annotated[tuple[str, ...], tyro.conf.arg(help="Categories that stay whatever the figures say.")] = ()
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


def sample(args: Sequence[str], prog: str) -> None:
    """`sample sketch`: see `SampleSketch`."""
    options = parse(SampleSketch, prog, args)
    from engine.runtime.catalog import Catalog
    from engine.runtime.job import drive
    from engine.sketch.formats.ndjson import to_ndjson_line
    from engine.sketch.sketch_model import load_model
    from engine.sketch.strokes import quickdraw_preprocess

    _check(options)
    model = load_model(Catalog().find(options.model, KIND))
    progress = Progress()
    if options.beginning is not None:
        drawings = _finished(model, options, progress)
    else:
        drawings = drive(
            model.sample(
                options.count,
                category=options.category,
                seed=options.seed,
                temperature=options.temperature,
                pen_temperature=options.pen_temperature,
            ),
            lambda event: progress.show(f"{event.done} of {event.total} drawings"),
        )
    progress.end()
    if options.out.suffix == ".svg":
        from engine.sketch.formats.svg_write import sheet_svg

        write_text(options.out, sheet_svg(drawings))
    else:
        write_text(options.out, "".join(to_ndjson_line(quickdraw_preprocess(drawing)) for drawing in drawings))
    values = {"model": model.name, "drawings": len(drawings), "written_to": str(options.out), "seed": options.seed}
    report(f"Sampled {len(drawings)} drawings from {model.name}.", values, options.json)


def _finished(model: SketchModel, options: SampleSketch, progress: Progress) -> list[Drawing]:
    """`count` endings of each drawing of the file, the beginning among them, in the file's units."""
    from engine.runtime.job import drive
    from engine.sketch.completion import CompletionRequest
    from engine.sketch.formats import read_drawings
    from engine.sketch.strokes import Drawing

    assert options.beginning is not None
    made: list[Drawing] = []
    beginnings = read_drawings(options.beginning, MOST_BEGINNINGS).drawings
    for number, drawing in enumerate(beginnings, start=1):
        strokes = drawing.strokes[: options.strokes or None]
        request = CompletionRequest(
            Drawing(strokes),
            category=options.category,
            count=options.count,
            temperature=options.temperature,
            pen_temperature=options.pen_temperature,
            seed=options.seed,
        )
        completion = drive(model.complete(request))
        made += [Drawing((*strokes, *ending.strokes.strokes), drawing.word) for ending in completion.endings]
        progress.show(f"{number} of {len(beginnings)} beginnings")
    return made


def _check(options: SampleSketch) -> None:
    if not 1 <= options.count <= MOST_SAMPLES:
        raise BadDrawingError(f"Between 1 and {MOST_SAMPLES:,} drawings can be sampled, not {options.count}.")
    for tau in (options.temperature, options.pen_temperature):
        if not 0 <= tau <= 2:
            raise BadDrawingError(f"A temperature lies between 0 and 2, not at {tau}.")
    if options.strokes < 0:
        raise BadDrawingError(f"A beginning has 0 strokes (all of them) or more, not {options.strokes}.")
    if options.seed < 0:
        raise BadDrawingError(f"A seed is 0 or more, not {options.seed}.")


def _fraction(header: CheckpointHeader, name: str) -> float:
    """How the model's own training split its data; 0 when its file does not say."""
    training = header.extra.get("training")
    value = training.get(name) if isinstance(training, dict) else None
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else 0.0


def evaluate(args: Sequence[str], prog: str) -> None:
    """`evaluate sketch`: see `EvaluateSketch`."""
    options = parse(EvaluateSketch, prog, args)
    from engine.runtime.catalog import Catalog
    from engine.sketch.categories import as_values, category_gains
    from engine.sketch.evaluation import held_out_loss, pool_of
    from engine.sketch.run import DATA_BOX
    from engine.sketch.sketch_model import load_model
    from engine.sketch.strokes import scale_factor

    model = load_model(Catalog().find(options.model, KIND))
    wanted = ("train", "valid", "test") if options.part == "all" else (options.part,)
    examples, skipped = _examples(model, options.data, wanted)
    progress = Progress()
    progress.say(f"{len(examples)} drawings of {len(options.data)} file(s) or folder(s)")
    # A model whose data had other units than a 0-255 box has another scale: there, as in the paper, the data's own.
    scale = model.scale_factor if model.box == DATA_BOX else scale_factor(example.stroke3 for example in examples)
    pool = pool_of(examples, scale)
    loss = held_out_loss(model.module, pool, model.longest)
    unknown = sum(example.category >= len(model.categories) for example in examples)
    values: dict[str, Any] = {
        "model": model.name,
        **loss.figures(),
        "drawings": loss.drawings,
        "points": loss.points,
        "N_max": model.longest,
        "scale_factor": scale,
        "without_category": unknown if model.module.config.class_size else loss.drawings,
        "skipped": skipped,
    }
    if options.by_category and model.module.config.class_size:
        values["categories"] = as_values(category_gains(model.module, pool, model.longest))
    report(f"{model.name} on {loss.drawings} drawings:", values, options.json)


def prune(args: Sequence[str], prog: str) -> None:
    """`prune sketch`: see `PruneSketch`."""
    options = parse(PruneSketch, prog, args)
    from engine.runtime.catalog import Catalog
    from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
    from engine.sketch.categories import category_gains, with_categories
    from engine.sketch.evaluation import pool_of
    from engine.sketch.sketch_model import load_model

    path = Catalog().find(options.model, KIND)
    model = load_model(path)
    examples, _ = _examples(model, options.data, ("valid", "test"))
    gains = category_gains(model.module, pool_of(examples, model.scale_factor), model.longest)
    for name in options.keep:
        model.category_index(name)  # raises where there is no such category
    kept = {name for name, gain in gains.items() if gain.is_learned} | set(options.keep)
    tensors, header = with_categories(*load_checkpoint(path, KIND), kept)
    save_checkpoint(options.out, tensors, header)
    values = {
        "model": model.name,
        "held_out_drawings": len(examples),
        "categories": len(model.categories),
        "kept": len(kept),
        "written_to": str(options.out),
    }
    report(f"Kept {len(kept)} of {len(model.categories)} categories of {model.name}.", values, options.json)


def _examples(
    model: SketchModel, data: Sequence[Path], wanted: Sequence[str]
) -> tuple[list[Example], dict[str, int]]:
    """The drawings of the wanted parts, split as the model's own training split them, and why others were left out."""
    from engine.data.sketches import load_dataset

    dataset = load_dataset(
        data,
        max_points=model.longest,
        valid_fraction=_fraction(model.header, "valid_fraction"),
        test_fraction=_fraction(model.header, "test_fraction"),
        categories=model.categories if model.module.config.class_size else (),
        keep_unknown=True,
    )
    parts = {"train": dataset.train, "valid": dataset.valid, "test": dataset.test}
    examples = [example for name in wanted for example in parts[name]]
    if not examples:
        parts_named = " or ".join(map(repr, wanted))
        raise TrainingError(f"None of these drawings belongs to the part {parts_named}; choose another one.")
    return examples, dataset.skipped
