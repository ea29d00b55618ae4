"""SELU against ReLU and batch norm in deep plain networks (Klambauer et al. 2017, sections 2 and 4).

A fully connected classifier of 8, 16 or 32 layers; how mean and variance of each layer's activations stand before and
after training, and what loss it reaches. Behind SELUs with their initialisation they stay near 0 and 1 at any depth.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.gan.networks import MLP
from engine.gan.optimisers import make_optimiser
from engine.runtime.job import Arrays, Event, Heartbeat, Job, Metrics, Stop

KINDS = ("selu", "relu", "batch_norm")
DEPTHS = (8, 16, 32)
METRICS_EVERY = 20
PROBES = 512  # examples on which the activations are measured


@dataclass(frozen=True)
class DepthResult:
    """What one network came to.

    means and variances: float32 [2, depth], of each hidden layer's activations over a fixed batch, first before
    training and then after it. loss: nats for each example, accuracy: 0 to 1, both on all the examples given.
    """

    kind: str
    depth: int
    means: NDArray[np.float32]
    variances: NDArray[np.float32]
    loss: float
    accuracy: float


def train_at_depth(
    kind: str,
    depth: int,
    inputs: Tensor,
    labels: Tensor,
    *,
    steps: int = 300,
    width: int = 128,
    batch_size: int = 100,
    rate: float = 0.01,
    seed: int = 0,
) -> Job[Event, DepthResult]:
    """Train one network of `KINDS` with plain SGD on `inputs` [n, ...] and `labels` [n].

    The inputs are shifted and scaled to mean 0 and variance 1 as a whole. "batch_norm" is ReLU behind batch norm.
    Yields `Arrays` ("means", "variances": float32 [depth]) before and after, `Metrics` ("loss", "accuracy" of the
    batch) and `Heartbeat`s.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}")
    flat = inputs.flatten(1).float()
    flat = (flat - flat.mean()) / flat.std()
    network = _network(kind, depth, flat.shape[1], int(labels.max()) + 1, width, seed)
    optimiser = make_optimiser("sgd", network.parameters(), rate)
    draw = torch.Generator().manual_seed(seed)
    started = time.perf_counter()
    before = activation_statistics(network, flat[:PROBES])
    done = 0
    stopped = isinstance((yield _arrays(0, before)), Stop)
    while done < steps and not stopped:
        chosen = torch.randint(len(flat), (batch_size,), generator=draw)
        scores = network(flat[chosen])
        loss = F.cross_entropy(scores, labels[chosen])
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        done += 1
        event: Event = Heartbeat(done)
        if done % METRICS_EVERY == 0 or done == steps:
            right = (scores.argmax(dim=1) == labels[chosen]).float().mean()
            values = {"loss": loss.item(), "accuracy": right.item()}
            event = Metrics(done, steps, time.perf_counter() - started, values)
        stopped = isinstance((yield event), Stop)
    after = activation_statistics(network, flat[:PROBES])
    yield _arrays(done, after)
    with torch.no_grad():
        scores = network.eval()(flat)
        final = float(F.cross_entropy(scores, labels))
        accuracy = float((scores.argmax(dim=1) == labels).float().mean())
    means, variances = (np.stack(pair) for pair in zip(before, after, strict=True))
    return DepthResult(kind, depth, means, variances, final, accuracy)


@torch.no_grad()
def activation_statistics(network: MLP, inputs: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and variance of all activations of each hidden layer for `inputs` [n, d], float32 [depth] each.

    As in training, batch norm takes the statistics of `inputs`; its running averages stay as they are.
    """
    means, variances = [], []
    hidden = inputs
    for module in network:
        if isinstance(module, nn.BatchNorm1d):
            hidden = F.batch_norm(hidden, None, None, module.weight, module.bias, training=True, eps=module.eps)
            continue
        hidden = module(hidden)
        if isinstance(module, nn.ReLU | nn.SELU):
            means.append(float(hidden.mean()))
            variances.append(float(hidden.var(correction=0)))
    return np.asarray(means, np.float32), np.asarray(variances, np.float32)


def _network(kind: str, depth: int, inputs: int, classes: int, width: int, seed: int) -> MLP:
    activation = "selu" if kind == "selu" else "relu"
    norm = "batch" if kind == "batch_norm" else "none"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(inputs, classes, width=width, depth=depth, activation=activation, norm=norm)


def _arrays(step: int, statistics: tuple[NDArray[np.float32], NDArray[np.float32]]) -> Arrays:
    return Arrays(step, {"means": statistics[0], "variances": statistics[1]})
