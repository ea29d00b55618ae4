"""The loss of OT-GAN: a mini-batch energy distance with an optimal transport inside (Salimans et al. 2018).

Data and samples come as two independent halves each, X, X' and Y, Y'. With W(A, B) the transport cost between halves,

    L = W(X, Y) + W(X, Y') + W(X', Y) + W(X', Y') - 2 W(X, X') - 2 W(Y, Y')        (algorithm 1, line 3; eq. 8)

is zero in expectation if data and samples have one distribution, whatever the cost. The generator makes L small; the
critic, which embeds the examples that are compared, makes it large. Plans here sum to 1, not to the number of examples
as in the paper, so that L does not grow with the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

from engine.gan.sinkhorn import sinkhorn

# Distance of the toys' points from the middle, which the fixed cost puts on the sphere's equator.
POINT_RADIUS = 2.0

Matching = Callable[[Tensor], Tensor]
"""Makes a plan [n, n] with sums 1/n from a cost [n, n]; it is called without gradients."""


@dataclass(frozen=True)
class OptimalMatching:
    """The entropic optimal plan: `regularisation` is one over the paper's lambda, 500 there, as are its iterations."""

    regularisation: float
    iterations: int

    def __call__(self, cost: Tensor) -> Tensor:
        """The plan of a cost [n, m]."""
        return sinkhorn(cost, self.regularisation, self.iterations).matrix


@dataclass(frozen=True)
class RandomMatching:
    """A random permutation, whatever the cost (section 5.2): L is then the plain energy distance of eq. 7."""

    generator: Generator

    def __call__(self, cost: Tensor) -> Tensor:
        """The plan of a cost [n, n]."""
        count = cost.shape[0]
        order = torch.randperm(count, generator=self.generator, device=self.generator.device)
        return functional.one_hot(order.to(cost.device), count).to(cost.dtype) / count


@dataclass(frozen=True)
class EnergyDistance:
    """The loss and what it is made of."""

    loss: Tensor
    """L, a scalar with gradients to both embeddings; it may be below 0."""
    attraction: Tensor
    """The mean of the four W between data and samples, without gradient."""
    data_repulsion: Tensor
    """W(X, X'), without gradient."""
    sample_repulsion: Tensor
    """W(Y, Y'), without gradient."""
    plan: Tensor
    """The plan [n/2, n/2] between the first halves: rows are data, columns are samples."""
    plan_entropy: float
    """Mean of `plan_entropy` over the four plans between data and samples."""


def energy_distance(data: Tensor, samples: Tensor, matching: Matching) -> EnergyDistance:
    """L of embedded data v(x) [n, d] and samples v(y) [n, d]; the first n/2 rows of each are the first half.

    No gradient flows through the plans, by the envelope theorem: each is the optimum, so its change changes nothing
    (section 4). Raises `ValueError` unless n is even and the same for both.
    """
    if data.shape != samples.shape or data.ndim != 2 or data.shape[0] % 2 or not data.shape[0]:
        raise ValueError(f"Two embeddings [n, d] with n even are needed, not {data.shape} and {samples.shape}.")
    x, x_other = data.chunk(2)
    y, y_other = samples.chunk(2)
    across = [_transport(a, b, matching) for a, b in ((x, y), (x, y_other), (x_other, y), (x_other, y_other))]
    in_data, _ = _transport(x, x_other, matching)
    in_samples, _ = _transport(y, y_other, matching)
    between = torch.stack([cost for cost, _ in across])
    return EnergyDistance(
        loss=between.sum() - 2 * in_data - 2 * in_samples,
        attraction=between.detach().mean(),
        data_repulsion=in_data.detach(),
        sample_repulsion=in_samples.detach(),
        plan=across[0][1],
        plan_entropy=sum(plan_entropy(plan) for _, plan in across) / len(across),
    )


def cosine_cost(x: Tensor, y: Tensor) -> Tensor:
    """c(x, y) = 1 - <x, y> / (|x| |y|) for all pairs of rows [n, d] and [m, d]: [n, m] in [0, 2], at least float32.

    Autocast is off inside: bfloat16 rounds costs to steps larger than a regularisation of 1/500.
    """
    with torch.autocast(x.device.type, enabled=False):
        if x.dtype in (torch.float16, torch.bfloat16) or y.dtype in (torch.float16, torch.bfloat16):
            x, y = x.float(), y.float()
        return 1 - functional.normalize(x, dim=1) @ functional.normalize(y, dim=1).T


def fixed_embedding(examples: Tensor) -> Tensor:
    """What the fixed cosine cost compares instead of a learned v(x): examples [n, ...] as rows [n, d].

    Pictures are their pixel values (appendix C). The cosine between points of the plane [n, 2] would not see how far
    from the middle they are; so points are put on a sphere in space, by the inverse stereographic projection with
    `POINT_RADIUS` on the equator, and the cost is half the squared chord. The paper has no fixed cost for its toy: what
    is fixed there (section 5.1) is a critic that has been trained.
    """
    if examples.shape[1:] != (2,):
        return examples.flatten(1)
    plane = examples / POINT_RADIUS
    square = plane.square().sum(dim=1, keepdim=True)
    return torch.cat([2 * plane, square - 1], dim=1) / (square + 1)


def plan_entropy(plan: Tensor) -> float:
    """Entropy of a plan [n, m] with uniform sums, from 0 (one to one) to 1 (every pair alike, nothing is matched)."""
    rows, columns = plan.shape
    least, most = math.log(max(rows, columns)), math.log(rows * columns)
    if most == least:
        return 1.0
    entropy = float(torch.special.entr(plan.double()).sum())
    return min(1.0, max(0.0, (entropy - least) / (most - least)))


def _transport(x: Tensor, y: Tensor, matching: Matching) -> tuple[Tensor, Tensor]:
    """W between two halves, with gradient through the cost alone, and its plan."""
    cost = cosine_cost(x, y)
    with torch.no_grad():
        plan = matching(cost.detach())
    return (plan * cost).sum(), plan
