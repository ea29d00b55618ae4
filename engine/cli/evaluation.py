"""`evaluate classifier`: how good the classifier is whose features and answers other measures rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from engine.cli.parse import parse
from engine.cli.report import report

KIND = "classifier"


@dataclass(frozen=True)
class EvaluateClassifier:
    """Measure a digit classifier on the 10,000 test digits of MNIST, of which training sees none."""

    model: Annotated[
        str, tyro.conf.arg(help="A classifier of the catalog, or a .safetensors file.")
    ] = "digits-classifier"
    image_size: Annotated[
        Literal[28, 32, 64], tyro.conf.arg(help="Side in pixels from which digits are brought to the classifier's 28.")
    ] = 28
    json: Annotated[bool, tyro.conf.arg(help="End with one JSON object on the last line of stdout.")] = False


def evaluate_classifier(args: Sequence[str], prog: str) -> None:
    """`evaluate classifier`: see `EvaluateClassifier`."""
    options = parse(EvaluateClassifier, prog, args)
    from engine.evaluation.classifier import load_classifier
    from engine.evaluation.reference import figures_on_test_digits
    from engine.runtime.catalog import Catalog

    classifier = load_classifier(Catalog().find(options.model, KIND))
    figures = figures_on_test_digits(classifier, options.image_size)
    values = {"model": classifier.name, "image_size": options.image_size, **figures}
    report(f"{classifier.name} on the test digits:", values, options.json)
