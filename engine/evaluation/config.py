"""The configuration of the digit classifier's training."""

from __future__ import annotations

from dataclasses import dataclass

from engine.runtime.config import setting

MODEL = "Model"
DATA = "Data"
OPTIMISER = "Optimiser"
RUN = "Run"


@dataclass(frozen=True)
class ClassifierModelConfig:
    """The shape of a classifier: what is needed to build it again from a checkpoint."""

    channels: int = 16
    feature_size: int = 64


@dataclass(frozen=True)
class ClassifierTrainConfig:
    """A training run of the classifier in whose features digits are compared."""

    data: str = setting("digits", "The labelled pictures to learn from.", group=DATA, choices=("digits",))
    valid_count: int = setting(
        5000, "Training digits that are not learned from but choose the best checkpoint; the same ones for every seed.",
        group=DATA, low=100, high=30_000, advanced=True)
    rotation: float = setting(
        10.0, "Each digit is turned by a random angle of up to this, either way.", group=DATA, unit="degrees", low=0.0,
        high=45.0, live=True)
    shift: float = setting(
        2.0, "Each digit is moved by a random distance of up to this, in x and in y.", group=DATA, unit="pixels",
        low=0.0, high=6.0, live=True)
    stretch: float = setting(
        0.1, "Each digit is enlarged or reduced by a random share of up to this.", group=DATA, low=0.0, high=0.5,
        live=True)

    channels: int = setting(
        16, "Channels of the first convolution; later ones have twice and four times as many.", group=MODEL, low=2,
        high=128)
    feature_size: int = setting(
        64, "Units of the layer before the last, in which Fréchet distances are taken.", group=MODEL, low=2, high=1024)

    learning_rate: float = setting(
        3e-3, "Largest step size of AdamW; it rises to it and falls to 0 along a cosine.", group=OPTIMISER, low=0.0,
        high=1.0, live=True)
    warm_up: float = setting(
        0.1, "Share of the steps in which the step size rises.", group=OPTIMISER, low=0.0, high=1.0, advanced=True)
    weight_decay: float = setting(
        0.01, "How fast AdamW lets weights fade, as a share of the step size.", group=OPTIMISER, low=0.0, high=10.0,
        advanced=True, source="Loshchilov and Hutter 2019")

    batch_size: int = setting(128, "Digits in a step.", group=RUN, low=2, high=4096)
    steps: int = setting(6000, "Steps of the whole run.", group=RUN, low=1, high=10_000_000, live=True)
    minutes: float = setting(
        0.0, "Stop and save after this much training time; 0 means no limit.", group=RUN, unit="min", low=0.0,
        high=1e6, live=True)
    log_every: int = setting(20, "Steps between two points of the curves.", group=RUN, low=1, high=100_000)
    picture_every: int = setting(
        500, "Steps between two pictures kept for the time line.", group=RUN, low=1, high=100_000)
    measure_every: int = setting(
        500, "Steps between two measurements on the digits kept aside.", group=RUN, low=1, high=1_000_000)
    save_every: int = setting(500, "Steps between two checkpoints.", group=RUN, low=1, high=1_000_000)
    seed: int = setting(1, "Seed of the weights, batches and changes to the digits.", group=RUN, low=0, high=2**31 - 1)
    name: str = setting("my classifier", "Name of the model.", group=RUN)
    precision: str = setting(
        "bf16-mixed", "Number format of the large products.", group=RUN, choices=("32-true", "bf16-mixed"),
        advanced=True)
    device: str = setting("auto", "Where to train.", group=RUN, choices=("auto", "cpu", "cuda"), advanced=True)


def model_config(config: ClassifierTrainConfig) -> ClassifierModelConfig:
    """The shape of the network that a run trains."""
    return ClassifierModelConfig(config.channels, config.feature_size)


PRESETS = {"shipped": ClassifierTrainConfig()}
