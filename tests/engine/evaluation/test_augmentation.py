"""Pictures that are turned and moved, against scipy's own rotation and plain shifts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Generator, Tensor

from engine.evaluation.augmentation import moved


@pytest.fixture
def pictures() -> Tensor:
    """Soft blobs, so that interpolation hardly matters."""
    noise = np.random.default_rng(0).normal(size=(3, 1, 28, 28))
    noise[..., :6, :] = noise[..., -6:, :] = noise[..., :6] = noise[..., -6:] = 0
    soft = ndimage.gaussian_filter(noise, (0, 0, 2, 2))
    return torch.from_numpy(soft / np.abs(soft).max()).float() * 0.5 - 0.5


def _always(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Every amount is this share of its range, from -1 to 1."""

    def rand(*shape: int, generator: Generator, device: torch.device) -> Tensor:
        return torch.full(shape, (share + 1) / 2, device=device)

    monkeypatch.setattr(torch, "rand", rand)


def test_no_change_is_no_change(pictures: Tensor) -> None:
    same = moved(pictures, Generator().manual_seed(0), rotation=0, shift=0, stretch=0)
    torch.testing.assert_close(same, pictures, atol=1e-5, rtol=0)


def test_a_whole_shift_moves_every_pixel_and_leaves_black_behind(
    pictures: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _always(monkeypatch, 1.0)
    found = moved(pictures, Generator(), rotation=0, shift=3, stretch=0)
    torch.testing.assert_close(found[..., 3:, 3:], pictures[..., :-3, :-3], atol=1e-5, rtol=0)
    torch.testing.assert_close(found[..., :3], torch.full((3, 1, 28, 3), -1.0), atol=1e-5, rtol=0)


def test_a_turn_is_scipys(pictures: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    _always(monkeypatch, 1.0)
    found = moved(pictures, Generator(), rotation=30, shift=0, stretch=0).numpy()
    expected = ndimage.rotate(pictures.numpy(), 30, axes=(3, 2), reshape=False, order=1, cval=-1.0)
    np.testing.assert_allclose(found[..., 5:-5, 5:-5], expected[..., 5:-5, 5:-5], atol=0.02)


def test_stretched_pictures_are_larger(pictures: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    _always(monkeypatch, 1.0)
    square = torch.full((1, 1, 28, 28), -1.0)
    square[..., 10:18, 10:18] = 1
    found = moved(square, Generator(), rotation=0, shift=0, stretch=0.5)
    assert float((found + 1).sum() / (square + 1).sum()) == pytest.approx(1.5**2, rel=0.02)


def test_each_picture_has_amounts_of_its_own_from_the_generator(pictures: Tensor) -> None:
    same = pictures[:1].expand(3, -1, -1, -1)
    found, again, other = (
        moved(same, Generator().manual_seed(seed), rotation=10, shift=2, stretch=0.1) for seed in (0, 0, 1)
    )
    assert torch.equal(found, again)
    assert not torch.equal(found, other)
    assert not torch.equal(found[0], found[1])
    assert float(found.min()) >= -1 - 1e-5 and float(found.max()) <= 1
