"""The papers' claims about optimisers and deep plain networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

from engine.experiments.experiment import Column, Experiment, PlannedRun, Results, Verdict, last
from engine.runtime.run_folder import RunFolder
from engine.studies.config import CONVERGENCE_PRESETS, DEPTH_PRESETS, KINDS, ORDERS

# ---- 7: AMSGrad

_TITLES = {"adam": "Adam", "amsgrad": "AMSGrad"}
_ARRIVED = 0.1  # from one end of [-1, 1]


def _amsgrad_runs() -> tuple[PlannedRun, ...]:
    planned = []
    for order, (optimiser, title) in product(ORDERS, _TITLES.items()):
        label = f"{title}, {order}"
        config = replace(CONVERGENCE_PRESETS["adam"], functions=order, optimiser=optimiser, name=label)
        planned.append(PlannedRun(label, "convergence", config))
    for optimiser, title in _TITLES.items():
        label = f"{title}, network"
        planned.append(PlannedRun(label, "depth", replace(DEPTH_PRESETS[f"one-layer-{optimiser}"], name=label)))
    return tuple(planned)


def _amsgrad_verdict(found: Results) -> Verdict:
    x = {order: (found[f"Adam, {order}"]["final x"], found[f"AMSGrad, {order}"]["final x"]) for order in ORDERS}
    loss = {title: found[f"{title}, network"]["loss"] for title in _TITLES.values()}
    apart = all(adam > 1 - _ARRIVED and amsgrad < _ARRIVED - 1 for adam, amsgrad in x.values())
    better = loss["AMSGrad"] < loss["Adam"]
    places = "; ".join(f"{order}: {adam:.2f} and {amsgrad:.2f}" for order, (adam, amsgrad) in x.items())
    return Verdict(
        apart and better,
        f"The counterexample {_word(apart)}: Adam and AMSGrad end at x = ({places}). The network {_word(better)}: its "
        f"training loss is {loss['Adam']:.3g} with Adam and {loss['AMSGrad']:.3g} with AMSGrad.",
    )


def _word(agrees: bool) -> str:
    return "agrees" if agrees else "does not agree"


AMSGRAD = Experiment(
    "amsgrad", "Where Adam goes wrong",
    "Rare steep functions point to x = -1, frequent flat ones to x = +1. Adam forgets the rare ones; AMSGrad does not.",
    ("claim",), _amsgrad_runs(),
    "Adam goes to the worst point, x = +1, and AMSGrad to the best, x = -1; on a network AMSGrad reaches a lower loss",
    "Reddi et al. 2018, sections 3 and 5",
    (
        Column("final x", last("x"), "low", "convergence"),
        Column("average regret", last("average_regret"), "low", "convergence"),
        Column("loss", last("loss", 20), "low", "depth"),
        Column("held-out loss", last("held_out_loss"), "low", "depth"),
    ),
    _amsgrad_verdict,
)

# ---- 8: SELU

_DEPTHS = (8, 16, 32)
_RIVALS = tuple(kind for kind in KINDS if kind != "selu")
_NAMES = {"selu": "SELU", "relu": "ReLU", "batch norm": "batch norm"}
# Theorem 1: from here mean and variance go to 0 and 1, while weights are normalised, as they are before training.
_MEAN, _VARIANCES = 0.1, (0.8, 1.5)
# Theorems 2 and 3: a larger variance shrinks from layer to layer and a smaller one grows, also with other weights.
_BOUNDS = (0.16, 3.0)


def _last_layer(name: str) -> Callable[[RunFolder], float]:
    """The last entry of an array that was kept; NaN when there is none."""

    def read(run: RunFolder) -> float:
        steps = run.array_steps()
        values = run.arrays(steps[-1]).arrays.get(name) if steps else None
        return float(values[-1]) if values is not None and values.ndim == 1 and values.size else float("nan")

    return read


def _selu_runs() -> tuple[PlannedRun, ...]:
    planned = []
    for depth, kind in product(_DEPTHS, KINDS):
        label = _label(kind, depth)
        preset = DEPTH_PRESETS[kind.replace(" ", "-")]
        planned.append(PlannedRun(label, "depth", replace(preset, depth=depth, name=label)))
    return tuple(planned)


def _label(kind: str, depth: int) -> str:
    return f"{_NAMES[kind]}, {depth} layers"


def _selu_verdict(found: Results) -> Verdict:
    selu = [found[_label("selu", depth)] for depth in _DEPTHS]
    before = all(
        abs(each["mean before"]) <= _MEAN and _VARIANCES[0] <= each["variance before"] <= _VARIANCES[1] for each in selu
    )
    after = all(_BOUNDS[0] <= each["variance after"] <= _BOUNDS[1] for each in selu)
    best = [
        depth for depth, each in zip(_DEPTHS, selu, strict=True)
        if all(each["loss"] < found[_label(kind, depth)]["loss"] for kind in _RIVALS)
    ]
    deepest = {_NAMES[kind]: found[_label(kind, _DEPTHS[-1])] for kind in KINDS}
    losses = ", ".join(f"{name} {figures['loss']:.3g}" for name, figures in deepest.items())
    spreads = ", ".join(
        f"{name} {figures['mean before']:.2g} and {figures['variance before']:.2g}, then {figures['mean after']:.2g} "
        f"and {figures['variance after']:.2g}" for name, figures in deepest.items())
    return Verdict(
        before and after and len(best) == len(_DEPTHS),
        f"SELU has the lowest loss at {len(best)} of {len(_DEPTHS)} depths; at {_DEPTHS[-1]} layers: {losses}. "
        f"That its mean and variance are near 0 and 1 {_word(before)} before training; that its variance keeps within "
        f"bounds {_word(after)} after it. Mean and variance in the last of {_DEPTHS[-1]} layers: {spreads}.",
    )


SELU = Experiment(
    "selu", "Deep without a norm",
    "Plain networks of 8, 16 and 32 layers with SELU, ReLU and batch norm, all with the same step size.",
    ("claim",), _selu_runs(),
    "behind SELUs mean and variance of the activations stay near 0 and 1 through any number of layers, so that deep "
    "networks train, and faster than with batch norm",
    "Klambauer et al. 2017, theorems 1 to 3 and figure 1",
    (
        Column("loss", last("loss", 20), "low"),
        Column("held-out loss", last("held_out_loss"), "low"),
        Column("mean before", _last_layer("first_layer_means")),
        Column("variance before", _last_layer("first_layer_variances")),
        Column("mean after", _last_layer("layer_means")),
        Column("variance after", _last_layer("layer_variances")),
    ),
    _selu_verdict,
)

CLAIMS = (AMSGRAD, SELU)
