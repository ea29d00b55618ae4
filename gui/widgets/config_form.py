"""A form for any configuration dataclass, made from what its fields say about themselves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import qtawesome
from pyqtgraph.parametertree import Parameter, ParameterTree
from pyqtgraph.parametertree.parameterTypes import SimpleParameter, WidgetParameterItem
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from engine.errors import TrainingError
from engine.runtime.config import from_json, to_json

ADVANCED = "Advanced"
NO_GROUP = "Settings"
SIGNIFICANT_DIGITS = 12
ROW_SHRINKS_TO = 0.9
RESET_COLOUR = "#7d859b"


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


class ConfigForm(QWidget):
    """Shows and changes one configuration of `config_class`.

    `edited` brings {name: value} when the person changes a field while `set_live(True)` holds; `changed` tells of any
    change by the person.
    """

    edited = Signal(dict)
    changed = Signal()

    def __init__(self, config_class: type[Any], groups: tuple[str, ...] = (), parent: QWidget | None = None) -> None:
        """Make rows for the fields of `groups`, in this order (all of them, in the class's order, when empty)."""
        super().__init__(parent)
        self._class = config_class
        self._live = False
        self._parameters: dict[str, Any] = {}
        self._fields = {entry.name: entry for entry in fields(config_class)}
        self._hidden = _defaults(config_class)
        self._root = Parameter.create(name="settings", type="group", children=self._groups(groups))
        self._root.sigTreeStateChanged.connect(self._on_tree_changed)
        self._tree = ParameterTree(parent=self, showHeader=False)
        self._tree.setParameters(self._root, showTop=False)
        for parameter in self._parameters.values():
            _dress_reset_button(parameter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tree)

    def sizeHint(self) -> QSize:  # Qt's name
        """Wide enough for a label and a number."""
        return QSize(360, 480)

    def config(self) -> Any:
        """The checked configuration; raises `TrainingError` with a sentence about the first field that is wrong."""
        return from_json(self._class, self._hidden | {name: self._value(name) for name in self._parameters})

    def set_config(self, config: Any) -> None:
        """Show another configuration; tells nobody."""
        values = to_json(config)
        self._hidden |= values
        # The rows listen to their parameters themselves, so only the form's own signals are held back.
        was_blocked = self.blockSignals(True)
        for name, parameter in self._parameters.items():
            parameter.setValue(_shown(self._fields[name], _hint(self._class, name), values[name]))
        self.blockSignals(was_blocked)

    def set_live(self, live: bool) -> None:
        """While a run is going on only the `live` fields can be changed, and each change is told by `edited`."""
        self._live = live
        for name, parameter in self._parameters.items():
            parameter.setOpts(enabled=not live or bool(self._fields[name].metadata.get("live")))

    def parameter(self, name: str) -> Any:
        """pyqtgraph's parameter of a field."""
        return self._parameters[name]

    def _groups(self, wanted: tuple[str, ...]) -> list[Any]:
        plain: dict[str, list[Any]] = {name: [] for name in wanted}
        advanced: dict[str, list[Any]] = {}
        for entry in self._fields.values():
            group = entry.metadata.get("group", NO_GROUP)
            if wanted and group not in wanted:
                continue
            parameter = Parameter.create(**_options(entry, _hint(self._class, entry.name)))
            self._parameters[entry.name] = parameter
            (advanced if entry.metadata.get("advanced") else plain).setdefault(group, []).append(parameter)
        made = []
        for group in dict.fromkeys([*plain, *advanced]):
            children = list(plain.get(group, []))
            if group in advanced:
                children.append(
                    Parameter.create(name=ADVANCED, type="group", expanded=False, children=advanced[group]))
            made.append(Parameter.create(name=group, type="group", children=children))
        return made

    def _value(self, name: str) -> Any:
        return _read(name, _hint(self._class, name), self._parameters[name].value())

    def _on_tree_changed(self, _root: Any, changes: list[tuple[Any, str, Any]]) -> None:
        names = [parameter.name() for parameter, what, _ in changes if what == "value"]
        if not names:
            return
        self.changed.emit()
        if self._live:
            self.edited.emit({name: self._value(name) for name in names})


def _dress_reset_button(parameter: Any) -> None:
    """The button that brings a row's default back: an icon that fits both themes, seen only where it does something."""
    icon = qtawesome.icon("mdi6.restore", color=RESET_COLOUR, color_disabled=QColor(0, 0, 0, 0))
    for item in parameter.items:
        item.defaultBtn.setIcon(icon)
        item.defaultBtn.setProperty("role", "flat")
        item.defaultBtn.setToolTip("Back to the default.")
        item.defaultBtn.setAccessibleName("Back to the default")


def _options(entry: Field[Any], hint: Any) -> dict[str, Any]:
    """What pyqtgraph needs to make the row of a field."""
    about = entry.metadata
    default = entry.default if entry.default is not MISSING else None
    options: dict[str, Any] = {
        "name": entry.name,
        "title": entry.name.replace("_", " "),
        "tip": tooltip_of(about),
        "type": _row_type(hint, about),
        "value": _shown(entry, hint, default),
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


def _shown(entry: Field[Any], hint: Any, value: Any) -> Any:
    """The value of a field as its row holds it: tuples of numbers and values that may be missing are text."""
    if entry.metadata.get("choices") or hint in (bool, int, float, str):
        return value
    if hint == tuple[str, ...]:
        return tuple(value or ())
    if value is None:
        return ""
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _read(name: str, hint: Any, shown: Any) -> Any:
    """The other way round from `_shown`; raises `TrainingError` when the text is not what the field takes."""
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


def _hint(config_class: type[Any], name: str) -> Any:
    return get_type_hints(config_class)[name]


def _defaults(config_class: type[Any]) -> dict[str, Any]:
    return {entry.name: entry.default for entry in fields(config_class) if entry.default is not MISSING}


def _register() -> None:
    from pyqtgraph.parametertree import registerParameterType

    registerParameterType("paths", _PathsParameter, override=True)


_register()
