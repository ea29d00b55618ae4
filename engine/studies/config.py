"""The configurations of the two studies: an optimiser on a counterexample, and a deep plain network."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.runtime.config import setting

PROBLEM = "Problem"
MODEL = "Model"
DATA = "Data"
OPTIMISER = "Optimiser"
RUN = "Run"

ORDERS = ("online", "stochastic")
KINDS = ("selu", "relu", "batch norm")


@dataclass(frozen=True)
class ConvergenceConfig:
    """One optimiser that looks for the best x in [-1, 1] where Adam is known to go wrong."""

    functions: str = setting(
        "online", "Which function comes at a step, C x or -x: C x at every third step, or at random with probability "
        "1/3. Either way x = -1 is best.", group=PROBLEM, choices=ORDERS,
        source="Reddi et al. 2018, theorems 1 and 3")
    steepness: float = setting(
        3.0, "C, how much the rare functions rise. Adam's second moment forgets with beta2 = 1 / (1 + C^2).",
        group=PROBLEM, low=2.0, high=1000.0, source="section 3: C > 2")
    start: float = setting(0.0, "x before the first step.", group=PROBLEM, low=-1.0, high=1.0)

    optimiser: str = setting(
        "adam", "Adam, or AMSGrad, which divides by the largest second moment so far and not by the newest.",
        group=OPTIMISER, choices=("adam", "amsgrad"), source="Kingma and Ba 2015; Reddi et al. 2018, algorithm 2")
    learning_rate: float = setting(
        0.5, "alpha; the step size at step t is alpha / sqrt(t).", group=OPTIMISER, low=0.0, high=10.0, live=True,
        source="section 3")

    steps: int = setting(3000, "Steps of the whole run.", group=RUN, low=1, high=10_000_000, live=True)
    minutes: float = setting(
        0.0, "Stop and save after this much training time; 0 means no limit.", group=RUN, unit="min", low=0.0,
        high=1e6, live=True)
    log_every: int = setting(10, "Steps between two points of the curves.", group=RUN, low=1, high=100_000)
    picture_every: int = setting(
        100, "Steps between two pictures kept for the time line.", group=RUN, low=1, high=100_000)
    measure_every: int = setting(
        500, "Steps between two measurements of the distance to the best x.", group=RUN, low=1, high=1_000_000)
    save_every: int = setting(
        500, "Steps between two checkpoints, to go on from or back to.", group=RUN, low=1, high=1_000_000)
    seed: int = setting(1, "Seed of the functions that come at random.", group=RUN, low=0, high=2**31 - 1)
    name: str = setting("counterexample", "Name of the run.", group=RUN)
    precision: str = setting("32-true", "Number format.", group=RUN, choices=("32-true",), advanced=True)
    device: str = setting("cpu", "Where to compute; a graphics card has nothing to gain here.", group=RUN,
                          choices=("cpu",), advanced=True)


@dataclass(frozen=True)
class DepthConfig:
    """One fully connected classifier of digits, as deep as is wanted."""

    data: str = setting("digits", "The labelled pictures to learn from.", group=DATA, choices=("digits",))

    kind: str = setting(
        "selu", "What stands between the layers: SELU with its own initial weights, ReLU, or ReLU behind batch norm.",
        group=MODEL, choices=KINDS, source="Klambauer et al. 2017, section 2; Ioffe and Szegedy 2015")
    depth: int = setting(
        8, "Hidden layers.", group=MODEL, low=1, high=128, source="Klambauer et al. 2017, figure 1: 8, 16 and 32")
    width: int = setting(128, "Units of each hidden layer.", group=MODEL, low=1, high=4096)

    optimiser: str = setting(
        "sgd", "The rule that turns gradients into steps.", group=OPTIMISER,
        choices=("sgd", "adam", "amsgrad", "rmsprop"), source="Kingma and Ba 2015; Reddi et al. 2018")
    learning_rate: float = setting(0.01, "Step size.", group=OPTIMISER, low=0.0, high=10.0, live=True)
    beta1: float = setting(
        0.9, "How much of the earlier gradients Adam keeps in its direction (not used by sgd and rmsprop).",
        group=OPTIMISER, low=0.0, high=0.9999, advanced=True)
    beta2: float = setting(
        0.99, "How much of the earlier squared gradients Adam and RMSprop keep.", group=OPTIMISER, low=0.0, high=0.9999,
        advanced=True, source="Reddi et al. 2018, section 5: 0.99 or 0.999")

    batch_size: int = setting(128, "Digits in a step.", group=RUN, low=2, high=8192)
    steps: int = setting(1000, "Steps of the whole run.", group=RUN, low=1, high=10_000_000, live=True)
    minutes: float = setting(
        0.0, "Stop and save after this much training time; 0 means no limit.", group=RUN, unit="min", low=0.0,
        high=1e6, live=True)
    log_every: int = setting(10, "Steps between two points of the curves.", group=RUN, low=1, high=100_000)
    picture_every: int = setting(
        50, "Steps between two pictures kept for the time line.", group=RUN, low=1, high=100_000)
    measure_every: int = setting(
        250, "Steps between two measurements on digits kept apart.", group=RUN, low=1, high=1_000_000)
    save_every: int = setting(
        250, "Steps between two checkpoints, to go on from or back to.", group=RUN, low=1, high=1_000_000)
    seed: int = setting(1, "Seed of the weights and batches.", group=RUN, low=0, high=2**31 - 1)
    name: str = setting("deep network", "Name of the run.", group=RUN)
    precision: str = setting(
        "32-true", "Number format of the large matrix products.", group=RUN, choices=("32-true", "bf16-mixed"),
        advanced=True)
    device: str = setting("auto", "Where to train.", group=RUN, choices=("auto", "cpu", "cuda"), advanced=True)


CONVERGENCE_PRESETS = {
    "adam": ConvergenceConfig(),
    "amsgrad": ConvergenceConfig(optimiser="amsgrad"),
    "adam-stochastic": ConvergenceConfig(functions="stochastic"),
    "amsgrad-stochastic": ConvergenceConfig(functions="stochastic", optimiser="amsgrad"),
}

_ONE_LAYER = DepthConfig(
    kind="relu", depth=1, width=100, optimiser="adam", learning_rate=1e-3, steps=2000, measure_every=500,
    save_every=500, name="one hidden layer")

# "one-layer-..." are the networks of Reddi et al. 2018, section 5: 100 ReLUs, batches of 128.
DEPTH_PRESETS = {
    "selu": DepthConfig(),
    "relu": DepthConfig(kind="relu"),
    "batch-norm": DepthConfig(kind="batch norm"),
    "one-layer-adam": _ONE_LAYER,
    "one-layer-amsgrad": replace(_ONE_LAYER, optimiser="amsgrad"),
}
