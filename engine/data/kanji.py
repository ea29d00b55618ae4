"""Kanji stroke by stroke, from the package `kanjivg` (KanjiVG by Ulrich Apel, CC BY-SA 3.0).

The package is a folder of SVG files named by code point in hexadecimal (`06f22.svg`), strokes in the order of writing,
on a page of 109 by 109. Files with a suffix (`06f22-Kaisho.svg`) are variants of the same character and are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import metadata
from itertools import islice
from pathlib import Path

from engine.errors import BadFileError
from engine.runtime.atomic import write_file
from engine.sketch.formats.svg import read_svg
from engine.sketch.strokes import Drawing, quickdraw_preprocess

_PLAIN_NAME = re.compile(r"([0-9a-f]{5})\.svg")


def kanji_drawings(count: int | None = None) -> Iterator[Drawing]:
    """Every character of KanjiVG (or the first `count`) by code point, in units of 0-109; its word is the character.

    Raises `BadFileError` when the package is not installed or one of its files is damaged.
    """
    for path in islice(_files(), count):
        drawing = read_svg(path).drawings[0]
        yield Drawing(drawing.strokes, chr(int(path.stem, 16)))


def write_kanji(out: Path) -> int:
    """Write all characters as simplified Quick, Draw! lines under the word "kanji"; returns how many there are.

    Raises `BadFileError` as `kanji_drawings` does, and `SaveError` when `out` cannot be written.
    """
    lines = [_line(drawing) for drawing in kanji_drawings()]
    write_file(out, lambda file: file.writelines(lines))
    return len(lines)


def _line(drawing: Drawing) -> bytes:
    small = quickdraw_preprocess(drawing)
    strokes = [stroke.astype(int).T.tolist() for stroke in small.strokes]
    record = {"word": "kanji", "key_id": drawing.word, "drawing": strokes}
    return (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _files() -> list[Path]:
    """The files of plain characters, in the order of their code points."""
    try:
        package = metadata.distribution("kanjivg")
    except metadata.PackageNotFoundError as error:
        raise BadFileError("The kanji are not installed; install them with: pip install kanjivg.") from error
    listed = [file for file in package.files or () if file.parent.name == "kanji" and _PLAIN_NAME.fullmatch(file.name)]
    if not listed:
        raise BadFileError("The installed package kanjivg holds no kanji; install it again: pip install kanjivg.")
    return [Path(str(package.locate_file(file))) for file in sorted(listed, key=lambda file: file.name)]
