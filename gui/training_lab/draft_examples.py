"""A few examples of the data that an experiment is set up with, to be seen before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.runtime.job import Job
from gui.messages import Messages
from gui.services.jobs import LabWorker

MOST = 400


class DraftExamples(QObject):
    """`found` brings them as a run would show them; data that cannot be read brings nothing, the run will say why."""

    found = Signal(object)  # arrays by name

    def __init__(self, messages: Messages, parent: QObject) -> None:
        """Nothing asked for."""
        super().__init__(parent)
        self._worker = LabWorker(messages, self)
        self._choice: dict[str, Any] = {}

    @property
    def busy(self) -> bool:
        """Whether data is being read."""
        return self._worker.busy

    def look(self, config: Any) -> None:
        """Read examples of a configuration's data, unless that was done just before."""
        names = ("data", "data_path", "image_size", "colour")
        choice = {name: getattr(config, name) for name in names if hasattr(config, name)}
        if "data" in choice and choice != self._choice:
            self._choice = choice
            self._worker.submit(
                partial(_examples, choice), lambda _none: None, self.found.emit, lambda _error: None)

    def forget(self) -> None:
        """The experiment has begun, or another is set up."""
        self._choice = {}
        self._worker.cancel()

    def shut_down(self) -> None:
        """Leave no thread."""
        self._worker.shut_down()


def _examples(choice: Mapping[str, Any]) -> Job[None, dict[str, NDArray[np.generic]]]:
    import torch

    from engine.data.pictures import to_pixels
    from engine.data.source import DataChoice, open_source

    yield None
    source = open_source(DataChoice(**choice))
    yield None
    batch = source.batch(MOST if source.shape == (2,) else 16, torch.Generator().manual_seed(1))
    return {"data": batch.numpy() if source.shape == (2,) else to_pixels(batch)}
