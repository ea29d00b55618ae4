"""A folder of pictures: what is shown is what a person sees, and what cannot be read is left out and told."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from engine.data import images
from engine.data.images import open_images, read_picture
from engine.errors import BadFileError

FORMATS = {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "gif": "GIF", "webp": "WEBP"}


def scene(seed: int, width: int = 90, height: int = 60) -> Image.Image:
    """Smooth colours that differ in every direction."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (4, 5, 3), np.uint8)).resize((width, height), Image.Resampling.BICUBIC)


def stored(picture: Image.Image, path: Path, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, FORMATS.get(path.suffix.lower()[1:]), **options)
    return path


def fill(folder: Path, count: int = 12, first: int = 0) -> Path:
    for seed in range(first, first + count):
        stored(scene(seed), folder / f"{seed:03}.png")
    return folder


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def wanted(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    """The middle square [3, size, size] as Pillow's own recipe makes it."""
    return np.asarray(ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.LANCZOS)).transpose(2, 0, 1)


@pytest.mark.parametrize("size", [28, 32, 64])
@pytest.mark.parametrize(("width", "height"), [(90, 60), (61, 200), (64, 64), (9, 14)])
def test_the_middle_square_is_brought_to_size(tmp_path: Path, size: int, width: int, height: int) -> None:
    path = stored(scene(1, width, height), tmp_path / "a.png")
    found = read_picture(path, size, colour=True)
    assert found.shape == (3, size, size) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - wanted(scene(1, width, height), size)).max() <= 1
    grey = read_picture(path, size, colour=False)
    assert grey.shape == (1, size, size)
    weights = np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[0] - np.tensordot(weights, found, axes=1)).max() <= 1


@pytest.mark.parametrize("suffix", list(FORMATS))
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    options: dict[str, Any] = {"quality": 95} if suffix in ("jpg", "webp") else {}
    found = read_picture(stored(scene(2), tmp_path / f"a.{suffix}", **options), 32, colour=True)
    assert np.abs(found.astype(int) - wanted(scene(2), 32)).mean() < 6


