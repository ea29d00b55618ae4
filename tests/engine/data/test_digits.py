"""MNIST as it ships: all of it, unchanged, and at three sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from engine.data.digits import FILE, DigitSet, open_digits
from engine.errors import BadFileError


@pytest.fixture(scope="module")
def digits() -> dict[int, DigitSet]:
    return {size: open_digits(size) for size in (28, 32, 64)}


def test_all_digits_are_there_with_their_labels(digits: dict[int, DigitSet]) -> None:
    source = digits[28]
    # The number of each digit that the authors' test and training files hold.
    assert np.bincount(source.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(source.kept_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert source.labels[:5].tolist() == [5, 0, 4, 1, 9] and source.kept_labels[:4].tolist() == [7, 2, 1, 0]
    assert source.pictures.mean() == pytest.approx(0.1307 * 255, abs=0.013)
    assert source.size == 60_000 and source.class_names[7] == "7" and source.class_count == 10
    assert "CC BY-SA 3.0" in source.provenance and "LeCun" in source.provenance


def test_sizes_show_the_same_digits(digits: dict[int, DigitSet]) -> None:
    small, padded, large = (digits[size].batch(20, Generator().manual_seed(4)) for size in (28, 32, 64))
    assert [tuple(batch.shape[1:]) for batch in (small, padded, large)] == [digits[size].shape for size in (28, 32, 64)]
    assert torch.equal(padded[:, :, 2:30, 2:30], small)
    padded[:, :, 2:30, 2:30] = -1
    assert (padded == -1).all()
    wanted = F.interpolate(small, size=(64, 64), mode="bicubic", align_corners=False).clamp(-1, 1)
    torch.testing.assert_close(large, wanted, atol=1e-5, rtol=0)


def test_the_digits_kept_apart_are_those_of_the_test_file(digits: dict[int, DigitSet]) -> None:
    kept, labels = digits[64].held_out(4)
    assert kept.shape == (4, 1, 64, 64) and labels is not None and labels.tolist() == [7, 2, 1, 0]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", train_images=np.zeros((2, 28, 28), np.uint8))
    with pytest.raises(BadFileError, match="does not hold the digits"):
        open_digits(28, tmp_path / "mnist.npz")
    with pytest.raises(BadFileError, match="no file"):
        open_digits(28, tmp_path / "missing.npz")
    (tmp_path / "short.npz").write_bytes(FILE.read_bytes()[:-500])
    with pytest.raises(BadFileError, match="damaged"):
        open_digits(28, tmp_path / "short.npz")
