"""Cards of runs on disk: what can be read is shown, what cannot is left out."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from PySide6.QtGui import QImage

from engine import paths
from engine.runtime.run_folder import create_run
from gui.training_lab.experiments import recent_runs, shipped_picture, when_in_words
from tests.helpers.standin_trainer import StandinConfig

NOW = datetime.datetime(2026, 3, 1, 12, 0)


def test_the_newest_runs_come_first_with_their_samples() -> None:
    for number in range(3):
        run = create_run("standin", StandinConfig(name=f"run {number}"), paths.runs() / f"2026-01-0{number + 1}-x")
        run.write_status("finished" if number else "failed")
    folder = paths.runs() / "2026-01-03-x" / "arrays"
    folder.mkdir()
    np.savez(folder / "5.npz", samples=np.zeros((900, 2), np.float32))
    (folder / "9.npz").write_bytes(b"nothing of the kind")
    cards = list(recent_runs(2))
    assert [card.title for card in cards] == ["run 2", "run 1"]
    assert [card.state for card in cards] == ["finished", "finished"]
    assert cards[0].samples is None and cards[0].path == paths.runs() / "2026-01-03-x"
    (folder / "9.npz").unlink()
    samples = next(iter(recent_runs(1))).samples
    assert samples is not None and samples.shape == (600, 2)


def test_no_runs_and_damaged_ones() -> None:
    assert list(recent_runs(5)) == []
    (paths.runs() / "broken").mkdir(parents=True)
    (paths.runs() / "broken" / "config.json").write_text("{")
    assert list(recent_runs(5)) == []


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (datetime.datetime(2026, 3, 1, 9, 5), "today 09:05"),
        (datetime.datetime(2026, 2, 28, 23, 0), "yesterday 23:00"),
        (datetime.datetime(2026, 1, 7), "7 Jan"),
        (datetime.datetime(2024, 12, 31), "31 Dec 2024"),
    ],
)
def test_when_in_words(when: datetime.datetime, words: str) -> None:
    assert when_in_words(when, NOW) == words


def test_the_picture_that_ships(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = tmp_path_factory.mktemp("assets")
    monkeypatch.setattr(paths, "ASSETS", assets)
    assert shipped_picture("modes") is None
    folder = assets / "pictures" / "experiments"
    folder.mkdir(parents=True)
    QImage(3, 2, QImage.Format.Format_RGB32).save(str(folder / "modes.png"))
    found = shipped_picture("modes")
    assert found is not None and found.width() == 3


def test_a_run_without_samples_shows_what_it_has_redrawn() -> None:
    run = create_run("standin", StandinConfig(), paths.runs() / "2026-01-01-x")
    run.write_status("finished")
    (run.path / "arrays").mkdir()
    data, redrawn = np.full((2, 8, 8), 1, np.uint8), np.full((2, 8, 8), 2, np.uint8)
    np.savez(run.path / "arrays" / "1.npz", data=data)
    assert np.array_equal(next(iter(recent_runs(1))).samples, data)  # type: ignore[arg-type]
    np.savez(run.path / "arrays" / "2.npz", data=data, reconstructions=redrawn)
    assert np.array_equal(next(iter(recent_runs(1))).samples, redrawn)  # type: ignore[arg-type]
