"""The HyperLSTM (Ha, Dai and Le 2016, section 3.2 and appendix A.2.2), as Sketch-RNN uses it.

A small LSTM, the hyper cell, runs beside the main one and at every step scales the rows of the main cell's matrices and
sets its biases. Where the paper's equations and the authors' code (sketch-rnn, rnn.py) differ, this is the code: the
scales come from the hyper cell's state after this step (the paper writes the state before it), the hyper cell has
layer normalisation of its own, and it has no recurrent dropout.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.sketch.layer_norm_cell import GateNorm, LayerNormLSTMCell
from engine.sketch.recurrent_cell import LoopedCell, Projected, State, gate_weights, project_input

HYPER_SIZE = 256  # units of the hyper cell
EMBEDDING_SIZE = 32  # N_z of the paper: numbers that the hyper cell emits for each gate and use
# The scales start here, so that the sums start small (Cooijmans et al. 2016).
FIRST_SCALE = 0.1


class HyperLSTMCell(LoopedCell):
    """The HyperLSTM: state (h, c, h_hyper, c_hyper). For each gate y of i, f, g, o:

        h_hyper, c_hyper = layer-normalised LSTM of [x; h]
        d_x = S_x (V_x h_hyper + v_x),  d_h = S_h (V_h h_hyper + v_h),  b = S_b V_b h_hyper + b_0
        a = d_x * (W_x x) + d_h * (W_h h) + b

    and the four a go through `GateNorm` with the main cell's c. The embeddings V h_hyper + v are [B, 32] per gate and
    use, the scales d_x, d_h and the bias b [B, H].
    """

    def __init__(self, input_size: int, hidden_size: int, keep: float) -> None:
        """As the authors start it, but for V_x and V_h.

        They start those at zero; every one of the 32 numbers of an embedding then gets the same gradient for ever, and
        the scales never have more than one. Here they start as V_b does, as small noise.
        """
        super().__init__(input_size, hidden_size, keep)
        self.weight_ih, self.weight_hh = gate_weights(input_size, hidden_size)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.hyper = LayerNormLSTMCell(input_size + hidden_size, HYPER_SIZE, keep=1.0)
        # Twelve embeddings: d_x of the four gates, d_h of the four, b of the four. The last four have no bias.
        self.embedding = nn.Parameter(torch.empty(12 * EMBEDDING_SIZE, HYPER_SIZE))
        self.embedding_bias = nn.Parameter(torch.ones(8 * EMBEDDING_SIZE))
        self.scale = nn.Parameter(torch.full((8, EMBEDDING_SIZE, hidden_size), FIRST_SCALE / EMBEDDING_SIZE))
        self.shift = nn.Parameter(torch.zeros(4, EMBEDDING_SIZE, hidden_size))
        self.norm = GateNorm(hidden_size)
        nn.init.normal_(self.embedding, std=0.01)

    def initial_state(self, h0: Tensor, c0: Tensor) -> State:
        """Main state h0, c0 [B, H]; the hyper cell starts at zero.

        The authors also take the hyper cell's first state from z. It need not be: the hyper cell reads h0, which z
        gives, and z itself, in its first step.
        """
        start = h0.new_zeros(len(h0), HYPER_SIZE)
        return (h0, c0, start, start)

    def project(self, points: Tensor, condition: Tensor | None) -> Projected:
        """W_x [point; condition] of the main cell [..., B, 4 H] and of the hyper cell [..., B, 4 * 256]."""
        hyper_weight = self.hyper.weight_ih[:, : self.input_size]
        return (project_input(points, condition, self.weight_ih), project_input(points, condition, hyper_weight))

    def advance(self, projected: Projected, state: State, mask: Tensor | None) -> State:
        """See `LoopedCell.advance`; `projected` is [B, 4 H] and [B, 4 * 256]."""
        h, c, *hyper_state = state
        given, hyper_given = projected
        hyper_given = hyper_given + functional.linear(h, self.hyper.weight_ih[:, self.input_size :])
        h_hyper, c_hyper = self.hyper.advance((hyper_given,), tuple(hyper_state), None)
        scales, shifts = self._emitted(h_hyper)
        scale_x, scale_h = scales.chunk(2, dim=1)
        sums = scale_x * given + scale_h * functional.linear(h, self.weight_hh) + shifts + self.bias
        h, c = self.norm(sums, c, mask)
        return (h, c, h_hyper, c_hyper)

    def _emitted(self, h_hyper: Tensor) -> tuple[Tensor, Tensor]:
        """The scales [B, 8 H], d_x of the four gates and then d_h, and the shifts of the biases [B, 4 H]."""
        batch, size = len(h_hyper), self.hidden_size
        emitted = functional.linear(h_hyper, self.embedding)
        for_scale = (emitted[:, : 8 * EMBEDDING_SIZE] + self.embedding_bias).view(batch, 8, EMBEDDING_SIZE)
        for_shift = emitted[:, 8 * EMBEDDING_SIZE :].reshape(batch, 4, EMBEDDING_SIZE)
        scales = torch.bmm(for_scale.transpose(0, 1), self.scale)  # [8, B, H]
        shifts = torch.bmm(for_shift.transpose(0, 1), self.shift)
        return (
            scales.transpose(0, 1).reshape(batch, 8 * size),
            shifts.transpose(0, 1).reshape(batch, 4 * size),
        )
