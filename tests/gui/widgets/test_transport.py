"""The transport bar says what is wanted, offers what is possible, and fits where it is put."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.settings import Settings
from gui.theme import ThemeManager
from gui.widgets.transport import ACTIVE, ENDED, TransportBar


@pytest.fixture
def bar(qtbot: QtBot) -> TransportBar:
    made = TransportBar(ThemeManager(Settings()))
    made.set_parts(("critic", "generator"), can_freeze=True)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def said(bar: TransportBar) -> list[object]:
    heard: list[object] = []
    bar.run_requested.connect(lambda: heard.append("run"))
    bar.pause_requested.connect(lambda: heard.append("pause"))
    bar.stop_requested.connect(lambda: heard.append("stop"))
    bar.advance_requested.connect(heard.append)
    bar.freeze_toggled.connect(heard.append)
    bar.rewind_requested.connect(lambda step: heard.append(("rewind", step)))
    bar.fork_requested.connect(lambda step: heard.append(("fork", step)))
    return heard


def test_at_first_it_can_only_run(bar: TransportBar, said: list[object]) -> None:
    buttons = [*bar.step_buttons.values(), bar.phase_button, bar.auto_button, bar.freeze_button, bar.stop_button,
               bar.rewind_button, bar.fork_button]
    assert bar.run_button.isEnabled() and not any(button.isEnabled() for button in buttons)
    bar.run_button.click()
    assert said == ["run"]


def test_run_and_pause_share_a_button(bar: TransportBar, said: list[object]) -> None:
    for state in ("running", "paused", "stopped"):
        bar.set_state(state)
        bar.run_button.click()
    assert said == ["pause", "run", "run"]
    assert bar.run_button.accessibleName() == "Run"


@pytest.mark.parametrize("state", ["running", "paused"])
def test_each_part_of_a_step_can_be_taken(bar: TransportBar, said: list[object], state: str) -> None:
    bar.set_state(state)
    for button in (*bar.step_buttons.values(), bar.phase_button):
        button.click()
    assert said == ["step", "critic", "generator", "phase"]


def test_a_run_without_a_critic_offers_none(bar: TransportBar) -> None:
    bar.set_parts(("step",))
    assert bar.step_buttons["critic"].isHidden() and bar.step_buttons["generator"].isHidden()
    assert bar.freeze_button.isHidden() and not bar.step_buttons["step"].isHidden()
    bar.set_parts(("critic", "generator"), can_freeze=True)
    assert not bar.freeze_button.isHidden()


@pytest.mark.parametrize("state", ACTIVE + ENDED)
def test_what_each_state_allows(bar: TransportBar, state: str) -> None:
    bar.set_checkpoints([10])
    bar.set_state(state)
    assert bar.stop_button.isEnabled() == (state in ACTIVE)
    assert bar.run_button.isEnabled() == (state not in ("starting", "stopping", "elsewhere"))
    assert bar.rewind_button.isEnabled() == (state not in ("starting", "stopping", "elsewhere"))
    assert bar.fork_button.isEnabled()
    assert bar.stop_button.text() == ("End now" if state == "stopping" else "Stop")


def test_another_state_is_refused(bar: TransportBar) -> None:
    with pytest.raises(ValueError, match="cannot be 'asleep'"):
        bar.set_state("asleep")


def test_menus_hold_the_checkpoints_newest_first(bar: TransportBar, said: list[object]) -> None:
    bar.set_checkpoints([100, 3000, 2000])
    for button in (bar.rewind_button, bar.fork_button):
        menu = button.menu()
        menu.aboutToShow.emit()
        assert [action.text() for action in menu.actions()] == ["Step 3,000", "Step 2,000", "Step 100"]
        menu.actions()[1].trigger()
    assert said == [("rewind", 2000), ("fork", 2000)]


def test_slow_motion_goes_on_by_itself_until_the_person_does_something(
    bar: TransportBar, said: list[object], qtbot: QtBot
) -> None:
    bar.show()
    bar.set_state("paused")
    bar.pace_box.setValue(100)
    bar.auto_button.click()
    qtbot.waitUntil(lambda: said.count("phase") >= 3)
    bar.step_buttons["critic"].click()
    assert not bar.auto_button.isChecked() and not bar._auto.isActive() and said[-1] == "critic"
    bar.auto_button.setChecked(True)
    bar.set_state("stopped")
    assert not bar._auto.isActive()
    bar.set_state("paused")
    bar.auto_button.setChecked(True)
    bar.hide()
    assert not bar.auto_button.isChecked()


def test_the_moment_of_the_step_is_named_and_explained(bar: TransportBar) -> None:
    bar.set_state("paused")
    bar.set_phase("critic", "score")
    assert bar.phase_label.text() == "critic: score 2/4" and "D(G(z))" in bar.phase_label.toolTip()
    bar.set_state("running")
    assert bar.phase_label.text() == ""


def test_freezing_is_told_but_not_when_it_is_set(bar: TransportBar, said: list[object]) -> None:
    bar.set_state("running")
    bar.freeze_button.click()
    bar.set_frozen(False)
    assert said == [True] and not bar.freeze_button.isChecked()


def test_keys_work_in_the_whole_page_but_not_while_typing(
    bar: TransportBar, said: list[object], qtbot: QtBot
) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    field, other = QLineEdit(), QToolButton()
    stage = QWidget()
    stage.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    other.clicked.connect(lambda: said.append("other"))
    column = QVBoxLayout(page)
    for widget in (bar, stage, field, other):
        column.addWidget(widget)
    bar.install_shortcuts(page)
    bar.set_state("paused")
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    for widget, key in ((stage, Qt.Key.Key_Space), (stage, Qt.Key.Key_S), (stage, Qt.Key.Key_M),
                        (other, Qt.Key.Key_Space), (field, Qt.Key.Key_Space), (field, Qt.Key.Key_S)):
        widget.setFocus()
        QTest.keyClick(widget, key)
    assert said == ["run", "step", "phase", "other"]
    assert field.text() == " s"
    bar.setParent(None)  # it is closed by itself


@pytest.mark.parametrize("width", [1400, 800, 500])
def test_everything_fits(bar: TransportBar, width: int) -> None:
    bar.set_state("paused")
    bar.set_phase("generator", "gradient")
    bar.resize(width, 50)
    bar.show()
    bar._row.activate()
    shown = [child for child in bar.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
             if child.isVisible()]
    assert all(child.geometry().right() <= width for child in shown)
    assert all(child.width() >= child.minimumSizeHint().width() for child in shown)
    assert (bar.run_button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon) == (width > 600)


def test_every_control_says_what_it_does(bar: TransportBar) -> None:
    bar.set_state("paused")
    for button in bar.findChildren(QToolButton):
        assert button.toolTip().endswith(".") and button.accessibleName()
