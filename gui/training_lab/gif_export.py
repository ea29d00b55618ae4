"""The pictures of a run over its time line, as an animated GIF."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPainter

from engine.errors import SaveError
from engine.runtime.atomic import write_bytes
from engine.runtime.job import Arrays, Job
from engine.runtime.run_folder import RunFolder
from gui.messages import Messages
from gui.services.export import with_suffix
from gui.services.jobs import LabWorker

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 100_000_000  # of all frames together, one byte each until the file is written
MOST_FRAMES = 1000
PALETTE_FRAMES = 5  # looked at to choose the colours
LAST_MS = 1500  # how long the last frame stays

Render = Callable[[Arrays, int], QImage]


class GifExport(QObject):
    """Makes one GIF at a time. Reading and encoding happen on a worker; only `render` runs on the UI thread.

    So `render` may grab a widget. It is called once for each frame, and five times more at first, since all frames
    share one palette: with a palette each, the colours would flicker and the file would be larger.
    """

    progressed = Signal(int, int)  # pictures done, of how many
    finished = Signal(object)  # Path
    failed = Signal(object)  # BaseException

    def __init__(self, messages: Messages, parent: QObject | None = None) -> None:
        """Idle."""
        super().__init__(parent)
        self._worker = LabWorker(messages, self)
        self._work: _Work | None = None

    @property
    def busy(self) -> bool:
        """Whether a GIF is being made."""
        return self._work is not None

    def start(
        self, run: RunFolder, steps: Sequence[int], render: Render, path: Path, details: Mapping[str, str],
        rate: float = 8.0,
    ) -> None:
        """Make a GIF of the pictures of these steps, `rate` a second; a GIF that is being made is given up.

        `details` go into the file's comment. All renderings have the size of the first; of more than fit into a GIF of
        a bearable size, evenly spaced ones are taken. The end is told by `finished` or `failed`; `failed` leaves no
        file, and an older one as it was.
        """
        self.cancel()
        if not steps:
            self.failed.emit(SaveError("There are no pictures to export yet; let the run train for a while first."))
            return
        self._work = _Work(run, evenly(steps, MOST_FRAMES), render, with_suffix(path, ".gif"), dict(details), rate)
        self._read_next()

    def cancel(self) -> None:
        """Give up; no signal follows."""
        self._work = None
        self._worker.cancel()

    def shut_down(self) -> bool:
        """Give up and leave no thread; see `LabWorker.shut_down`."""
        self._work = None
        return self._worker.shut_down()

    def _read_next(self, picture: NDArray[np.uint8] | None = None) -> None:
        """On the worker: take in the last picture, then read the arrays of the next or write the file."""
        work = self._work
        if work is None:
            return

        def read() -> Job[None, Arrays | Path]:
            if picture is not None:
                work.take(picture)
            yield None
            step = work.next_step()
            return work.write() if step is None else work.run.arrays(step)

        self._worker.submit(read, lambda _none: None, self._on_worker_done, self._on_worker_failed)

    def _on_worker_done(self, result: Arrays | Path) -> None:
        work = self._work
        if work is None:
            return
        if isinstance(result, Path):
            self._work = None
            self.finished.emit(result)
            return
        try:
            picture = _pixels(work.render(result, result.step))
        except Exception as error:
            self._on_worker_failed(error)
            return
        self.progressed.emit(work.done, work.total)
        self._read_next(picture)

    def _on_worker_failed(self, error: BaseException) -> None:
        self._work = None
        self.failed.emit(error)


class _Work:
    """A GIF in the making: first a few pictures to choose the palette, then all of them."""

    def __init__(
        self, run: RunFolder, steps: list[int], render: Render, path: Path, details: dict[str, str], rate: float
    ) -> None:
        self.run, self.render, self.path = run, render, path
        self._steps, self._details, self._rate = steps, details, rate
        self._first = evenly(steps, PALETTE_FRAMES)
        self._sampled: list[NDArray[np.uint8]] = []
        self._palette: Image.Image | None = None  # None for grey pictures, which keep every shade
        self._frames: list[Image.Image] = []

    @property
    def done(self) -> int:
        return len(self._sampled) + len(self._frames)

    @property
    def total(self) -> int:
        return len(self._first) + len(self._steps)

    def next_step(self) -> int | None:
        """The step whose picture is needed next; None when all are there."""
        if len(self._sampled) < len(self._first):
            return self._first[len(self._sampled)]
        return self._steps[len(self._frames)] if len(self._frames) < len(self._steps) else None

    def take(self, picture: NDArray[np.uint8]) -> None:
        """The picture of the step asked for, uint8 [height, width, 3]."""
        if self._sampled and picture.shape != self._sampled[0].shape:
            picture = _fitted(picture, self._sampled[0].shape)
        if len(self._sampled) < len(self._first):
            self._sampled.append(picture)
            if len(self._sampled) == len(self._first):
                self._choose_palette()
            return
        from PIL import Image

        image = Image.fromarray(picture)
        if self._palette is None:
            self._frames.append(image.convert("L"))
            return
        # Not dithered: most pictures are flat areas and lines, and dots that change from frame to frame shimmer.
        self._frames.append(image.quantize(palette=self._palette, dither=Image.Dither.NONE))

    def write(self) -> Path:
        duration = max(round(100 / self._rate), 2) * 10  # GIF counts in hundredths; many viewers take 1 for 10
        durations = [duration] * (len(self._frames) - 1) + [max(duration, LAST_MS)]
        file = io.BytesIO()
        self._frames[0].save(
            file, "GIF", save_all=True, append_images=self._frames[1:], duration=durations, loop=0, optimize=False,
            comment=json.dumps(self._details).encode("ascii"),
        )
        write_bytes(self.path, file.getvalue())
        return self.path

    def _choose_palette(self) -> None:
        from PIL import Image

        height, width, _ = self._sampled[0].shape
        self._steps = evenly(self._steps, max(MOST_PIXELS // max(height * width, 1), 2))
        together = np.concatenate(self._sampled)
        if not (together == together[:, :, :1]).all():
            self._palette = Image.fromarray(together).quantize(256, method=Image.Quantize.MEDIANCUT)


def evenly(steps: Sequence[int], most: int) -> list[int]:
    """At most `most` of the steps, evenly spaced, the first and the last among them."""
    if len(steps) <= most:
        return list(steps)
    return [steps[index] for index in np.linspace(0, len(steps) - 1, most).round().astype(int)]


def _pixels(image: QImage) -> NDArray[np.uint8]:
    """A copy of the colours, uint8 [height, width, 3]; transparent parts become white."""
    if image.isNull():
        raise SaveError("A picture of this run could not be drawn; choose another view and try again.")
    opaque = QImage(image.size(), QImage.Format.Format_RGB888)
    opaque.fill(0xFFFFFFFF)
    painter = QPainter(opaque)
    image.setDevicePixelRatio(1.0)
    painter.drawImage(0, 0, image)
    painter.end()
    rows = np.frombuffer(opaque.constBits(), np.uint8).reshape(opaque.height(), opaque.bytesPerLine())
    return rows[:, : 3 * opaque.width()].reshape(opaque.height(), opaque.width(), 3).copy()


def _fitted(picture: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The picture cut, or with white added at the right and below."""
    fitted = np.full(shape, 255, np.uint8)
    height, width = min(picture.shape[0], shape[0]), min(picture.shape[1], shape[1])
    fitted[:height, :width] = picture[:height, :width]
    return fitted
