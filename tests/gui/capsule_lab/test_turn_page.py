"""The page on equivariance against what the models themselves say of the picture laid in every way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.capsules.config import CNN_KIND
from engine.capsules.equivariance import CHANGES, correlations, probabilities
from engine.capsules.model import load_capsules, load_cnn, placed
from engine.data.placement import Placement
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from gui.capsule_lab import turn_page as page_module
from gui.capsule_lab.session import CAPSULES, CNN, CapsuleSession
from gui.capsule_lab.subject import SubjectModel
from gui.capsule_lab.turn_page import AMOUNTS, TurnPage
from gui.capsule_lab.viewing import Viewing
from gui.messages import Messages
from gui.palette import DARK, LIGHT
from tests.helpers.capsule_stage import blob, stage
from tests.helpers.pointer import click
from tests.helpers.tiny_capsules import tiny_capsules, tiny_cnn
from tests.helpers.uncut import cut

PATIENCE = 20_000
ROTATION, SHEAR, SCALE, RIGHT, DOWN = range(5)
Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CapsNet and a CNN."""
    made = tmp_path_factory.mktemp("models")
    tiny_capsules(made / "tiny.safetensors")
    tiny_cnn(made / "tiny-cnn.safetensors", 28)
    return made


@pytest.fixture
def viewing(qtbot: QtBot, folder: Path) -> Iterator[Viewing]:
    with stage(qtbot, folder / "tiny.safetensors") as made:
        yield made


@pytest.fixture
def page(qtbot: QtBot, viewing: Viewing) -> Iterator[TurnPage]:
    made = TurnPage(viewing, LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 640)
    yield made
    made.hide()


class Gate:
    """Lets questions about curves begin, and the first of them end only when it is opened."""

    def __init__(self, work: Callable[..., Any]) -> None:
        """`work` is what they do."""
        self._work, self._open = work, threading.Event()
        self.begun: list[tuple[Any, ...]] = []

    def __call__(self, *given: Any) -> Any:
        self.begun.append(given)
        assert self._open.wait(20)
        return self._work(*given)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate(page_module._answers)
    monkeypatch.setattr(page_module, "_answers", made)
    return made


def settle(qtbot: QtBot, page: TurnPage) -> None:
    qtbot.waitUntil(lambda: not page.session.busy, timeout=PATIENCE)


def look_at(qtbot: QtBot, page: TurnPage) -> None:
    page.show()
    settle(qtbot, page)


def laid(page: TurnPage, change: int, side: int = 28) -> tuple[Array, Array]:
    """All amounts, and the subject's picture with each of them."""
    amounts = CHANGES[change].amounts(AMOUNTS)
    placements = [CHANGES[change].placed(page.subject.placement, float(amount)) for amount in amounts]
    return amounts, placed(page.subject.picture, placements, side)


def assert_shows(page: TurnPage, path: Path, change: int, shown: int) -> None:
    """Every curve is what the model in a file says of the subject."""
    model = load_capsules(path)
    amounts, pictures = laid(page, change, model.side)
    capsules = model.capsules(pictures, page.subject.iterations)
    np.testing.assert_array_equal(page.amounts, amounts)
    np.testing.assert_array_equal(page.numbers._x, amounts)
    np.testing.assert_allclose(page.numbers._y, capsules[:, shown], atol=1e-5)
    np.testing.assert_allclose(page.lengths._y, np.linalg.norm(capsules, axis=2), atol=1e-5)


def test_a_hidden_page_asks_for_nothing(qtbot: QtBot, page: TurnPage) -> None:
    page.subject_model.update(picture=blob()[::-1].copy())
    page.change.setCurrentIndex(SHEAR)
    settle(qtbot, page)
    assert len(page.amounts) == 0 and page.numbers.count == 0
    look_at(qtbot, page)
    assert len(page.amounts) == AMOUNTS and page.numbers.count == 16


@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_curves_are_of_each_number_over_each_amount(
    qtbot: QtBot, page: TurnPage, folder: Path, change: int
) -> None:
    page.subject_model.update(placement=Placement(15.0, 0.1, 0.9, 1.1, 1.0, -2.0), shown=6, iterations=2)
    page.change.setCurrentIndex(change)
    look_at(qtbot, page)
    assert_shows(page, folder / "tiny.safetensors", change, 6)
    assert (page.numbers._low, page.numbers._high) == (CHANGES[change].low, CHANGES[change].high)
    assert page.numbers._now == page.lengths._now == CHANGES[change].amount(page.subject.placement)


