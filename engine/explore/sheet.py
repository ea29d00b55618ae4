"""Pictures side by side on one sheet, and sheets as PNG files that say where they are from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.data.pictures import Pixels
from engine.runtime.atomic import write_file

GAP = 2  # pixels between two pictures and around all of them


def picture_sheet(pictures: Pixels, columns: int = 0) -> Pixels:
    """Pictures [n, H, W] or [n, H, W, 3] row by row on a black sheet, uint8 [height, width] or [height, width, 3].

    With 0 columns it has about as many as rows. Raises `ValueError` without pictures.
    """
    if not len(pictures):
        raise ValueError("a sheet needs pictures")
    across = min(columns or math.ceil(math.sqrt(len(pictures))), len(pictures))
    down = math.ceil(len(pictures) / across)
    high, wide = pictures.shape[1] + GAP, pictures.shape[2] + GAP
    sheet = np.zeros((down * high + GAP, across * wide + GAP, *pictures.shape[3:]), np.uint8)
    for index, picture in enumerate(pictures):
        top, left = GAP + index // across * high, GAP + index % across * wide
        sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return sheet


def write_png(path: Path, picture: Pixels, about: Mapping[str, str]) -> None:
    """Write a picture [height, width] or [height, width, 3], with `about` as its text. Raises `SaveError`."""
    text = PngInfo()
    for name, value in about.items():
        text.add_itxt(name, value)
    write_file(path, lambda file: Image.fromarray(picture).save(file, "PNG", pnginfo=text))
