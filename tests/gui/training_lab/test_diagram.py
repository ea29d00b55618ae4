"""The drawing of a model: what stands on its nodes, what the person changes there, and what a run shows in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from engine.capsules.config import CapsuleTrainConfig
from engine.gan.config import GanTrainConfig
from engine.sketch.config import SketchTrainConfig
from engine.wae.config import WaeTrainConfig
from gui.palette import DARK, LIGHT
from gui.training_lab.diagram import NetworkDiagram, diagram_for
from gui.training_lab.diagram_plan import plan_for, summary
from gui.training_lab.field_controls import SCALES, FieldControl, NumberBox

GAN, WAE, CAPSULES = GanTrainConfig(), WaeTrainConfig(), CapsuleTrainConfig()
ALL = [
    *(replace(GAN, ambient=ambient, objective=objective) for ambient in ("off", "ambient", "ignore", "unmeasure")
      for objective in ("non-saturating", "optimal transport")),
    *(replace(WAE, method=method) for method in ("wae-mmd", "wae-gan", "vae", "ae")),
    *(replace(CAPSULES, network=network) for network in ("capsnet", "matched-cnn", "cnn")),
    replace(CAPSULES, decoder="none"),
]

Make = Callable[..., NetworkDiagram]


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def made(config: Any, width: int = 1150, height: int = 700) -> NetworkDiagram:
        diagram = diagram_for(config, LIGHT)
        assert diagram is not None
        qtbot.addWidget(diagram)
        diagram.resize(width, height)
        diagram.show()
        return diagram

    return made


def control(diagram: NetworkDiagram, node: str, name: str) -> FieldControl:
    return diagram.boxes[node].controls[name]


def test_every_plan_is_whole() -> None:
    for config in ALL:
        check_plan(config)


def check_plan(config: Any) -> None:
    plan = plan_for(config)
    assert plan is not None
    names = {node.name for node in plan.nodes}
    assert {name for edge in plan.edges for name in (edge.start, edge.end)} == names
    edges = {(edge.start, edge.end) for edge in plan.edges}
    back = {(edge.start, edge.end) for edge in plan.edges if edge.back}
    for places in plan.arrangements:
        cells = [(row + down, column + right) for name in names for row, column, rows, columns in [places[name]]
                 for down in range(rows) for right in range(columns)]
        assert len(cells) == len(set(cells)), "two nodes in one place"
    for moment in plan.moments.values():
        assert moment.back <= back
        if names & {"prior", "noise", "conv", "network"}:
            assert moment.nodes <= names and moment.forward <= edges
    assert all(summary(config, node.name) for node in plan.nodes if node.structure)
    assert plan.described().count(" to ") == len(plan.edges)


def test_gradients_reach_the_generator_but_never_the_data_or_the_plan() -> None:
    plan = plan_for(replace(GAN, objective="optimal transport", ambient="ambient"))
    assert plan is not None
    assert {(edge.start, edge.end) for edge in plan.edges if edge.back} == {
        ("generator", "samples"), ("samples", "measurement"), ("measurement", "critic"), ("critic", "loss")}
    baseline = plan_for(replace(GAN, ambient="ignore"))
    assert baseline is not None
    assert ("samples", "critic") in {(edge.start, edge.end) for edge in baseline.edges if edge.back}


@pytest.mark.parametrize("config", [SketchTrainConfig(), None, GanTrainConfig])
def test_what_is_no_pair_of_networks_has_no_drawing(qtbot: QtBot, config: Any) -> None:
    assert diagram_for(config, LIGHT) is None


@pytest.mark.parametrize("config", [GAN, replace(GAN, objective="optimal transport", ambient="ambient"), WAE, CAPSULES])
def test_boxes_fit_and_do_not_touch_at_any_width(make: Make, config: Any) -> None:
    diagram = make(config)
    heights = []
    for width in (1400, 800, 420):
        diagram.resize(width, 700)
        QApplication.processEvents()
        boxes = [box.geometry() for box in diagram.boxes.values()]
        assert all(not a.intersects(b) for index, a in enumerate(boxes) for b in boxes[:index])
        assert max(box.right() for box in boxes) <= width
        heights.append(max(box.bottom() for box in boxes))
    assert heights == sorted(heights) and len(set(heights)) == 3
    assert diagram.canvas.accessibleDescription()


def test_the_controls_show_the_configuration_and_tell_nobody(make: Make, qtbot: QtBot) -> None:
    diagram = make(GAN)
    with qtbot.assertNotEmitted(diagram.edited, wait=0):
        diagram.show_config(replace(GAN, generator_rate=2e-4, critic_steps=5, freeze_critic=True, data="digits"))
        diagram.hide()
    assert control(diagram, "generator", "generator_rate").value == 2e-4
    assert control(diagram, "critic", "critic_steps").value == 5
    assert control(diagram, "critic", "freeze_critic").value is True
    assert control(diagram, "data", "data").value == "digits"


def test_what_is_changed_within_a_moment_is_told_together(make: Make, qtbot: QtBot) -> None:
    diagram = make(GAN)
    tick = control(diagram, "critic", "freeze_critic").editor
    slider = control(diagram, "generator", "generator_rate").slider
    assert isinstance(tick, QCheckBox) and slider is not None
    with qtbot.waitSignal(diagram.edited) as told:
        tick.click()
        slider.setValue(slider.value() + 20)
        slider.setValue(SCALES["generator_rate"].position(0.01))
    assert told.args == [{"freeze_critic": True, "generator_rate": 0.01}]


def test_a_change_under_way_survives_an_older_configuration_and_is_told_when_hidden(make: Make) -> None:
    diagram = make(GAN)
    told: list[object] = []
    diagram.edited.connect(told.append)
    box = control(diagram, "generator", "generator_rate").editor
    assert isinstance(box, NumberBox)
    box.setValue(0.5)
    diagram.show_config(replace(GAN, critic_steps=3))
    assert box.value() == 0.5 and control(diagram, "critic", "critic_steps").value == 3
    diagram.hide()
    assert told == [{"generator_rate": 0.5}]


def test_a_run_leaves_only_the_live_settings(make: Make) -> None:
    diagram = make(GAN)
    diagram.boxes["critic"].fold.click()
    diagram.set_running(True)
    enabled = {name for box in diagram.boxes.values() for name, each in box.controls.items() if each.isEnabled()}
    assert enabled == {"generator_rate", "generator_steps", "ema_decay", "critic_rate", "critic_steps",
                       "instance_noise", "freeze_critic", "penalty_weight"}
    diagram.show_config(replace(GAN, critic_constraint="clip"))
    assert not diagram.boxes["critic"].fold.isChecked()
    diagram.boxes["critic"].fold.click()
    assert not control(diagram, "critic", "critic_constraint").isEnabled()
    assert control(diagram, "critic", "clip_limit").isEnabled()
    diagram.set_running(False)
    assert control(diagram, "critic", "critic_constraint").isEnabled()
    assert all(each.isEnabled() for box in diagram.boxes.values() for each in box.controls.values())


def test_a_setting_on_two_nodes_is_the_same_on_both(make: Make, qtbot: QtBot) -> None:
    diagram = make(GAN)
    for name in ("generator", "critic"):
        diagram.boxes[name].fold.click()
    first, second = (control(diagram, name, "network") for name in ("generator", "critic"))
    assert isinstance(first.editor, QComboBox) and second.isVisible()
    first.editor.setFocus()
    with qtbot.waitSignal(diagram.edited) as told:
        QTest.keyClick(first.editor, Qt.Key.Key_Down)
    assert second.value == "dcgan" and told.args == [{"network": "dcgan"}]


def test_another_objective_makes_other_nodes_and_the_rest_stays(make: Make) -> None:
    diagram = make(GAN)
    generator = diagram.boxes["generator"]
    generator.fold.click()
    control(diagram, "loss", "objective").editor.setFocus()
    diagram.show_config(replace(GAN, objective="optimal transport"))
    assert set(diagram.boxes) == {"noise", "generator", "samples", "data", "critic", "plan", "loss"}
    assert diagram.boxes["generator"] is generator and generator.fold.isChecked()
    assert "penalty_weight" not in diagram.boxes["loss"].controls
    assert diagram.focusWidget() is control(diagram, "loss", "objective").editor
    with pytest.raises(ValueError, match="no drawing"):
        diagram.show_config(SketchTrainConfig())


def test_thumbnails_and_figures_follow_the_run(make: Make, qtbot: QtBot) -> None:
    diagram = make(replace(GAN, objective="optimal transport"))
    rng = np.random.default_rng(0)
    points = rng.standard_normal((64, 2)).astype(np.float32)
    plan = np.eye(64, dtype=np.float32)
    diagram.show_arrays({"data": points, "samples": points, "plan": plan, "plan_data": points, "plan_samples": points})
    diagram.show_figures({"critic_loss": -0.25, "generator_gradient": 0.5, "plan_entropy": float("nan"), "other": 1.0})
    shown = {name: box.thumbnail for name, box in diagram.boxes.items() if box.thumbnail is not None}
    qtbot.waitUntil(lambda: all(not each.image.isNull() for each in shown.values()))
    assert diagram.boxes["loss"].figure_text("critic_loss") == "\N{MINUS SIGN}0.25"
    assert diagram.boxes["loss"].figure_text("generator_loss") == "–"
    assert diagram.boxes["plan"].figure_text("plan_entropy") == "not finite"
    diagram.grab()
    assert len(diagram.canvas.labels) == 1 and "Now: 0.5." in diagram.canvas.labels[0]
    diagram.set_theme(DARK)
    before = shown["data"].image.copy()
    qtbot.waitUntil(lambda: shown["data"].image != before)
    diagram.clear()
    assert shown["data"].image.isNull() and diagram.boxes["loss"].figure_text("critic_loss") == "–"
    diagram.grab()
    assert diagram.canvas.labels == []


def test_broken_arrays_leave_the_thumbnails_as_they_are(make: Make, qtbot: QtBot) -> None:
    diagram = make(GAN)
    noise = diagram.boxes["noise"].thumbnail
    diagram.show_arrays({"data": np.full((5, 2), np.nan), "samples": np.array(["x"]), "extent": np.zeros(4)})
    assert noise is not None
    qtbot.waitUntil(lambda: not noise.image.isNull())
    samples = diagram.boxes["samples"].thumbnail
    assert samples is not None and samples.image.isNull()


@pytest.mark.parametrize("config", [GAN, WAE])
def test_slow_motion_marks_what_is_busy(make: Make, config: Any) -> None:
    diagram = make(config)
    before = diagram.grab().toImage()
    diagram.show_phase("generator", "gradient")
    assert diagram.canvas.moment.nodes == {"loss"} and diagram.canvas.moment.back
    assert diagram.grab().toImage() != before
    diagram.show_phase("generator", "no such moment")
    assert not diagram.canvas.moment.nodes


def test_tab_goes_through_the_nodes_in_reading_order(make: Make) -> None:
    diagram = make(GAN)
    diagram.boxes["noise"].fold.click()
    stop: QWidget | None = diagram.boxes["noise"].fold
    seen: list[QWidget] = []
    for _ in range(9):
        assert stop is not None
        seen.append(stop)
        stop = stop.nextInFocusChain()
        while stop is not None and (stop.focusPolicy() == Qt.FocusPolicy.NoFocus or stop.parent() is seen[-1]):
            stop = stop.nextInFocusChain()
    noise, generator = diagram.boxes["noise"], diagram.boxes["generator"]
    assert seen == [
        noise.fold, noise.controls["latent_size"].editor, noise.controls["latent_kind"].editor,
        generator.controls["generator_rate"].editor, generator.controls["generator_rate"].slider,
        generator.controls["generator_steps"].editor, generator.controls["ema_decay"].editor, generator.fold,
        diagram.boxes["data"].controls["data"].editor]


def test_the_wheel_changes_a_control_only_when_it_has_the_focus(make: Make, qtbot: QtBot) -> None:
    diagram = make(GAN)
    steps = control(diagram, "critic", "critic_steps")

    def turn() -> None:
        place = QPointF(steps.editor.rect().center())
        QApplication.sendEvent(steps.editor, QWheelEvent(
            place, QPointF(steps.editor.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, 120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False))

    diagram.activateWindow()
    control(diagram, "generator", "generator_steps").editor.setFocus()
    turn()
    assert steps.value == 1
    steps.editor.setFocus()
    qtbot.waitUntil(steps.editor.hasFocus)
    turn()
    assert steps.value == 2


def test_capsules_vote_and_the_digit_is_drawn_again(make: Make) -> None:
    plan = plan_for(CAPSULES)
    assert plan is not None
    assert plan.described().startswith("Data to Conv1; Conv1 to Primary capsules; Primary capsules to Routing")
    assert {"decoder", "output"} <= {edge.start for edge in plan.edges if edge.back}
    silent = plan_for(replace(CAPSULES, decoder="none"))
    assert silent is not None and "output" not in {node.name for node in silent.nodes}
    assert ("capsules", "decoder") not in {(edge.start, edge.end) for edge in silent.edges if edge.back}
    diagram = make(CAPSULES)
    diagram.set_running(True)
    enabled = {name for box in diagram.boxes.values() for name, each in box.controls.items() if each.isEnabled()}
    assert enabled == {"shift", "distortion", "reconstruction_weight", "learning_rate"}
    diagram.set_running(False)
    diagram.show_config(replace(CAPSULES, network="cnn"))
    assert set(diagram.boxes) == {"data", "network", "loss"}
    diagram.show_config(CAPSULES)
    assert len(diagram.boxes) == 8


def test_the_sweep_stands_on_the_capsules(make: Make, qtbot: QtBot) -> None:
    diagram = make(CAPSULES)
    thumbnail = diagram.boxes["capsules"].thumbnail
    assert thumbnail is not None and thumbnail.image.isNull()
    diagram.show_arrays({"sweep": np.full((16, 11, 8, 8), 200, np.uint8)})
    qtbot.waitUntil(lambda: not thumbnail.image.isNull())
    assert (thumbnail.image.width(), thumbnail.image.height()) == (88, 64)
    diagram.show_figures({"accuracy": 0.5, "margin_loss": 0.25})
    qtbot.waitUntil(lambda: diagram.boxes["capsules"].figure_text("accuracy") == "0.5")
