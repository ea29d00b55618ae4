"""SELU, ReLU and batch norm in deep plain networks (Klambauer et al. 2017, sections 2 and 4).

A fully connected classifier of digits; how mean and variance of each layer's activations stand before and during
training, and what loss it reaches. Behind SELUs with their initialisation they stay near 0 and 1 at any depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.data.digits import open_digits
from engine.gan.networks import MLP
from engine.gan.optimisers import make_optimiser
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.runtime.config import command_line, to_json
from engine.runtime.job import Event, Job
from engine.runtime.loop import prepare, run_training
from engine.runtime.training_run import TrainingRun
from engine.studies.config import DepthConfig

PROBES = 512  # digits on which the activations are measured
HELD_OUT = 2000  # digits on which the loss is measured
_SCALED_BY = 5000  # digits that tell mean and standard deviation of all


class DepthRun(TrainingRun):
    """Learns digits that are shifted and scaled to mean 0 and variance 1 as a whole."""

    trainer: ClassVar[str] = "depth"

    def __init__(self, config: DepthConfig, run_dir: Path) -> None:
        """Read the digits and, when `run_dir` holds a state, go on from it. Raises `BadFileError`."""
        super().__init__(config, run_dir)
        self.config: DepthConfig = config
        self._source = open_digits()
        some = self._source.indexed(torch.arange(min(_SCALED_BY, self._source.size)))
        self._shift, self._scale = float(some.mean()), float(some.std())
        self._held_out, self._labels = self._prepared(*self._source.held_out(HELD_OUT))
        with self.seeded():
            self.network = make_network(config, self._held_out.shape[1], self._source.class_count)
        optimiser = make_optimiser(
            config.optimiser, self.network.parameters(), 0.0, beta1=config.beta1, beta2=config.beta2
        )
        self.learn("network", self.network, optimiser)
        self._draws = torch.Generator()
        self._figures: dict[str, Tensor] = {}
        # The first weights come from the seed, so they are the same when a run goes on.
        self._start = self._statistics()
        self.begin()

    # ---- a step

    def moments(self, part: str) -> Iterator[str]:
        """Cross-entropy of a batch."""
        # The data's generator is on the CPU wherever the network is; its seed comes from what is saved with the run.
        self._draws.manual_seed(int(self.rng.integers(2**62)))
        digits, labels = self._prepared(*self._source.labelled(self.config.batch_size, self._draws))
        yield "sample"
        self.network.train()
        with self.fabric.autocast():
            scores = self.network(digits)
        loss = F.cross_entropy(scores.float(), labels)
        self._figures = {"loss": loss.detach(), "accuracy": (scores.argmax(dim=1) == labels).float().mean()}
        yield "score"
        self.descend("network", loss)
        yield "gradient"
        self.update("network")
        yield "update"

    # ---- what is seen of it

    def figures(self) -> dict[str, float]:
        """Loss in nats and share of right answers on the last batch, and the norm of the gradient of all weights."""
        return {
            **{name: float(value) for name, value in self._figures.items()},
            "gradient": self.gradient_norms.get("network", 0.0),
            "steps_per_s": self.step_count / max(self.seconds, 1e-9),
            "skipped": float(self.skipped),
        }

    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """layer_means and layer_variances of the hidden layers' activations now, first_... before training: [depth]."""
        means, variances = self._statistics()
        return {
            "layer_means": means,
            "layer_variances": variances,
            "first_layer_means": self._start[0],
            "first_layer_variances": self._start[1],
        }

    @torch.no_grad()
    def measures(self) -> dict[str, float]:
        """Loss and share of right answers on digits kept apart; mean and variance in the last hidden layer."""
        scores = self.network.eval()(self._held_out)
        means, variances = self._statistics()
        return {
            "held_out_loss": float(F.cross_entropy(scores, self._labels)),
            "held_out_accuracy": float((scores.argmax(dim=1) == self._labels).float().mean()),
            "last_layer_mean": float(means[-1]),
            "last_layer_variance": float(variances[-1]),
        }

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """The network as it is now."""
        header = CheckpointHeader(
            kind=self.trainer,
            name=self.config.name,
            config={"kind": self.config.kind, "depth": self.config.depth, "width": self.config.width},
            data=self._source.provenance,
            metrics={**measures, "step": float(self.step_count), "train_seconds": self.seconds},
            command=command_line(self.trainer, self.config),
            extra={"training": to_json(self.config)},
        )
        save_checkpoint(path, self.network.state_dict(), header)

    # ----

    def _prepared(self, digits: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """Pictures [n, 1, H, W] as rows [n, H * W] of mean 0 and variance 1, and their labels."""
        assert labels is not None
        return ((digits.flatten(1) - self._shift) / self._scale).to(self.device), labels.to(self.device)

    def _statistics(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return activation_statistics(self.network, self._held_out[:PROBES])


@torch.no_grad()
def activation_statistics(network: MLP, inputs: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and variance of all activations of each hidden layer for `inputs` [n, d], float32 [depth] each.

    As in training, batch norm takes the statistics of `inputs`; its running averages stay as they are.
    """
    means, variances = [], []
    hidden = inputs
    for module in network:
        if isinstance(module, nn.BatchNorm1d):
            hidden = F.batch_norm(hidden, None, None, module.weight, module.bias, training=True, eps=module.eps)
            continue
        hidden = module(hidden)
        if isinstance(module, nn.ReLU | nn.SELU):
            means.append(float(hidden.mean()))
            variances.append(float(hidden.var(correction=0)))
    return np.asarray(means, np.float32), np.asarray(variances, np.float32)


def make_network(config: DepthConfig, inputs: int, classes: int) -> MLP:
    """The classifier of a configuration; weights from torch's global generator."""
    return MLP(
        inputs,
        classes,
        width=config.width,
        depth=config.depth,
        activation="selu" if config.kind == "selu" else "relu",
        norm="batch" if config.kind == "batch norm" else "none",
    )


def train(config: DepthConfig, run_dir: Path) -> Job[Event, dict[str, float]]:
    """Train until `config.steps` or `config.minutes`; goes on from `run_dir` when it holds a state of this run.

    Yields and obeys as `engine.runtime.loop.run_training` says, and returns the last measures. Raises `TrainingError`
    or `BadFileError` when the settings or the data cannot be used.
    """
    prepare(config)
    return (yield from run_training(DepthRun(config, run_dir)))
