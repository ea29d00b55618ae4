"""A drawing from the outlines of an SVG file: paths, polylines, polygons, lines, rectangles and circles.

The XML is walked here, under limits and without entities, files or network; `svgelements` reads path data, lengths and
transforms (see `engine.sketch.formats.svg_paths`). Source: SVG 1.1, chapters 5 and 7-9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from engine.errors import BadDrawingError, BadFileError
from engine.sketch.formats.result import ReadResult
from engine.sketch.formats.svg_paths import (
    Curve,
    Matrix,
    count_tokens,
    curves_of,
    flattened,
    page_of,
    path_of,
    shift_of,
    transform_of,
)
from engine.sketch.strokes import MAX_POINTS, make_drawing

MAX_BYTES = 20 * 2**20
MAX_ELEMENTS = 50_000  # also counts what a <use> repeats, or a small file could ask for a billion shapes
MAX_DEPTH = 128
MAX_TOKENS = 8 * MAX_POINTS  # an arc, the wordiest piece, is a letter and seven numbers, and gives at least one point

NOT_A_SHAPE = "A shape is not written as SVG asks."
ELSEWHERE = "A shape lies in another file."

_UNSEEN = frozenset({"defs", "symbol", "clipPath", "mask", "marker", "pattern", "metadata"})


@dataclass(frozen=True)
class _Item:
    """An element on the way: its transform to the page, and how many <use> led to it."""

    element: ElementTree.Element
    matrix: Matrix
    uses: int


def read_svg(path: Path, limit: int | None = None) -> ReadResult:
    """The drawing of an SVG file (none if `limit` is 0), in the units of its outermost coordinates.

    Its word is the file's <title>, else its name. Raises `BadFileError` when the file is damaged, too large or unsafe,
    has no outline, too many points or numbers that are not finite.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFileError(f"{path.name} is larger than {MAX_BYTES >> 20} MB; simplify the picture first.")
        data = path.read_bytes()
    except OSError as error:
        raise BadFileError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    root = _parse(data, path.name)
    skipped: Counter[str] = Counter()
    title = root.find("{*}title")
    word = (title.text or "").strip()[:80] if title is not None else ""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # `flattened` refuses what is not finite
            strokes = flattened(list(_outlines(root, skipped, path.name)))
        drawing = make_drawing(strokes, word or path.stem.replace("_", " "))
    except BadDrawingError as error:
        raise BadFileError(f"{path.name} cannot be used. {error}") from error
    if not drawing.strokes:
        raise BadFileError(f"{path.name} has no outlines to draw; texts and pictures cannot be traced.")
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
    page = page_of(root)
    elements = characters = tokens = 0
    waiting: list[_Item] = []

    def visit(children: list[ElementTree.Element], matrix: Matrix, uses: int) -> None:
        nonlocal elements
        elements += len(children)
        if elements > MAX_ELEMENTS:
            raise BadFileError(f"{name} repeats its shapes too many times; simplify the picture first.")
        waiting.extend(_Item(child, matrix, uses) for child in reversed(children))

    visit(list(root), np.eye(3), 0)
    while waiting:
        item = waiting.pop()
        element, tag = item.element, _tag(item.element)
        characters += sum(len(element.get(key, "")) for key in ("d", "points", "style"))
        if characters <= MAX_BYTES:
            tokens += count_tokens(element.get("d", "")) + count_tokens(element.get("points", ""))
        if characters > MAX_BYTES or tokens > MAX_TOKENS:
            raise BadFileError(f"{name} has more than {MAX_POINTS:,} points; simplify the picture first.")
        if tag in _UNSEEN or _is_hidden(element):
            continue
        try:
            matrix = item.matrix @ transform_of(element)
            if tag in ("use", "svg"):
                matrix = matrix @ shift_of(element, page)
            shape = path_of(element, tag, page)
            outlines = list(curves_of(shape, matrix)) if shape is not None else []
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
            skipped[NOT_A_SHAPE] += 1
            continue
        yield from outlines
        if tag == "use":
            target = named.get(_reference(element).removeprefix("#")) if _reference(element).startswith("#") else None
            if target is None or item.uses >= MAX_DEPTH:
                skipped[ELSEWHERE] += 1
            else:
                visit(list(target) if _tag(target) == "symbol" else [target], matrix, item.uses + 1)
        elif shape is None:
            visit(list(element), matrix, item.uses)


def _is_hidden(element: ElementTree.Element) -> bool:
    style = element.get("style", "").replace(" ", "")
    return element.get("display") == "none" or element.get("visibility") == "hidden" or "display:none" in style


def _reference(element: ElementTree.Element) -> str:
    return element.get("href") or element.get("{http://www.w3.org/1999/xlink}href") or ""
