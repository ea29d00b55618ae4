"""Quick, Draw!'s ndjson: one drawing per line, {"word": ..., "drawing": [[xs, ys], ...]} and, in the raw form, times.

Source: the published data set's description (Google, Quick, Draw! Dataset). The simplified form fits a box of 0 to 255
and is simplified with an epsilon of 2; the raw form has a third list of milliseconds in every stroke.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadDrawingError, BadFileError
from engine.sketch.formats.result import ReadResult
from engine.sketch.strokes import Drawing, make_drawing

MAX_BYTES = 2**31
MAX_LINE_BYTES = 4 * 2**20
MAX_DRAWINGS = 500_000


def read_ndjson(path: Path, limit: int | None = None) -> ReadResult:
    """Drawings of an ndjson file, at most `limit`; a line that is not a drawing is skipped and counted.

    Raises `BadFileError` when the file cannot be read or holds no drawing at all.
    """
    drawings: list[Drawing] = []
    skipped: Counter[str] = Counter()
    raw = False
    most = MAX_DRAWINGS if limit is None else min(limit, MAX_DRAWINGS)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadFileError(f"{path.name} is larger than 2 GB; split it first.")
        with path.open("rb") as file:
            while len(drawings) < most and (line := file.readline(MAX_LINE_BYTES + 1)):
                if len(line) > MAX_LINE_BYTES:
                    raise BadFileError(f"{path.name} has a line of more than 4 MB, which is no drawing.")
                if not line.strip():
                    continue
                try:
                    drawing, timed = _parse_line(line)
                except BadDrawingError as error:
                    skipped[str(error)] += 1
                    continue
                raw = raw or timed
                drawings.append(drawing)
    except OSError as error:
        raise BadFileError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if not drawings and most:
        raise BadFileError(f"{path.name} holds no drawing in Quick, Draw!'s form (one JSON object per line).")
    return ReadResult(drawings, dict(skipped), simplified=not raw)


def to_ndjson_line(drawing: Drawing, recognised: bool = True) -> str:
    """One line (with its newline) in the simplified form; coordinates are rounded to a hundredth."""
    strokes = [np.round(stroke.T.astype(np.float64), 2).tolist() for stroke in drawing.strokes]
    record = {"word": drawing.word, "recognized": recognised, "drawing": strokes}
    return json.dumps(record, separators=(",", ":")) + "\n"


def _parse_line(line: bytes) -> tuple[Drawing, bool]:
    try:
        parsed: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadDrawingError("A line is not whole JSON.") from error
    strokes = parsed.get("drawing") if isinstance(parsed, dict) else None
    if not isinstance(strokes, list) or not strokes:
        raise BadDrawingError("A line has no strokes under \"drawing\".")
    pairs = []
    timed = False
    for stroke in strokes:
        whole = isinstance(stroke, list) and len(stroke) in (2, 3) and all(isinstance(axis, list) for axis in stroke)
        if not whole:
            raise BadDrawingError("A stroke is not a pair of lists of x and y.")
        if len(stroke[0]) != len(stroke[1]):
            raise BadDrawingError("A stroke has not as many x as y.")
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for axis in stroke[:2] for v in axis):
            raise BadDrawingError("A stroke has coordinates that are not numbers.")
        timed = timed or len(stroke) == 3
        pairs.append(list(zip(stroke[0], stroke[1], strict=True)))
    word = parsed.get("word")
    drawing = make_drawing(pairs, word[:80] if isinstance(word, str) else "")
    if not drawing.point_count:
        raise BadDrawingError("A drawing has no points.")
    return drawing, timed
