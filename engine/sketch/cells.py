"""Recurrent cells of Sketch-RNN behind one interface: they run over whole sequences and step by step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.sketch.lstm import lstm_sequence

State = tuple[Tensor, ...]


class RecurrentCell(nn.Module):
    """What every cell offers. Points are [T, B, P] and change from step to step; the condition [B, C] stays the same.

    A cell's input is [point; condition] and has `input_size` = P + C numbers. The first entry of a state is h [B, H].
    """

    def __init__(self, input_size: int, hidden_size: int, keep: float) -> None:
        """`keep` is the share of the candidate values that recurrent dropout keeps (Semeniuta et al. 2016)."""
        super().__init__()
        self.input_size, self.hidden_size, self.keep = input_size, hidden_size, keep

    def initial_state(self, h0: Tensor, c0: Tensor) -> State:
        """The state that starts from h0 and c0 [B, H]."""
        return (h0, c0)

    def output(self, state: State) -> Tensor:
        """What the cell shows of a state: h [B, H]."""
        return state[0]

    def step(self, points: Tensor, state: State, condition: Tensor | None = None) -> State:
        """One step without dropout: points [B, P], condition [B, C]."""
        raise NotImplementedError

    def sequence(
        self,
        points: Tensor,
        state: State,
        condition: Tensor | None = None,
        lengths: Tensor | None = None,
        dropout: torch.Generator | None = None,
    ) -> tuple[Tensor, State]:
        """All steps: h of each step [T, B, H] and the state after the last (after each sequence's own end).

        With `dropout` a fresh mask is drawn from it for every step; without it there is no dropout.
        """
        raise NotImplementedError

    def masks(self, points: Tensor, dropout: torch.Generator | None) -> Tensor | None:
        """Dropout masks [T, B, H] of zeros and 1 / keep, or None."""
        if dropout is None or self.keep >= 1:
            return None
        steps, batch = points.shape[:2]
        noise = torch.rand(steps, batch, self.hidden_size, generator=dropout, device=points.device)
        return (noise < self.keep).to(points.dtype).div_(self.keep)


class LSTMCell(RecurrentCell):
    """The plain LSTM: gates i, f, g, o, forget bias 1, orthogonal recurrent weights."""

    def __init__(self, input_size: int, hidden_size: int, keep: float) -> None:
        super().__init__(input_size, hidden_size, keep)
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        for block in self.weight_hh.chunk(4):
            nn.init.orthogonal_(block)
        for block in self.weight_ih.chunk(4):
            nn.init.xavier_uniform_(block)
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
        gates = functional.linear(points, self.weight_ih[:, :own])
        if condition is None:
            gates = gates + self.bias
        else:
            # The condition's share of the gates is the same at every step: computed once.
            gates = gates + functional.linear(condition, self.weight_ih[:, own:], self.bias)
        device = points.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else self.weight_hh.dtype
        hidden, h, c = lstm_sequence(
            gates.to(self.weight_hh.dtype), self.weight_hh, *state, lengths, self.masks(points, dropout), dtype
        )
        return hidden, (h, c)


CELLS: dict[str, type[RecurrentCell]] = {"lstm": LSTMCell}


def make_cell(kind: str, input_size: int, hidden_size: int, keep: float) -> RecurrentCell:
    """A cell by name: one of `CELLS`."""
    return CELLS[kind](input_size, hidden_size, keep)
