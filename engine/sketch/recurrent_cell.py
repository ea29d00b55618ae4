"""The interface of Sketch-RNN's recurrent cells, and the time loop of those that have no faster one of their own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]
Projected = tuple[Tensor, ...]


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

        h is zero after a sequence's end. With `dropout` a fresh mask is drawn from it for every step; without it there
        is no dropout.
        """
        raise NotImplementedError

    def masks(self, points: Tensor, dropout: torch.Generator | None) -> Tensor | None:
        """Dropout masks [T, B, H] of zeros and 1 / keep, or None."""
        if dropout is None or self.keep >= 1:
            return None
        steps, batch = points.shape[:2]
        noise = torch.rand(steps, batch, self.hidden_size, generator=dropout, device=points.device)
        return noise.lt_(self.keep).mul_(1 / self.keep).to(points.dtype)


class LoopedCell(RecurrentCell):
    """A cell that loops over its step. What depends on the input alone is computed for all steps at once."""

    def project(self, points: Tensor, condition: Tensor | None) -> Projected:
        """The shares of the cell's sums [..., B, K] that points [..., B, P] and condition [B, C] give."""
        raise NotImplementedError

    def advance(self, projected: Projected, state: State, mask: Tensor | None) -> State:
        """The next state from a step's projections [B, K]; `mask` [B, H] multiplies the candidate."""
        raise NotImplementedError

    def step(self, points: Tensor, state: State, condition: Tensor | None = None) -> State:
        """See `RecurrentCell.step`."""
        return self.advance(self.project(points, condition), state, None)

    def sequence(
        self,
        points: Tensor,
        state: State,
        condition: Tensor | None = None,
        lengths: Tensor | None = None,
        dropout: torch.Generator | None = None,
    ) -> tuple[Tensor, State]:
        """See `RecurrentCell.sequence`."""
        masks = self.masks(points, dropout)
        projected = self.project(points, condition)
        shown = []
        for t in range(len(points)):
            after = self.advance(tuple(part[t] for part in projected), state, None if masks is None else masks[t])
            if lengths is None:
                state = after
                shown.append(self.output(state))
                continue
            alive = (lengths > t).unsqueeze(1)
            state = tuple(torch.where(alive, new, old) for new, old in zip(after, state, strict=True))
            shown.append(torch.where(alive, self.output(state), 0.0))
        hidden = torch.stack(shown) if shown else points.new_zeros(0, points.shape[1], self.hidden_size)
        return hidden, state


def project_input(points: Tensor, condition: Tensor | None, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """W [point; condition] + b: [..., B, K] for points [..., B, P], condition [B, C] and weight [K, P + C].

    The condition's share is the same at every step and is computed once.
    """
    own = points.shape[-1]
    if condition is None:
        return nn.functional.linear(points, weight[:, :own], bias)
    given = nn.functional.linear(condition, weight[:, own:], bias)
    return nn.functional.linear(points, weight[:, :own]) + given


def gate_weights(input_size: int, hidden_size: int) -> tuple[nn.Parameter, nn.Parameter]:
    """W_x [4 H, I] (Glorot) and W_h [4 H, H] (orthogonal), each gate's block on its own as in the authors' code."""
    weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
    weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
    for block in weight_hh.chunk(4):
        nn.init.orthogonal_(block)
    for block in weight_ih.chunk(4):
        nn.init.xavier_uniform_(block)
    return weight_ih, weight_hh
