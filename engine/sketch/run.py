"""One training run of Sketch-RNN: the model, its optimiser, its data and its random state, saved and restored whole."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.sketches import SketchDataset, load_dataset
from engine.errors import CheckpointError, TrainingError
from engine.runtime.checkpoint import CheckpointHeader, load_checkpoint, load_state, save_checkpoint, save_state
from engine.runtime.config import command_line, to_json
from engine.runtime.fabric import make_fabric
from engine.sketch.batches import Augmentation, Batch, BatchSource
from engine.sketch.config import SketchTrainConfig, model_config
from engine.sketch.evaluation import held_out_loss, pool_of
from engine.sketch.model import DropRates, LossTerms, SketchRNN, TrainingBatch
from engine.sketch.sampling import sample_sheet
from engine.sketch.strokes import scale_factor

STATE_FILE = "state.safetensors"
MODEL_FILE = "model.safetensors"
BAD_STEPS_BEFORE_RESTORE = 3
LEAST_RATE_FACTOR = 2.0**-10  # a run that needs an even smaller share of its learning rate is given up
SHEET_SIZE = 9
DATA_BOX = 255.0  # `engine.data.sketches` aligns every drawing to it


@dataclass
class _Progress:
    """The numbers of a run that are saved beside its tensors."""

    step: int = 0
    seconds: float = 0.0
    rate_factor: float = 1.0
    skipped: int = 0
    best_loss: float = float("inf")


class SketchRun:
    """Makes steps. `config` may be replaced between two steps (live edits)."""

    def __init__(self, config: SketchTrainConfig, run_dir: Path) -> None:
        """Read the data, build the model and, when `run_dir` holds a state, go on from it."""
        self.config = config
        self.opening_notes: list[str] = []
        self.best_figures: dict[str, float] = {}
        self.saved = False
        self._checkpoints = run_dir / "checkpoints"
        self._progress = _Progress()
        self._bad_in_a_row = 0
        self._fabric = make_fabric(config.device, config.precision)
        dataset = self._load_data()
        self.model_config = model_config(config, dataset.categories)
        # The scale and N_max come from the training drawings alone, and stay the same on every process.
        self.scale = scale_factor(example.stroke3 for example in dataset.train)
        self._provenance = dataset.provenance
        self._valid = pool_of(dataset.valid, self.scale) if dataset.valid else None
        self._batches = self._make_batches(dataset)
        self._noise = torch.Generator(device=self._fabric.device)
        self._reseed(0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.model = SketchRNN(self.model_config)
        if config.initial:
            self._start_from(Path(config.initial))
        optimiser = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, foreach=True)
        self._module, self._optimiser = self._fabric.setup(self.model, optimiser)
        if self.state_path.exists():
            self._restore()
            self.opening_notes.append(f"Going on from step {self._progress.step}.")

    @property
    def state_path(self) -> Path:
        """The file that holds everything needed to go on."""
        return self._checkpoints / STATE_FILE

    @property
    def model_path(self) -> Path:
        """The model with the best held-out loss so far (the newest when nothing is held out)."""
        return self._checkpoints / MODEL_FILE

    @property
    def step_count(self) -> int:
        """Steps made, skipped ones included."""
        return self._progress.step

    @property
    def seconds(self) -> float:
        """Time spent in steps, across resumes."""
        return self._progress.seconds

    def any_process(self, wish: bool) -> bool:
        """Whether any process of the group wishes so. All come to the same answer, or one would wait for another."""
        if self._fabric.world_size == 1:
            return wish
        wishes = self._fabric.all_reduce(torch.tensor(float(wish), device=self._fabric.device), reduce_op="sum")
        return bool(torch.as_tensor(wishes) > 0)

    @property
    def finished(self) -> bool:
        """Whether the run has reached its number of steps or minutes."""
        over_time = 0 < self.config.minutes * 60 <= self._progress.seconds
        return over_time or self._progress.step >= self.config.steps

    # ---- one step

    def step(self) -> LossTerms | None:
        """One optimiser step; None when the loss or its gradient was not finite and the step was skipped."""
        started = time.perf_counter()
        self.saved = False
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        how = Augmentation(self.config.scale_jitter, self.config.point_drop, self.config.point_noise / self.scale)
        batch = self._batches.next(how, self._rng)
        losses: LossTerms = self._module(
            self._on_device(batch),
            DropRates(self.config.latent_drop, self.config.class_drop),
            self._batches.longest,
            self._noise,
        )
        self._optimiser.zero_grad(set_to_none=True)
        self._fabric.backward(self._total(losses))
        finite = self._clip_and_check(losses)
        if finite:
            self._optimiser.step()
        self._progress.step += 1
        self._bad_in_a_row = 0 if finite else self._bad_in_a_row + 1
        self._progress.skipped += not finite
        self._progress.seconds += time.perf_counter() - started
        return losses if finite else None

    def after_bad_step(self) -> str:
        """The sentence about a skipped step; the third in a row goes back to the last checkpoint at half the rate.

        Raises `TrainingError` when that has not helped many times over.
        """
        if self._bad_in_a_row < BAD_STEPS_BEFORE_RESTORE or not self.state_path.exists():
            skipped = self._progress.skipped
            return f"Step {self.step_count} gave a loss that is not finite and was skipped ({skipped} so far)."
        step, skipped, factor = self.step_count, self._progress.skipped, self._progress.rate_factor
        if factor <= LEAST_RATE_FACTOR:
            raise TrainingError("The loss stays without a finite value; begin a new run with a lower learning rate.")
        self._restore()
        self._progress.rate_factor = min(factor, self._progress.rate_factor) / 2
        self._progress.skipped = skipped
        self._bad_in_a_row = 0
        # Other noise than the first time, or the same three steps would fail again.
        self._reseed(step)
        return (
            f"{BAD_STEPS_BEFORE_RESTORE} steps in a row gave a loss that is not finite: back to step {self.step_count} "
            f"with {self._progress.rate_factor:g} of the learning rate."
        )

    def _reseed(self, step: int) -> None:
        seed = self.config.seed + 7919 * self._fabric.global_rank + step
        self._noise.manual_seed(seed)
        self._rng = np.random.default_rng(seed)

    def figures(self, losses: LossTerms) -> dict[str, float]:
        """The scalars of a step for the curves."""
        offsets, pen, divergence = (float(term.detach()) for term in (losses.offsets, losses.pen, losses.divergence))
        return {
            "L_R": offsets + pen,
            "L_s": offsets,
            "L_p": pen,
            "L_KL": divergence,
            "w_KL": self._kl_weight(),
            "learning_rate": self._rate(),
            "gradient_norm": self._gradient_norm,
            "steps_per_s": self._progress.step / max(self._progress.seconds, 1e-9),
            "skipped": float(self._progress.skipped),
        }

    def samples(self) -> NDArray[np.float32]:
        """Sample drawings, stroke-5 [n, T, 5] in data units, from the same seeds each time."""
        sheet = sample_sheet(self.model, SHEET_SIZE, seed=self.config.seed, max_points=self._batches.longest)
        sheet[..., :2] *= self.scale
        return sheet

    def _total(self, losses: LossTerms) -> torch.Tensor:
        floored = torch.clamp(losses.divergence, min=self.config.kl_floor)
        return losses.offsets + losses.pen + self._kl_weight() * floored

    def _kl_weight(self) -> float:
        share = 1 - (1 - self.config.kl_start) * self.config.kl_decay**self._progress.step
        return self.config.kl_weight * share if self.model.has_encoder else 0.0

    def _rate(self) -> float:
        config = self.config
        share = config.rate_decay**self._progress.step
        decayed = (config.learning_rate - config.final_rate) * share + config.final_rate
        return float(decayed * self._progress.rate_factor)

    def _clip_and_check(self, losses: LossTerms) -> bool:
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        self._gradient_norm = float(norm)
        # Gradients are already averaged over the processes here, so each of them comes to the same answer.
        finite = bool(torch.isfinite(norm))
        if self._fabric.world_size == 1:
            finite = finite and bool(torch.isfinite(losses.offsets + losses.pen + losses.divergence))
        if finite:
            torch.nn.utils.clip_grad_value_(self.model.parameters(), self.config.clip)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_norm)
        return finite

    def _on_device(self, batch: Batch) -> TrainingBatch:
        points, lengths, categories = (
            torch.from_numpy(array).to(self._fabric.device, non_blocking=True)
            for array in (batch.points, batch.lengths, batch.categories)
        )
        return TrainingBatch(points, lengths, categories)

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

    # ---- saving

    def save(self) -> dict[str, float]:
        """Write the state and, when it is the best so far, the model; returns the held-out figures (empty: no data)."""
        held_out: dict[str, float] = {}
        if self._fabric.global_rank == 0:
            if self._valid is not None:
                measured = held_out_loss(self.model, self._valid, self._batches.longest, padded=False)
                held_out = {f"held_out_{name}": value for name, value in measured.figures().items()}
            loss = held_out.get("held_out_L_R_decoder", float("-inf"))
            if loss <= self._progress.best_loss or self._valid is None:
                self._progress.best_loss = loss
                self.best_figures = held_out
                self._write_model(held_out)
            self._write_state()
        self._fabric.barrier()
        self.saved = True
        return held_out

    def _write_model(self, figures: dict[str, float]) -> None:
        config = to_json(self.config)
        header = CheckpointHeader(
            kind="sketch",
            name=self.config.name,
            config={**asdict(self.model_config), "categories": list(self.model_config.categories)},
            data=self._provenance,
            metrics={**figures, "step": float(self.step_count), "train_seconds": self._progress.seconds},
            command=command_line("sketch", self.config),
            version=1,
            extra={
                "scale_factor": self.scale,
                "longest": self._batches.longest,
                "box": DATA_BOX,
                "training": config,
            },
        )
        save_checkpoint(self.model_path, self.model.state_dict(), header)

    def _write_state(self) -> None:
        tensors: dict[str, torch.Tensor] = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        state = self._optimiser.state_dict()["state"]
        for index, values in state.items():
            tensors |= {f"optimiser.{index}.{key}": torch.as_tensor(value) for key, value in values.items()}
        tensors["random.torch"] = self._noise.get_state()
        numbers = {
            **asdict(self._progress),
            "best_figures": self.best_figures,
            "random.numpy": self._rng.bit_generator.state,
            "model": {**asdict(self.model_config), "categories": list(self.model_config.categories)},
            "longest": self._batches.longest,
            "scale": self.scale,
        }
        if numbers["best_loss"] == float("inf") or numbers["best_loss"] == float("-inf"):
            numbers["best_loss"] = None
        save_state(self.state_path, tensors, numbers)

    def _restore(self) -> None:
        tensors, numbers = load_state(self.state_path)
        shape = {**asdict(self.model_config), "categories": list(self.model_config.categories)}
        if numbers.get("model") != shape:
            text = "This run folder holds a model of another shape or other categories; choose a new folder."
            raise CheckpointError(text)
        try:
            self.model.load_state_dict(
                {name.removeprefix("model."): t for name, t in tensors.items() if name.startswith("model.")}
            )
            optimiser = self._optimiser.state_dict()
            optimiser["state"] = _grouped(tensors)
            self._optimiser.load_state_dict(optimiser)
            self._noise.set_state(tensors["random.torch"])
            self._rng.bit_generator.state = numbers["random.numpy"]
            if self._fabric.global_rank > 0:
                # The state is the first process's; with it all would learn from the same drawings.
                self._reseed(int(numbers["step"]))
            best = numbers["best_loss"]
            self._progress = _Progress(
                step=int(numbers["step"]),
                seconds=float(numbers["seconds"]),
                rate_factor=float(numbers["rate_factor"]),
                skipped=int(numbers["skipped"]),
                best_loss=float("inf") if best is None else float(best),
            )
            self.best_figures = {str(k): float(v) for k, v in numbers["best_figures"].items()}
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError("The saved state of this run is damaged; start a new run from its model.") from error


def _grouped(tensors: dict[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    grouped: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".")
            grouped.setdefault(int(index), {})[key] = tensor
    if any(values.keys() != {"step", "exp_avg", "exp_avg_sq"} for values in grouped.values()):
        raise ValueError("not the state of Adam")
    return grouped
