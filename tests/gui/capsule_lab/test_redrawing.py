"""Pictures follow their capsules: what is the same is not drawn again, and the newest is always drawn in the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from engine.capsules.model import load_capsules
from gui.capsule_lab.redrawing import Redrawing, Wanted, as_bytes
from gui.capsule_lab.viewing import Viewing
from tests.helpers.capsule_stage import stage, vivid_capsules

PATIENCE = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return vivid_capsules(tmp_path / "tiny.safetensors")


@pytest.fixture
def viewing(qtbot: QtBot, path: Path) -> Iterator[Viewing]:
    with stage(qtbot, path) as made:
        yield made


def wanted(seed: int, count: int = 11) -> Wanted:
    capsules = np.random.default_rng(seed).standard_normal((count, 16)).astype(np.float32)
    return Wanted(capsules, (seed % 10,) * count)


def test_each_group_is_drawn_as_the_model_draws_it(qtbot: QtBot, viewing: Viewing, path: Path) -> None:
    redrawing = Redrawing(viewing.session)
    pictures: dict[int, NDArray[np.uint8]] = {}
    redrawing.redrawn.connect(pictures.update)
    groups = {number: wanted(number, 11 if number else 1) for number in range(18)}
    redrawing.want(groups)
    assert not redrawing.is_done
    qtbot.waitUntil(lambda: redrawing.is_done, timeout=PATIENCE)
    model = load_capsules(path)
    for number, group in groups.items():
        expected = model.reconstruct(group.capsules, group.classes)
        assert np.abs(pictures[number].astype(int) - as_bytes(expected)).max() <= 1


def test_only_what_is_another_is_drawn_again(qtbot: QtBot, viewing: Viewing) -> None:
    redrawing = Redrawing(viewing.session)
    redrawing.want({number: wanted(number) for number in range(4)})
    qtbot.waitUntil(lambda: redrawing.is_done, timeout=PATIENCE)
    drawn: list[int] = []
    redrawing.redrawn.connect(lambda groups: drawn.extend(number for number, _pictures in groups))
    redrawing.want({0: wanted(0), 1: wanted(5), 2: wanted(2), 3: wanted(3)})
    qtbot.waitUntil(lambda: redrawing.is_done, timeout=PATIENCE)
    assert drawn == [1]
    redrawing.want({0: wanted(0), 1: wanted(5)})
    assert redrawing.is_done and not viewing.session.busy


def test_the_same_wish_while_it_is_being_drawn_costs_nothing(qtbot: QtBot, viewing: Viewing) -> None:
    redrawing = Redrawing(viewing.session)
    drawn: list[int] = []
    redrawing.redrawn.connect(lambda groups: drawn.extend(number for number, _pictures in groups))
    redrawing.want({0: wanted(0)})
    redrawing.want({0: wanted(0), 1: wanted(1)})
    qtbot.waitUntil(lambda: redrawing.is_done and not viewing.session.busy, timeout=PATIENCE)
    assert drawn == [0, 1]


def test_the_last_wish_is_what_is_shown_in_the_end(qtbot: QtBot, viewing: Viewing) -> None:
    redrawing = Redrawing(viewing.session)
    pictures: dict[int, NDArray[np.uint8]] = {}
    redrawing.redrawn.connect(pictures.update)
    for seed in range(6):
        redrawing.want({number: wanted(10 * seed + number) for number in range(6)})
    qtbot.waitUntil(lambda: redrawing.is_done, timeout=PATIENCE)
    last = dict(pictures)
    pictures.clear()
    redrawing.clear()
    redrawing.want({number: wanted(50 + number) for number in range(6)})
    qtbot.waitUntil(lambda: redrawing.is_done, timeout=PATIENCE)
    assert all(np.array_equal(pictures[number], last[number]) for number in range(6))


def test_what_is_forgotten_is_asked_for_again(qtbot: QtBot, viewing: Viewing) -> None:
    redrawing = Redrawing(viewing.session)
    groups = {0: wanted(0), 1: wanted(1)}
    redrawing.want(groups)
    viewing.session.forget("sweep")
    qtbot.waitUntil(lambda: not viewing.session.busy, timeout=PATIENCE)
    assert not redrawing.is_done
    redrawing.want(groups)
    qtbot.waitUntil(lambda: redrawing.is_done, timeout=PATIENCE)
