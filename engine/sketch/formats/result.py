"""What reading a file of drawings gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.sketch.strokes import Drawing


@dataclass(frozen=True)
class ReadResult:
    """Drawings of a file and, for those left out, why (one sentence each, counted).

    `splits` names the part of each drawing ("train", "valid", "test") where the file says it, else is empty.
    `simplified` says that the points are already simplified as Quick, Draw!'s are, so that they need no more of it.
    """

    drawings: Sequence[Drawing]
    skipped: dict[str, int] = field(default_factory=dict)
    splits: Sequence[str] = ()
    simplified: bool = False
