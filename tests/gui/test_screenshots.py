"""Pictures of labs: each scene, theme and size, and a sentence when a lab does not come to rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout
from pytestqt.qtbot import QtBot

from engine.errors import SaveError
from gui import screenshots
from gui.lab import Lab, LabContext, LabEntry

SIZE = (1000, 700)


class PlainLab(Lab):
    """A lab without scenes."""

    name = "plain"
    title = "Plain"
    icon_name = "mdi6.draw"


class ScenicLab(Lab):
    """A lab with two scenes, of which each needs a moment."""

    name = "scenic"
    title = "Scenic"
    icon_name = "mdi6.draw"
    rests = True

    def __init__(self) -> None:
        """Show the name of the scene."""
        super().__init__()
        self.label = QLabel()
        QVBoxLayout(self).addWidget(self.label)
        self.looks = 0

    def screenshot_scenes(self) -> dict[str, Callable[[], None]]:
        return {"start": lambda: self.show_scene(""), "full": lambda: self.show_scene("Full " * 12)}

    def show_scene(self, text: str) -> None:
        self.looks = 0
        self.label.setText(text)

    def is_settled(self) -> bool:
        self.looks += 1
        return self.rests and self.looks > 1


@dataclass(frozen=True)
class Entry(LabEntry):
    """An entry of a lab that stands here."""

    lab: type[Lab] = PlainLab

    def load(self) -> Callable[[LabContext], Lab]:
        return lambda _context: self.lab()


PLAIN = Entry("plain", "Plain", "mdi6.draw", "")
SCENIC = Entry("scenic", "Scenic", "mdi6.draw", "", ScenicLab)


@pytest.fixture(autouse=True)
def undressed(qapp: QApplication) -> Iterator[None]:
    palette = qapp.palette()
    yield
    qapp.setStyleSheet("")
    qapp.setPalette(palette)
    QGuiApplication.styleHints().unsetColorScheme()


def test_every_lab_scene_size_and_theme_has_a_picture(qtbot: QtBot, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    written = screenshots.take(out, (SCENIC, PLAIN), sizes=(SIZE, (1100, 720)))
    scenes = ("scenic-start", "scenic-full", "plain")
    expected = {f"{scene}-{theme}-{s}.png" for scene in scenes for theme in ("light", "dark")
                for s in ("1000x700", "1100x720")}
    assert {path.name for path in written} == expected == {path.name for path in out.iterdir()}
    assert len(written) == len(expected)
    for path in written:
        image = QImage(str(path))
        assert path.stem.endswith(f"{image.width()}x{image.height()}")


def test_a_picture_shows_its_scene_in_its_theme(qtbot: QtBot, tmp_path: Path) -> None:
    written = {path.name: QImage(str(path)) for path in screenshots.take(tmp_path, (SCENIC,), sizes=(SIZE,))}
    light, dark = (written[f"scenic-start-{theme}-1000x700.png"] for theme in ("light", "dark"))
    assert light.pixelColor(500, 300).lightness() > 200 > 60 > dark.pixelColor(500, 300).lightness()
    assert written["scenic-full-light-1000x700.png"] != light


def test_a_lab_that_does_not_rest_is_an_error_and_the_window_is_closed(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = screenshots._opened

    def opened_then_impatient(*arguments: object) -> Lab:
        lab: Lab = opened(*arguments)  # type: ignore[arg-type]  # passed on as they came
        monkeypatch.setattr(screenshots, "_LONGEST_WAIT_MS", 100)
        return lab

    monkeypatch.setattr(screenshots, "_opened", opened_then_impatient)
    monkeypatch.setattr(ScenicLab, "rests", False)
    with pytest.raises(TimeoutError, match="Scenic-start was still working"):
        screenshots.take(tmp_path, (SCENIC,), sizes=(SIZE,))
    assert not any(widget.isVisible() for widget in QApplication.topLevelWidgets())


@pytest.mark.parametrize(("problem", "status"), [(None, 0), (TimeoutError("It works on."), 1), (SaveError("Full."), 1)])
def test_the_command_says_what_it_wrote_or_why_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: Exception | None,
    status: int,
) -> None:
    asked: list[Path] = []

    def take(out: Path) -> list[Path]:
        asked.append(out)
        if problem is not None:
            raise problem
        return [out / "a.png"]

    monkeypatch.setattr(screenshots, "take", take)
    assert screenshots.main(["--out", str(tmp_path)]) == status
    shown = capsys.readouterr()
    assert asked == [tmp_path]
    expected = (str(tmp_path / "a.png"), "") if problem is None else ("", str(problem))
    assert (shown.out.strip(), shown.err.strip()) == expected