@pytest.mark.parametrize("suffix", list(FORMATS))
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9])
def test_a_file_cut_short_is_left_out_and_named(tmp_path: Path, suffix: str, share: float) -> None:
    fill(tmp_path)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8))
    path = stored(noise, tmp_path / f"short.{suffix}")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    source = open_images(tmp_path, 32, colour=True)
    assert source.problems == (f"1 of 13 files could not be read: short.{suffix}.",)
    assert source.size + len(source.kept) == 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_pictures_stand_as_the_camera_was_held(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = scene(3, 40, 60)
    found = read_picture(stored(picture, tmp_path / f"a.{suffix}", exif=exif), 28, colour=True)
    upright = stored(picture, tmp_path / f"b.{suffix}", exif=exif)
    with Image.open(upright) as image:
        turned = ImageOps.exif_transpose(image)
    assert np.abs(found.astype(int) - wanted(turned, 28)).max() <= 2


def test_damaged_orientation_is_ignored(tmp_path: Path) -> None:
    path = stored(scene(4), tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff nonsense")
    assert np.abs(read_picture(path, 28, True).astype(int) - wanted(scene(4), 28)).mean() < 6


def test_a_large_photograph_is_smoothly_reduced(tmp_path: Path) -> None:
    path = stored(scene(6, 2000, 1500), tmp_path / "a.jpg", quality=95)
    assert np.abs(read_picture(path, 32, True).astype(int) - wanted(scene(6, 2000, 1500), 32)).mean() < 2


def test_fine_patterns_become_grey_and_no_moire(tmp_path: Path) -> None:
    stripes = np.indices((640, 640)).sum(axis=0) % 2 * 255
    path = stored(Image.fromarray(stripes.astype(np.uint8)), tmp_path / "a.png")
    assert np.ptp(read_picture(path, 28, False)) < 20
    bits = stored(Image.fromarray(stripes.astype(np.uint8)).convert("1"), tmp_path / "b.png")
    assert np.ptp(read_picture(bits, 28, False)) < 20


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    found = read_picture(stored(Image.fromarray(ramp), tmp_path / "a.png"), 32, False)[0]
    assert found[:, 0].max() < 8 and found[:, -1].min() > 247 and 110 < found[:, 16].mean() < 145
    colour = read_picture(tmp_path / "a.png", 32, True)
    assert (colour == found).all()
    rows = zlib.compress(b"".join(b"\0" + b"\x12\x34\x80\x00\xff\xff" * 4 for _ in range(4)))
    (tmp_path / "b.png").write_bytes(png_header(4, 4, 16, 2) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    assert read_picture(tmp_path / "b.png", 28, True)[:, 5, 5].tolist() == [0x12, 0x80, 0xFF]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_transparency_becomes_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 20, 40))
    if mode == "P":
        path = stored(picture.convert("P"), tmp_path / "a.gif", transparency=picture.convert("P").getpixel((30, 5)))
    else:
        path = stored(picture if mode == "PA" else picture.convert(mode), tmp_path / "a.png")
    for colour in (False, True):
        found = read_picture(path, 28, colour)
        assert found[:, :, :10].max() < 12 and found[:, :, 18:].min() > 243
    if mode == "RGBA":
        half = stored(Image.new("RGBA", (9, 9), (200, 0, 0, 128)), tmp_path / "half.png")
        np.testing.assert_allclose(read_picture(half, 28, True)[:, 9, 9], [227, 127, 127], atol=1)


def test_palettes_with_and_without_transparency(tmp_path: Path) -> None:
    flat = scene(7).quantize(32)
    found = read_picture(stored(flat, tmp_path / "a.png"), 32, True)
    assert np.abs(found.astype(int) - wanted(flat.convert("RGB"), 32)).max() <= 1
    clear = stored(flat, tmp_path / "b.png", transparency=bytes(range(0, 256, 8)))
    with Image.open(clear) as image:
        full = image.convert("RGBA")
    on_white = Image.alpha_composite(Image.new("RGBA", full.size, "white"), full)
    fill(tmp_path, 1)
    assert open_images(tmp_path, 32, True).problems == ()
    assert np.abs(read_picture(clear, 32, True).astype(int) - wanted(on_white, 32)).mean() < 3


def test_printers_colours_and_moving_pictures_are_read(tmp_path: Path) -> None:
    print_ = stored(scene(8).convert("CMYK"), tmp_path / "a.jpg", quality=95)
    assert np.abs(read_picture(print_, 32, True).astype(int) - wanted(scene(8), 32)).mean() < 8
    frames = [scene(seed) for seed in (9, 10)]
    for suffix in ("gif", "webp"):
        path = stored(frames[0], tmp_path / f"b.{suffix}", save_all=True, append_images=frames[1:])
        assert np.abs(read_picture(path, 32, True).astype(int) - wanted(frames[0], 32)).mean() < 6


def test_folders_are_classes(tmp_path: Path) -> None:
    fill(tmp_path / "cats", 10)
    fill(tmp_path / "dogs" / "small", 12, first=50)
    source = open_images(tmp_path, 28, True)
    assert source.class_names == ("cats", "dogs") and source.shape == (3, 28, 28)
    cats = {wanted(scene(seed), 28).tobytes() for seed in range(10)}
    found = np.concatenate([source.labels, source.kept_labels])
    assert sorted(found.tolist()) == [0] * 10 + [1] * 12
    for picture, label in zip(source.pictures, source.labels, strict=True):
        near = min(np.abs(np.frombuffer(cat, np.uint8).astype(int) - picture.ravel()).max() for cat in cats)
        assert (near <= 1) == (label == 0)


def test_pictures_beside_folders_are_a_class_and_one_class_is_none(tmp_path: Path) -> None:
    fill(tmp_path / "mine" / "cats", 3)
    assert open_images(tmp_path / "mine", 28, True).class_count == 0
    fill(tmp_path / "mine", 3, first=20)
    assert open_images(tmp_path / "mine", 28, True).class_names == ("cats", "mine")


def test_a_tenth_is_kept_apart_and_stays_there(tmp_path: Path) -> None:
    for seed in range(200):
        stored(Image.new("L", (4, 4), seed), tmp_path / f"{seed}.png")
    source = open_images(tmp_path, 28, False)
    kept = {int(picture[0, 0, 0]) for picture in source.kept}
    assert 8 <= len(kept) == len(source.kept) <= 35
    assert kept.isdisjoint(int(picture[0, 0, 0]) for picture in source.pictures)
    for seed in range(0, 200, 2):
        (tmp_path / f"{seed}.png").unlink()
    less = open_images(tmp_path, 28, False)
    assert {int(picture[0, 0, 0]) for picture in less.kept} == {seed for seed in kept if seed % 2}
    assert torch.equal(less.held_out(3)[0], less.held_out(9)[0][:3])
    assert less.provenance == "pictures: 100 files of a person's own folder."


@pytest.mark.parametrize("copies", [1, 5])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_two_different_pictures_are_enough_and_stand_on_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: int, share: float
) -> None:
    monkeypatch.setattr(images, "KEPT_SHARE", share)  # whatever their hashes are
    for index in range(copies):
        stored(scene(1), tmp_path / f"a{index}.png")
    stored(scene(2), tmp_path / "b.png")
    source = open_images(tmp_path, 28, True)
    assert source.size + len(source.kept) == copies + 1 and source.size and len(source.kept)
    (tmp_path / "b.png").unlink()
    with pytest.raises(BadFileError, match="fewer than two different pictures that can be read; choose"):
        open_images(tmp_path, 28, True)


