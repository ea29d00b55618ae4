"""Opening, saving and taking in files; what cannot be read is one sentence, and the current work stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from engine.errors import SaveError
from engine.sketch.formats import read_drawings
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import Drawing, make_drawing
from gui.messages import Messages
from gui.services import export
from gui.sketch_lab.files import SketchFiles
from gui.sketch_lab.picker import DrawingPicker
from tests.helpers.standin_session import StandinSession

LINE = make_drawing([[[0, 0], [100, 0], [100, 50]], [[20, 20], [30, 30]]])
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L10 0 L10 10"/></svg>'


class Heard(QObject):
    """What a `SketchFiles` has told."""

    def __init__(self, files: SketchFiles) -> None:
        """Listen to `files`."""
        super().__init__(files)
        self.drawings: list[tuple[Drawing, str]] = []
        self.models: list[Path] = []
        files.drawing_opened.connect(lambda drawing, name: self.drawings.append((drawing, name)))
        files.model_added.connect(self.models.append)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def files(qtbot: QtBot, session: StandinSession, messages: Messages, window: QWidget) -> Iterator[SketchFiles]:
    made = SketchFiles(session, messages, window)
    yield made
    made.shut_down()


@pytest.fixture
def heard(files: SketchFiles) -> Heard:
    return Heard(files)


def settle(qtbot: QtBot, files: SketchFiles) -> None:
    qtbot.waitUntil(lambda: not files.busy)


def dialog_of(window: QWidget, kind: type[QDialog]) -> QDialog:
    """The only dialog above the window; one that was closed is gone."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    (dialog,) = window.findChildren(QDialog)
    assert isinstance(dialog, kind)
    return dialog


def said(messages: Messages) -> list[tuple[str, str]]:
    return [(message.level, message.text) for message in messages.history]


