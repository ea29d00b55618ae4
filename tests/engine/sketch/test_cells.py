"""The three recurrent cells: one interface, and each one's equations."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.sketch import hyper_cell
from engine.sketch.cells import CELLS, HyperLSTMCell, LayerNormLSTMCell, LSTMCell, RecurrentCell, State, make_cell

STEPS, BATCH, POINT, GIVEN, SIZE = 6, 4, 5, 3, 8
LENGTHS = torch.tensor([2, 6, 0, 4])
KINDS = sorted(CELLS)

Array = NDArray[np.float64]


@pytest.fixture(autouse=True)
def small_hyper_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyper_cell, "HYPER_SIZE", 6)
    monkeypatch.setattr(hyper_cell, "EMBEDDING_SIZE", 3)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def made(kind: str, keep: float = 0.9, inputs: int = POINT + GIVEN) -> RecurrentCell:
    """A cell whose parameters have all been moved off their start, so that none is without effect."""
    torch.manual_seed(3)
    cell = make_cell(kind, inputs, SIZE, keep).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return cell


def start(cell: RecurrentCell) -> State:
    return cell.initial_state(random(BATCH, SIZE, seed=1), random(BATCH, SIZE, seed=2))


def close(mine: State, theirs: State) -> None:
    for left, right in zip(mine, theirs, strict=True):
        torch.testing.assert_close(left, right)


# ---- the interface, for each cell


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("condition", [None, random(BATCH, GIVEN, seed=5)], ids=["point alone", "condition"])
def test_sequence_is_step_after_step(kind: str, condition: Tensor | None) -> None:
    cell = made(kind, inputs=POINT if condition is None else POINT + GIVEN)
    points = random(STEPS, BATCH, POINT)
    hidden, last = cell.sequence(points, start(cell), condition)
    state = start(cell)
    for t in range(STEPS):
        state = cell.step(points[t], state, condition)
        torch.testing.assert_close(hidden[t], cell.output(state))
    close(last, state)


@pytest.mark.parametrize("kind", KINDS)
def test_input_is_the_point_and_then_the_condition(kind: str) -> None:
    cell = made(kind)
    points, condition = random(STEPS, BATCH, POINT), random(BATCH, GIVEN, seed=5)
    joined = torch.cat([points, condition.expand(STEPS, -1, -1)], dim=2)
    hidden, last = cell.sequence(points, start(cell), condition)
    same, same_last = cell.sequence(joined, start(cell))
    torch.testing.assert_close(hidden, same)
    close(last, same_last)


@pytest.mark.parametrize("kind", KINDS)
def test_ended_sequence_keeps_its_state_and_shows_zeros(kind: str) -> None:
    cell = made(kind)
    points, condition = random(STEPS, BATCH, POINT), random(BATCH, GIVEN, seed=5)
    hidden, last = cell.sequence(points, start(cell), condition, lengths=LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        alone, end = cell.sequence(
            points[:length, [row]], tuple(part[[row]] for part in start(cell)), condition[[row]]
        )
        torch.testing.assert_close(hidden[:length, [row]], alone)
        assert not hidden[length:, row].any()
        close(tuple(part[[row]] for part in last), end)


@pytest.mark.parametrize("kind", KINDS)
def test_points_after_the_end_have_no_effect(kind: str) -> None:
    cell = made(kind)
    points = random(STEPS, BATCH, POINT).requires_grad_()
    hidden, last = cell.sequence(points, start(cell), random(BATCH, GIVEN), lengths=LENGTHS)
    torch.autograd.backward([hidden.sum(), *(part.sum() for part in last)])
    assert points.grad is not None
    reached = points.grad.abs().sum(dim=2) > 0
    assert torch.equal(reached, torch.arange(STEPS).unsqueeze(1) < LENGTHS)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_masks_follow_the_generator(kind: str) -> None:
    cell = made(kind, keep=0.8)
    points, condition = random(STEPS, BATCH, POINT), random(BATCH, GIVEN, seed=5)

    def hidden(seed: int | None) -> Tensor:
        dropout = None if seed is None else torch.Generator().manual_seed(seed)
        return cell.sequence(points, start(cell), condition, dropout=dropout)[0]

    assert torch.equal(hidden(1), hidden(1))
    assert not torch.allclose(hidden(1), hidden(2))
    assert not torch.allclose(hidden(1), hidden(None))
    cell.keep = 1.0
    assert torch.equal(hidden(1), hidden(None))


@pytest.mark.parametrize("kind", KINDS)
def test_masks_keep_the_mean(kind: str) -> None:
    cell = made(kind, keep=0.7)
    masks = cell.masks(torch.zeros(200, 50, POINT), torch.Generator().manual_seed(0))
    assert masks is not None and masks.shape == (200, 50, SIZE)
    assert sorted(set(masks.flatten().tolist())) == pytest.approx([0, 1 / 0.7])
    # 80,000 draws: the standard error of the mean is 0.0023.
    assert float(masks.mean()) == pytest.approx(1, abs=0.01)
    per_unit = (masks > 0).float().mean(dim=(0, 1))
    assert per_unit.min() > 0.67 and per_unit.max() < 0.73


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lengths", [None, torch.tensor([1, 2])], ids=["full", "ragged"])
def test_gradients_are_those_of_finite_differences(
    kind: str, lengths: Tensor | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hyper_cell, "HYPER_SIZE", 2)
    monkeypatch.setattr(hyper_cell, "EMBEDDING_SIZE", 2)
    torch.manual_seed(0)
    cell = make_cell(kind, 3, 3, 0.8).double()
    names = [name for name, _ in cell.named_parameters()]
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.5)

    def run(points: Tensor, condition: Tensor, h0: Tensor, c0: Tensor, *parameters: Tensor) -> tuple[Tensor, ...]:
        given = {f"cell.{name}": value for name, value in zip(names, parameters, strict=True)}
        arguments = (points, cell.initial_state(h0, c0), condition, lengths, torch.Generator().manual_seed(4))
        hidden, last = torch.func.functional_call(_Sequence(cell), given, arguments)
        return (hidden, *last)

    inputs = [random(2, 2, 2), random(2, 1), random(2, 3), random(2, 3), *cell.parameters()]
    leaves = [tensor.detach().clone().requires_grad_() for tensor in inputs]
    assert torch.autograd.gradcheck(run, leaves, fast_mode=True)


class _Sequence(torch.nn.Module):
    """A cell's sequence as a module's call, so that its parameters can be given."""

    def __init__(self, cell: RecurrentCell) -> None:
        super().__init__()
        self.cell = cell

    def forward(
        self, points: Tensor, state: State, condition: Tensor, lengths: Tensor | None, dropout: torch.Generator
    ) -> tuple[Tensor, State]:
        return self.cell.sequence(points, state, condition, lengths, dropout)


@pytest.mark.parametrize("kind", KINDS)
def test_states_stay_in_full_precision_under_autocast(kind: str) -> None:
    cell = made(kind).float()
    points, condition = random(STEPS, BATCH, POINT).float(), random(BATCH, GIVEN).float()
    state = tuple(part.float() for part in start(cell))
    exact, _ = cell.sequence(points, state, condition)
    with torch.autocast("cpu", torch.bfloat16):
        hidden, last = cell.sequence(points, tuple(part.bfloat16() for part in state), condition)
    assert {part.dtype for part in (hidden, *last)} == {torch.float32}
    torch.testing.assert_close(hidden, exact, atol=0.1, rtol=0)


def test_forget_gate_starts_open() -> None:
    cell = make_cell("lstm", POINT, SIZE, 1.0)
    normed = make_cell("layer_norm", POINT, SIZE, 1.0)
    hyper = make_cell("hyper", POINT, SIZE, 1.0)
    assert isinstance(cell, LSTMCell) and isinstance(normed, LayerNormLSTMCell) and isinstance(hyper, HyperLSTMCell)
    wanted = torch.cat([torch.zeros(SIZE), torch.ones(SIZE), torch.zeros(2 * SIZE)])
    for bias in (cell.bias, normed.norm.gate_bias, hyper.norm.gate_bias):
        assert torch.equal(bias, wanted)


# ---- the equations, in NumPy and one unit of one gate after the other


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


Equations = Callable[[Array, list[Array], dict[str, Array], Array], list[Array]]


def layer_norm(x: Array, gain: Array, bias: Array) -> Array:
    centred: Array = gain * (x - x.mean()) / np.sqrt(x.var() + 1e-3)
    return centred + bias


def normalised_step(sums: Array, c: Array, p: dict[str, Array], prefix: str, mask: Array) -> tuple[Array, Array]:
    """Ba et al. 2016, eq. 20 to 22, with the authors' one normalisation per gate."""
    gain, bias = p[f"{prefix}gate_gain"], p[f"{prefix}gate_bias"]
    i, f, g, o = (
        layer_norm(*parts) for parts in zip(np.split(sums, 4), np.split(gain, 4), np.split(bias, 4), strict=True)
    )
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g) * mask
    return sigmoid(o) * np.tanh(layer_norm(c, p[f"{prefix}cell_gain"], p[f"{prefix}cell_bias"])), c


