"""One training run of a GAN: critic and generator, what they play for, and what is saved of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import TrainingError
from engine.evaluation.sample_measures import sample_measures
from engine.gan.config import GanTrainConfig
from engine.gan.duality import duality_gap
from engine.gan.energy_distance import (
    EnergyDistance,
    Matching,
    OptimalMatching,
    RandomMatching,
    cosine_cost,
    energy_distance,
    fixed_embedding,
)
from engine.gan.examples import Examples, open_data
from engine.gan.latents import draw_latents
from engine.gan.networks import NetworkConfig, make_critic, make_generator
from engine.gan.normalisation import clip_weights_, orthonormal_penalty
from engine.gan.objectives import OBJECTIVES, critic_accuracy, gradient_penalty, judge
from engine.gan.optimisers import AveragedWeights, make_optimiser
from engine.gan.stage import Stage
from engine.runtime.checkpoint import CheckpointHeader, save_checkpoint
from engine.runtime.config import command_line, to_json
from engine.runtime.training_run import TrainingRun

TRANSPORT = "optimal transport"
MEASURED_SAMPLES = 2000
_NORMALISATION = {"spectral norm": "spectral", "weight norm": "weight"}


def network_config(config: GanTrainConfig, shape: tuple[int, ...]) -> NetworkConfig:
    """The shape of the generator that makes data of `shape`, and of a critic of the same data."""
    return NetworkConfig(
        architecture=config.network,
        shape=shape,
        latent_size=config.latent_size,
        width=config.width,
        critic_width=config.critic_width,
        depth=config.depth,
        activation=config.activation,
        critic_activation=config.critic_activation,
        norm=config.generator_norm,
        critic_norm=config.critic_norm,
        critic_outputs=config.embedding_size if config.objective == TRANSPORT else 1,
    )


class GanRun(TrainingRun):
    """Every objective but optimal transport: the critic tells data from samples, the generator answers."""

    trainer: ClassVar[str] = "gan"
    parts: ClassVar[tuple[str, ...]] = ("critic", "generator")

    def __init__(self, config: GanTrainConfig, run_dir: Path) -> None:
        """Read the data, build the networks and, when `run_dir` holds a state, go on from it.

        Raises `TrainingError` or `BadFileError` with a sentence when settings do not fit each other or the data.
        """
        super().__init__(config, run_dir)
        self.config: GanTrainConfig = config
        self.source = open_data(config)
        self.opening_notes += self.source.problems
        self.examples = Examples(self.source, config)
        self.network = network_config(config, self.source.shape)
        self.generator = make_generator(self.network, config.seed)
        normalisation = _NORMALISATION.get(config.critic_constraint, "none")
        self.critic = make_critic(network_config(config, self.examples.critic_shape), normalisation, config.seed + 1)
        self.learn("generator", self.generator, self._optimiser(self.generator))
        self.learn("critic", self.critic, self._optimiser(self.critic))
        self.average = AveragedWeights(self.generator, config.ema_decay)
        self.keep("average", self.average)
        self._draws = torch.Generator()
        self._figures: dict[str, Tensor | float] = {}
        # Samples of the last critic step, for the first generator step after it to answer to: one pass less.
        self._shared: Tensor | None = None
        self._stage = Stage(self)
        self.begin()

    # ---- a step

    def moments(self, part: str) -> Iterator[str]:
        """So many steps of one of the players as the settings say."""
        # A frozen critic is one function: its batch statistics and power iterations stand still with its weights.
        if self.critic.training == self.is_frozen:
            self.critic.train(not self.is_frozen)
        if part == "critic":
            self._figures.clear()
            self.gradient_norms.pop("critic", None)
            for _ in range(0 if self.is_frozen else self.config.critic_steps):
                yield from self.critic_moments()
        else:
            for _ in range(self.config.generator_steps):
                yield from self.generator_moments()
                if self.config.ema_decay > 0:
                    # Shorter at first, or the average would hold the random beginning for a thousand steps.
                    self.average.decay = min(self.config.ema_decay, (1 + self.step_count) / (10 + self.step_count))
                    self.average.update_parameters(self.generator)

    @property
    def is_frozen(self) -> bool:
        """Whether the critic stays as it is."""
        at = self.config.freeze_critic_at
        return self.config.freeze_critic or 0 < at <= self.step_count

    @property
    def sampler(self) -> torch.nn.Module:
        """The generator that samples are taken from: the averaged one, where there is one."""
        return self.average.module if self.config.ema_decay > 0 else self.generator

    def critic_moments(self) -> Iterator[str]:
        """One step of the critic."""
        config = self.config
        fake = self._fakes_to_share()
        real = self.reals(config.batch_size)
        yield "sample"
        with self.fabric.autocast():
            real_out, fake_out = judge(self.critic, real, fake)
        objective = OBJECTIVES[config.objective]
        loss = objective.critic_loss(real_out, fake_out)
        self._figures |= {
            "critic_loss": loss.detach(),
            "critic_real": real_out.detach().mean(),
            "critic_fake": fake_out.detach().mean(),
            "critic_accuracy": critic_accuracy(real_out.detach(), fake_out.detach(), config.objective),
        }
        if config.penalty_weight > 0:
            penalty, norm = gradient_penalty(self.critic, real, fake, self.noise)
            loss = loss + config.penalty_weight * penalty
            self._figures |= {"gradient_penalty": penalty.detach(), "gradient_norm": norm.detach()}
        yield "score"
        yield from self._critic_learns(loss)

    def generator_moments(self) -> Iterator[str]:
        """One step of the generator."""
        fake = self._fakes_of_critic()
        yield "sample"
        with self.fabric.autocast():
            out = self.critic(fake)
        loss = OBJECTIVES[self.config.objective].generator_loss(out)
        self._figures["generator_loss"] = loss.detach()
        yield "score"
        self.descend("generator", loss)
        yield "gradient"
        self.update("generator")
        yield "update"

    def latents(self, count: int, generator: torch.Generator) -> Tensor:
        """z [count, latent_size] on the generator's device, which is the run's."""
        return draw_latents(count, self.config.latent_size, self.config.latent_kind, generator)

    def fakes(self, count: int) -> Tensor:
        """Samples as the critic sees them, [count, *critic_shape], with a gradient unless that is switched off."""
        with self.fabric.autocast():
            samples = self.generator(self.latents(count, self.noise))
        return self._blurred(self.as_seen(samples, self.noise))

    def _fakes_to_share(self) -> Tensor:
        """New samples for the critic, without a gradient; those with it stay for the generator."""
        self._shared = self.fakes(self.config.batch_size)
        return self._shared.detach()

    def _fakes_of_critic(self) -> Tensor:
        """The samples that the critic has just seen, once; then new ones."""
        shared, self._shared = self._shared, None
        return self.fakes(self.config.batch_size) if shared is None else shared

    def reals(self, count: int) -> Tensor:
        """Real examples as the critic sees them, [count, *critic_shape]."""
        # The data's generator is on the CPU wherever the networks are; its seed comes from what is saved with the run.
        self._draws.manual_seed(int(self.rng.integers(2**62)))
        return self._blurred(self.examples.batch(count, self._draws).to(self.device))

    def as_seen(self, samples: Tensor, noise: torch.Generator) -> Tensor:
        """Samples measured by random measurements from `noise`, where samples are measured; else as they are."""
        measurement = self.examples.measurement
        if measurement is None or not self.examples.measures_samples:
            return samples
        return measurement.apply(samples.float(), measurement.draw(len(samples), noise))

    def plan(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """The transport plan [n, m] between examples, each [k, *critic_shape]; None where the objective has none."""
        return None

    def _critic_learns(self, loss: Tensor) -> Iterator[str]:
        """The last two moments of a critic's step."""
        config = self.config
        if config.critic_constraint == "orthonormal":
            loss = loss + config.orthonormal_weight * orthonormal_penalty(self.critic)
        self.descend("critic", loss)
        yield "gradient"
        self.update("critic")
        if config.critic_constraint == "clip":
            clip_weights_(self.critic, config.clip_limit)
        yield "update"

    def _blurred(self, data: Tensor) -> Tensor:
        sigma = self.config.instance_noise
        if sigma == 0:
            return data
        return data + sigma * torch.randn(data.shape, generator=self.noise, device=self.device)

    def _optimiser(self, network: torch.nn.Module) -> torch.optim.Optimizer:
        config = self.config
        momentum = config.beta1 if config.optimiser == "sgd" else 0.0
        return make_optimiser(
            config.optimiser, network.parameters(), 0.0, beta1=config.beta1, beta2=config.beta2, momentum=momentum
        )

    def take_on(self, config: GanTrainConfig) -> None:
        """Go on with these settings; raises `TrainingError` where they do not fit what was built at the start."""
        self.examples.measure(config)
        super().take_on(config)

    def learning_rates(self) -> dict[str, float]:
        """The step size of each player."""
        return {"generator": self.config.generator_rate, "critic": self.config.critic_rate}

    def _restore(self, path: Path) -> dict[str, Any]:
        # The samples belong to the weights of before, through which no gradient can flow any more.
        self._shared = None
        return super()._restore(path)

    # ---- what is seen of it

    def figures(self) -> dict[str, float]:
        """What both players have reached, and how strongly they are pulled."""
        values = {name: float(value) for name, value in self._figures.items()}
        if "gradient_norm" not in values and self.config.objective != TRANSPORT:
            values["gradient_norm"] = float(self._stage.gradient_norms().mean())
        return {
            **values,
            **{f"{name}_gradient": norm for name, norm in self.gradient_norms.items()},
            "steps_per_s": self.step_count / max(self.seconds, 1e-9),
            "skipped": float(self.skipped),
        }

    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """Samples and what the critic makes of them; see `engine.gan.stage`."""
        return self._stage.pictures()

    def glimpse(self) -> dict[str, NDArray[np.generic]]:
        """The same in fewer numbers."""
        return self._stage.glimpse()

    def measures(self) -> dict[str, float]:
        """How good the samples are; see `engine.evaluation.sample_measures`."""
        found = sample_measures(self.source, self._stage.samples(MEASURED_SAMPLES))
        if self.config.duality_steps > 0 and self.config.objective != TRANSPORT and not self.examples.measures_samples:
            found["duality_gap"] = self._duality_gap()
        return found

    def _duality_gap(self) -> float:
        noise = torch.Generator(device=self.device).manual_seed(self.config.seed + 2)
        count = 2 * self.config.batch_size
        data = self.examples.batch(count, torch.Generator().manual_seed(self.config.seed + 2)).to(self.device)
        return duality_gap(
            self.generator, self.critic, self.config.objective, data, self.latents(count, noise),
            steps=self.config.duality_steps, rate=self.config.critic_rate,
        )

    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """The generator that samples are taken from, for the catalog."""
        header = CheckpointHeader(
            kind="gan",
            name=self.config.name,
            config={**asdict(self.network), "shape": list(self.network.shape), "latent_kind": self.config.latent_kind},
            data=self.source.provenance,
            metrics={**measures, "step": float(self.step_count), "train_seconds": self.seconds},
            command=command_line("gan", self.config),
            extra={"data": self.source.name, "training": to_json(self.config)},
        )
        save_checkpoint(path, self.sampler.state_dict(), header)


