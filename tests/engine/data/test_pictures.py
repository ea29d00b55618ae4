"""Pictures come back as floats between -1 and 1, drawn by the generator that is given, and leave as bytes again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Generator

from engine.data.pictures import PictureSet, to_pixels


def pictures(channels: int = 1, names: tuple[str, ...] = ("a", "b")) -> PictureSet:
    """Ten training pictures whose bytes are 0, 1, 2, ... and three kept apart."""
    train = np.arange(10 * channels * 4, dtype=np.uint8).reshape(10, channels, 2, 2)
    return PictureSet(
        "pictures", "made up", train, np.arange(10) % 2, 255 - train[:3], np.array([1, 0, 1]), class_names=names
    )


def test_indexed_pictures_are_their_bytes_between_minus_one_and_one() -> None:
    source = pictures()
    found = source.indexed(torch.tensor([3, 0, 3]))
    np.testing.assert_allclose(found, source.pictures[[3, 0, 3]] / 255 * 2 - 1, atol=1e-7)
    assert found.dtype == torch.float32
    assert source.indexed(torch.arange(10)).min() == -1.0
    assert source.held_out(1)[0].max() == 1.0


def test_a_batch_draws_with_replacement_and_labels_belong_to_their_pictures() -> None:
    source = pictures()
    batch, labels = source.labelled(400, Generator().manual_seed(1))
    assert torch.equal(batch, source.batch(400, Generator().manual_seed(1)))
    assert not torch.equal(batch, source.batch(400, Generator().manual_seed(2)))
    first = ((batch[:, 0, 0, 0] + 1) * 127.5).round().long()
    assert set(first.tolist()) == set(range(0, 40, 4))
    assert labels is not None and labels.dtype == torch.int64
    assert torch.equal(labels, first // 4 % 2)
    counts = np.bincount(first // 4, minlength=10)
    assert counts.min() > 20 and counts.max() < 65


def test_the_pictures_kept_apart_are_the_same_each_time_and_as_many_as_there_are() -> None:
    source = pictures()
    kept, labels = source.held_out(2)
    assert len(kept) == 2 and labels is not None and labels.tolist() == [1, 0]
    labels.zero_()
    again, labels = source.held_out(99)
    assert len(again) == 3 and torch.equal(again[:2], kept)
    assert labels is not None and labels.tolist() == [1, 0, 1]
    assert len(source.held_out(0)[0]) == 0


def test_without_names_there_are_no_classes() -> None:
    source = pictures(names=())
    assert source.class_count == 0 and source.held_out(2)[1] is None
    assert source.labelled(2, Generator())[1] is None
    assert pictures().class_count == 2 and source.size == 10 and source.modes is None and source.spread == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_floats_become_the_same_bytes_again(channels: int) -> None:
    source = pictures(channels)
    assert source.shape == (channels, 2, 2)
    shown = to_pixels(source.indexed(torch.arange(10)))
    wanted = source.pictures[:, 0] if channels == 1 else source.pictures.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(shown, wanted)
    assert shown.dtype == np.uint8


def test_what_a_network_overshoots_is_cut_off() -> None:
    wild = torch.tensor([-9.0, -1.0, 1.0, 9.0], requires_grad=True).reshape(1, 1, 2, 2)
    assert to_pixels(wild).tolist() == [[[0, 0], [255, 255]]]
