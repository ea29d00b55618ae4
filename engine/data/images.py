"""A folder of a person's pictures, cut to squares of one size; folders inside it are classes.

Nothing in the folder is trusted: names decide nothing but which files are tried, only five plain formats are opened,
and how large a picture is gets known before any of it is decoded. What cannot be used is left out and told.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.pictures import PictureSet, Pixels
from engine.errors import BadFileError

MAX_FILES = 100_000
MAX_FILE_BYTES = 64 * 2**20
MAX_PIXELS = 64 * 2**20
MAX_MEMORY = 2**29
KEPT_SHARE = 0.1
_LARGE_ENOUGH = 512  # pixels of the longer side of a picture that is looked at alone

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
_ORIENTATION = 0x0112
# EXIF 2.3, tag 0x0112: what brings a picture stored with each orientation upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_NAMED = 5  # files that a sentence names


class _TooLarge(Exception):
    """More bytes or pixels than are read."""


def open_images(folder: Path, image_size: int, colour: bool) -> PictureSet:
    """The pictures under `folder` (png, jpg, bmp, gif, webp), a tenth of them kept apart by a hash of their pixels.

    Each is cut to the square in its middle and brought to `image_size`; transparency becomes white. At most `MAX_FILES`
    files are read, and no more than `MAX_MEMORY` holds. Raises `BadFileError` when fewer than two different pictures
    remain.
    """
    if not os.path.isdir(folder):  # unlike Path.is_dir, this says no to a name that no folder can have
        raise BadFileError(f"There is no folder {folder}; choose a folder of pictures.")
    shape = (3 if colour else 1, image_size, image_size)
    most = min(MAX_FILES, MAX_MEMORY // int(np.prod(shape)))
    files = list(islice(_picture_files(folder), most + 1))
    is_cut = len(files) > most
    files = files[:most]
    pictures = np.empty((len(files), *shape), np.uint8)
    used: list[Path] = []
    broken: list[str] = []
    large: list[str] = []
    for file in files:
        try:
            pictures[len(used)] = read_picture(file, image_size, colour)
        except (_TooLarge, Image.DecompressionBombError):
            large.append(_shown(file, folder))
        except Exception:  # decoders answer a broken file with almost any kind of error
            broken.append(_shown(file, folder))
        else:
            used.append(file)
    problems = []
    if broken:
        problems.append(f"{len(broken):,} of {len(files):,} files could not be read: {_listed(broken)}.")
    if large:
        limit = f"{MAX_PIXELS >> 20} million pixels or {MAX_FILE_BYTES >> 20} MB"
        problems.append(f"{len(large):,} of {len(files):,} files are larger than {limit}: {_listed(large)}.")
    if is_cut:
        problems.append(f"The folder holds more than {most:,} pictures; the others were left out.")
    return _split(folder, pictures[: len(used)], used, problems)


def read_picture(file: Path, size: int, colour: bool) -> Pixels:
    """One picture, upright, as bytes [C, size, size]; raises whatever Pillow raises when it is broken."""
    with file.open("rb") as source, warnings.catch_warnings():
        # Pillow warns of odd metadata, which does no harm, and of sizes, which are judged here.
        warnings.simplefilter("ignore")
        if os.fstat(source.fileno()).st_size > MAX_FILE_BYTES:
            raise _TooLarge
        with Image.open(source, formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _TooLarge
            # A JPEG can be decoded at a fraction of its size, which is several times faster.
            image.draft(None, (4 * size, 4 * size))
            image.load()  # here, since Pillow says only once that the end is missing
            return _squared(_plain(image), size, colour, _orientation(image))


def open_picture(file: Path) -> Image.Image:
    """One picture, whole and upright, in grey; transparency becomes white. Raises `BadFileError` with a sentence."""
    try:
        with file.open("rb") as source, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if os.fstat(source.fileno()).st_size > MAX_FILE_BYTES:
                raise _TooLarge
            with Image.open(source, formats=_FORMATS) as image:
                if image.size[0] * image.size[1] > MAX_PIXELS:
                    raise _TooLarge
                image.draft(None, (_LARGE_ENOUGH, _LARGE_ENOUGH))
                image.load()
                plain, orientation = _plain(image), _orientation(image)
    except (_TooLarge, Image.DecompressionBombError):
        limit = f"{MAX_PIXELS >> 20} million pixels or {MAX_FILE_BYTES >> 20} MB"
        raise BadFileError(f"{file.name} is larger than {limit}; make it smaller first.") from None
    except Exception as error:  # decoders answer a broken file with almost any kind of error
        kinds = "png, jpg, bmp, gif or webp"
        raise BadFileError(f"{file.name} is no picture that can be read; choose a {kinds}.") from error
    plain.thumbnail((_LARGE_ENOUGH, _LARGE_ENOUGH))
    if plain.mode == "RGBA":
        plain = Image.alpha_composite(Image.new("RGBA", plain.size, "white"), plain)
    grey = plain.convert("L")
    return grey.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else grey


def _squared(image: Image.Image, size: int, colour: bool, orientation: int) -> Pixels:
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    small = image.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")
    small = small.convert("RGB" if colour else "L")
    if orientation in _UPRIGHT:
        small = small.transpose(_UPRIGHT[orientation])
    pixels = np.asarray(small, np.uint8)
    return pixels.transpose(2, 0, 1) if colour else pixels[None]


def _plain(image: Image.Image) -> Image.Image:
    """The picture as L, RGB or RGBA with eight bits for each, which Pillow resizes smoothly."""
    if image.mode.startswith("I"):
        # Grey of 16 bits, which Pillow would cut off at 255.
        return Image.fromarray((np.clip(np.asarray(image), 0, 65535) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # the picture itself may well be whole
        return 1


def _picture_files(folder: Path) -> Iterator[Path]:
    """Files by name, folder after folder in alphabetical order; links to folders are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES) and os.path.isfile(os.path.join(place, name)):
                yield Path(place, name)


def _split(folder: Path, pictures: Pixels, files: list[Path], problems: list[str]) -> PictureSet:
    """Pictures in the order of their files, those kept apart in the order of their hashes."""
    digests = [hashlib.blake2b(picture.tobytes(), digest_size=8).digest() for picture in pictures]
    different = sorted(set(digests))
    if len(different) < 2:
        text = f"{folder} holds fewer than two different pictures that can be read; choose a folder with more."
        raise BadFileError(" ".join([text, *problems]))
    # A picture stays on its side whatever else is in the folder, unless that side holds all of them.
    below = sum(int.from_bytes(digest, "big") < KEPT_SHARE * 2**64 for digest in different)
    kept = set(different[: min(max(below, 1), len(different) - 1)])
    classes = [_class_name(file, folder) for file in files]
    names = sorted(set(classes))
    labels = np.array([names.index(name) for name in classes], np.int64)
    is_kept = np.array([digest in kept for digest in digests])
    last = sorted(np.flatnonzero(is_kept), key=lambda index: digests[index])
    return PictureSet(
        "pictures",
        f"pictures: {len(files):,} files of a person's own folder.",
        pictures[~is_kept],
        labels[~is_kept],
        pictures[last],
        labels[last],
        tuple(names) if len(names) > 1 else (),
        tuple(problems),
    )


def _class_name(file: Path, folder: Path) -> str:
    return _printable(folder.name if file.parent == folder else file.relative_to(folder).parts[0])


def _shown(file: Path, folder: Path) -> str:
    return _printable(file.relative_to(folder).as_posix())


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name[:80])


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
