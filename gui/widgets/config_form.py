"""A form for any configuration dataclass, made from what its fields say about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import qtawesome
from pyqtgraph.parametertree import Parameter, ParameterTree
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from engine.runtime.config import from_json, to_json
from gui.widgets.config_rows import defaults_of, hint_of, read_value, row_options, shown_value

ADVANCED = "Advanced"
NO_GROUP = "Settings"
NEUTRAL = "#7d859b"  # of marks that have to be seen in both themes
CHANGED_MARK = "• "
_LABEL_ROOM = 14
LIVE_TIP = "\nCan be changed while it trains."


class ConfigForm(QWidget):
    """Shows and changes one configuration of `config_class`.

    `edited` brings {name: value} when the person changes a field while `set_live(True)` holds; `changed` tells of any
    change by the person. A row that differs from the preset (the class's defaults, until `set_preset`) is marked and
    can be brought back by itself or with all others; a lightning marks what can be changed while a run goes on.
    """

    edited = Signal(dict)
    changed = Signal()

    def __init__(self, config_class: type[Any], groups: tuple[str, ...] = (), parent: QWidget | None = None) -> None:
        """Make rows for the fields of `groups`, in this order (all of them, in the class's order, when empty)."""
        super().__init__(parent)
        self._class = config_class
        self._live = False
        self._parameters: dict[str, Any] = {}
        self._folds: dict[Any, bool] = {}  # groups that a search has opened, and whether they were open before
        self._fields = {entry.name: entry for entry in fields(config_class)}
        self._hidden = defaults_of(config_class)
        self._root = Parameter.create(name="settings", type="group", children=self._groups(groups))
        self._preset = {name: parameter.value() for name, parameter in self._parameters.items()}
        self._root.sigTreeStateChanged.connect(self._on_tree_changed)
        self._tree = ParameterTree(parent=self, showHeader=False)
        self._tree.setParameters(self._root, showTop=False)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a setting")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find a setting")
        self.search.setToolTip("Show only the settings whose name or explanation holds these words.")
        self.search.textChanged.connect(self._on_search_changed)
        self.reset_button = QPushButton("Reset")
        self.reset_button.clicked.connect(self._on_reset_clicked)
        for name, parameter in self._parameters.items():
            self._dress(name, parameter)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.search, 1)
        top.addWidget(self.reset_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self._tree)
        self._mark(self._parameters)

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
            parameter.setValue(self._shown(name, values))
        self.blockSignals(was_blocked)
        self._mark(self._parameters)

    def set_preset(self, preset: Any) -> None:
        """Mark from now on what differs from this configuration, and go back to it on reset; changes no value."""
        values = to_json(preset)
        self._preset = {name: self._shown(name, values) for name in self._parameters}
        for name, parameter in self._parameters.items():
            parameter.setDefault(self._preset[name])
        self._mark(self._parameters)

    def differing(self) -> list[str]:
        """The fields whose values are not those of the preset."""
        return [name for name, parameter in self._parameters.items() if parameter.value() != self._preset[name]]

    def set_live(self, live: bool) -> None:
        """While a run is going on only the `live` fields can be changed, and each change is told by `edited`."""
        self._live = live
        for name, parameter in self._parameters.items():
            parameter.setOpts(enabled=not live or self._is_live(name))
        self._mark(self._parameters)

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
            options = row_options(entry, hint_of(self._class, entry.name))
            if self._is_live(entry.name):
                options["tip"] += LIVE_TIP
            parameter = Parameter.create(**options)
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
        return read_value(name, hint_of(self._class, name), self._parameters[name].value())

    def _shown(self, name: str, values: Mapping[str, Any]) -> Any:
        return shown_value(self._fields[name], hint_of(self._class, name), values[name])

    def _is_live(self, name: str) -> bool:
        return bool(self._fields[name].metadata.get("live"))

    def _on_tree_changed(self, _root: Any, changes: list[tuple[Any, str, Any]]) -> None:
        names = [parameter.name() for parameter, what, _ in changes if what == "value"]
        if not names or self.signalsBlocked():
            return
        self._mark(names)
        self.changed.emit()
        if self._live:
            self.edited.emit({name: self._value(name) for name in names})

    # ---- what differs from the preset

    def _on_reset_clicked(self) -> None:
        """Bring back what may be changed now, as if the person had done it row by row."""
        with self._root.treeChangeBlocker():
            for name in self.differing():
                if self._parameters[name].opts["enabled"]:
                    self._parameters[name].setValue(self._preset[name])

    def _mark(self, names: Mapping[str, Any] | list[str]) -> None:
        """Mark the rows among `names` that differ from the preset, and offer to bring them back."""
        differing = set(self.differing())
        for name in names:
            parameter = self._parameters[name]
            changed = name in differing
            title = (CHANGED_MARK if changed else "") + name.replace("_", " ")
            if parameter.opts.get("title") != title:
                parameter.setOpts(title=title)
            for item in parameter.items:
                font = item.font(0)
                font.setBold(changed)
                item.setFont(0, font)
                item.setSizeHint(0, self._label_size(name, item))
                item.defaultBtn.setEnabled(changed and parameter.opts["enabled"])
        count = sum(self._parameters[name].opts["enabled"] for name in differing)
        self.reset_button.setEnabled(count > 0)
        self.reset_button.setText(f"Reset {count}" if count else "Reset")
        self.reset_button.setToolTip(
            f"Bring back the preset: {count} setting{'s' if count > 1 else ''} marked with “{CHANGED_MARK.strip()}”."
            if count else "Every setting that can be changed now is as in the preset.")

    def _label_size(self, name: str, item: Any) -> QSize:
        """Room for the row's icon and for its label with the mark, so that nothing moves when it comes or goes."""
        font = QFont(item.font(0))
        font.setBold(True)
        width = QFontMetrics(font).horizontalAdvance(CHANGED_MARK + name.replace("_", " "))
        return QSize(width + _LABEL_ROOM + (self._tree.iconSize().width() if self._is_live(name) else 0),
                     item.sizeHint(0).height())

    def _dress(self, name: str, parameter: Any) -> None:
        """The row's button, seen only where it does something, and the mark of a live setting."""
        # The icon has to fit both themes.
        icon = qtawesome.icon("mdi6.restore", color=NEUTRAL, color_disabled=QColor(0, 0, 0, 0))
        mark = qtawesome.icon("mdi6.lightning-bolt-outline", color=NEUTRAL) if self._is_live(name) else QIcon()
        for item in parameter.items:
            item.setIcon(0, mark)
            item.defaultBtn.setIcon(icon)
            item.defaultBtn.setProperty("role", "row")
            # The tree has dressed the button already, before it had this role.
            item.defaultBtn.style().unpolish(item.defaultBtn)
            item.defaultBtn.style().polish(item.defaultBtn)
            item.defaultBtn.setToolTip("Back to the preset.")
            item.defaultBtn.setAccessibleName(f"{name.replace('_', ' ')}: back to the preset")

    # ---- the search

    def _on_search_changed(self, text: str) -> None:
        words = text.lower().split()
        found = {name for name in self._parameters if self._matches(name, words)}
        for name, parameter in self._parameters.items():
            parameter.setOpts(visible=name in found)
        for group in self._root.children():
            inner = [child for child in group.children() if child.isType("group")]
            for each in (*inner, group):
                each.setOpts(visible=any(child.opts["visible"] for child in each.children()))
                self._unfold(each, bool(words))
        self._mark(self._parameters)

    def _matches(self, name: str, words: list[str]) -> bool:
        about = self._fields[name].metadata
        text = f"{name.replace('_', ' ')} {name} {about.get('help', '')} {about.get('group', '')}".lower()
        return all(word in text for word in words)

    def _unfold(self, group: Any, searching: bool) -> None:
        """Open a group while there is something to find, and afterwards leave it as it was."""
        if searching and group not in self._folds:
            self._folds[group] = bool(group.opts.get("expanded", True))
            group.setOpts(expanded=True)
        elif not searching and group in self._folds:
            group.setOpts(expanded=self._folds.pop(group))