class TransportRun(GanRun):
    """OT-GAN: the critic embeds, and the distance is optimal transport between mini-batches (Salimans et al. 2018)."""

    def __init__(self, config: GanTrainConfig, run_dir: Path) -> None:
        """See `GanRun`."""
        if config.batch_size < 4 or config.batch_size % 2:
            raise TrainingError("Optimal transport compares halves of a batch; choose an even batch_size of 4 or more.")
        if config.embedding_size == 1:
            raise TrainingError("In one dimension the cosine tells two sides alone; choose an embedding_size above 1.")
        _refuse_penalty(config)
        super().__init__(config, run_dir)

    def take_on(self, config: GanTrainConfig) -> None:
        """See `GanRun`."""
        _refuse_penalty(config)
        super().take_on(config)

    @property
    def is_frozen(self) -> bool:
        """A fixed cost has nothing to learn."""
        return super().is_frozen or self.config.cost == "fixed"

    def critic_moments(self) -> Iterator[str]:
        """The critic moves so that the distance grows."""
        fake = self._fakes_to_share()
        real = self.reals(self.config.batch_size)
        yield "sample"
        distance = self.distance(real, fake)
        self._figures["critic_loss"] = -distance.loss.detach()
        yield "score"
        yield from self._critic_learns(-distance.loss)

    def generator_moments(self) -> Iterator[str]:
        """The generator moves so that the distance shrinks."""
        fake = self._fakes_of_critic()
        real = self.reals(self.config.batch_size)
        yield "sample"
        distance = self.distance(real, fake)
        self._figures |= {"generator_loss": distance.loss.detach(), "plan_entropy": distance.plan_entropy}
        yield "score"
        self.descend("generator", distance.loss)
        yield "gradient"
        self.update("generator")
        yield "update"

    def distance(self, real: Tensor, fake: Tensor) -> EnergyDistance:
        """The mini-batch energy distance of two halves of each [n, *critic_shape]."""
        matching = self._optimal() if self.config.matching == "optimal" else RandomMatching(self.noise)
        return energy_distance(self.embedded(real), self.embedded(fake), matching)

    def plan(self, real: Tensor, fake: Tensor) -> Tensor:
        """The transport plan [n, m] between examples, each [k, *critic_shape]."""
        return self._optimal()(cosine_cost(self.embedded(real), self.embedded(fake)))

    def embedded(self, data: Tensor) -> Tensor:
        """v(x) [n, d]: the critic's, or the data itself for a fixed cost."""
        if self.config.cost == "fixed":
            return fixed_embedding(data)
        with self.fabric.autocast():
            out: Tensor = self.critic(data)
        return out.float()

    def _optimal(self) -> Matching:
        return OptimalMatching(self.config.sinkhorn_regularisation, self.config.sinkhorn_iterations)


def _refuse_penalty(config: GanTrainConfig) -> None:
    if config.penalty_weight > 0:
        raise TrainingError("Optimal transport has no gradient penalty; set penalty_weight to 0.")


def make_run(config: GanTrainConfig, run_dir: Path) -> GanRun:
    """The run of a configuration's objective."""
    run: type[Any] = TransportRun if config.objective == TRANSPORT else GanRun
    made: GanRun = run(config, run_dir)
    return made
