"""The models of the Capsule lab, and what is asked of them: short questions, one after the other, on one thread.

Importing torch takes seconds, so the engine's heavy modules are imported on the worker's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from gui.messages import Messages
from gui.services.questions import Questions

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel, CnnModel

ResultT = TypeVar("ResultT")

CAPSULES, CNN, TWO_DIGITS = "capsules", "cnn", "two digits"
ROLES = (CAPSULES, CNN, TWO_DIGITS)
# What the hand waits for comes first.
URGENCY = (
    "drawn",
    *(f"open {role}" for role in ROLES), "look", "bend", "two", "routing", "sweep", "curves", "ranges",
    "list", "add", "given", "test digits", "second digits",
)


@dataclass(frozen=True)
class KnownModel:
    """What the window knows of an open model; see `engine.capsules.model.CapsuleModel`. Of a CNN some are 0."""

    path: Path
    name: str
    side: int
    class_names: tuple[str, ...]
    parameter_count: int
    device: str
    capsule_size: int = 0
    routings: int = 0
    grid: int = 0
    can_reconstruct: bool = False


class CapsuleSession(QObject):
    """Holds a model in each of `ROLES` and asks them. All methods are for the UI thread and return at once."""

    model_changed = Signal(str)  # the role
    model_refused = Signal(str, object)  # the role, and the path that cannot be opened; why is told to the person

    def __init__(self, messages: Messages, parent: QObject | None = None) -> None:
        """No model is open."""
        super().__init__(parent)
        self._questions = Questions(messages, URGENCY, self)
        self._networks: dict[str, Any] = {}
        self.models: dict[str, KnownModel] = {}

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._questions.busy

    def is_asking(self, slot: str) -> bool:
        """Whether the answer to a question of a slot is awaited."""
        return self._questions.is_asking(slot)

    def open(self, role: str, path: Path) -> None:
        """Open the model in a file for a role; the one before stays until the new one is there, or if it is refused."""
        self._questions.ask(
            f"open {role}", partial(_opened, role, path), partial(self._on_opened, role),
            lambda _error: self.model_refused.emit(role, path),
        )

    def ask(
        self, slot: str, work: Callable[[CapsuleModel], ResultT], then: Callable[[ResultT], object],
        role: str = CAPSULES,
    ) -> None:
        """Have `work` done with the CapsNet of a role on the worker thread, and `then` called here with its result.

        Whatever waits in the same slot is forgotten. Nothing happens without a model.
        """
        if role in self._networks:
            self._questions.ask(slot, partial(work, self._networks[role]), then)

    def ask_both(
        self, slot: str, work: Callable[[CapsuleModel, CnnModel | None], ResultT], then: Callable[[ResultT], object]
    ) -> None:
        """`ask` with the CapsNet and, where there is one, the CNN that it is compared with."""
        if CAPSULES in self._networks:
            self._questions.ask(slot, partial(work, self._networks[CAPSULES], self._networks.get(CNN)), then)

    def ask_engine(self, slot: str, work: Callable[[], ResultT], then: Callable[[ResultT], object]) -> None:
        """`ask` something that needs no model, such as the test digits."""
        self._questions.ask(slot, work, then)

    def forget(self, *slots: str) -> None:
        """Nobody waits for answers to what was asked in these slots any more."""
        self._questions.forget(*slots)

    def shut_down(self) -> None:
        """Leave no thread."""
        self._questions.shut_down()

    def _on_opened(self, role: str, opened: tuple[Any, KnownModel]) -> None:
        self._networks[role], self.models[role] = opened
        self.model_changed.emit(role)


def _opened(role: str, path: Path) -> tuple[Any, KnownModel]:
    from engine.capsules.model import load_capsules, load_cnn
    from engine.runtime.devices import describe_device

    device = describe_device()
    if role == CNN:
        cnn = load_cnn(path)
        return cnn, KnownModel(path, cnn.name, cnn.side, cnn.class_names, cnn.parameter_count, device)
    model = load_capsules(path)
    known = KnownModel(
        path, model.name, model.side, model.class_names, model.parameter_count, device, model.capsule_size,
        model.routings, model.grid, model.can_reconstruct,
    )
    return model, known
