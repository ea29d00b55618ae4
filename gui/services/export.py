"""Drawings and pictures written to files that other programs open: PNG, SVG, SVG that draws itself, ndjson."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter

from engine.errors import BadDrawingError, SaveError
from engine.runtime.atomic import write_bytes, write_text
from engine.sketch.strokes import Drawing
from gui.widgets.ink import draw_ink, stroke_pieces

MIN_SIZE, MAX_SIZE = 16, 8192  # pixels of a picture's longer side

_MARGIN = 0.05  # of the longer side, left free around the ink


def export_png(
    drawing: Drawing,
    path: Path,
    size: int = 1024,
    paper: str | None = "#ffffff",
    ink: str = "#1b1b1f",
    stroke_width: float = 6.0,
) -> Path:
    """Paint the drawing as smooth as on the canvas; `size` is the longer side and `stroke_width` the line, in pixels.

    No `paper` leaves the ground transparent. Returns the path written, with its suffix. Raises `BadDrawingError` for an
    empty drawing and `SaveError` for a size out of range or a file that cannot be written.
    """
    _refuse_empty(drawing)
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise SaveError(f"A picture can be {MIN_SIZE} to {MAX_SIZE} pixels wide, not {size}; choose a size in between.")
    left, top, right, bottom = drawing.box()
    margin = min(_MARGIN * size + stroke_width / 2, size / 3)
    room = size - 2 * margin
    extent = max(right - left, bottom - top)
    scale = room / extent if extent > 0 else 1.0
    width, height = (max(round((side * scale) + 2 * margin), 1) for side in (right - left, bottom - top))
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    if image.isNull():
        raise SaveError(f"There is not enough memory for a picture of {size} pixels; choose a smaller one.")
    image.fill(QColor(paper) if paper is not None else Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(margin, margin)
    painter.scale(scale, scale)
    painter.translate(-left, -top)
    for stroke in drawing.strokes:
        draw_ink(painter, stroke_pieces(stroke, scale), QColor(ink), width=stroke_width / scale)
    painter.end()
    return export_image(image, path)


def export_image(image: QImage, path: Path, texts: Mapping[str, str] | None = None) -> Path:
    """Write an image as PNG, with `texts` in its text chunks; returns the path with its suffix.

    Raises `SaveError` for an empty image and for a file that cannot be written.
    """
    path = with_suffix(path, ".png")
    if texts:
        image = image.copy()
        for key, text in texts.items():
            image.setText(key, text)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not QImageWriter(buffer, QByteArray(b"png")).write(image):
        raise SaveError(f"{path.name} could not be made into a picture; choose a smaller size.")
    write_bytes(path, bytes(buffer.data().data()))
    return path


def export_svg(
    drawing: Drawing,
    path: Path,
    width: int = 1024,
    paper: str | None = None,
    ink: str = "#1b1b1f",
    stroke_width: float = 6.0,
) -> Path:
    """Write the drawing as SVG of `width`; returns the path with its suffix. Raises as `export_png`."""
    _refuse_empty(drawing)
    from engine.sketch.formats.svg_write import to_svg

    path = with_suffix(path, ".svg")
    write_text(path, to_svg(drawing, width=width, ink=ink, paper=paper, stroke_width=stroke_width))
    return path


def export_animated_svg(
    drawing: Drawing,
    path: Path,
    seconds: float = 4.0,
    width: int = 1024,
    paper: str | None = None,
    ink: str = "#1b1b1f",
    stroke_width: float = 6.0,
) -> Path:
    """Write an SVG that draws itself in `seconds`, stroke by stroke; otherwise as `export_svg`."""
    _refuse_empty(drawing)
    from engine.sketch.formats.svg_write import to_animated_svg

    path = with_suffix(path, ".svg")
    text = to_animated_svg(drawing, seconds=seconds, width=width, ink=ink, paper=paper, stroke_width=stroke_width)
    write_text(path, text)
    return path


def export_ndjson(drawing: Drawing, path: Path) -> Path:
    """Write the drawing as a line of Quick, Draw!'s ndjson; returns the path written. Raises as `export_png`."""
    _refuse_empty(drawing)
    from engine.sketch.formats.ndjson import to_ndjson_line

    path = with_suffix(path, ".ndjson")
    write_text(path, to_ndjson_line(drawing).rstrip("\n") + "\n")
    return path


def _refuse_empty(drawing: Drawing) -> None:
    if not drawing.point_count:
        raise BadDrawingError("There is nothing to export yet; draw something first.")


def with_suffix(path: Path, suffix: str) -> Path:
    """The path as it is when it ends in `suffix`, else with `suffix` added."""
    return path if path.suffix.lower() == suffix else path.with_name(path.name + suffix)
