"""Drawings as SVG: true paths, still or drawing themselves stroke by stroke.

Coordinates are the drawing's own, written so that reading them gives the same float32 numbers back; the viewBox does
the scaling. A dot is a line of no length, which round caps make visible (SVG 1.1, section 11.4). The animation is SMIL,
which plays wherever an SVG is shown as a picture; what does not play it shows the finished drawing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from engine.sketch.strokes import Drawing, Points, scaled

INK = "#1b1b1f"
MARGIN = 0.05  # of the drawing's longer side, around the strokes
SHEET_MARGIN = 0.1  # of a cell of a sheet, on each side
HOLD = 0.2  # of the drawing time: how long the finished drawing stands before the animation begins again


@dataclass(frozen=True)
class _Frame:
    """The part of the drawing's plane that is shown, and how wide a stroke is there."""

    left: float
    top: float
    width: float
    height: float
    line: float


def to_svg(
    drawing: Drawing, *, width: int = 512, ink: str = INK, paper: str | None = None, stroke_width: float = 3.0
) -> str:
    """A picture `width` pixels wide, one <path> per stroke `stroke_width` pixels thick; no paper means transparent."""
    frame = _frame(drawing, width, stroke_width)
    paths = [f"<path d={quoteattr(_path_data(stroke))}/>" for stroke in drawing.strokes]
    return _document(drawing.word, frame, width, ink, paper, paths)


def to_animated_svg(
    drawing: Drawing,
    seconds: float,
    *,
    width: int = 512,
    ink: str = INK,
    paper: str | None = None,
    stroke_width: float = 3.0,
) -> str:
    """As `to_svg`, but the strokes grow one after another in `seconds`, each for its share of the length; it loops."""
    frame = _frame(drawing, width, stroke_width)
    lengths = [_length(stroke) for stroke in drawing.strokes]
    duration = seconds * (1 + HOLD)
    paths = [
        f"<path d={quoteattr(_path_data(stroke))}{_animated(length, start, end, duration)}</path>"
        for stroke, length, (start, end) in zip(drawing.strokes, lengths, _times(lengths, frame.line), strict=True)
    ]
    return _document(drawing.word, frame, width, ink, paper, paths)


def sheet_svg(drawings: Sequence[Drawing], *, cell: int = 160, ink: str = INK, stroke_width: float = 2.0) -> str:
    """Drawings side by side in a grid that is about as wide as high, each filling a cell of `cell` pixels."""
    columns = max(1, math.ceil(math.sqrt(len(drawings))))
    placed = []
    for index, drawing in enumerate(drawings):
        left, top, right, bottom = drawing.box()
        zoom = cell * (1 - 2 * SHEET_MARGIN) / (max(right - left, bottom - top) or 1.0)
        row, column = divmod(index, columns)
        shift = (
            (column + 0.5) * cell - (left + right) / 2 * zoom,
            (row + 0.5) * cell - (top + bottom) / 2 * zoom,
        )
        placed.append(scaled(drawing, zoom, shift))
    rows = max(1, math.ceil(len(drawings) / columns))
    frame = _Frame(0, 0, columns * cell, rows * cell, stroke_width)
    paths = [f"<path d={quoteattr(_path_data(stroke))}/>" for drawing in placed for stroke in drawing.strokes]
    return _document("", frame, columns * cell, ink, "white", paths)


def _frame(drawing: Drawing, width: int, stroke_width: float) -> _Frame:
    left, top, right, bottom = drawing.box()
    extent = max(right - left, bottom - top) or 1.0  # a single dot has no size of its own
    margin = MARGIN * extent
    shown_width, shown_height = right - left + 2 * margin, bottom - top + 2 * margin
    # Half a stroke stands out on either side; solved for the width in which a stroke has its pixels.
    pixels = max(width - stroke_width, 1.0)
    line = stroke_width * shown_width / pixels
    return _Frame(left - margin - line / 2, top - margin - line / 2, shown_width + line, shown_height + line, line)


def _document(word: str, frame: _Frame, width: int, ink: str, paper: str | None, paths: Sequence[str]) -> str:
    box = " ".join(_number(value) for value in (frame.left, frame.top, frame.width, frame.height))
    height = max(round(width * frame.height / frame.width), 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="{box}">',
        *([f"<title>{escape(_writable(word))}</title>"] if word else []),
        *([f"<rect {_corner(frame)} fill={quoteattr(paper)}/>"] if paper is not None else []),
        f'<g fill="none" stroke={quoteattr(ink)} stroke-width="{_number(frame.line)}" '
        'stroke-linecap="round" stroke-linejoin="round">',
        *paths,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _corner(frame: _Frame) -> str:
    left, top = _number(frame.left), _number(frame.top)
    return f'x="{left}" y="{top}" width="{_number(frame.width)}" height="{_number(frame.height)}"'


def _path_data(stroke: Points) -> str:
    points = [f"{_exact(x)} {_exact(y)}" for x, y in stroke]
    return f"M{points[0]}L{' '.join(points[1:] or points)}"


def _exact(value: np.float32) -> str:
    """The shortest digits that name this float32 and no other."""
    return np.format_float_positional(value, unique=True, trim="-")


def _number(value: float) -> str:
    """Enough digits for what is only looked at."""
    return f"{value:.7g}"


def _writable(text: str) -> str:
    """The text without the control characters that XML cannot hold in any form."""
    return "".join(sign for sign in text if sign.isprintable() or sign in "\t\n")


def _length(stroke: Points) -> float:
    return float(np.hypot(*np.diff(stroke.astype(np.float64), axis=0).T).sum())


def _times(lengths: Sequence[float], least: float) -> Iterator[tuple[float, float]]:
    """When each stroke begins and ends, as fractions of the whole loop; a dot takes as long as its own width."""
    weights = [max(length, least) for length in lengths]
    total = math.fsum(weights) * (1 + HOLD)
    passed = 0.0
    for weight in weights:
        yield passed / total, (passed + weight) / total
        passed += weight


def _animated(length: float, start: float, end: float, duration: float) -> str:
    """The rest of a path's tag and its animations: unseen until `start`, then grown to its whole length at `end`."""
    loop = f'dur="{_number(duration)}s" repeatCount="indefinite"'
    # Without this the round cap of a line not yet begun shows as a dot.
    seen = (
        f'<animate attributeName="visibility" calcMode="discrete" values="hidden;visible" '
        f'keyTimes="0;{start:.5f}" {loop}/>'
        if start > 0
        else ""
    )
    if length == 0:
        return f">{seen}"
    dash = _number(length * 1.001)  # a little over, so that rounding leaves no gap at the end
    grown = (
        f'<animate attributeName="stroke-dashoffset" values="{dash};{dash};0;0" '
        f'keyTimes="0;{start:.5f};{end:.5f};1" {loop}/>'
    )
    return f' stroke-dasharray="{dash} {dash}">{seen}{grown}'
