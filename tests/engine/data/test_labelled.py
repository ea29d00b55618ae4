"""Files of pictures and labels that people bring are read, or refused with a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.data.labelled import all_labelled, open_labelled
from engine.errors import BadFileError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 28, 28), np.uint8)
LABELS = np.arange(20) % 4


def saved(folder: Path, **arrays: Any) -> Path:
    path = folder / "mine.npz"
    np.savez(path, **arrays)
    return path


def test_every_tenth_is_kept_apart(tmp_path: Path) -> None:
    path = saved(tmp_path, images=IMAGES, labels=LABELS)
    source = open_labelled(path)
    assert source.shape == (1, 28, 28) and source.class_names == ("0", "1", "2", "3")
    np.testing.assert_array_equal(source.kept[:, 0], IMAGES[[9, 19]])
    np.testing.assert_array_equal(source.pictures[:, 0], np.delete(IMAGES, [9, 19], 0))
    np.testing.assert_array_equal(source.labels, np.delete(LABELS, [9, 19]))
    pictures, labels = all_labelled(path)
    np.testing.assert_array_equal(pictures[:, 0], IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize(
    ("names", "kept"), [(("x_train", "y_train"), ("x_test", "y_test")),
                        (("train_images", "train_labels"), ("test_images", "test_labels"))]
)
def test_what_is_under_test_names_is_kept_apart(
    names: tuple[str, str], kept: tuple[str, str], tmp_path: Path
) -> None:
    parts = {names[0]: IMAGES[:15], names[1]: LABELS[:15], kept[0]: IMAGES[15:], kept[1]: LABELS[15:]}
    path = saved(tmp_path, **parts)
    source = open_labelled(path)
    assert (source.size, len(source.kept)) == (15, 5)
    np.testing.assert_array_equal(all_labelled(path)[0], source.kept)


@pytest.mark.parametrize(
    "images",
    [
        IMAGES.astype(np.float32) / 255, IMAGES.astype(np.float64) / 255, IMAGES.astype(np.float32),
        IMAGES.astype(np.uint16), IMAGES.astype(np.int64), IMAGES[:, None], IMAGES[..., None],
        np.asfortranarray(IMAGES),
    ],
    ids=["0 to 1", "double", "0 to 255", "uint16", "int64", "channel first", "channel last", "columns first"],
)
def test_pictures_in_any_usual_form_are_the_same(images: NDArray[Any], tmp_path: Path) -> None:
    pictures, _ = all_labelled(saved(tmp_path, images=images, labels=LABELS.astype(np.uint8)))
    assert pictures.dtype == np.uint8 and pictures.flags.c_contiguous
    np.testing.assert_array_equal(pictures[:, 0], IMAGES)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.float32])
def test_black_and_white_may_be_0_and_1(dtype: Any, tmp_path: Path) -> None:
    pictures, _ = all_labelled(saved(tmp_path, images=(IMAGES > 127).astype(dtype), labels=LABELS))
    np.testing.assert_array_equal(pictures[:, 0], np.where(IMAGES > 127, 255, 0))


def with_value(value: float) -> NDArray[np.float32]:
    images = IMAGES.astype(np.float32)
    images[3, 4, 5] = value
    return images


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (IMAGES[:, :20], LABELS, "grey squares"), (RNG.random((20, 28, 28, 3)), LABELS, "grey squares"),
        (IMAGES[0], LABELS, "grey squares"), (np.zeros((20, 65, 65), np.uint8), LABELS, "grey squares"),
        (np.zeros((20, 0, 0), np.uint8), LABELS, "grey squares"), (np.uint8(3), LABELS, "grey squares"),
        (IMAGES[:0], LABELS[:0], "no images"),
        (with_value(np.nan), LABELS, "nan"), (with_value(np.inf), LABELS, "inf"), (with_value(-1), LABELS, "-1"),
        (IMAGES.astype(np.uint16) * 257, LABELS, "65535"),
        (IMAGES, LABELS[:19], "one each"), (IMAGES, np.eye(20), "one each"),
        (IMAGES, LABELS - 1, "whole numbers"), (IMAGES, LABELS + 97, "whole numbers"),
        (IMAGES, LABELS + 0.5, "whole numbers"), (IMAGES, np.full(20, np.nan), "whole numbers"),
        (IMAGES, np.full(20, np.inf), "whole numbers"),
    ],
)
def test_what_is_no_labelled_picture_is_refused(
    images: NDArray[Any], labels: NDArray[Any], sentence: str, tmp_path: Path
) -> None:
    path = saved(tmp_path, images=images, labels=labels)
    for reader in (open_labelled, all_labelled):
        with pytest.raises(BadFileError, match=sentence) as caught:
            reader(path)
        assert "\n" not in str(caught.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="called images"):
        open_labelled(saved(tmp_path, labels=LABELS))
    with pytest.raises(BadFileError, match="called labels"):
        open_labelled(saved(tmp_path, images=IMAGES))
    with pytest.raises(BadFileError, match="called labels"):
        open_labelled(saved(tmp_path, images=IMAGES, labels=LABELS, test_images=IMAGES))
    with pytest.raises(BadFileError, match="one size"):
        open_labelled(saved(tmp_path, images=IMAGES, labels=LABELS, x_test=IMAGES[:, :20, :20], y_test=LABELS))
    with pytest.raises(BadFileError, match="no file"):
        open_labelled(tmp_path / "none.npz")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_refused_or_read(data: st.DataObject, tmp_path: Path) -> None:
    path = saved(tmp_path, images=IMAGES[:, :8, :8], labels=LABELS)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(3):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        pictures, labels = all_labelled(path)
    except BadFileError:
        return
    assert pictures.dtype == np.uint8 and len(pictures) == len(labels)