def test_files_that_are_no_pictures_are_named_up_to_five(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    (tmp_path / "notes.txt").write_text("no picture by its name")
    (tmp_path / "folder.png").mkdir()
    for index in range(7):
        (tmp_path / f"x{index}\n.JPG").write_bytes(b"\xff\xd8 nothing")
    (problem,) = open_images(tmp_path, 28, True).problems
    names = ", ".join(f"x{index}?.JPG" for index in range(5))
    assert problem == f"7 of 9 files could not be read: {names} and 2 more."
    for path in tmp_path.glob("00*"):
        path.unlink()
    with pytest.raises(BadFileError, match=r"fewer than two .* 7 of 7 files could not be read"):
        open_images(tmp_path, 28, True)


@pytest.mark.parametrize("side", [9000, 12_000, 60_000])
def test_a_picture_of_too_many_pixels_is_left_out_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    fill(tmp_path, 3)
    data = zlib.compress(bytes(1000))
    (tmp_path / "bomb.png").write_bytes(png_header(side, side) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    with (tmp_path / "long.bmp").open("wb") as file:
        file.truncate(images.MAX_FILE_BYTES + 1)
    source = open_images(tmp_path, 28, True)
    assert source.problems == ("2 of 5 files are larger than 64 million pixels or 64 MB: bomb.png, long.bmp.",)
    assert source.size + len(source.kept) == 3


def test_other_kinds_under_a_picture_s_name_are_not_opened(tmp_path: Path) -> None:
    """PostScript would start another program."""
    fill(tmp_path, 2)
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    stored(scene(1), tmp_path / "t.tiff").rename(tmp_path / "b.png")
    assert open_images(tmp_path, 28, True).problems == ("2 of 4 files could not be read: a.png, b.png.",)


def test_more_pictures_than_fit_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 6)
    monkeypatch.setattr(images, "MAX_FILES", 4)
    source = open_images(tmp_path, 28, True)
    assert source.size + len(source.kept) == 4
    assert source.problems == ("The folder holds more than 4 pictures; the others were left out.",)
    monkeypatch.setattr(images, "MAX_MEMORY", 3 * 28 * 28 * 3 + 1)
    source = open_images(tmp_path, 28, True)
    assert source.size + len(source.kept) == 3


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are made otherwise there")
def test_links_in_circles_and_pipes_do_no_harm(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing.png")
    os.mkfifo(tmp_path / "pipe.png")
    source = open_images(tmp_path, 28, True)
    assert source.size + len(source.kept) == 3 and not source.problems


@pytest.mark.parametrize("name", ["missing", "000.png", "x" * 5000, "a\0b"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    fill(tmp_path, 1)
    with pytest.raises(BadFileError, match="There is no folder"):
        open_images(tmp_path / name, 28, True)


def whole(suffix: str) -> bytes:
    buffer = io.BytesIO()
    scene(3, 20, 16).save(buffer, FORMATS[suffix])
    return buffer.getvalue()


WHOLE = {suffix: whole(suffix) for suffix in FORMATS}


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of random bytes, or a picture with some of its bytes replaced, under any of the names."""
    suffix = draw(st.sampled_from(list(FORMATS)))
    if draw(st.booleans()):
        return suffix, draw(st.binary(max_size=80))
    data = bytearray(WHOLE[draw(st.sampled_from(list(FORMATS)))])
    for _ in range(draw(st.integers(1, 4))):
        # Most of what a decoder can be misled by stands at the beginning.
        place = draw(st.integers(0, min(len(data) - 1, 120)) | st.integers(0, len(data) - 1))
        piece = draw(st.binary(min_size=1, max_size=4))
        data[place : place + len(piece)] = piece
    return suffix, bytes(data)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged())
@example(("png", png_header(2**31 - 1, 2**31 - 1)))
@example(("png", png_header(0, 5)))
@example(("gif", b"GIF89a\xff\xff\xff\xff\xf7\0\0"))
@example(("webp", b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff"))
def test_any_bytes_are_a_picture_or_a_problem(tmp_path: Path, file: tuple[str, bytes]) -> None:
    suffix, data = file
    if not (tmp_path / "000.png").exists():
        fill(tmp_path, 2)
    path = tmp_path / f"any.{suffix}"
    path.write_bytes(data)
    try:
        source = open_images(tmp_path, 28, True)
    finally:
        path.unlink()
    assert source.size + len(source.kept) + len(source.problems) == 3
    assert all(problem.startswith("1 of 3 files") for problem in source.problems)
