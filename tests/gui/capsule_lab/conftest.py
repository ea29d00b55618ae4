"""What the tests of the Capsule lab share: a lab whose models are tiny and whose test digits are bars."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from engine import paths
from engine.runtime.catalog import Catalog
from gui.capsule_lab import input_panel, two_page
from gui.capsule_lab import ranges as ranges_module
from gui.capsule_lab.lab import CapsuleLab
from gui.lab import LabContext
from gui.messages import Messages
from gui.settings import Settings
from gui.theme import ThemeManager
from gui.widgets.status_bar import StatusBar
from tests.helpers.tiny_capsules import tiny_capsules, tiny_cnn

MakeLab = Callable[[], CapsuleLab]


def bars(count: int = 200, side: int = 28) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures with a bar each, no two alike, and classes 0 to 9 in turn."""
    pictures = np.zeros((count, side, side), np.uint8)
    for number, picture in enumerate(pictures):
        picture[6:20, 8 + number % 10 : 11 + number % 10] = 255
        picture[6 + number % 7, 6:20] = 55 + number
    return pictures, np.arange(count) % 10


def made_up_digits() -> input_panel.TestDigits:
    """`input_panel.test_digits` of bars."""
    return input_panel.TestDigits(*bars())


def made_up_held_out(side: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """`engine.capsules.ranges.held_out_digits` of bars."""
    pictures, labels = bars(count, side)
    return (pictures / np.float32(255)).astype(np.float32), labels


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def context(qtbot: QtBot, messages: Messages) -> LabContext:
    settings = Settings()
    status = StatusBar()
    qtbot.addWidget(status)
    return LabContext(messages, settings, ThemeManager(settings), status)


@pytest.fixture
def models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's own models, none yet; and none that ship."""
    monkeypatch.setattr(Catalog.__init__, "__defaults__", (tmp_path / "nothing ships", None))
    paths.models().mkdir(parents=True, exist_ok=True)
    return paths.models()


@pytest.fixture
def bare_lab(
    qtbot: QtBot, context: LabContext, models_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeLab]:
    """Makes a lab on stage with the models that are in the person's folder then."""
    monkeypatch.setattr(input_panel, "test_digits", made_up_digits)
    monkeypatch.setattr(two_page, "test_digits", made_up_digits)
    monkeypatch.setattr("engine.capsules.ranges.held_out_digits", made_up_held_out)
    monkeypatch.setattr(ranges_module, "COUNT", 60)
    monkeypatch.setattr(ranges_module, "_AT_ONCE", 60)
    monkeypatch.setattr(ranges_module, "_REST_MS", 1)
    labs: list[CapsuleLab] = []

    def make() -> CapsuleLab:
        lab = CapsuleLab(context)
        labs.append(lab)
        qtbot.addWidget(lab)
        lab.resize(1200, 780)
        with qtbot.waitExposed(lab):
            lab.show()
        lab.on_shown()
        qtbot.waitUntil(lambda: lab.input.digits is not None and not lab.session.is_asking("list"), timeout=20_000)
        return lab

    yield make
    for lab in labs:
        lab.shut_down()


@pytest.fixture(scope="session")
def three_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model for each role."""
    folder = tmp_path_factory.mktemp("three")
    tiny_capsules(folder / "tiny.safetensors")
    tiny_capsules(folder / "tiny-two.safetensors", image_size=36)
    tiny_cnn(folder / "tiny-cnn.safetensors", 28)
    return folder


@pytest.fixture
def make_lab(qtbot: QtBot, bare_lab: MakeLab, models_folder: Path, three_models: Path) -> MakeLab:
    """Makes a lab with a tiny model in each role, which has looked at a test digit."""
    shutil.copytree(three_models, models_folder, dirs_exist_ok=True)

    def make() -> CapsuleLab:
        lab = bare_lab()
        qtbot.waitUntil(lambda: lab.viewing.now is not None and len(lab.session.models) == 3, timeout=20_000)
        return lab

    return make


@pytest.fixture
def lab(qtbot: QtBot, make_lab: MakeLab) -> CapsuleLab:
    """A lab whose demonstration is over and which has nothing to do."""
    made = make_lab()
    made.demonstration.end()
    settle(qtbot, made)
    return made


def settle(qtbot: QtBot, lab: CapsuleLab) -> None:
    """Until everything that was asked for is on screen."""
    qtbot.waitUntil(lambda: not lab.session.busy and lab.is_settled(), timeout=20_000)


def said(lab: CapsuleLab) -> list[tuple[str, str]]:
    """Level and text of all that was said."""
    return [(message.level, message.text) for message in lab._context.messages.history]
