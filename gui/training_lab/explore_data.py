"""The data that the explored model was trained on: test examples, and the training pictures nearest to a sample."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from engine.runtime.job import Command
from gui.messages import Messages
from gui.services.jobs import LabWorker

if TYPE_CHECKING:
    from engine.data.source import DataSource
    from engine.explore.neighbours import Neighbours

Failure = Callable[[BaseException], object]


@dataclass(frozen=True)
class Examples:
    """Examples that the model has not been trained on, in the form of samples, and what to say of the data.

    `extent` is the part of the plane to show, of points.
    """

    examples: NDArray[np.generic]
    name: str
    extent: tuple[float, float, float, float] | None


class ExploreData(QObject):
    """Reads the data of one model at a time, on a thread of its own: the newest wish counts.

    The data stays open until other data is asked for; it is touched by the worker thread only.
    """

    def __init__(self, messages: Messages, parent: QObject | None = None) -> None:
        """Nothing is read yet."""
        super().__init__(parent)
        self._worker = LabWorker(messages, self)
        self._open: dict[object, DataSource] = {}

    @property
    def busy(self) -> bool:
        """Whether something is being read or sought."""
        return self._worker.busy

    def examples(self, path: Path, count: int, then: Callable[[Examples], object], failed: Failure) -> None:
        """The first held-out examples of what the model in `path` was trained on."""
        self._worker.submit(partial(self._examples, path, count), lambda _none: None, then, failed)

    def nearest(
        self, path: Path, picture: NDArray[np.uint8], k: int, progress: Callable[[float], object],
        then: Callable[[Neighbours], object], failed: Failure,
    ) -> None:
        """Seek the `k` nearest training pictures of one; `progress` brings the share that has been looked at."""
        self._worker.submit(partial(self._nearest, path, picture, k), progress, then, failed)

    def cancel(self) -> None:
        """Seek no further."""
        self._worker.cancel()

    def shut_down(self) -> None:
        """Leave no thread."""
        self._worker.shut_down()

    def _source(self, path: Path) -> DataSource:
        """The data of a model's file; models of the same data share it."""
        from engine.explore.generative_model import open_generative_model
        from engine.explore.training_data import data_choice, open_training_data

        model = open_generative_model(path)
        key = data_choice(model.header), model.shape
        if key not in self._open:
            self._open.clear()
            self._open[key] = open_training_data(model)
        return self._open[key]

    def _examples(self, path: Path, count: int) -> Generator[None, Command | None, Examples]:
        yield
        source = self._source(path)
        yield
        found, _labels = source.held_out(count)
        if len(source.shape) == 1:
            return Examples(found.numpy(), source.name, cast(Any, source).extent)
        from engine.data.pictures import to_pixels

        return Examples(to_pixels(found), source.name, None)

    def _nearest(
        self, path: Path, picture: NDArray[np.uint8], k: int
    ) -> Generator[float, Command | None, Neighbours]:
        from engine.data.source import PictureSource
        from engine.explore.neighbours import nearest_pictures

        yield 0.0
        source = cast(PictureSource, self._source(path))
        job = nearest_pictures(picture[None], source, k)
        while True:
            try:
                compared = next(job)
            except StopIteration as end:
                return cast("Neighbours", end.value)
            yield compared.done / compared.total
