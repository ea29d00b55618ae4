"""The models of the Capsule lab: which there are, which are chosen, and new ones from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from gui.capsule_lab.session import CAPSULES, CNN, ROLES, TWO_DIGITS, CapsuleSession
from gui.messages import Messages
from gui.settings import Settings
from gui.widgets.card import Card, labelled
from gui.widgets.controls import button

MODEL_FILTER = "Models (*.safetensors);;All files (*)"
_TITLES = {CAPSULES: "&Capsules", CNN: "C&ompared", TWO_DIGITS: "T&wo digits"}
_TIPS = {
    CAPSULES: "The CapsNet whose capsules are bent.",
    CNN: "The convolutional network beside it on the page Turn.",
    TWO_DIGITS: "The CapsNet of the page Two digits, which has learned digits that lie over each other.",
}
_NONE = "none"


@dataclass(frozen=True)
class FoundModel:
    """A model of the catalog and the role that it can play."""

    name: str
    path: Path
    role: str
    about: str


def found_models() -> tuple[list[FoundModel], list[str]]:
    """What the catalog holds, and a sentence for each file that cannot be read; for the worker's thread."""
    from engine.runtime.catalog import Catalog

    catalog = Catalog()
    found = []
    for entry in catalog.entries():
        if entry.header.kind == "cnn":
            role = CNN
        elif entry.header.kind == "capsules":
            role = TWO_DIGITS if entry.header.extra.get("data") == "two digits" else CAPSULES
        else:
            continue
        found.append(FoundModel(entry.name, entry.path, role, f"Learned from: {entry.header.data}"))
    return found, catalog.problems


def added_model(path: Path) -> FoundModel:
    """Take a file into the catalog; for the worker's thread. Raises an `EngineError` with a sentence."""
    from engine.capsules.model import load_recogniser
    from engine.runtime.catalog import Catalog

    added = Catalog().add(path, load_recogniser).path
    return next(model for model in found_models()[0] if model.path == added)


class ModelChooser(QObject):
    """A card of menus, one for each role. Opens in the session what is chosen, and remembers it."""

    listed = Signal()

    def __init__(self, session: CapsuleSession, settings: Settings, messages: Messages, window: QWidget) -> None:
        """Asks for the models; dialogs open above `window`."""
        super().__init__(window)
        self._session, self._settings, self._messages, self._window = session, settings, messages, window
        self.found: list[FoundModel] = []
        self.card = Card("Models", collapsible=True)
        self.menus: dict[str, QComboBox] = {}
        for role in ROLES:
            menu = QComboBox()
            menu.setMinimumContentsLength(10)
            menu.currentIndexChanged.connect(partial(self._on_menu_changed, role))
            self.card.add(labelled(_TITLES[role], menu, _TIPS[role]))
            self.menus[role] = menu
        self.add_button = button("Add a model…", "Take a model file into the catalog; it can be dropped, too.")
        self.add_button.clicked.connect(self.ask_for_model)
        self.card.add(self.add_button)
        self.refresh()

    def refresh(self) -> None:
        """Look at the catalog again."""
        self._session.ask_engine("list", found_models, self._on_listed)

    def ask_for_model(self) -> None:
        """Choose a model file to take into the catalog."""
        dialog = QFileDialog(self._window, "Add a model", "", MODEL_FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self.add(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def add(self, path: Path) -> None:
        """Take a model file into the catalog and open it; one that is none gives a sentence and changes nothing."""
        self._session.ask_engine("add", partial(added_model, path), self._on_added)

    def paths(self, role: str) -> Sequence[Path]:
        """The files of a role, in the order of its menu."""
        return [model.path for model in self.found if model.role == role]

    def _on_listed(self, answer: tuple[list[FoundModel], list[str]]) -> None:
        self.found, problems = answer
        for problem in problems:
            self._messages.warning(problem)
        for role in ROLES:
            self._fill(role, self._settings.get(f"capsules/{role}", ""))
        self.listed.emit()

    def _fill(self, role: str, wanted: str) -> None:
        menu, paths = self.menus[role], self.paths(role)
        with QSignalBlocker(menu):
            menu.clear()
            for model in self.found:
                if model.role == role:
                    menu.addItem(model.name)
                    menu.setItemData(menu.count() - 1, model.about, Qt.ItemDataRole.ToolTipRole)
            menu.setEnabled(bool(paths))
            if not paths:
                menu.addItem(_NONE)
                return
            known = [str(path) for path in paths]
            menu.setCurrentIndex(known.index(wanted) if wanted in known else 0)
        self._open(role)

    def _open(self, role: str) -> None:
        path = self.paths(role)[self.menus[role].currentIndex()]
        opened = self._session.models.get(role)
        if opened is None or opened.path != path:
            self._session.open(role, path)

    def _on_menu_changed(self, role: str, index: int) -> None:
        if 0 <= index < len(self.paths(role)):
            self._settings.set(f"capsules/{role}", str(self.paths(role)[index]))
            self._open(role)

    def _on_added(self, added: FoundModel) -> None:
        self._messages.info(f"{added.name} is in the catalog.")
        self._settings.set(f"capsules/{added.role}", str(added.path))
        self._session.open(added.role, added.path)
        self.refresh()
