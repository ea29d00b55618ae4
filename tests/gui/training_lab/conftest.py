"""What the tests of the Training lab share: a run that fits a line, and a place to open it in."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from engine import trainers
from engine.experiments.experiment import Experiment, PlannedRun
from gui.lab import LabContext
from gui.messages import Messages
from gui.settings import Settings
from gui.theme import ThemeManager
from gui.widgets.status_bar import StatusBar
from tests.helpers.tiny_run import TINY, TinyConfig

PATIENCE = 120_000  # a child imports torch
ENDLESS = TinyConfig(steps=10_000_000, log_every=20, picture_every=20, save_every=20)


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny run is a trainer like the others."""
    monkeypatch.setitem(trainers.TRAINERS, "tiny", TINY)


@pytest.fixture
def context(qtbot: QtBot, messages: Messages) -> Iterator[LabContext]:
    settings = Settings()
    status = StatusBar()
    qtbot.addWidget(status)
    yield LabContext(messages, settings, ThemeManager(settings), status)
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)


def experiment(*labels: str, config: TinyConfig = ENDLESS) -> Experiment:
    """Runs of these names, that go on until they are stopped."""
    runs = tuple(PlannedRun(label, "tiny", replace(config, name=label)) for label in labels)
    return Experiment("tiny", "A tiny experiment", "Two numbers learn.", ("points",), runs)


def said(messages: Messages) -> list[tuple[str, str]]:
    """Level and text of all that was said."""
    return [(message.level, message.text) for message in messages.history]
