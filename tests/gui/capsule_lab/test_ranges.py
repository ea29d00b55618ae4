"""Ranges are measured a few digits at a time, once, while somebody looks; and not for models of other things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from engine.capsules.model import load_capsules
from engine.capsules.ranges import dimension_ranges, own_capsules
from gui.capsule_lab import ranges as module
from gui.capsule_lab.ranges import DimensionRanges
from gui.capsule_lab.session import CAPSULES
from gui.capsule_lab.viewing import Viewing
from tests.helpers.capsule_stage import digits, stage
from tests.helpers.tiny_capsules import tiny_capsules

COUNT = 42
PATIENCE = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tiny_capsules(tmp_path / "tiny.safetensors")


@pytest.fixture
def viewing(qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viewing]:
    monkeypatch.setattr(module, "COUNT", COUNT)
    monkeypatch.setattr(module, "_REST_MS", 1)
    monkeypatch.setattr("engine.capsules.ranges.held_out_digits", digits)
    with stage(qtbot, path) as made:
        yield made


def test_they_are_those_of_all_digits_at_once(qtbot: QtBot, viewing: Viewing, path: Path) -> None:
    ranges = DimensionRanges(viewing.session)
    assert not viewing.session.busy and ranges.of(0) is None
    with qtbot.waitSignal(ranges.found, timeout=PATIENCE):
        ranges.catch_up()
    pictures, labels = digits(28, COUNT)
    model = load_capsules(path)
    expected = dimension_ranges(own_capsules(model, pictures, labels), labels, 10)
    assert ranges.ranges is not None
    np.testing.assert_allclose(ranges.ranges, expected, atol=1e-5)
    found = ranges.of(7)
    assert found is not None and found.shape == (16, 3)
    ranges.catch_up()
    assert not ranges._timer.isActive()


def test_they_go_on_where_they_stood(qtbot: QtBot, viewing: Viewing, monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = DimensionRanges(viewing.session)
    measured: list[int] = []
    take = ranges._on_capsules

    def take_and_rest(capsules: NDArray[np.float32]) -> None:
        take(capsules)
        measured.append(len(capsules))
        if len(measured) == 2:
            ranges.rest()

    monkeypatch.setattr(ranges, "_on_capsules", take_and_rest)
    ranges.catch_up()
    qtbot.waitUntil(lambda: len(measured) == 2 and not viewing.session.busy, timeout=PATIENCE)
    assert ranges.ranges is None
    with qtbot.waitSignal(ranges.found, timeout=PATIENCE):
        ranges.catch_up()
    assert sum(measured) == COUNT


def test_another_model_has_ranges_of_its_own(qtbot: QtBot, viewing: Viewing, tmp_path: Path) -> None:
    ranges = DimensionRanges(viewing.session)
    with qtbot.waitSignal(ranges.found, timeout=PATIENCE):
        ranges.catch_up()
    other = tiny_capsules(tmp_path / "other.safetensors", capsule_size=5)
    with qtbot.waitSignal(viewing.session.model_changed, timeout=PATIENCE):
        viewing.session.open(CAPSULES, other)
    assert ranges.ranges is None
    with qtbot.waitSignal(ranges.found, timeout=PATIENCE):
        ranges.catch_up()
    found = ranges.of(3)
    assert found is not None and found.shape == (5, 3)


def test_a_model_of_other_things_has_none(qtbot: QtBot, viewing: Viewing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_OF_DIGITS", ())
    ranges = DimensionRanges(viewing.session)
    ranges.catch_up()
    qtbot.waitUntil(lambda: ranges._done, timeout=PATIENCE)
    assert ranges.ranges is None and ranges.of(0) is None
    ranges.catch_up()
    assert not ranges._timer.isActive()
