"""A training run: its networks, optimisers, random state and counters, saved and restored as one.

A subclass builds its networks in `__init__`, makes them known with `learn` and `keep`, calls `begin` last, and says in
`moments` what happens in a step. `engine.runtime.loop.run_training` drives it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import CheckpointError, TrainingError
from engine.runtime.checkpoint import load_state, save_state
from engine.runtime.checkpoint_history import MODEL_FILE, STATE_FILE, CheckpointHistory
from engine.runtime.config import from_json, to_json
from engine.runtime.fabric import make_fabric
from engine.runtime.optimiser_state import load_optimiser, optimiser_tensors

BAD_STEPS_BEFORE_RESTORE = 3
LEAST_RATE_FACTOR = 2.0**-10  # a run that needs an even smaller share of its learning rates is given up

ModuleT = TypeVar("ModuleT", bound=nn.Module)


class Stateful(Protocol):
    """Anything whose state is a flat dictionary of tensors."""

    def state_dict(self) -> Any:
        """The tensors by name."""

    def load_state_dict(self, state_dict: Any, /) -> Any:
        """Take on these tensors."""


@dataclass
class _Progress:
    """The numbers of a run that are saved beside its tensors."""

    step: int = 0
    seconds: float = 0.0
    rate_factor: float = 1.0
    skipped: int = 0


class TrainingRun(ABC):
    """Makes steps. Between two steps `take_on` may replace `config` (live edits).

    `parts` are the parts of a step that can be taken alone, in order; the last one completes the step. The
    configuration has at least the fields steps, minutes, log_every, picture_every, measure_every, save_every, seed,
    name, precision and device.
    """

    trainer: ClassVar[str]
    parts: ClassVar[tuple[str, ...]] = ("step",)

    def __init__(self, config: Any, run_dir: Path) -> None:
        """Join the processes of the run and seed its random generators."""
        self.config = config
        self.opening_notes: list[str] = []
        self.saved = False
        self.fabric = make_fabric(config.device, config.precision)
        self.device: torch.device = self.fabric.device
        self.noise = torch.Generator(device=self.device)
        self.rng = np.random.default_rng()
        self.gradient_norms: dict[str, float] = {}  # of the last update, before anything was clipped
        self.model_measures: dict[str, float] = {}  # of the model at `model_path`; the job returns them
        self.extra: dict[str, Any] = {}  # JSON values of a subclass that are saved with the state
        self._checkpoints = run_dir / "checkpoints"
        self._history = CheckpointHistory(run_dir)
        self._progress = _Progress()
        self._networks: dict[str, nn.Module] = {}
        self._parameters: dict[str, list[nn.Parameter]] = {}
        self._optimisers: dict[str, torch.optim.Optimizer] = {}
        self._kept: dict[str, Stateful] = {}
        self._bad_in_a_row = 0
        self._step_was_bad = False
        self.reseed(0)

    # ---- what a subclass says

    @abstractmethod
    def moments(self, part: str) -> Iterator[str]:
        """Take one of the `parts` of a step; yields "sample", "score", "gradient", "update" after each has happened."""

    @abstractmethod
    def figures(self) -> dict[str, float]:
        """The scalars of the last step for the curves."""

    @abstractmethod
    def pictures(self) -> dict[str, NDArray[np.generic]]:
        """What to keep for the time line, from the same seeds each time."""

    def glimpse(self) -> dict[str, NDArray[np.generic]]:
        """What to show to whoever watches; cheap, since it is asked for several times a second."""
        return self.pictures()

    def measures(self) -> dict[str, float]:
        """Figures that take longer: distances, scores, held-out losses."""
        return {}

    @abstractmethod
    def write_model(self, path: Path, measures: Mapping[str, float]) -> None:
        """Write the model that the catalog can take in (`engine.runtime.checkpoint.save_checkpoint`)."""

    def is_better(self, measures: Mapping[str, float]) -> bool:
        """Whether the model as it is now takes the place of the one with `model_measures`; the newest does."""
        return True

    def learning_rates(self) -> dict[str, float]:
        """The learning rate of each optimiser at this step; the base multiplies it after bad steps."""
        return dict.fromkeys(self._optimisers, self.config.learning_rate)

    def take_on(self, config: Any) -> None:
        """Go on with these settings, of which only live ones differ; the run stays as it is when they are refused.

        Raises `TrainingError` for settings that this run cannot go on with.
        """
        self.config = config

    # ---- what a subclass uses

    def seeded(self) -> AbstractContextManager[None]:
        """Within it torch's own random numbers, as for initial weights, come from the run's seed."""
        return _seeded(self.config.seed)

    def learn(self, name: str, network: ModuleT, optimiser: torch.optim.Optimizer | None = None) -> ModuleT:
        """Make a network known, and what trains it; saved and restored from now on. Returns it on the device."""
        network.to(self.device)
        self._networks[name] = network
        # Looked up once: walking through the modules at every step takes as long as a small network's product.
        self._parameters[name] = [parameter for parameter in network.parameters() if parameter.requires_grad]
        if optimiser is not None:
            self._optimisers[name] = optimiser
        return network

    def keep(self, name: str, state: Stateful) -> None:
        """Save and restore something else with the run, such as averaged weights."""
        self._kept[name] = state

    def begin(self) -> None:
        """Go on from what the folder holds, when it holds a state. Call it last in `__init__`."""
        if self.state_path.exists():
            self._restore(self.state_path)
            self.opening_notes.append(f"Going on from step {self.step_count}.")

    def descend(self, name: str, loss: Tensor) -> None:
        """Leave the gradient of `loss` with the parameters of a network, and nothing with those of any other."""
        parameters = self._parameters[name]
        for parameter in parameters:
            parameter.grad = None
        # Not `autograd.grad`: what it returns may be laid out in memory otherwise than the parameter, and torch's fused
        # optimisers walk through both side by side.
        torch.autograd.backward(loss, inputs=parameters)

    def update(self, name: str, clip: Callable[[], object] | None = None) -> bool:
        """One step of an optimiser on the gradients that its network holds; False when they are not finite.

        Gradients are averaged over the processes first, so each comes to the same answer. `clip` limits them in place
        once their norm is noted.
        """
        gradients = [p.grad for p in self._parameters[name] if p.grad is not None]
        if self.fabric.world_size > 1:
            self._average(gradients)
        norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))
        self.gradient_norms[name] = norm
        if not np.isfinite(norm):
            self._step_was_bad = True
            return False
        if clip is not None:
            clip()
        optimiser = self._optimisers[name]
        rate = self.rate(name)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        return True

    def rate(self, name: str) -> float:
        """The learning rate of an optimiser at this step, as bad steps have left it."""
        return self.learning_rates()[name] * self._progress.rate_factor

    # ---- what drives it

    @property
    def state_path(self) -> Path:
        """The file that holds everything needed to go on."""
        return self._checkpoints / STATE_FILE

    @property
    def model_path(self) -> Path:
        """The newest model, or the best so far where `is_better` says so."""
        return self._checkpoints / MODEL_FILE

    @property
    def step_count(self) -> int:
        """Steps made, skipped ones included."""
        return self._progress.step

    @property
    def seconds(self) -> float:
        """Time spent in steps, across resumes."""
        return self._progress.seconds

    @property
    def skipped(self) -> int:
        """Steps whose gradients were not finite."""
        return self._progress.skipped

    @property
    def finished(self) -> bool:
        """Whether the run has reached its number of steps or minutes."""
        return bool(0 < self.config.minutes * 60 <= self.seconds or self.step_count >= self.config.steps)

    def any_process(self, wish: bool) -> bool:
        """Whether any process of the group wishes so. All come to the same answer, or one would wait for another."""
        if self.fabric.world_size == 1:
            return wish
        wishes = self.fabric.all_reduce(torch.tensor(float(wish), device=self.device), reduce_op="sum")
        return bool(torch.as_tensor(wishes) > 0)

    def step(self) -> None:
        """One whole step."""
        for _ in self.slowly(self.parts):
            pass

    def slowly(self, parts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """The parts of a step one moment at a time: (part, moment). A step counts once its last part is done."""
        self.saved = False
        self._step_was_bad = False
        started = time.perf_counter()
        for part in parts:
            for moment in self.moments(part):
                self._progress.seconds += time.perf_counter() - started
                yield part, moment
                started = time.perf_counter()
        self._progress.seconds += time.perf_counter() - started
        if self._step_was_bad:
            self._progress.skipped += 1
            self._bad_in_a_row += 1
        else:
            self._bad_in_a_row = 0
        if parts and parts[-1] == self.parts[-1]:
            self._progress.step += 1

    @property
    def step_was_bad(self) -> bool:
        """Whether the last step had gradients that were not finite."""
        return self._step_was_bad

    def after_bad_step(self) -> str:
        """The sentence about a skipped step; the third in a row goes back to the last checkpoint at half the rates.

        Raises `TrainingError` when that has not helped many times over.
        """
        if self._bad_in_a_row < BAD_STEPS_BEFORE_RESTORE or not self.state_path.exists():
            return f"Step {self.step_count} was skipped: its gradient is not finite ({self.skipped} so far)."
        step, skipped, factor = self.step_count, self.skipped, self._progress.rate_factor
        if factor <= LEAST_RATE_FACTOR:
            raise TrainingError("The loss stays without a finite value; begin a new run with a lower learning rate.")
        self._restore(self.state_path)
        self._progress.rate_factor = min(factor, self._progress.rate_factor) / 2
        self._progress.skipped = skipped
        self._bad_in_a_row = 0
        # Other noise than the first time, or the same three steps would fail again.
        self.reseed(step)
        return (
            f"{BAD_STEPS_BEFORE_RESTORE} steps in a row had a gradient that is not finite: back to step "
            f"{self.step_count} with {self._progress.rate_factor:g} of the learning rates."
        )

    def reseed(self, step: int) -> None:
        """Other random numbers for each step to go on from, and for each process."""
        seed = self.config.seed + 7919 * self.fabric.global_rank + step
        self.noise.manual_seed(seed)
        self.rng = np.random.default_rng(seed)

    # ---- saving and going back

    def save(self, measures: Mapping[str, float]) -> None:
        """Write the state and, when it is better, the model; keep the state among the checkpoints to rewind to."""
        if self.fabric.global_rank == 0:
            # A fork begins with the measures of a model that it does not have.
            if self.is_better(measures) or not self.model_path.exists():
                self.write_model(self.model_path, measures)
                self.model_measures = dict(measures)
            save_state(self.state_path, self._tensors(), self._numbers())
            self._history.keep(self.state_path, self.step_count)
        self.fabric.barrier()
        self.saved = True

    def rewind(self, step: int) -> None:
        """Be as at the checkpoint of `step`, live settings included; what is later is forgotten.

        Raises `CheckpointError` when there is no such checkpoint, and leaves the run as it is.
        """
        path = self._history.path(step)
        if not path.exists():
            raise CheckpointError(f"There is no checkpoint of step {step} any more; choose another one.")
        kept = self.model_measures
        numbers = self._restore(path)
        if self.model_measures != kept:
            # The model was written later, which no longer counts: any other is better now.
            self.model_measures = {}
        self.take_on(from_json(type(self.config), {**to_json(self.config), **numbers["live"]}))
        self.fabric.barrier()
        if self.fabric.global_rank == 0:
            self._history.go_back(step, self.state_path)
        self._bad_in_a_row = 0
        self.saved = False

    def live_settings(self) -> dict[str, Any]:
        """The settings that may change in a run, as they are now."""
        values = to_json(self.config)
        return {entry.name: values[entry.name] for entry in fields(self.config) if entry.metadata.get("live")}

    def _tensors(self) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {"random.noise": self.noise.get_state()}
        for name, network in self._networks.items():
            tensors |= {f"network.{name}.{key}": value for key, value in network.state_dict().items()}
        for name, kept in self._kept.items():
            tensors |= {f"kept.{name}.{key}": value for key, value in kept.state_dict().items()}
        for name, optimiser in self._optimisers.items():
            tensors |= {f"optimiser.{name}.{key}": value for key, value in optimiser_tensors(optimiser).items()}
        return tensors

    def _numbers(self) -> dict[str, Any]:
        return {
            **asdict(self._progress),
            "random.numpy": self.rng.bit_generator.state,
            "live": self.live_settings(),
            "model_measures": self.model_measures,
            "extra": self.extra,
        }

    def _restore(self, path: Path) -> dict[str, Any]:
        """Take on a state; returns its numbers. The configuration stays as it is."""
        tensors, numbers = load_state(path)
        try:
            progress = _Progress(
                int(numbers["step"]), float(numbers["seconds"]), float(numbers["rate_factor"]), int(numbers["skipped"])
            )
            for name, network in self._networks.items():
                network.load_state_dict(_below(tensors, f"network.{name}."))
            for name, kept in self._kept.items():
                kept.load_state_dict(_below(tensors, f"kept.{name}."))
            for name, optimiser in self._optimisers.items():
                load_optimiser(optimiser, _below(tensors, f"optimiser.{name}."))
            self.noise.set_state(tensors["random.noise"])
            self.rng.bit_generator.state = numbers["random.numpy"]
            measures = {str(name): float(value) for name, value in numbers.get("model_measures", {}).items()}
            extra = dict(numbers["extra"])
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            text = f"{path.name} is damaged or holds networks of another shape; choose a new folder for this run."
            raise CheckpointError(text) from error
        self._progress, self.model_measures, self.extra = progress, measures, extra
        if self.fabric.global_rank > 0:
            # The state is the first process's; with it all would learn from the same examples.
            self.reseed(self.step_count)
        return numbers

    def _average(self, gradients: list[Tensor]) -> None:
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        mean = torch.as_tensor(self.fabric.all_reduce(flat, reduce_op="mean"))
        for gradient, part in zip(gradients, torch.split(mean, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
