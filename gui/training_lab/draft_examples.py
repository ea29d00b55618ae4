"""A few examples of the data that an experiment is set up with, to be seen before it begins."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.data.preview import examples
from engine.data.source import DataChoice
from engine.runtime.job import Job
from gui.messages import Messages
from gui.services.jobs import LabWorker


class DraftExamples(QObject):
    """`found` brings them as a run would show them; data that cannot be read brings nothing, the run will say why."""

    found = Signal(object)  # arrays by name

    def __init__(self, messages: Messages, parent: QObject) -> None:
        """Nothing asked for."""
        super().__init__(parent)
        self._worker = LabWorker(messages, self)
        self._choice: DataChoice | None = None

    @property
    def busy(self) -> bool:
        """Whether data is being read."""
        return self._worker.busy

    def look(self, config: Any) -> None:
        """Read examples of a configuration's data, unless that was done just before."""
        if not hasattr(config, "image_size"):
            return  # it learns from something else than points or pictures
        choice = DataChoice(config.data, config.data_path, config.image_size, config.colour)
        if choice != self._choice:
            self._choice = choice
            self._worker.submit(
                partial(_examples, choice), lambda _none: None, self.found.emit, lambda _error: None)

    def forget(self) -> None:
        """The experiment has begun, or another is set up."""
        self._choice = None
        self._worker.cancel()

    def shut_down(self) -> None:
        """Leave no thread."""
        self._worker.shut_down()


def _examples(choice: DataChoice) -> Job[None, dict[str, NDArray[np.generic]]]:
    yield None
    return {"data": examples(choice, pictures=16)}
