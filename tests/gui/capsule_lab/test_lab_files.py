"""Pictures and models that a person brings: good ones are opened, any other is one sentence and changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.capsules.config import KIND
from engine.runtime.checkpoint import load_checkpoint, save_checkpoint
from gui.capsule_lab.lab import CapsuleLab
from gui.capsule_lab.session import CAPSULES, CNN, TWO_DIGITS
from gui.lab import LabContext
from tests.gui.capsule_lab.conftest import MakeLab, said, settle
from tests.helpers.pointer import click, drag, drop
from tests.helpers.tiny_capsules import tiny_capsules, tiny_cnn
from tests.helpers.tiny_gan import tiny_gan

PATIENCE = 20_000


def seven(path: Path, size: tuple[int, int] = (90, 60)) -> Path:
    picture = Image.new("RGB", size, "white")
    picture.paste((200, 30, 30), (20, 10, 60, 16))
    picture.paste((20, 30, 160), (50, 10, 56, 50))
    picture.save(path)
    return path


def names(lab: CapsuleLab) -> dict[str, str]:
    return {role: model.name for role, model in lab.session.models.items()}


def test_a_dropped_picture_is_looked_at(qtbot: QtBot, make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    qtbot.waitUntil(lambda: lab.demonstration.active, timeout=PATIENCE)
    drop(lab, seven(tmp_path / "seven.png"))
    assert not lab.demonstration.active
    qtbot.waitUntil(lambda: lab.subject.subject.source == "seven.png", timeout=PATIENCE)
    settle(qtbot, lab)
    subject, look = lab.subject.subject, lab.viewing.look
    assert subject.picture.shape == (28, 28) and subject.label is None and subject.placement.rotation == 0
    assert look is not None and np.abs(look.picture - subject.picture).max() < 1e-3
    assert not said(lab)


def test_a_picture_is_chosen_in_a_dialog(qtbot: QtBot, lab: CapsuleLab, tmp_path: Path) -> None:
    click(lab.input.open_button)
    dialog = lab.findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(seven(tmp_path / "grey.png")))
    dialog.reject()
    qtbot.waitUntil(lambda: lab.subject.subject.source == "grey.png", timeout=PATIENCE)
    settle(qtbot, lab)


def test_bad_files_are_one_sentence_each_and_change_nothing(
    qtbot: QtBot, lab: CapsuleLab, tmp_path: Path, models_folder: Path
) -> None:
    good = seven(tmp_path / "good.png").read_bytes()
    tiny = models_folder / "tiny.safetensors"
    tensors, header = load_checkpoint(tiny, KIND)
    for name, content in {
        "words.txt": b"no picture", "empty.png": b"", "corrupt.png": good[:60] + b"\0" * 40, "folder.png": None,
        "cut.safetensors": tiny.read_bytes()[:-1000], "none.safetensors": b"PK\x03\x04" * 40,
    }.items():
        if content is None:
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).write_bytes(content)
    Image.new("L", (40, 40), 255).save(tmp_path / "white.png")
    tiny_gan(tmp_path / "gan.safetensors")
    save_checkpoint(tmp_path / "shape.safetensors", {**tensors, "weight": tensors["weight"][:, :3]}, header)
    before, files, models = lab.subject.subject, sorted(models_folder.iterdir()), names(lab)
    bad = (
        "words.txt", "empty.png", "corrupt.png", "folder.png", "white.png", "missing.png", "cut.safetensors",
        "none.safetensors", "gan.safetensors", "shape.safetensors", "missing.safetensors",
    )
    for count, name in enumerate(bad, start=1):
        lab.open_file(tmp_path / name)
        settle(qtbot, lab)
        assert len(said(lab)) == count, (name, said(lab))
        level, text = said(lab)[-1]
        assert level == "error" and text.endswith(".") and "inside Morphospace" not in text, text
    assert lab.subject.subject is before
    assert sorted(models_folder.iterdir()) == files and names(lab) == models


def test_a_brought_model_is_added_opened_and_remembered(
    qtbot: QtBot, lab: CapsuleLab, tmp_path: Path, context: LabContext, make_lab: MakeLab
) -> None:
    for path, role in (
        (tiny_capsules(tmp_path / "other.safetensors", class_count=4), CAPSULES),
        (tiny_cnn(tmp_path / "net.safetensors", 28), CNN),
        (tiny_capsules(tmp_path / "pairs.safetensors", image_size=36), TWO_DIGITS),
    ):
        drop(lab, path)
        settle(qtbot, lab)
        assert said(lab)[-1] == ("info", f"{path.stem} is in the catalog, and is looked at now.")
        assert names(lab)[role] == path.stem and lab.models.menus[role].currentText() == path.stem
    assert lab.lengths._names == ("0", "1", "2", "3")
    menu = lab.models.menus[TWO_DIGITS]
    assert [menu.itemText(index) for index in range(menu.count())] == ["pairs", "tiny-two"]
    menu.setCurrentIndex(1)
    settle(qtbot, lab)
    assert names(lab)[TWO_DIGITS] == "tiny-two" and len(said(lab)) == 3
    lab.shut_down()
    again = make_lab()
    assert names(again) == {CAPSULES: "other", CNN: "net", TWO_DIGITS: "tiny-two"}


def test_a_model_that_another_lab_has_added_can_be_chosen_when_the_lab_is_shown_again(
    qtbot: QtBot, lab: CapsuleLab, models_folder: Path
) -> None:
    lab.on_hidden()
    tiny_capsules(models_folder / "trained.safetensors")
    lab.on_shown()
    settle(qtbot, lab)
    menu = lab.models.menus[CAPSULES]
    assert {menu.itemText(index) for index in range(menu.count())} == {"tiny", "trained"}
    assert names(lab)[CAPSULES] == menu.currentText() == "tiny"


def test_a_class_that_another_model_does_not_have(qtbot: QtBot, lab: CapsuleLab, tmp_path: Path) -> None:
    lab.choose_class(7)
    lab.bend.hand.bend({9: 0.2})
    lab.past._keep()
    lab.dials.sliders["shear"].setValue(10)
    small = tiny_capsules(tmp_path / "small.safetensors", class_count=4, capsule_size=8)
    lab.open_file(small)
    settle(qtbot, lab)
    assert names(lab)[CAPSULES] == "small" and lab.subject.subject.shown is None
    lab.choose_class(7)
    assert lab.subject.subject.shown is None
    lab.choose_class(3)
    settle(qtbot, lab)
    assert lab.lengths.shown == 3
    # What was bent of the model before cannot come back with an undo.
    for _ in range(4):
        lab._undo()
        settle(qtbot, lab)
    for _ in range(4):
        lab._redo()
        settle(qtbot, lab)
    assert not any(level == "error" for level, _ in said(lab))
    now = lab.viewing.now
    assert now is not None and now.capsule.shape == (8,)


def test_a_model_that_cannot_be_opened_leaves_the_menu_as_it_was(
    qtbot: QtBot, make_lab: MakeLab, models_folder: Path, three_models: Path, context: LabContext
) -> None:
    # Its header is whole, so that it is listed, and its numbers are not; by name it comes first.
    tensors, header = load_checkpoint(three_models / "tiny.safetensors", KIND)
    broken = {**tensors, "weight": tensors["weight"] * float("nan")}
    save_checkpoint(models_folder / "a-broken.safetensors", broken, header.__class__(**{**vars(header), "name": "a"}))
    lab = make_lab()
    settle(qtbot, lab)
    assert [level for level, _ in said(lab)] == ["error"] and names(lab)[CAPSULES] == "tiny"
    menu = lab.models.menus[CAPSULES]
    assert menu.currentText() == "tiny" and not lab.no_model.isVisible()
    menu.setCurrentIndex(0)
    settle(qtbot, lab)
    assert len(said(lab)) == 2 and menu.currentText() == "tiny" and names(lab)[CAPSULES] == "tiny"
    assert context.settings.get(f"capsules/{CAPSULES}", "") == ""


def test_with_no_model_at_all_the_lab_says_what_to_do(
    qtbot: QtBot, bare_lab: MakeLab, three_models: Path, tmp_path: Path
) -> None:
    lab = bare_lab()
    settle(qtbot, lab)
    assert lab.no_model.isVisible() and "Train" in lab.no_model.text()
    assert lab.bend.hint.isVisible() and not any(menu.isEnabled() for menu in lab.models.menus.values())
    drag(lab.input.pad, (40, 20), (60, 80))
    settle(qtbot, lab)
    lab.dials.sliders["rotation"].setValue(20)
    lab.choose_class(3)
    click(lab.lengths, (60, 30))
    for index in range(4):
        lab.show_page(index)
        settle(qtbot, lab)
        assert not lab.grab().isNull()
    assert lab.subject.subject.source == "drawn" and not lab.demonstration.active and not said(lab)
    drop(lab, shutil.copy(three_models / "tiny.safetensors", tmp_path / "mine.safetensors"))
    qtbot.waitUntil(lambda: lab.viewing.now is not None, timeout=PATIENCE)
    settle(qtbot, lab)
    assert not lab.no_model.isVisible() and names(lab) == {CAPSULES: "tiny"}


@pytest.mark.parametrize("name", ["a.safetensors", "b.png"])
def test_only_the_first_file_of_the_disk_is_opened(
    qtbot: QtBot, lab: CapsuleLab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(lab, "open_file", opened.append)
    drop(lab, tmp_path / name, tmp_path / "second.png")
    assert opened == [tmp_path / name]
