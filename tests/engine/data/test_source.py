"""One door to all data: every name opens something that keeps the protocol, and what makes no sense is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from engine.data.points import save_density
from engine.data.source import DATA_NAMES, POINT_NAMES, DataChoice, open_source
from engine.errors import BadFileError, EngineError, TrainingError
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import make_drawing


def prepared(name: str, folder: Path) -> str:
    """What the data of that name is read from."""
    rng = np.random.default_rng(0)
    if name == "drawn density":
        save_density(folder / "density.npz", np.eye(3))
        return str(folder / "density.npz")
    if name == "drawings":
        lines = [to_ndjson_line(make_drawing([rng.integers(0, 256, (5, 2)).astype(float)], "cat")) for _ in range(30)]
        (folder / "cat.ndjson").write_text("".join(lines))
        return str(folder)
    if name == "pictures":
        for index in range(12):
            Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)).save(folder / f"{index}.png")
        return str(folder)
    return ""


@pytest.mark.parametrize("name", DATA_NAMES)
def test_every_name_opens_a_source(tmp_path: Path, name: str) -> None:
    source = open_source(DataChoice(name, prepared(name, tmp_path), image_size=32, colour=True, seed=5))
    colours = 3 if name == "pictures" else 1
    assert source.name == name and source.shape == ((2,) if name in POINT_NAMES else (colours, 32, 32))
    batch, labels = source.labelled(7, Generator().manual_seed(1))
    assert batch.dtype == torch.float32 and batch.shape == (7, *source.shape)
    assert torch.equal(batch, source.batch(7, Generator().manual_seed(1)))
    assert (labels is not None) == (source.class_count > 0) == (name == "digits")
    kept, _ = source.held_out(1)
    assert kept.shape == (1, *source.shape)
    assert source.provenance.lower().startswith("mnist" if name == "digits" else name)
    assert source.class_count == len(source.class_names) and source.problems == ()
    assert (source.size == 0) == (name in POINT_NAMES)
    assert (source.modes is None) == (source.spread == 0) == (name not in ("8 gaussians", "25 gaussians"))
    if source.size:
        assert batch.min() >= -1 and batch.max() <= 1


@pytest.mark.parametrize(
    ("choice", "error", "says"),
    [
        (DataChoice("moons"), TrainingError, "no data called 'moons'; choose one of 8 gaussians, 25"),
        (DataChoice("digits", image_size=29), TrainingError, "Pictures of 29 pixels are not supported"),
        (DataChoice("drawn density"), TrainingError, "no drawn density yet"),
        (DataChoice("drawings"), TrainingError, "Choose a file or folder of drawings"),
        (DataChoice("pictures"), TrainingError, "Choose a folder of pictures"),
        (DataChoice("drawn density", "missing.npz"), BadFileError, "no file missing.npz"),
        (DataChoice("drawings", "missing"), BadFileError, "no file or folder missing"),
        (DataChoice("pictures", "missing"), BadFileError, "no folder missing"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choice: DataChoice, error: type[EngineError], says: str) -> None:
    with pytest.raises(error, match=says):
        open_source(choice)
