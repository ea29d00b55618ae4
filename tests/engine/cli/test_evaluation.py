"""`evaluate classifier` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import evaluation
from tests.helpers.commands import command, refusal
from tests.helpers.tiny_classifier import write_tiny_classifier


def test_it_reports_the_figures_of_the_model_that_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_classifier(tmp_path / "tiny.safetensors")
    asked: list[tuple[str, int]] = []

    def figures(classifier: object, image_size: int) -> dict[str, float]:
        asked.append((classifier.name, image_size))  # type: ignore[attr-defined]
        return {"accuracy": 0.25}

    monkeypatch.setattr("engine.evaluation.reference.figures_on_test_digits", figures)
    done = command("evaluate", evaluation.KIND, "--model", tmp_path / "tiny.safetensors", "--image-size", 32, "--json")
    assert done.status == 0 and asked == [("tiny", 32)]
    assert done.values == {"model": "tiny", "image_size": 32, "accuracy": 0.25}


def test_a_model_that_is_not_there_or_no_classifier_is_refused(tmp_path: Path) -> None:
    assert "digits-classifier" in refusal("evaluate", "classifier", "--model", "unicorn")
    write_tiny_classifier(tmp_path / "other.safetensors", kind="sketch")
    assert "a classifier model is needed" in refusal(
        "evaluate", "classifier", "--model", tmp_path / "other.safetensors"
    )
