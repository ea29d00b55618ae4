"""The Capsule lab as a whole: its first start, what keys and clicks choose, undo, pages, and its end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from engine.data.placement import Placement
from gui.capsule_lab import demonstration
from gui.capsule_lab.lab import BEND, ROUTING, TRAIN, TURN, TWO, CapsuleLab
from gui.capsule_lab.session import CAPSULES, CNN, TWO_DIGITS
from gui.capsule_lab.subject import Subject
from gui.lab import LabContext
from gui.palette import DARK, LIGHT
from gui.widgets.digit_pad import DigitPad
from tests.gui.capsule_lab.conftest import MakeLab, said, settle
from tests.helpers.pointer import click, drag, press, release

PATIENCE = 20_000
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def bends(lab: CapsuleLab) -> tuple[float, ...]:
    return now(lab).bends


def now(lab: CapsuleLab) -> Subject:
    """The subject; a function's answer is not taken to be the same twice."""
    return lab.subject.subject


def leans(lab: CapsuleLab) -> bool:
    """Whether the demonstration is going on."""
    return lab.demonstration.active


def strokes(pad: DigitPad) -> tuple[object, ...]:
    """What is on the paper."""
    return pad.drawing.strokes


def test_at_first_a_test_digit_leans_until_the_first_touch(qtbot: QtBot, make_lab: MakeLab) -> None:
    lab = make_lab()
    subject = now(lab)
    assert subject.source.startswith("test digit") and subject.label is not None
    qtbot.waitUntil(lambda: abs(now(lab).placement.rotation) > 2, timeout=PATIENCE)
    assert leans(lab) and lab.is_settled()
    click(lab.input.pad, (40, 40))
    assert not leans(lab) and now(lab).placement == Placement()
    settle(qtbot, lab)
    assert now(lab).source == "drawn" and not leans(lab)
    lab.on_hidden()
    lab.on_shown()
    assert not leans(lab)


def test_whatever_is_touched_ends_the_demonstration_and_stays(qtbot: QtBot, lab: CapsuleLab) -> None:
    touches: tuple[tuple[Callable[[], object], Callable[[Subject], bool]], ...] = (
        (lambda: QTest.keyClick(lab.dials.sliders["shear"], Qt.Key.Key_Right), lambda now: now.placement.shear == 0.01),
        (lambda: QTest.keyClick(lab.input.pad, Qt.Key.Key_5), lambda now: now.shown == 5),
        (lambda: click(lab.lengths, (60, 30)), lambda now: now.shown == 1),
        (lambda: lab.bend.hand.bend({0: 0.1}), lambda now: len(now.bends) == 16),
        (lambda: lab.bend.figure.class_chosen.emit(2), lambda now: now.shown == 2),
    )
    for touch, is_there in touches:
        lab.demonstration._over = False
        lab.demonstration.start()
        qtbot.waitUntil(lambda: now(lab).placement.rotation != 0, timeout=PATIENCE)
        touch()
        assert not leans(lab) and is_there(now(lab))
        # The picture lies straight, but for what the touch has done to it.
        qtbot.waitUntil(lambda: now(lab).placement.rotation == 0, timeout=PATIENCE)
        settle(qtbot, lab)
        assert not leans(lab) and is_there(now(lab))


def test_nothing_moves_while_the_lab_is_hidden(qtbot: QtBot, make_lab: MakeLab) -> None:
    lab = make_lab()
    qtbot.waitUntil(lambda: now(lab).placement != Placement(), timeout=PATIENCE)
    lab.on_hidden()
    assert not leans(lab) and now(lab).placement == Placement()
    settle(qtbot, lab)
    assert not leans(lab)
    lab.on_shown()
    assert leans(lab)


