"""Sketch-RNN's recurrent cells by name: the plain LSTM, with layer normalisation, and the HyperLSTM."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.sketch.hyper_cell import HyperLSTMCell
from engine.sketch.layer_norm_cell import LayerNormLSTMCell
from engine.sketch.lstm import lstm_sequence
from engine.sketch.recurrent_cell import RecurrentCell, State, gate_weights

__all__ = ["CELLS", "HyperLSTMCell", "LSTMCell", "LayerNormLSTMCell", "RecurrentCell", "State", "make_cell"]


class LSTMCell(RecurrentCell):
    """The plain LSTM: gates i, f, g, o, forget bias 1, orthogonal recurrent weights."""

    def __init__(self, input_size: int, hidden_size: int, keep: float) -> None:
        """See `RecurrentCell`."""
        super().__init__(input_size, hidden_size, keep)
        self.weight_ih, self.weight_hh = gate_weights(input_size, hidden_size)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        with torch.no_grad():
            self.bias[hidden_size : 2 * hidden_size] = 1.0

    def step(self, points: Tensor, state: State, condition: Tensor | None = None) -> State:
        """See `RecurrentCell.step`."""
        h, c = state
        given = points if condition is None else torch.cat([points, condition], dim=1)
        gates = functional.linear(given, self.weight_ih, self.bias) + functional.linear(h, self.weight_hh)
        enter, forget, candidate, leave = gates.chunk(4, dim=1)
        c = torch.sigmoid(forget) * c + torch.sigmoid(enter) * torch.tanh(candidate)
        return (torch.sigmoid(leave) * torch.tanh(c), c)

    def sequence(
        self,
        points: Tensor,
        state: State,
        condition: Tensor | None = None,
        lengths: Tensor | None = None,
        dropout: torch.Generator | None = None,
    ) -> tuple[Tensor, State]:
        """See `RecurrentCell.sequence`."""
        own = points.shape[2]
        base = self.bias.expand(points.shape[1], -1)
        if condition is not None:
            base = functional.linear(condition, self.weight_ih[:, own:], self.bias).to(self.bias.dtype)
        device = points.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else self.weight_hh.dtype
        masks = self.masks(points, dropout)
        weight_x = self.weight_ih[:, :own]
        h0, c0 = state
        hidden, h, c = lstm_sequence(points, base, weight_x, self.weight_hh, h0, c0, lengths, masks, dtype)
        return hidden, (h, c)


CELLS: dict[str, type[RecurrentCell]] = {
    "lstm": LSTMCell,
    "layer_norm": LayerNormLSTMCell,
    "hyper": HyperLSTMCell,
}


def make_cell(kind: str, input_size: int, hidden_size: int, keep: float) -> RecurrentCell:
    """A cell by name: one of `CELLS`."""
    return CELLS[kind](input_size, hidden_size, keep)