def test_a_file_with_one_drawing_is_opened(qtbot: QtBot, files: SketchFiles, heard: Heard, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text(SVG)
    files.open_drawing(path)
    assert files.busy
    settle(qtbot, files)
    ((drawing, name),) = heard.drawings
    assert name == "a.svg" and drawing.box() == (0, 0, 10, 10)


def test_of_several_drawings_one_is_picked(
    qtbot: QtBot, files: SketchFiles, heard: Heard, window: QWidget, tmp_path: Path
) -> None:
    path = tmp_path / "two.ndjson"
    path.write_text(to_ndjson_line(LINE).strip() + "\n" + to_ndjson_line(make_drawing([[[5, 5], [9, 9]]], "dash")))
    files.open_drawing(path)
    settle(qtbot, files)
    assert heard.drawings == []
    picker = dialog_of(window, DrawingPicker)
    assert isinstance(picker, DrawingPicker)
    picker.sheet.setCurrentRow(1)
    picker.accept()
    assert [(drawing.word, name) for drawing, name in heard.drawings] == [("dash", "two.ndjson")]


def test_picking_none_opens_none(
    qtbot: QtBot, files: SketchFiles, heard: Heard, window: QWidget, tmp_path: Path
) -> None:
    path = tmp_path / "two.ndjson"
    path.write_text((to_ndjson_line(LINE).strip() + "\n") * 2)
    files.open_drawing(path)
    settle(qtbot, files)
    dialog_of(window, DrawingPicker).reject()
    assert heard.drawings == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.svg", SVG[:60].encode()),
        ("torn.npz", b"PK\x03\x04 and no more"),
        ("noise.ndjson", b"\x00\xff\x00\xff"),
        ("letter.txt", b"Dear person"),
    ],
)
def test_a_bad_file_is_one_sentence_and_opens_nothing(
    qtbot: QtBot, files: SketchFiles, heard: Heard, messages: Messages, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    files.open_drawing(path)
    settle(qtbot, files)
    ((level, text),) = said(messages)
    assert level == "error" and name in text and text.endswith(".") and "inside Morphospace" not in text
    assert heard.drawings == []


def test_a_file_that_is_gone_is_one_sentence(
    qtbot: QtBot, files: SketchFiles, messages: Messages, tmp_path: Path
) -> None:
    files.open_drawing(tmp_path / "gone.svg")
    settle(qtbot, files)
    ((level, text),) = said(messages)
    assert level == "error" and "gone.svg" in text


@pytest.mark.parametrize(("kind", "name"), [("svg", "a.svg"), ("animated", "a.svg"), ("ndjson", "a.ndjson")])
def test_what_is_saved_can_be_opened_again(
    qtbot: QtBot, files: SketchFiles, messages: Messages, tmp_path: Path, kind: str, name: str
) -> None:
    files.save(LINE, tmp_path / "a", kind)
    settle(qtbot, files)
    assert said(messages) == [("info", f"Saved {name} in {tmp_path}.")]
    (again,) = read_drawings(tmp_path / name).drawings
    assert len(again.strokes) == 2
    left, top, right, bottom = again.box()
    assert (right - left) / (bottom - top) == pytest.approx(2, abs=0.05)
    assert ("animate" in (tmp_path / name).read_text()) == (kind == "animated")


def test_a_picture_has_the_size_that_was_asked_for(
    qtbot: QtBot, files: SketchFiles, messages: Messages, tmp_path: Path
) -> None:
    files.save(LINE, tmp_path / "a.png", "png", 200)
    settle(qtbot, files)
    image = QImage(str(tmp_path / "a.png"))
    assert max(image.width(), image.height()) == 200
    assert len(said(messages)) == 1


def test_saving_that_fails_is_one_sentence_and_the_old_file_stays(
    qtbot: QtBot, files: SketchFiles, messages: Messages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.svg"
    path.write_text("the old one")

    def full(*_arguments: object, **_named: object) -> None:
        raise SaveError("The disk is full.")

    monkeypatch.setattr(export, "write_text", full)
    files.save(LINE, path, "svg")
    settle(qtbot, files)
    assert said(messages) == [("error", "The disk is full.")] and path.read_text() == "the old one"


def test_an_empty_drawing_is_not_saved(qtbot: QtBot, files: SketchFiles, messages: Messages, tmp_path: Path) -> None:
    files.save(Drawing(), tmp_path / "a.png", "png", 200)
    settle(qtbot, files)
    assert said(messages)[0][0] == "error" and list(tmp_path.glob("*.png")) == []


def test_the_dialog_to_open_does_not_block_and_opens_what_was_chosen(
    qtbot: QtBot, files: SketchFiles, heard: Heard, window: QWidget, tmp_path: Path
) -> None:
    path = tmp_path / "a.svg"
    path.write_text(SVG)
    files.ask_for_drawing()
    dialog = dialog_of(window, QFileDialog)
    assert isinstance(dialog, QFileDialog) and dialog.isVisible()
    assert "*.npz" in dialog.nameFilters()[0]
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    qtbot.waitUntil(lambda: len(heard.drawings) == 1)


def test_the_dialog_to_save_offers_a_name_of_the_kind(
    qtbot: QtBot, files: SketchFiles, window: QWidget, tmp_path: Path
) -> None:
    for kind, suffix in (("svg", "svg"), ("animated", "svg"), ("ndjson", "ndjson")):
        files.ask_where_to_save(LINE, kind, -1)
        dialog = dialog_of(window, QFileDialog)
        assert isinstance(dialog, QFileDialog)
        assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
        assert dialog.defaultSuffix() == suffix and dialog.selectedFiles()[0].endswith(f".{suffix}")
        dialog.fileSelected.emit(str(tmp_path / f"{kind}.{suffix}"))
        dialog.reject()
        settle(qtbot, files)
    assert {path.name for path in tmp_path.iterdir()} >= {"svg.svg", "animated.svg", "ndjson.ndjson"}


def test_a_picture_of_another_size_asks_for_the_size_first(
    qtbot: QtBot, files: SketchFiles, window: QWidget, tmp_path: Path
) -> None:
    files.ask_where_to_save(LINE, "png", 0)
    question = dialog_of(window, QInputDialog)
    assert isinstance(question, QInputDialog)
    assert (question.intMinimum(), question.intMaximum()) == (export.MIN_SIZE, export.MAX_SIZE)
    question.setIntValue(321)
    question.accept()
    dialog = dialog_of(window, QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "a.png"))
    dialog.reject()
    settle(qtbot, files)
    image = QImage(str(tmp_path / "a.png"))
    assert max(image.width(), image.height()) == 321


def test_the_same_drawing_is_saved_whatever_is_drawn_meanwhile(
    qtbot: QtBot, files: SketchFiles, window: QWidget, tmp_path: Path
) -> None:
    files.ask_where_to_save(LINE, "ndjson", -1)
    dialog = dialog_of(window, QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "a.ndjson"))
    dialog.reject()
    settle(qtbot, files)
    (again,) = read_drawings(tmp_path / "a.ndjson").drawings
    assert np.allclose(again.strokes[1], LINE.strokes[1])


def test_a_model_is_taken_in_and_told_of(
    qtbot: QtBot, files: SketchFiles, heard: Heard, window: QWidget, tmp_path: Path
) -> None:
    files.ask_for_model()
    dialog = dialog_of(window, QFileDialog)
    assert isinstance(dialog, QFileDialog) and "*.gen.json" in dialog.nameFilters()[0]
    dialog.fileSelected.emit(str(tmp_path / "owl.safetensors"))
    dialog.reject()
    qtbot.waitUntil(lambda: [path.stem for path in heard.models] == ["owl"])


def test_after_shut_down_nothing_is_read(files: SketchFiles, heard: Heard, tmp_path: Path) -> None:
    files.shut_down()
    files.open_drawing(tmp_path / "a.svg")
    files.save(LINE, tmp_path / "a.svg", "svg")
    assert not files.busy and list(tmp_path.iterdir()) == []
