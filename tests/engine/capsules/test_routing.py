"""Routing is that of the paper: equal to its procedure 1 as a plain loop, in numbers and in gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.capsules.losses import margin_loss, squared_error
from engine.capsules.routing import predictions, route, routed, squash

ITERATIONS = [1, 2, 3, 5]
Array = NDArray[np.float64]


def numbers(*, seed: int = 0, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Capsules [n, p, i] and matrices [j, p, i, d], so large that the iterations differ."""
    generator = torch.Generator().manual_seed(seed)
    capsules = torch.randn(3, 4, 7, generator=generator, dtype=torch.float64)
    weight = 0.7 * torch.randn(5, 4, 7, 6, generator=generator, dtype=torch.float64)
    return capsules.to(dtype), weight.to(dtype)


def plain_votes(capsules: Array, weight: Array) -> Array:
    count, _, children = capsules.shape
    parents, _, _, size = weight.shape
    votes = np.zeros((count, children, parents, size))
    for n, i, j in np.ndindex(count, children, parents):
        votes[n, i, j] = capsules[n, :, i] @ weight[j, :, i, :]
    return votes


def plain_routing(votes: Array, iterations: int) -> list[dict[str, Array]]:
    """Procedure 1 for one picture, [i, j, d], number by number."""
    children, parents, size = votes.shape
    logits, done = np.zeros((children, parents)), []
    for _ in range(iterations):
        couplings = np.zeros_like(logits)
        for i in range(children):
            total = sum(math.exp(logits[i, k]) for k in range(parents))
            for j in range(parents):
                couplings[i, j] = math.exp(logits[i, j]) / total
        outputs = np.zeros((parents, size))
        for j in range(parents):
            s = sum((couplings[i, j] * votes[i, j] for i in range(children)), np.zeros(size))
            length = math.sqrt(sum(value * value for value in s))
            outputs[j] = length**2 / (1 + length**2) * s / length
        agreement = np.array([[votes[i, j] @ outputs[j] for j in range(parents)] for i in range(children)])
        done.append({"logits": logits, "couplings": couplings, "outputs": outputs, "agreement": agreement})
        logits = logits + agreement
    return done


