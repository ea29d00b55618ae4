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
        self._problems: set[str] = set()  # that were told
        self._refused: set[Path] = set()
        self._chosen: set[Path] = set()  # by the person; the other ones are not remembered
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
        session.model_changed.connect(self._on_session_model_changed)
        session.model_refused.connect(self._on_session_model_refused)
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

    def can_open(self, role: str) -> bool:
        """Whether there is a model for a role that was not refused."""
        return bool(set(self.paths(role)) - self._refused)

    def _on_listed(self, answer: tuple[list[FoundModel], list[str]]) -> None:
        self.found, problems = answer
        for problem in problems:
            if problem not in self._problems:
                self._messages.warning(problem)
        self._problems.update(problems)
        for role in ROLES:
            self._fill(role)
        self.listed.emit()

    def _fill(self, role: str) -> None:
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
        self._open_best(role)

    def _open_best(self, role: str) -> None:
        """The model of last time, else the one that is open, else the first that can be opened."""
        opened, paths = self._session.models.get(role), self.paths(role)
        remembered = Path(self._settings.get(f"capsules/{role}", ""))
        candidates = [remembered, *([] if opened is None else [opened.path]), *paths]
        best = next((path for path in candidates if path in paths and path not in self._refused), None)
        if best is None:
            return
        self._show(role, best)
        if opened is None or opened.path != best:
            self._session.open(role, best)

    def _show(self, role: str, path: Path) -> None:
        menu, paths = self.menus[role], self.paths(role)
        if path in paths:
            with QSignalBlocker(menu):
                menu.setCurrentIndex(paths.index(path))

    def _choose(self, role: str, path: Path) -> None:
        self._chosen.add(path)
        self._session.open(role, path)

    def _on_menu_changed(self, role: str, index: int) -> None:
        if 0 <= index < len(self.paths(role)):
            self._choose(role, self.paths(role)[index])

    def _on_added(self, added: FoundModel) -> None:
        self._messages.info(f"{added.name} is in the catalog, and is looked at now.")
        self._choose(added.role, added.path)
        self.refresh()

    def _on_session_model_changed(self, role: str) -> None:
        path = self._session.models[role].path
        self._refused.discard(path)
        if path in self._chosen:
            self._settings.set(f"capsules/{role}", str(path))

    def _on_session_model_refused(self, role: str, path: Path) -> None:
        self._refused.add(path)
        opened = self._session.models.get(role)
        if opened is not None:
            self._show(role, opened.path)
        else:
            self._open_best(role)
        self.listed.emit()
