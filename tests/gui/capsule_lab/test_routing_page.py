"""The page on routing against what the model itself says, and by every control that it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.capsules.model import CapsuleModel, RoutingDetails, load_capsules
from engine.capsules.votes import entropy, votes
from gui.capsule_lab import routing_lengths as lengths_module
from gui.capsule_lab import routing_page as page_module
from gui.capsule_lab.routing_page import RoutingPage
from gui.capsule_lab.session import CAPSULES
from gui.capsule_lab.viewing import Viewing
from gui.palette import DARK, LIGHT
from tests.helpers.capsule_stage import blob, stage, vivid_capsules
from tests.helpers.pointer import click
from tests.helpers.tiny_capsules import tiny_capsules
from tests.helpers.uncut import cut

PATIENCE = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return vivid_capsules(tmp_path / "tiny.safetensors")


@pytest.fixture
def viewing(qtbot: QtBot, path: Path) -> Iterator[Viewing]:
    with stage(qtbot, path) as made:
        yield made


@pytest.fixture
def page(qtbot: QtBot, viewing: Viewing) -> Iterator[RoutingPage]:
    made = RoutingPage(viewing, LIGHT)
    qtbot.addWidget(made)
    made.resize(900, 640)
    yield made
    made.hide()


def settle(qtbot: QtBot, page: RoutingPage) -> None:
    qtbot.waitUntil(lambda: not page.session.busy, timeout=PATIENCE)


def look_at(qtbot: QtBot, page: RoutingPage) -> None:
    page.show()
    settle(qtbot, page)


def details_of(page: RoutingPage, path: Path, iterations: int) -> tuple[CapsuleModel, RoutingDetails]:
    look, model = page.viewing.look, load_capsules(path)
    assert look is not None
    return model, model.details(look.picture, iterations)


def test_a_hidden_page_asks_for_nothing(qtbot: QtBot, page: RoutingPage) -> None:
    page.subject_model.update(picture=blob()[::-1].copy())
    settle(qtbot, page)
    assert page.maps.count == 0 and page.compare.count == 0
    look_at(qtbot, page)
    assert page.maps.count == 10 and page.compare.count == 4


def test_maps_are_means_over_the_types(qtbot: QtBot, page: RoutingPage, path: Path) -> None:
    look_at(qtbot, page)
    model, details = details_of(page, path, 3)
    types, grid = len(details.primary) // model.grid**2, model.grid
    weights = np.linalg.norm(details.primary, axis=1)
    page.step.setValue(2)
    for index, quantity in enumerate(("couplings", "agreement", "logits")):
        page.quantity.setCurrentIndex(index)
        for weighting in (0, 1):
            page.weighting.setCurrentIndex(weighting)
            for y, x, j in ((0, 0, 0), (2, 5, 7), (5, 1, 9)):
                children = [t * grid**2 + y * grid + x for t in range(types)]
                shares = weights[children] if weighting else np.ones(types)
                wanted = np.average(getattr(details, quantity)[1][children, j], weights=shares)
                assert page.maps.values[y, x, j] == pytest.approx(wanted, rel=1e-4, abs=1e-7)
    assert page.step_number.text() == "2 of 3" and page.check.text().startswith("Each child's c_ij add up to 1")


def test_iterations_are_the_subjects(qtbot: QtBot, page: RoutingPage, path: Path) -> None:
    look_at(qtbot, page)
    assert page.iterations.checkedId() == 3 and page.iterations.button(3).text() == "3 (as trained)"
    page.iterations.button(5).click()
    settle(qtbot, page)
    assert page.subject.iterations == 5 and page.step.maximum() == page.step.value() == 5
    _, details = details_of(page, path, 5)
    assert page.viewing.look is not None
    np.testing.assert_allclose(page.viewing.look.lengths, details.lengths[-1], atol=1e-5)
    page.subject_model.update(iterations=2)  # such as by undoing
    assert page.iterations.checkedId() == 2
    page.iterations.button(3).click()
    settle(qtbot, page)
    assert page.subject.iterations == 0 and page.step.maximum() == 3


def test_the_iterations_are_walked_through(
    qtbot: QtBot, page: RoutingPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at(qtbot, page)
    page.step.setFocus()
    QTest.keyClick(page.step, Qt.Key.Key_Left)
    assert page.step_number.text() == "2 of 3"
    page._playing.setInterval(1)
    page.play_button.click()
    assert page.step.value() == 1
    qtbot.waitUntil(lambda: not page.play_button.isChecked(), timeout=PATIENCE)
    assert page.step.value() == 3 and not page._playing.isActive()
    page.play_button.click()
    page.hide()
    assert not page._playing.isActive()


def test_a_map_chooses_its_class(qtbot: QtBot, page: RoutingPage) -> None:
    look_at(qtbot, page)
    place = page.maps.box(7).center().toPoint()
    click(page.maps, (place.x(), place.y()))
    assert page.subject.shown == 7 and page.voters.text() == "Who voted for 7?"
    QTest.keyClick(page.maps, Qt.Key.Key_Right)
    assert page.subject.shown == 8


def test_votes_are_pointed_at(qtbot: QtBot, page: RoutingPage, path: Path) -> None:
    look_at(qtbot, page)
    page.subject_model.update(shown=4)
    model, details = details_of(page, path, 3)
    grid = model.grid
    cast = votes(details.couplings[-1], details.agreement[-1], details.outputs[-1])[:, 4]
    children = [t * grid**2 + 2 * grid + 3 for t in range(len(cast) // grid**2)]
    assert page.votes.votes[2, 3] == pytest.approx(cast[children].sum(), rel=1e-4)
    # Position (2, 3) is in the middle of the pixels 4 to 20 and 6 to 22.
    area = page.votes.area
    unit = area.width() / 28
    QTest.mouseMove(page.votes, (area.topLeft() + QPointF(14.5 * unit, 12.5 * unit)).toPoint())
    assert page.votes.hovered_position == (2, 3)
    assert page.position.text().startswith("Rows 4–20, columns 6–22: c to v₄ from ")
    # A network that has learned nothing shares out equally; these couplings are all different.
    couplings = np.random.default_rng(1).dirichlet(np.ones(10), details.couplings.shape[:2]).astype(np.float32)
    details = replace(details, couplings=couplings)
    page._on_routing(page_module._Routing(blob(), details, []))
    cast = votes(couplings[-1], details.agreement[-1], details.outputs[-1])[:, 4]
    best, shares = children[int(np.argmax(cast[children]))], couplings[-1][children, 4]
    assert f"from {shares.min():.3f} to {shares.max():.3f}" in page.position.text()
    assert f"strongest type {best // grid**2 + 1} ({couplings[-1][best, 4]:.3f})" in page.position.text()
    for index, short in ((1, "û·v with v₄"), (2, "b to v₄")):
        page.quantity.setCurrentIndex(index)
        told = (details.agreement, details.logits)[index - 1][-1, children, 4]
        wanted = f": {short} from {told.min():.3f} to {told.max():.3f}, votes ".replace("-", "−")
        assert wanted in page.position.text()
    page.quantity.setCurrentIndex(0)
    page.subject_model.update(shown=5)
    assert "c to v₅" in page.position.text()  # what is told is never of another class
    QTest.keyClick(page.votes, Qt.Key.Key_Down)
    assert page.position.text().startswith("Rows 6–22, columns 6–22")
    QTest.keyClick(page.votes, Qt.Key.Key_Escape)
    assert page.position.text().startswith("Point at the picture")


def test_one_pass_compares_as_many_would(page: RoutingPage, path: Path) -> None:
    look, model = page.viewing.look, load_capsules(path)
    assert look is not None
    routing = page_module._routed(look.picture, 0, model)
    trained = model.details(look.picture)
    np.testing.assert_allclose(routing.details.couplings, trained.couplings, atol=1e-6)
    np.testing.assert_allclose(routing.details.lengths, trained.lengths, atol=1e-6)
    compared = routing.compared
    assert [each.iterations for each in compared] == [1, 2, 3, 5]
    for each in compared:
        details = model.details(look.picture, each.iterations)
        lengths, longest = details.lengths[-1], int(details.lengths[-1].argmax())
        np.testing.assert_allclose(each.lengths, lengths, atol=1e-6)
        assert each.entropy == pytest.approx(entropy(details.couplings[-1]), abs=1e-6)
        redrawn = model.reconstruct(details.outputs[-1][longest][None], [longest])[0]
        assert each.redrawn is not None
        np.testing.assert_allclose(each.redrawn, redrawn, atol=1e-5)


def test_a_hand_that_never_rests_sees_how_it_is_routed(
    qtbot: QtBot, page: RoutingPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture moves faster than it is looked at, so that there is always a newer one."""
    look_at(qtbot, page)
    page.compare.clear()
    moving = QTimer()
    shown: list[bool] = []

    def on_routing(routing: page_module._Routing) -> None:
        look = page.viewing.look
        assert look is not None and moving.isActive()
        shown.append(routing.picture is look.picture)
        RoutingPage._on_routing(page, routing)
        if len(shown) == 3:
            moving.stop()
            monkeypatch.undo()

    def move() -> None:
        placement = page.subject.placement
        page.subject_model.update(placement=replace(placement, rotation=(placement.rotation + 1) % 90))

    monkeypatch.setattr(page, "_on_routing", on_routing)
    moving.timeout.connect(move)
    moving.start(0)
    qtbot.waitUntil(lambda: len(shown) == 3, timeout=PATIENCE)
    assert all(shown) and page.compare.count == 4
    settle(qtbot, page)


