"""A plain LSTM over whole sequences with a hand-written backward pass, fast on a CPU.

`torch.nn.LSTM` adds to the gradient of the recurrent weights at every time step. Here the backward loop only carries
the state's gradient back, and the weights' gradient is one large product over all steps at the end. Sequences that
have ended are not computed (rows are sorted by length, and each step works on the rows that are still alive). The
large products may run in bfloat16; the cell state and all sums stay in float32. The inputs' share of the gates is
computed inside the loop, where it stays in the processor's cache, as arrays of all steps would not.

Gates are in the order of torch.nn.LSTM: i, f, g, o (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et
al. 2000).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def lstm_sequence(
    points: Tensor,
    base: Tensor,
    weight_x: Tensor,
    weight_hh: Tensor,
    h0: Tensor,
    c0: Tensor,
    lengths: Tensor | None = None,
    mask: Tensor | None = None,
    dtype: torch.dtype | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run an LSTM; returns h of every step [T, B, H] (zeros after a sequence's end), and h and c after the last step.

    points: [T, B, P], what changes from step to step. base: [B, 4 H], the share of the gates that stays the same, bias
    included. weight_x: [4 H, P]. weight_hh: [4 H, H]. h0, c0: [B, H]. lengths: [B], at most T; rows in the order of
    falling length are not copied around. mask: [T, B, H], multiplies the candidate g (recurrent dropout without memory
    loss, Semeniuta et al. 2016). dtype: number format of the recurrent products (the weights' own when None).
    """
    dtype = weight_hh.dtype if dtype is None else dtype
    if lengths is None:
        steps, batch = points.shape[:2]
        hidden, last_c = _recur(points, base, weight_x, weight_hh, h0, c0, mask, [batch] * steps, dtype)
        return hidden, hidden[-1] if steps else h0, last_c
    order = torch.argsort(lengths, descending=True, stable=True)
    rows = torch.arange(len(lengths), device=lengths.device)
    in_order = torch.equal(order, rows)
    if not in_order:
        points, base, h0, c0 = points[:, order], base[order], h0[order], c0[order]
        mask = None if mask is None else mask[:, order]
        lengths = lengths[order]
    counts = (lengths.unsqueeze(0) > torch.arange(len(points), device=lengths.device).unsqueeze(1)).sum(1)
    hidden, last_c = _recur(points, base, weight_x, weight_hh, h0, c0, mask, counts.tolist(), dtype)
    last_h = torch.where((lengths > 0).unsqueeze(1), hidden[(lengths - 1).clamp(min=0), rows], h0)
    if not in_order:
        back = torch.argsort(order)
        hidden, last_h, last_c = hidden[:, back], last_h[back], last_c[back]
    return hidden, last_h, last_c


def reverse_by_length(x: Tensor, lengths: Tensor) -> Tensor:
    """`x` [T, B, D] with the first `lengths` [B] steps of each sequence in reverse order, the rest left in place."""
    steps = torch.arange(len(x), device=x.device).unsqueeze(1)  # [T, 1]
    turned = lengths.unsqueeze(0) - 1 - steps
    index = torch.where(turned >= 0, turned, steps)
    return x.gather(0, index.unsqueeze(2).expand_as(x))


