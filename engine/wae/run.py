"""One training run of an auto-encoder: what happens in a step, and what is shown, measured and saved of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.data.source import POINT_NAMES, DataChoice, DataSource, Extent, open_pictures, open_plane
from engine.errors import TrainingError
from engine.gan.optimisers import make_optimiser
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.runtime.config import command_line, to_json
from engine.runtime.training_run import TrainingRun
from engine.wae.config import WaeTrainConfig
from engine.wae.measuring import measure
from engine.wae.networks import MAX_HALVINGS, AutoEncoder, Encoded, LatentCritic, WaeModelConfig
from engine.wae.penalties import (
    adversarial_penalty,
    critic_loss,
    gaussian_divergence,
    mmd_penalty,
    reconstruction_cost,
)
from engine.wae.stage import Stage


@dataclass(frozen=True)
class _Batch:
    """Examples on their way: encoded once, for the critic and the encoder's own penalty."""

    data: Tensor
    labels: Tensor | None
    encoded: Encoded
    latent: Tensor


class WaeRun(TrainingRun):
    """WAE-MMD, VAE or AE: encoder and decoder take a step together."""

    trainer: ClassVar[str] = "wae"

    def __init__(self, config: WaeTrainConfig, run_dir: Path) -> None:
        """Read the data, build the networks and, when `run_dir` holds a state, go on from it.

        Raises `TrainingError` or `BadFileError` with a sentence when settings do not fit each other or the data.
        """
        super().__init__(config, run_dir)
        self.config: WaeTrainConfig = config
        self.source, extent = _open(config)
        self.opening_notes += self.source.problems
        with self.seeded():
            self.model = AutoEncoder(model_config(config, self.source.shape))
            self.learn("autoencoder", self.model, self._optimiser(self.model))
            self._add_networks()
        self._draws = torch.Generator()
        self._figures: dict[str, Tensor] = {}
        self._codes: Tensor | None = None
        self._labels: Tensor | None = None
        self._stage = Stage(self.source, extent, self.model, config.seed, self.fabric)
        self.begin()

    # ---- a step

    def moments(self, part: str) -> Iterator[str]:
        """Algorithm 2 of Tolstikhin et al. 2018, with the penalty of the method."""
        batch = self._encoded_batch()
        yield "sample"
        yield from self._train_autoencoder(batch)

    def _encoded_batch(self) -> _Batch:
        # The data's generator is on the CPU wherever the networks are; its seed comes from what is saved with the run.
        self._draws.manual_seed(int(self.rng.integers(2**62)))
        data, labels = self.source.labelled(self.config.batch_size, self._draws)
        data = data.to(self.device)
        with self.fabric.autocast():
            encoded = self.model.encode(data)
        noise = self._normal(len(data)) if encoded.log_variance is not None else None
        batch = _Batch(data, labels, encoded, encoded.sample(noise))
        self._codes, self._labels = batch.latent.detach(), labels
        return batch

    def _train_autoencoder(self, batch: _Batch) -> Iterator[str]:
        with self.fabric.autocast():
            output = self.model.raw(batch.latent)
        reconstruction = reconstruction_cost(batch.data, output, self.config.cost)
        loss = reconstruction
        penalty = self._penalty(batch)
        if penalty is not None:
            loss = loss + self.config.penalty_weight * penalty
            self._figures["penalty"] = penalty.detach()
        self._figures |= {"loss": loss.detach(), "reconstruction": reconstruction.detach()}
        yield "score"
        self.descend("autoencoder", loss)
        yield "gradient"
        self.update("autoencoder")
        yield "update"

    def _penalty(self, batch: _Batch) -> Tensor | None:
        """What pulls the codes towards the prior."""
        config = self.config
        if config.method == "wae-mmd":
            prior = self._prior(len(batch.latent))
            return mmd_penalty(batch.latent, prior, config.prior_sigma, config.kernel, config.kernel_scales)
        if config.method == "vae" and batch.encoded.log_variance is not None:
            return gaussian_divergence(batch.encoded.mean, batch.encoded.log_variance, config.prior_sigma)
        return None

    def _optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        config = self.config
        momentum = config.beta1 if config.optimiser == "sgd" else 0.0
        return make_optimiser(config.optimiser, network.parameters(), 0.0, beta1=config.beta1, momentum=momentum)

    def _normal(self, count: int) -> Tensor:
        return torch.randn(count, self.config.latent_size, generator=self.noise, device=self.device)

    def _prior(self, count: int) -> Tensor:
        """Draws of P_Z [count, d]."""
        return self.config.prior_sigma * self._normal(count)

    def _add_networks(self) -> None:
        """Make further networks of the method known."""

    def learning_rates(self) -> dict[str, float]:
        """The step sizes, after the schedule."""
        share = 1.0
        if self.config.rate_schedule == "paper":
            done = self.step_count / self.config.steps
            share = 0.1 if done >= 0.5 else 0.5 if done >= 0.3 else 1.0
        return {"autoencoder": share * self.config.learning_rate, "critic": share * self.config.critic_rate}

    # ---- what is seen of it

    def figures(self) -> dict[str, float]:
        """loss = reconstruction + lambda penalty; for wae-gan also what the critic reaches."""
        return {
            **{name: float(value) for name, value in self._figures.items()},
            "steps_per_s": self.step_count / max(self.seconds, 1e-9),
            "skipped": float(self.skipped),
        }

    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """Samples, reconstructions, interpolations and codes; see `engine.wae.stage`."""
        return self._stage.pictures()

    def glimpse(self) -> dict[str, NDArray[np.generic]]:
        """Samples and reconstructions, and the codes of the last batch, which cost nothing."""
        return self._stage.glimpse(self._codes, self._labels)

    def measures(self) -> dict[str, float]:
        """Held-out figures; see `engine.wae.measuring`."""
        return measure(self._stage, self.source)

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """Encoder and decoder as they are now, for the catalog."""
        model = self.model.config
        header = CheckpointHeader(
            kind="wae",
            name=self.config.name,
            config={**asdict(model), "shape": list(model.shape)},
            data=self.source.provenance,
            metrics={**measures, "step": float(self.step_count), "train_seconds": self.seconds},
            command=command_line("wae", self.config),
            extra={"method": self.config.method, "data": self.source.name, "training": to_json(self.config)},
        )
        save_checkpoint(path, self.model.state_dict(), header)


