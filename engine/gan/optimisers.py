"""Optimisers by name, and the moving average of a generator's weights."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Tensors = tuple[Tensor, ...] | list[Tensor]

OPTIMISERS = ("adam", "amsgrad", "sgd", "rmsprop")


def make_optimiser(
    kind: str,
    parameters: Iterable[nn.Parameter],
    rate: float,
    *,
    beta1: float = 0.5,
    beta2: float = 0.999,
    momentum: float = 0.0,
) -> torch.optim.Optimizer:
    """The optimiser `kind` of `OPTIMISERS` with learning rate `rate`.

    beta1 and beta2: decay of Adam's and AMSGrad's two moments; beta2 is also that of RMSprop's mean square. momentum:
    of SGD and RMSprop. One fused kernel updates all weights where torch has one: for small networks on a CPU that is
    almost three times as fast as `foreach` for Adam, twice for SGD.
    """
    if kind in ("adam", "amsgrad"):
        return torch.optim.Adam(parameters, lr=rate, betas=(beta1, beta2), amsgrad=kind == "amsgrad", fused=True)
    if kind == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=momentum, fused=True)
    if kind == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, alpha=beta2, momentum=momentum, foreach=True)
    raise ValueError(f"optimiser is {kind!r}; it must be one of {', '.join(OPTIMISERS)}")


class AveragedWeights(AveragedModel):
    """A copy of a network whose weights are the exponential moving average of the network's; buffers are the newest.

    `update_parameters(network)` after each step takes in its weights, the first time whole; `module` is the average, in
    evaluation mode. `decay` may be changed at any time and is not part of the state dict.
    """

    decay: float

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Average with weight `decay` on the past and 1 - `decay` on the present."""
        super().__init__(network, multi_avg_fn=self._average)
        self.decay = decay
        self.module.eval().requires_grad_(False)

    def forward(self, *args: Tensor) -> Tensor:
        """What the averaged network gives."""
        output: Tensor = self.module(*args)
        return output

    @torch.no_grad()
    def _average(self, averages: Tensors, weights: Tensors, _count: Tensor | int) -> None:
        torch._foreach_lerp_(averages, weights, 1 - self.decay)
