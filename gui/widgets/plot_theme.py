"""The colours that plots and other painted widgets wear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class PlotTheme(Protocol):
    """The colours that a plot needs, as "#rrggbb"."""

    @property
    def window(self) -> str:
        """Behind everything."""

    @property
    def panel(self) -> str:
        """The ground of a plot."""

    @property
    def text(self) -> str:
        """Titles."""

    @property
    def muted(self) -> str:
        """Axes and their numbers."""

    @property
    def grid(self) -> str:
        """Helper lines."""

    @property
    def series(self) -> Sequence[str]:
        """The curves, in order."""


@dataclass(frozen=True)
class PlainColours:
    """What a plot wears until it is given a theme."""

    window: str = "#f1f2f6"
    panel: str = "#ffffff"
    text: str = "#1a1e2b"
    muted: str = "#565e72"
    grid: str = "#dcdfe8"
    series: Sequence[str] = ("#0067a8", "#cc5200", "#00856a", "#a8437f", "#8f6a00", "#3d3a8c")
