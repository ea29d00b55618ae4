"""Cyclic garbage is destroyed on the UI thread, whichever thread makes new objects."""

from __future__ import annotations

import gc
import threading

import pytest
from pytestqt.qtbot import QtBot

from gui.services.garbage import GarbageCollector


class Knot:
    """Holds itself, and tells on which thread it is destroyed."""

    def __init__(self, threads: list[int]) -> None:
        """Goes away at a collection only."""
        self.itself = self
        self.threads = threads

    def __del__(self) -> None:
        """Destroyed."""
        self.threads.append(threading.get_ident())


def test_garbage_of_a_busy_worker_waits_for_the_ui_thread(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.services.garbage._LOOK_EVERY_MS", 5)
    collector = GarbageCollector()
    threads: list[int] = []
    collector.start()
    try:
        worker = threading.Thread(target=lambda: [Knot(threads) for _ in range(5000)])
        worker.start()
        worker.join()
        assert threads == []
        qtbot.waitUntil(lambda: len(threads) == 5000)
    finally:
        collector.stop()
    assert set(threads) == {threading.get_ident()}
    assert gc.isenabled()


def test_stopping_twice_is_stopping(qtbot: QtBot) -> None:
    gc.disable()
    collector = GarbageCollector()
    collector.stop()
    assert not gc.isenabled()
    collector.start()
    collector.stop()
    collector.stop()
    assert gc.isenabled()