def test_digit_keys_clicks_and_arrows_choose_the_class_and_a_the_longest(qtbot: QtBot, lab: CapsuleLab) -> None:
    pad = lab.input.pad
    QTest.keyClick(pad, Qt.Key.Key_7)
    settle(qtbot, lab)
    assert now(lab).shown == 7 and lab.viewing.now is not None and lab.viewing.now.shown == 7
    assert lab.lengths.shown == 7
    lab.bend.hand.bend({3: 0.2})
    assert any(bends(lab))
    click(lab.lengths, (60, 2 + 4 * lab.lengths._row + 5))
    settle(qtbot, lab)
    assert lab.lengths.shown == 4 and not bends(lab)
    for key, shown in ((Qt.Key.Key_Down, 5), (Qt.Key.Key_Up, 4), (Qt.Key.Key_Up, 3)):
        QTest.keyClick(lab.lengths, key)
        settle(qtbot, lab)
        assert lab.lengths.shown == shown
    QTest.keyClick(pad, Qt.Key.Key_A)
    settle(qtbot, lab)
    look = lab.viewing.look
    assert look is not None and now(lab).shown is None and lab.lengths.shown == look.longest


def test_a_drag_is_one_step_of_undo(qtbot: QtBot, lab: CapsuleLab) -> None:
    first = now(lab)
    slider = lab.dials.sliders["shear"]
    for _ in range(5):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert now(lab).placement.shear == 0.05
    lab.past._keep()
    lab.choose_class(3)
    QTest.keyClick(lab, Qt.Key.Key_Z, CONTROL)
    assert now(lab).shown is None and now(lab).placement.shear == 0.05
    QTest.keyClick(lab, Qt.Key.Key_Z, CONTROL)
    assert now(lab).placement == Placement() and slider.amount == 0
    assert now(lab).picture is first.picture
    QTest.keyClick(lab, Qt.Key.Key_Z, CONTROL)  # there is no more
    assert now(lab).placement == Placement()
    for _ in range(3):
        QTest.keyClick(lab, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert now(lab).shown == 3 and slider.amount == 0.05
    settle(qtbot, lab)
    assert lab.lengths.shown == 3


def test_undo_brings_strokes_back(qtbot: QtBot, lab: CapsuleLab) -> None:
    pad = lab.input.pad
    drag(pad, (40, 20), (60, 80))
    settle(qtbot, lab)
    lab.past._keep()
    one = now(lab).picture
    drag(pad, (90, 20), (90, 80))
    settle(qtbot, lab)
    assert len(strokes(pad)) == 2
    QTest.keyClick(pad, Qt.Key.Key_Z, CONTROL)
    assert len(strokes(pad)) == 1 and now(lab).picture is one
    QTest.keyClick(pad, Qt.Key.Key_Z, CONTROL)
    assert not strokes(pad) and now(lab).source.startswith("test digit")
    QTest.keyClick(pad, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert len(strokes(pad)) == 1
    settle(qtbot, lab)
    assert now(lab).picture is one


def test_undo_stops_what_wanders(qtbot: QtBot, lab: CapsuleLab) -> None:
    click(lab.bend.animate_button)
    qtbot.waitUntil(lambda: any(bends(lab)), timeout=PATIENCE)
    QTest.keyClick(lab, Qt.Key.Key_Z, CONTROL)
    assert lab.bend.hand.motion is None and not any(bends(lab))


def test_every_page_takes_the_stage_by_its_button(qtbot: QtBot, lab: CapsuleLab) -> None:
    for index, page in ((ROUTING, lab.routing), (TURN, lab.turn), (TWO, lab.two)):
        click(lab.page_buttons.button(index))
        assert page.isVisible() and lab.column.isVisible() and not lab.bend.isVisible()
        settle(qtbot, lab)
    click(lab.page_buttons.button(TRAIN))
    training = lab.training
    assert training is not None and training.isVisible() and not lab.column.isVisible()
    click(lab.page_buttons.button(0))
    assert lab.bend.isVisible() and lab.column.isVisible()
    settle(qtbot, lab)
    assert not said(lab)


def test_the_status_bar_tells_of_the_model_while_the_lab_is_shown(
    qtbot: QtBot, lab: CapsuleLab, context: LabContext
) -> None:
    texts = " ".join(context.status.texts)
    assert "tiny" in texts and "M parameters" in texts and "ms" in texts
    lab.on_hidden()
    context.status.clear()
    lab.dials.sliders["shift_x"].setValue(4)
    settle(qtbot, lab)
    assert not "".join(context.status.texts)
    lab.on_shown()
    assert "tiny" in " ".join(context.status.texts)


def test_another_theme_reaches_everything(qtbot: QtBot, lab: CapsuleLab, context: LabContext) -> None:
    lab.show_page(TRAIN)
    for theme in (DARK, LIGHT):
        context.theme.mode = theme.name
        assert lab.lengths._theme == theme and lab.input.pad._theme == theme
        assert all(page.theme == theme for page in lab.capsule_pages)
        assert not lab.grab().isNull()


def test_it_is_shut_down_in_the_middle_of_everything(qtbot: QtBot, make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.show_page(TURN)
    lab.show_page(TRAIN)
    press(lab.input.pad, (40, 20), (60, 80))
    lab.shut_down()
    release(lab.input.pad, (60, 80))
    assert not lab.session.busy and not leans(lab)
    lab.choose_class(3)  # nothing is asked any more


def test_every_scene_for_the_documentation_settles(qtbot: QtBot, lab: CapsuleLab) -> None:
    scenes = lab.screenshot_scenes()
    assert list(scenes) == ["bend", "routing", "turn", "two", "train"]
    for bring_about in scenes.values():
        bring_about()
        settle(qtbot, lab)
    assert now(lab).source == "test digit 17" and now(lab).placement.rotation == 12
    assert not said(lab)


def test_models_have_a_role_each(lab: CapsuleLab) -> None:
    assert {role: model.name for role, model in lab.session.models.items()} == {
        CAPSULES: "tiny", CNN: "tiny-cnn", TWO_DIGITS: "tiny-two"}
    assert lab.viewing.look is not None and lab.viewing.look.lengths.shape == (10,)
    assert np.isfinite(lab.viewing.look.lengths).all()
    assert "capsule" in lab.info_html()


def test_the_demonstration_ends_by_itself_and_with_bend(
    qtbot: QtBot, make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make_lab()
    qtbot.waitUntil(lambda: leans(lab), timeout=PATIENCE)
    lab.show_page(TURN)
    assert not leans(lab)
    lab.show_page(BEND)
    settle(qtbot, lab)
    assert not leans(lab) and now(lab).placement == Placement()
    monkeypatch.setattr(demonstration, "_SECONDS", 0.1)
    other = make_lab()
    qtbot.waitUntil(lambda: abs(now(other).placement.rotation) > 0 or not leans(other), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not leans(other), timeout=PATIENCE)
    settle(qtbot, other)
    assert now(other).placement == Placement() and not leans(other)


def test_the_buttons_of_the_pages_stay_where_they_are(lab: CapsuleLab) -> None:
    places = []
    for page in (BEND, TWO, TRAIN, BEND):
        lab.show_page(page)
        QApplication.processEvents()
        places.append(lab.page_buttons.button(BEND).mapTo(lab, QPoint()))
    assert len(set(places)) == 1


def test_a_small_window_scrolls_a_page_instead_of_squeezing_it(lab: CapsuleLab) -> None:
    lab.resize(900, 500)
    assert all(page.width() >= page.minimumSizeHint().width() > 400 for page in lab.capsule_pages if page.isVisible())
    area = lab.pages.currentWidget()
    assert isinstance(area, QScrollArea) and area.horizontalScrollBar().maximum() > 0


def test_how_often_is_routed_is_told_where_it_matters(qtbot: QtBot, lab: CapsuleLab) -> None:
    settle(qtbot, lab)
    assert "routed" not in lab.bend.words.text()
    lab.subject.update(iterations=1)
    settle(qtbot, lab)
    assert lab.bend.words.text().endswith("routed once")
