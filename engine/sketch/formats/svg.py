"""A drawing from the outlines of an SVG file: paths, polylines, polygons, lines, rectangles and circles.

The XML is walked here, under limits and without entities, files or network; `svgelements` reads path data, lengths and
transforms. Curves become polylines that stay within half a percent of the drawing's size. Source: SVG 1.1, chapters
7-9; the number of pieces of a curve is Wang's bound (Goldman, Pyramid Algorithms, 2003, section 5.6).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
import svgelements
from numpy.typing import NDArray

from engine.errors import BadDrawingError, BadFileError
from engine.sketch.formats.result import ReadResult
from engine.sketch.strokes import MAX_POINTS, make_drawing

MAX_BYTES = 20 * 2**20
MAX_ELEMENTS = 50_000  # also counts what a <use> repeats, or a small file could ask for a billion shapes
MAX_DEPTH = 128
MAX_NUMBERS = 7 * MAX_POINTS  # an arc, the wordiest piece, has seven numbers and gives at least one point
TOLERANCE = 0.002  # of the drawing's longer side
MAX_PIECES = 256

NOT_A_SHAPE = "A shape is not written as SVG asks."
ELSEWHERE = "A shape lies in another file."

_SHAPES: dict[str, type[svgelements.Shape]] = {
    "polyline": svgelements.Polyline,
    "polygon": svgelements.Polygon,
    "line": svgelements.SimpleLine,
    "rect": svgelements.Rect,
    "circle": svgelements.Circle,
    "ellipse": svgelements.Ellipse,
}
_GEOMETRY = frozenset({"points", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "rx", "ry", "r", "cx", "cy"})
_UNSEEN = frozenset({"defs", "symbol", "clipPath", "mask", "marker", "pattern", "linearGradient", "radialGradient", "metadata"})
_NUMBER = re.compile(r"[0-9.]+")

Matrix = NDArray[np.float64]
Curve = NDArray[np.float64]  # [2, 2], [3, 2] or [4, 2]: the control points of a line, quadratic or cubic piece


@dataclass(frozen=True)
class _Item:
    """An element on the way: its transform to the page, and how many <use> led to it."""

    element: ElementTree.Element
    matrix: Matrix
    uses: int


def read_svg(path: Path, limit: int | None = None) -> ReadResult:
    """The drawing of an SVG file (none if `limit` is 0), in the units of its outermost coordinates.

    Its word is the file's <title>, else its name. Raises `BadFileError` when the file is damaged, too large or unsafe,
    `BadDrawingError` when it has too many points or numbers that are not finite.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFileError(f"{path.name} is larger than {MAX_BYTES >> 20} MB; simplify the picture first.")
        data = path.read_bytes()
    except OSError as error:
        raise BadFileError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    root = _parse(data, path.name)
    skipped: Counter[str] = Counter()
    strokes = _flattened(list(_outlines(root, skipped, path.name)))
    if not strokes:
        raise BadFileError(f"{path.name} has no outlines to draw; texts and pictures cannot be traced.")
    title = root.find("{*}title")
    word = (title.text or "").strip() if title is not None else ""
    drawing = make_drawing(strokes, word or path.stem.replace("_", " "))
    return ReadResult([drawing][:limit], dict(skipped))