class WaeGanRun(WaeRun):
    """WAE-GAN: a critic of codes takes a step, then encoder and decoder."""

    parts: ClassVar[tuple[str, ...]] = ("critic", "generator")
    _pending: _Batch | None = None

    def moments(self, part: str) -> Iterator[str]:
        """Algorithm 1 of Tolstikhin et al. 2018. Both parts of a step see one batch, which is encoded once."""
        if part == "critic":
            batch = self._encoded_batch()
            yield "sample"
            yield from self._train_critic(batch)
            self._pending = batch
        else:
            batch = self._pending or self._encoded_batch()
            self._pending = None
            yield "sample"
            yield from self._train_autoencoder(batch)

    def _add_networks(self) -> None:
        config = self.config
        self._critic = LatentCritic(config.latent_size, config.critic_width, config.critic_depth)
        self.learn("critic", self._critic, self._optimiser(self._critic))

    def _train_critic(self, batch: _Batch) -> Iterator[str]:
        prior = self._prior(len(batch.latent))
        with self.fabric.autocast():
            logits = self._critic(torch.cat([prior, batch.latent.detach()]))
        from_prior, from_codes = logits.chunk(2)
        loss = critic_loss(from_prior, from_codes)
        right = (from_prior > 0).sum() + (from_codes < 0).sum()
        self._figures |= {"critic_loss": loss.detach(), "critic_accuracy": right / len(logits)}
        yield "score"
        self.descend("critic", loss)
        yield "gradient"
        self.update("critic")
        yield "update"

    def _penalty(self, batch: _Batch) -> Tensor:
        with self.fabric.autocast():
            return adversarial_penalty(self._critic(batch.latent))

    def _restore(self, path: Path) -> dict[str, Any]:
        # A batch that was encoded with other weights has no way back through these.
        self._pending = None
        return super()._restore(path)


def make_run(config: WaeTrainConfig, run_dir: Path) -> WaeRun:
    """The run that a method needs."""
    return (WaeGanRun if config.method == "wae-gan" else WaeRun)(config, run_dir)


def model_config(config: WaeTrainConfig, shape: tuple[int, ...]) -> WaeModelConfig:
    """The auto-encoder of a run on data of this shape. Raises `TrainingError` for settings that do not fit it."""
    points = len(shape) == 1
    if points and config.network == "conv":
        raise TrainingError("Convolutions need pictures; choose the network mlp to learn points.")
    if points and config.cost == "cross-entropy":
        raise TrainingError("The cross-entropy needs values from 0 to 1; choose another cost to learn points.")
    if config.network == "conv" and config.depth > MAX_HALVINGS:
        raise TrainingError(f"A picture can be halved {MAX_HALVINGS} times at most; choose a smaller depth.")
    return WaeModelConfig(
        shape=shape,
        latent_size=config.latent_size,
        prior_sigma=config.prior_sigma,
        variational=config.method == "vae" or config.encoder == "gaussian",
        network=config.network,
        width=config.width,
        depth=config.depth,
        filter_size=config.filter_size,
        activation=config.activation,
        norm=config.norm,
    )


def _open(config: WaeTrainConfig) -> tuple[DataSource, Extent | None]:
    choice = DataChoice(config.data, config.data_path, config.image_size, config.colour, config.seed)
    if config.data in POINT_NAMES:
        plane = open_plane(choice)
        return plane, plane.extent
    return open_pictures(choice), None
