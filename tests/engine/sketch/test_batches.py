"""Batches: what augmentation may and may not change, the layout, and which drawings come together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import TrainingError
from engine.sketch.batches import BATCHES_PER_BUCKET, Augmentation, BatchSource, DrawingPool, augmented, to_batch

STROKE3 = st.lists(
    st.tuples(st.integers(-100, 100), st.integers(-100, 100), st.booleans()), min_size=1, max_size=40
).map(lambda rows: np.array(rows, np.float32))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def line(points: int, step: float = 1.0) -> NDArray[np.float32]:
    """One stroke of `points` rows."""
    stroke3 = np.zeros((points, 3), np.float32)
    stroke3[:, :2] = step
    stroke3[-1, 2] = 1
    return stroke3


def pool(lengths: list[int], category: int = 0, scale: float = 1.0) -> DrawingPool:
    return DrawingPool([line(n) for n in lengths], [category] * len(lengths), scale)


def ends_of_strokes(stroke3: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.cumsum(stroke3[:, :2], axis=0)[stroke3[:, 2] > 0.5]


# ---- augmentation


@settings(deadline=None, max_examples=60)
@given(STROKE3, st.floats(0, 0.9), st.integers(0, 100))
def test_dropping_points_keeps_strokes_and_their_ends(stroke3: NDArray[np.float32], drop: float, seed: int) -> None:
    before = stroke3.copy()
    after = augmented(stroke3, Augmentation(0.0, drop), rng(seed))
    assert np.array_equal(stroke3, before)
    assert len(after) <= len(stroke3)
    assert int(after[:, 2].sum()) == int(stroke3[:, 2].sum())
    np.testing.assert_array_equal(ends_of_strokes(after), ends_of_strokes(stroke3))
    np.testing.assert_array_equal(after[:, :2].sum(axis=0), stroke3[:, :2].sum(axis=0))


@settings(deadline=None, max_examples=60)
@given(STROKE3, st.integers(0, 100))
def test_points_that_stay_lie_where_they_lay(stroke3: NDArray[np.float32], seed: int) -> None:
    after = augmented(stroke3, Augmentation(0.0, 0.5), rng(seed))
    places = {tuple(point) for point in np.cumsum(stroke3[:, :2], axis=0).tolist()}
    assert {tuple(point) for point in np.cumsum(after[:, :2], axis=0).tolist()} <= places


def test_points_are_dropped_at_about_the_rate_asked_for() -> None:
    generator, drawing = rng(), line(1000)
    left = np.mean([len(augmented(drawing, Augmentation(0.0, 0.1), generator)) for _ in range(20)])
    assert 1000 * (1 - 0.1) - 15 < left < 1000 * (1 - 0.1) + 30


def test_without_augmentation_a_drawing_stays_the_same() -> None:
    drawing = line(9)
    assert np.array_equal(augmented(drawing, Augmentation(0.0, 0.0), rng()), drawing)


def test_jitter_stretches_x_and_y_apart_and_within_bounds() -> None:
    drawing, factors = line(9), []
    for seed in range(200):
        after = augmented(drawing, Augmentation(0.15, 0.0), rng(seed))
        ratio = after[:, :2] / drawing[:, :2]
        assert np.ptp(ratio, axis=0).max() < 1e-6
        assert np.array_equal(after[:, 2], drawing[:, 2])
        factors.append(ratio[0])
    spread = np.array(factors)
    assert spread.min() >= 0.85 - 1e-6 and spread.max() <= 1.15 + 1e-6
    assert (spread.min(axis=0) < 0.87).all() and (spread.max(axis=0) > 1.13).all()
    assert abs(np.corrcoef(spread.T)[0, 1]) < 0.25


def test_noise_moves_each_point_by_itself() -> None:
    drawing = line(2000)
    after = augmented(drawing, Augmentation(noise=0.5), rng())
    assert np.array_equal(after[:, 2], drawing[:, 2])
    moved = np.cumsum((after - drawing)[:, :2].astype(np.float64), axis=0)
    # Noise of the point less that of the drawing's first point, which is where offsets start to count.
    spread = moved.max(axis=0) - moved.min(axis=0)
    assert spread.max() <= 1.0 + 1e-3 and spread.min() > 0.95
    for one, other in ((moved[1:, 0], moved[:-1, 0]), (moved[:, 0], moved[:, 1])):
        correlation = np.mean((one - one.mean()) * (other - other.mean())) / (one.std() * other.std())
        assert abs(correlation) < 0.1


def test_augmentation_follows_its_generator() -> None:
    drawing = line(50)
    first, second, other = (augmented(drawing, Augmentation(0.1, 0.3, 0.5), rng(seed)) for seed in (4, 4, 5))
    assert np.array_equal(first, second)
    assert first.shape != other.shape or not np.array_equal(first, other)


# ---- layout


def test_layout_of_a_batch() -> None:
    first = np.array([[1, 2, 0], [3, 4, 1]], np.float32)
    second = np.array([[5, 6, 1]], np.float32)
    batch = to_batch([first, second], np.array([7, 8]), longest=10)
    assert batch.points.dtype == np.float32 and batch.points.shape == (1 + 3, 2, 5)
    assert batch.lengths.tolist() == [2, 1] and batch.categories.tolist() == [7, 8]
    assert batch.points[:, 0].tolist() == [[0, 0, 1, 0, 0], [1, 2, 1, 0, 0], [3, 4, 0, 1, 0], [0, 0, 0, 0, 1]]
    assert batch.points[:, 1].tolist() == [[0, 0, 1, 0, 0], [5, 6, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("lengths", "padded", "rows"), [([2, 4], False, 5), ([2, 4], True, 9), ([2, 9], False, 9), ([9, 9], True, 9)]
)
def test_every_end_is_predicted_once_unless_there_is_no_room(lengths: list[int], padded: bool, rows: int) -> None:
    batch = to_batch([line(n) for n in lengths], np.zeros(2, np.int64), longest=9, padded=padded)
    assert len(batch.points) == 1 + rows
    ends = batch.points[1:, :, 4].sum(axis=0)
    assert ends.tolist() == [rows - n for n in lengths]
    assert (batch.points[..., 2:].sum(axis=-1) == 1).all()


def test_a_drawing_that_does_not_fit_is_refused() -> None:
    with pytest.raises(TrainingError, match="10 points does not fit into 9"):
        to_batch([line(10)], np.zeros(1, np.int64), longest=9)


# ---- pools


def test_a_pool_is_normalised_and_leaves_its_source_alone() -> None:
    drawing = line(4, step=3.0)
    made = DrawingPool([drawing, line(2)], [1, 0], scale=2.0)
    assert made.drawings[0][:, :2].tolist() == [[1.5, 1.5]] * 4 and made.drawings[0][-1, 2] == 1
    assert drawing[0, 0] == 3.0
    assert len(made) == 2 and made.longest == 4 and made.lengths.tolist() == [4, 2]


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(TrainingError, match="no drawings to learn from"):
        DrawingPool([], [], 1.0)


LENGTHS = rng(1).permutation(np.arange(1, 201)).tolist()


@pytest.mark.parametrize("quantile", [0.0, 0.5, 1.0])
def test_near_length_picks_neighbours_in_length(quantile: float) -> None:
    made = pool(LENGTHS)
    indices = made.near_length(quantile, 8, rng())
    lengths = made.lengths[indices]
    bucket = 1.5 * 8 * BATCHES_PER_BUCKET
    assert len(set(indices.tolist())) == 8
    assert np.ptp(lengths) < bucket
    assert abs(lengths - (1 + quantile * 199)).max() <= bucket


def test_every_drawing_is_as_likely_as_any_other() -> None:
    made, generator = pool(LENGTHS), rng()
    picks = np.concatenate([made.near_length(generator.random(), 8, generator) for _ in range(3000)])
    counts = np.bincount(picks, minlength=200)
    # Binomial with mean 120 and deviation 10.7.
    assert counts.min() > 70 and counts.max() < 170


def test_buckets_are_not_always_the_same() -> None:
    made, generator = pool(LENGTHS), rng()
    lengths = {int(n) for _ in range(200) for n in made.lengths[made.near_length(0.5, 8, generator)]}
    assert len(lengths) > 1.5 * 8 * BATCHES_PER_BUCKET


@pytest.mark.parametrize("length", [20.0, 20.4])
def test_at_length_reaches_all_of_many_drawings_of_one_length(length: float) -> None:
    made, generator = pool([20] * 300 + [21] * 300), rng()
    seen = {int(i) for _ in range(600) for i in made.at_length(length, 8, generator)}
    assert set(range(300)) <= seen


@pytest.mark.parametrize("length", [1, 100, 200, 5000])
def test_at_length_picks_around_a_length(length: int) -> None:
    made = pool(LENGTHS)
    lengths = made.lengths[made.at_length(length, 8, rng())]
    assert abs(lengths - min(length, 200)).max() <= 1.5 * 8 * BATCHES_PER_BUCKET


def test_a_pool_smaller_than_a_batch_repeats_drawings() -> None:
    made = pool([3, 5])
    for indices in (made.near_length(0.5, 7, rng()), made.at_length(4, 7, rng())):
        assert len(indices) == 7 and set(indices.tolist()) <= {0, 1}


def test_sorted_batches_hold_every_drawing_once_and_in_order() -> None:
    made = pool([5, 3, 9, 1, 7])
    batches = made.sorted_batches(2)
    assert [len(indices) for indices in batches] == [2, 2, 1]
    assert made.lengths[np.concatenate(batches)].tolist() == [1, 3, 5, 7, 9]


# ---- the source of training batches


@pytest.mark.parametrize(
    ("share", "from_extra"), [(0.0, 0), (0.25, 5), (0.5, 10), (0.95, 19)]
)
def test_shares_of_the_two_pools(share: float, from_extra: int) -> None:
    source = BatchSource(pool(LENGTHS, category=0), pool(LENGTHS, category=1), size=20, extra_share=share)
    for seed in range(5):
        batch = source.next(Augmentation(0.1, 0.1), rng(seed))
        assert int((batch.categories == 1).sum()) == from_extra and len(batch.categories) == 20


def test_without_an_extra_pool_all_come_from_the_main_one() -> None:
    batch = BatchSource(pool(LENGTHS), None, size=20, extra_share=0.5).next(Augmentation(0.0, 0.0), rng())
    assert batch.categories.tolist() == [0] * 20


def test_extra_drawings_are_of_the_main_ones_length() -> None:
    source = BatchSource(pool(LENGTHS, 0), pool(LENGTHS, 1), size=16, extra_share=0.5)
    for seed in range(10):
        batch = source.next(Augmentation(0.0, 0.0), rng(seed))
        main, extra = (batch.lengths[batch.categories == category].mean() for category in (0, 1))
        assert abs(main - extra) < 1.5 * 8 * BATCHES_PER_BUCKET
        assert len(batch.points) == 1 + min(batch.lengths.max() + 1, source.longest)


def test_longest_covers_both_pools() -> None:
    assert BatchSource(pool([3, 8]), pool([12]), 4, 0.5).longest == 12
    assert BatchSource(pool([3, 8]), None, 4, 0.5).longest == 8


def test_batches_follow_their_generator() -> None:
    source = BatchSource(pool(LENGTHS), pool(LENGTHS, 1), size=10, extra_share=0.3)
    first, second, other = (source.next(Augmentation(0.2, 0.2), rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.points, second.points) and np.array_equal(first.categories, second.categories)
    assert first.points.shape != other.points.shape or not np.array_equal(first.points, other.points)
