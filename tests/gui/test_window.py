"""The window: which lab is on stage, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.errors import CheckpointError
from gui.lab import LABS, Lab, LabContext, LabEntry
from gui.messages import Messages
from gui.settings import Settings
from gui.theme import ThemeManager
from gui.window import MainWindow


class StubLab(Lab):
    """Writes down what the window asks of it."""

    title = "Stub"
    icon_name = "mdi6.draw"

    def __init__(self, name: str, context: LabContext, calls: list[str]) -> None:
        """Write to `calls`."""
        super().__init__()
        self.name = name
        self.context = context
        self._calls = calls
        calls.append(f"{name} made")

    def on_shown(self) -> None:
        self._calls.append(f"{self.name} shown")
        self.context.status.set_model(f"model of {self.name}")

    def on_hidden(self) -> None:
        self._calls.append(f"{self.name} hidden")

    def shut_down(self) -> None:
        self._calls.append(f"{self.name} shut down")
        if self.name == "bad":
            raise CheckpointError("The bad lab did not close.")

    def info_html(self) -> str:
        return f"<p>About {self.name}.</p>"


@dataclass(frozen=True)
class StubEntry(LabEntry):
    """An entry that makes a `StubLab`."""

    make: Callable[[LabContext], Lab] | None = None

    def load(self) -> Callable[[LabContext], Lab]:
        assert self.make is not None
        return self.make


class House:
    """Opens windows over one settings file, and keeps what the labs were asked."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        """The settings file lies in `folder`."""
        self.calls: list[str] = []
        self._qtbot = qtbot
        self._folder = folder
        self._windows: list[MainWindow] = []

    def entry(self, name: str) -> LabEntry:
        return StubEntry(name, name.title(), "mdi6.draw", "", lambda context: StubLab(name, context, self.calls))

    def window(self, *labs: LabEntry, first_lab: str | None = None, file: Path | None = None) -> MainWindow:
        settings = Settings(self._folder / "settings.ini")
        theme, messages = ThemeManager(settings), Messages(log=self._folder / "log.txt")
        entries = labs or (self.entry("one"), self.entry("two"))
        window = MainWindow(settings, theme, messages, labs=entries, first_lab=first_lab, file=file)
        theme.setParent(window)
        messages.setParent(window)
        # Closed by the fixture after the test, which itself holds no more than a weak reference.
        self._windows.append(window)
        self._qtbot.addWidget(window)
        return window

    def opened(self, *labs: LabEntry, first_lab: str | None = None, file: Path | None = None) -> MainWindow:
        window = self.window(*labs, first_lab=first_lab, file=file)
        window.show()
        self._qtbot.waitUntil(lambda: window.lab is not None)
        return window

    def go_to(self, window: MainWindow, name: str) -> None:
        window.show_lab(name)
        self._qtbot.waitUntil(lambda: window.lab is not None and window.lab.name == name)


@pytest.fixture
def house(qtbot: QtBot, tmp_path: Path) -> House:
    return House(qtbot, tmp_path)


def test_no_lab_is_made_before_the_window_is_on_the_screen(qtbot: QtBot, house: House) -> None:
    window = house.window()
    assert house.calls == []
    window.show()
    qtbot.waitUntil(lambda: window.lab is not None)
    assert house.calls == ["one made", "one shown"]
    assert window.windowTitle().startswith("One")


def test_switching_hides_one_lab_and_shows_the_other(house: House) -> None:
    window = house.opened()
    house.go_to(window, "two")
    house.go_to(window, "one")
    assert house.calls == [
        "one made",
        "one shown",
        "one hidden",
        "two made",
        "two shown",
        "two hidden",
        "one shown",
    ]
    assert window.status.texts[1] == "model of one"


def test_asking_for_the_lab_on_stage_changes_nothing(house: House) -> None:
    window = house.opened()
    window.show_lab("one")
    assert house.calls == ["one made", "one shown"]


def test_changing_ones_mind_while_a_lab_is_being_made(qtbot: QtBot, house: House) -> None:
    window = house.opened()
    window.show_lab("two")
    window.show_lab("one")
    qtbot.waitUntil(lambda: window.lab is not None)
    qtbot.waitUntil(lambda: window.lab is not None and window.lab.name == "one")
    assert "two made" not in house.calls
    assert house.calls.count("one shown") == 2


def test_keys_change_the_lab_and_open_the_explanation(qtbot: QtBot, house: House) -> None:
    window = house.opened()
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.lab is not None and window.lab.name == "two")
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert window.info.isVisible()
    assert "About two." in window.info.browser.toPlainText()
    house.go_to(window, "one")
    assert "About one." in window.info.browser.toPlainText()
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert not window.info.isVisible()


def test_the_rail_chooses_and_shows_the_lab(qtbot: QtBot, house: House) -> None:
    window = house.opened()
    window.rail.lab_chosen.emit("two")
    qtbot.waitUntil(lambda: window.lab is not None and window.lab.name == "two")
    assert window.rail.theme_button.text() == "System"
    window.rail.theme_button.click()
    assert window.context.theme.mode in ("light", "dark")
    assert window.rail.theme_button.text().lower() == window.context.theme.mode


def test_escape_closes_the_newest_message(qtbot: QtBot, house: House) -> None:
    window = house.opened()
    window.context.messages.error("first")
    window.context.messages.error("second")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert [toast.message.text for toast in window.toasts.toasts] == ["first"]


def test_the_window_remembers_size_lab_and_explanation(house: House) -> None:
    window = house.opened()
    house.go_to(window, "two")
    window.show_info(True)
    window.resize(900, 700)
    window.close()
    again = house.opened()
    assert again.lab is not None and again.lab.name == "two"
    assert (again.width(), again.height()) == (900, 700)
    assert again.info.isVisible()


def test_a_remembered_lab_that_is_gone_gives_the_first(house: House, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.set("window/lab", "gone")
    settings.set("window/geometry", b"nonsense")
    settings.save()
    window = house.opened()
    assert window.lab is not None and window.lab.name == "one"


def test_closing_shuts_every_lab_down_even_when_one_fails(house: House) -> None:
    window = house.opened(house.entry("bad"), house.entry("two"))
    house.go_to(window, "two")
    window.close()
    assert house.calls[-3:] == ["two hidden", "bad shut down", "two shut down"]
    assert window.context.messages.history[-1].text == "The bad lab did not close."


def test_closing_before_the_lab_was_made_makes_none(qtbot: QtBot, house: House) -> None:
    window = house.window()
    window.show()
    assert not window.grab().isNull()
    assert window._painted
    window.close()
    qtbot.wait(0)
    assert house.calls == []


def test_a_lab_that_cannot_be_made_leaves_a_sentence_and_another_try(qtbot: QtBot, house: House) -> None:
    ready: list[bool] = []

    def make(context: LabContext) -> Lab:
        if not ready:
            raise CheckpointError("The model of this lab is missing; reinstall Morphospace.")
        return StubLab("late", context, house.calls)

    window = house.window(StubEntry("late", "Late", "mdi6.draw", "", make))
    window.show()
    qtbot.waitUntil(lambda: bool(window.context.messages.history))
    assert window.context.messages.history[0].text.startswith("The model of this lab")
    again = next(button for button in window.findChildren(QPushButton) if button.text() == "Try again")
    assert again.isVisible()
    ready.append(True)
    again.click()
    qtbot.waitUntil(lambda: window.lab is not None)
    assert house.calls == ["late made", "late shown"]


def test_a_file_is_opened_in_the_first_lab_and_a_refusal_is_shown(house: House) -> None:
    window = house.opened(file=Path("cat.svg"))
    assert [message.text for message in window.context.messages.history] == [
        "The Stub lab cannot open files, so cat.svg was left alone."
    ]


def test_the_lab_asked_for_on_the_command_line_comes_first(house: House) -> None:
    window = house.opened(first_lab="two")
    assert house.calls == ["two made", "two shown"]
    assert window.lab is not None


def test_the_table_of_labs_names_each_once() -> None:
    names = [entry.name for entry in LABS]
    assert len(set(names)) == len(names) > 0
    assert all(entry.path.startswith("gui.") and ":" in entry.path for entry in LABS)
