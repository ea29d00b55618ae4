"""The first page says which experiment or run is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.experiments.experiment import Experiment
from engine.runtime.run_folder import create_run
from engine.runtime.worker import run_recorded
from gui.lab import LabContext
from gui.training_lab.entrance import DensityDialog, Entrance
from tests.gui.training_lab.conftest import PATIENCE
from tests.helpers.tiny_run import TINY, TinyConfig


@pytest.fixture
def entrance(qtbot: QtBot, context: LabContext, tiny: None) -> Iterator[Entrance]:
    made = Entrance(context)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    yield made
    made.shut_down()


@pytest.fixture
def wanted(entrance: Entrance) -> list[tuple[str, object]]:
    told: list[tuple[str, object]] = []
    entrance.experiment_chosen.connect(lambda found: told.append(("set up", found)))
    entrance.experiment_started.connect(lambda found: told.append(("start", found)))
    entrance.run_chosen.connect(lambda found: told.append(("open", found)))
    return told


def answer(entrance: Entrance, path: Path) -> None:
    dialog = entrance.findChildren(QFileDialog)[-1]
    dialog.fileSelected.emit(str(path))
    dialog.reject()


def test_cards_show_their_data_and_start(entrance: Entrance, wanted: list[tuple[str, object]], qtbot: QtBot) -> None:
    qtbot.waitUntil(entrance.is_settled, timeout=PATIENCE)
    tiles = entrance.gallery.tiles
    first = tiles[0]
    assert first.picture.has_content and first.start_button is not None
    first.start_button.click()
    first.opened.emit()
    entrance.gallery.preview.settings_button.click()
    (how, started), (then, chosen) = wanted
    assert (how, then) == ("start", "set up") and started is chosen and isinstance(started, Experiment)


def test_runs_of_earlier_days_are_offered(
    entrance: Entrance, wanted: list[tuple[str, object]], qtbot: QtBot
) -> None:
    config = TinyConfig(steps=5, name="earlier")
    folder = create_run("tiny", config)
    run_recorded(TINY, config, folder.path)
    create_run("tiny", TinyConfig(name="never begun"))
    entrance.refresh()
    qtbot.waitUntil(entrance.is_settled, timeout=PATIENCE)
    names = [tile.accessibleName() for tile in entrance.gallery.tiles]
    assert "earlier" in names and "never begun" not in names
    entrance.gallery.tiles[names.index("earlier")].opened.emit()
    entrance.ask_for_run()
    answer(entrance, folder.path)
    assert wanted == [("open", folder.path)] * 2


def test_own_pictures_and_a_drawn_density(
    entrance: Entrance, wanted: list[tuple[str, object]], qtbot: QtBot, tmp_path: Path
) -> None:
    entrance.ask_for_pictures()
    answer(entrance, tmp_path)
    entrance.ask_for_density()
    dialog = entrance.findChildren(DensityDialog)[-1]
    assert not dialog.learn_button.isEnabled()
    dialog.drawn.emit(np.eye(32, dtype=np.float32))
    dialog.reject()
    qtbot.waitUntil(lambda: len(wanted) == 2, timeout=PATIENCE)
    pictures, density = (found for _, found in wanted)
    assert isinstance(pictures, Experiment) and isinstance(density, Experiment)
    assert pictures.runs[0].config.data_path == str(tmp_path)
    assert Path(density.runs[0].config.data_path).exists() and density.runs[0].config.data == "drawn density"