def layer_norm_step(x: Array, state: list[Array], p: dict[str, Array], mask: Array) -> list[Array]:
    h, c = state
    return list(normalised_step(p["weight_ih"] @ x + p["weight_hh"] @ h, c, p, "norm.", mask))


def hyper_step(x: Array, state: list[Array], p: dict[str, Array], mask: Array) -> list[Array]:
    """Ha et al. 2016, appendix A.2.2, with the hyper cell's state of the same step."""
    h, c, hyper_h, hyper_c = state
    inner = {name.removeprefix("hyper."): value for name, value in p.items() if name.startswith("hyper.")}
    hyper_h, hyper_c = layer_norm_step(np.concatenate([x, h]), [hyper_h, hyper_c], inner, np.ones_like(hyper_c))
    embeddings = np.split(p["embedding"] @ hyper_h, 12)
    biases = np.split(p["embedding_bias"], 8)
    sums = []
    for gate in range(4):
        rows = slice(gate * SIZE, (gate + 1) * SIZE)
        d_x = (embeddings[gate] + biases[gate]) @ p["scale"][gate]
        d_h = (embeddings[4 + gate] + biases[4 + gate]) @ p["scale"][4 + gate]
        shift = embeddings[8 + gate] @ p["shift"][gate]
        sums.append(d_x * (p["weight_ih"][rows] @ x) + d_h * (p["weight_hh"][rows] @ h) + shift + p["bias"][rows])
    return [*normalised_step(np.concatenate(sums), c, p, "norm.", mask), hyper_h, hyper_c]


