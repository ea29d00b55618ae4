"""The model that is explored, and what is asked of it: one short job after the other, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from gui.messages import Messages
from gui.services.questions import Questions

if TYPE_CHECKING:  # torch is loaded by the first job, not by the window
    from engine.explore.generative_model import GenerativeModel

ResultT = TypeVar("ResultT")
Latents = NDArray[np.float32]

KINDS = {"gan": "GAN", "wae": "auto-encoder"}
A, B = "A", "B"
_URGENCY = ("open", "point", "code", "latents", "row", "samples", "way", "grid")  # what the hand waits for comes first
_ENDS_SEED = 7


@dataclass(frozen=True)
class ExploredModel:
    """What the window knows of an open model; see `engine.explore.generative_model.GenerativeModel`."""

    path: Path
    stamp: int  # when the file was written, in nanoseconds: a run writes it again and again
    name: str
    kind: str
    shape: tuple[int, ...]
    latent_size: int
    reach: float
    can_encode: bool
    parameter_count: int

    @property
    def is_points(self) -> bool:
        """Whether it makes points of the plane, not pictures."""
        return len(self.shape) == 1


def file_stamp(path: Path) -> int:
    """When a file was written last, in nanoseconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


class ExploreSession(QObject):
    """Opens models and asks them. All methods are for the UI thread and return at once.

    Questions are short and go the way of `gui.services.questions`.

    `ends` are the latents A and B [d] of the way between two; `subject` is the sample that neighbours are sought for.
    """

    model_changed = Signal()
    ends_changed = Signal()
    subject_changed = Signal()
    failed = Signal(str)  # a model could not be opened: the sentence

    def __init__(self, messages: Messages, parent: QObject | None = None) -> None:
        """Without a model."""
        super().__init__(parent)
        self._questions = Questions(messages, _URGENCY, self)
        self._network: GenerativeModel | None = None
        self.model: ExploredModel | None = None
        self.ends: dict[str, Latents] = {}
        self.subject: NDArray[np.uint8] | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._questions.busy

    @property
    def is_opening(self) -> bool:
        """Whether a model is being opened."""
        return self._questions.is_asking("open")

    def open(self, path: Path) -> None:
        """Open the model in a file; the one before stays until the new one is there."""
        self._questions.ask("open", partial(_opened, path), self._on_opened, lambda error: self.failed.emit(str(error)))

    def close(self) -> None:
        """Forget the model."""
        self.rest()
        self._network = self.model = None
        self.subject = None
        self.ends = {}
        self.model_changed.emit()

    def ask(
        self, slot: str, work: Callable[[GenerativeModel], ResultT], then: Callable[[ResultT], object]
    ) -> None:
        """Have `work` done with the model on the worker thread, and `then` called here with what it returns.

        Whatever waits in the same slot is forgotten. Nothing happens without a model.
        """
        if self._network is not None:
            self._questions.ask(slot, partial(work, self._network), then)

    def forget(self, *slots: str) -> None:
        """Nobody waits for answers to what was asked in these slots any more."""
        self._questions.forget(*slots)

    def rest(self) -> None:
        """Nobody looks: nothing that waits is done."""
        self._questions.rest()

    def set_end(self, name: str, latent: Latents) -> None:
        """Choose z [d] as `A` or `B`."""
        self.ends = {**self.ends, name: latent}
        self.ends_changed.emit()

    def set_subject(self, picture: NDArray[np.uint8]) -> None:
        """Choose the picture, [H, W] or [H, W, 3], that neighbours are sought for."""
        self.subject = picture
        self.subject_changed.emit()

    def shut_down(self) -> None:
        """Leave no thread."""
        self._questions.shut_down()

    def _on_opened(self, opened: tuple[GenerativeModel, ExploredModel, Latents]) -> None:
        self._network, model, ends = opened
        before, self.model = self.model, model
        if before is None or (before.path, before.latent_size) != (model.path, model.latent_size):
            self.ends = {A: ends[0], B: ends[1]}
            self.subject = None
        self.forget(*(slot for slot in _URGENCY if slot != "open"))  # meant for the model before
        self.model_changed.emit()


def _opened(path: Path) -> tuple[GenerativeModel, ExploredModel, Latents]:
    from engine.explore.generative_model import open_generative_model

    stamp = file_stamp(path)
    model = open_generative_model(path)
    known = ExploredModel(
        path, stamp, model.name, model.header.kind, model.shape, model.latent_size, model.latent_reach,
        model.can_encode, model.parameter_count,
    )
    return model, known, model.latents(2, _ENDS_SEED)
