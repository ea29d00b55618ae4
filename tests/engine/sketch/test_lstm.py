"""The hand-written LSTM against torch.nn.LSTM and a plain loop."""

import pytest
import torch
from torch import Tensor, nn

from engine.sketch.lstm import lstm_sequence, reverse_by_length

STEPS, BATCH, INPUT, SIZE = 7, 4, 3, 5
LENGTHS = torch.tensor([3, 7, 1, 5])


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def as_leaves(tensors: list[Tensor]) -> list[Tensor]:
    return [tensor.clone().requires_grad_() for tensor in tensors]


def plain_loop(
    gates: Tensor, weight: Tensor, h: Tensor, c: Tensor, lengths: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    shown = []
    for t in range(len(gates)):
        i, f, g, o = (gates[t] + h @ weight.T).chunk(4, dim=1)
        candidate = g.tanh() if mask is None else g.tanh() * mask[t]
        new_c = f.sigmoid() * c + i.sigmoid() * candidate
        new_h = o.sigmoid() * new_c.tanh()
        alive = (t < lengths).unsqueeze(1)
        h, c = torch.where(alive, new_h, h), torch.where(alive, new_c, c)
        shown.append(torch.where(alive, new_h, 0.0))
    return torch.stack(shown), h, c


def run_leaves(
    leaves: list[Tensor], lengths: Tensor | None, mask: Tensor | None = None, dtype: torch.dtype | None = None
) -> tuple[Tensor, ...]:
    points, base, weight_x, weight, h0, c0 = leaves
    return lstm_sequence(points, base, weight_x, weight, h0, c0, lengths, mask, dtype)


def made_leaves() -> list[Tensor]:
    """Points, base, weight_x, weight_hh, h0, c0."""
    return as_leaves(
        [
            random(STEPS, BATCH, INPUT),
            random(BATCH, 4 * SIZE, seed=4),
            random(4 * SIZE, INPUT, seed=5),
            random(4 * SIZE, SIZE, seed=1),
            random(BATCH, SIZE),
            random(BATCH, SIZE),
        ]
    )


def gradients(outputs: tuple[Tensor, ...], leaves: list[Tensor]) -> list[Tensor]:
    weights = [random(*out.shape, seed=50 + n) for n, out in enumerate(outputs)]
    return list(torch.autograd.grad(outputs, leaves, weights))


@pytest.mark.parametrize(
    "lengths", [None, LENGTHS, LENGTHS.sort(descending=True).values], ids=["full", "ragged", "sorted"]
)
def test_values_and_gradients_are_those_of_torch(lengths: Tensor | None) -> None:
    torch_lstm = nn.LSTM(INPUT, SIZE, dtype=torch.float64)
    x, h0, c0 = as_leaves([random(STEPS, BATCH, INPUT), random(BATCH, SIZE, seed=1), random(BATCH, SIZE, seed=2)])
    leaves = [x, h0, c0, *torch_lstm.parameters()]

    given = x if lengths is None else nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    shown, (h, c) = torch_lstm(given, (h0.unsqueeze(0), c0.unsqueeze(0)))
    if lengths is not None:
        shown, _ = nn.utils.rnn.pad_packed_sequence(shown, total_length=STEPS)
    expected = (shown, h[0], c[0])

    weight_ih, weight_hh, bias_ih, bias_hh = torch_lstm.parameters()
    base = (bias_ih + bias_hh).expand(BATCH, -1)
    ours = lstm_sequence(x, base, weight_ih, weight_hh, h0, c0, lengths)

    for mine, theirs in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine, theirs)
    for mine, theirs in zip(gradients(ours, leaves), gradients(expected, leaves), strict=True):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("lengths", [None, LENGTHS, torch.tensor([0, 7, 0, 2])], ids=["full", "ragged", "empty rows"])
def test_masked_candidate_is_that_of_a_plain_loop(lengths: Tensor | None) -> None:
    leaves = made_leaves()
    mask = (random(STEPS, BATCH, SIZE, seed=3) > -0.5).double() / 0.7
    ours = run_leaves(leaves, lengths, mask)
    points, base, weight_x, weight, h0, c0 = leaves
    gates = points @ weight_x.T + base
    expected = plain_loop(gates, weight, h0, c0, torch.full((BATCH,), STEPS) if lengths is None else lengths, mask)
    for mine, theirs in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine, theirs)
    for mine, theirs in zip(gradients(ours, leaves), gradients(expected, leaves), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_gradient_does_not_read_uninitialised_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def filled_with_nan(
        *size: int, dtype: torch.dtype = torch.float32, device: torch.device | None = None
    ) -> Tensor:
        return torch.full(size, float("nan"), dtype=dtype, device=device)

    monkeypatch.setattr(torch, "empty", filled_with_nan)
    monkeypatch.setattr(Tensor, "new_empty", lambda self, *size: filled_with_nan(*size, dtype=self.dtype))
    leaves = made_leaves()
    outputs = run_leaves(leaves, LENGTHS)
    assert all(torch.isfinite(gradient).all() for gradient in gradients(outputs, leaves))


def test_bfloat16_products_stay_close_to_float32() -> None:
    leaves = [tensor.detach().float() for tensor in made_leaves()]
    exact = run_leaves(leaves, LENGTHS)
    coarse = run_leaves(leaves, LENGTHS, dtype=torch.bfloat16)
    for mine, theirs in zip(coarse, exact, strict=True):
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine, theirs, atol=0.03, rtol=0)
    assert not torch.equal(coarse[0], exact[0])


def test_reverse_by_length_turns_only_what_is_there() -> None:
    x = torch.arange(STEPS * BATCH * 2).view(STEPS, BATCH, 2)
    turned = reverse_by_length(x, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        assert torch.equal(turned[:length, row], x[:length, row].flip(0))
        assert torch.equal(turned[length:, row], x[length:, row])
    assert torch.equal(reverse_by_length(turned, LENGTHS), x)
