"""The real window with a model that ships, and what a person does with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.paths import SHIPPED_MODELS
from engine.runtime.run_folder import list_runs
from engine.sketch.config import SketchTrainConfig
from engine.sketch.formats import read_drawings
from engine.sketch.formats.ndjson import to_ndjson_line
from engine.sketch.strokes import make_drawing
from gui import app
from gui.services.jobs import stragglers
from gui.sketch_lab import first_start
from gui.sketch_lab.growth import Growth
from gui.sketch_lab.lab import SketchLab
from gui.widgets.canvas_tools import Tool
from gui.widgets.training_panel import TrainingPanel
from gui.window import MainWindow
from tests.helpers.pointer import click, drag, drop, press, release
from tests.helpers.tiny_sketch import tiny_magenta

PATIENCE = 60_000
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0 L80 0 L80 40"/></svg>'
Open = Callable[..., tuple[MainWindow, SketchLab]]


class Malice:
    """What unpickling must never make."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """What a pickle of it does when it is read."""
        return os.mkdir, ("unpickled",)


@pytest.fixture
def open_app(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Open]:
    """Starts the app and waits for its lab; the window is closed after the test."""
    assert list(SHIPPED_MODELS.glob("*.safetensors")), f"These tests draw with a model that ships in {SHIPPED_MODELS}."
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(first_start, "SECONDS_TO_DRAW", 0.2)
    palette = qapp.palette()
    windows: list[MainWindow] = []

    def open_app(*arguments: str) -> tuple[MainWindow, SketchLab]:
        _, window = app.build(["--theme", "light", *arguments])
        qtbot.addWidget(window)
        windows.append(window)
        window.show()
        qtbot.waitUntil(lambda: isinstance(window.lab, SketchLab), timeout=PATIENCE)
        assert isinstance(window.lab, SketchLab)
        return window, window.lab

    yield open_app
    for window in windows:
        window.close()
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)
    qapp.setStyleSheet("")
    qapp.setPalette(palette)
    QGuiApplication.styleHints().unsetColorScheme()


@pytest.fixture
def lab(open_app: Open) -> SketchLab:
    return open_app()[1]


def settle(qtbot: QtBot, lab: SketchLab) -> None:
    qtbot.waitUntil(lab.is_settled, timeout=PATIENCE)


def endings(qtbot: QtBot, lab: SketchLab) -> Growth:
    """The endings, once all are complete and shown."""
    settle(qtbot, lab)
    growth = lab.finisher.growth
    assert growth is not None and growth.completion is not None and growth.completion is not None and growth.all_shown
    return growth


def circle(lab: SketchLab) -> None:
    turns = np.linspace(0, 2 * np.pi, 30)
    drag(lab.canvas, *[(round(190 + 60 * np.cos(t)), round(260 + 50 * np.sin(t))) for t in turns])


def drawn(qtbot: QtBot, lab: SketchLab) -> Growth:
    circle(lab)
    return endings(qtbot, lab)


def lists(lab: SketchLab) -> list[list[list[float]]]:
    return [stroke.tolist() for stroke in lab.document.strokes]


def ends_of(growth: Growth) -> list[list[float]]:
    """The last point of each ending."""
    return [growth.strokes(place)[-1][-1].tolist() for place in range(growth.count) if growth.strokes(place)]


def said(window: MainWindow) -> list[tuple[str, str]]:
    return [(message.level, message.text) for message in window.context.messages.history]


def test_a_drawing_begins_is_drawn_on_by_hand_and_an_ending_is_kept(qtbot: QtBot, open_app: Open) -> None:
    window, lab = open_app()
    qtbot.waitUntil(lambda: lab.first_start.active and lab.finisher.growth is not None, timeout=PATIENCE)
    assert endings(qtbot, lab).beginning.point_count and lab.document.is_empty
    assert lab.controls.models.count() > 0 and window.status.texts[1] and window.status.texts[2]

    circle(lab)
    assert not lab.first_start.active
    drag(lab.canvas, (150, 220), (140, 160), (180, 212))
    growth = endings(qtbot, lab)
    assert growth.count == 9 and len(growth.beginning.strokes) == 2
    assert all(growth.log_likelihood(place) is not None for place in range(9))
    assert "nats" in lab.controls.likelihood.text() and "%" in lab.controls.scale.text()

    before, bare = lists(lab), lab.canvas.grab().toImage()
    QTest.mouseMove(lab.gallery, lab.gallery.cells[2].center().toPoint())
    assert lab.canvas.grab().toImage() != bare

    kept = [stroke.tolist() for stroke in growth.strokes(2)]
    QTest.keyClick(lab.canvas, Qt.Key.Key_3)
    assert lists(lab) == before + kept and kept
    endings(qtbot, lab)
    QTest.keyClick(lab.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert lists(lab) == before
    endings(qtbot, lab)


def test_what_is_wanted_is_changed_by_hand(qtbot: QtBot, lab: SketchLab) -> None:
    if lab.controls.separate_pen.isChecked():
        click(lab.controls.separate_pen, (10, lab.controls.separate_pen.height() // 2))
    lab.controls.temperature.slider.setValue(40)
    lab.controls.count.setValue(4)
    first = ends_of(drawn(qtbot, lab))
    lab.controls.temperature.slider.setFocus()
    QTest.keyClick(lab.controls.temperature.slider, Qt.Key.Key_Home)
    cold = endings(qtbot, lab)
    assert len({tuple(end) for end in ends_of(cold)}) == 1
    QTest.keyClick(lab.controls.temperature.slider, Qt.Key.Key_End)
    assert len({tuple(end) for end in ends_of(endings(qtbot, lab))}) > 1
    lab.controls.temperature.slider.setValue(40)
    assert ends_of(endings(qtbot, lab)) == first

    lab.controls.seed.setValue(lab.controls.seed.value() + 1)
    assert ends_of(endings(qtbot, lab)) != first
    lab.controls.seed.setValue(lab.controls.seed.value() - 1)
    lab.controls.count.setValue(3)
    assert len(ends_of(endings(qtbot, lab))) == len(lab.gallery.cells) == 3

    click(lab.controls.rank, (10, lab.controls.rank.height() // 2))
    ranked = endings(qtbot, lab)
    likelihoods = [ranked.log_likelihood(place) or 0.0 for place in range(3)]
    assert lab.model.intent.rank and likelihoods == sorted(likelihoods, reverse=True)
    for index in range(lab.controls.category.count()):
        lab.controls.category.setCurrentIndex(index)
        endings(qtbot, lab)
        if index == 2:
            break


def test_erase_clear_and_from_nothing(qtbot: QtBot, open_app: Open) -> None:
    window, lab = open_app()
    drawn(qtbot, lab)
    whole = lists(lab)
    click(lab.toolbar.tool_buttons[Tool.ERASER])
    drag(lab.canvas, (250, 220), (250, 300))
    assert lists(lab) != whole
    assert endings(qtbot, lab).beginning.strokes == lab.document.strokes
    click(lab.toolbar.clear)
    settle(qtbot, lab)
    assert lists(lab) == [] and lab.gallery.growth is None
    click(lab.controls.from_nothing)
    growth = endings(qtbot, lab)
    assert not growth.beginning.point_count and len(ends_of(growth)) == 9
    click(lab.toolbar.undo)
    assert lists(lab) not in (whole, [])
    click(lab.toolbar.undo)
    assert lists(lab) == whole
    endings(qtbot, lab)
    assert said(window) == []


def test_files_come_in_by_dropping_and_go_out_by_saving(qtbot: QtBot, open_app: Open, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(SVG)
    (tmp_path / "b.ndjson").write_text(to_ndjson_line(make_drawing([[[0, 0], [9, 9], [3, 5]]], "dash")))
    rows = np.array([[3, 0, 0], [5, 5, 1], [2, 9, 0], [4, 4, 1]], np.int16)
    arrays = np.empty(1, object)
    arrays[0] = rows
    np.savez_compressed(tmp_path / "c.npz", allow_pickle=True, train=arrays)
    window, lab = open_app(str(tmp_path / "a.svg"))
    qtbot.waitUntil(lambda: lab.document.undo_text == "open a.svg", timeout=PATIENCE)
    for name, strokes in (("b.ndjson", 1), ("c.npz", 2), ("a.svg", 1)):
        with qtbot.waitSignal(lab.files.drawing_opened, timeout=PATIENCE) as opened:
            drop(lab.canvas, tmp_path / name)
        assert opened.args is not None and opened.args[1] == name and lab.document.undo_text == f"open {name}"
        assert len(lab.document.strokes) == strokes
        endings(qtbot, lab)

    left, top, right, bottom = lab.document.drawing().box()
    for kind, name, size in (("svg", "o.svg", -1), ("animated", "m.svg", -1), ("ndjson", "o.ndjson", -1)):
        lab.files.save(lab.document.drawing(), tmp_path / name, kind, size)
        settle(qtbot, lab)
        (again,) = read_drawings(tmp_path / name).drawings
        box = again.box()
        assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx((right - left) / (bottom - top), rel=0.02)
    lab.files.save(lab.document.drawing(), tmp_path / "o.png", "png", 512)
    settle(qtbot, lab)
    picture = QImage(str(tmp_path / "o.png"))
    assert picture.width() == 512 and picture.pixelColor(picture.rect().center()).lightness() > 200
    assert [level for level, _ in said(window)] == ["info"] * 4


def test_bad_files_are_one_sentence_each_and_the_drawing_stays(
    qtbot: QtBot, open_app: Open, tmp_path: Path
) -> None:
    (tmp_path / "cut.svg").write_text(SVG[:70])
    malicious = np.empty(1, object)
    malicious[0] = Malice()
    np.savez_compressed(tmp_path / "malice.npz", allow_pickle=True, train=malicious)
    whole = tiny_magenta(tmp_path / "owl.gen.json").read_text()
    (tmp_path / "cut.gen.json").write_text(whole[: len(whole) // 2])
    window, lab = open_app()
    drawn(qtbot, lab)
    before, model = lists(lab), lab.model.intent.model
    for name in ("cut.svg", "malice.npz", "cut.gen.json"):
        with qtbot.waitSignal(window.context.messages.posted, timeout=PATIENCE):
            if name.endswith(".json"):
                window.open_file(tmp_path / name)
            else:
                drop(lab.canvas, tmp_path / name)
        level, text = said(window)[-1]
        assert level == "error" and name in text and "inside Morphospace" not in text and "\n" not in text
        assert lists(lab) == before
    assert not (tmp_path / "unpickled").exists()
    assert lab.model.intent.model == model and lab.gallery.growth is not None
    window.open_file(tmp_path / "owl.gen.json")
    qtbot.waitUntil(lambda: lab.controls.models.currentText() == "owl  ·  yours", timeout=PATIENCE)
    endings(qtbot, lab)


def test_light_and_dark(qtbot: QtBot, open_app: Open) -> None:
    window, lab = open_app()
    drawn(qtbot, lab)

    def lightness(place: QPoint) -> int:
        return window.grab().toImage().pixelColor(place).lightness()

    paper = lab.canvas.mapTo(window, QPoint(5, 5))
    cell = lab.gallery.mapTo(window, lab.gallery.cells[0].topLeft().toPoint() + QPoint(5, 60))
    seen = []
    for _ in range(3):
        seen.append((window.context.theme.theme.name, lightness(paper) > 128, lightness(cell) > 128))
        click(window.rail.theme_button)
    assert set(seen) == {("light", True, True), ("dark", False, False)}
    endings(qtbot, lab)


def test_closing_while_endings_grow(qtbot: QtBot, open_app: Open) -> None:
    window, lab = open_app()
    qtbot.waitUntil(lambda: lab.finisher.growth is not None, timeout=PATIENCE)
    circle(lab)
    assert not lab.is_settled()
    window.close()
    assert not window.isVisible() and stragglers() == 0 and lab.finisher.growth is None


def test_closing_in_the_middle_of_a_stroke(qtbot: QtBot, open_app: Open) -> None:
    window, lab = open_app()
    press(lab.canvas, (60, 60), (120, 60))
    window.close()
    assert stragglers() == 0
    release(lab.canvas, (120, 60))


@pytest.fixture
def drawings(tmp_path: Path) -> Path:
    """A few drawings to learn from."""
    rng = np.random.default_rng(0)
    path = tmp_path / "drawings.ndjson"
    lines = [
        to_ndjson_line(make_drawing([np.cumsum(rng.integers(1, 20, (6, 2)), axis=0)], "zigzag")).strip()
        for _ in range(40)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def training(qtbot: QtBot, lab: SketchLab, drawings: Path) -> TrainingPanel:
    """The training page with a tiny run that is going on."""
    click(lab.page_buttons.button(1))
    panel = lab.findChild(TrainingPanel)
    assert isinstance(panel, TrainingPanel)
    panel.form.set_config(SketchTrainConfig(
        data=(str(drawings),), mode="decoder", encoder_size=8, decoder_size=8, latent_size=4, mixtures=2,
        batch_size=4, steps=1_000_000, log_every=1, picture_every=50, save_every=10, name="zigzags",
        precision="32-true", device="cpu",
    ))
    click(panel.start_button)
    qtbot.waitUntil(lambda: len(panel.plot.titles) > 0, timeout=PATIENCE)
    return panel


def test_a_training_is_killed_resumed_and_stopped_and_its_model_draws(
    qtbot: QtBot, open_app: Open, drawings: Path
) -> None:
    window, lab = open_app()
    panel = training(qtbot, lab, drawings)
    run = panel.run_dir
    assert run is not None
    qtbot.waitUntil((run / "checkpoints" / "state.safetensors").exists, timeout=PATIENCE)
    assert panel.run is not None
    os.kill(panel.run.client.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: not panel.active, timeout=PATIENCE)
    level, text = said(window)[0]
    assert level == "error" and "can be resumed" in text

    click(lab.page_buttons.button(0))
    drawn(qtbot, lab)
    click(lab.page_buttons.button(1))

    told = len(said(window))
    qtbot.waitUntil(panel.start_button.isEnabled)
    assert panel.start_button.text() == "&Go on"
    click(panel.start_button)
    qtbot.waitUntil(lambda: panel.state == "running", timeout=PATIENCE)
    click(panel.stop_button)
    qtbot.waitUntil(lambda: not panel.active, timeout=PATIENCE)
    assert panel.state == "stopped" and panel.run_dir == run and len(list_runs()) == 1
    qtbot.waitUntil(lambda: lab.controls.models.currentText() == "zigzags  ·  yours", timeout=PATIENCE)
    assert "error" not in [level for level, _ in said(window)[told:]]
    click(lab.page_buttons.button(0))
    endings(qtbot, lab)


def test_closing_while_a_training_runs_saves_it(qtbot: QtBot, open_app: Open, drawings: Path) -> None:
    window, lab = open_app()
    panel = training(qtbot, lab, drawings)
    assert panel.active
    window.close()
    assert stragglers() == 0
    qtbot.waitUntil(lambda: not multiprocessing.active_children(), timeout=PATIENCE)
    (run,) = list_runs()
    assert run.state == "stopped" and (run.path / "checkpoints" / "state.safetensors").exists()
