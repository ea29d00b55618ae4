"""A picture of a digit, however it was made, lies as MNIST's digits do; what is none is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from engine.errors import BadFileError
from engine.explore.given import given_digit


def stroke(height: int, width: int) -> NDArray[np.float64]:
    """A bar with a foot, in [0, 1], off the middle."""
    picture = np.zeros((height, width))
    picture[height // 5 : height // 2, width // 5 : width // 5 + width // 10] = 1
    picture[height // 2 - height // 20 : height // 2, width // 5 : width // 2] = 1
    return picture


def check_place(digit: NDArray[np.float32]) -> None:
    assert digit.shape == (28, 28) and digit.dtype == np.float32
    assert digit.min() == 0 and digit.max() == pytest.approx(1)
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert np.abs(np.array(ndimage.center_of_mass(digit)) - 13.5).max() <= 0.51


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("shape", [(200, 200), (300, 120), (90, 400), (40, 30)])
def test_any_shape_bright_or_dark(tmp_path: Path, shape: tuple[int, int], inverted: bool) -> None:
    picture = stroke(*shape) * 255
    Image.fromarray((255 - picture if inverted else picture).astype(np.uint8)).save(tmp_path / "a.png")
    check_place(given_digit(tmp_path / "a.png"))


def test_colour_sixteen_bits_and_transparency(tmp_path: Path) -> None:
    plain = stroke(160, 160)
    Image.fromarray((plain * 65535).astype(np.uint16)).save(tmp_path / "deep.png")
    colour = np.zeros((160, 160, 3), np.uint8)
    colour[..., 1] = (plain * 200).astype(np.uint8)
    Image.fromarray(colour).save(tmp_path / "colour.png")
    clear = np.zeros((160, 160, 4), np.uint8)
    clear[..., 3] = (plain * 255).astype(np.uint8)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    reference = given_digit(tmp_path / "deep.png")
    for name in ("colour.png", "clear.png"):
        found = given_digit(tmp_path / name)
        check_place(found)
        np.testing.assert_allclose(found, reference, atol=0.05)


def test_a_digit_of_mnist_stays_as_it_is(tmp_path: Path) -> None:
    from engine.data.digits import open_digits

    digits = open_digits().kept[:20, 0]
    for number, digit in enumerate(digits):
        Image.fromarray(digit).save(tmp_path / f"{number}.png")
        found = given_digit(tmp_path / f"{number}.png")
        np.testing.assert_array_equal(found, digit / np.float32(255))


@pytest.mark.parametrize("kind", ["white", "black", "cut", "text", "nothing", "missing", "folder"])
def test_what_is_no_digit_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "given.png"
    if kind in ("white", "black"):
        Image.new("L", (50, 50), kind).save(path)
    elif kind == "cut":
        Image.fromarray((stroke(200, 200) * 255).astype(np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:150])
    elif kind == "text":
        path.write_text("not a picture")
    elif kind == "nothing":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(BadFileError, match=r"given\.png .*; .*\."):
        given_digit(path)


def test_huge_pictures_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(BadFileError, match=r"huge\.png is larger than"):
        given_digit(path)
