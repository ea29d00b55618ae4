"""Shapes of SVG as polylines on the page, through `svgelements`.

Curves become polylines that stay within half a percent of the drawing's size; the number of their pieces is Wang's
bound (Goldman, Pyramid Algorithms, 2003, section 5.6). Source of the shapes: SVG 1.1, chapters 7-9.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import svgelements
from numpy.typing import NDArray

from engine.errors import BadDrawingError
from engine.sketch.strokes import MAX_POINTS

TOLERANCE = 0.002  # of the drawing's longer side
MAX_PIECES = 256
MAX_CLOSINGS = 100

_SHAPES: dict[str, type[svgelements.Shape]] = {
    "polyline": svgelements.Polyline,
    "polygon": svgelements.Polygon,
    "line": svgelements.SimpleLine,
    "rect": svgelements.Rect,
    "circle": svgelements.Circle,
    "ellipse": svgelements.Ellipse,
}
_GEOMETRY = frozenset({"points", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "rx", "ry", "r", "cx", "cy"})
_MOVE = re.compile(r"[mM]")
_NUMBER = re.compile(r"[0-9.]+")
_TOKEN = re.compile(r"[0-9.]+|[a-zA-Z]")
_SIGNED = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")

Matrix = NDArray[np.float64]
Curve = NDArray[np.float64]  # [2, 2], [3, 2] or [4, 2]: the control points of a line, quadratic or cubic piece
Page = tuple[float, float, float, float]  # left, top, width and height


def page_of(root: ElementTree.Element) -> Page:
    """Left, top, width and height of the page, by which percentages and backgrounds are known."""
    sides = [float(side) for side in _SIGNED.findall(root.get("viewBox", "")[:200])]
    if len(sides) == 4:
        return (sides[0], sides[1], sides[2], sides[3])
    width = _SIGNED.match(root.get("width", "").strip()[:50])
    height = _SIGNED.match(root.get("height", "").strip()[:50])
    # 300 by 150 is what CSS gives a picture that names no size.
    return (0.0, 0.0, float(width.group()) if width else 300.0, float(height.group()) if height else 150.0)


def count_tokens(text: str) -> int:
    """About how many letters and numbers stand in path data or a list of points."""
    return len(_TOKEN.findall(text))


def _short(text: str) -> str:
    """The text, if it is short enough for patterns whose time grows with the square of a number's length."""
    if len(text) > 2000:
        raise ValueError("an attribute is far too long")
    return text


def transform_of(element: ElementTree.Element) -> Matrix:
    """The element's own transform, [3, 3]."""
    text = element.get("transform")
    if text is None:
        return np.eye(3)
    found = svgelements.Matrix(_short(text))
    return np.array([[found.a, found.c, found.e], [found.b, found.d, found.f], [0, 0, 1]], np.float64)


def shift_of(element: ElementTree.Element, page: Page) -> Matrix:
    """The transform [3, 3] by which a <use> or inner <svg> is moved to its x and y."""
    x, y = (
        float(svgelements.Length(_short(element.get(key, "0"))).value(ppi=96.0, relative_length=length))
        for key, length in (("x", page[2]), ("y", page[3]))
    )
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def path_of(element: ElementTree.Element, tag: str, page: Page) -> svgelements.Path | None:
    """The outline of a shape in its own coordinates; None for what is no shape, and for a page's background."""
    if tag == "path":
        text = element.get("d", "")
        if any(len(number) > 100 for number in _NUMBER.findall(text)):
            raise ValueError("a number is far too long")
        # For each closing `svgelements` goes back to the last move, which takes long if there are many and no move.
        if any(piece.lower().count("z") > MAX_CLOSINGS for piece in _MOVE.split(text)):
            raise ValueError("an outline is closed over and over")
        return svgelements.Path(text)
    kind = _SHAPES.get(tag)
    if kind is None:
        return None
    values = {key: value for key, value in element.attrib.items() if key in _GEOMETRY}
    for key, value in values.items():
        longest = max((len(number) for number in _NUMBER.findall(value)), default=0)
        if longest > 100 or (key != "points" and len(value) > 100):
            raise ValueError("a number is far too long")
    shape = kind(values)
    shape.render(ppi=96.0, width=page[2], height=page[3])
    if isinstance(shape, svgelements.Rect) and _is_background(element, shape, page):
        return None
    return svgelements.Path(shape)


