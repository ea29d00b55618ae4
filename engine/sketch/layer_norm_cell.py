"""An LSTM with layer normalisation (Ba, Kiros and Hinton 2016, supplement eq. 20 to 22), as Sketch-RNN uses it.

Two things are the authors' own (sketch-rnn, rnn.py): W_x x and W_h h are summed before they are normalised, where the
paper normalises each of them, and every gate is normalised by itself over its H units. There is no bias but the
normalisation's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.sketch.recurrent_cell import LoopedCell, Projected, State, gate_weights, project_input

# Added to the variance; the authors' value, a hundred times the usual one.
EPSILON = 1e-3


class GateNorm(nn.Module):
    """The part of a layer-normalised LSTM after its sums: normalised gates i, f, g, o, new cell, normalised output.

    With LN(a; gain, bias) = gain * (a - mean) / sqrt(variance + 1e-3) + bias over the H units of a gate:

        i, f, g, o = LN(a_i), LN(a_f), LN(a_g), LN(a_o)
        c' = sigmoid(f) c + sigmoid(i) (mask * tanh(g))
        h' = sigmoid(o) tanh(LN(c'))

    The gates' bias starts at 1 for f (Gers et al. 2000) and at 0 for the others.
    """

    def __init__(self, hidden_size: int) -> None:
        """H = `hidden_size` units a gate."""
        super().__init__()
        self.gate_gain = nn.Parameter(torch.ones(4 * hidden_size))
        self.gate_bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.cell_gain = nn.Parameter(torch.ones(hidden_size))
        self.cell_bias = nn.Parameter(torch.zeros(hidden_size))
        with torch.no_grad():
            self.gate_bias[hidden_size : 2 * hidden_size] = 1.0

    def forward(self, sums: Tensor, c: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """h' and c' [B, H] from the gates' sums [B, 4 H], c [B, H] and the candidate's dropout mask [B, H]."""
        # Under autocast the sums come in half precision; what follows them does not.
        gates = functional.group_norm(sums.to(self.gate_gain.dtype), 4, self.gate_gain, self.gate_bias, EPSILON)
        enter, forget, candidate, leave = gates.chunk(4, dim=1)
        fresh = torch.tanh(candidate) if mask is None else torch.tanh(candidate) * mask
        c = torch.sigmoid(forget) * c + torch.sigmoid(enter) * fresh
        level = functional.layer_norm(c, self.cell_gain.shape, self.cell_gain, self.cell_bias, EPSILON)
        return torch.sigmoid(leave) * torch.tanh(level), c


class LayerNormLSTMCell(LoopedCell):
    """The LSTM with layer normalisation: state (h, c), gates i, f, g, o, recurrent dropout on the candidate."""

    def __init__(self, input_size: int, hidden_size: int, keep: float) -> None:
        """See `RecurrentCell`."""
        super().__init__(input_size, hidden_size, keep)
        self.weight_ih, self.weight_hh = gate_weights(input_size, hidden_size)
        self.norm = GateNorm(hidden_size)

    def project(self, points: Tensor, condition: Tensor | None) -> Projected:
        """W_x [point; condition]: [..., B, 4 H]."""
        return (project_input(points, condition, self.weight_ih),)

    def advance(self, projected: Projected, state: State, mask: Tensor | None) -> State:
        """See `LoopedCell.advance`; `projected` is [B, 4 H]."""
        h, c = state
        (given,) = projected
        h, c = self.norm(given + functional.linear(h, self.weight_hh), c, mask)
        return (h, c)