def test_the_longest_capsule_is_shown_until_another_is_chosen(qtbot: QtBot, page: TurnPage, folder: Path) -> None:
    look_at(qtbot, page)
    look = page.viewing.look
    assert look is not None
    assert_shows(page, folder / "tiny.safetensors", ROTATION, look.longest)
    other = (look.longest + 3) % 10
    page.subject_model.update(shown=other)
    assert page.title.text() == "The numbers of v" + "₀₁₂₃₄₅₆₇₈₉"[other] and page.lengths._shown == other
    assert_shows(page, folder / "tiny.safetensors", ROTATION, other)


def test_what_follows_best_is_measured_where_the_class_is_seen(qtbot: QtBot, page: TurnPage, folder: Path) -> None:
    look_at(qtbot, page)
    amounts, pictures = laid(page, ROTATION)
    capsules = load_capsules(folder / "tiny.safetensors").capsules(pictures)
    longest = np.linalg.norm(capsules, axis=2).argmax(axis=1)
    counts = np.bincount(longest, minlength=10)
    seen, unseen = int(counts.argmax()), int(counts.argmin())
    assert counts[unseen] < 3
    for shown, where in ((seen, longest == seen), (unseen, np.ones(AMOUNTS, bool))):
        page.subject_model.update(shown=shown)
        r = np.abs(correlations(amounts[where], capsules[where, shown]))
        assert page.numbers.follows_best == r.argmax()
        end = f"number {r.argmax() + 1} of v{'₀₁₂₃₄₅₆₇₈₉'[shown]} follows best: |r| = {r.max():.2f}"
        begin = f"Where {shown} is seen, " if shown == seen else f"{shown} is hardly seen; "
        assert page.words.text() == begin + end
    assert page.lengths.answers == [str(each) for each in longest]


def test_a_number_is_chosen_until_another_class_is_shown(qtbot: QtBot, page: TurnPage) -> None:
    page.subject_model.update(shown=2)
    look_at(qtbot, page)
    best = page.numbers.follows_best
    other, before = (best + 5) % 16, page.words.text()
    click(page.numbers, page.numbers.box(other).center().toPoint().toTuple())
    assert page.numbers.marked == other and page.subject.placement == Placement()
    assert page.words.text() == f"{before}; number {other + 1}: {abs(page.numbers._r[other]):.2f}"
    page.subject_model.update(shown=3)
    assert page.numbers.marked == page.numbers.follows_best


