"""Joins the subject and the model: whenever either changes, what the model makes of the picture follows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from gui.capsule_lab.session import CAPSULES, CapsuleSession
from gui.capsule_lab.subject import Picture, Subject, SubjectModel

if TYPE_CHECKING:
    from engine.capsules.model import CapsuleModel

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Look:
    """What the model sees: the placed picture [S, S], digit capsules [j, d] and their lengths [j]."""

    picture: Picture
    capsules: Array
    lengths: Array

    @property
    def longest(self) -> int:
        """The class that the model sees."""
        return int(self.lengths.argmax())


@dataclass(frozen=True, eq=False)
class Bent:
    """The capsule of class `shown` as it is bent, [d], as it was, [d], and redrawn, [S, S] (None without a decoder)."""

    shown: int
    capsule: Array
    unbent: Array
    picture: Picture | None


class Viewing(QObject):
    """Asks the session for looks and for what is redrawn; the pages listen."""

    looked = Signal(object)  # Look
    bent = Signal(object)  # Bent
    latency = Signal(float)  # milliseconds from a change to its answer

    def __init__(self, session: CapsuleSession, subject: SubjectModel, parent: QObject | None = None) -> None:
        """Nothing has been seen yet."""
        super().__init__(parent)
        self.session = session
        self.subject_model = subject
        self.look: Look | None = None
        self.now: Bent | None = None
        subject.changed.connect(self._on_subject_changed)
        session.model_changed.connect(self._on_session_model_changed)

    @property
    def subject(self) -> Subject:
        """What is looked at."""
        return self.subject_model.subject

    def refresh(self) -> None:
        """Look again, at what is bent as well."""
        asked, subject = time.perf_counter(), self.subject
        self.session.forget("bend")  # of the look before
        self.session.ask("look", partial(_seen, subject), partial(self._on_seen, asked, subject))

    def _bend(self) -> None:
        assert self.look is not None
        asked = time.perf_counter()
        self.session.ask("bend", partial(_bent, self.subject, self.look), partial(self._on_bent, asked))

    def _on_subject_changed(self, subject: Subject, before: Subject) -> None:
        same = subject.picture is before.picture and subject.placement == before.placement
        if not same or subject.iterations != before.iterations:
            self.refresh()
        elif self.look is not None and not self.session.is_asking("look") and _is_bent_otherwise(subject, before):
            self._bend()

    def _on_session_model_changed(self, role: str) -> None:
        if role != CAPSULES:
            return
        self.session.forget("look", "bend")  # meant for the model before
        self.look = self.now = None
        model = self.session.models[CAPSULES]
        shown = self.subject.shown
        fits = shown is None or shown < len(model.class_names)
        self.subject_model.update(shown=shown if fits else None, bends=(), locks={})
        self.refresh()

    def _on_seen(self, asked: float, subject: Subject, answer: tuple[Look, Bent]) -> None:
        self.look, bent = answer
        self.looked.emit(self.look)
        self._on_bent(asked, bent)
        if not self.session.is_asking("look") and _is_bent_otherwise(self.subject, subject):
            self._bend()  # changed while the look was awaited

    def _on_bent(self, asked: float, bent: Bent) -> None:
        self.now = bent
        self.bent.emit(bent)
        self.latency.emit((time.perf_counter() - asked) * 1000)


def bent_capsule(capsule: Array, bends: tuple[float, ...], locks: Mapping[int, float]) -> Array:
    """A capsule [d] with `bends` added, but for the numbers that are locked, which have a value of their own."""
    made = capsule.copy()
    if bends:
        made += np.asarray(bends, np.float32)
    for index, value in locks.items():
        made[index] = value
    return made


def _is_bent_otherwise(subject: Subject, other: Subject) -> bool:
    return (subject.shown, subject.bends, subject.locks) != (other.shown, other.bends, other.locks)


def _seen(subject: Subject, model: CapsuleModel) -> tuple[Look, Bent]:
    from engine.capsules.model import placed

    picture = placed(subject.picture, [subject.placement], model.side)[0]
    capsules = model.capsules(picture[None], subject.iterations)[0]
    look = Look(picture, capsules, np.linalg.norm(capsules, axis=1))
    return look, _bent(subject, look, model)


def _bent(subject: Subject, look: Look, model: CapsuleModel) -> Bent:
    shown = look.longest if subject.shown is None else subject.shown
    unbent = look.capsules[shown]
    capsule = bent_capsule(unbent, subject.bends, subject.locks)
    picture = model.reconstruct(capsule[None], [shown])[0] if model.can_reconstruct else None
    return Bent(shown, capsule, unbent, picture)
