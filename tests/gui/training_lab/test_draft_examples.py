"""Examples of what an experiment will learn from: also of two digits and of a person's own labelled pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.capsules.config import PRESETS, CapsuleTrainConfig
from gui.messages import Messages
from gui.training_lab.draft_examples import DraftExamples
from tests.helpers.tiny_run import TinyConfig

TWO = PRESETS["two-digits"]


@pytest.fixture
def examples(qtbot: QtBot, messages: Messages) -> Iterator[DraftExamples]:
    parent = QObject()
    made = DraftExamples(messages, parent)
    yield made
    made.shut_down()


def found(qtbot: QtBot, examples: DraftExamples, config: CapsuleTrainConfig) -> NDArray[np.uint8]:
    with qtbot.waitSignal(examples.found, timeout=30_000) as told:
        examples.look(config)
    qtbot.waitUntil(lambda: not examples.busy)
    shown: NDArray[np.uint8] = told.args[0]["data"]
    return shown


def test_two_digits_lie_over_each_other(qtbot: QtBot, examples: DraftExamples) -> None:
    shown = found(qtbot, examples, TWO)
    assert shown.shape == (16, 36, 36) and shown.dtype == np.uint8 and shown.max() == 255
    examples.look(replace(TWO, learning_rate=0.5))
    assert not examples.busy
    # As far off each other as in the run.
    assert (found(qtbot, examples, replace(TWO, shift=0)) != shown).any()
    assert (found(qtbot, examples, TWO) == shown).all()
    assert found(qtbot, examples, PRESETS["small"]).shape == (16, 28, 28)


def test_labelled_pictures_of_a_person_and_what_cannot_be_read(
    qtbot: QtBot, examples: DraftExamples, tmp_path: Path
) -> None:
    path = tmp_path / "mine.npz"
    labels = np.arange(200) % 2
    np.savez(path, images=np.full((200, 20, 20), 7, np.uint8), labels=labels)
    config = CapsuleTrainConfig(data="file", data_path=str(path), image_size=24)
    shown = found(qtbot, examples, config)
    assert shown.shape == (16, 24, 24) and shown[:, 12, 12].tolist() == [7] * 16
    with qtbot.assertNotEmitted(examples.found):
        examples.look(replace(config, data_path=str(tmp_path / "missing.npz")))
        qtbot.waitUntil(lambda: not examples.busy)


def test_a_run_without_data_is_not_looked_at(examples: DraftExamples) -> None:
    examples.look(TinyConfig())
    assert not examples.busy
