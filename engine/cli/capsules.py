"""`evaluate capsules`: how many pictures a capsule network, or a network it is compared with, gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from engine.cli.parse import parse
from engine.cli.report import report
from engine.errors import TrainingError

MOST_PAIRS = 1_000_000


@dataclass(frozen=True)
class EvaluateCapsules:
    """Measure a capsule network, or a convolutional network that it is compared with.

    Of two digits over each other both must be found. The affine test is every test digit of MNIST, distorted once in
    affNIST's ranges and put anywhere on the model's ground. All pictures are the same ones each time.
    """

    model: Annotated[str, tyro.conf.arg(help="A model of the catalog, or a .safetensors file.")] = "digits-capsnet"
    data: Annotated[
        str, tyro.conf.arg(help="digits, two digits, affine, or an .npz file of images [n, side, side] and labels [n].")
    ] = "digits"
    count: Annotated[int, tyro.conf.arg(help="How many pairs, of two digits.")] = 10_000
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


def evaluate_capsules(args: Sequence[str], prog: str) -> None:
    """`evaluate capsules`: see `EvaluateCapsules`."""
    options = parse(EvaluateCapsules, prog, args)
    if not 1 <= options.count <= MOST_PAIRS:
        raise TrainingError(f"Between 1 and {MOST_PAIRS:,} pairs can be asked for, not {options.count}.")
    from engine.capsules.evaluation import evaluate
    from engine.capsules.model import load_recogniser
    from engine.runtime.catalog import Catalog

    model = load_recogniser(Catalog().find(options.model))
    found = evaluate(model, options.data, options.count)
    values = {
        "model": model.name,
        "data": options.data,
        "images": found.images,
        "error_percent": found.error_percent,
        "errors": found.errors,
        **({} if found.reconstruction_error is None else {"reconstruction_error": found.reconstruction_error}),
        "confusion": found.confusion.tolist(),
    }
    report(f"{model.name} on {options.data}:", values, options.json)