def test_nothing_is_concluded_from_coarse_curves(
    qtbot: QtBot, page: TurnPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at(qtbot, page)
    told: list[tuple[bool, bool, bool]] = []

    def on_answers(answers: object) -> None:
        TurnPage._on_answers(page, answers)  # type: ignore[arg-type]
        is_whole = len(page.amounts) == AMOUNTS
        told.append((is_whole, page.words.text() != "Being measured…", page.numbers.follows_best >= 0))

    begun: list[tuple[str, int, int]] = []

    def begin(wanted: page_module._Wanted) -> None:
        TurnPage._begin(page, wanted)
        begun.append((page.words.text(), page.numbers.follows_best, page.numbers.count))

    monkeypatch.setattr(page, "_on_answers", on_answers)
    monkeypatch.setattr(page, "_begin", begin)
    assert "follows best" in page.words.text()
    page.subject_model.update(picture=np.ascontiguousarray(blob().T))
    settle(qtbot, page)
    assert begun == [("Being measured…", -1, 16)]  # the curves are still those of the picture before
    assert len(told) > 2 and set(told[:-1]) == {(False, False, False)} and told[-1] == (True, True, True)


def test_what_is_missing_is_told_apart_from_what_is_coming(
    qtbot: QtBot, folder: Path, tmp_path: Path, gate: Gate
) -> None:
    session = CapsuleSession(Messages())
    try:
        page = TurnPage(Viewing(session, SubjectModel()), LIGHT)
        qtbot.addWidget(page)
        page.show()
        assert page.lengths.hint.startswith("No capsule network is open")
        assert page.cnn.hint.startswith("No convolutional network is open")
        page.hide()
        page.subject_model.update(picture=blob())
        session.open(CNN, folder / "tiny-cnn.safetensors")
        session.open(CAPSULES, folder / "tiny.safetensors")
        page.show()
        assert page.lengths.hint == page.cnn.hint == "It is being opened…"
        qtbot.waitUntil(lambda: len(gate.begun) == 1, timeout=PATIENCE)
        assert page.lengths.hint == page.cnn.hint == "Being measured…"
        gate.open()
        settle(qtbot, page)
        assert page.lengths.answers and page.cnn.answers
        session.models.pop(CNN)
        session.open(CNN, tmp_path / "none.safetensors")
        page._show_hints()
        assert page.cnn.hint == "It is being opened…"
        settle(qtbot, page)
        assert page.cnn.hint.startswith("No convolutional network is open")
        page.hide()
    finally:
        session.shut_down()


def test_tooltips_are_read_in_lines(page: TurnPage) -> None:
    tips = [widget.toolTip() for widget in page.findChildren(QWidget)]
    assert any("\n" in tip for tip in tips) and all(len(line) <= 80 for tip in tips for line in tip.split("\n"))


def test_without_a_cnn_the_page_says_so_and_shows_one_when_it_comes(
    qtbot: QtBot, page: TurnPage, folder: Path, tmp_path: Path
) -> None:
    look_at(qtbot, page)
    assert page.cnn.hint.startswith("No convolutional network is open") and not page.cnn.answers
    page.session.open(CNN, folder / "tiny-cnn.safetensors")
    settle(qtbot, page)
    amounts, pictures = laid(page, ROTATION)
    wanted = probabilities(load_cnn(folder / "tiny-cnn.safetensors").scores(pictures))
    np.testing.assert_array_equal(page.cnn._x, amounts)
    np.testing.assert_allclose(page.cnn._y, wanted, atol=1e-5)
    tensors, header = load_checkpoint(folder / "tiny-cnn.safetensors", CNN_KIND)
    letters = replace(header, name="letters", extra={"class_names": list("abcdefghij")})
    save_checkpoint(tmp_path / "letters.safetensors", tensors, letters)
    page.session.open(CNN, tmp_path / "letters.safetensors")
    settle(qtbot, page)
    assert not page.cnn.answers and "letters cannot be compared" in page.cnn._hint
    assert len(page.amounts) == AMOUNTS


def test_late_answers_about_another_subject_are_ignored(
    qtbot: QtBot, page: TurnPage, folder: Path, gate: Gate
) -> None:
    page.show()
    qtbot.waitUntil(lambda: len(gate.begun) == 1, timeout=PATIENCE)
    page.subject_model.update(picture=np.ascontiguousarray(blob().T), shown=2)
    gate.open()
    settle(qtbot, page)
    assert_shows(page, folder / "tiny.safetensors", ROTATION, 2)


def test_late_answers_about_another_change_are_ignored(
    qtbot: QtBot, page: TurnPage, folder: Path, gate: Gate
) -> None:
    page.subject_model.update(shown=2)
    page.show()
    qtbot.waitUntil(lambda: len(gate.begun) == 1, timeout=PATIENCE)
    page.change.setCurrentIndex(DOWN)
    gate.open()
    settle(qtbot, page)
    assert_shows(page, folder / "tiny.safetensors", DOWN, 2)


def test_a_page_that_is_left_and_seen_again_ends_what_it_began(
    qtbot: QtBot, page: TurnPage, folder: Path, gate: Gate
) -> None:
    page.subject_model.update(shown=2)
    page.show()
    qtbot.waitUntil(lambda: len(gate.begun) == 1, timeout=PATIENCE)
    page.hide()
    page.show()  # before the answer that nobody waited for any more
    gate.open()
    settle(qtbot, page)
    assert_shows(page, folder / "tiny.safetensors", ROTATION, 2)
    asked = len(gate.begun)
    page.hide()
    page.show()
    settle(qtbot, page)
    assert len(gate.begun) == asked  # nothing has changed


def test_every_curve_is_of_the_models_that_are_there(
    qtbot: QtBot, page: TurnPage, folder: Path, tmp_path: Path, gate: Gate
) -> None:
    page.subject_model.update(shown=2)
    page.show()
    qtbot.waitUntil(lambda: len(gate.begun) == 1, timeout=PATIENCE)
    # Both are opened before the next amounts are asked for, which wait until then.
    page.session.open(CNN, folder / "tiny-cnn.safetensors")
    page.session.open(CAPSULES, tiny_capsules(tmp_path / "small.safetensors", capsule_size=5))
    gate.open()
    qtbot.waitUntil(lambda: page.session.models[CAPSULES].capsule_size == 5, timeout=PATIENCE)
    settle(qtbot, page)
    assert page.numbers.count == 5
    assert_shows(page, tmp_path / "small.safetensors", ROTATION, 2)
    assert len(page.cnn._x) == AMOUNTS


def test_a_new_picture_gets_its_own_curves_wherever_it_lies_in_memory(
    qtbot: QtBot, page: TurnPage, folder: Path
) -> None:
    page.subject_model.update(picture=blob(), shown=2)
    look_at(qtbot, page)
    page.hide()
    first = id(page.subject.picture)
    page.subject_model.update(picture=np.zeros((28, 28), np.float32))
    settle(qtbot, page)
    others = [np.ascontiguousarray(blob().T)]
    while id(others[-1]) != first and len(others) < 1000:
        others.append(others[0].copy())
    page.subject_model.update(picture=others[-1])
    look_at(qtbot, page)
    assert_shows(page, folder / "tiny.safetensors", ROTATION, 2)


def test_a_click_lays_the_picture_so_and_the_curves_stay(qtbot: QtBot, page: TurnPage, gate: Gate) -> None:
    gate.open()
    page.change.setCurrentIndex(SCALE)
    look_at(qtbot, page)
    asked, area = len(gate.begun), page.numbers._plot(page.numbers.box(page.numbers.marked))
    click(page.numbers, (round(area.left() + area.width() * 0.75), round(area.center().y())))
    lying = page.subject.placement
    assert lying.scale_x == lying.scale_y == pytest.approx(0.5 + 0.75 * 1.1, abs=0.02)
    assert lying == Placement(scale_x=lying.scale_x, scale_y=lying.scale_x)
    assert page.lengths._now == page.cnn._now == pytest.approx(lying.scale_x)
    settle(qtbot, page)
    assert len(gate.begun) == asked
    page.subject_model.update(placement=replace(lying, rotation=20.0))
    settle(qtbot, page)
    assert len(gate.begun) > asked


def test_keys_turn_it_step_by_step_faster_than_it_is_seen(qtbot: QtBot, page: TurnPage) -> None:
    look_at(qtbot, page)
    for plot in (page.numbers, page.lengths, page.cnn):
        QTest.keyClick(plot, Qt.Key.Key_Right)
    assert page.subject.placement == Placement(rotation=18.0)
    settle(qtbot, page)
    page.change.setCurrentIndex(RIGHT)
    settle(qtbot, page)
    QTest.keyClick(page.lengths, Qt.Key.Key_Home)
    assert page.subject.placement == Placement(rotation=18.0, shift_x=-8.0)
    settle(qtbot, page)


def test_everything_is_reached_and_named(page: TurnPage) -> None:
    for widget in (page.change, page.numbers, page.lengths, page.cnn):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert widget.accessibleName() and widget.toolTip()


def test_nothing_is_cut_at_the_least_size(qtbot: QtBot, page: TurnPage) -> None:
    page.show()
    page.resize(page.minimumSizeHint())
    look_at(qtbot, page)
    least = page.minimumSizeHint()
    assert page.size() == least and not cut(page)
    assert least.width() >= page_module._LEAST.width() and least.height() >= page_module._LEAST.height()


def test_it_is_painted_in_both_themes(qtbot: QtBot, page: TurnPage, folder: Path) -> None:
    page.grab()  # empty
    page.session.open(CNN, folder / "tiny-cnn.safetensors")
    look_at(qtbot, page)
    light = page.grab().toImage()
    page.set_theme(DARK)
    assert page.theme == DARK and page.grab().toImage() != light
    assert all(plot._theme == DARK for plot in (page.numbers, page.lengths, page.cnn))
