"""The decoder one point at a time, as fast as a CPU allows: what sampling runs on.

A drawing is sampled point by point, so each step is one small matrix product and a few elementwise operations on
[B, 4 H] numbers; what costs time is reading the recurrent weights and starting operations. Hence: the weights are
packed once in bfloat16 (half the bytes), the conditioning vector's share of the gates is computed once a drawing, and
every step writes into the same buffers.
"""

from __future__ import annotations

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
        self._fast = isinstance(model.decoder, LSTMCell)
        if isinstance(model.decoder, LSTMCell):
            self._recurrent = model.decoder.weight_hh.detach().to(dtype)
            self._point_weight = model.decoder.weight_ih.detach()[:, :5].t().contiguous()
        self._output_weight = model.output.weight.detach().t().contiguous()
        self._output_bias = model.output.bias.detach()
        self._dtype = dtype

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
        states: list[State] = []
        outputs = []
        base = self.base(condition)
        for t in range(len(points)):
            state = self.step(points[t], base, condition, state)
            states.append(state)
            outputs.append(self.output(state))
        return torch.stack(outputs), states

    @torch.no_grad()
    def base(self, condition: Tensor) -> Tensor:
        """The part of the gates [B, 4 H] that the condition and the bias give; stays the same for a drawing."""
        if not isinstance(self._model.decoder, LSTMCell):
            return condition
        cell = self._model.decoder
        if not self._model.condition_size:
            return cell.bias.detach().expand(len(condition), -1)
        return functional.linear(condition, cell.weight_ih[:, 5:], cell.bias)

    @torch.no_grad()
    def step(self, points: NDArray[np.float32], base: Tensor, condition: Tensor, state: State) -> State:
        """The state after points [B, 5]; `base` comes from `base(condition)`. The given state stays as it is."""
        given = torch.from_numpy(points)
        if not self._fast:
            return self._model.decoder.step(given, state, condition if self._model.condition_size else None)
        h, c = state
        size = h.shape[1]
        gates = torch.addmm(base, given, self._point_weight)
        gates.add_(functional.linear(h.to(self._dtype), self._recurrent))
        candidate = gates[:, 2 * size : 3 * size]
        candidate.mul_(2)  # tanh(x) = 2 sigmoid(2 x) - 1: one sigmoid for all four gates
        gates.sigmoid_()
        candidate.mul_(2).sub_(1)
        cell = gates[:, size : 2 * size] * c
        cell.addcmul_(gates[:, :size], candidate)
        return (gates[:, 3 * size :] * torch.tanh(cell), cell)

    @torch.no_grad()
    def output(self, state: State) -> Tensor:
        """The last layer's output [B, 6 M + 3] for a state."""
        return torch.addmm(self._output_bias, state[0], self._output_weight)
