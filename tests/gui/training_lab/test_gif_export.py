"""The GIF of a run: its pictures in order, made beside the UI thread, whole or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from engine.errors import CheckpointError
from engine.runtime.job import Arrays
from engine.runtime.run_folder import RunFolder
from gui.messages import Messages
from gui.training_lab.gif_export import GifExport, evenly


class MadeUpRun(RunFolder):
    """Pictures that say their step; notes which thread read them."""

    def __init__(self, path: Path) -> None:
        """Nothing read yet."""
        super().__init__(path)
        self.threads: set[int] = set()
        self.broken: set[int] = set()

    def arrays(self, step: int) -> Arrays:
        """A picture of one shade."""
        self.threads.add(threading.get_ident())
        if step in self.broken:
            raise CheckpointError(f"Step {step} is damaged.")
        return Arrays(step, {"samples": np.full((1, 4, 4), step, np.uint8)})


class Outcome:
    """What an export has told."""

    def __init__(self, export: GifExport) -> None:
        """Listen."""
        self.paths: list[Path] = []
        self.errors: list[BaseException] = []
        self.progress: list[tuple[int, int]] = []
        export.finished.connect(self.paths.append)
        export.failed.connect(self.errors.append)
        export.progressed.connect(lambda done, total: self.progress.append((done, total)))


@pytest.fixture
def export(tmp_path: Path, qtbot: QtBot) -> Iterator[GifExport]:
    made = GifExport(Messages(log=tmp_path / "log.txt"))
    yield made
    assert made.shut_down()


@pytest.fixture
def run(tmp_path: Path) -> MadeUpRun:
    return MadeUpRun(tmp_path / "run")


def grey(arrays: Arrays, step: int) -> QImage:
    image = QImage(12, 8, QImage.Format.Format_RGB32)
    image.fill(QColor(step, step, step))
    return image


def colourful(arrays: Arrays, step: int) -> QImage:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("#f8f9fb"))
    for x in range(10):
        image.setPixelColor(x + step, 10, QColor("#0072a7"))
    return image


def frames(path: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    with Image.open(path) as found:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(found)]


def test_every_picture_is_a_frame_in_order_with_its_exact_grey(
    export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot
) -> None:
    outcome = Outcome(export)
    rendered_on: set[int] = set()

    def render(arrays: Arrays, step: int) -> QImage:
        rendered_on.add(threading.get_ident())
        return grey(arrays, step)

    steps = [0, 3, 100, 101, 200, 254, 255]
    export.start(run, steps, render, tmp_path / "out", {"run": "λ", "seed": "7"}, rate=10)
    assert export.busy
    qtbot.waitUntil(lambda: not export.busy)
    assert outcome.paths == [tmp_path / "out.gif"] and outcome.errors == []
    assert [int(frame[0, 0, 0]) for frame in frames(outcome.paths[0])] == steps
    assert rendered_on == {threading.get_ident()} and threading.get_ident() not in run.threads
    assert outcome.progress[-1][1] == 12 and [done for done, _ in outcome.progress] == list(range(12))
    with Image.open(outcome.paths[0]) as found:
        comment = found.info["comment"]
        assert isinstance(comment, bytes) and json.loads(comment) == {"run": "λ", "seed": "7"}
        assert found.info["loop"] == 0 and found.info["duration"] == 100


def test_colours_stay_what_they_are_from_frame_to_frame(
    export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot
) -> None:
    outcome = Outcome(export)
    export.start(run, range(20), colourful, tmp_path / "out.gif", {})
    qtbot.waitUntil(lambda: not export.busy)
    made = frames(outcome.paths[0])
    assert len(made) == 20
    for step, frame in enumerate(made):
        np.testing.assert_allclose(frame[0, 0].astype(int), [0xF8, 0xF9, 0xFB], atol=2)
        np.testing.assert_allclose(frame[10, step + 4].astype(int), [0x00, 0x72, 0xA7], atol=2)


def test_one_picture_makes_a_gif_too(export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot) -> None:
    outcome = Outcome(export)
    export.start(run, [9], grey, tmp_path / "out.gif", {})
    qtbot.waitUntil(lambda: not export.busy)
    assert len(frames(outcome.paths[0])) == 1


def test_a_rendering_of_another_size_is_fitted(export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot) -> None:
    outcome = Outcome(export)

    def render(arrays: Arrays, step: int) -> QImage:
        image = QImage(10 + step, 8, QImage.Format.Format_RGB32)
        image.fill(QColor(step, step, step))
        return image

    export.start(run, [1, 3, 5], render, tmp_path / "out.gif", {})
    qtbot.waitUntil(lambda: not export.busy)
    assert {frame.shape for frame in frames(outcome.paths[0])} == {(8, 11, 3)}


def test_more_than_a_gif_can_bear_is_thinned_evenly(
    export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.training_lab.gif_export.MOST_PIXELS", 12 * 8 * 5)
    outcome = Outcome(export)
    export.start(run, range(0, 101), grey, tmp_path / "out.gif", {})
    qtbot.waitUntil(lambda: not export.busy)
    assert [int(frame[0, 0, 0]) for frame in frames(outcome.paths[0])] == [0, 25, 50, 75, 100]


def test_a_damaged_picture_ends_it_without_a_file(
    export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "out.gif").write_text("old")
    outcome = Outcome(export)
    run.broken = {30}
    export.start(run, range(0, 60, 10), grey, tmp_path / "out.gif", {})
    qtbot.waitUntil(lambda: not export.busy)
    assert [str(error) for error in outcome.errors] == ["Step 30 is damaged."] and outcome.paths == []
    assert (tmp_path / "out.gif").read_text() == "old"


def test_a_rendering_that_fails_is_told(export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot) -> None:
    outcome = Outcome(export)
    export.start(run, [1, 2], lambda arrays, step: QImage(), tmp_path / "out.gif", {})
    qtbot.waitUntil(lambda: not export.busy)
    assert "could not be drawn" in str(outcome.errors[0]) and not (tmp_path / "out.gif").exists()
    export.start(run, [], grey, tmp_path / "out.gif", {})
    assert "no pictures" in str(outcome.errors[1]) and not export.busy


def test_a_cancelled_one_tells_nothing_and_leaves_nothing(
    export: GifExport, run: MadeUpRun, tmp_path: Path, qtbot: QtBot
) -> None:
    outcome = Outcome(export)
    export.start(run, range(50), grey, tmp_path / "first.gif", {})
    export.cancel()
    assert not export.busy
    export.start(run, range(3), grey, tmp_path / "second.gif", {})
    qtbot.waitUntil(lambda: not export.busy)
    assert outcome.paths == [tmp_path / "second.gif"] and not (tmp_path / "first.gif").exists()


def test_evenly_keeps_first_and_last() -> None:
    assert evenly(range(10), 20) == list(range(10))
    found = evenly(range(1000), 7)
    assert len(found) == 7 and found[0] == 0 and found[-1] == 999
