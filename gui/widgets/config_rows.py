"""The rows of a form: what pyqtgraph's parameter tree needs to show a setting, and how values go in and come out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pyqtgraph.parametertree import registerParameterType
from pyqtgraph.parametertree.parameterTypes import SimpleParameter, WidgetParameterItem
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from engine.errors import TrainingError

SIGNIFICANT_DIGITS = 12
ROW_SHRINKS_TO = 0.9


class PathsEdit(QWidget):
    """A line of paths with a button to choose files or a folder."""

    sigChanged = Signal()  # the name that pyqtgraph's parameter items expect

    def __init__(self, parent: QWidget | None = None) -> None:
        """An empty list of paths."""
        super().__init__(parent)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("no files chosen")
        self.line.editingFinished.connect(self.sigChanged)
        button = QToolButton(self)
        button.setText("…")
        button.setToolTip("Choose files or a folder")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.addAction("Add files…", self._on_files_triggered)
        menu.addAction("Add a folder…", self._on_folder_triggered)
        button.setMenu(menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.line, 1)
        layout.addWidget(button)

    def sizeHint(self) -> QSize:  # Qt's name
        """As high as it is after pyqtgraph has made its row lower than what the widget asks for."""
        hint = super().sizeHint()
        return QSize(hint.width(), round(hint.height() / ROW_SHRINKS_TO) + 4)

    def value(self) -> tuple[str, ...]:
        """The paths; in the line they stand between the system's own separators."""
        return tuple(part.strip() for part in self.line.text().split(os.pathsep) if part.strip())

    def setValue(self, paths: tuple[str, ...]) -> None:  # pyqtgraph's name
        """Show other paths."""
        self.line.setText(os.pathsep.join(paths))

    def add(self, paths: list[str]) -> None:
        """Put `paths` behind those that are there; one that is there already is not put there twice."""
        self.setValue(tuple(dict.fromkeys([*self.value(), *paths])))
        self.sigChanged.emit()

    def _on_files_triggered(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Add files", self._start_folder())
        self.add(chosen)

    def _on_folder_triggered(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Add a folder", self._start_folder())
        self.add([chosen] if chosen else [])

    def _start_folder(self) -> str:
        paths = self.value()
        return str(Path(paths[-1]).parent) if paths else ""


class _PathsItem(WidgetParameterItem):  # type: ignore[misc]  # pyqtgraph is not typed
    """The row of a tuple of paths."""

    def makeWidget(self) -> PathsEdit:  # pyqtgraph's name
        self.hideWidget = False
        return PathsEdit()


class _PathsParameter(SimpleParameter):  # type: ignore[misc]  # pyqtgraph is not typed
    """A tuple of paths."""

    itemClass = _PathsItem  # pyqtgraph's name


def row_options(entry: Field[Any], hint: Any) -> dict[str, Any]:
    """What pyqtgraph needs to make the row of a field."""
    about = entry.metadata
    default = entry.default if entry.default is not MISSING else None
    options: dict[str, Any] = {
        "name": entry.name,
        "title": entry.name.replace("_", " "),
        "tip": tooltip_of(about),
        "type": _row_type(hint, about),
        "value": shown_value(entry, hint, default),
    }
    options["default"] = options["value"]
    if about.get("choices"):
        options["limits"] = list(about["choices"])
    elif options["type"] in ("int", "float"):
        options["limits"] = (about.get("low"), about.get("high"))
        if about.get("unit"):
            options["suffix"] = " " + about["unit"]
        if options["type"] == "float":
            # Steps of a tenth of the value itself, as learning rates and weights are felt.
            options |= {"dec": True, "step": 0.1, "minStep": 1e-7, "decimals": SIGNIFICANT_DIGITS}
        else:
            options["decimals"] = SIGNIFICANT_DIGITS
    return options


def _row_type(hint: Any, about: Mapping[str, Any]) -> str:
    if about.get("choices"):
        return "list"
    if hint in (bool, int, float):
        return str(hint.__name__)
    return "paths" if hint == tuple[str, ...] else "str"


def tooltip_of(about: Mapping[str, Any]) -> str:
    """What the metadata of a `setting` says: meaning, range, unit and source."""
    text = str(about.get("help", ""))
    low, high, unit, source = (about.get(key) for key in ("low", "high", "unit", "source"))
    if low is not None or high is not None:
        first, last = ("" if low is None else f"{low:g}"), ("" if high is None else f"{high:g}")
        text += f"\nRange: {first} to {last}" + (f" {unit}" if unit else "") + "."
    elif unit:
        text += f"\nUnit: {unit}."
    return text + (f"\nSource: {source}." if source else "")


def shown_value(entry: Field[Any], hint: Any, value: Any) -> Any:
    """The value of a field as its row holds it: tuples of numbers and values that may be missing are text."""
    if entry.metadata.get("choices") or hint in (bool, int, float, str):
        return value
    if hint == tuple[str, ...]:
        return tuple(value or ())
    if value is None:
        return ""
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def read_value(name: str, hint: Any, shown: Any) -> Any:
    """The other way round from `shown_value`; raises `TrainingError` when the text is not what the field takes."""
    if not isinstance(shown, str) or hint is str:
        return shown
    origin = get_origin(hint)
    try:
        if origin is tuple:
            return tuple(get_args(hint)[0](part) for part in shown.replace(",", " ").split())
        if origin in (Union, UnionType):
            wanted = next(option for option in get_args(hint) if option is not type(None))
            return wanted(shown) if shown.strip() else None
    except ValueError:
        raise TrainingError(f"{name.replace('_', ' ')} cannot be {shown!r}; write numbers.") from None
    return shown


def hint_of(config_class: type[Any], name: str) -> Any:
    """The type of a field."""
    return get_type_hints(config_class)[name]


def defaults_of(config_class: type[Any]) -> dict[str, Any]:
    """The default of each field that has one."""
    return {entry.name: entry.default for entry in fields(config_class) if entry.default is not MISSING}


registerParameterType("paths", _PathsParameter, override=True)
