"""The real examples that a critic sees: the data itself, or what measuring has left of it (AmbientGAN)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Generator, Tensor

from engine.data.source import POINT_NAMES, DataChoice, DataSource, PictureSource, open_source
from engine.errors import TrainingError
from engine.gan.config import GanTrainConfig
from engine.gan.measurements import Measurement, make_measurement
from engine.gan.unmeasure import unmeasure

UNMEASURED = 20_000  # pictures at most that the baseline unmeasures before it trains on them
_CHUNK = 500


def open_data(config: GanTrainConfig) -> DataSource:
    """The data of a run. Raises `TrainingError` or `BadFileError` with a sentence."""
    choice = DataChoice(config.data, config.data_path, config.image_size, config.colour, config.seed)
    if config.data in POINT_NAMES:
        if config.network != "mlp":
            raise TrainingError("Points of the plane need networks of the kind mlp; dcgan is for pictures.")
        if config.ambient != "off":
            raise TrainingError("Only pictures can be measured; switch ambient off, or choose digits or pictures.")
    return open_source(choice)


class Examples:
    """Batches for the critic. Every training picture is measured once: its measurement depends on its index alone."""

    def __init__(self, source: DataSource, config: GanTrainConfig) -> None:
        """Nothing is drawn yet; "unmeasure" takes a while here, since it unmeasures its pictures first."""
        self.source = source
        self._seed = config.seed
        self._method = "" if config.unmeasure_method == "quickest" else config.unmeasure_method
        self._pictures = cast(PictureSource, source)
        self.measurement = self._wanted(config) if config.ambient != "off" else None
        self._restored = self._unmeasured() if config.ambient == "unmeasure" else None
        # What the critic looks at: measured pictures only where samples are measured as well.
        self.measures_samples = config.ambient == "ambient"
        self.critic_shape = source.shape
        if self.measurement is not None and self.measures_samples:
            self.critic_shape = self.measurement.shape
        elif self.measurement is not None and self._restored is None and self.measurement.shape != source.shape:
            text = f"What {config.measurement} leaves are no pictures of the same size; learn from it with ambient."
            raise TrainingError(text)

    def measure(self, config: GanTrainConfig) -> None:
        """Measure with the strength and noise of `config` from now on.

        Raises `TrainingError` when the networks were built, or the pictures unmeasured, for the ones before.
        """
        if self.measurement is None:
            return
        wanted = self._wanted(config)
        if wanted == self.measurement:
            return
        if wanted.shape != self.measurement.shape:
            raise TrainingError(
                f"The strength of {wanted.name} decides how many numbers the critic sees; begin a new run to change it."
            )
        if self._restored is not None:
            raise TrainingError("The pictures have been unmeasured already; begin a new run to measure them otherwise.")
        self.measurement = wanted

    def batch(self, count: int, generator: Generator) -> Tensor:
        """What the critic takes for real, float32 [count, *critic_shape]."""
        if self._restored is not None:
            chosen = torch.randint(len(self._restored), (count,), generator=generator)
            return self._restored[chosen].float().div_(127.5).sub_(1.0)
        if self.measurement is None:
            return self.source.batch(count, generator)
        return self.measured(torch.randint(self._pictures.size, (count,), generator=generator))

    def measured(self, indices: Tensor) -> Tensor:
        """The one measurement of each training picture at `indices`, [n, *measurement.shape]."""
        assert self.measurement is not None
        return self.measurement.apply(self._pictures.indexed(indices), self._parameters(indices))

    def _wanted(self, config: GanTrainConfig) -> Measurement:
        return make_measurement(
            config.measurement, config.measurement_strength, config.measurement_noise, self.source.shape
        )

    def _parameters(self, indices: Tensor) -> Tensor:
        """How each training picture at `indices` is measured, [n, ...]: always the same for an index."""
        assert self.measurement is not None
        drawn = [self.measurement.draw(1, Generator().manual_seed(self._seed_of(int(i)))) for i in indices]
        return torch.cat(drawn)

    def _seed_of(self, index: int) -> int:
        # Mixed within the 32 bits that a generator heeds: neighbouring seeds begin with related numbers.
        return (index * 0x9E3779B1 + self._seed * 0x85EBCA6B) % (1 << 32)

    def _unmeasured(self) -> Tensor:
        """A fixed part of the training pictures, measured and then restored, uint8 [n, C, H, W]."""
        assert self.measurement is not None
        restored = []
        for start in range(0, min(self._pictures.size, UNMEASURED), _CHUNK):
            indices = torch.arange(start, min(start + _CHUNK, self._pictures.size, UNMEASURED))
            parameters = self._parameters(indices)
            seen = self.measurement.apply(self._pictures.indexed(indices), parameters)
            pictures = unmeasure(self.measurement, seen, parameters, self._method)
            restored.append(pictures.add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8))
        return torch.cat(restored)
