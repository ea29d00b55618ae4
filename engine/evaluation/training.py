"""Training of the digit classifier as a job."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.data.digits import open_digits
from engine.data.pictures import to_pixels
from engine.evaluation.augmentation import moved
from engine.evaluation.classifier import AT_ONCE, KIND, DigitNet
from engine.evaluation.config import ClassifierTrainConfig, model_config
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.runtime.config import command_line, to_json
from engine.runtime.job import Event, Job
from engine.runtime.loop import prepare, run_training
from engine.runtime.training_run import TrainingRun

SHOWN = 64  # digits on a sheet
_SHOWN_FROM = 1000
_SPLIT_SEED = 0x5711


class ClassifierRun(TrainingRun):
    """Learns from one part of the training digits and keeps the weights that do best on the other part."""

    trainer: ClassVar[str] = "classifier"

    def __init__(self, config: ClassifierTrainConfig, run_dir: Path) -> None:
        """Read the digits and, when `run_dir` holds a state, go on from it. Raises `BadFileError`."""
        super().__init__(config, run_dir)
        self.config: ClassifierTrainConfig = config
        self._source = open_digits()
        order = np.random.default_rng(_SPLIT_SEED).permutation(self._source.size)
        self._valid, self._train = np.sort(order[: config.valid_count]), order[config.valid_count :]
        with self.seeded():
            self._network = DigitNet(model_config(config))
        self._network.lay_out_for_speed()
        optimiser = torch.optim.AdamW(
            self._network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.learn("classifier", self._network, optimiser)
        self._best = _BestWeights(self._network)
        self.keep("best", self._best)
        self._figures: dict[str, Tensor] = {}
        self.begin()

    # ---- a step

    def moments(self, part: str) -> Iterator[str]:
        """Cross-entropy on digits that are turned and moved a little."""
        chosen = self._train[self.rng.integers(len(self._train), size=self.config.batch_size)]
        digits, labels = self._digits(chosen)
        digits = moved(
            digits, self.noise, rotation=self.config.rotation, shift=self.config.shift, stretch=self.config.stretch
        )
        yield "sample"
        self._network.train()
        with self.fabric.autocast():
            logits = self._network(digits)
        loss = F.cross_entropy(logits.float(), labels)
        self._figures = {"loss": loss.detach(), "accuracy": (logits.argmax(dim=1) == labels).float().mean()}
        yield "score"
        self.descend("classifier", loss)
        yield "gradient"
        self.update("classifier")
        yield "update"

    def learning_rates(self) -> dict[str, float]:
        """Up along a line, then down along half a cosine."""
        done, warm_up = (self.step_count + 1) / self.config.steps, self.config.warm_up
        share = (done / warm_up) if done < warm_up else 0.5 + 0.5 * math.cos(math.pi * min(1.0, _after(done, warm_up)))
        return {"classifier": self.config.learning_rate * share}

    # ---- what is seen of it

    def figures(self) -> dict[str, float]:
        """The loss and the share of right answers on the last batch."""
        return {
            **{name: float(value) for name, value in self._figures.items()},
            "learning_rate": self.learning_rates()["classifier"],
            "steps_per_s": self.step_count / max(self.seconds, 1e-9),
            "skipped": float(self.skipped),
        }

    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """data: digits as they are learned from. samples: of the digits kept aside, those it finds hardest."""
        generator = torch.Generator(device=self.device).manual_seed(self.config.seed)
        digits, _ = self._digits(self._train[:SHOWN])
        seen = moved(
            digits, generator, rotation=self.config.rotation, shift=self.config.shift, stretch=self.config.stretch
        )
        losses, _ = self._judged(self._valid[:_SHOWN_FROM])
        hardest = losses.argsort(descending=True)[:SHOWN].cpu().numpy()
        return {"data": to_pixels(seen), "samples": to_pixels(self._digits(self._valid[hardest])[0])}

    def measures(self) -> dict[str, float]:
        """Share of right answers and loss on the digits kept aside; the weights stay if they are the best so far."""
        losses, right = self._judged(self._valid)
        found = {"valid_accuracy": float(right.double().mean()), "valid_loss": float(losses.double().mean())}
        best = self.extra.get("best")
        if best is None or _merit(found) > _merit(best):
            self.extra["best"] = {**found, "step": self.step_count}
            self._best.take(self._network)
        return found

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """The best weights so far, in half precision, with their own measures."""
        header = CheckpointHeader(
            kind=KIND,
            name=self.config.name,
            config=asdict(self._network.config),
            data=self._source.provenance,
            metrics={**self.extra.get("best", measures), "train_seconds": self.seconds},
            command=command_line("classifier", self.config),
            extra={"training": to_json(self.config)},
        )
        save_checkpoint(path, self._best.state_dict(), header, torch.float16)

    # ----

    def _digits(self, indices: NDArray[np.integer]) -> tuple[Tensor, Tensor]:
        chosen = torch.from_numpy(indices)
        digits, labels = self._source.indexed(chosen), torch.from_numpy(self._source.labels)[chosen]
        return digits.to(self.device), labels.to(self.device)

    @torch.no_grad()
    def _judged(self, indices: NDArray[np.integer]) -> tuple[Tensor, Tensor]:
        """Loss of each digit and whether the answer is right, in full precision: two tensors [n]."""
        self._network.eval()
        losses, right = [], []
        for start in range(0, len(indices), AT_ONCE):
            digits, labels = self._digits(indices[start : start + AT_ONCE])
            logits = self._network(digits)
            losses.append(F.cross_entropy(logits, labels, reduction="none"))
            right.append(logits.argmax(dim=1) == labels)
        return torch.cat(losses), torch.cat(right)


class _BestWeights:
    """A copy of a network's state, saved with the run."""

    def __init__(self, network: nn.Module) -> None:
        self._weights: dict[str, Tensor] = {}
        self.take(network)

    def take(self, network: nn.Module) -> None:
        """Copy the state that the network has now."""
        self._weights = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def state_dict(self) -> dict[str, Tensor]:
        """The copied state."""
        return self._weights

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        """Take on a copied state; raises `KeyError` when it lacks a tensor."""
        self._weights = {name: state_dict[name] for name in self._weights}


def train(config: ClassifierTrainConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Train until `config.steps` or `config.minutes`; goes on from `run_dir` when it holds a state of this run.

    Yields and obeys as `engine.runtime.loop.run_training` says, and returns the last measures. Raises `TrainingError`
    or `BadFileError` when the settings or the data cannot be used.
    """
    prepare(config)
    return (yield from run_training(ClassifierRun(config, run_dir)))


def _after(done: float, warm_up: float) -> float:
    """The share of the steps after the warm-up that is done."""
    return (done - warm_up) / (1 - warm_up) if warm_up < 1 else 1.0


def _merit(measures: Mapping[str, Any]) -> tuple[float, float]:
    return measures["valid_accuracy"], -measures["valid_loss"]
