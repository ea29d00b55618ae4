"""What a run is made from: drawings, more drawings, another model; and what its model file says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.data.sketches import Example, load_dataset
from engine.errors import BadFileError, CheckpointError, TrainingError
from engine.runtime.checkpoint import load_checkpoint, read_header, save_checkpoint
from engine.sketch import run as run_module
from engine.sketch.batches import Batch, BatchSource, DrawingPool
from engine.sketch.evaluation import pool_of
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.run import SketchRun
from engine.sketch.sketch_model import load_model
from engine.sketch.strokes import make_drawing
from tests.helpers.sketch_runs import curve, model_file, tiny, trained, write_drawings
from tests.helpers.tiny_sketch import tiny_checkpoint


def test_model_file_says_what_it_is(drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings, steps=2, name="zigzags"), tmp_path)
    header = read_header(model_file(tmp_path))
    assert (header.kind, header.name) == ("sketch", "zigzags")
    assert "60 drawings of 2 files, 2 categories" in header.data
    assert header.extra["training"]["valid_fraction"] == 0.2 and header.extra["box"] == 255.0
    assert header.command.startswith("python -m engine train sketch --data ") and "--steps 2" in header.command
    model = load_model(model_file(tmp_path))
    train_part = load_dataset([drawings], max_points=250, valid_fraction=0.2, test_fraction=0.0).train
    assert model.categories == ("cat", "dog") and model.longest == max(len(e.stroke3) for e in train_part)
    spread = np.concatenate([example.stroke3[:, :2].ravel() for example in train_part]).std(dtype=np.float64)
    assert model.scale_factor == pytest.approx(float(spread))


def test_decoder_alone_has_no_latent(drawings: Path, tmp_path: Path) -> None:
    events, result = trained(tiny(drawings, steps=2, mode="decoder"), tmp_path)
    assert all(values["L_KL"] == 0 and values["w_KL"] == 0 for values in curve(events).values())
    assert set(result) == {"held_out_L_R_decoder"}
    assert not load_model(model_file(tmp_path)).has_encoder


def test_one_category_needs_no_vector_for_it(drawings: Path, tmp_path: Path) -> None:
    trained(tiny(drawings / "cat.ndjson", steps=2), tmp_path)
    model = load_model(model_file(tmp_path))
    assert model.categories == ("cat",) and model.module.config.class_size == 0


def test_extra_drawings_have_their_share_of_each_batch_and_are_never_held_out(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = tmp_path / "extra.ndjson"
    write_drawings(extra, "cat", 12, lambda i, k: (20.0 * k, (90.0 + i) * (k % 2)), points=11)
    with extra.open("a") as file:
        file.write(to_ndjson_line(make_drawing([[(0, 0), (90, 90), (0, 50)]], "unknown")))
    taken: list[Batch] = []
    following = BatchSource.next

    def spy(self: BatchSource, *args: Any) -> Batch:
        taken.append(following(self, *args))
        return taken[-1]

    monkeypatch.setattr(BatchSource, "next", spy)
    pools: list[int] = []

    def counted(examples: Sequence[Example], scale: float) -> DrawingPool:
        pools.append(len(examples))
        return pool_of(examples, scale)

    monkeypatch.setattr(run_module, "pool_of", counted)
    config = tiny(drawings, steps=5, extra_data=(str(extra),), extra_share=0.25, point_drop=0.0)
    trained(config, tmp_path / "run")
    valid, extra_pool, main = pools
    assert extra_pool == 12 and valid + main == 60
    for batch in taken:
        assert (batch.lengths >= 11).sum() == 2 and len(batch.lengths) == 8
        assert set(batch.categories[batch.lengths >= 11]) == {0}
    header = read_header(model_file(tmp_path / "run"))
    assert header.extra["longest"] >= 11
    assert "for training also 12 drawings" in header.data
    alone = read_header(model_file(tmp_path / "run")).extra["scale_factor"]
    trained(tiny(drawings, steps=1), tmp_path / "without")
    assert read_header(model_file(tmp_path / "without")).extra["scale_factor"] == alone


def test_start_from_another_model_draws_as_it_does(drawings: Path, tmp_path: Path) -> None:
    """At the first step the density of a drawing, in the units of the data, is that of the model started from."""
    source_path = tiny_checkpoint(tmp_path / "source.safetensors", categories=("cat",), mode="decoder")
    config = tiny(drawings / "cat.ndjson", mode="decoder", decoder_size=8, initial=str(source_path))
    run = SketchRun(config, tmp_path / "run")
    source = load_model(source_path)
    assert run.scale != pytest.approx(source.scale_factor, rel=0.01)
    given = np.random.default_rng(0).normal(0, 40, (10, 3)).astype(np.float32)
    given[:, 2] = [0, 0, 1] * 3 + [1]
    densities = []
    for module, scale in ((run.model, run.scale), (source.module, source.scale_factor)):
        points = torch.from_numpy(replace(source, scale_factor=scale).as_points(given))
        with torch.no_grad():
            mixture = module.decode(points[:-1], module.condition(None, None, torch.tensor([0])))
        offsets = mixture.log_density(points[1:, :, 0], points[1:, :, 1]) - 2 * np.log(scale)
        densities.append((offsets[:-1], mixture.pen_logits.log_softmax(dim=-1)))
    torch.testing.assert_close(densities[0], densities[1], rtol=1e-4, atol=1e-4)
    trained(replace(config, steps=1), tmp_path / "run")
    assert "decoder started from source (made up)" in read_header(model_file(tmp_path / "run")).data


def test_start_from_a_model_that_does_not_fit_is_refused(drawings: Path, tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "source.safetensors", categories=("cat",), mode="decoder")
    tensors, header = load_checkpoint(path, "sketch")

    def refused(match: str, **changes: Any) -> None:
        config = tiny(drawings, initial=str(path), **changes)
        with pytest.raises(TrainingError, match=match):
            SketchRun(config, tmp_path / "run")

    refused("another shape", decoder_size=16)
    refused("another shape", mixtures=5)
    refused("another shape", decoder_cell="layer_norm")
    save_checkpoint(path, {name: t for name, t in tensors.items() if name != "decoder.weight_ih"}, header)
    refused("another shape")
    save_checkpoint(path, tensors, replace(header, extra={}))
    refused("scale factor")
    path.write_bytes(b"no model")
    with pytest.raises(CheckpointError):
        SketchRun(tiny(drawings, initial=str(path)), tmp_path / "run")


def test_data_that_cannot_be_used_is_refused_with_a_sentence(drawings: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Choose the drawings"):
        trained(replace(tiny(drawings), data=()), tmp_path)
    with pytest.raises(BadFileError, match="no file or folder"):
        trained(tiny(tmp_path / "nowhere"), tmp_path)
    with pytest.raises(TrainingError, match="No drawing could be used"):
        trained(tiny(drawings, max_points=2), tmp_path)
    with pytest.raises(TrainingError, match="batch_size"):
        trained(tiny(drawings, batch_size=0), tmp_path)
    assert not (tmp_path / "checkpoints").exists()
