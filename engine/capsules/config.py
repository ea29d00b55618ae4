"""The configuration of a capsule network's training, and of the convolutional networks it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.runtime.config import setting

MODEL = "Model"
DATA = "Data"
OPTIMISER = "Optimiser"
RUN = "Run"

NETWORKS = ("capsnet", "matched-cnn", "cnn")
DATA_NAMES = ("digits", "two digits", "file", "pictures")
KIND, CNN_KIND = "capsules", "cnn"  # of checkpoints

# Figure 4 of the paper: one dimension is changed by -0.25 to 0.25 in steps of 0.05.
OFFSETS = tuple(round(0.05 * step, 2) for step in range(-5, 6))


@dataclass(frozen=True)
class CapsuleTrainConfig:
    """A training run of CapsNet or of a network to compare it with."""

    network: str = setting(
        "capsnet", "CapsNet; a convolutional network with as many parameters; or the paper's baseline of 35 million.",
        group=MODEL, choices=NETWORKS, source="Sabour, Frosst and Hinton 2017, sections 4 and 5")
    channels: int = setting(
        256, "Channels of the first convolution.", group=MODEL, low=1, high=512,
        source="Sabour, Frosst and Hinton 2017, section 4")
    primary_types: int = setting(
        32, "Kinds of primary capsules at each position.", group=MODEL, low=1, high=128, advanced=True)
    primary_size: int = setting(8, "Numbers in a primary capsule.", group=MODEL, low=1, high=64, advanced=True)
    capsule_size: int = setting(16, "Numbers in a digit capsule: what can be bent.", group=MODEL, low=1, high=64)
    routings: int = setting(3, "Iterations of routing by agreement.", group=MODEL, low=1, high=10)
    every_gradient: bool = setting(
        False, "Let gradients through every iteration of routing, not the last alone.", group=MODEL, advanced=True)
    decoder: str = setting(
        "dense", "What redraws the picture from a capsule: three dense layers, convolutions (sharper, a sixth of the "
        "parameters), or nothing.", group=MODEL, choices=("dense", "convolutions", "none"))
    reconstruction_weight: float = setting(
        0.0005, "Weight of the squared error of the redrawn picture beside the margin loss.", group=MODEL, low=0.0,
        high=1.0, live=True, source="Sabour, Frosst and Hinton 2017, section 4.1")

    data: str = setting(
        "digits", "Digits, two digits over each other, an .npz file of images and labels, or a folder of pictures with "
        "a folder for each class.", group=DATA, choices=DATA_NAMES)
    data_path: str = setting("", "The file or folder of your own pictures.", group=DATA)
    image_size: int = setting(
        28, "Side of the ground in pixels on which a picture lies; two digits need 36.", group=DATA, low=20, high=64)
    shift: int = setting(
        2, "Each picture lies off the middle by up to this.", group=DATA, unit="pixels", low=0, high=16, live=True,
        source="Sabour, Frosst and Hinton 2017, section 5: 2, and 4 for two digits")
    distortion: float = setting(
        0.0, "Share of affNIST's ranges of rotation, shear and scale by which pictures are distorted, and then put "
        "anywhere on the ground.", group=DATA, low=0.0, high=2.0, live=True, source="Tieleman 2013, affNIST")
    valid_count: int = setting(
        1000, "Training pictures that are not learned from but tell how it goes; a tenth of them all at most.",
        group=DATA, low=10, high=30_000, advanced=True)

    learning_rate: float = setting(
        1e-3, "Largest step size of Adam.", group=OPTIMISER, low=0.0, high=1.0, live=True)
    rate_schedule: str = setting(
        "cosine", "Up along a line and down along half a cosine; or shrinking by the same share all the time.",
        group=OPTIMISER, choices=("cosine", "exponential"), advanced=True)
    warm_up: float = setting(
        0.05, "Share of the steps in which the step size rises, with the schedule cosine.", group=OPTIMISER, low=0.0,
        high=1.0, advanced=True)
    rate_decay: float = setting(
        0.96, "What is left of the step size after 1,000 steps, with the schedule exponential.", group=OPTIMISER,
        low=0.01, high=1.0, advanced=True)
    ema_decay: float = setting(
        0.999, "Weight of the past in the averaged weights that are kept as the model; 0: the newest.", group=OPTIMISER,
        low=0.0, high=0.99999, advanced=True)

    batch_size: int = setting(100, "Pictures in a step.", group=RUN, low=2, high=4096)
    steps: int = setting(30_000, "Steps of the whole run.", group=RUN, low=1, high=10_000_000, live=True)
    minutes: float = setting(
        0.0, "Stop and save after this much training time; 0 means no limit.", group=RUN, unit="min", low=0.0,
        high=1e6, live=True)
    log_every: int = setting(10, "Steps between two points of the curves.", group=RUN, low=1, high=100_000)
    picture_every: int = setting(
        100, "Steps between two pictures kept for the time line.", group=RUN, low=1, high=100_000)
    measure_every: int = setting(
        200, "Steps between two measurements on the pictures kept aside.", group=RUN, low=1, high=1_000_000)
    save_every: int = setting(200, "Steps between two checkpoints.", group=RUN, low=1, high=1_000_000)
    seed: int = setting(1, "Seed of the weights, batches and shifts.", group=RUN, low=0, high=2**31 - 1)
    name: str = setting("my capsules", "Name of the model.", group=RUN)
    precision: str = setting(
        "bf16-mixed", "Number format of the large products.", group=RUN, choices=("32-true", "bf16-mixed"),
        advanced=True)
    device: str = setting("auto", "Where to train.", group=RUN, choices=("auto", "cpu", "cuda"), advanced=True)


_PAPER = CapsuleTrainConfig()
PRESETS = {
    "paper": _PAPER,
    "small": replace(_PAPER, channels=32, primary_types=8, steps=3000, name="small capsules"),
    "one-routing": replace(_PAPER, routings=1),
    "sharp": replace(_PAPER, decoder="convolutions"),
    "two-digits": replace(_PAPER, data="two digits", image_size=36, shift=4, channels=64),
    "two-digits-paper": replace(_PAPER, data="two digits", image_size=36, shift=4),
    "affine": replace(_PAPER, image_size=40, shift=6),
    "matched-cnn": replace(_PAPER, network="matched-cnn", decoder="none", steps=6000, name="my network"),
    "cnn": replace(_PAPER, network="cnn", decoder="none", name="my network"),
}