@pytest.mark.parametrize("iterations", ITERATIONS)
def test_every_iteration_is_that_of_a_plain_loop(iterations: int) -> None:
    capsules, weight = numbers()
    votes = plain_votes(capsules.numpy(), weight.numpy())
    np.testing.assert_allclose(predictions(capsules, weight).numpy(), votes, atol=1e-12)
    done = route(torch.from_numpy(votes), iterations)
    assert len(done) == iterations
    for n in range(len(votes)):
        for ours, theirs in zip(done, plain_routing(votes[n], iterations), strict=True):
            for name, wanted in theirs.items():
                np.testing.assert_allclose(getattr(ours, name)[n].numpy(), wanted, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("every_gradient", [False, True])
@pytest.mark.parametrize("iterations", ITERATIONS)
def test_without_prediction_vectors_it_comes_to_the_same(iterations: int, every_gradient: bool) -> None:
    capsules, weight = numbers(dtype=torch.float32)
    outputs = routed(capsules, weight, iterations, every_gradient=every_gradient)
    votes = plain_votes(capsules.double().numpy(), weight.double().numpy())
    wanted = np.stack([plain_routing(each, iterations)[-1]["outputs"] for each in votes])
    assert outputs.dtype == torch.float32
    np.testing.assert_allclose(outputs.numpy(), wanted, atol=1e-6)


def test_a_child_shares_itself_out_among_the_parents() -> None:
    capsules, weight = numbers()
    done = route(predictions(capsules, weight), 3)
    assert not done[0].logits.any()
    assert torch.allclose(done[0].couplings, torch.full_like(done[0].couplings, 1 / 5))
    for iteration in done:
        assert torch.allclose(iteration.couplings.sum(dim=2), torch.ones(3, 7, dtype=torch.float64))
    # With the softmax over the children these sums would be 1.
    assert (done[2].couplings.sum(dim=1) - 1).abs().max() > 0.1


def through_the_last(capsules: Tensor, weight: Tensor, iterations: int) -> Tensor:
    """The last iteration with its couplings held constant, as the definition has it."""
    votes = torch.einsum("npi,jpid->nijd", capsules, weight)
    couplings = route(votes.detach(), iterations)[-1].couplings
    return squash((couplings[..., None] * votes).sum(dim=1))


@pytest.mark.parametrize("iterations", ITERATIONS)
def test_gradients_go_through_the_last_iteration_alone(iterations: int) -> None:
    capsules, weight = (value.float().requires_grad_() for value in numbers())
    towards = torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(3))
    found = torch.autograd.grad((routed(capsules, weight, iterations) * towards).sum(), (capsules, weight))
    wanted = torch.autograd.grad((through_the_last(capsules, weight, iterations) * towards).sum(), (capsules, weight))
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("iterations", [2, 3])
def test_gradients_go_through_every_iteration_when_asked(iterations: int) -> None:
    capsules, weight = (value.float().requires_grad_() for value in numbers())
    towards = torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(3))
    whole = routed(capsules, weight, iterations, every_gradient=True)
    found = torch.autograd.grad((whole * towards).sum(), (capsules, weight))
    outputs = route(predictions(capsules, weight), iterations)[-1].outputs
    wanted = torch.autograd.grad((outputs * towards).sum(), (capsules, weight))
    last = torch.autograd.grad((routed(capsules, weight, iterations) * towards).sum(), (capsules, weight))
    for ours, theirs, other in zip(found, wanted, last, strict=True):
        torch.testing.assert_close(ours, theirs, atol=5e-5, rtol=1e-4)
        assert (ours - other).abs().max() > 1e-2


def test_the_whole_gradient_is_that_of_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    votes = torch.randn(1, 3, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda given: route(given, 3)[-1].outputs, votes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_squash_shortens_and_is_smooth_at_zero(dtype: torch.dtype) -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0]], dtype=dtype, requires_grad=True)
    short = squash(vectors)
    wanted = torch.tensor([[0.6, 0.8], [0.6, -0.8]], dtype=dtype) * torch.tensor([[25 / 26], [0.2]], dtype=dtype)
    torch.testing.assert_close(short[:2], wanted)
    assert not short[2].any()
    torch.autograd.backward(short.sum())
    assert vectors.grad is not None and vectors.grad.isfinite().all()


def test_half_the_bits_come_close() -> None:
    capsules, weight = numbers(dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = routed(capsules, weight, 3)
    assert outputs.dtype == torch.float32
    torch.testing.assert_close(outputs, routed(capsules, weight, 3), atol=0.03, rtol=0)


def test_no_iteration_is_no_routing() -> None:
    capsules, weight = numbers()
    with pytest.raises(ValueError, match="not 0"):
        routed(capsules, weight, 0)
    with pytest.raises(ValueError, match="not -1"):
        route(predictions(capsules, weight), -1)


def test_margin_loss_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    lengths, present = rng.random((6, 10)), (rng.random((6, 10)) < 0.3).astype(np.float64)
    total = 0.0
    for n, k in np.ndindex(6, 10):
        length, is_there = float(lengths[n, k]), float(present[n, k])
        total += is_there * max(0.0, 0.9 - length) ** 2 + 0.5 * (1 - is_there) * max(0.0, length - 0.1) ** 2
    found = margin_loss(torch.from_numpy(lengths), torch.from_numpy(present))
    assert float(found) == pytest.approx(total / 6, abs=1e-6)


def test_squared_error_is_summed_over_pixels() -> None:
    shape: Any = (4, 1, 3, 3)
    assert float(squared_error(torch.full(shape, 0.5), torch.zeros(shape))) == pytest.approx(9 * 0.25)
