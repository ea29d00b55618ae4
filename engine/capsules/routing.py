"""Routing by agreement between primary capsules (children, i) and digit capsules (parents, j).

Sabour, Frosst and Hinton 2017, "Dynamic Routing Between Capsules", section 2 and procedure 1. The softmax runs over the
PARENTS: each child hands out shares that sum to 1. Transformation matrices W_ij of all pairs are one tensor
[parents, child_size, children, parent_size], whose layout lets all children of a parent be one matrix product.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

_TINY = 1e-12  # keeps the gradient of a capsule of length 0 finite


@dataclass(frozen=True)
class RoutingIteration:
    """What one iteration does; n pictures, i children, j parents, d numbers in a parent.

    logits: b_ij before the iteration, [n, i, j]. couplings: c_ij, their softmax over the parents, [n, i, j].
    outputs: v_j, [n, j, d]. agreement: the product of prediction and output, which is added to the logits, [n, i, j].
    """

    logits: Tensor
    couplings: Tensor
    outputs: Tensor
    agreement: Tensor


def squash(vectors: Tensor, dim: int = -1) -> Tensor:
    """Shorten vectors along `dim` to a length below 1 and keep their directions (equation 1)."""
    squares = vectors.square().sum(dim, keepdim=True)
    return vectors * (squares / (1 + squares) * torch.rsqrt(squares + _TINY))


def predictions(capsules: Tensor, weight: Tensor) -> Tensor:
    """The prediction vectors û_j|i = W_ij u_i (equation 2), [n, i, j, d].

    capsules: [n, p, i], p numbers in each child. weight: [j, p, i, d].
    """
    return torch.einsum("npi,jpid->nijd", capsules, weight)


def route(votes: Tensor, iterations: int) -> list[RoutingIteration]:
    """Every iteration of routing the prediction vectors [n, i, j, d]; the last one's outputs are the digit capsules.

    Raises `ValueError` for fewer than one iteration.
    """
    _check(iterations)
    logits = votes.new_zeros(votes.shape[:3])
    done = []
    for _ in range(iterations):
        couplings = logits.softmax(dim=2)
        outputs = squash(torch.einsum("nij,nijd->njd", couplings, votes))
        agreement = torch.einsum("nijd,njd->nij", votes, outputs)
        done.append(RoutingIteration(logits, couplings, outputs, agreement))
        logits = logits + agreement
    return done


def routed(capsules: Tensor, weight: Tensor, iterations: int, *, every_gradient: bool = False) -> Tensor:
    """The outputs v_j of the last iteration, float32 [n, j, d], without ever holding a prediction vector.

    As many pictures at once as training needs would spend half of their time on moving prediction vectors, which are
    twenty times as many numbers as the capsules. The sum over children of c_ij W_ij u_i is a product of (c_ij u_i) with
    all W_ij of a parent; the agreement is the product of u_i with W_ij v_j. capsules: [n, p, i]. weight: [j, p, i, d].
    Gradients go through the last iteration alone, unless `every_gradient`. Raises `ValueError` for fewer than one
    iteration.
    """
    _check(iterations)
    parents, size, children, _ = weight.shape
    device = capsules.device.type
    if torch.is_autocast_enabled(device):
        # What stands between two products is large: it is kept in the products' number format.
        number_format = torch.get_autocast_dtype(device)
        capsules, weight = capsules.to(number_format), weight.to(number_format)
    matrices = weight.reshape(parents, size * children, -1)

    couplings: Tensor | None = None
    with nullcontext() if every_gradient else torch.no_grad():
        logits: Tensor | None = None
        for _ in range(iterations - 1):
            outputs = _outputs(capsules, matrices, couplings)
            back = torch.bmm(outputs.to(matrices.dtype), matrices.transpose(1, 2))
            agreement = (back.view(parents, -1, size, children) * capsules).sum(dim=2, dtype=torch.float32)
            logits = agreement if logits is None else logits + agreement
            couplings = logits.softmax(dim=0)
    return _outputs(capsules, matrices, couplings).transpose(0, 1)


def _outputs(capsules: Tensor, matrices: Tensor, couplings: Tensor | None) -> Tensor:
    """v_j, float32 [j, n, d], from couplings [j, n, i]; None stands for equal shares."""
    parents = len(matrices)
    if couplings is None:
        equal = capsules.reshape(1, len(capsules), -1).expand(parents, -1, -1)
        return squash(torch.bmm(equal, matrices).float() / parents)
    shares = couplings.to(capsules.dtype).unsqueeze(2) * capsules
    return squash(torch.bmm(shares.flatten(2), matrices).float())


def _check(iterations: int) -> None:
    if iterations < 1:
        raise ValueError(f"routing needs one iteration or more, not {iterations}")
