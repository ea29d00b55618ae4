"""A few examples of the data that an experiment is set up with, to be seen before it begins."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.capsules.config import CapsuleTrainConfig
from engine.data.preview import examples
from engine.data.source import DataChoice
from engine.runtime.job import Job
from gui.messages import Messages
from gui.services.jobs import LabWorker

_PICTURES = 16


class DraftExamples(QObject):
    """`found` brings them as a run would show them; data that cannot be read brings nothing, the run will say why."""

    found = Signal(object)  # arrays by name

    def __init__(self, messages: Messages, parent: QObject) -> None:
        """Nothing asked for."""
        super().__init__(parent)
        self._worker = LabWorker(messages, self)
        self._choice: DataChoice | CapsuleTrainConfig | None = None

    @property
    def busy(self) -> bool:
        """Whether data is being read."""
        return self._worker.busy

    def look(self, config: Any) -> None:
        """Read examples of a configuration's data, unless that was done just before."""
        choice: DataChoice | CapsuleTrainConfig
        if isinstance(config, CapsuleTrainConfig):
            # What is shown of it depends on these alone; a change of anything else is no reason to read again.
            choice = CapsuleTrainConfig(
                data=config.data, data_path=config.data_path, image_size=config.image_size,
                # One digit is shown in the middle of the ground; of two, one lies off the other.
                shift=config.shift if config.data == "two digits" else 0)
        elif hasattr(config, "image_size") and hasattr(config, "colour"):
            choice = DataChoice(config.data, config.data_path, config.image_size, config.colour)
        else:
            return  # it learns from something else than points or pictures
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


def _examples(choice: DataChoice | CapsuleTrainConfig) -> Job[None, dict[str, NDArray[np.generic]]]:
    yield None
    if isinstance(choice, DataChoice):
        return {"data": examples(choice, pictures=_PICTURES)}
    # Here, not above: these load torch, which takes seconds.
    from engine.capsules.examples import Examples, open_pictures

    batch = Examples(open_pictures(choice), choice).valid(0, _PICTURES)
    return {"data": (batch.pictures[:, 0] * 255).round().numpy().astype(np.uint8)}