@pytest.mark.parametrize(("kind", "equations"), [("layer_norm", layer_norm_step), ("hyper", hyper_step)])
@pytest.mark.parametrize("keep", [1.0, 0.7])
def test_cell_follows_its_equations(kind: str, equations: Equations, keep: float) -> None:
    cell = made(kind, keep)
    parameters = {name: value.detach().numpy() for name, value in cell.named_parameters()}
    points, condition = random(STEPS, BATCH, POINT), random(BATCH, GIVEN, seed=5)
    hidden, last = cell.sequence(points, start(cell), condition, dropout=torch.Generator().manual_seed(8))
    masks = cell.masks(points, torch.Generator().manual_seed(8))
    for row in range(BATCH):
        state = [part[row].numpy() for part in start(cell)]
        for t in range(STEPS):
            x = np.concatenate([points[t, row].numpy(), condition[row].numpy()])
            state = equations(x, state, parameters, np.ones(SIZE) if masks is None else masks[t, row].numpy())
            np.testing.assert_allclose(hidden[t, row].detach().numpy(), state[0], atol=1e-10)
        for mine, theirs in zip(last, state, strict=True):
            np.testing.assert_allclose(mine[row].detach().numpy(), theirs, atol=1e-10)


def test_hyper_cell_starts_at_zero_and_scales_at_a_tenth() -> None:
    torch.manual_seed(0)
    cell = make_cell("hyper", POINT, SIZE, 1.0)
    assert isinstance(cell, HyperLSTMCell)
    h0 = torch.randn(BATCH, SIZE)
    h, c, hyper_h, hyper_c = cell.initial_state(h0, 2 * h0)
    assert torch.equal(h, h0) and torch.equal(c, 2 * h0)
    assert hyper_h.shape == hyper_c.shape == (BATCH, 6) and not hyper_h.any() and not hyper_c.any()
    scales, shifts = cell._emitted(hyper_h)
    torch.testing.assert_close(scales, torch.full_like(scales, 0.1))
    assert not shifts.any()


def test_embeddings_of_the_hyper_cell_learn_apart() -> None:
    torch.manual_seed(0)
    cell = make_cell("hyper", POINT, SIZE, 1.0)
    assert isinstance(cell, HyperLSTMCell)
    state = cell.initial_state(torch.randn(BATCH, SIZE), torch.randn(BATCH, SIZE))
    hidden, _ = cell.sequence(torch.randn(STEPS, BATCH, POINT), state)
    torch.autograd.backward(hidden.square().sum())
    assert cell.scale.grad is not None
    first, second = cell.scale.grad[0, 0], cell.scale.grad[0, 1]
    assert not torch.allclose(first, second, rtol=1e-4, atol=0)
