"""The decoder one point at a time, as fast as a CPU allows: what sampling runs on.

A drawing is sampled point by point, so each step is one small matrix product and a few elementwise operations on
[B, 4 H] numbers; what costs time is reading the recurrent weights and starting operations. Hence the weights are laid
out once for the processor's bfloat16 product, the conditioning vector's share of the gates is computed once a drawing,
and where all points are known beforehand, everything but the recurrence is computed for all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.sketch.cells import LSTMCell, State
from engine.sketch.model import SketchRNN


def fast_dtype() -> torch.dtype:
    """bfloat16 where the CPU multiplies it in hardware, else float32."""
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


class Stepper:
    """Runs the decoder of `model` for a batch of drawings with fixed conditions. Not for use by two threads at once."""

    def __init__(self, model: SketchRNN, dtype: torch.dtype) -> None:
        """`dtype` is the number format of the recurrent product of a plain LSTM (other cells use the model's own)."""
        self._model = model
        self._lstm = _PackedLSTM(model.decoder, dtype) if isinstance(model.decoder, LSTMCell) else None
        # NumPy's small product takes two thirds of the time of torch's.
        self._output_weight = np.ascontiguousarray(model.output.weight.detach().numpy().T)
        self._output_bias = model.output.bias.detach().numpy()

    @torch.no_grad()
    def condition(self, categories: list[int]) -> Tensor:
        """The conditioning vectors [B, C] of categories, without z."""
        return self._model.condition(None, None, torch.tensor(categories))

    @torch.no_grad()
    def first_state(self, condition: Tensor) -> State:
        """The state [B, H] before the start token."""
        return self._model.first_state(condition)

    @torch.no_grad()
    def run(self, points: NDArray[np.float32], condition: Tensor, state: State) -> tuple[Tensor, list[State]]:
        """Feed points [T, B, 5]; returns the outputs [T, B, 6 M + 3] and the state after each point."""
        base = self.base(condition)
        states: list[State] = []
        if self._lstm is not None:
            for gates in self._lstm.gates(torch.from_numpy(points), base):
                state = self._lstm.advance(gates, state)
                states.append(state)
        else:
            for each in points:
                state = self.step(each, base, condition, state)
                states.append(state)
        return self.output((torch.stack([state[0] for state in states]),)), states

    @torch.no_grad()
    def base(self, condition: Tensor) -> Tensor:
        """What `step` needs of a condition; stays the same for a drawing."""
        return self._lstm.base(condition) if self._lstm is not None else condition

    @torch.no_grad()
    def step(self, points: NDArray[np.float32], base: Tensor, condition: Tensor, state: State) -> State:
        """The state after points [B, 5]; `base` comes from `base(condition)`. The given state stays as it is."""
        given = torch.from_numpy(points)
        if self._lstm is not None:
            return self._lstm.advance(self._lstm.gates(given, base), state)
        return self._model.decoder.step(given, state, condition if self._model.condition_size else None)

    def output(self, state: State) -> Tensor:
        """The last layer's output [..., 6 M + 3] for a state, whose first entry is h [..., H]."""
        product: NDArray[np.float32] = state[0].numpy() @ self._output_weight
        product += self._output_bias
        return torch.from_numpy(product)


class _PackedLSTM:
    """A plain LSTM's step with the weights laid out for it.

    The candidate's rows are doubled, so that one sigmoid serves all four gates: tanh(x) = 2 sigmoid(2 x) - 1.
    """

    def __init__(self, cell: LSTMCell, dtype: torch.dtype) -> None:
        size = cell.hidden_size
        doubled = torch.ones(4 * size)
        doubled[2 * size : 3 * size] = 2.0
        self._size, self._dtype = size, dtype
        self._product = _packed_product((cell.weight_hh.detach() * doubled.unsqueeze(1)).to(dtype))
        weight_ih = cell.weight_ih.detach() * doubled.unsqueeze(1)
        self._point_weight = weight_ih[:, :5].t().contiguous()
        self._condition_weight = weight_ih[:, 5:]
        self._bias = cell.bias.detach() * doubled

    def base(self, condition: Tensor) -> Tensor:
        """The part of the gates [B, 4 H] that the condition [B, C] and the bias give."""
        if not condition.shape[1]:
            return self._bias.expand(len(condition), -1)
        return functional.linear(condition, self._condition_weight, self._bias)

    def gates(self, points: Tensor, base: Tensor) -> Tensor:
        """The part of the gates [..., B, 4 H] that points [..., B, 5] and `base` give."""
        if points.dim() == 2:
            return torch.addmm(base, points, self._point_weight)
        return base + points @ self._point_weight

    def advance(self, gates: Tensor, state: State) -> State:
        """The state after a point whose part of the gates is given; `gates` is written to."""
        h, c = state
        gates.add_(self._product(h.to(self._dtype)))
        enter, forget, candidate, leave = gates.sigmoid_().chunk(4, dim=1)
        # forget * c + enter * (2 candidate - 1)
        cell = (forget * c).sub_(enter).addcmul_(enter, candidate, value=2)
        # leave * tanh(cell), by way of the sigmoid, which takes half the time of tanh on a CPU
        return (torch.addcmul(leave.neg(), leave, (cell * 2).sigmoid_(), value=2), cell)


def _packed_product(weight: Tensor) -> Callable[[Tensor], Tensor]:
    """h [B, H] -> h W^T; the weight [K, H] is laid out once for oneDNN where this torch offers that.

    `functional.linear` lays it out anew at each call, which takes a third of a step.
    """
    if weight.dtype == torch.bfloat16:
        try:
            packed: Any = torch.ops.mkldnn._reorder_linear_weight(weight)
            product: Any = torch.ops.mkldnn._linear_pointwise
            product(weight[:1], packed, None, "none", [], "")
            return lambda h: product(h, packed, None, "none", [], "")
        except (AttributeError, RuntimeError):
            pass  # operators that torch keeps for its compiler and does not promise
    return lambda h: functional.linear(h, weight)
