"""Models and files in the lab, with a session that grows made-up endings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import make_drawing
from gui.lab import LabContext
from gui.messages import Messages
from gui.sketch_lab.downloads import DownloadDialog
from gui.sketch_lab.lab import SketchLab
from gui.widgets.training_panel import TrainingPanel
from tests.helpers.pointer import drop
from tests.helpers.sketch_stage import MakeLab, draw, drawn, lists, models_of, said, settle
from tests.helpers.standin_session import StandinSession, summary

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L10 0 L10 10"/></svg>'


def test_without_models_there_is_one_sentence_and_drawing_still_works(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession, messages: Messages
) -> None:
    session.models.clear()
    made = make_lab()
    ((level, text),) = said(messages)
    assert level == "warning" and "add a file or download one" in text
    assert not made.first_start.active
    draw(made)
    settle(qtbot, made)
    assert len(made.document.strokes) == 1 and session.requests == []


def test_a_model_file_that_cannot_be_read_is_told_of(
    make_lab: MakeLab, session: StandinSession, messages: Messages
) -> None:
    session.problems.append("torn.safetensors is cut short.")
    make_lab()
    assert said(messages) == [("warning", "torn.safetensors is cut short.")]


def test_an_added_model_is_chosen(
    qtbot: QtBot, stage: SketchLab, session: StandinSession, messages: Messages
) -> None:
    stage.open_file(Path("/somewhere/owl.gen.json"))
    qtbot.waitUntil(lambda: stage.controls.models.currentText() == "owl.gen  ·  yours")
    settle(qtbot, stage)
    assert stage.model.intent.model == "/models/owl.gen.safetensors"
    assert session.opened[-1] == Path("/models/owl.gen.safetensors")
    assert said(messages) == [("info", "owl.gen is in the catalog.")]


@pytest.mark.parametrize("name", ["owl", "animals"])
def test_a_drawing_is_finished_by_the_model_that_is_added(
    qtbot: QtBot, stage: SketchLab, session: StandinSession, name: str
) -> None:
    drawn(qtbot, stage)
    before = len(session.requests)
    session.gate.clear()
    stage.files.add_model(Path(f"/somewhere/{name}.safetensors"))
    qtbot.waitUntil(lambda: len(session.requests) > before and f"{name}  ·  yours" in models_of(stage))
    session.gate.set()
    settle(qtbot, stage)
    growth = stage.finisher.growth
    assert growth is not None and growth.completion is not None and growth.beginning == stage.document.drawing()
    assert len(session.requests) == before + 1 and stage.model.intent.model == f"/models/{name}.safetensors"


def test_what_is_drawn_before_the_models_are_known_is_finished_then(
    qtbot: QtBot, make_lab: MakeLab, session: StandinSession, context: LabContext
) -> None:
    context.settings.set("sketch/model", str(summary("bird").path))
    made = make_lab()
    made._listed = False
    draw(made)
    made._list_models()
    qtbot.waitUntil(lambda: made._listed)
    settle(qtbot, made)
    growth = made.finisher.growth
    assert growth is not None and growth.completion is not None and growth.all_shown


def test_a_dropped_drawing_fills_the_paper_as_one_step(
    qtbot: QtBot, stage: SketchLab, session: StandinSession, tmp_path: Path
) -> None:
    drawn(qtbot, stage)
    before = lists(stage)
    path = tmp_path / "a.svg"
    path.write_text(SVG)
    drop(stage.canvas, path)
    qtbot.waitUntil(lambda: stage.document.undo_text == "open a.svg")
    left, top, right, bottom = stage.document.drawing().box()
    assert right - left == pytest.approx(0.62 * min(stage.canvas.width(), stage.canvas.height()), rel=0.01)
    assert right - left == pytest.approx(bottom - top)
    settle(qtbot, stage)
    assert np.array_equal(session.requests[-1].beginning.strokes[0], stage.document.strokes[0])
    stage.document.undo()
    assert lists(stage) == before


def test_a_dropped_drawing_ends_the_demonstration(qtbot: QtBot, make_lab: MakeLab, tmp_path: Path) -> None:
    made = make_lab()
    path = tmp_path / "a.ndjson"
    path.write_text(to_ndjson_line(make_drawing([[[0, 0], [9, 9]]])))
    drop(made.canvas, path)
    qtbot.waitUntil(lambda: not made.document.is_empty)
    assert not made.first_start.active


def test_of_several_dropped_files_the_first_is_opened(qtbot: QtBot, stage: SketchLab, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        (tmp_path / name).write_text(SVG)
    drop(stage.canvas, tmp_path / "notes.txt", tmp_path / "b.svg", tmp_path / "a.svg")
    qtbot.waitUntil(lambda: stage.document.undo_text == "open b.svg")
    revision = stage.document.revision
    drop(stage.canvas, tmp_path / "notes.txt")
    settle(qtbot, stage)
    assert stage.document.revision == revision


def test_a_bad_dropped_file_is_one_sentence_and_the_drawing_stays(
    qtbot: QtBot, stage: SketchLab, messages: Messages, tmp_path: Path
) -> None:
    drawn(qtbot, stage)
    path = tmp_path / "cut.svg"
    path.write_text(SVG[:50])
    drop(stage.canvas, path)
    qtbot.waitUntil(lambda: len(messages.history) == 1)
    ((level, text),) = said(messages)
    assert level == "error" and "cut.svg" in text
    assert len(stage.document.strokes) == 1 and stage.finisher.growth is not None


def test_published_models_are_offered(qtbot: QtBot, stage: SketchLab, session: StandinSession) -> None:
    stage.controls.download_button.click()
    (dialog,) = stage.findChildren(DownloadDialog)
    dialog.fetched.emit(Path("/downloads/whale.gen.json"))
    qtbot.waitUntil(lambda: stage.controls.models.currentText() == "whale.gen  ·  yours")
    dialog.close()


def test_downloaded_drawings_go_into_the_data_of_the_next_run(
    qtbot: QtBot, stage: SketchLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[DownloadDialog] = []
    monkeypatch.setattr(DownloadDialog, "open", lambda dialog: opened.append(dialog))
    stage.page_buttons.button(1).click()
    (button,) = (each for each in stage.pages.findChildren(QPushButton) if each.text().startswith("Download drawings"))
    button.click()
    opened[0].fetched.emit(tmp_path / "cat.ndjson")
    opened[0].fetched.emit(tmp_path / "dog.ndjson")
    panel = stage.pages.findChild(TrainingPanel)
    assert panel is not None
    data = panel.form.config().data
    assert data == (str(tmp_path / "cat.ndjson"), str(tmp_path / "dog.ndjson"))
    opened[0].close()


@pytest.mark.parametrize("name", ["bird.gen.json", "mine.SAFETENSORS"])
def test_a_model_dropped_on_the_paper_goes_into_the_catalog(
    stage: SketchLab, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[Path] = []
    monkeypatch.setattr(stage.files, "add_model", added.append)
    (tmp_path / name).write_bytes(b"")
    drop(stage.canvas, tmp_path / name)
    assert added == [tmp_path / name]
