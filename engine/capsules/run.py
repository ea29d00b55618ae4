"""One training run of a capsule network, or of a network that it is compared with."""

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
from torch import Tensor

from engine.capsules.baselines import Cnn, CnnConfig
from engine.capsules.config import CNN_KIND, KIND, OFFSETS, CapsuleTrainConfig
from engine.capsules.examples import Batch, Examples, open_pictures
from engine.capsules.losses import margin_loss, squared_error
from engine.capsules.network import CapsNet, CapsNetConfig
from engine.capsules.perturbation import swept
from engine.errors import TrainingError
from engine.gan.optimisers import AveragedWeights
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.runtime.config import command_line, to_json
from engine.runtime.training_run import TrainingRun

SHOWN = 25  # pictures on a sheet
_AT_ONCE = 200


class CapsuleRun(TrainingRun):
    """CapsNet: the margin loss of all classes, and the picture redrawn from the capsules of those that are there."""

    trainer: ClassVar[str] = "capsules"

    def __init__(self, config: CapsuleTrainConfig, run_dir: Path) -> None:
        """Read the pictures, build the network and, when `run_dir` holds a state, go on from it.

        Raises `TrainingError` or `BadFileError` with a sentence when settings do not fit each other or the pictures.
        """
        super().__init__(config, run_dir)
        self.config: CapsuleTrainConfig = config
        source = open_pictures(config)
        self.opening_notes += source.problems
        self.class_names = source.class_names
        self._examples = Examples(source, config)
        with self.seeded():
            self._build(config, source.class_count)
        self._network.lay_out_for_speed()
        optimiser = torch.optim.Adam(self._network.parameters(), lr=config.learning_rate, fused=True)
        self.learn("network", self._network, optimiser)
        self.average = AveragedWeights(self._network, config.ema_decay)
        self.keep("average", self.average)
        self._draws = torch.Generator()
        self._figures: dict[str, Tensor] = {}
        self._shown = self._examples.valid(0, SHOWN).to(self.device)
        self.begin()

    # ---- a step

    def moments(self, part: str) -> Iterator[str]:
        """A batch, its losses, their gradient, and a step of Adam."""
        # The pictures are drawn on the CPU wherever the network is; the seed comes from what is saved with the run.
        self._draws.manual_seed(int(self.rng.integers(2**62)))
        batch = self._examples.batch(self.config.batch_size, self._draws).to(self.device)
        yield "sample"
        self._network.train()
        loss, self._figures = self._losses(batch)
        yield "score"
        self.descend("network", loss)
        yield "gradient"
        if self.update("network") and self.config.ema_decay > 0:
            # Shorter at first, or the average would hold the random beginning for a thousand steps.
            self.average.decay = min(self.config.ema_decay, (1 + self.step_count) / (10 + self.step_count))
            self.average.update_parameters(self._network)
        yield "update"

    def _losses(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        network = self._network
        assert isinstance(network, CapsNet)
        with self.fabric.autocast():
            capsules = network.capsules(batch.pictures, every_gradient=self.config.every_gradient)
            redrawn = _redrawn(network, capsules, batch.classes)
        lengths = torch.linalg.vector_norm(capsules, dim=2)
        margin = margin_loss(lengths, _present(batch.classes, lengths))
        figures = {"margin_loss": margin.detach(), "accuracy": _right(lengths, batch.classes).float().mean()}
        loss = margin
        if redrawn is not None:
            error = batch.classes.shape[1] * squared_error(redrawn.flatten(0, 1), batch.parts.flatten(0, 1))
            loss = margin + self.config.reconstruction_weight * error
            figures["reconstruction"] = error.detach()
        return loss, {"loss": loss.detach(), **figures}

    def learning_rates(self) -> dict[str, float]:
        """The step size, after the schedule."""
        config, step = self.config, self.step_count + 1
        if config.rate_schedule == "exponential":
            return {"network": config.learning_rate * config.rate_decay ** (step / 1000)}
        done = min(1.0, step / config.steps)
        if done < config.warm_up:
            return {"network": config.learning_rate * done / config.warm_up}
        after = (done - config.warm_up) / (1 - config.warm_up) if config.warm_up < 1 else 1.0
        return {"network": config.learning_rate * (0.5 + 0.5 * math.cos(math.pi * after))}

    def take_on(self, config: CapsuleTrainConfig) -> None:
        """Go on with other live settings."""
        super().take_on(config)
        self._examples.take_on(config)

    # ---- what is seen of it

    def figures(self) -> dict[str, float]:
        """loss = margin_loss + weight times reconstruction; the share of right answers on the last batch."""
        return {
            **{name: float(value) for name, value in self._figures.items()},
            "learning_rate": self.rate("network"),
            "steps_per_s": self.step_count / max(self.seconds, 1e-9),
            "skipped": float(self.skipped),
        }

    @torch.no_grad()
    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """data: pictures kept aside. reconstructions: the same redrawn. sweep: one of them bent, [size, 11, S, S]."""
        found: dict[str, NDArray[np.generic]] = {"data": _pixels(self._shown.pictures)}
        network = self.best
        if isinstance(network, CapsNet) and network.config.decoder != "none":
            with self.fabric.autocast():
                capsules = network.capsules(self._shown.pictures)
                redrawn = _redrawn(network, capsules, self._shown.classes)
                assert redrawn is not None
                # Two digits in one picture: what is redrawn of either lies over the other, as the digits do.
                found["reconstructions"] = _pixels(redrawn.sum(dim=1).clamp_max(1.0))
                first = self._shown.classes[:1, 0]
                sheet = swept(network, capsules[0], int(first), OFFSETS)
            found["sweep"] = _pixels(sheet.flatten(0, 1)).reshape(*sheet.shape[:2], *sheet.shape[-2:])
        return found

    @torch.no_grad()
    def measures(self) -> dict[str, float]:
        """Share of right answers on the pictures kept aside, margin loss, and squared error of what is redrawn.

        In full precision: logits that are rounded to bfloat16 tie.
        """
        right, margins, errors = [], [], []
        network = self.best
        for start in range(0, self._examples.valid_count, _AT_ONCE):
            batch = self._examples.valid(start, start + _AT_ONCE).to(self.device)
            if isinstance(network, CapsNet):
                capsules = network.capsules(batch.pictures)
                redrawn = _redrawn(network, capsules, batch.classes)
                scores = torch.linalg.vector_norm(capsules, dim=2)
                margins.append(margin_loss(scores, _present(batch.classes, scores)) * len(scores))
                if redrawn is not None:
                    errors.append((redrawn - batch.parts).square().flatten(2).sum(dim=2).mean(dim=1))
            else:
                scores = network(batch.pictures)
            right.append(_right(scores, batch.classes))
        found = {"valid_accuracy": float(torch.cat(right).double().mean())}
        if margins:
            found["valid_margin_loss"] = float(torch.stack(margins).sum()) / self._examples.valid_count
        if errors:
            found["reconstruction_error"] = float(torch.cat(errors).double().mean())
        return found

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """The averaged weights, in half precision, for the catalog."""
        network = self.best
        header = CheckpointHeader(
            kind=KIND if isinstance(network, CapsNet) else CNN_KIND,
            name=self.config.name,
            config=asdict(network.config),
            data=self._examples.provenance,
            metrics={**measures, "step": float(self.step_count), "train_seconds": self.seconds},
            command=command_line("capsules", self.config),
            extra={
                "data": self.config.data, "class_names": list(self.class_names), "training": to_json(self.config)
            },
        )
        save_checkpoint(path, network.state_dict(), header, torch.float16)

    @property
    def best(self) -> CapsNet | Cnn:
        """The averaged network, or the newest where none is averaged; ready to be used."""
        network: Any = self.average.module if self.config.ema_decay > 0 else self._network
        network.eval()
        assert isinstance(network, CapsNet | Cnn)
        return network

    def _build(self, config: CapsuleTrainConfig, class_count: int) -> None:
        self._network: CapsNet | Cnn = CapsNet(network_config(config, class_count))


class CnnRun(CapsuleRun):
    """A convolutional network that learns the same pictures by cross-entropy."""

    def _build(self, config: CapsuleTrainConfig, class_count: int) -> None:
        self._network = Cnn(CnnConfig(config.image_size, class_count, config.network == "matched-cnn"))
        self._network.noise = self.noise

    def _losses(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy; for two digits each has half of the probability."""
        with self.fabric.autocast():
            scores = self._network(batch.pictures).float()
        shares = _present(batch.classes, scores) / batch.classes.shape[1]
        loss = F.cross_entropy(scores, shares)
        return loss, {"loss": loss.detach(), "accuracy": _right(scores, batch.classes).float().mean()}


def make_run(config: CapsuleTrainConfig, run_dir: Path) -> CapsuleRun:
    """The run that a network needs."""
    return (CapsuleRun if config.network == "capsnet" else CnnRun)(config, run_dir)


def network_config(config: CapsuleTrainConfig, class_count: int) -> CapsNetConfig:
    """The CapsNet of a run. Raises `TrainingError` where the decoder cannot make pictures of that size."""
    if config.decoder == "convolutions" and config.image_size % 4:
        raise TrainingError("The convolutional decoder doubles twice; choose an image_size that 4 divides, or dense.")
    return CapsNetConfig(
        image_size=config.image_size,
        channels=config.channels,
        primary_types=config.primary_types,
        primary_size=config.primary_size,
        class_count=class_count,
        capsule_size=config.capsule_size,
        routings=config.routings,
        decoder=config.decoder,
    )


def _redrawn(network: CapsNet, capsules: Tensor, classes: Tensor) -> Tensor | None:
    """[n, k, 1, S, S] from the capsules [n, j, d] of the classes [n, k]; None without a decoder."""
    if network.config.decoder == "none":
        return None
    many = classes.shape[1]
    made = network.reconstruct(capsules.repeat_interleave(many, dim=0), classes.flatten())
    return made.view(-1, many, *made.shape[1:])


def _present(classes: Tensor, scores: Tensor) -> Tensor:
    """1 for each of the classes [n, k], 0 for the others: [n, j]."""
    return torch.zeros_like(scores, dtype=torch.float32).scatter_(1, classes, 1.0)


def _right(scores: Tensor, classes: Tensor) -> Tensor:
    """Whether the k classes [n, k] have the highest scores [n, j]: bool [n]."""
    many = classes.shape[1]
    return (scores.topk(many, dim=1).indices.sort(dim=1).values == classes.sort(dim=1).values).all(dim=1)


def _pixels(pictures: Tensor) -> NDArray[np.uint8]:
    """Pictures [n, 1, S, S] in [0, 1] as bytes [n, S, S]."""
    return (pictures[:, 0].float() * 255).round().clamp(0, 255).to("cpu", torch.uint8).numpy()
