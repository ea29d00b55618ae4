"""Several views of one run in one place, with a switch above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from gui.palette import Theme
from gui.widgets.collapsing_bar import CollapsingBar
from gui.widgets.run_arrays import NamedArrays


class ViewWidget(QWidget):
    """A widget that shows some of a run's arrays; its `bar`, controls of its own, stands in the row of the switch."""

    bar: QWidget | None = None

    def presents(self, arrays: NamedArrays) -> bool:
        """Whether there is something for this view among them."""
        raise NotImplementedError

    def show_arrays(self, arrays: NamedArrays) -> None:
        """Show them."""
        raise NotImplementedError

    def clear(self) -> None:
        """Show nothing."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        raise NotImplementedError


@dataclass(frozen=True)
class ViewEntry:
    """A view, its name in the switch and a sentence about it."""

    title: str
    tip: str
    view: ViewWidget


class ViewStage(QWidget):
    """Shows one of `entries` at a time. A view is offered once arrays for it have come; hidden ones cost nothing."""

    view_changed = Signal(str)  # its title

    def __init__(self, entries: Sequence[ViewEntry], theme: Theme, parent: QWidget | None = None) -> None:
        """The first entry is shown until something is chosen."""
        super().__init__(parent)
        self._entries = list(entries)
        self._waiting: dict[int, NamedArrays] = {}
        self._actions = QActionGroup(self)
        self._stack = QStackedWidget(self)
        self._bars = QStackedWidget(self)
        self._bars.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for index, entry in enumerate(self._entries):
            action = QAction(entry.title, self._actions)
            action.setCheckable(True)
            action.setVisible(False)
            action.setShortcut(QKeySequence(str(index + 1)))
            action.setToolTip(f"{entry.tip} ({index + 1}).")
            self._stack.addWidget(entry.view)
            self._bars.addWidget(entry.view.bar if entry.view.bar is not None else QWidget())
        self._actions.actions()[0].setChecked(True)
        self._actions.triggered.connect(self._on_actions_triggered)
        has_bars = any(entry.view.bar is not None for entry in self._entries)
        self.switch = CollapsingBar(self._actions.actions(), "", "Choose what of the run is shown.", self)
        self.switch.set_always_menu(has_bars)
        self._step = QLabel(self)
        self._step.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.switch, 0 if has_bars else 1)
        row.addWidget(self._bars, 1 if has_bars else 0)
        row.addWidget(self._step, alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._bars.setVisible(has_bars)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self.set_theme(theme)
        self._offer()

    @property
    def view(self) -> str:
        """The title of the view that is shown."""
        return self._entries[self._stack.currentIndex()].title

    @property
    def offered(self) -> list[str]:
        """The titles of the views that there is something for."""
        return [action.text() for action in self._actions.actions() if action.isVisible()]

    def choose(self, title: str) -> None:
        """Show the view of this title, if it is offered."""
        for index, action in enumerate(self._actions.actions()):
            if action.text() == title and action.isVisible():
                self._show_view(index)

    def show_arrays(self, arrays: NamedArrays, step: int) -> None:
        """Bring what the shown view can use to it, and keep the rest for the others until they are chosen."""
        for index, entry in enumerate(self._entries):
            if entry.view.presents(arrays):
                self._waiting[index] = arrays
        self._offer()
        self._step.setText(f"step {step:,}")
        self._deliver()

    def clear(self) -> None:
        """Show nothing."""
        self._waiting.clear()
        for entry in self._entries:
            entry.view.clear()
        for action in self._actions.actions():
            action.setVisible(False)
        self._step.clear()
        self._offer()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.switch.set_theme(theme)
        for entry in self._entries:
            entry.view.set_theme(theme)

    def _on_actions_triggered(self, action: QAction) -> None:
        self._show_view(self._actions.actions().index(action))

    def _show_view(self, index: int) -> None:
        with QSignalBlocker(self._actions):
            self._actions.actions()[index].setChecked(True)
        if index != self._stack.currentIndex():
            self._stack.setCurrentIndex(index)
            self._bars.setCurrentIndex(index)
            self._deliver()
            self.view_changed.emit(self.view)

    def _deliver(self) -> None:
        index = self._stack.currentIndex()
        if index in self._waiting:
            self._entries[index].view.show_arrays(self._waiting.pop(index))

    def _offer(self) -> None:
        """Offer the views that have had arrays; when the one that is shown has none, show the first that has."""
        actions = self._actions.actions()
        for index in self._waiting:
            actions[index].setVisible(True)
        offered = [index for index, action in enumerate(actions) if action.isVisible()]
        self.switch.setVisible(len(offered) > 1)
        if offered and self._stack.currentIndex() not in offered:
            self._show_view(offered[0])
