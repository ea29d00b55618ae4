"""The real window with the models that ship, and what a person does in the Capsule lab."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from engine.capsules.config import CapsuleTrainConfig
from engine.paths import SHIPPED_MODELS
from engine.runtime.run_folder import list_runs
from gui import app
from gui.capsule_lab.lab import BEND, ROUTING, TRAIN, TURN, TWO, CapsuleLab
from gui.capsule_lab.session import CAPSULES, TWO_DIGITS
from gui.capsule_lab.turn_page import AMOUNTS
from gui.capsule_lab.viewing import Bent, Look
from gui.services.jobs import stragglers
from gui.widgets.training_panel import TrainingPanel
from gui.window import MainWindow
from tests.helpers.pointer import LEFT, NO_KEY, click, drag

PATIENCE = 60_000
CAPSNET = SHIPPED_MODELS / "digits-capsnet.safetensors"
SEVEN = 17  # of the test set
CONTAINS = Qt.MatchFlag.MatchContains
Open = Callable[[], tuple[MainWindow, CapsuleLab]]

pytestmark = pytest.mark.skipif(not CAPSNET.exists(), reason=f"needs the shipped model {CAPSNET.name}")


@pytest.fixture
def open_lab(qtbot: QtBot, qapp: QApplication) -> Iterator[Open]:
    """Starts the app and goes to the lab by the rail; the window is closed after the test."""
    palette = qapp.palette()
    windows: list[MainWindow] = []

    def opened() -> tuple[MainWindow, CapsuleLab]:
        _, window = app.build(["--theme", "light"])
        qtbot.addWidget(window)
        windows.append(window)
        window.resize(1280, 800)
        window.show()
        qtbot.waitUntil(lambda: window.lab is not None, timeout=PATIENCE)
        click(next(each for each in window.rail.findChildren(QToolButton) if each.text() == "Capsules"))
        qtbot.waitUntil(lambda: isinstance(window.lab, CapsuleLab), timeout=PATIENCE)
        lab = window.lab
        assert isinstance(lab, CapsuleLab)
        qtbot.waitUntil(lambda: lab.viewing.now is not None and lab.demonstration.active, timeout=PATIENCE)
        return window, lab

    yield opened
    for window in windows:
        window.close()
    qtbot.waitUntil(lambda: not multiprocessing.active_children() and not stragglers(), timeout=PATIENCE)
    qapp.setStyleSheet("")
    qapp.setPalette(palette)
    QGuiApplication.styleHints().unsetColorScheme()


def settle(qtbot: QtBot, lab: CapsuleLab) -> None:
    """Until nothing is awaited but the ranges of the numbers, which are measured while the hand rests."""
    slots = ("drawn", "given", "look", "bend", "two", "routing", "sweep", "curves")
    qtbot.waitUntil(lambda: not any(lab.session.is_asking(slot) for slot in slots), timeout=PATIENCE)


def look(lab: CapsuleLab) -> Look:
    assert lab.viewing.look is not None
    return lab.viewing.look


def now(lab: CapsuleLab) -> Bent:
    assert lab.viewing.now is not None
    return lab.viewing.now


def write_seven(lab: CapsuleLab) -> None:
    pad = lab.input.pad
    left, top, side = pad.area.left(), pad.area.top(), pad.area.width()
    places = [(0.25, 0.2), (0.45, 0.19), (0.72, 0.2), (0.62, 0.4), (0.52, 0.6), (0.42, 0.85)]
    drag(pad, *[(round(left + x * side), round(top + y * side)) for x, y in places])


def test_a_digit_is_drawn_turned_and_bent(qtbot: QtBot, open_lab: Open) -> None:
    window, lab = open_lab()
    assert lab.session.models[CAPSULES].path == CAPSNET
    label = lab.subject.subject.label
    qtbot.waitUntil(lambda: abs(lab.subject.subject.placement.rotation) > 1, timeout=PATIENCE)
    write_seven(lab)
    settle(qtbot, lab)
    assert label is not None and not lab.demonstration.active and lab.subject.subject.source == "drawn"
    assert look(lab).longest == 7 and look(lab).lengths[7] > 0.6 and lab.lengths.shown == 7
    assert "M parameters" in " ".join(window.context.status.texts)
    upright = now(lab).capsule
    for _ in range(12):
        QTest.keyClick(lab.dials.sliders["rotation"], Qt.Key.Key_Right)
    settle(qtbot, lab)
    assert lab.subject.subject.placement.rotation == 12 and not np.allclose(now(lab).capsule, upright)

    page = lab.bend
    settle(qtbot, lab)
    before = now(lab)
    assert before.picture is not None
    slider = page.sliders.box(5, "track")
    y = round(slider.center().y())
    drag(page.sliders, (round(slider.center().x()), y), (round(slider.right()) - 2, y))
    settle(qtbot, lab)
    after = now(lab)
    assert after.picture is not None and after.capsule[5] > after.unbent[5] + 0.15
    assert np.abs(after.picture - before.picture).max() > 0.02
    qtbot.waitUntil(lambda: page.figure.redrawing.is_done, timeout=PATIENCE)
    cell = page.figure.grid.cell(2, 0).center().toPoint()
    QTest.mouseClick(page.figure.grid, LEFT, NO_KEY, cell)
    settle(qtbot, lab)
    assert now(lab).capsule[2] == pytest.approx(now(lab).unbent[2] - 0.25, abs=1e-4)
    assert now(lab).capsule[5] > now(lab).unbent[5] + 0.15
    assert not window.context.messages.history


def test_every_page_is_about_the_digit(qtbot: QtBot, open_lab: Open) -> None:
    window, lab = open_lab()
    lab.demonstration.end()
    lab.input.choose(SEVEN)
    settle(qtbot, lab)
    assert look(lab).longest == 7 and look(lab).lengths[7] > 0.9

    click(lab.page_buttons.button(ROUTING))
    settle(qtbot, lab)
    assert lab.routing.isVisible() and lab.routing.voters.text() == "Who voted for 7?"
    routing = lab.routing._routing
    assert routing is not None
    assert np.allclose(routing.details.couplings.sum(axis=2), 1, atol=1e-4)
    assert routing.details.lengths[-1].argmax() == 7

    click(lab.page_buttons.button(TURN))
    qtbot.waitUntil(lambda: len(lab.turn.amounts) == AMOUNTS, timeout=PATIENCE)
    settle(qtbot, lab)

    click(lab.page_buttons.button(TWO))
    settle(qtbot, lab)
    if TWO_DIGITS in lab.session.models:
        qtbot.waitUntil(lambda: lab.two._seen is not None, timeout=PATIENCE)
        canvas, first = lab.two.canvas, lab.two._seen
        places = lab.two.places
        start = canvas.box(0).center().toPoint()
        drag(canvas, (start.x(), start.y()), (start.x() - 12, start.y() - 12))
        settle(qtbot, lab)
        assert lab.two.places != places and lab.two._seen is not first

    click(lab.page_buttons.button(BEND))
    assert lab.bend.isVisible()
    assert not window.context.messages.history


def train(qtbot: QtBot, lab: CapsuleLab) -> TrainingPanel:
    """The training page, with the small network learning the digits that ship."""
    click(lab.page_buttons.button(TRAIN))
    panel = lab.training
    assert panel is not None and panel.isVisible() and panel.preset_box.count() > 2
    panel.preset_box.setCurrentText("small")
    panel.preset_box.activated.emit(panel.preset_box.currentIndex())
    assert panel.form.config().channels < CapsuleTrainConfig().channels
    panel.form.set_config(replace(panel.form.config(), log_every=1, picture_every=5, save_every=5, name="mine"))
    click(panel.start_button)
    qtbot.waitUntil(lambda: "accuracy" in panel.plot.titles, timeout=PATIENCE)
    return panel


def test_a_network_learns_is_paused_killed_and_its_model_bent(qtbot: QtBot, open_lab: Open) -> None:
    window, lab = open_lab()
    panel = train(qtbot, lab)
    qtbot.waitUntil(lambda: set(panel.pictures.offered) == {"Reconstructions", "Sweep"}, timeout=PATIENCE)
    click(panel.pause_button)
    qtbot.waitUntil(lambda: panel.state == "paused", timeout=PATIENCE)
    click(panel.start_button)
    qtbot.waitUntil(lambda: panel.state == "running", timeout=PATIENCE)
    assert panel.run_dir is not None and panel.run is not None
    qtbot.waitUntil((panel.run_dir / "checkpoints" / "state.safetensors").exists, timeout=PATIENCE)
    os.kill(panel.run.client.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: not panel.active, timeout=PATIENCE)
    assert "can be resumed" in window.context.messages.history[-1].text
    click(lab.page_buttons.button(BEND))
    settle(qtbot, lab)
    assert now(lab).picture is not None

    click(lab.page_buttons.button(TRAIN))
    qtbot.waitUntil(panel.start_button.isEnabled, timeout=PATIENCE)
    click(panel.start_button)
    qtbot.waitUntil(lambda: panel.state == "running", timeout=PATIENCE)
    click(panel.stop_button)
    menu = lab.models.menus[CAPSULES]
    qtbot.waitUntil(lambda: not panel.active and menu.findText("mine", CONTAINS) >= 0, timeout=PATIENCE)
    menu.setCurrentIndex(menu.findText("mine", CONTAINS))
    qtbot.waitUntil(lambda: lab.session.models[CAPSULES].path != CAPSNET, timeout=PATIENCE)
    settle(qtbot, lab)
    assert lab.session.models[CAPSULES].name == "mine" and now(lab).picture is not None
    assert [message.level for message in window.context.messages.history].count("error") == 1


def test_closing_the_window_saves_a_training(qtbot: QtBot, open_lab: Open) -> None:
    window, lab = open_lab()
    train(qtbot, lab)
    window.close()
    qtbot.waitUntil(lambda: not multiprocessing.active_children() and not stragglers(), timeout=PATIENCE)
    (run,) = list_runs()
    assert run.state == "stopped" and (run.path / "checkpoints" / "state.safetensors").exists()
    assert not lab.session.busy and not lab.demonstration.active