def _is_background(element: ElementTree.Element, rect: svgelements.Rect, page: Page) -> bool:
    """Whether a rectangle without an outline covers the page: that is paper, not a stroke."""
    if element.get("stroke", "none") != "none" or "stroke:" in element.get("style", "").replace(" ", ""):
        return False
    left, top, width, height = page
    covers_width = rect.x <= left and rect.x + rect.width >= left + width
    return bool(covers_width and rect.y <= top and rect.y + rect.height >= top + height)


def curves_of(path: svgelements.Path, matrix: Matrix) -> Iterator[list[Curve]]:
    """The subpaths of a path on the page, each a list of curves that follow one another."""
    current: list[Curve] = []
    for segment in path:
        if isinstance(segment, svgelements.Move):
            if current:
                yield current
            current = []
            continue
        arcs = segment.as_cubic_curves() if isinstance(segment, svgelements.Arc) else [segment]
        for arc in arcs:
            controls = [getattr(arc, name) for name in ("control", "control1", "control2") if hasattr(arc, name)]
            points = np.array([[point.x, point.y, 1.0] for point in (arc.start, *controls, arc.end)], np.float64)
            current.append((points @ matrix.T)[:, :2])
        if isinstance(segment, svgelements.Close):
            yield current
            current = []
    if current:
        yield current


def flattened(outlines: list[list[Curve]]) -> list[NDArray[np.float64]]:
    """Each outline as one polyline [n, 2]; a stroke whose points all coincide is a dot, [1, 2]."""
    curves = [curve for outline in outlines for curve in outline]
    if not curves:
        return []
    # Eight pieces of each curve measure the drawing well enough to say what a small error is.
    rough = np.concatenate([_along(curve, 8 if len(curve) > 2 else 1) for curve in curves])
    if not np.abs(rough).max() < 1e7:
        raise BadDrawingError("This drawing has coordinates that are not ordinary numbers.")
    allowed = TOLERANCE * float(np.ptp(rough, axis=0).max())
    counts = [_piece_count(curve, allowed) for curve in curves]
    if sum(counts) > MAX_POINTS:
        raise BadDrawingError(f"This drawing has more than {MAX_POINTS:,} points; simplify it first.")
    strokes: list[NDArray[np.float64]] = []
    pieces = iter(zip(curves, counts, strict=True))
    for outline in outlines:
        line = [outline[0][:1]]
        for _ in outline:
            curve, count = next(pieces)
            line.append(_along(curve, count))
        points = np.concatenate(line)
        strokes.append(points[:1] if (points == points[0]).all() else points)
    return strokes


def _piece_count(curve: Curve, allowed: float) -> int:
    """How many straight pieces keep a curve within `allowed` (Wang's bound)."""
    if len(curve) == 2:
        return 1
    degree = len(curve) - 1
    bend = float(np.hypot(*np.diff(curve, 2, axis=0).T).max())
    if allowed <= 0 or bend == 0:
        return 1
    return min(math.ceil(math.sqrt(degree * (degree - 1) / 8 * bend / allowed)), MAX_PIECES)


def _along(curve: Curve, count: int) -> NDArray[np.float64]:
    """Points [count, 2] at even parameters of a Bezier curve, its start left out and its end exact."""
    if count == 1:
        return curve[-1:]
    t = np.linspace(0, 1, count + 1)[1:, None]
    points = curve[None].repeat(count, axis=0)  # [count, control, 2]; de Casteljau's steps halve the second axis
    while points.shape[1] > 1:
        points = points[:, :-1] * (1 - t[:, None]) + points[:, 1:] * t[:, None]
    points[-1, 0] = curve[-1]
    return np.asarray(points[:, 0])
