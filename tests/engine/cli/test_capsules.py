"""`evaluate capsules` says what is measured, and refuses with a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine import paths
from tests.helpers.commands import command, refusal
from tests.helpers.tiny_capsules import tiny_capsules


def test_a_model_of_the_catalog_on_a_file(tmp_path: Path) -> None:
    paths.models().mkdir(parents=True)
    tiny_capsules(paths.models() / "tiny.safetensors", image_size=20)
    images = np.random.default_rng(0).random((12, 20, 20)).astype(np.float32)
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(12) % 10)
    done = command("evaluate", "capsules", "--model", "tiny", "--data", tmp_path / "own.npz", "--json")
    assert done.status == 0
    assert set(done.values) == {
        "model", "data", "images", "error_percent", "accuracy", "errors", "reconstruction_error", "confusion"
    }
    assert done.values["images"] == 12 and np.array(done.values["confusion"]).sum() == 12
    assert done.values["error_percent"] == 100 * done.values["errors"] / 12
    assert done.values["accuracy"] == (12 - done.values["errors"]) / 12


def test_refusals(tmp_path: Path) -> None:
    path = tiny_capsules(tmp_path / "tiny.safetensors")
    assert "no model or file" in refusal("evaluate", "capsules", "--model", "nobody")
    assert "two digits" in refusal("evaluate", "capsules", "--model", path, "--data", "two digits")
    assert "no file" in refusal("evaluate", "capsules", "--model", path, "--data", "gone.npz")
    assert "pairs" in refusal("evaluate", "capsules", "--model", path, "--count", 0)
    path.write_bytes(path.read_bytes()[:400])
    assert "tiny.safetensors" in refusal("evaluate", "capsules", "--model", path)
