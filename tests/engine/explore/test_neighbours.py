"""The nearest training pictures are those of a search that looks at each difference."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.digits import open_digits
from engine.data.pictures import PictureSet
from engine.explore import neighbours
from engine.explore.neighbours import Compared, Neighbours, nearest_pictures
from engine.runtime.job import drive


def pictures(count: int, channels: int = 1, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (count, channels, 28, 28), np.uint8)


def source(train: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> PictureSet:
    labels = np.zeros(len(train), np.int64)
    return PictureSet("pictures", "made up", train, labels, train[:1], labels[:1])


def shown(train: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return train[:, 0] if train.shape[1] == 1 else train.transpose(0, 2, 3, 1)


def found(
    samples: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], data: PictureSet, k: int
) -> tuple[Neighbours, list[Compared]]:
    events: list[Compared] = []
    return drive(nearest_pictures(samples, data, k), events.append), events


@pytest.mark.parametrize("channels", [1, 3])
def test_they_are_those_of_a_plain_search(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MAX_BYTES", 4 * 28 * 28 * channels * 30)
    train = pictures(100, channels)
    samples = shown(pictures(4, channels, seed=1))
    result, events = found(samples, source(train), 5)
    assert [event.done for event in events] == [30, 60, 90, 100] and {event.total for event in events} == {100}
    differences = (shown(train)[None] / 255 - samples[:, None] / 255).reshape(4, 100, -1)
    distances = np.sqrt((differences**2).mean(axis=2))
    order = distances.argsort(axis=1)[:, :5]
    assert np.array_equal(result.indices, order)
    np.testing.assert_allclose(result.distances, np.take_along_axis(distances, order, axis=1), rtol=1e-5)
    assert np.array_equal(result.pictures, shown(train)[order])


def test_a_training_picture_finds_itself_and_its_copy() -> None:
    train = pictures(50)
    train[40] = train[7]
    result, _ = found(shown(train)[[7]], source(train), 3)
    assert sorted(result.indices[0, :2]) == [7, 40]
    assert result.distances[0, :2].tolist() == [0, 0] and result.distances[0, 2] > 0.1


def test_close_pictures_come_in_the_right_order() -> None:
    train = np.full((10, 1, 28, 28), 255, np.uint8)
    for index in range(10):
        train[index, 0, 0, : 9 - index] -= 1  # each differs a little less
    result, _ = found(np.full((1, 28, 28), 255, np.uint8), source(train), 10)
    assert result.indices[0].tolist() == list(range(9, -1, -1))


def test_there_are_no_more_than_there_are() -> None:
    result, _ = found(shown(pictures(2, seed=1)), source(pictures(3)), 8)
    assert result.pictures.shape == (2, 3, 28, 28) and result.indices.shape == result.distances.shape == (2, 3)


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        drive(nearest_pictures(np.zeros((1, 32, 32), np.uint8), source(pictures(3)), 1))


def test_digits_of_another_size_are_found_and_the_search_can_be_left() -> None:
    digits = open_digits(32)
    sample = np.pad(digits.pictures[4321], ((0, 0), (2, 2), (2, 2)))
    job = nearest_pictures(sample, digits, 1)
    first = next(job)
    assert 0 < first.done < first.total == 60_000
    job.close()