def _parse(data: bytes, name: str) -> ElementTree.Element:
    """The tree of the file, its tags as {namespace}tag; refuses entities when they are declared, before any is used."""
    builder = ElementTree.TreeBuilder()
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise BadFileError(f"{name} has too many or too deeply nested elements; simplify the picture first.")
        builder.start(_braced(tag), {_braced(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_braced(tag))

    def entity(*_declaration: object) -> None:
        raise BadFileError(f"{name} declares XML entities, which can be unsafe; save it again as plain SVG.")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data, True)
        root = builder.close()
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BadFileError(f"{name} is not whole SVG; export or download it again.") from error
    if _tag(root) != "svg":
        raise BadFileError(f"{name} is XML but not SVG; save it as plain SVG.")
    return root


def _braced(name: str) -> str:
    return "{" + name if "}" in name else name


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _outlines(root: ElementTree.Element, skipped: Counter[str], name: str) -> Iterator[list[Curve]]:
    """The connected pieces of every visible shape, in the order they are painted."""
    named = {element.get("id", ""): element for element in root.iter()}
    page = _page(root)
    left = MAX_ELEMENTS
    numbers = 0
    waiting = [_Item(child, np.eye(3), 0) for child in reversed(root)]
    while waiting:
        item = waiting.pop()
        element, tag = item.element, _tag(item.element)
        left -= 1
        if left < 0:
            raise BadFileError(f"{name} repeats its shapes too many times; simplify the picture first.")
        numbers += sum(len(_NUMBER.findall(element.get(key, ""))) for key in ("d", "points"))
        if numbers > MAX_NUMBERS:
            raise BadDrawingError(f"{name} has more than {MAX_POINTS:,} points; simplify the picture first.")
        if tag in _UNSEEN or _is_hidden(element):
            continue
        try:
            matrix = item.matrix @ _transform(element)
            if tag in ("use", "svg"):
                matrix = matrix @ _shift(element, page)
            shape = _path(element, tag, page)
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
            skipped[NOT_A_SHAPE] += 1
            continue
        if shape is not None:
            yield from _pieces(shape, matrix)
        elif tag == "use":
            target = named.get(_reference(element).removeprefix("#")) if _reference(element).startswith("#") else None
            if target is None or item.uses >= MAX_DEPTH:
                skipped[ELSEWHERE] += 1
            else:
                inner = list(target) if _tag(target) == "symbol" else [target]
                waiting += [_Item(child, matrix, item.uses + 1) for child in reversed(inner)]
        else:
            waiting += [_Item(child, matrix, item.uses) for child in reversed(element)]


def _page(root: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, width and height of the page, by which percentages and backgrounds are known."""
    sides = [*_NUMBER_SIGNED.findall(root.get("viewBox", "")[:200])]
    if len(sides) == 4:
        left, top, width, height = (float(side) for side in sides)
        return (left, top, width, height)
    size = [_NUMBER_SIGNED.match(root.get(side, "").strip()[:50]) for side in ("width", "height")]
    width, height = (float(found.group()) if found else default for found, default in zip(size, (300, 150), strict=True))
    return (0.0, 0.0, width, height)


_NUMBER_SIGNED = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def _is_hidden(element: ElementTree.Element) -> bool:
    style = element.get("style", "").replace(" ", "")
    return "none" == element.get("display") or "hidden" == element.get("visibility") or "display:none" in style


def _reference(element: ElementTree.Element) -> str:
    return element.get("href") or element.get("{http://www.w3.org/1999/xlink}href") or ""


def _short(text: str) -> str:
    """The text, if it is short enough for patterns whose time grows with the square of a number's length."""
    if len(text) > 2000:
        raise ValueError("an attribute is far too long")
    return text


def _transform(element: ElementTree.Element) -> Matrix:
    text = element.get("transform")
    if text is None:
        return np.eye(3)
    found = svgelements.Matrix(_short(text))
    return np.array([[found.a, found.c, found.e], [found.b, found.d, found.f], [0, 0, 1]], np.float64)


def _shift(element: ElementTree.Element, page: tuple[float, float, float, float]) -> Matrix:
    x, y = (
        float(svgelements.Length(_short(element.get(key, "0"))).value(ppi=96.0, relative_length=length))
        for key, length in (("x", page[2]), ("y", page[3]))
    )
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _path(element: ElementTree.Element, tag: str, page: tuple[float, float, float, float]) -> svgelements.Path | None:
    """The outline of a shape in its own coordinates; None for what is no shape, and for a page's background."""
    if tag == "path":
        text = element.get("d", "")
        if any(len(number) > 100 for number in _NUMBER.findall(text)):
            raise ValueError("a number is far too long")
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


def _is_background(
    element: ElementTree.Element, rect: svgelements.Rect, page: tuple[float, float, float, float]
) -> bool:
    """Whether a rectangle without an outline covers the page: that is paper, not a stroke."""
    if element.get("stroke", "none") != "none" or "stroke:" in element.get("style", "").replace(" ", ""):
        return False
    left, top, width, height = page
    covers_width = rect.x <= left and rect.x + rect.width >= left + width
    return bool(covers_width and rect.y <= top and rect.y + rect.height >= top + height)


def _pieces(path: svgelements.Path, matrix: Matrix) -> Iterator[list[Curve]]:
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
            ends = [arc.start, getattr(arc, "control", None), getattr(arc, "control1", None), getattr(arc, "control2", None)]
            points = np.array([[point.x, point.y, 1.0] for point in [*ends, arc.end] if point is not None])
            current.append((points @ matrix.T)[:, :2])
        if isinstance(segment, svgelements.Close):
            yield current
            current = []
    if current:
        yield current


def _flattened(outlines: list[list[Curve]]) -> list[NDArray[np.float64]]:
    """Each outline as one polyline [n, 2]; a stroke whose points all coincide is a dot, [1, 2]."""
    curves = [curve for outline in outlines for curve in outline]
    if not curves:
        return []
    # Eight pieces of each curve measure the drawing well enough to say what a small error is.
    rough = np.concatenate([_along(curve, 8 if len(curve) > 2 else 1) for curve in curves])
    if not np.isfinite(rough).all():
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
