"""Pages, status, colours and the end of the lab, with a session that grows made-up endings."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from gui.lab import LabContext
from gui.sketch_lab.lab import SketchLab
from gui.widgets.training_panel import TrainingPanel
from tests.helpers.pointer import click
from tests.helpers.sketch_stage import MakeLab, draw, drawn, settle
from tests.helpers.standin_session import StandinSession


def test_the_training_page_is_made_when_it_is_wanted_and_the_drawing_stays(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    drawn(qtbot, stage)
    assert stage.findChild(TrainingPanel) is None
    click(stage.page_buttons.button(1))
    panel = stage.findChild(TrainingPanel)
    assert isinstance(panel, TrainingPanel) and panel.isVisible() and not stage.toolbar.isVisible()
    assert panel.form.config().name == "my sketches"
    click(stage.page_buttons.button(0))
    assert stage.canvas.isVisible() and stage.toolbar.isVisible() and len(stage.document.strokes) == 1
    click(stage.page_buttons.button(1))
    assert stage.findChildren(TrainingPanel) == [panel]
    panel.model_saved.emit("/runs/mine/model.safetensors")
    qtbot.waitUntil(lambda: stage.controls.models.currentText() == "model  ·  yours")


def test_the_status_bar_says_which_model_and_device_and_how_long(
    qtbot: QtBot, stage: SketchLab, context: LabContext
) -> None:
    drawn(qtbot, stage)
    _, model, device, latency = context.status.texts
    assert (model, device) == ("animals · 1.2 M parameters", "a pocket calculator") and latency


def test_a_lab_that_is_not_shown_leaves_the_status_bar_alone(
    qtbot: QtBot, stage: SketchLab, context: LabContext
) -> None:
    stage.on_hidden()
    context.status.clear()
    drawn(qtbot, stage)
    stage.controls.models.setCurrentIndex(2)
    settle(qtbot, stage)
    assert context.status.texts == ("", "", "", "")
    stage.on_shown()
    assert context.status.texts[1] == "bird · 1.2 M parameters"


def test_the_theme_reaches_every_view(qtbot: QtBot, stage: SketchLab, context: LabContext) -> None:
    click(stage.page_buttons.button(1))
    context.theme.mode = "light"
    for mode in ("dark", "light"):
        context.theme.mode = mode
        theme = context.theme.theme
        assert stage.gallery.theme is theme and stage.canvas.colors is theme
        panel = stage.findChild(TrainingPanel)
        assert isinstance(panel, TrainingPanel)
        assert panel.plot._theme is theme and panel.sheet._theme is theme


def test_the_lab_says_what_it_is(stage: SketchLab) -> None:
    assert "Sketch-RNN" in stage.info_html() and "1704.03477" in stage.info_html()


def test_shutting_down_while_endings_grow_leaves_nothing(
    qtbot: QtBot, stage: SketchLab, session: StandinSession
) -> None:
    session.gate.clear()
    draw(stage)
    qtbot.waitUntil(lambda: stage.finisher.growth is not None)
    session.gate.set()
    stage.shut_down()
    assert stage.finisher.growth is None and stage.is_settled()


def test_shutting_down_during_the_demonstration_leaves_nothing(make_lab: MakeLab) -> None:
    made = make_lab()
    assert made.first_start.active
    made.shut_down()
    assert not made.first_start.active