def test_another_model_forgets_what_was_asked_of_the_one_before(
    qtbot: QtBot, page: RoutingPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at(qtbot, page)
    answers: list[object] = []
    monkeypatch.setattr(page, "_on_routing", answers.append)
    page.refresh()
    page.session.model_changed.emit(CAPSULES)
    settle(qtbot, page)
    assert len(answers) == 1  # to what was asked with the look of the new model
    monkeypatch.undo()
    page.session.open(CAPSULES, tiny_capsules(tmp_path / "two.safetensors", image_size=36, decoder="none"))
    qtbot.waitUntil(lambda: page.session.models[CAPSULES].side == 36, timeout=PATIENCE)
    settle(qtbot, page)
    assert page.votes.votes.shape == (10, 10) and page.maps.count == 10 and page.compare.count == 4
    page.grab()  # without anything redrawn


def test_the_chart_of_lengths_has_a_title(qtbot: QtBot, page: RoutingPage, monkeypatch: pytest.MonkeyPatch) -> None:
    look_at(qtbot, page)
    titled = page.lengths.grab().toImage()
    monkeypatch.setattr(lengths_module, "TITLE", "")
    assert titled.copy(0, 0, 200, 12) != page.lengths.grab().toImage().copy(0, 0, 200, 12)


def test_tooltips_are_read_in_lines(page: RoutingPage) -> None:
    tips = [widget.toolTip() for widget in page.findChildren(QWidget)]
    tips += [page.quantity.itemData(index, Qt.ItemDataRole.ToolTipRole) for index in range(3)]
    assert any("\n" in tip for tip in tips) and all(len(line) <= 80 for tip in tips for line in tip.split("\n"))


def test_nothing_is_cut_at_the_least_size(qtbot: QtBot, page: RoutingPage) -> None:
    page.show()
    page.resize(page.minimumSizeHint())
    look_at(qtbot, page)
    least = page.minimumSizeHint()
    assert page.size() == least and not cut(page)
    assert least.width() >= page_module._LEAST.width() and least.height() >= page_module._LEAST.height()
    QTest.keyClick(page.votes, Qt.Key.Key_Down)
    page.quantity.setCurrentIndex(1)
    assert page.position.text().startswith("Rows") and not cut(page)


def test_it_is_painted_in_both_themes(qtbot: QtBot, page: RoutingPage) -> None:
    page.grab()  # empty
    look_at(qtbot, page)
    light = page.grab().toImage()
    page.set_theme(DARK)
    assert page.grab().toImage() != light
    page.step.setValue(1)  # where all couplings are alike
    page.grab()
