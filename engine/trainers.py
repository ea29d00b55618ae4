"""The trainers, by name. The command line, the child process and the app all look them up here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.errors import TrainingError
from engine.runtime.job import Event, Job


@dataclass(frozen=True)
class Trainer:
    """Where a trainer's configuration dataclass and its job are, as `module:name` (imported when asked for)."""

    name: str
    title: str
    config_path: str
    job_path: str
    presets_path: str

    @property
    def title_in_sentence(self) -> str:
        """The title, its first word small unless it is a name or an abbreviation."""
        return self.title[:1].lower() + self.title[1:] if self.title.split()[0][1:].islower() else self.title

    def config_class(self) -> type[Any]:
        """The trainer's frozen configuration dataclass."""
        found: type[Any] = _load(self.config_path)
        return found

    def presets(self) -> dict[str, Any]:
        """Named configurations to start from; the first is the default."""
        found: dict[str, Any] = _load(self.presets_path)
        return found

    def job(self, config: Any, run_dir: Path) -> Job[Event, dict[str, float]]:
        """A training job that writes its checkpoints under `run_dir` and resumes from them; returns final metrics."""
        made: Job[Event, dict[str, float]] = _load(self.job_path)(config, run_dir)
        return made


TRAINERS: dict[str, Trainer] = {
    "sketch": Trainer(
        "sketch",
        "Sketch-RNN",
        "engine.sketch.config:SketchTrainConfig",
        "engine.sketch.training:train",
        "engine.sketch.config:PRESETS",
    ),
    "classifier": Trainer(
        "classifier",
        "Digit classifier",
        "engine.evaluation.config:ClassifierTrainConfig",
        "engine.evaluation.training:train",
        "engine.evaluation.config:PRESETS",
    ),
    "gan": Trainer(
        "gan",
        "GANs",
        "engine.gan.config:GanTrainConfig",
        "engine.gan.training:train",
        "engine.gan.presets:PRESETS",
    ),
    "wae": Trainer(
        "wae",
        "Auto-encoders: WAE, VAE",
        "engine.wae.config:WaeTrainConfig",
        "engine.wae.training:train",
        "engine.wae.config:PRESETS",
    ),
    "capsules": Trainer(
        "capsules",
        "Capsule networks",
        "engine.capsules.config:CapsuleTrainConfig",
        "engine.capsules.training:train",
        "engine.capsules.config:PRESETS",
    ),
    "convergence": Trainer(
        "convergence",
        "Adam and AMSGrad",
        "engine.studies.config:ConvergenceConfig",
        "engine.studies.convergence:train",
        "engine.studies.config:CONVERGENCE_PRESETS",
    ),
    "depth": Trainer(
        "depth",
        "Deep plain networks",
        "engine.studies.config:DepthConfig",
        "engine.studies.depth:train",
        "engine.studies.config:DEPTH_PRESETS",
    ),
}


def trainer(name: str) -> Trainer:
    """The trainer called `name`; raises `TrainingError` with the known names when there is none."""
    try:
        return TRAINERS[name]
    except KeyError:
        raise TrainingError(f"There is no trainer called {name!r}; known are: {', '.join(TRAINERS)}.") from None


def _load(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
