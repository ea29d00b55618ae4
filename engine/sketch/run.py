"""One training run of Sketch-RNN: its data, its model, its loss, and what is shown and kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.sketches import SketchDataset, load_dataset
from engine.errors import CheckpointError, TrainingError
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint, save_checkpoint
from engine.runtime.config import command_line, to_json
from engine.runtime.training_run import TrainingRun
from engine.sketch.batches import Augmentation, Batch, BatchSource
from engine.sketch.config import SketchTrainConfig, model_config
from engine.sketch.evaluation import held_out_loss, pool_of
from engine.sketch.model import DropRates, LossTerms, SketchRNN, TrainingBatch
from engine.sketch.sampling import sample_sheet
from engine.sketch.strokes import scale_factor

SHEET_SIZE = 9
DATA_BOX = 255.0  # `engine.data.sketches` aligns every drawing to it
# The best model is the one that draws best without z, as it is used to complete drawings.
_JUDGED_BY = "held_out_L_R_decoder"


class SketchRun(TrainingRun):
    """Encoder and decoder take a step together; the model that is kept is the one with the best held-out loss."""

    trainer: ClassVar[str] = "sketch"

    def __init__(self, config: SketchTrainConfig, run_dir: Path) -> None:
        """Read the data, build the model and, when `run_dir` holds a state, go on from it.

        Raises `TrainingError`, `BadFileError` or `CheckpointError` with a sentence when one of them cannot be used.
        """
        super().__init__(config, run_dir)
        self.config: SketchTrainConfig = config
        dataset = self._load_data()
        self.model_config = model_config(config, dataset.categories)
        self.extra["categories"] = list(dataset.categories)
        # The scale and N_max come from the training drawings alone, and stay the same on every process.
        self.scale = scale_factor(example.stroke3 for example in dataset.train)
        self._provenance = dataset.provenance
        self._valid = pool_of(dataset.valid, self.scale) if dataset.valid else None
        self._batches = self._make_batches(dataset)
        self._figures: dict[str, Tensor] = {}
        with self.seeded():
            self.model = SketchRNN(self.model_config)
        if config.initial:
            self._start_from(Path(config.initial))
        optimiser = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, foreach=True)
        self.learn("model", self.model, optimiser)
        self.begin()

    # ---- a step

    def moments(self, part: str) -> Iterator[str]:
        """One step on a batch of drawings (eq. 9 to 11)."""
        config = self.config
        how = Augmentation(config.scale_jitter, config.point_drop, config.point_noise / self.scale)
        batch = self._on_device(self._batches.next(how, self.rng))
        yield "sample"
        drops = DropRates(config.latent_drop, config.class_drop)
        with self.fabric.autocast():
            losses: LossTerms = self.model(batch, drops, self._batches.longest, self.noise)
        floored = torch.clamp(losses.divergence, min=config.kl_floor)
        loss = losses.offsets + losses.pen + self._kl_weight() * floored
        self._figures = {
            "L_s": losses.offsets.detach(),
            "L_p": losses.pen.detach(),
            "L_KL": losses.divergence.detach(),
        }
        yield "score"
        self.descend("model", loss)
        yield "gradient"
        self.update("model", self._clip)
        yield "update"

    def learning_rates(self) -> dict[str, float]:
        """The step size, decaying from `learning_rate` to `final_rate`."""
        config = self.config
        share = config.rate_decay**self.step_count
        return {"model": (config.learning_rate - config.final_rate) * share + config.final_rate}

    def _clip(self) -> None:
        # Each value as in section 4.1, then the norm of all.
        torch.nn.utils.clip_grad_value_(self.model.parameters(), self.config.clip)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_norm)

    def _kl_weight(self) -> float:
        share = 1 - (1 - self.config.kl_start) * self.config.kl_decay**self.step_count
        return self.config.kl_weight * share if self.model.has_encoder else 0.0

    def _on_device(self, batch: Batch) -> TrainingBatch:
        points, lengths, categories = (
            torch.from_numpy(array).to(self.device, non_blocking=True)
            for array in (batch.points, batch.lengths, batch.categories)
        )
        return TrainingBatch(points, lengths, categories)

    # ---- what is seen and kept of it

    def figures(self) -> dict[str, float]:
        """The terms of the loss with the weight of L_KL, the step size, and the norm of the unclipped gradient."""
        offsets, pen, divergence = (float(self._figures[name]) for name in ("L_s", "L_p", "L_KL"))
        return {
            "L_R": offsets + pen,
            "L_s": offsets,
            "L_p": pen,
            "L_KL": divergence,
            "w_KL": self._kl_weight(),
            "learning_rate": self.rate("model"),
            "gradient_norm": self.gradient_norms["model"],
            "steps_per_s": self.step_count / max(self.seconds, 1e-9),
            "skipped": float(self.skipped),
        }

    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """Sample drawings, stroke-5 float32 [n, T, 5] in data units."""
        sheet = sample_sheet(self.model, SHEET_SIZE, seed=self.config.seed, max_points=self._batches.longest)
        sheet[..., :2] *= self.scale
        return {"samples": sheet}

    def measures(self) -> dict[str, float]:
        """The held-out losses; none without held-out drawings."""
        if self._valid is None:
            return {}
        found = held_out_loss(self.model, self._valid, self._batches.longest, padded=False)
        return {f"held_out_{name}": value for name, value in found.figures().items()}

    def is_better(self, measures: Mapping[str, float]) -> bool:
        """Whether the held-out loss without z is not above that of the kept model; without drawings, always."""
        worst = float("inf")
        return self._valid is None or measures.get(_JUDGED_BY, worst) <= self.model_measures.get(_JUDGED_BY, worst)

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """The model as it is now, for the catalog."""
        header = CheckpointHeader(
            kind="sketch",
            name=self.config.name,
            config={**asdict(self.model_config), "categories": list(self.model_config.categories)},
            data=self._provenance,
            metrics={**measures, "step": float(self.step_count), "train_seconds": self.seconds},
            command=command_line("sketch", self.config),
            extra={
                "scale_factor": self.scale,
                "longest": self._batches.longest,
                "box": DATA_BOX,
                "training": to_json(self.config),
            },
        )
        save_checkpoint(path, self.model.state_dict(), header)

    def _restore(self, path: Path) -> dict[str, Any]:
        numbers = super()._restore(path)
        if self.extra.get("categories") != list(self.model_config.categories):
            raise CheckpointError(f"{path.name} is of a run on other categories; choose a new folder for this run.")
        return numbers

    # ---- data and start

    def _load_data(self) -> SketchDataset:
        config = self.config
        if not config.data:
            raise TrainingError("Choose the drawings to learn from: files or folders of ndjson, npz or svg.")
        return load_dataset(
            [Path(path) for path in config.data],
            max_points=config.max_points,
            valid_fraction=config.valid_fraction,
            test_fraction=config.test_fraction,
        )

    def _make_batches(self, dataset: SketchDataset) -> BatchSource:
        config = self.config
        extra = None
        if config.extra_data:
            more = load_dataset(
                [Path(path) for path in config.extra_data],
                categories=dataset.categories,
                max_points=config.max_points,
                valid_fraction=0.0,
                test_fraction=0.0,
            )
            extra = pool_of(more.train, self.scale)
            self._provenance += f"; for training also {more.provenance}"
        return BatchSource(pool_of(dataset.train, self.scale), extra, config.batch_size, config.extra_share)

    def _start_from(self, path: Path) -> None:
        """Copy another model's decoder: its recurrent weights, its input weights of the point, its output layer."""
        tensors, header = load_checkpoint(path, kind="sketch")
        scale = header.extra.get("scale_factor")
        if not isinstance(scale, int | float) or not 0 < scale < 1e6:
            raise TrainingError(f"{path.name} does not state its scale factor; a run cannot start from it.")
        ratio = self.scale / scale
        mixtures = self.model_config.mixtures
        wanted = dict(self.model.named_parameters())
        source = {name: tensor.float() for name, tensor in tensors.items()}
        for name in ("decoder.weight_hh", "decoder.bias", "output.weight", "output.bias"):
            if name not in source or name not in wanted or source[name].shape != wanted[name].shape:
                raise TrainingError(f"{path.name} has another shape of decoder; a run cannot start from it.")
        given = source.get("decoder.weight_ih", torch.empty(0))
        if given.dim() != 2 or len(given) != len(wanted["decoder.weight_ih"]) or given.shape[1] < 5:
            raise TrainingError(f"{path.name} has another shape of decoder; a run cannot start from it.")
        with torch.no_grad():
            for name in ("decoder.weight_hh", "decoder.bias", "output.weight", "output.bias"):
                wanted[name].copy_(source[name])
            weight = wanted["decoder.weight_ih"]
            weight[:, :5] = given[:, :5]
            weight[:, 5:] *= 0.1
            # One unit of ours is `ratio` of theirs: offsets going in grow by it, offsets and widths coming out shrink.
            weight[:, :2] *= ratio
            means = slice(3 + mixtures, 3 + 3 * mixtures)
            wanted["output.weight"][means] /= ratio
            wanted["output.bias"][means] /= ratio
            wanted["output.bias"][3 + 3 * mixtures : 3 + 5 * mixtures] -= float(np.log(ratio))
        self._provenance += f"; decoder started from {header.name} ({header.data})"