class _Recurrence(torch.autograd.Function):
    """The time loop. Rows must be sorted so that step t works on the first `counts[t]` of them."""

    @staticmethod
    def forward(
        ctx: Any,
        points: Tensor,
        base: Tensor,
        weight_x: Tensor,
        weight_hh: Tensor,
        h0: Tensor,
        c0: Tensor,
        mask: Tensor | None,
        counts: list[int],
        dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        steps, batch = points.shape[:2]
        size = weight_hh.shape[1]
        # The candidate's rows are doubled, so that one sigmoid serves all gates: tanh(x) = 2 sigmoid(2 x) - 1, and a
        # CPU's sigmoid is several times faster than its tanh.
        doubled = base.new_ones(4 * size)
        doubled[2 * size : 3 * size] = 2
        weight_t = (weight_hh.detach() * doubled.unsqueeze(1)).to(dtype).t()
        point_weight = (weight_x.detach() * doubled.unsqueeze(1)).t().contiguous()
        still = base.detach() * doubled
        # Activated gates, the cell after each step, tanh of it, and h before each step in the product's format.
        gates = base.new_empty(steps, batch, 4 * size)
        cells = base.new_empty(steps + 1, batch, size)
        squashed = base.new_empty(steps, batch, size)
        hidden = base.new_zeros(steps, batch, size)
        # Zeros, not whatever memory holds: rows that have ended enter the weights' gradient as 0 times this.
        before = torch.zeros(steps + 1, batch, size, dtype=dtype, device=base.device)
        cells[0], before[0] = c0, h0
        with torch.autocast(base.device.type, enabled=False):
            for t in range(steps):
                n = counts[t]
                if n == 0:
                    cells[t + 1] = cells[t]
                    continue
                gate = gates[t, :n]
                torch.addmm(still[:n], points[t, :n], point_weight, out=gate)
                if dtype == gate.dtype:
                    gate.addmm_(before[t, :n], weight_t)
                else:
                    gate.add_(torch.mm(before[t, :n], weight_t))
                gate.sigmoid_()
                candidate = gate[:, 2 * size : 3 * size]
                candidate.mul_(2).sub_(1)
                cell = cells[t + 1]
                kept = candidate if mask is None else candidate * mask[t, :n]
                torch.mul(gate[:, size : 2 * size], cells[t, :n], out=cell[:n])
                cell[:n].addcmul_(gate[:, :size], kept)
                if n < batch:
                    cell[n:] = cells[t, n:]
                level = squashed[t, :n]
                torch.mul(cell[:n], 2, out=level)
                level.sigmoid_().mul_(2).sub_(1)
                torch.mul(gate[:, 3 * size :], level, out=hidden[t, :n])
                before[t + 1, :n] = hidden[t, :n]
        ctx.save_for_backward(points, weight_x, weight_hh, mask, gates, cells, squashed, before)
        ctx.counts, ctx.dtype = counts, dtype
        return hidden, cells[steps].clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        grad_hidden, grad_last = grads
        points, weight_x, weight_hh, mask, gates, cells, squashed, before = ctx.saved_tensors
        counts, dtype = ctx.counts, ctx.dtype
        steps, batch, width = gates.shape
        size = width // 4
        weight = weight_hh.detach().to(dtype)
        # In the products' format: half the memory to write and to read again.
        grad_gates = torch.zeros(steps, batch, width, dtype=dtype, device=gates.device)
        grad_base, grad_point_weight = gates.new_zeros(batch, width), gates.new_zeros(points.shape[2], width)
        step_gates = gates.new_zeros(batch, width)
        grad_c = grad_last.clone()
        grad_h = grad_hidden.new_zeros(batch, size)
        with torch.autocast(gates.device.type, enabled=False):
            for t in range(steps - 1, -1, -1):
                n = counts[t]
                if n == 0:
                    continue
                gate, out = gates[t, :n], step_gates[:n]
                enter, forget, candidate, leave = gate.chunk(4, dim=1)
                level = squashed[t, :n]
                dh = grad_h[:n].add_(grad_hidden[t, :n])
                dc = grad_c[:n]
                # dc += dh * o * (1 - tanh(c)^2)
                through = dh * leave
                dc.add_(through).addcmul_(through.mul_(level), level, value=-1)
                kept = candidate if mask is None else candidate * mask[t, :n]
                d_enter, d_forget, d_candidate, d_leave = out.chunk(4, dim=1)
                _through_sigmoid(d_enter, dc, kept, enter)
                _through_sigmoid(d_forget, dc, cells[t, :n], forget)
                _through_sigmoid(d_leave, dh, level, leave)
                torch.mul(dc, enter, out=d_candidate)
                if mask is not None:
                    d_candidate.mul_(mask[t, :n])
                d_candidate.addcmul_(d_candidate * candidate, candidate, value=-1)
                dc.mul_(forget)
                grad_base[:n].add_(out)
                grad_point_weight.addmm_(points[t, :n].t(), out)
                grad_gates[t, :n] = out
                if dtype == dh.dtype:
                    torch.mm(grad_gates[t, :n], weight, out=dh)
                else:
                    dh.copy_(torch.mm(grad_gates[t, :n], weight))
            flat = grad_gates.view(steps * batch, width)
            grad_weight = torch.mm(flat.t(), before[:steps].view(steps * batch, size)).to(weight_hh.dtype)
            grad_points = None
            if ctx.needs_input_grad[0]:
                grad_points = torch.mm(flat.to(weight_x.dtype), weight_x.detach()).view_as(points)
        return grad_points, grad_base, grad_point_weight.t(), grad_weight, grad_h, grad_c, None, None, None


# `_Recurrence.forward` with its gradient; torch does not type `apply`.
_recur: Callable[..., tuple[Tensor, Tensor]] = _Recurrence.apply


def _through_sigmoid(out: Tensor, grad: Tensor, factor: Tensor, gate: Tensor) -> None:
    """out = grad * factor * gate * (1 - gate)."""
    torch.mul(grad, factor, out=out)
    out.mul_(gate)
    out.addcmul_(out, gate, value=-1)
