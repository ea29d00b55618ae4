"""What a lab is to the window, and which labs there are."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.errors import BadFileError
from gui.messages import Messages
from gui.settings import Settings
from gui.theme import ThemeManager
from gui.widgets.status_bar import StatusBar


@dataclass(frozen=True)
class LabContext:
    """What the window lends to every lab."""

    messages: Messages
    settings: Settings
    theme: ThemeManager
    status: StatusBar


class Lab(QWidget):
    """One stage of the app. A lab is made as `LabClass(context, parent)` when it is first shown.

    The status bar is shared: it is empty when `on_shown` is called, and only the lab that is shown may write to it.
    """

    name: str
    title: str
    icon_name: str  # of qtawesome, such as "mdi6.draw"

    def on_shown(self) -> None:
        """The lab has become the one on stage."""

    def on_hidden(self) -> None:
        """Another lab takes the stage, or the window closes: stop what only matters when seen."""

    def shut_down(self) -> None:
        """The window closes for good: leave no thread, process or timer behind."""

    def info_html(self) -> str:
        """What am I looking at? The idea, the equation and the source, as HTML that QTextBrowser understands."""
        return ""

    def open_file(self, path: Path) -> None:
        """Open a file that the person brought; raises `EngineError` with a sentence when that is not possible."""
        raise BadFileError(f"The {self.title} lab cannot open files, so {path.name} was left alone.")


@dataclass(frozen=True)
class LabEntry:
    """A lab in the rail; `path` ("module:Class") is imported when the lab is first shown."""

    name: str
    title: str
    icon_name: str
    path: str

    def load(self) -> Callable[[LabContext], Lab]:
        """Import the lab's module and return its class."""
        module, _, name = self.path.partition(":")
        make_lab: Callable[[LabContext], Lab] = getattr(importlib.import_module(module), name)
        return make_lab


LABS: tuple[LabEntry, ...] = (
    LabEntry(name="sketch", title="Sketch", icon_name="mdi6.draw", path="gui.sketch_lab.lab:SketchLab"),
    LabEntry(
        name="capsules", title="Capsules", icon_name="mdi6.vector-polyline", path="gui.capsule_lab.lab:CapsuleLab"),
    LabEntry(
        name="training", title="Training", icon_name="mdi6.chart-bell-curve-cumulative",
        path="gui.training_lab.lab:TrainingLab"),
)
