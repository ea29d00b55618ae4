"""Latents follow their distribution, and ways between them stay where latents are."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from engine.gan.latents import LATENT_KINDS, between, draw_latents


def drawn(count: int, size: int, kind: str, seed: int = 0) -> Tensor:
    return draw_latents(count, size, kind, Generator().manual_seed(seed))


def test_normal_latents_are_standard_normal() -> None:
    z = drawn(20_000, 2, "normal")
    assert z.mean().item() == pytest.approx(0, abs=0.03) and z.std().item() == pytest.approx(1, abs=0.03)
    assert z.square().square().mean().item() == pytest.approx(3, abs=0.3)


def test_uniform_latents_fill_the_square() -> None:
    z = drawn(20_000, 2, "uniform")
    assert -1 <= z.min() < -0.99 and 0.99 < z.max() <= 1
    assert z.var().item() == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize("kind", LATENT_KINDS)
def test_the_seed_decides(kind: str) -> None:
    assert torch.equal(drawn(4, 3, kind), drawn(4, 3, kind))
    assert not torch.equal(drawn(4, 3, kind), drawn(4, 3, kind, seed=1))


@pytest.mark.parametrize("kind", LATENT_KINDS)
@pytest.mark.parametrize("size", [1, 2, 64])
def test_a_way_begins_and_ends_at_its_ends(kind: str, size: int) -> None:
    first, last = drawn(5, size, kind), drawn(5, size, kind, seed=1)
    way = between(first, last, 7, kind)
    assert way.shape == (5, 7, size)
    torch.testing.assert_close(way[:, 0], first)
    torch.testing.assert_close(way[:, -1], last)


def test_uniform_latents_go_straight() -> None:
    way = between(torch.tensor([[-1.0, 0.0]]), torch.tensor([[1.0, 1.0]]), 3, "uniform")
    torch.testing.assert_close(way[0, 1], torch.tensor([0.0, 0.5]))


def test_normal_latents_turn_evenly_and_their_lengths_change_evenly() -> None:
    way = between(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 3.0]]), 4, "normal")[0]
    expected = [
        (length * math.cos(angle), length * math.sin(angle))
        for length, angle in ((1, 0), (5 / 3, math.pi / 6), (7 / 3, math.pi / 3), (3, math.pi / 2))
    ]
    torch.testing.assert_close(way, torch.tensor(expected))


def test_in_many_dimensions_the_middle_is_as_long_as_the_ends() -> None:
    first, last = drawn(50, 100, "normal"), drawn(50, 100, "normal", seed=1)
    middle = between(first, last, 3, "normal")[:, 1]
    assert middle.norm(dim=1).min() > 8  # straight it would be about 7, since the ends are about 10 long


@pytest.mark.parametrize("last", [[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0], [2.0, 4.0]])
def test_a_way_without_an_angle_stays_finite(last: list[float]) -> None:
    first = torch.tensor([[1.0, 2.0]])
    for ends in ((first, torch.tensor([last])), (torch.tensor([last]), first)):
        way = between(*ends, 9, "normal")
        assert way.isfinite().all() and way.norm(dim=2).max() <= 5
        torch.testing.assert_close(way[:, -1], ends[1])
